//! Main's receiving half.

use super::main_end::Peers;
use super::outbox::RingOutbox;
use super::{Common, Hub, Link, set_gone};
use crate::ring::bell::Bell;
use crate::ring::call::Answerer;
use crate::ring::spsc::{Consumer, Ready};
use crate::ring::wait::{WaitKind, wait_for};
use crate::transport::{Error, Inbox, Outbox, Peer, Result, Wait, check_len};
use std::sync::Arc;
use std::sync::atomic::Ordering;

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
    /// At most one link that is looked at every time, as its bit.
    watched: u64,
    /// The link that had the last turn.
    last: Peer,
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
        // At every look, so that a busy link cannot keep the others waiting.
        if self.hub.ready.load(Ordering::Relaxed) & !(self.pending | self.watched) != 0 {
            // Cleared before the rings are looked at: what comes later sets its bit again.
            let ready = self.hub.ready.swap(0, Ordering::SeqCst); // SYNC: the fetch_or in RingTx::tell_main
            // A renderer may have written anything: bits of no link, or zeros over the others'.
            self.pending |= ready & (u64::MAX >> (64 - self.ups.len())) | self.watched;
            self.watched = 0;
        }
        while self.pending != 0 {
            // In turns, from the one after the last.
            let after = self.pending & (u64::MAX << self.last << 1);
            let peer = if after != 0 { after } else { self.pending }.trailing_zeros() as Peer;
            if let Some(found) = self.look_at::<W>(peer) {
                self.last = peer;
                return Some(found);
            }
            self.pending &= !(1 << peer);
            if self.pending == 0 {
                self.watch(peer);
            }
        }
        if self.watched == 0 { None } else { self.look_at::<W>(self.watched.trailing_zeros() as Peer) }
    }

    /// From here on `peer`, the last link that had something, is looked at every time, and its bit stays set: its renderer
    /// then leaves the word alone, and one busy window among many idle ones moves no line but its own.
    fn watch(&mut self, peer: Peer) {
        self.watched = 1 << peer;
        self.hub.ready.fetch_or(self.watched, Ordering::SeqCst); // SYNC: the load in RingTx::tell_main
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
        result
    }

    /// Wakes a renderer that sleeps in its call.
    #[inline]
    fn answered<W: Wait>(&mut self, peer: Peer) {
        if W::KIND != WaitKind::Spin {
            self.peers.links[peer].rx_bell.ring();
        }
    }

    fn release<W: Wait>(&mut self, peer: Peer) {
        if self.ups[peer].release() && W::KIND != WaitKind::Spin {
            self.peers.links[peer].tx_bell.ring();
        }
    }
}

impl<W: Wait> RingInbox<W> {
    pub(super) fn new(hub: Arc<Hub>, peers: Peers, common: Common<W>) -> Self {
        let rings = Rings {
            ups: peers.links.iter().map(Link::up_consumer).collect(),
            answerers: peers.links.iter().map(Link::answerer).collect(),
            pending: 0,
            watched: 0,
            last: 0,
            reported: 0,
            peers,
            hub: Arc::clone(&hub),
        };
        RingInbox { bell: hub.inbox_bell.clone(), rings, common }
    }

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
