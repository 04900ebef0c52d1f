//! Main's halves.

use super::{Hub, Link, Shape, consumer, producer};
use crate::ring::spsc::{Consumer, Producer, Ready};
use crate::ring::wait::Budget;
use crate::transport::lifeline::Lifeline;
use crate::transport::{Error, Inbox, Outbox, Peer, Result, Wait, check_len};
use std::marker::PhantomData;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::sync::atomic::Ordering;

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
        woken.ready.fetch_or(1 << peer, Ordering::SeqCst); // SYNC: the swap in Rings::find
        woken.inbox.knock();
        woken.outbox.knock();
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
    let rings = Rings { ups, pending: 0, reported: 0, lifelines, links, hub: Arc::clone(&hub) };
    Ok((outbox, EventfdInbox { rings, hub, budget, wait: PhantomData }))
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
        if !down.has_room(len)? {
            self.hub.outbox.wait_for::<W, _>(&self.budget, || match down.has_room(len) {
                Err(corrupt) => Some(Err(corrupt.into())),
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
    hub: Arc<Hub>,
    budget: Budget,
    wait: PhantomData<fn() -> W>,
}

/// The rings that main reads, and which of them are worth a look.
#[derive(Debug)]
struct Rings {
    ups: Vec<Consumer>,
    /// Links that may have frames, a bit each: taken from the ready bits and cleared when found empty.
    pending: u64,
    /// Those whose end has been reported.
    reported: u64,
    lifelines: Vec<Lifeline>,
    links: Arc<[Link]>,
    hub: Arc<Hub>,
}

impl Rings {
    /// Looks once for a frame, or for an end that has not been reported.
    #[inline]
    fn find(&mut self) -> Option<Result<(Peer, Ready)>> {
        if self.ups.len() == 1 {
            return self.look_at(0).map(|found| found.map(|ready| (0, ready)));
        }
        if self.pending == 0 && self.hub.ready.load(Ordering::Relaxed) != 0 {
            // Cleared before the rings are looked at: what comes later sets its bit again.
            self.pending = self.hub.ready.swap(0, Ordering::SeqCst); // SYNC: the fetch_or in EventfdTx::tell_main
            self.pending &= u64::MAX >> (64 - self.ups.len()); // a renderer may have written anything
        }
        while self.pending != 0 {
            let peer = self.pending.trailing_zeros() as Peer;
            match self.look_at(peer) {
                None => self.pending &= !(1 << peer),
                found => return found.map(|found| found.map(|ready| (peer, ready))),
            }
        }
        None
    }

    #[inline]
    fn look_at(&mut self, peer: Peer) -> Option<Result<Ready>> {
        match self.ups[peer].peek() {
            Ok(None) => self.release(peer),
            found => return found.map_err(Error::from).transpose(),
        }
        if !self.lifelines[peer].is_gone() || self.reported & (1 << peer) != 0 {
            return None;
        }
        // It may have sent something between the look and its end.
        let found = self.ups[peer].peek().map_err(Error::from).transpose();
        Some(found.unwrap_or_else(|| {
            self.reported |= 1 << peer;
            Err(Error::Closed { peer: Some(peer) })
        }))
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
        let EventfdInbox { rings, hub, budget, .. } = self;
        if rings.reported.count_ones() as usize == rings.ups.len() {
            return Err(Error::Closed { peer: (rings.ups.len() == 1).then_some(0) });
        }
        let (peer, ready) = hub.inbox.wait_for::<W, _>(budget, || rings.find())?;
        let result = rings.ups[peer].pop(ready, |frame| read(peer, frame));
        if rings.ups[peer].should_release() {
            rings.release(peer);
        }
        if rings.pending & !(1 << peer) != 0 {
            // The others' turn; its own bit goes back among the ready ones.
            rings.pending &= !(1 << peer);
            rings.hub.ready.fetch_or(1 << peer, Ordering::SeqCst); // SYNC: the swap in find
        }
        Ok(result)
    }
}
