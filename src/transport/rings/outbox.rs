//! Main's sending half.

use super::main_end::Peers;
use super::{Common, Hub, Link, set_gone};
use crate::ring::bell::Bell;
use crate::ring::spsc::Producer;
use crate::ring::wait::{WaitKind, wait_for};
use crate::transport::{Error, Outbox, Peer, Result, Wait, check_len};
use std::sync::Arc;

/// Main's sending half: a ring for each window, and one that all of them read.
#[derive(Debug)]
pub struct RingOutbox<W> {
    downs: Vec<Producer>,
    broadcast: Producer,
    /// Windows with posted frames, a bit each.
    held: u64,
    /// Who lied about the ring of broadcasts, until it is told.
    broken: Option<Error>,
    common: Common<W>,
    peers: Peers,
    hub: Arc<Hub>,
}

impl<W: Wait> RingOutbox<W> {
    pub(super) fn new(hub: Arc<Hub>, peers: Peers, common: Common<W>, nt_from: usize) -> Self {
        let heads = peers.links.iter().map(Link::broadcast_head).enumerate().collect();
        RingOutbox {
            downs: peers.links.iter().map(Link::down_producer).collect(),
            broadcast: Producer::new(hub.broadcast_tail.clone(), heads, hub.broadcast_frames(), nt_from),
            held: 0,
            broken: None,
            common,
            peers,
            hub,
        }
    }

    /// Wakes a renderer that sleeps; its ring has been published.
    #[inline]
    fn tell(&self, peer: Peer) {
        if W::KIND != WaitKind::Spin {
            self.peers.links[peer].rx_bell.ring();
        }
    }

    fn tell_all(&self) {
        if W::KIND != WaitKind::Spin {
            Bell::ring_all(self.peers.links.iter().map(|link| &link.rx_bell));
        }
    }

    fn bell(&self) -> Bell {
        self.hub.outbox_bell.clone()
    }
}

impl<W: Wait> Outbox for RingOutbox<W> {
    #[inline]
    fn send_to(&mut self, peer: Peer, len: usize, fill: impl FnOnce(&mut [u8])) -> Result<()> {
        self.push(peer, len, false, fill)?;
        self.downs[peer].publish();
        self.tell(peer);
        Ok(())
    }

    #[inline]
    fn post_to(&mut self, peer: Peer, len: usize, fill: impl FnOnce(&mut [u8])) -> Result<()> {
        self.push(peer, len, true, fill)?;
        if self.downs[peer].holds() {
            self.held |= 1 << peer;
        } else {
            self.tell(peer); // the batch was full
        }
        Ok(())
    }

    fn windows(&self) -> usize {
        self.downs.len()
    }

    /// One write, whatever the number of windows; those that have gone are waited for no longer.
    #[inline]
    fn broadcast(&mut self, len: usize, fill: impl Fn(&mut [u8])) -> Result<()> {
        self.push_broadcast(len, false, fill)?;
        self.broadcast.publish();
        self.tell_all();
        self.all_live()
    }

    #[inline]
    fn post_broadcast(&mut self, len: usize, fill: impl Fn(&mut [u8])) -> Result<()> {
        self.push_broadcast(len, true, fill)?;
        if !self.broadcast.holds() {
            self.tell_all(); // the batch was full
        }
        self.all_live()
    }

    #[inline]
    fn flush(&mut self) -> Result<()> {
        while self.held != 0 {
            let peer = self.held.trailing_zeros() as Peer;
            self.held &= self.held - 1;
            self.downs[peer].publish();
            self.tell(peer);
        }
        if self.broadcast.publish() {
            self.tell_all();
        }
        Ok(())
    }
}

impl<W: Wait> RingOutbox<W> {
    /// Puts a frame into one window's ring. `more` says that others may follow before it is published.
    #[inline]
    fn push(&mut self, peer: Peer, len: usize, more: bool, fill: impl FnOnce(&mut [u8])) -> Result<()> {
        check_len(len, self.common.max_frame)?;
        let closed = || Error::Closed { peer: Some(peer) };
        if self.peers.is_gone(peer) {
            return Err(closed());
        }
        if self.broadcast.publish() {
            self.tell_all(); // the frame's mark says that it comes after them
        }
        if !self.has_room(peer, len)? {
            let (bell, budget) = (self.bell(), self.common.budget);
            wait_for::<W, _, _>(&bell, &budget, || match self.has_room(peer, len) {
                Err(broken) => Some(Err(broken)),
                Ok(true) => Some(Ok(())),
                Ok(false) if self.peers.is_gone(peer) => Some(Err(closed())),
                Ok(false) => {
                    self.tell(peer); // it may sleep before what it has to read first
                    None
                }
            })?;
        }
        self.downs[peer].push(self.broadcast.position(), len, more, fill);
        Ok(())
    }

    /// Whether a frame fits into one window's ring; a window that lies about it loses its link.
    #[inline]
    fn has_room(&mut self, peer: Peer, len: usize) -> Result<bool> {
        self.downs[peer].has_room(len).map_err(|corrupt| {
            self.peers.cut(peer);
            Error::from(corrupt).of(peer)
        })
    }

    /// Whether a frame fits into the ring that all windows read; one that lies about it is waited for no longer.
    #[inline]
    fn has_broadcast_room(&mut self, len: usize) -> bool {
        loop {
            match (self.broadcast.has_room(len), self.broadcast.culprit()) {
                (Ok(room), _) => return room,
                (Err(corrupt), Some(peer)) => {
                    self.peers.cut(peer);
                    self.broadcast.forget(peer);
                    self.broken = Some(Error::from(corrupt).of(peer));
                }
                (Err(_), None) => return false,
            }
        }
    }

    /// Puts a frame into the ring that all windows read.
    #[inline]
    fn push_broadcast(&mut self, len: usize, more: bool, fill: impl Fn(&mut [u8])) -> Result<()> {
        check_len(len, self.common.max_frame)?;
        if self.held != 0 {
            self.flush()?; // what was posted to a window alone comes first
        }
        if !self.has_broadcast_room(len) {
            let (bell, budget) = (self.bell(), self.common.budget);
            wait_for::<W, _, _>(&bell, &budget, || {
                for peer in 0..self.downs.len() {
                    if self.peers.is_gone(peer) {
                        self.broadcast.forget(peer);
                    }
                }
                let room = self.has_broadcast_room(len);
                if !room {
                    self.tell_all(); // they may sleep before what they have to read first
                }
                room.then_some(())
            });
        }
        self.broadcast.push(0, len, more, fill);
        Ok(())
    }

    /// Names a window that has gone, if there is one.
    #[inline]
    fn all_live(&mut self) -> Result<()> {
        if let Some(broken) = self.broken.take() {
            return Err(broken);
        }
        match (0..self.downs.len()).find(|&peer| self.peers.is_gone(peer)) {
            Some(peer) => Err(Error::Closed { peer: Some(peer) }),
            None => Ok(()),
        }
    }
}

impl<W> Drop for RingOutbox<W> {
    fn drop(&mut self) {
        for ring in self.downs.iter_mut().chain([&mut self.broadcast]) {
            ring.publish();
        }
        for link in self.peers.links.iter() {
            set_gone(&link.flags.outbox_gone);
            link.rx_bell.ring();
        }
    }
}
