//! A renderer's halves.

use super::{Common, Hub, Link, Shape, is_gone, set_gone};
use crate::ring::bell::Bell;
use crate::ring::call::{Caller, Reply};
use crate::ring::spsc::{Consumer, Producer, Ready};
use crate::ring::wait::{WaitKind, wait_for};
use crate::transport::lifeline::Lifeline;
use crate::transport::{Error, Peer, Result, Rx, Tx, Wait, check_len};
use std::os::fd::OwnedFd;
use std::sync::Arc;

/// Opens both halves; main has been told.
pub(super) fn open<W: Wait>(
    hub: Hub,
    link: Link,
    lifeline: OwnedFd,
    peer: Peer,
    shape: Shape,
) -> Result<(RingTx<W>, RingRx<W>)> {
    let (hub, link) = (Arc::new(hub), Arc::new(link));
    let woken = Arc::clone(&link);
    let lifeline = Lifeline::hold(vec![lifeline], move |_| {
        woken.tx_bell.ring();
        woken.rx_bell.ring();
    })?
    .remove(0);
    let tx = RingTx {
        up: link.up_producer(),
        caller: link.caller(),
        peer,
        common: Common::new(&shape),
        lifeline: lifeline.clone(),
        hub: Arc::clone(&hub),
        link: Arc::clone(&link),
    };
    let broadcast = Consumer::new(hub.broadcast_tail.clone(), link.broadcast_head(), hub.broadcast_frames());
    let rx = RingRx {
        bell: link.rx_bell.clone(),
        rings: Rings { down: link.down_consumer(), broadcast, lifeline, hub, link },
        common: Common::new(&shape),
    };
    Ok((tx, rx))
}

/// A renderer's sending half.
#[derive(Debug)]
pub struct RingTx<W> {
    up: Producer,
    caller: Caller,
    peer: Peer,
    common: Common<W>,
    lifeline: Lifeline,
    hub: Arc<Hub>,
    link: Arc<Link>,
}

impl<W: Wait> Tx for RingTx<W> {
    type Rx = RingRx<W>;

    #[inline]
    fn send(&mut self, len: usize, fill: impl FnOnce(&mut [u8])) -> Result<()> {
        self.push(len, false, fill)?;
        self.flush()
    }

    #[inline]
    fn post(&mut self, len: usize, fill: impl FnOnce(&mut [u8])) -> Result<()> {
        self.push(len, true, fill)?;
        if !self.up.holds() {
            self.tell_main(); // the batch was full
        }
        Ok(())
    }

    #[inline]
    fn flush(&mut self) -> Result<()> {
        self.up.publish();
        self.tell_main();
        Ok(())
    }

    /// In place: the reply overwrites the request, unless main answers by sending a frame.
    #[inline]
    fn call<R>(
        &mut self,
        rx: &mut RingRx<W>,
        len: usize,
        fill: impl FnOnce(&mut [u8]),
        read: impl FnOnce(&[u8]) -> R,
    ) -> Result<R> {
        check_len(len, self.common.max_frame)?;
        if self.main_is_gone() {
            return Err(Error::Closed { peer: None });
        }
        self.up.publish(); // what was posted comes first
        self.caller.ask(len, fill);
        self.tell_main();
        let reply = wait_for::<W, _, _>(&rx.bell, &self.common.budget, || match self.caller.poll() {
            Ok(None) if !self.main_is_gone() => None,
            // It may have answered between the look and its end.
            Ok(None) => Some(self.caller.poll().map(|reply| reply.unwrap_or(Reply::Elsewhere))),
            found => found.transpose(),
        })?;
        match reply {
            Reply::Here(_) => match self.caller.take(reply, read) {
                Some(result) => Ok(result),
                None => Err(Error::Corrupt("a reply that is not here")),
            },
            Reply::Elsewhere => {
                self.caller.take(reply, |_| ());
                rx.recv(read)
            }
        }
    }
}

impl<W: Wait> RingTx<W> {
    /// Puts a frame into the ring. `more` says that others may follow before it is published.
    #[inline]
    fn push(&mut self, len: usize, more: bool, fill: impl FnOnce(&mut [u8])) -> Result<()> {
        check_len(len, self.common.max_frame)?;
        if self.main_is_gone() {
            return Err(Error::Closed { peer: None });
        }
        if !self.up.has_room(len)? {
            self.wait_for_room(len)?;
        }
        self.up.push(0, len, more, fill);
        Ok(())
    }

    fn main_is_gone(&self) -> bool {
        is_gone(&self.link.flags.inbox_gone) || self.lifeline.is_gone()
    }

