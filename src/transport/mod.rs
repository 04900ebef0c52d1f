//! The contract of a transport, and the one list of them.
//!
//! Electron is a star, so a transport is a *hub* (main's end) with N *links* (one renderer's end each), and each
//! end is two independent halves, each of which may move to a thread of its own:
//!
//! | | sends | receives |
//! |---|---|---|
//! | main | [`Outbox`] | [`Inbox`] |
//! | renderer | [`Tx`] | [`Rx`] |
//!
//! # The contract
//!
//! * Frames arrive unchanged, in order, exactly once. To one renderer, order holds across `send_to` and `broadcast`.
//! * Every length from 0 to [`Spec::max_frame`] works, and `Spec::max_frame` may be anything up to
//!   [`Caps::max_frame`]. A longer frame fails with [`Error::TooLarge`] and leaves the link usable.
//! * What is posted may wait for the next `flush`, and keeps its place in the order.
//! * A full link makes the sender wait, in the manner of its [`Wait`].
//! * Only a transport that says so ([`Caps::lossy`]) may drop a frame instead, and let one overtake another: nobody waits
//!   for room, and what arrives is unchanged and arrives once. Whoever waits there for a frame for [`OVERDUE`] gets
//!   [`Error::Overdue`] instead of one, and may go on waiting: what it waits for may be lost.
//! * When a peer dies or drops its halves, what it had sent before still arrives; then the other side gets
//!   [`Error::Closed`], never a hang. A hub reports each peer's end once and goes on with the others; when none is
//!   left it answers `Closed` always. `broadcast` reaches all that live and then names one that does not.
//! * After the halves are dropped nothing is left in the file system, in `/dev/shm` or in the process table; after a
//!   crash, nothing that [`leftovers::sweep`](crate::sys::leftovers::sweep) does not remove.
//! * `fill` sees a buffer of exactly the length asked for, with arbitrary contents, and overwrites all of it. `fill` and
//!   `read` must not panic and must not use the same endpoint.
//!
//! The contract is verified by the conformance suite (`tests/it/conformance/`), which runs every transport on the list
//! × wait × placement.

pub mod channel;
mod error;
mod fd_wait;
pub mod fuzz;
pub mod hub_as_link;
mod lifeline;
pub mod local;
mod on_demand;
pub mod rings;
mod round;
pub mod stream;
mod watch;

pub mod crossbeam;
#[cfg(feature = "crossfire")]
pub mod crossfire;
pub mod eventfd;
pub mod fifo;
#[cfg(feature = "flume")]
pub mod flume;
#[cfg(feature = "iceoryx2")]
pub mod iceoryx2;
pub mod ipc_channel;
#[cfg(feature = "kanal")]
pub mod kanal;
pub mod mmap_file;
pub mod mojo_like;
pub mod null;
pub mod pipe;
pub mod posix_mq;
#[cfg(feature = "rtrb")]
pub mod rtrb;
pub mod shm;
pub mod shm_memfd;
pub mod std_mpsc;
pub mod tcp;
pub mod tcp_nagle;
#[cfg(feature = "tokio")]
pub mod tokio;
pub mod udp;
pub mod uds_dgram;
pub mod uds_seqpacket;
pub mod uds_stream;
#[cfg(feature = "zeromq")]
pub mod zeromq;

pub use crate::ring::wait::{Block, Hybrid, Spin, Wait, WaitKind};
pub use error::{Error, Result};
pub use on_demand::{ON_DEMAND, OnDemand};

use serde::{Serialize, de::DeserializeOwned};
use std::time::Duration;

/// Shows `v` every transport there is: the one list, from which the command line, the plan, the conformance suite, the
/// benches and the tables follow.
pub fn visit_all(v: &mut impl Visit) {
    v.visit::<null::Null>();
    v.visit::<shm::Shm>();
    v.visit::<shm_memfd::ShmMemfd>();
    v.visit::<mmap_file::MmapFile>();
    v.visit::<eventfd::Eventfd>();
    v.visit::<pipe::Pipe>();
    v.visit::<fifo::Fifo>();
    v.visit::<uds_stream::UdsStream>();
    v.visit::<uds_seqpacket::UdsSeqpacket>();
    v.visit::<uds_dgram::UdsDgram>();
    v.visit::<mojo_like::MojoLike>();
    v.visit::<posix_mq::PosixMq>();
    v.visit::<tcp::Tcp>();
    v.visit::<tcp_nagle::TcpNagle>();
    v.visit::<udp::Udp>();
    v.visit::<ipc_channel::IpcChannel>();
    v.visit::<crossbeam::Crossbeam>();
    v.visit::<std_mpsc::StdMpsc>();
    #[cfg(feature = "zeromq")]
    v.visit::<zeromq::Zeromq>();
    #[cfg(feature = "rtrb")]
    v.visit::<rtrb::Rtrb>();
    #[cfg(feature = "flume")]
    v.visit::<flume::Flume>();
    #[cfg(feature = "tokio")]
    v.visit::<tokio::Tokio>();
    #[cfg(feature = "kanal")]
    v.visit::<kanal::Kanal>();
    #[cfg(feature = "crossfire")]
    v.visit::<crossfire::Crossfire>();
    #[cfg(feature = "iceoryx2")]
    v.visit::<iceoryx2::Iceoryx2>();
}

