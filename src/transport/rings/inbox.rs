//! Main's receiving half.

use super::main_end::Peers;
use super::outbox::RingOutbox;
use super::{Common, Hub, Link, set_gone};
use crate::ring::bell::Bell;
use crate::ring::call::Answerer;
use crate::ring::ready::ReadyLinks;
use crate::ring::spsc::{Consumer, Ready};
use crate::ring::wait::{Doubts, WaitKind, wait_in_doubt};
use crate::transport::{Error, Inbox, Outbox, Peer, Result, Wait, check_len};

/// Main's receiving half.
#[derive(Debug)]
pub struct RingInbox<W> {
    rings: Rings,
    ready: ReadyLinks,
    doubts: Doubts,
    bell: Bell,
    common: Common<W>,
}

/// The rings that main reads.
#[derive(Debug)]
struct Rings {
    ups: Vec<Consumer>,
    answerers: Vec<Answerer>,
    /// Those whose end has been reported.
    reported: u64,
    max_frame: usize,
    peers: Peers,
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
    fn look_at<W: Wait>(&mut self, peer: Peer) -> Option<Result<(Peer, Found)>> {
        if self.reported & (1 << peer) != 0 {
            return None; // nothing of it is looked at any more
        }
        if self.peers.is_cut(peer) {
            self.reported |= 1 << peer; // the other half found it out
            return Some(Err(Error::Closed { peer: Some(peer) }));
        }
        match self.look(peer) {
            Ok(Some(found)) => return Some(Ok((peer, found))),
            Ok(None) => self.release::<W>(peer),
            Err(error) => return Some(Err(self.broken(peer, error))),
        }
        if !self.peers.is_gone(peer) {
            return None;
        }
        // It may have sent something between the look and its end.
        Some(match self.look(peer) {
            Ok(Some(found)) => Ok((peer, found)),
            Ok(None) => {
                self.reported |= 1 << peer;
                Err(Error::Closed { peer: Some(peer) })
            }
            Err(error) => Err(self.broken(peer, error)),
        })
    }

    /// Ends a link in which something stands that no renderer of ours writes.
    #[cold]
    fn broken(&mut self, peer: Peer, error: Error) -> Error {
        self.reported |= 1 << peer;
        self.peers.cut(peer);
        error.of(peer)
    }

    /// A call is looked for first and served last: what its renderer sent before it is in the ring by then.
    #[inline]
    fn look(&mut self, peer: Peer) -> Result<Option<Found>> {
        let call = self.answerers[peer].poll()?;
        let frame = self.ups[peer].peek()?;
        if frame.is_some_and(|frame| frame.len > self.max_frame) {
            return Err(Error::Corrupt("length of a frame"));
        }
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
    pub(super) fn new(hub: &Hub, peers: Peers, common: Common<W>) -> Self {
        let rings = Rings {
            ups: peers.links.iter().map(Link::up_consumer).collect(),
            answerers: peers.links.iter().map(Link::answerer).collect(),
            reported: 0,
            max_frame: common.max_frame,
            peers,
        };
        let ready = ReadyLinks::new(hub.ready.clone(), rings.ups.len());
        let doubts = Doubts::new(rings.ups.len());
        RingInbox { bell: hub.inbox_bell.clone(), rings, ready, doubts, common }
    }

    /// Waits for a frame or a call.
    #[inline]
    fn next(&mut self) -> Result<(Peer, Found)> {
        let RingInbox { rings, ready, doubts, .. } = self;
        if rings.reported.count_ones() as usize == rings.ups.len() {
            return Err(Error::Closed { peer: (rings.ups.len() == 1).then_some(0) });
        }
        wait_in_doubt::<W, _, _>(&self.bell, &self.common.budget, doubts, |doubt| {
            ready.find(doubt, |peer| rings.look_at::<W>(peer))
        })
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
