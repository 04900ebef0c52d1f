//! Main's halves.

use super::link::{Frame, Receiver, Sender, wait_for};
use super::site::Site;
use crate::ring::wait::Budget;
use crate::transport::lifeline::Lifeline;
use crate::transport::{Error, Inbox, Outbox, Peer, Result, Wait};
use ::iceoryx2::port::listener::Listener;
use ::iceoryx2::prelude::ipc_threadsafe::Service;
use std::marker::PhantomData;
use std::sync::Arc;

/// Main's sending half.
#[derive(Debug)]
pub struct IceoryxOutbox<W> {
    pub(super) downs: Vec<Sender>,
    pub(super) _site: Arc<Site>,
    pub(super) wait: PhantomData<fn() -> W>,
}

impl<W: Wait> Outbox for IceoryxOutbox<W> {
    #[inline]
    fn send_to(&mut self, peer: Peer, len: usize, fill: impl FnOnce(&mut [u8])) -> Result<()> {
        let sent = self.downs[peer].send::<W>(len, fill)?;
        if sent { Ok(()) } else { Err(Error::Closed { peer: Some(peer) }) }
    }

    fn windows(&self) -> usize {
        self.downs.len()
    }
}

/// Main's receiving half.
#[derive(Debug)]
pub struct IceoryxInbox<W> {
    pub(super) links: Links,
    pub(super) bell: Listener<Service>,
    pub(super) budget: Budget,
    pub(super) _site: Arc<Site>,
    pub(super) wait: PhantomData<fn() -> W>,
}

/// What main receives from.
#[derive(Debug)]
pub(super) struct Links {
    pub(super) ups: Vec<Receiver>,
    pub(super) lifelines: Vec<Lifeline>,
    /// Whose end has been reported, a bit each.
    pub(super) reported: u64,
    /// Where the next round begins: behind the link that was served last.
    pub(super) next: Peer,
}

impl Links {
    /// Looks once at each link for a frame, or for an end that has not been reported.
    #[inline]
    fn look(&mut self) -> Result<Option<(Peer, Frame)>> {
        for _ in 0..self.ups.len() {
            let peer = self.next;
            self.next = if peer + 1 == self.ups.len() { 0 } else { peer + 1 };
            let bit = 1 << peer;
            if self.reported & bit != 0 {
                continue;
            }
            let gone = || {
                self.reported |= bit;
                Error::Closed { peer: Some(peer) }
            };
            if let Some(frame) = self.ups[peer].look(&self.lifelines[peer], gone)? {
                return Ok(Some((peer, frame)));
            }
        }
        Ok(None)
    }
}

impl<W: Wait> Inbox for IceoryxInbox<W> {
    type Outbox = IceoryxOutbox<W>;

    #[inline]
    fn recv<R>(&mut self, read: impl FnOnce(Peer, &[u8]) -> R) -> Result<R> {
        let links = &mut self.links;
        if links.reported.count_ones() as usize == links.ups.len() {
            return Err(Error::Closed { peer: (links.ups.len() == 1).then_some(0) });
        }
        let (peer, frame) = wait_for::<W, _>(&self.bell, &self.budget, || links.look())?;
        Ok(read(peer, frame.payload()))
    }
}