/// What is done with each transport on the list.
pub trait Visit {
    /// Called once for each.
    fn visit<T: Transport>(&mut self);
}

/// What is done with one transport and one way to wait.
pub trait Use {
    /// What it answers.
    type Output;
    /// Called with the types that were chosen by name.
    fn with<T: Transport, W: Wait>(self) -> Self::Output;
}

/// Chooses types by name, once; everything inside is compiled for them. `None` if there is no such transport.
pub fn dispatch<U: Use>(name: &str, wait: WaitKind, user: U) -> Option<U::Output> {
    struct Choice<'a, U: Use> {
        name: &'a str,
        wait: WaitKind,
        user: Option<U>,
        output: Option<U::Output>,
    }
    impl<U: Use> Visit for Choice<'_, U> {
        fn visit<T: Transport>(&mut self) {
            if T::NAME == self.name
                && let Some(user) = self.user.take()
            {
                self.output = Some(match self.wait {
                    WaitKind::Block => user.with::<T, Block>(),
                    WaitKind::Hybrid => user.with::<T, Hybrid>(),
                    WaitKind::Spin => user.with::<T, Spin>(),
                });
            }
        }
    }
    let mut choice = Choice { name, wait, user: Some(user), output: None };
    visit_all(&mut choice);
    choice.output
}

/// A renderer as its hub names it: 0 … windows − 1.
pub type Peer = usize;

/// What a hub is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Spec {
    /// Number of renderers, 1 … 64.
    pub windows: usize,
    /// Largest frame that must pass, in bytes; at most [`Caps::max_frame`].
    pub max_frame: usize,
    /// How long `hybrid` spins before it sleeps; zero where the ends share a CPU.
    pub spin: Duration,
    /// Bytes handed over at once from which a ring writes past the cache; `usize::MAX` for never. See
    /// [`ring::copy`](crate::ring::copy).
    pub nt_from: usize,
}

/// What a transport can do, known before anything is opened.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Caps {
    /// What it is, in one line.
    pub about: &'static str,
    /// Largest frame it can be asked to carry, in bytes.
    pub max_frame: usize,
    /// Whether renderers may be other processes (threads always may).
    pub processes: bool,
    /// The waits that its mechanism allows.
    pub waits: &'static [WaitKind],
    /// Whether `broadcast` writes once for all windows; otherwise once for each.
    pub one_write_broadcast: bool,
    /// Whether frames go through a ring of ours, so that the variable `copy` chooses how.
    pub ring: bool,
    /// Whether each end hears only itself: there is no peer, and only `invoke` makes sense.
    pub echo: bool,
    /// Whether frames may be lost, and overtake one another. What is lost is counted; it does not fail a trial.
    pub lossy: bool,
    /// Whether a frame of more than [`WHOLE`] may be on its way in parts, with its sender waiting until the other end reads:
    /// two ends that both send one, and read afterwards, would wait for each other.
    pub in_parts: bool,
}

/// Bytes that any link has room for while nobody reads: 32 KiB.
pub const WHOLE: usize = 32 << 10;

/// How long nothing comes until a lossy link says so.
pub const OVERDUE: Duration = Duration::from_millis(200);

/// Every way to wait.
pub const ALL_WAITS: &[WaitKind] = &[WaitKind::Block, WaitKind::Hybrid, WaitKind::Spin];

/// No frame is longer than this on any transport: 64 MiB.
pub const MAX_FRAME: usize = 64 << 20;

/// A renderer's sending half.
pub trait Tx: Send {
    /// The receiving half of the same end.
    type Rx: Rx;

    /// Sends one frame of `len` bytes, written by `fill`.
    fn send(&mut self, len: usize, fill: impl FnOnce(&mut [u8])) -> Result<()>;

    /// Sends a frame that may be held back, in its place in the order, until the next `flush`, `send` or `call` of this
    /// half or its drop: a batch is handed over at once. By default nothing is held back.
    #[inline]
    fn post(&mut self, len: usize, fill: impl FnOnce(&mut [u8])) -> Result<()> {
        self.send(len, fill)
    }

    /// Hands over what has been posted.
    #[inline]
    fn flush(&mut self) -> Result<()> {
        Ok(())
    }