    #[cold]
    fn wait_for_room(&mut self, len: usize) -> Result<()> {
        let link = Arc::clone(&self.link);
        let budget = self.common.budget;
        wait_for::<W, _, _>(&link.tx_bell, &budget, || match self.up.has_room(len) {
            Err(corrupt) => Some(Err(corrupt.into())),
            Ok(true) => Some(Ok(())),
            Ok(false) if self.main_is_gone() => Some(Err(Error::Closed { peer: None })),
            Ok(false) => {
                self.tell_main(); // it may sleep before what it has to read first
                None
            }
        })
    }

    /// After a publication: sets the bit if there are others, and wakes main if it sleeps.
    #[inline]
    fn tell_main(&self) {
        match (self.common.alone, W::KIND) {
            (true, WaitKind::Spin) => {} // main looks at the ring itself and never sleeps
            (true, _) => self.hub.inbox_bell.ring(),
            (false, WaitKind::Spin) => self.hub.ready.set(self.peer),
            (false, _) => {
                self.hub.ready.set(self.peer);
                self.hub.inbox_bell.ring_fenced();
            }
        }
    }
}

impl<W> Drop for RingTx<W> {
    fn drop(&mut self) {
        self.up.publish();
        set_gone(&self.link.flags.renderer_gone);
        self.hub.ready.set(self.peer);
        self.hub.inbox_bell.ring_fenced();
        self.hub.outbox_bell.ring();
    }
}

/// A renderer's receiving half.
#[derive(Debug)]
pub struct RingRx<W> {
    rings: Rings,
    bell: Bell,
    common: Common<W>,
}

/// The two rings that a renderer reads, merged.
#[derive(Debug)]
struct Rings {
    down: Consumer,
    broadcast: Consumer,
    lifeline: Lifeline,
    hub: Arc<Hub>,
    link: Arc<Link>,
}

/// Which ring has the next frame.
enum Next {
    Down(Ready),
    Broadcast(Ready),
}

impl Rings {
    /// The next frame in main's order, if one is there.
    ///
    /// The broadcast ring is looked at first: whatever main pushed before a broadcast that is visible then is visible
    /// in the down ring afterwards, and its mark says that it goes first.
    #[inline]
    fn find<W: Wait>(&mut self) -> Result<Option<Next>> {
        let broadcast = self.broadcast.peek()?;
        let Some(down) = self.down.peek()? else {
            if broadcast.is_none() {
                self.release::<W>();
            }
            return Ok(broadcast.map(Next::Broadcast));
        };
        if down.mark <= self.broadcast.position() {
            return Ok(Some(Next::Down(down)));
        }
        // Sent after a broadcast, which is visible by now.
        match self.broadcast.peek()? {
            Some(ready) => Ok(Some(Next::Broadcast(ready))),
            None if down.mark <= self.broadcast.position() => Ok(Some(Next::Down(down))),
            None => Err(Error::Corrupt("mark ahead of the broadcasts")),
        }
    }

    /// Tells main what has been consumed, and wakes it if it waits for room.
    fn release<W: Wait>(&mut self) {
        let news = self.down.release() | self.broadcast.release();
        if news && W::KIND != WaitKind::Spin {
            self.hub.outbox_bell.ring();
        }
    }

    #[inline]
    fn lend<W: Wait, R>(&mut self, next: Next, read: impl FnOnce(&[u8]) -> R) -> R {
        let result = match next {
            Next::Down(ready) => self.down.pop(ready, read),
            Next::Broadcast(ready) => self.broadcast.pop(ready, read),
        };
        if self.down.should_release() || self.broadcast.should_release() {
            self.release::<W>();
        }
        result
    }

    /// Looks once; `Some(Err(Closed))` only if nothing is left to receive.
    #[inline]
    fn look<W: Wait>(&mut self) -> Option<Result<Next>> {
        match self.find::<W>() {
            Ok(None) => {}
            found => return found.transpose(),
        }
        if !is_gone(&self.link.flags.outbox_gone) && !self.lifeline.is_gone() {
            return None;
        }
        // It may have sent something between the look and its end.
        Some(self.find::<W>().and_then(|next| next.ok_or(Error::Closed { peer: None })))
    }
}

impl<W: Wait> Rx for RingRx<W> {
    #[inline]
    fn recv<R>(&mut self, read: impl FnOnce(&[u8]) -> R) -> Result<R> {
        let next = wait_for::<W, _, _>(&self.bell, &self.common.budget, || self.rings.look::<W>())?;
        Ok(self.rings.lend::<W, _>(next, read))
    }

    #[inline]
    fn try_recv<R>(&mut self, read: impl FnOnce(&[u8]) -> R) -> Result<Option<R>> {
        match self.rings.look::<W>() {
            None => Ok(None),
            Some(next) => {
                let next = next?;
                Ok(Some(self.rings.lend::<W, _>(next, read)))
            }
        }
    }
}

impl Drop for Rings {
    fn drop(&mut self) {
        set_gone(&self.link.flags.renderer_gone);
        self.hub.outbox_bell.ring();
    }
}
