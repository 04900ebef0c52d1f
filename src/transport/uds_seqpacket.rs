//! `uds-seqpacket`: a connected pair of Unix sequential-packet sockets a link (`unix(7)`).
//!
//! A packet is limited by the sender's buffer, so longer frames travel in several packets of 128 KiB.

use super::stream::{Chunk, StreamInbox, StreamOutbox, StreamRx, StreamTx};
use super::uds_stream::{Address, hub_over, link_over, pairs};
use super::{ALL_WAITS, Caps, MAX_FRAME, Result, Spec, Transport, Wait};
use rustix::net::SocketType;
use std::os::fd::OwnedFd;

/// The transport.
#[derive(Debug)]
pub struct UdsSeqpacket;

/// Main's sockets, one a link.
#[derive(Debug)]
pub struct Bound {
    spec: Spec,
    sockets: Vec<OwnedFd>,
}

/// Below the default limit of a packet (`net.core.wmem_default`, 208 KiB, less the kernel's own share).
const PACKET: usize = 128 << 10;
const CHUNK: Chunk = Chunk { write: PACKET, read: PACKET, lossy: false, taken_back: false };

impl Transport for UdsSeqpacket {
    const NAME: &'static str = "uds-seqpacket";
    const CAPS: Caps = Caps {
        about: "a Unix socket a link that keeps packets apart",
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
        let (sockets, addresses) = pairs(spec, SocketType::SEQPACKET)?;
        Ok((Bound { spec: *spec, sockets }, addresses))
    }

    fn accept<W: Wait>(bound: Bound) -> Result<(StreamOutbox, StreamInbox)> {
        hub_over::<W>(bound.sockets, &bound.spec, CHUNK)
    }

    fn connect<W: Wait>(address: Address) -> Result<(StreamTx, StreamRx)> {
        link_over::<W>(address, CHUNK)
    }
}
