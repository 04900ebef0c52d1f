//! Main's halves.

use super::{Common, Hub, Link, Shape, is_gone, set_gone};
use crate::ring::bell::Bell;
use crate::ring::call::Answerer;
use crate::ring::spsc::{Consumer, Producer, Ready};
use crate::ring::wait::{WaitKind, wait_for};
use crate::transport::watch::Watch;
use crate::transport::{Error, Inbox, Outbox, Peer, Result, Wait, check_len};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering, fence};

/// Opens both halves; every renderer has connected.
pub(super) fn open<W: Wait>(
    hub: Hub,
    links: Vec<Link>,
    shape: Shape,
) -> Result<(RingOutbox<W>, RingInbox<W>)> {
    let (hub, links) = (Arc::new(hub), Arc::<[Link]>::from(links));
    let dead = Arc::new(AtomicU64::new(0));
    // SYNC: the Release store in renderer_end::open
    let pids: Vec<u32> = links.iter().map(|link| link.flags.pid.load(Ordering::Acquire)).collect();
    let watch = {
        let (hub, dead) = (Arc::clone(&hub), Arc::clone(&dead));
        Arc::new(Watch::start(&pids, move |peer| {
            dead.fetch_or(1 << peer, Ordering::Release); // SYNC: the Acquire load in is_dead
            hub.ready.fetch_or(1 << peer, Ordering::SeqCst); // SYNC: the swap in RingInbox::find
            hub.inbox_bell.ring();
            hub.outbox_bell.ring();
        })?)
    };
    let outbox = RingOutbox {
        downs: links.iter().map(Link::down_producer).collect(),
        broadcast: Producer::new(
            hub.broadcast_tail.clone(),
            links.iter().map(Link::broadcast_head).enumerate().collect(),
            hub.broadcast_frames(),
        ),
        common: Common::new(&shape, Arc::clone(&watch)),
        peers: Peers { links: Arc::clone(&links), dead: Arc::clone(&dead) },
        hub: Arc::clone(&hub),
    };
    let ups = links.iter().map(Link::up_consumer).collect();
    let answerers = links.iter().map(Link::answerer).collect();
    let inbox = RingInbox {
        bell: hub.inbox_bell.clone(),
        rings: Rings { ups, answerers, pending: 0, reported: 0, peers: Peers { links, dead }, hub },
        common: Common::new(&shape, watch),
    };
    Ok((outbox, inbox))
}

/// The links, and whose renderer has died.
#[derive(Debug)]
struct Peers {
    links: Arc<[Link]>,
    /// Set by the watch alone.
    dead: Arc<AtomicU64>,
}

impl Peers {
    #[inline]
    fn is_gone(&self, peer: Peer) -> bool {
        is_gone(&self.links[peer].flags.renderer_gone) || self.dead.load(Ordering::Acquire) & (1 << peer) != 0 // SYNC: the Watch in open
    }
}

/// Main's sending half.
#[derive(Debug)]
pub struct RingOutbox<W> {
    downs: Vec<Producer>,
    broadcast: Producer,
    common: Common<W>,
    peers: Peers,
    hub: Arc<Hub>,
}

impl<W: Wait> RingOutbox<W> {
    /// Wakes a renderer that sleeps; its ring has been published.
    #[inline]
    fn tell(&self, peer: Peer) {
        if W::KIND != WaitKind::Spin {
            self.peers.links[peer].rx_bell.ring();
        }
    }

    fn tell_all(&self) {
        if W::KIND != WaitKind::Spin {
            fence(Ordering::SeqCst); // SYNC: the fence in Bell::sleep_unless
            self.peers.links.iter().for_each(|link| link.rx_bell.ring_fenced());
        }
    }

    fn bell(&self) -> Bell {
        self.hub.outbox_bell.clone()
    }
}

