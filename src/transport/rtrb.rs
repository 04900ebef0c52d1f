//! `rtrb`: rings of the crate of that name, for one producer and one consumer, between threads.
//!
//! Each direction of a link has a ring of cache lines for short frames, of which one store publishes or frees as many as
//! were posted or are there. A longer frame is a buffer that moves through a second ring and comes back empty through a
//! third, so that nothing is allocated once there are enough of them; it says how many lines go before it. The reply to a
//! call moves in the buffer of its request.
//!
//! The crate offers no way to sleep, so both ends spin, and main looks at its links in turn.

mod line;
mod receiver;
mod sender;

use self::receiver::{Look, Receiver};
use self::sender::Sender;
use super::local::LocalAddress;
use super::{Caps, Error, Inbox, MAX_FRAME, Outbox, Peer, Result, Rx, Spec, Transport, Tx, Wait, WaitKind};
use ::rtrb::RingBuffer;
use std::hint::spin_loop;

/// The transport.
#[derive(Debug)]
pub struct Rtrb;

/// Slots of the ring for short frames: 256 KiB, as one of ours has.
const LINES: usize = 4096;

/// One direction of a link; `peer` is whom it reaches, if it is a way down.
fn direction(spec: &Spec, peer: Option<Peer>) -> (Sender, Receiver) {
    // As many long frames as a channel here holds.
    let frames = ((4 << 20) / spec.max_frame.max(64)).clamp(2, 1024);
    let (lines_in, lines) = RingBuffer::new(LINES);
    let (longs_in, longs) = RingBuffer::new(frames);
    let (empties_in, empties) = RingBuffer::new(frames);
    let sender = Sender::new(lines_in, longs_in, empties, spec.max_frame, peer);
    (sender, Receiver::new(lines, longs, empties_in))
}

/// A renderer's sending half.
#[derive(Debug)]
pub struct RtrbTx(Sender);

impl Tx for RtrbTx {
    type Rx = RtrbRx;

    #[inline]
    fn send(&mut self, len: usize, fill: impl FnOnce(&mut [u8])) -> Result<()> {
        self.0.send(len, fill)
    }

    #[inline]
    fn post(&mut self, len: usize, fill: impl FnOnce(&mut [u8])) -> Result<()> {
        self.0.post(len, fill)
    }

    #[inline]
    fn flush(&mut self) -> Result<()> {
        self.0.flush();
        Ok(())
    }

    #[inline]
    fn call<R>(
        &mut self,
        rx: &mut RtrbRx,
        len: usize,
        fill: impl FnOnce(&mut [u8]),
        read: impl FnOnce(&[u8]) -> R,
    ) -> Result<R> {
        self.send(len, fill)?;
        let (answer, buffer) = rx.wait(read)?;
        rx.0.pass_on(buffer, &mut self.0);
        Ok(answer)
    }
}

/// A renderer's receiving half.
#[derive(Debug)]
pub struct RtrbRx(Receiver);

impl RtrbRx {
    #[inline]
    fn wait<R>(&mut self, read: impl FnOnce(&[u8]) -> R) -> Result<(R, Option<Vec<u8>>)> {
        loop {
            match self.0.look() {
                Look::Frame => return self.0.take(read),
                Look::Gone => return Err(Error::Closed { peer: None }),
                Look::Nothing => spin_loop(),
            }
        }
    }
}

impl Rx for RtrbRx {
    #[inline]
    fn recv<R>(&mut self, read: impl FnOnce(&[u8]) -> R) -> Result<R> {
        let (answer, buffer) = self.wait(read)?;
        self.0.give_back(buffer);
        Ok(answer)
    }

    fn try_recv<R>(&mut self, read: impl FnOnce(&[u8]) -> R) -> Result<Option<R>> {
        match self.0.look() {
            Look::Frame => self.recv(read).map(Some),
            Look::Gone => Err(Error::Closed { peer: None }),
            Look::Nothing => Ok(None),
        }
    }
}

/// Main's sending half.
#[derive(Debug)]
pub struct RtrbOutbox(Vec<Sender>);

impl Outbox for RtrbOutbox {
    #[inline]
    fn send_to(&mut self, peer: Peer, len: usize, fill: impl FnOnce(&mut [u8])) -> Result<()> {
        self.0[peer].send(len, fill)
    }

