//! `fifo`: two named pipes a link, one each way (`fifo(7)`).
//!
//! The names lie in a private directory and go as soon as all renderers have opened theirs; from then on a link is what
//! [`pipe`](super::pipe) has, and should cost the same.
//!
//! Opening one end of a named pipe waits for the other, or fails, unless the other is there. So main opens its ends first, and
//! a renderer shows by one byte that it has opened both of its own.

use super::pipe::enlarge;
use super::stream::{Chunk, StreamInbox, StreamOutbox, StreamRx, StreamTx, hub, link};
use super::{ALL_WAITS, Caps, Error, MAX_FRAME, Result, Spec, Transport, Wait};
use crate::sys::leftovers::ScratchDir;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::fs::{CWD, FileType, Mode, OFlags, mknodat, open};
use serde::{Deserialize, Serialize};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The transport.
#[derive(Debug)]
pub struct Fifo;

/// A renderer's two names.
#[derive(Debug, Serialize, Deserialize)]
pub struct Address {
    write: PathBuf,
    read: PathBuf,
    max_frame: usize,
    spin: Duration,
}

/// Main's two ends of each link, and the directory with the names.
#[derive(Debug)]
pub struct Bound {
    spec: Spec,
    links: Vec<(OwnedFd, OwnedFd)>,
    names: ScratchDir,
}

impl Transport for Fifo {
    const NAME: &'static str = "fifo";
    const CAPS: Caps = Caps {
        about: "two named pipes a link",
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
        let names = ScratchDir::create().map_err(Error::os("making a directory for named pipes"))?;
        let (mut links, mut addresses) = (Vec::new(), Vec::new());
        for peer in 0..spec.windows {
            let [up, down] = ["up", "down"].map(|way| names.path().join(format!("{peer}-{way}")));
            for name in [&up, &down] {
                mknodat(CWD, name, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0)
                    .map_err(Error::os("making a named pipe"))?;
            }
            let up_read = end(&up, OFlags::RDONLY)?;
            // A writing end can be opened only while there is a reader: ours, for a moment.
            let both = end(&down, OFlags::RDWR)?;
            let down_write = end(&down, OFlags::WRONLY)?;
            drop(both);
            enlarge(&up_read);
            enlarge(&down_write);
            links.push((down_write, up_read));
            addresses.push(Address { write: up, read: down, max_frame: spec.max_frame, spin: spec.spin });
        }
        Ok((Bound { spec: *spec, links, names }, addresses))
    }

    fn accept<W: Wait>(bound: Bound) -> Result<(StreamOutbox, StreamInbox)> {
        let Bound { spec, links, names } = bound;
        for (peer, (_, read)) in links.iter().enumerate() {
            // Nothing is readable, and no end is seen, before somebody has come.
            rustix::io::retry_on_intr(|| poll(&mut [PollFd::new(read, PollFlags::IN)], None))
                .map_err(Error::os("waiting for a renderer"))?;
            match rustix::io::read(read, &mut [0; HELLO.len()]) {
                Ok(0) => return Err(Error::Closed { peer: Some(peer) }),
                outcome => outcome.map_err(Error::os("reading a renderer's first byte"))?,
            };
        }
        drop(names);
        hub::<W, _>(links, &spec, Chunk::PIPE)
    }

    fn connect<W: Wait>(address: Address) -> Result<(StreamTx, StreamRx)> {
        let Address { write, read, max_frame, spin } = address;
        let read = end(&read, OFlags::RDONLY)?;
        let write = end(&write, OFlags::WRONLY)?;
        rustix::io::write(&write, HELLO).map_err(Error::os("writing the first byte"))?;
        link::<W, _>((write, read), Chunk::PIPE, max_frame, spin)
    }
}

/// What a renderer writes first.
const HELLO: &[u8] = b"!";

/// Opens one end without waiting for the other.
fn end(name: &Path, way: OFlags) -> Result<OwnedFd> {
    open(name, way | OFlags::NONBLOCK | OFlags::CLOEXEC, Mode::empty())
        .map_err(Error::os("opening a named pipe"))
}
