//! The receiving end of one or more directions: a ROUTER socket that connects, and gives credit.

use super::super::{Error, Peer, Result, Wait, WaitKind};
use super::failed;
use super::sender::share;
use crate::ring::wait::Budget;
use std::time::Duration;
use zmq::{Context, DONTWAIT, Message, ROUTER, Socket, SocketEvent};

/// Where the socket's own events come from.
const EVENTS: &str = "inproc://ends";

/// What ends a sender: it hung up, or was never there.
const ENDS: i32 = SocketEvent::DISCONNECTED as i32 | SocketEvent::CONNECT_RETRIED as i32;

/// Nobody comes back: milliseconds until the library tries for another one, far away. (Were it told never to, it would drop
/// what came before the end.)
const NEVER: i32 = 24 * 3_600_000;

/// The receiving end of one or more directions.
pub(super) struct Receiver {
    socket: Socket,
    /// Where each sender has bound.
    endpoints: Vec<String>,
    /// Frames taken from each since its last credit.
    taken: Vec<usize>,
    share: usize,
    budget: Budget,
    /// Senders whose end has not been reported, a bit each.
    open: u64,
    /// Those of them that have gone, though frames of theirs may be there still.
    leaving: u64,
    /// The first part of the last message: whom it is from.
    from: Message,
    frame: Message,
}

/// What a receiver finds.
pub(super) enum Found {
    /// A frame: see [`Receiver::frame`].
    Frame(Peer),
    /// The end of one sender.
    End(Peer),
    /// All ends have been reported.
    Nobody,
}

/// What one look at the socket brings.
enum Came {
    Frame(Peer),
    /// Word of an end. What came before it may be behind it.
    Word,
    Nothing,
}

impl Receiver {
    /// Connects to senders, of which each calls itself by its place in the list: see [`number`].
    pub(super) fn connect(
        context: &Context,
        endpoints: Vec<String>,
        (max_frame, spin): (usize, Duration),
    ) -> Result<Receiver> {
        let socket = context.socket(ROUTER).map_err(failed("making a ROUTER socket"))?;
        let set = || {
            socket.set_sndhwm(0)?;
            // The library reads whatever comes, and credit bounds that: where its own limit makes it stop reading and the
            // sender hangs up meanwhile, it drops what lies in the kernel (libzmq 4.3.4, `stream_engine_base_t`).
            socket.set_rcvhwm(0)?;
            socket.set_linger(0)?;
            socket.set_reconnect_ivl(NEVER)?;
            // It reads of ends where it reads frames, behind the last frame of who has gone: one blocking receive waits
            // for both.
            socket.monitor(EVENTS, ENDS)?;
            socket.connect(EVENTS)?;
            endpoints.iter().try_for_each(|endpoint| socket.connect(endpoint))
        };
        set().map_err(failed("connecting a ROUTER socket"))?;
        let senders = endpoints.len();
        Ok(Receiver {
            socket,
            endpoints,
            taken: vec![0; senders],
            share: share(max_frame),
            budget: Budget::new(spin),
            open: u64::MAX >> (64 - senders),
            leaving: 0,
            from: Message::new(),
            frame: Message::new(),
        })
    }

    /// The last frame that was found.
    #[inline]
    pub(super) fn frame(&self) -> &[u8] {
        &self.frame
    }

    /// Waits in the manner of `W` until something is found.
    #[inline]
    pub(super) fn next<W: Wait>(&mut self) -> Result<Found> {
        loop {
            let looked = match W::KIND {
                // The library looks before it sleeps; but there may be an end to report.
                WaitKind::Block if self.leaving == 0 && self.open != 0 => None,
                WaitKind::Block => self.try_next()?,
                WaitKind::Hybrid | WaitKind::Spin => {
                    let budget = self.budget;
                    budget.spin(|| self.try_next().transpose()).transpose()?
                }
            };
            if let Some(found) = looked {
                return Ok(found);
            }
            if let Came::Frame(peer) = self.receive(0)? {
                return Ok(Found::Frame(peer));
            }
        }
    }

    /// Looks without waiting.
    #[inline]
    pub(super) fn try_next(&mut self) -> Result<Option<Found>> {
        loop {
            match self.receive(DONTWAIT)? {
                Came::Frame(peer) => return Ok(Some(Found::Frame(peer))),
                Came::Word => {}
                Came::Nothing if self.leaving != 0 => {
                    let peer = self.leaving.trailing_zeros();
                    self.leaving &= !(1 << peer);
                    self.open &= !(1 << peer);
                    return Ok(Some(Found::End(peer as Peer)));
                }
                Came::Nothing => return Ok((self.open == 0).then_some(Found::Nobody)),
            }
        }
    }

    /// Receives one message, or sleeps first until there is one.
    #[inline]
    fn receive(&mut self, flags: i32) -> Result<Came> {
        match self.socket.recv(&mut self.from, flags) {
            Ok(()) => {}
            Err(zmq::Error::EAGAIN | zmq::Error::EINTR) => return Ok(Came::Nothing),
            Err(error) => return Err(failed("receiving a message")(error)),
        }
        // All parts of a message come at once.
        self.socket.recv(&mut self.frame, 0).map_err(failed("receiving a message"))?;
        if self.frame.get_more() {
            self.note_end()?;
            return Ok(Came::Word);
        }
        let peer = match self.from[..] {
            [number] => usize::from(number).wrapping_sub(1),
            _ => usize::MAX,
        };
        let taken = self.taken.get_mut(peer).ok_or(Error::Corrupt("a sender's name"))?;
        *taken += 1;
        if *taken == self.share {
            *taken = 0;
            let credit = || {
                self.socket.send(&self.from[..], zmq::SNDMORE)?;
                self.socket.send(&[][..], 0)
            };
            // One that has gone needs none: what is for nobody is dropped.
            credit().map_err(failed("giving credit"))?;
        }
        Ok(Came::Frame(peer))
    }

    /// An event in `frame` and the endpoint behind it (`zmq_socket_monitor(3)`): somebody has gone.
    #[cold]
    fn note_end(&mut self) -> Result<()> {
        let endpoint = self.socket.recv_msg(0).map_err(failed("receiving an event"))?;
        let peer = self.endpoints.iter().position(|known| known.as_bytes() == &endpoint[..]);
        let peer = peer.ok_or(Error::Corrupt("an event's endpoint"))?;
        // It may be told in two ways.
        self.leaving |= 1 << peer & self.open;
        Ok(())
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        // The library must not tell of ends that it notices later: with nobody to tell, it would wait for ever. To ask for
        // none, elsewhere, is the crate's way to say so.
        let _ = self.socket.monitor("inproc://nothing", 0);
    }
}

/// The name that a sender gives itself for its receiver.
pub(super) fn number(place: usize) -> u8 {
    place as u8 + 1 // a name does not begin with zero, and there are 64 places
}
