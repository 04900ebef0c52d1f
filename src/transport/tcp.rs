//! `tcp`: a TCP connection over loopback a link, with Nagle's delay off (`tcp(7)`, `TCP_NODELAY`).
//!
//! One limit is the protocol's own: a reset may overtake what was sent just before it, which is lost then. A process that is
//! killed while it has something unread resets the connection, and so does whoever is sent something after it has closed.
//! Halves that are dropped read what is there first.

mod door;

use super::stream::{Chunk, StreamInbox, StreamOutbox, StreamRx, StreamTx, link};
use super::uds_stream::{hub_over, sides};
use super::{ALL_WAITS, Caps, Error, MAX_FRAME, Result, Spec, Transport, Wait};
use crate::sys::chance::unguessable;
use door::{Door, Ticket};
use serde::{Deserialize, Serialize};
use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::time::Duration;

/// The transport.
#[derive(Debug)]
pub struct Tcp;

/// Where main listens, and who comes.
#[derive(Debug, Serialize, Deserialize)]
pub struct Address {
    at: SocketAddr,
    /// Known to this renderer alone: any process of the host can reach the port.
    ticket: Ticket,
    max_frame: usize,
    spin: Duration,
}

/// A listening socket and the tickets of the renderers, in order.
#[derive(Debug)]
pub struct Bound {
    spec: Spec,
    listener: TcpListener,
    tickets: Vec<Ticket>,
}

impl Transport for Tcp {
    const NAME: &'static str = "tcp";
    const CAPS: Caps = Caps {
        about: "a TCP connection over loopback a link, no delay",
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
        listen(spec)
    }

    fn accept<W: Wait>(bound: Bound) -> Result<(StreamOutbox, StreamInbox)> {
        hub_of::<W>(bound, NO_DELAY)
    }

    fn connect<W: Wait>(address: Address) -> Result<(StreamTx, StreamRx)> {
        link_to::<W>(address, NO_DELAY)
    }
}

const NO_DELAY: bool = true;

/// A listening socket, and an address for each renderer.
pub(super) fn listen(spec: &Spec) -> Result<(Bound, Vec<Address>)> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(Error::os("listening on loopback"))?;
    let at = listener.local_addr().map_err(Error::os("asking for the port"))?;
    let tickets = (0..spec.windows)
        .map(|_| unguessable().map_err(Error::os("asking for chance")))
        .collect::<Result<Vec<Ticket>>>()?;
    let addresses = tickets
        .iter()
        .map(|&ticket| Address { at, ticket, max_frame: spec.max_frame, spin: spec.spin })
        .collect();
    Ok((Bound { spec: *spec, listener, tickets }, addresses))
}

/// A hub over connections from all renderers.
pub(super) fn hub_of<W: Wait>(bound: Bound, no_delay: bool) -> Result<(StreamOutbox, StreamInbox)> {
    let Bound { spec, listener, tickets } = bound;
    let connected =
        Door::new(&listener, &tickets).admit_all().map_err(Error::os("accepting a connection"))?;
    for stream in &connected {
        stream.set_nodelay(no_delay).map_err(Error::os("setting TCP_NODELAY"))?;
    }
    hub_over::<W>(connected.into_iter().map(OwnedFd::from).collect(), &spec, Chunk::STREAM)
}

/// A connection to the hub.
pub(super) fn link_to<W: Wait>(address: Address, no_delay: bool) -> Result<(StreamTx, StreamRx)> {
    let mut stream = TcpStream::connect(address.at).map_err(Error::os("connecting over loopback"))?;
    stream.set_nodelay(no_delay).map_err(Error::os("setting TCP_NODELAY"))?;
    stream.write_all(&address.ticket).map_err(Error::os("showing the ticket"))?;
    link::<W, _>(sides(stream.into())?, Chunk::STREAM, address.max_frame, address.spin)
}