impl<W: Wait> Outbox for RingOutbox<W> {
    #[inline]
    fn send_to(&mut self, peer: Peer, len: usize, fill: impl FnOnce(&mut [u8])) -> Result<()> {
        check_len(len, self.common.max_frame)?;
        let closed = || Error::Closed { peer: Some(peer) };
        if self.peers.is_gone(peer) {
            return Err(closed());
        }
        if !self.downs[peer].has_room(len)? {
            let (bell, budget) = (self.bell(), self.common.budget);
            wait_for::<W, _>(&bell, &budget, || match self.downs[peer].has_room(len) {
                Err(corrupt) => Some(Err(corrupt.into())),
                Ok(true) => Some(Ok(())),
                Ok(false) if self.peers.is_gone(peer) => Some(Err(closed())),
                Ok(false) => {
                    self.tell(peer); // a pad may have been published
                    None
                }
            })?;
        }
        let mark = self.broadcast.position();
        self.downs[peer].push(mark, len, fill);
        self.tell(peer);
        Ok(())
    }

    fn windows(&self) -> usize {
        self.downs.len()
    }

    /// One write, whatever the number of windows; those that have gone are waited for no longer.
    #[inline]
    fn broadcast(&mut self, len: usize, fill: impl Fn(&mut [u8])) -> Result<()> {
        check_len(len, self.common.max_frame)?;
        if !self.broadcast.has_room(len)? {
            let (bell, budget) = (self.bell(), self.common.budget);
            wait_for::<W, _>(&bell, &budget, || {
                for peer in 0..self.downs.len() {
                    if self.peers.is_gone(peer) {
                        self.broadcast.forget(peer);
                    }
                }
                match self.broadcast.has_room(len) {
                    Err(corrupt) => Some(Err(Error::from(corrupt))),
                    Ok(true) => Some(Ok(())),
                    Ok(false) => {
                        self.tell_all(); // a pad may have been published
                        None
                    }
                }
            })?;
        }
        self.broadcast.push(0, len, fill);
        self.tell_all();
        match (0..self.downs.len()).find(|&peer| self.peers.is_gone(peer)) {
            Some(peer) => Err(Error::Closed { peer: Some(peer) }),
            None => Ok(()),
        }
    }
}

impl<W> Drop for RingOutbox<W> {
    fn drop(&mut self) {
        for link in self.peers.links.iter() {
            set_gone(&link.flags.outbox_gone);
            link.rx_bell.ring();
        }
    }
}

/// Main's receiving half.
#[derive(Debug)]
pub struct RingInbox<W> {
    rings: Rings,
    bell: Bell,
    common: Common<W>,
}

/// The rings that main reads, and which of them are worth a look.
#[derive(Debug)]
struct Rings {
    ups: Vec<Consumer>,
    answerers: Vec<Answerer>,
    /// Links that may have frames, a bit each: taken from the ready bits and cleared when found empty.
    pending: u64,
    /// Those whose end has been reported.
    reported: u64,
    peers: Peers,
    hub: Arc<Hub>,
}

/// What a look at a link found.
#[derive(Clone, Copy)]
enum Found {
    Frame(Ready),
    /// A request of this many bytes.
    Call(usize),
}

impl Rings {
    /// Looks once for a frame, or for an end that has not been reported.
    #[inline]
    fn find<W: Wait>(&mut self) -> Option<Result<(Peer, Found)>> {
        if self.ups.len() == 1 {
            return self.look_at::<W>(0);
        }
        if self.pending == 0 && self.hub.ready.load(Ordering::Relaxed) != 0 {
            // Cleared before the rings are looked at: what comes later sets its bit again.
            self.pending = self.hub.ready.swap(0, Ordering::SeqCst); // SYNC: the fetch_or in RingTx::tell_main
            self.pending &= u64::MAX >> (64 - self.ups.len()); // a renderer may have written anything
        }
        while self.pending != 0 {
            let peer = self.pending.trailing_zeros() as Peer;
            match self.look_at::<W>(peer) {
                None => self.pending &= !(1 << peer),
                found => return found,
            }
        }
        None
    }

    #[inline]
    fn look_at<W: Wait>(&mut self, peer: Peer) -> Option<Result<(Peer, Found)>> {
        match self.look(peer) {
            Ok(None) => self.release::<W>(peer),
            found => return found.map(|found| found.map(|found| (peer, found))).transpose(),
        }
        if !self.peers.is_gone(peer) || self.reported & (1 << peer) != 0 {
            return None;
        }
        // It may have sent something between the look and its end.
        Some(match self.look(peer) {
            Ok(Some(found)) => Ok((peer, found)),
            Ok(None) => {
                self.reported |= 1 << peer;
                Err(Error::Closed { peer: Some(peer) })
            }
            Err(error) => Err(error),
        })
    }

