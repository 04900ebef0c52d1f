//! Main's halves.

use super::{Hub, Link, Shape, consumer, producer};
use crate::ring::ready::ReadyLinks;
use crate::ring::spsc::{Consumer, Corrupt, Producer, Ready};
use crate::ring::wait::{Budget, Doubts, wait_for, wait_in_doubt};
use crate::transport::lifeline::Lifeline;
use crate::transport::{Error, Inbox, Outbox, Peer, Result, Wait, check_len};
use std::marker::PhantomData;
use std::os::fd::OwnedFd;
use std::sync::Arc;

/// Opens both halves; every renderer has connected.
pub(super) fn open<W: Wait>(
    hub: Hub,
    links: Vec<Link>,
    lifelines: Vec<OwnedFd>,
    shape: &Shape,
) -> Result<(EventfdOutbox<W>, EventfdInbox<W>)> {
    let (hub, links) = (Arc::new(hub), Arc::<[Link]>::from(links));
    let woken = Arc::clone(&hub);
    let lifelines = Lifeline::hold(lifelines, move |peer| {
        woken.ready.set(peer);
        woken.inbox.wake();
        woken.outbox.wake();
    })?;
    let budget = Budget::new(shape.spin);
    let outbox = EventfdOutbox {
        downs: links.iter().map(|link| producer(link.down(), shape.nt_from)).collect(),
        max_frame: shape.max_frame,
        budget,
        lifelines: lifelines.clone(),
        links: Arc::clone(&links),
        hub: Arc::clone(&hub),
        wait: PhantomData,
    };
    let ups = links.iter().map(|link| consumer(link.up())).collect();
    let rings = Rings { ups, reported: 0, max_frame: shape.max_frame, lifelines, links };
    let ready = ReadyLinks::new(hub.ready.clone(), rings.ups.len());
    let doubts = Doubts::new(rings.ups.len());
    Ok((outbox, EventfdInbox { rings, ready, doubts, hub, budget, wait: PhantomData }))
}

/// Main's sending half.
#[derive(Debug)]
pub struct EventfdOutbox<W> {
    downs: Vec<Producer>,
    max_frame: usize,
    budget: Budget,
    lifelines: Vec<Lifeline>,
    links: Arc<[Link]>,
    hub: Arc<Hub>,
    wait: PhantomData<fn() -> W>,
}

impl<W: Wait> Outbox for EventfdOutbox<W> {
    #[inline]
    fn send_to(&mut self, peer: Peer, len: usize, fill: impl FnOnce(&mut [u8])) -> Result<()> {
        check_len(len, self.max_frame)?;
        let (down, link, lifeline) = (&mut self.downs[peer], &self.links[peer], &self.lifelines[peer]);
        let closed = || Error::Closed { peer: Some(peer) };
        if lifeline.is_gone() {
            return Err(closed());
        }
        let mut has_room = || {
            down.has_room(len).map_err(|corrupt| {
                lifeline.cut();
                Error::from(corrupt).of(peer)
            })
        };
        if !has_room()? {
            wait_for::<W, _, _>(&self.hub.outbox, &self.budget, || match has_room() {
                Err(broken) => Some(Err(broken)),
                Ok(true) => Some(Ok(())),
                Ok(false) if lifeline.is_gone() => Some(Err(closed())),
                Ok(false) => {
                    link.rx.ring(); // a pad may have been published
                    None
                }
            })?;
        }
        down.push(0, len, false, fill);
        down.publish();
        link.rx.ring();
        Ok(())
    }

    fn windows(&self) -> usize {
        self.downs.len()
    }
}

/// Main's receiving half.
#[derive(Debug)]
pub struct EventfdInbox<W> {
    rings: Rings,
    ready: ReadyLinks,
    doubts: Doubts,
    hub: Arc<Hub>,
    budget: Budget,
    wait: PhantomData<fn() -> W>,
}

/// The rings that main reads.
#[derive(Debug)]
struct Rings {
    ups: Vec<Consumer>,
    /// Those whose end has been reported.
    reported: u64,
    max_frame: usize,
    lifelines: Vec<Lifeline>,
    links: Arc<[Link]>,
}

impl Rings {
    /// Looks once for a frame, or for an end that has not been reported.
    #[inline]
    fn look_at(&mut self, peer: Peer) -> Option<Result<(Peer, Ready)>> {
        if self.reported & (1 << peer) != 0 {
            return None; // nothing of it is looked at any more
        }
        if self.lifelines[peer].is_cut() {
            self.reported |= 1 << peer; // the other half found it out
            return Some(Err(Error::Closed { peer: Some(peer) }));
        }
        match self.ups[peer].peek() {
            Ok(Some(ready)) if ready.len > self.max_frame => {
                return Some(Err(self.broken(peer, Corrupt("length of a frame"))));
            }
            Ok(Some(ready)) => return Some(Ok((peer, ready))),
            Ok(None) => self.release(peer),
            Err(corrupt) => return Some(Err(self.broken(peer, corrupt))),
        }
        if !self.lifelines[peer].is_gone() {
            return None;
        }
        // It may have sent something between the look and its end.
        Some(match self.ups[peer].peek() {
            Ok(Some(ready)) if ready.len > self.max_frame => {
                Err(self.broken(peer, Corrupt("length of a frame")))
            }
            Ok(Some(ready)) => Ok((peer, ready)),
            Ok(None) => {
                self.reported |= 1 << peer;
                Err(Error::Closed { peer: Some(peer) })
            }
            Err(corrupt) => Err(self.broken(peer, corrupt)),
        })
    }

    /// Ends a link in which something stands that no renderer of ours writes.
    #[cold]
    fn broken(&mut self, peer: Peer, corrupt: Corrupt) -> Error {
        self.reported |= 1 << peer;
        self.lifelines[peer].cut();
        Error::from(corrupt).of(peer)
    }

    fn release(&mut self, peer: Peer) {
        if self.ups[peer].release() {
            self.links[peer].tx.ring();
        }
    }
}

impl<W: Wait> Inbox for EventfdInbox<W> {
    type Outbox = EventfdOutbox<W>;

    #[inline]
    fn recv<R>(&mut self, read: impl FnOnce(Peer, &[u8]) -> R) -> Result<R> {
        let EventfdInbox { rings, ready, doubts, hub, budget, .. } = self;
        if rings.reported.count_ones() as usize == rings.ups.len() {
            return Err(Error::Closed { peer: (rings.ups.len() == 1).then_some(0) });
        }
        let (peer, frame) = wait_in_doubt::<W, _, _>(&hub.inbox, budget, doubts, |doubt| {
            ready.find(doubt, |peer| rings.look_at(peer))
        })?;
        let result = rings.ups[peer].pop(frame, |frame| read(peer, frame));
        if rings.ups[peer].should_release() {
            rings.release(peer);
        }
        Ok(result)
    }
}
