//! A renderer's halves.

use super::{Hub, Link, Shape, consumer, producer};
use crate::ring::spsc::{Consumer, Producer, Ready};
use crate::ring::wait::{Budget, wait_for};
use crate::transport::lifeline::Lifeline;
use crate::transport::{Error, Peer, Result, Rx, Tx, Wait, check_len};
use std::marker::PhantomData;
use std::os::fd::OwnedFd;
use std::sync::Arc;

/// Opens both halves; main has been told.
pub(super) fn open<W: Wait>(
    hub: Hub,
    link: Link,
    lifeline: OwnedFd,
    peer: usize,
    shape: &Shape,
) -> Result<(EventfdTx<W>, EventfdRx<W>)> {
    let (hub, link) = (Arc::new(hub), Arc::new(link));
    let woken = Arc::clone(&link);
    let lifeline = Lifeline::hold(vec![lifeline], move |_| {
        woken.tx.ring();
        woken.rx.ring();
    })?
    .remove(0);
    let budget = Budget::new(shape.spin);
    let tx = EventfdTx {
        up: producer(link.up(), shape.nt_from),
        among: (shape.windows > 1).then_some(peer),
        max_frame: shape.max_frame,
        budget,
        lifeline: lifeline.clone(),
        hub: Arc::clone(&hub),
        link: Arc::clone(&link),
        wait: PhantomData,
    };
    let down = Down { ring: consumer(link.down()), lifeline, hub };
    Ok((tx, EventfdRx { down, link, budget, wait: PhantomData }))
}

/// A renderer's sending half.
#[derive(Debug)]
pub struct EventfdTx<W> {
    up: Producer,
    /// Which link it is; none if there is no other, and main looks at the ring itself.
    among: Option<Peer>,
    max_frame: usize,
    budget: Budget,
    lifeline: Lifeline,
    hub: Arc<Hub>,
    link: Arc<Link>,
    wait: PhantomData<fn() -> W>,
}

impl<W: Wait> Tx for EventfdTx<W> {
    type Rx = EventfdRx<W>;

    #[inline]
    fn send(&mut self, len: usize, fill: impl FnOnce(&mut [u8])) -> Result<()> {
        check_len(len, self.max_frame)?;
        let EventfdTx { up, lifeline, hub, link, among, budget, .. } = self;
        if lifeline.is_gone() {
            return Err(Error::Closed { peer: None });
        }
        if !up.has_room(len)? {
            wait_for::<W, _, _>(&link.tx, budget, || match up.has_room(len) {
                Err(corrupt) => Some(Err(corrupt.into())),
                Ok(true) => Some(Ok(())),
                Ok(false) if lifeline.is_gone() => Some(Err(Error::Closed { peer: None })),
                Ok(false) => {
                    tell_main(hub, *among); // a pad may have been published
                    None
                }
            })?;
        }
        up.push(0, len, false, fill);
        up.publish();
        tell_main(hub, *among);
        Ok(())
    }
}

/// After a publication: says which link it is if it is one among several, and wakes main if it sleeps.
#[inline]
fn tell_main(hub: &Hub, among: Option<Peer>) {
    match among {
        Some(peer) => {
            hub.ready.set(peer);
            hub.inbox.ring_fenced();
        }
        None => hub.inbox.ring(),
    }
}

/// A renderer's receiving half.
#[derive(Debug)]
pub struct EventfdRx<W> {
    down: Down,
    link: Arc<Link>,
    budget: Budget,
    wait: PhantomData<fn() -> W>,
}

/// The ring that a renderer reads.
#[derive(Debug)]
struct Down {
    ring: Consumer,
    lifeline: Lifeline,
    hub: Arc<Hub>,
}

impl Down {
    /// Looks once; `Some(Err(Closed))` only if nothing is left to receive.
    #[inline]
    fn look(&mut self) -> Option<Result<Ready>> {
        match self.ring.peek() {
            Ok(None) => self.release(),
            found => return found.map_err(Error::from).transpose(),
        }
        if !self.lifeline.is_gone() {
            return None;
        }
        // Main may have sent something between the look and its end.
        let found = self.ring.peek().map_err(Error::from).transpose();
        Some(found.unwrap_or(Err(Error::Closed { peer: None })))
    }

    /// Tells main what has been consumed, and wakes it if it waits for room.
    fn release(&mut self) {
        if self.ring.release() {
            self.hub.outbox.ring();
        }
    }

    #[inline]
    fn pop<R>(&mut self, ready: Ready, read: impl FnOnce(&[u8]) -> R) -> R {
        let result = self.ring.pop(ready, read);
        if self.ring.should_release() {
            self.release();
        }
        result
    }
}

impl<W: Wait> Rx for EventfdRx<W> {
    #[inline]
    fn recv<R>(&mut self, read: impl FnOnce(&[u8]) -> R) -> Result<R> {
        let EventfdRx { down, link, budget, .. } = self;
        let ready = wait_for::<W, _, _>(&link.rx, budget, || down.look())?;
        Ok(down.pop(ready, read))
    }

    #[inline]
    fn try_recv<R>(&mut self, read: impl FnOnce(&[u8]) -> R) -> Result<Option<R>> {
        match self.down.look() {
            None => Ok(None),
            Some(ready) => {
                let ready = ready?;
                Ok(Some(self.down.pop(ready, read)))
            }
        }
    }
}