    #[inline]
    fn post_to(&mut self, peer: Peer, len: usize, fill: impl FnOnce(&mut [u8])) -> Result<()> {
        self.0[peer].post(len, fill)
    }

    #[inline]
    fn post_broadcast(&mut self, len: usize, fill: impl Fn(&mut [u8])) -> Result<()> {
        let posted = |outcome: Result<()>, link: &mut Sender| outcome.and(link.post(len, &fill));
        self.0.iter_mut().fold(Ok(()), posted)
    }

    #[inline]
    fn flush(&mut self) -> Result<()> {
        self.0.iter_mut().for_each(Sender::flush);
        Ok(())
    }

    fn windows(&self) -> usize {
        self.0.len()
    }
}

/// Main's receiving half.
#[derive(Debug)]
pub struct RtrbInbox {
    links: Vec<Receiver>,
    /// Whose end has been reported, a bit each.
    reported: u64,
    /// Where the next round begins: behind the link that was served last.
    next: Peer,
}

impl RtrbInbox {
    /// Waits for a link that has a frame.
    #[inline]
    fn ready(&mut self) -> Result<Peer> {
        let windows = self.links.len();
        while self.reported.count_ones() as usize != windows {
            for _ in 0..windows {
                let peer = self.next;
                self.next = if peer + 1 == windows { 0 } else { peer + 1 };
                match self.links[peer].look() {
                    Look::Frame => return Ok(peer),
                    Look::Gone if self.reported & (1 << peer) == 0 => {
                        self.reported |= 1 << peer;
                        return Err(Error::Closed { peer: Some(peer) });
                    }
                    Look::Gone | Look::Nothing => {}
                }
            }
            spin_loop();
        }
        Err(Error::Closed { peer: (windows == 1).then_some(0) })
    }
}

impl Inbox for RtrbInbox {
    type Outbox = RtrbOutbox;

    #[inline]
    fn recv<R>(&mut self, read: impl FnOnce(Peer, &[u8]) -> R) -> Result<R> {
        let peer = self.ready()?;
        let link = &mut self.links[peer];
        let (answer, buffer) = link.take(|frame| read(peer, frame))?;
        link.give_back(buffer);
        Ok(answer)
    }

    #[inline]
    fn serve<S>(
        &mut self,
        outbox: &mut RtrbOutbox,
        read: impl FnOnce(Peer, &[u8]) -> (usize, S),
        reply: impl FnOnce(S, &mut [u8]),
    ) -> Result<()> {
        let peer = self.ready()?;
        let link = &mut self.links[peer];
        let ((len, state), buffer) = link.take(|frame| read(peer, frame))?;
        link.pass_on(buffer, &mut outbox.0[peer]);
        outbox.send_to(peer, len, |bytes| reply(state, bytes))
    }
}

impl Transport for Rtrb {
    const NAME: &'static str = "rtrb";
    const CAPS: Caps = Caps {
        about: "rtrb rings between threads, which spin; short frames in its slots, long ones as buffers that return",
        max_frame: MAX_FRAME,
        processes: false,
        waits: &[WaitKind::Spin],
        one_write_broadcast: false,
        ring: false,
        echo: false,
        lossy: false,
        in_parts: false,
    };
    type Address = LocalAddress;
    type Bound = (RtrbOutbox, RtrbInbox);
    type Outbox<W: Wait> = RtrbOutbox;
    type Inbox<W: Wait> = RtrbInbox;
    type Tx<W: Wait> = RtrbTx;
    type Rx<W: Wait> = RtrbRx;

    fn bind(spec: &Spec) -> Result<(Self::Bound, Vec<LocalAddress>)> {
        let (mut downs, mut links, mut addresses) = (Vec::new(), Vec::new(), Vec::new());
        for peer in 0..spec.windows {
            let ((up_in, up), (down_in, down)) = (direction(spec, None), direction(spec, Some(peer)));
            downs.push(down_in);
            links.push(up);
            addresses.push(LocalAddress::leave((RtrbTx(up_in), RtrbRx(down))));
        }
        Ok(((RtrbOutbox(downs), RtrbInbox { links, reported: 0, next: 0 }), addresses))
    }

    fn accept<W: Wait>(bound: Self::Bound) -> Result<(RtrbOutbox, RtrbInbox)> {
        Ok(bound)
    }

    fn connect<W: Wait>(address: LocalAddress) -> Result<(RtrbTx, RtrbRx)> {
        address.take()
    }
}
