//! The sending end of one direction: a DEALER socket that binds, and sends on credit.

use super::super::{Result, Wait, WaitKind, check_len};
use super::failed;
use crate::ring::wait::Budget;
use std::os::fd::{AsRawFd, OwnedFd};
use std::sync::Arc;
use std::time::Duration;
use zmq::{Context, DEALER, DONTWAIT, Message, POLLIN, POLLOUT, PollEvents, PollItem, Socket};

/// For how many milliseconds what was sent before the end may still be on its way into the kernel. It takes none of them,
/// but for ever would be wrong: if the receiver goes at the same moment, libzmq 4.3.4 now and then waits for a connection
/// that has ended (`session_base_t::process_term`, without an engine).
const LINGER: i32 = 5000;

/// As `poll(2)` has it.
const FOR_EVER: i64 = -1;

/// How many frames may be under way in one direction of a link: as many as a ring or pipe of about 4 MiB would hold.
pub(super) fn slots(max_frame: usize) -> usize {
    ((4 << 20) / max_frame.max(64)).clamp(2, 1024)
}

/// How many frames a credit stands for. A receiver gives one whenever it has taken so many.
pub(super) fn share(max_frame: usize) -> usize {
    slots(max_frame) / 2
}

/// The sending end of one direction.
pub(super) struct Sender {
    socket: Socket,
    /// Hangs up when the receiver is gone.
    lifeline: Arc<OwnedFd>,
    /// Whether the receiver has come; the library has nowhere to put a frame before.
    connected: bool,
    /// Frames that may still be sent.
    room: usize,
    share: usize,
    budget: Budget,
    pub(super) max_frame: usize,
}

impl Sender {
    /// Binds to `endpoint`. `number` is the receiver's name for this end.
    pub(super) fn bind(
        context: &Context,
        endpoint: &str,
        number: u8,
        lifeline: Arc<OwnedFd>,
        (max_frame, spin): (usize, Duration),
    ) -> Result<Sender> {
        let socket = context.socket(DEALER).map_err(failed("making a DEALER socket"))?;
        let set = || {
            socket.set_identity(&[number])?;
            socket.set_sndhwm(0)?;
            socket.set_rcvhwm(0)?;
            socket.set_linger(LINGER)?;
            socket.bind(endpoint)
        };
        set().map_err(failed("binding a DEALER socket"))?;
        Ok(Sender {
            socket,
            lifeline,
            connected: false,
            room: slots(max_frame),
            share: share(max_frame),
            budget: Budget::new(spin),
            max_frame,
        })
    }

    /// What says that this end's side is there, for the other half to keep.
    pub(super) fn lifeline(&self) -> Arc<OwnedFd> {
        Arc::clone(&self.lifeline)
    }

    /// Sends a frame; `false` if the receiver is gone.
    #[inline]
    pub(super) fn send<W: Wait>(&mut self, len: usize, fill: impl FnOnce(&mut [u8])) -> Result<bool> {
        check_len(len, self.max_frame)?;
        if !self.connected && !self.wait_for_receiver()? || self.room == 0 && !self.wait_for_room::<W>()? {
            return Ok(false);
        }
        let mut frame = Message::with_size(len);
        fill(&mut frame);
        match self.socket.send(frame, DONTWAIT) {
            Ok(()) => {
                self.room -= 1;
                Ok(true)
            }
            // The library has no limit here, only we have: there is no receiver any more.
            Err(zmq::Error::EAGAIN) => Ok(false),
            Err(error) => Err(failed("sending a message")(error)),
        }
    }

    /// Sleeps until the receiver has connected; `false` if it is gone.
    #[cold]
    pub(super) fn wait_for_receiver(&mut self) -> Result<bool> {
        self.connected = self.find(POLLOUT, FOR_EVER)?;
        Ok(self.connected)
    }

    /// Waits for a credit; `false` if the receiver is gone.
    #[cold]
    fn wait_for_room<W: Wait>(&mut self) -> Result<bool> {
        while self.room == 0 {
            let credit = || match self.socket.recv_into(&mut [], DONTWAIT) {
                Ok(_) => Some(Ok(())),
                Err(zmq::Error::EAGAIN | zmq::Error::EINTR) => None,
                Err(error) => Some(Err(failed("receiving a credit")(error))),
            };
            let found = match W::KIND {
                WaitKind::Block => credit(),
                WaitKind::Hybrid | WaitKind::Spin => self.budget.spin(credit),
            };
            match found {
                Some(credit) => {
                    credit?;
                    self.room += self.share;
                }
                None if self.find(POLLIN, FOR_EVER)? => {}
                None => return Ok(false),
            }
        }
        Ok(true)
    }

    /// Waits until the socket may have what is looked for, at most so many milliseconds; `false` if it has not and the
    /// receiver is gone.
    fn find(&self, events: PollEvents, milliseconds: i64) -> Result<bool> {
        let mut items =
            [self.socket.as_poll_item(events), PollItem::from_fd(self.lifeline.as_raw_fd(), POLLIN)];
        match zmq::poll(&mut items, milliseconds) {
            Ok(_) | Err(zmq::Error::EINTR) => {}
            Err(error) => return Err(failed("waiting on a DEALER socket")(error)),
        }
        let [socket, lifeline] = items.map(|item| !item.get_revents().is_empty());
        Ok(socket || !lifeline)
    }
}

impl Drop for Sender {
    fn drop(&mut self) {
        // If the receiver is gone there is nothing to linger for.
        if !matches!(self.find(PollEvents::empty(), 0), Ok(true)) {
            let _ = self.socket.set_linger(0);
        }
    }
}
