//! `zeromq`: sockets of libzmq over `ipc://`, which is a Unix socket between two threads of the library.
//!
//! Each direction of a link goes from a DEALER to a ROUTER socket, one for all renderers at main's receiving end: a socket
//! may move between threads, but not be used by two. Frames are single messages, read in the library's buffer.
//!
//! The library's threads run where the end that started them is pinned. Whoever only spun would take the CPU from the thread
//! that brings what it waits for, so that is not offered.
//!
//! The library's own limits ("high water marks") neither tell that a peer has gone nor keep what it sent before, so they
//! are off: a sender goes on credit instead, as the library's guide recommends (<https://zguide.zeromq.org/docs/chapter7>,
//! "Credit-Based Flow Control"). Its other end reads of a peer's end from the library's monitor.

mod receiver;
mod sender;

use super::lifeline::lifeline;
use super::{Caps, Error, Inbox, MAX_FRAME, Outbox, Peer, Result, Rx, Spec, Transport, Tx, Wait, WaitKind};
use crate::sys::fd::Descriptor;
use crate::sys::leftovers::ScratchDir;
use receiver::{Found, Receiver, number};
use sender::Sender;
use serde::{Deserialize, Serialize};
use std::io;
use std::marker::PhantomData;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use zmq::Context;

/// The transport.
#[derive(Debug)]
pub struct Zeromq;

/// A renderer's two endpoints.
#[derive(Debug, Serialize, Deserialize)]
pub struct Address {
    up: String,
    down: String,
    peer: Peer,
    lifeline: Descriptor,
    max_frame: usize,
    spin: Duration,
}

/// Main's sending ends, and where it will find those of the renderers.
pub struct Bound {
    context: Context,
    downs: Vec<Sender>,
    ups: Vec<String>,
    names: ScratchDir,
    spec: Spec,
}

impl Transport for Zeromq {
    const NAME: &'static str = "zeromq";
    const CAPS: Caps = Caps {
        about: "libzmq over ipc://, DEALER to ROUTER, on credit; its threads do the input and output",
        max_frame: MAX_FRAME,
        processes: true,
        waits: &[WaitKind::Block, WaitKind::Hybrid],
        one_write_broadcast: false,
        ring: false,
        echo: false,
        lossy: false,
        in_parts: false,
    };
    type Address = Address;
    type Bound = Bound;
    type Outbox<W: Wait> = ZeromqOutbox<W>;
    type Inbox<W: Wait> = ZeromqInbox<W>;
    type Tx<W: Wait> = ZeromqTx<W>;
    type Rx<W: Wait> = ZeromqRx<W>;

    fn bind(spec: &Spec) -> Result<(Bound, Vec<Address>)> {
        let names = ScratchDir::create().map_err(Error::os("making a directory for sockets"))?;
        let Spec { windows, max_frame, spin, .. } = *spec;
        let context = Context::new();
        let (mut downs, mut ups, mut addresses) = (Vec::new(), Vec::new(), Vec::new());
        for peer in 0..windows {
            let [up, down] = ["up", "down"].map(|way| endpoint(&names.path().join(format!("{peer}-{way}"))));
            let (ours, lifeline) = lifeline()?;
            // A renderer knows no other sender.
            downs.push(Sender::bind(&context, &down, number(0), Arc::new(ours), (max_frame, spin))?);
            ups.push(up.clone());
            addresses.push(Address { up, down, peer, lifeline, max_frame, spin });
        }
        Ok((Bound { context, downs, ups, names, spec: *spec }, addresses))
    }

    fn accept<W: Wait>(bound: Bound) -> Result<(ZeromqOutbox<W>, ZeromqInbox<W>)> {
        let Bound { context, mut downs, ups, names, spec } = bound;
        for down in &mut downs {
            // A renderer connects to this one after it has bound its own. One that has gone already is found gone.
            let _ = down.wait_for_receiver()?;
        }
        let ups = Receiver::connect(&context, ups, (spec.max_frame, spec.spin))?;
        // The library connects when it comes to it.
        let names = Arc::new(names);
        let lifelines = downs.iter().map(Sender::lifeline).collect();
        let outbox = ZeromqOutbox { downs, _names: Arc::clone(&names), wait: PhantomData };
        let windows = spec.windows;
        let inbox = ZeromqInbox { ups, windows, _lifelines: lifelines, _names: names, wait: PhantomData };
        Ok((outbox, inbox))
    }

