//! `tcp-nagle`: [`tcp`](super::tcp) as a socket comes, with Nagle's delay on (RFC 896): what forgetting `TCP_NODELAY` costs.
//!
//! A segment that is not full waits until everything before it is acknowledged, and the reader delays its acknowledgement by up to
//! 40 ms in the hope of a reply to send it with. A lone round trip does not notice; one-way messages, several calls in
//! flight, and the last part of a frame that takes more than one segment do.

use super::stream::{StreamInbox, StreamOutbox, StreamRx, StreamTx};
use super::tcp::{Address, Bound, hub_of, link_to, listen};
use super::{ALL_WAITS, Caps, MAX_FRAME, Result, Spec, Transport, Wait};

/// The transport.
#[derive(Debug)]
pub struct TcpNagle;

impl Transport for TcpNagle {
    const NAME: &'static str = "tcp-nagle";
    const CAPS: Caps = Caps {
        about: "a TCP connection over loopback a link, Nagle's delay on (the default)",
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

const NO_DELAY: bool = false;