    /// Sends a request and receives the reply to it, with no other frame outstanding. A transport may let the reply
    /// overwrite the request's bytes; by default this is a send and a receive.
    #[inline]
    fn call<R>(
        &mut self,
        rx: &mut Self::Rx,
        len: usize,
        fill: impl FnOnce(&mut [u8]),
        read: impl FnOnce(&[u8]) -> R,
    ) -> Result<R> {
        self.send(len, fill)?;
        rx.recv(read)
    }
}

/// A renderer's receiving half.
pub trait Rx: Send {
    /// Waits for a frame and lends it to `read`.
    fn recv<R>(&mut self, read: impl FnOnce(&[u8]) -> R) -> Result<R>;

    /// Lends a frame to `read` if one is there; never waits.
    fn try_recv<R>(&mut self, read: impl FnOnce(&[u8]) -> R) -> Result<Option<R>>;
}

/// Main's sending half.
pub trait Outbox: Send {
    /// Sends one frame to one renderer.
    fn send_to(&mut self, peer: Peer, len: usize, fill: impl FnOnce(&mut [u8])) -> Result<()>;

    /// Sends a frame that may be held back, in its place in the order, until the next `flush`, `send_to` to that renderer
    /// or `broadcast` of this half, or its drop. By default nothing is held back.
    #[inline]
    fn post_to(&mut self, peer: Peer, len: usize, fill: impl FnOnce(&mut [u8])) -> Result<()> {
        self.send_to(peer, len, fill)
    }

    /// [`broadcast`](Self::broadcast) that may be held back as [`post_to`](Self::post_to) may.
    #[inline]
    fn post_broadcast(&mut self, len: usize, fill: impl Fn(&mut [u8])) -> Result<()> {
        self.broadcast(len, fill)
    }

    /// Hands over what has been posted.
    #[inline]
    fn flush(&mut self) -> Result<()> {
        Ok(())
    }

    /// Number of renderers.
    fn windows(&self) -> usize;

    /// Sends the same frame to every renderer; by default one after the other.
    #[inline]
    fn broadcast(&mut self, len: usize, fill: impl Fn(&mut [u8])) -> Result<()> {
        let mut outcome = Ok(());
        for peer in 0..self.windows() {
            let sent = self.send_to(peer, len, &fill);
            outcome = outcome.and(sent);
        }
        outcome
    }
}

/// Main's receiving half.
pub trait Inbox: Send {
    /// The sending half of the same end.
    type Outbox: Outbox;

    /// Waits for a frame from whichever renderer has one, and lends it to `read` with the renderer's number.
    fn recv<R>(&mut self, read: impl FnOnce(Peer, &[u8]) -> R) -> Result<R>;

    /// Receives one request and answers it: `read` looks at the request and says how long the reply is and what `reply`
    /// needs to know to write it. A transport may lend `reply` the request's own bytes.
    #[inline]
    fn serve<S>(
        &mut self,
        outbox: &mut Self::Outbox,
        read: impl FnOnce(Peer, &[u8]) -> (usize, S),
        reply: impl FnOnce(S, &mut [u8]),
    ) -> Result<()> {
        let (peer, (len, state)) = self.recv(|peer, frame| (peer, read(peer, frame)))?;
        outbox.send_to(peer, len, |bytes| reply(state, bytes))
    }
}

/// A mechanism that moves frames between main and its renderers.
pub trait Transport: Sized + 'static {
    /// What users call it.
    const NAME: &'static str;
    /// What it can do.
    const CAPS: Caps;
    /// What a renderer needs to connect. It travels over the control channel; an in-process address is a key.
    type Address: Serialize + DeserializeOwned;
    /// A hub whose addresses are out, but to which nobody has connected yet.
    type Bound: Send + 'static;
    /// Main's sending half.
    type Outbox<W: Wait>: Outbox + 'static;
    /// Main's receiving half.
    type Inbox<W: Wait>: Inbox<Outbox = Self::Outbox<W>> + 'static;
    /// A renderer's sending half.
    type Tx<W: Wait>: Tx<Rx = Self::Rx<W>> + 'static;
    /// A renderer's receiving half.
    type Rx<W: Wait>: Rx + 'static;

    /// Makes what main needs, and one address for each renderer. An address may be connected to once.
    fn bind(spec: &Spec) -> Result<(Self::Bound, Vec<Self::Address>)>;

    /// Waits until every renderer has connected, or has ended: then its link has.
    fn accept<W: Wait>(bound: Self::Bound) -> Result<(Self::Outbox<W>, Self::Inbox<W>)>;

    /// Connects a renderer.
    fn connect<W: Wait>(address: Self::Address) -> Result<(Self::Tx<W>, Self::Rx<W>)>;
}

/// Refuses a frame that is longer than the link was made for.
#[inline]
fn check_len(len: usize, max: usize) -> Result<()> {
    if len > max { Err(Error::TooLarge { len, max }) } else { Ok(()) }
}
