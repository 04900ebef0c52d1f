//! `uds-stream`: a connected pair of Unix stream sockets a link (`unix(7)`).

use super::fd_wait::FdWait;
use super::stream::{Chunk, FrameReader, FrameWriter, StreamInbox, StreamOutbox, StreamRx, StreamTx};
use super::{ALL_WAITS, Caps, Error, MAX_FRAME, Result, Spec, Transport, Wait};
use crate::sys::fd::Descriptor;
use rustix::net::{AddressFamily, SocketFlags, SocketType, socketpair};
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
        hub::<W>(bound.sockets, &bound.spec, Chunk::STREAM)
    }

    fn connect<W: Wait>(address: Address) -> Result<(StreamTx, StreamRx)> {
        link::<W>(address, Chunk::STREAM)
    }
}

/// A connected pair for each window: main's ends, and the renderers' as addresses. No name is ever made.
pub(super) fn pairs(spec: &Spec, kind: SocketType) -> Result<(Vec<OwnedFd>, Vec<Address>)> {
    let (mut sockets, mut addresses) = (Vec::new(), Vec::new());
    for _ in 0..spec.windows {
        let (ours, theirs) = socketpair(AddressFamily::UNIX, kind, SocketFlags::CLOEXEC, None)
            .map_err(Error::os("making a pair of Unix sockets"))?;
        sockets.push(ours);
        addresses.push(Address { socket: Descriptor(theirs), max_frame: spec.max_frame, spin: spec.spin });
    }
    Ok((sockets, addresses))
}

/// A hub over connected sockets.
pub(super) fn hub<W: Wait>(
    sockets: Vec<OwnedFd>,
    spec: &Spec,
    chunk: Chunk,
) -> Result<(StreamOutbox, StreamInbox)> {
    let wait = FdWait::new(W::KIND, spec.spin);
    let (mut writers, mut readers) = (Vec::new(), Vec::new());
    for socket in sockets {
        let (writer, reader) = halves(socket, wait.clone(), chunk, spec.max_frame)?;
        writers.push(writer);
        readers.push(reader);
    }
    Ok((StreamOutbox(writers), StreamInbox::new(readers, wait)?))
}

/// A link over a connected socket.
pub(super) fn link<W: Wait>(address: Address, chunk: Chunk) -> Result<(StreamTx, StreamRx)> {
    let wait = FdWait::new(W::KIND, address.spin);
    let (writer, reader) = halves(address.socket.0, wait, chunk, address.max_frame)?;
    Ok((StreamTx(writer), StreamRx(reader)))
}

/// Two independent halves of one socket.
pub(super) fn halves(
    socket: OwnedFd,
    wait: FdWait,
    chunk: Chunk,
    max_frame: usize,
) -> Result<(FrameWriter, FrameReader)> {
    let copy = socket.try_clone().map_err(Error::os("duplicating a socket"))?;
    Ok((
        FrameWriter::new(socket, wait.clone(), chunk, max_frame)?,
        FrameReader::new(copy, wait, chunk, max_frame)?,
    ))
}
