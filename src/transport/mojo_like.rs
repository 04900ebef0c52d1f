//! `mojo-like`: how Electron moves a message, as Mojo over `ipcz` does on Linux with the settings that it has by default.
//!
//! | bytes of a frame | where they go | source |
//! |---|---|---|
//! | none | nowhere: the message says so | |
//! | 1 … 65,536 | in a block of memory that the link's ends share, if one is free; otherwise behind the message's header | `Parcel::AllocateData` (`third_party/ipcz/src/ipcz/parcel.cc`), `NodeLinkMemory` |
//! | more | in a file in memory of their own, passed as a descriptor | `BigBuffer` (`mojo/public/cpp/base/big_buffer.h`) |
//!
//! A message is the *doorbell*: a few bytes through a Unix stream socket (`mojo/public/cpp/platform/platform_channel.cc`), written by the
//! thread that sends, one system call; who waits for one, reads. The memory of a link starts with 128 KiB of blocks and grows
//! where an end finds none free: main, which is Chromium's broker, makes more and tells the renderer, while that frame goes
//! inline. `broadcast` is one send for each window.
//!
//! Who receives is asked whom it trusts: main copies a frame out of shared memory before anybody looks at it, a renderer
//! reads what main wrote where it is. What a peer says is checked: a block's number and length, a descriptor's kind, size and seals,
//! every field of a header. A link that breaks the protocol ends, and no other does.
//!
//! # What is simplified
//!
//! * There is one message pipe for each link, so no routing, and a message says only what is needed.
//! * Each end reads and writes in the threads of its caller. Electron's own hops between threads are a question of
//!   its process model, not of this mechanism. Chromium queues what the socket does not take; here the sender waits.
//! * Main keeps the pool that it makes for a renderer; Chromium hands it over and is sent it back (`RequestMemory`,
//!   `ProvideMemory`, `AddBlockBuffer`).
//! * A renderer makes the memory of its own large messages. In a sandbox it may not: there each costs a round trip to
//!   the broker as well.
//! * Files in memory are sealed `memfd`s; Chromium's are unlinked files in `/dev/shm`, the same kind of memory, and nothing keeps peers
//!   from shrinking them.
//! * Main copies into memory that it keeps, where Electron takes fresh memory for each.

use super::fd_wait::FdWait;
use super::{ALL_WAITS, Caps, Error, MAX_FRAME, Result, Spec, Transport, Wait};
use crate::sys::fd::Descriptor;
use crate::sys::segment::Handle;
use memory::LinkMemory;
use rustix::net::{AddressFamily, SocketFlags, SocketType, socketpair};
use serde::{Deserialize, Serialize};
use std::os::fd::OwnedFd;
use std::time::Duration;

pub(super) mod fuzz;
mod greeting;
mod main_end;
mod memory;
mod message;
mod read_buffer;
mod reader;
mod renderer_end;
#[cfg(test)]
mod tests;
mod writer;

pub use main_end::{MojoInbox, MojoOutbox};
pub use renderer_end::{MojoRx, MojoTx};

/// Most bytes that stay inside of a message (`BigBuffer::kMaxInlineBytes`).
pub const INLINE: usize = 64 << 10;

/// Where the bytes of a frame go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Path {
    /// Through the socket.
    Inline,
    /// Into a block of so many bytes; inline while none is free.
    Block(usize),
    /// Into a file in memory, made for this frame; inline if the system has none to give.
    Region,
}

/// Where the bytes of a frame go that has `len` of them.
#[inline]
pub const fn path_of(len: usize) -> Path {
    match len {
        0 => Path::Inline,
        1..=INLINE => Path::Block(memory::block_size(len)),
        _ => Path::Region,
    }
}

/// The transport.
#[derive(Debug)]
pub struct MojoLike;

/// A renderer's socket, and the memory that it shares with main.
#[derive(Debug, Serialize, Deserialize)]
pub struct Address {
    socket: Descriptor,
    memory: Handle,
    max_frame: usize,
    spin: Duration,
}

/// Main's sockets and memories, one a link.
#[derive(Debug)]
pub struct Bound {
    spec: Spec,
    links: Vec<(OwnedFd, LinkMemory)>,
}

impl Transport for MojoLike {
    const NAME: &'static str = "mojo-like";
    const CAPS: Caps = Caps {
        about: "what Electron does: blocks of shared memory, a file in memory above 64 KiB, a Unix socket to say so",
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
    type Outbox<W: Wait> = MojoOutbox;
    type Inbox<W: Wait> = MojoInbox;
    type Tx<W: Wait> = MojoTx;
    type Rx<W: Wait> = MojoRx;

    fn bind(spec: &Spec) -> Result<(Bound, Vec<Address>)> {
        let (mut links, mut addresses) = (Vec::new(), Vec::new());
        for _ in 0..spec.windows {
            let (ours, theirs) =
                socketpair(AddressFamily::UNIX, SocketType::STREAM, SocketFlags::CLOEXEC, None)
                    .map_err(Error::os("making a pair of Unix sockets"))?;
            greeting::expect(&ours)?;
            let (memory, handle) = LinkMemory::create()?;
            links.push((ours, memory));
            let socket = Descriptor(theirs);
            addresses.push(Address { socket, memory: handle, max_frame: spec.max_frame, spin: spec.spin });
        }
        Ok((Bound { spec: *spec, links }, addresses))
    }

    fn accept<W: Wait>(bound: Bound) -> Result<(MojoOutbox, MojoInbox)> {
        let Bound { spec, links } = bound;
        let watch = greeting::await_all(links.iter().map(|(socket, _)| socket))?;
        main_end::open(links, watch, FdWait::new(W::KIND, spec.spin), spec.max_frame)
    }

    fn connect<W: Wait>(address: Address) -> Result<(MojoTx, MojoRx)> {
        let Address { socket, memory, max_frame, spin } = address;
        let memory = LinkMemory::open(memory)?;
        greeting::greet(&socket.0)?;
        renderer_end::open(socket.0, memory, FdWait::new(W::KIND, spin), max_frame)
    }
}

const _: () =
    assert!(MAX_FRAME <= u32::MAX as usize - message::HEADER, "a message's size travels in four bytes");
