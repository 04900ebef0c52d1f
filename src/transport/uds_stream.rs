//! `uds-stream`: a connected pair of Unix stream sockets a link (`unix(7)`).
//!
//! The pair comes from `socketpair(2)`. A listening socket with a name would differ only until it is connected: on Linux
//! both calls end in the same pair of peers, and reading and writing look at the peer, never at how it was found
//! (`unix_socketpair` and `unix_stream_connect` in `net/unix/af_unix.c`). So there is no second transport for it.

use super::stream::{Chunk, StreamInbox, StreamOutbox, StreamRx, StreamTx, hub, link};
use super::{ALL_WAITS, Caps, Error, MAX_FRAME, Result, Spec, Transport, Wait};
use crate::sys::fd::Descriptor;
use crate::sys::socket::plain_pair;
use rustix::net::SocketType;
use serde::{Deserialize, Serialize};
use std::os::fd::OwnedFd;
use std::time::Duration;

/// The transport.
#[derive(Debug)]
pub struct UdsStream;

/// A renderer's socket.
#[derive(Debug, Serialize, Deserialize)]
pub struct Address {
    socket: Descriptor,
    max_frame: usize,
    spin: Duration,
}

/// Main's sockets, one a link.
#[derive(Debug)]
pub struct Bound {
    spec: Spec,
    sockets: Vec<OwnedFd>,
}

impl Transport for UdsStream {
    const NAME: &'static str = "uds-stream";
    const CAPS: Caps = Caps {
        about: "a Unix stream socket a link, what Electron's own channel starts from",
        max_frame: MAX_FRAME,
        processes: true,
        waits: ALL_WAITS,
        one_write_broadcast: false,
        ring: false,
        echo: false,
        lossy: false,
        in_parts: true,
    };
    type Address = Address;
    type Bound = Bound;
    type Outbox<W: Wait> = StreamOutbox;
    type Inbox<W: Wait> = StreamInbox;
    type Tx<W: Wait> = StreamTx;
    type Rx<W: Wait> = StreamRx;

    fn bind(spec: &Spec) -> Result<(Bound, Vec<Address>)> {
        let (sockets, addresses) = pairs(spec, SocketType::STREAM)?;
        Ok((Bound { spec: *spec, sockets }, addresses))
    }

    fn accept<W: Wait>(bound: Bound) -> Result<(StreamOutbox, StreamInbox)> {
        hub_over::<W>(bound.sockets, &bound.spec, Chunk::STREAM)
    }

    fn connect<W: Wait>(address: Address) -> Result<(StreamTx, StreamRx)> {
        link_over::<W>(address, Chunk::STREAM)
    }
}

/// A connected pair for each window: main's ends, and the renderers' as addresses. No name is ever made.
pub(super) fn pairs(spec: &Spec, kind: SocketType) -> Result<(Vec<OwnedFd>, Vec<Address>)> {
    let (mut sockets, mut addresses) = (Vec::new(), Vec::new());
    for _ in 0..spec.windows {
        let (ours, theirs) = plain_pair(kind).map_err(Error::os("making a pair of Unix sockets"))?;
        sockets.push(ours);
        addresses.push(Address { socket: Descriptor(theirs), max_frame: spec.max_frame, spin: spec.spin });
    }
    Ok((sockets, addresses))
}

/// Both sides of one socket, for two independent halves.
pub(super) fn sides(socket: OwnedFd) -> Result<(OwnedFd, OwnedFd)> {
    let copy = socket.try_clone().map_err(Error::os("duplicating a socket"))?;
    Ok((socket, copy))
}

/// A hub over connected sockets.
pub(super) fn hub_over<W: Wait>(
    sockets: Vec<OwnedFd>,
    spec: &Spec,
    chunk: Chunk,
) -> Result<(StreamOutbox, StreamInbox)> {
    hub::<W, _>(sockets.into_iter().map(sides).collect::<Result<_>>()?, spec, chunk)
}

/// A link over a connected socket.
pub(super) fn link_over<W: Wait>(address: Address, chunk: Chunk) -> Result<(StreamTx, StreamRx)> {
    link::<W, _>(sides(address.socket.0)?, chunk, address.max_frame, address.spin)
}
