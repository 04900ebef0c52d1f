//! `udp`: a connected pair of UDP sockets over loopback a link (`udp(7)`).
//!
//! Loopback drops nothing on the way, but a socket whose buffer is full drops what comes. A sender never waits: what
//! bounds it is the workload's `in_flight`. So frames may be lost, and the record says how many. No protocol of ours repairs that or
//! cuts longer frames into several: a frame is one datagram with our length before it, which tells an empty one from the end.
//!
//! The end of a peer is told by a lifeline (a pair of sockets beside the link), as for `uds-dgram`.

use super::lifeline::lifeline;
use super::stream::{Chunk, StreamInbox, StreamOutbox, StreamRx, StreamTx, hub, link};
use super::uds_dgram::{DgramSocket, watched};
use super::uds_stream::sides;
use super::{ALL_WAITS, Caps, Error, Result, Spec, Transport, Wait};
use crate::sys::fd::Descriptor;
use rustix::net::sockopt::{set_socket_recv_buffer_size, set_socket_send_buffer_size};
use serde::{Deserialize, Serialize};
use std::io;
use std::net::{Ipv4Addr, UdpSocket};
use std::os::fd::OwnedFd;
use std::time::Duration;

/// The transport.
#[derive(Debug)]
pub struct Udp;

/// A renderer's socket.
#[derive(Debug, Serialize, Deserialize)]
pub struct Address {
    socket: Descriptor,
    lifeline: Descriptor,
    max_frame: usize,
    spin: Duration,
}

/// Main's sockets, one a link, and its lifelines.
#[derive(Debug)]
pub struct Bound {
    spec: Spec,
    sockets: Vec<OwnedFd>,
    lifelines: Vec<OwnedFd>,
}

/// What IPv4 leaves of its 65,535 bytes after its own header and that of UDP.
const DATAGRAM: usize = 65_507;
const CHUNK: Chunk = Chunk { write: DATAGRAM, read: DATAGRAM, lossy: true, taken_back: false };

/// Asked for each socket, in bytes; the kernel gives what `net.core.rmem_max` and `wmem_max` allow.
const BUFFER: usize = 4 << 20;

impl Transport for Udp {
    const NAME: &'static str = "udp";
    const CAPS: Caps = Caps {
        about: "a pair of UDP sockets over loopback a link; what is lost is counted",
        max_frame: DATAGRAM - size_of::<u32>(),
        processes: true,
        waits: ALL_WAITS,
        one_write_broadcast: false,
        ring: false,
        echo: false,
        lossy: true,
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
            let (socket, theirs) = pair().map_err(Error::os("making a pair of UDP sockets"))?;
            let (ours, line) = lifeline()?;
            bound.sockets.push(socket);
            bound.lifelines.push(ours);
            addresses.push(Address {
                socket: Descriptor(theirs),
                lifeline: line,
                max_frame: spec.max_frame,
                spin: spec.spin,
            });
        }
        Ok((bound, addresses))
    }

    fn accept<W: Wait>(bound: Bound) -> Result<(StreamOutbox<DgramSocket>, StreamInbox<DgramSocket>)> {
        let Bound { spec, sockets, lifelines } = bound;
        let sockets = sockets.into_iter().map(sides).collect::<Result<_>>()?;
        hub::<W, _>(watched(sockets, lifelines)?, &spec, CHUNK)
    }

    fn connect<W: Wait>(address: Address) -> Result<(StreamTx<DgramSocket>, StreamRx<DgramSocket>)> {
        let Address { socket, lifeline, max_frame, spin } = address;
        let mut links = watched(vec![sides(socket.0)?], vec![lifeline.0])?;
        link::<W, _>(links.remove(0), CHUNK, max_frame, spin)
    }
}

/// Two sockets that hear each other and nobody else.
fn pair() -> io::Result<(OwnedFd, OwnedFd)> {
    let (ours, theirs) =
        (UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?, UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?);
    ours.connect(theirs.local_addr()?)?;
    theirs.connect(ours.local_addr()?)?;
    for socket in [&ours, &theirs] {
        set_socket_recv_buffer_size(socket, BUFFER)?;
        set_socket_send_buffer_size(socket, BUFFER)?;
        // What somebody else sent before the socket was connected.
        socket.set_nonblocking(true)?;
        while socket.recv(&mut [0]).is_ok() {}
    }
    Ok((ours.into(), theirs.into()))
}