    /// A call is looked for first and served last: what its renderer sent before it is in the ring by then.
    #[inline]
    fn look(&mut self, peer: Peer) -> Result<Option<Found>> {
        let call = self.answerers[peer].poll()?;
        let frame = self.ups[peer].peek()?;
        Ok(frame.map(Found::Frame).or(call.map(Found::Call)))
    }

    /// Lends a frame that was found, and moves past it.
    #[inline]
    fn pop<W: Wait, R>(&mut self, peer: Peer, ready: Ready, read: impl FnOnce(Peer, &[u8]) -> R) -> R {
        let result = self.ups[peer].pop(ready, |frame| read(peer, frame));
        if self.ups[peer].should_release() {
            self.release::<W>(peer);
        }
        self.pass_turn(peer);
        result
    }

    /// Wakes a renderer that sleeps in its call.
    #[inline]
    fn answered<W: Wait>(&mut self, peer: Peer) {
        if W::KIND != WaitKind::Spin {
            self.peers.links[peer].rx_bell.ring();
        }
        self.pass_turn(peer);
    }

    fn release<W: Wait>(&mut self, peer: Peer) {
        if self.ups[peer].release() && W::KIND != WaitKind::Spin {
            self.peers.links[peer].tx_bell.ring();
        }
    }

    /// After a frame of `peer`: the others' turn, if any wait; its own bit goes back among the ready ones.
    #[inline]
    fn pass_turn(&mut self, peer: Peer) {
        if self.pending & !(1 << peer) != 0 {
            self.pending &= !(1 << peer);
            self.hub.ready.fetch_or(1 << peer, Ordering::SeqCst); // SYNC: the swap in find
        }
    }
}

impl<W: Wait> RingInbox<W> {
    /// Waits for a frame or a call.
    #[inline]
    fn next(&mut self) -> Result<(Peer, Found)> {
        let rings = &mut self.rings;
        if rings.reported.count_ones() as usize == rings.ups.len() {
            return Err(Error::Closed { peer: (rings.ups.len() == 1).then_some(0) });
        }
        wait_for::<W, _>(&self.bell, &self.common.budget, || rings.find::<W>())
    }
}

impl<W: Wait> Inbox for RingInbox<W> {
    type Outbox = RingOutbox<W>;

    #[inline]
    fn recv<R>(&mut self, read: impl FnOnce(Peer, &[u8]) -> R) -> Result<R> {
        let (peer, found) = self.next()?;
        Ok(match found {
            Found::Frame(ready) => self.rings.pop::<W, _>(peer, ready, read),
            Found::Call(len) => {
                let answerer = &mut self.rings.answerers[peer];
                let result = answerer.read(len, |request| read(peer, request));
                answerer.decline(); // whoever receives answers by a frame, if at all
                self.rings.answered::<W>(peer);
                result
            }
        })
    }

    #[inline]
    fn serve<S>(
        &mut self,
        outbox: &mut RingOutbox<W>,
        read: impl FnOnce(Peer, &[u8]) -> (usize, S),
        reply: impl FnOnce(S, &mut [u8]),
    ) -> Result<()> {
        let (peer, found) = self.next()?;
        match found {
            Found::Frame(ready) => {
                let (len, state) = self.rings.pop::<W, _>(peer, ready, read);
                outbox.send_to(peer, len, |bytes| reply(state, bytes))
            }
            Found::Call(len) => {
                let answerer = &mut self.rings.answerers[peer];
                let (len, state) = answerer.read(len, |request| read(peer, request));
                let fits = check_len(len, self.common.max_frame);
                match fits {
                    Ok(()) => answerer.reply(len, |bytes| reply(state, bytes)),
                    Err(_) => answerer.decline(),
                }
                self.rings.answered::<W>(peer);
                fits
            }
        }
    }
}

impl Drop for Rings {
    fn drop(&mut self) {
        for link in self.peers.links.iter() {
            set_gone(&link.flags.inbox_gone);
            link.tx_bell.ring();
        }
    }
}
