//! `uds-dgram`: two connected pairs of Unix datagram sockets a link, one each way (`unix(7)`).
//!
//! On Linux such datagrams are reliable and ordered: a sender whose peer does not read waits for room. A datagram is limited by
//! the sender's buffer, so longer frames travel in several of 128 KiB.
//!
//! Two things differ from sockets with a connection. Nobody is told when the other end closes: a sender learns of it by the
//! error of its next datagram, a reader by a lifeline (a pair of sockets beside the link). And a socket whose datagram is refused throws away
//! what it has not read yet (`unix_dgram_disconnected` in `net/unix/af_unix.c`), so that no socket here both sends and
//! receives.

use super::lifeline::{Lifeline, lifeline};
use super::stream::{Carrier, Chunk, StreamInbox, StreamOutbox, StreamRx, StreamTx, hub, link};
use super::{ALL_WAITS, Caps, Error, MAX_FRAME, Result, Spec, Transport, Wait};
use crate::sys::fd::Descriptor;
use crate::sys::socket::plain_pair;
use rustix::io::Errno;
use rustix::net::{Shutdown, SocketType, shutdown};
use serde::{Deserialize, Serialize};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::Duration;

/// The transport.
#[derive(Debug)]
pub struct UdsDgram;

/// A renderer's sockets.
#[derive(Debug, Serialize, Deserialize)]
pub struct Address {
    write: Descriptor,
    read: Descriptor,
    lifeline: Descriptor,
    max_frame: usize,
    spin: Duration,
}

/// Main's sockets, and its lifelines.
#[derive(Debug)]
pub struct Bound {
    spec: Spec,
    sockets: Vec<(OwnedFd, OwnedFd)>,
    lifelines: Vec<OwnedFd>,
}

/// As for `uds-seqpacket`: below the default limit of a datagram.
const DATAGRAM: usize = 128 << 10;
const CHUNK: Chunk = Chunk { write: DATAGRAM, read: DATAGRAM, lossy: false, taken_back: false };

impl Transport for UdsDgram {
    const NAME: &'static str = "uds-dgram";
    const CAPS: Caps = Caps {
        about: "two pairs of Unix datagram sockets a link, reliable on Linux",
        max_frame: MAX_FRAME,
        processes: true,
        waits: ALL_WAITS,
        one_write_broadcast: false,
        ring: false,
        echo: false,
        lossy: false,
        in_parts: false,
    };
    type Address = Address;
    type Bound = Bound;
    type Outbox<W: Wait> = StreamOutbox<DgramSocket>;
    type Inbox<W: Wait> = StreamInbox<DgramSocket>;
    type Tx<W: Wait> = StreamTx<DgramSocket>;
    type Rx<W: Wait> = StreamRx<DgramSocket>;

    fn bind(spec: &Spec) -> Result<(Bound, Vec<Address>)> {
        let mut bound = Bound { spec: *spec, sockets: Vec::new(), lifelines: Vec::new() };
        let mut addresses = Vec::new();
        for _ in 0..spec.windows {
            let (up_write, up_read) = pair()?;
            let (down_write, down_read) = pair()?;
            let (ours, theirs) = lifeline()?;
            bound.sockets.push((down_write, up_read));
            bound.lifelines.push(ours);
            addresses.push(Address {
                write: Descriptor(up_write),
                read: Descriptor(down_read),
                lifeline: theirs,
                max_frame: spec.max_frame,
                spin: spec.spin,
            });
        }
        Ok((bound, addresses))
    }

    fn accept<W: Wait>(bound: Bound) -> Result<(StreamOutbox<DgramSocket>, StreamInbox<DgramSocket>)> {
        let Bound { spec, sockets, lifelines } = bound;
        hub::<W, _>(watched(sockets, lifelines)?, &spec, CHUNK)
    }

    fn connect<W: Wait>(address: Address) -> Result<(StreamTx<DgramSocket>, StreamRx<DgramSocket>)> {
        let Address { write, read, lifeline, max_frame, spin } = address;
        let mut sides = watched(vec![(write.0, read.0)], vec![lifeline.0])?;
        link::<W, _>(sides.remove(0), CHUNK, max_frame, spin)
    }
}

/// A sending socket and the one that receives from it.
fn pair() -> Result<(OwnedFd, OwnedFd)> {
    plain_pair(SocketType::DGRAM).map_err(Error::os("making a pair of Unix sockets"))
}

/// Sockets that know when their peers have gone.
pub(super) fn watched(
    sockets: Vec<(OwnedFd, OwnedFd)>,
    lifelines: Vec<OwnedFd>,
) -> Result<Vec<(DgramSocket, DgramSocket)>> {
    let copies = sockets.iter().map(|(_, read)| read.try_clone()).collect::<std::io::Result<Vec<_>>>();
    let copies = copies.map_err(Error::os("duplicating a socket"))?;
    // What has arrived stays; whoever waits for more is woken, and finds the end.
    let wake = move |peer: usize| {
        // It fails on no connected socket.
        let _ = shutdown(&copies[peer], Shutdown::Read);
    };
    let lifelines = Lifeline::hold(lifelines, wake)?;
    let side = |fd, lifeline| DgramSocket { fd, lifeline };
    Ok(sockets
        .into_iter()
        .zip(lifelines)
        .map(|((write, read), lifeline)| (side(write, lifeline.clone()), side(read, lifeline)))
        .collect())
}

/// A connected datagram socket, Unix or UDP.
#[derive(Debug)]
pub struct DgramSocket {
    fd: OwnedFd,
    lifeline: Lifeline,
}

impl Carrier for DgramSocket {
    #[inline]
    fn write(&self, bytes: &[u8]) -> rustix::io::Result<usize> {
        if self.lifeline.is_gone() {
            return Err(Errno::PIPE);
        }
        match rustix::io::write(&self.fd, bytes) {
            // UDP says it once, and then takes the next datagram as if somebody heard.
            Err(Errno::CONNREFUSED | Errno::NOTCONN) => {
                self.lifeline.end();
                Err(Errno::PIPE)
            }
            outcome => outcome,
        }
    }

    /// No datagram of ours is empty: 0 says that the socket was shut down.
    #[inline]
    fn read(&self, buffer: &mut [u8]) -> rustix::io::Result<usize> {
        loop {
            return match rustix::io::read(&self.fd, &mut *buffer) {
                // UDP's word, said once, that nobody took a datagram which we sent: where that is the end, the lifeline
                // says so.
                Err(Errno::CONNREFUSED) => continue,
                // One that does not wait does not say that it was shut down. Something may have come between the two
                // looks.
                Err(Errno::AGAIN) if self.lifeline.is_gone() => match rustix::io::read(&self.fd, buffer) {
                    Err(Errno::AGAIN) => Ok(0),
                    outcome => outcome,
                },
                outcome => outcome,
            };
        }
    }
}

impl AsFd for DgramSocket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}
