//! `rtrb`: rings of the crate of that name, for one producer and one consumer, between threads.
//!
//! Each link has a ring each way, whose slots are cache lines. A frame of up to 62 bytes is written and read in its slot,
//! one of up to 125 takes two; a longer one is a buffer that moves through the ring and comes back empty through a second
//! one, so that nothing is allocated once there are enough of them. The reply to a call moves in the buffer of its request.
//!
//! The crate offers no way to sleep, so both ends spin, and main looks at its links in turn.

use super::local::LocalAddress;
use super::{
    Caps, Error, Inbox, MAX_FRAME, Outbox, Peer, Result, Rx, Spec, Transport, Tx, Wait, WaitKind, check_len,
};
use ::rtrb::{Consumer, Producer, RingBuffer};
use std::hint::spin_loop;

/// The transport.
#[derive(Debug)]
pub struct Rtrb;

/// Bytes that fit beside a slot's tag and a length, and beside its tag.
const HEAD: usize = 62;
const REST: usize = 63;

/// What the ring carries: one cache line.
#[derive(Debug)]
#[repr(align(64))]
enum Slot {
    /// A frame, or its first bytes; `len` is that of the whole.
    Head { len: u8, bytes: [u8; HEAD] },
    /// What a head did not hold; published together with it.
    Rest([u8; REST]),
    /// A frame of `len` bytes at the beginning of a buffer.
    Long { len: usize, buffer: Vec<u8> },
}

impl Default for Slot {
    fn default() -> Slot {
        Slot::Head { len: 0, bytes: [0; HEAD] }
    }
}

/// The sending end of one direction.
#[derive(Debug)]
struct Sender {
    frames: Producer<Slot>,
    empties: Consumer<Vec<u8>>,
    /// A buffer that came by the opposite direction.
    spare: Option<Vec<u8>>,
    max_frame: usize,
}

/// The receiving end of one direction.
#[derive(Debug)]
struct Receiver {
    frames: Consumer<Slot>,
    empties: Producer<Vec<u8>>,
}

fn direction(spec: &Spec) -> (Sender, Receiver) {
    // As many frames as a channel here holds, if each took two slots.
    let frames = ((4 << 20) / spec.max_frame.max(64)).clamp(1, 1024);
    let (frames_in, frames) = RingBuffer::new(2 * frames);
    let (empties_in, empties) = RingBuffer::new(frames.buffer().capacity());
    let sender = Sender { frames: frames_in, empties, spare: None, max_frame: spec.max_frame };
    (sender, Receiver { frames, empties: empties_in })
}

impl Sender {
    /// Sends a frame; `false` if the receiver is gone.
    #[inline]
    fn send(&mut self, len: usize, fill: impl FnOnce(&mut [u8])) -> Result<bool> {
        check_len(len, self.max_frame)?;
        let slots = if (HEAD + 1..=HEAD + REST).contains(&len) { 2 } else { 1 };
        if !self.has_room(slots) {
            return Ok(false);
        }
        if len <= HEAD {
            // There is room: this thread alone takes it.
            let Ok(mut chunk) = self.frames.write_chunk(1) else { return Ok(false) };
            if let [Slot::Head { len: short, bytes }] = chunk.as_mut_slices().0 {
                *short = len as u8;
                fill(&mut bytes[..len]);
            }
            chunk.commit_all();
        } else if len <= HEAD + REST {
            let mut whole = [0; HEAD + REST];
            fill(&mut whole[..len]);
            let (mut bytes, mut rest) = ([0; HEAD], [0; REST]);
            bytes.copy_from_slice(&whole[..HEAD]);
            rest.copy_from_slice(&whole[HEAD..]);
            let Ok(chunk) = self.frames.write_chunk_uninit(2) else { return Ok(false) };
            chunk.fill_from_iter([Slot::Head { len: len as u8, bytes }, Slot::Rest(rest)]);
        } else {
            let mut buffer = self.buffer(len);
            fill(&mut buffer[..len]);
            return Ok(self.frames.push(Slot::Long { len, buffer }).is_ok());
        }
        Ok(true)
    }