    fn connect<W: Wait>(address: Address) -> Result<(ZeromqTx<W>, ZeromqRx<W>)> {
        let Address { up, down, peer, lifeline, max_frame, spin } = address;
        let context = Context::new();
        let lifeline = Arc::new(lifeline.0);
        let up = Sender::bind(&context, &up, number(peer), Arc::clone(&lifeline), (max_frame, spin))?;
        let down = Receiver::connect(&context, vec![down], (max_frame, spin))?;
        Ok((ZeromqTx { up, wait: PhantomData }, ZeromqRx { down, _lifeline: lifeline, wait: PhantomData }))
    }
}

fn endpoint(path: &Path) -> String {
    format!("ipc://{}", path.display())
}

/// What the library's errors mean.
fn failed(doing: &'static str) -> impl Fn(zmq::Error) -> Error {
    move |error| Error::Os { doing, source: io::Error::other(error.message()) }
}

/// A renderer's sending half.
pub struct ZeromqTx<W> {
    up: Sender,
    wait: PhantomData<fn() -> W>,
}

impl<W: Wait> Tx for ZeromqTx<W> {
    type Rx = ZeromqRx<W>;

    #[inline]
    fn send(&mut self, len: usize, fill: impl FnOnce(&mut [u8])) -> Result<()> {
        if self.up.send::<W>(len, fill)? { Ok(()) } else { Err(Error::Closed { peer: None }) }
    }
}

/// A renderer's receiving half.
pub struct ZeromqRx<W> {
    down: Receiver,
    /// Main sees the end when both halves have gone.
    _lifeline: Arc<OwnedFd>,
    wait: PhantomData<fn() -> W>,
}

impl<W: Wait> Rx for ZeromqRx<W> {
    #[inline]
    fn recv<R>(&mut self, read: impl FnOnce(&[u8]) -> R) -> Result<R> {
        match self.down.next::<W>()? {
            Found::Frame(_) => Ok(read(self.down.frame())),
            Found::End(_) | Found::Nobody => Err(Error::Closed { peer: None }),
        }
    }

    fn try_recv<R>(&mut self, read: impl FnOnce(&[u8]) -> R) -> Result<Option<R>> {
        match self.down.try_next()? {
            None => Ok(None),
            Some(Found::Frame(_)) => Ok(Some(read(self.down.frame()))),
            Some(Found::End(_) | Found::Nobody) => Err(Error::Closed { peer: None }),
        }
    }
}

/// Main's sending half.
pub struct ZeromqOutbox<W> {
    downs: Vec<Sender>,
    _names: Arc<ScratchDir>,
    wait: PhantomData<fn() -> W>,
}

impl<W: Wait> Outbox for ZeromqOutbox<W> {
    #[inline]
    fn send_to(&mut self, peer: Peer, len: usize, fill: impl FnOnce(&mut [u8])) -> Result<()> {
        let sent = self.downs[peer].send::<W>(len, fill)?;
        if sent { Ok(()) } else { Err(Error::Closed { peer: Some(peer) }) }
    }

    fn windows(&self) -> usize {
        self.downs.len()
    }
}

/// Main's receiving half.
pub struct ZeromqInbox<W> {
    ups: Receiver,
    windows: usize,
    _lifelines: Vec<Arc<OwnedFd>>,
    _names: Arc<ScratchDir>,
    wait: PhantomData<fn() -> W>,
}

impl<W: Wait> Inbox for ZeromqInbox<W> {
    type Outbox = ZeromqOutbox<W>;

    #[inline]
    fn recv<R>(&mut self, read: impl FnOnce(Peer, &[u8]) -> R) -> Result<R> {
        match self.ups.next::<W>()? {
            Found::Frame(peer) => Ok(read(peer, self.ups.frame())),
            Found::End(peer) => Err(Error::Closed { peer: Some(peer) }),
            Found::Nobody => Err(Error::Closed { peer: (self.windows == 1).then_some(0) }),
        }
    }
}