    /// Waits for room; `false` if the receiver is gone.
    #[inline]
    fn has_room(&self, slots: usize) -> bool {
        while !self.frames.is_abandoned() {
            if self.frames.cached_slots() >= slots || self.frames.slots() >= slots {
                return true;
            }
            spin_loop();
        }
        false
    }

    /// A buffer of at least `len` bytes. Buffers grow and never shrink, so that none is cleared twice.
    #[inline]
    fn buffer(&mut self, len: usize) -> Vec<u8> {
        match self.spare.take().or_else(|| self.empties.pop().ok()) {
            None => vec![0; len],
            Some(mut buffer) => {
                if buffer.len() < len {
                    buffer.resize(len, 0);
                }
                buffer
            }
        }
    }
}

/// What one look at a ring finds.
enum Look {
    Frame,
    Nothing,
    /// Nothing, and nothing will come.
    Gone,
}

impl Receiver {
    #[inline]
    fn look(&self) -> Look {
        // Asked first: what its sender left behind is there by then.
        let gone = self.frames.is_abandoned();
        match self.frames.is_empty() {
            false => Look::Frame,
            true if gone => Look::Gone,
            true => Look::Nothing,
        }
    }

    /// Lends the frame that a [`look`](Self::look) has found; answers the buffer that it came in, if any.
    #[inline]
    fn take<R>(&mut self, read: impl FnOnce(&[u8]) -> R) -> Result<(R, Option<Vec<u8>>)> {
        let lost = |_| Error::Corrupt("a ring's slot");
        match self.frames.peek().map_err(|_| Error::Corrupt("an empty ring"))? {
            Slot::Head { len, bytes } if usize::from(*len) <= HEAD => {
                let answer = read(&bytes[..usize::from(*len)]);
                self.frames.read_chunk(1).map_err(lost)?.commit_all();
                Ok((answer, None))
            }
            &Slot::Head { len, ref bytes } => {
                let mut whole = [0; HEAD + REST];
                whole[..HEAD].copy_from_slice(bytes);
                let chunk = self.frames.read_chunk(2).map_err(lost)?;
                if let ([_, Slot::Rest(rest)], _) | (_, [Slot::Rest(rest)]) = chunk.as_slices() {
                    whole[HEAD..].copy_from_slice(rest);
                }
                chunk.commit_all();
                Ok((read(&whole[..usize::from(len)]), None))
            }
            Slot::Rest(_) | Slot::Long { .. } => match self.frames.pop() {
                Ok(Slot::Long { len, buffer }) => Ok((read(&buffer[..len]), Some(buffer))),
                _ => Err(Error::Corrupt("a slot without its head")),
            },
        }
    }

    /// Gives a buffer back to whoever sent it.
    #[inline]
    fn give_back(&mut self, buffer: Option<Vec<u8>>) {
        if let Some(buffer) = buffer {
            // Too many are under way already if there is no room.
            let _ = self.empties.push(buffer);
        }
    }

    /// Leaves a buffer for the answer, or gives it back.
    #[inline]
    fn pass_on(&mut self, buffer: Option<Vec<u8>>, answers: &mut Sender) {
        match &answers.spare {
            None => answers.spare = buffer,
            Some(_) => self.give_back(buffer),
        }
    }
}

/// A renderer's sending half.
#[derive(Debug)]
pub struct RtrbTx(Sender);

impl Tx for RtrbTx {
    type Rx = RtrbRx;

    #[inline]
    fn send(&mut self, len: usize, fill: impl FnOnce(&mut [u8])) -> Result<()> {
        if self.0.send(len, fill)? { Ok(()) } else { Err(Error::Closed { peer: None }) }
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
        if self.0[peer].send(len, fill)? { Ok(()) } else { Err(Error::Closed { peer: Some(peer) }) }
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
    };
    type Address = LocalAddress;
    type Bound = (RtrbOutbox, RtrbInbox);
    type Outbox<W: Wait> = RtrbOutbox;
    type Inbox<W: Wait> = RtrbInbox;
    type Tx<W: Wait> = RtrbTx;
    type Rx<W: Wait> = RtrbRx;

    fn bind(spec: &Spec) -> Result<(Self::Bound, Vec<LocalAddress>)> {
        let (mut downs, mut links, mut addresses) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..spec.windows {
            let ((up_in, up), (down_in, down)) = (direction(spec), direction(spec));
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
