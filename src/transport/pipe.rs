//! `pipe`: two anonymous pipes a link, one each way (`pipe(7)`).

use super::stream::{Chunk, StreamInbox, StreamOutbox, StreamRx, StreamTx, hub, link};
use super::{ALL_WAITS, Caps, Error, MAX_FRAME, Result, Spec, Transport, Wait};
use crate::sys::fd::Descriptor;
use rustix::pipe::{PipeFlags, fcntl_setpipe_size, pipe_with};
use serde::{Deserialize, Serialize};
use std::os::fd::OwnedFd;
use std::time::Duration;

/// The transport.
#[derive(Debug)]
pub struct Pipe;

/// A renderer's two ends.
#[derive(Debug, Serialize, Deserialize)]
pub struct Address {
    write: Descriptor,
    read: Descriptor,
    max_frame: usize,
    spin: Duration,
}

/// Main's two ends of each link.
#[derive(Debug)]
pub struct Bound {
    spec: Spec,
    links: Vec<(OwnedFd, OwnedFd)>,
}

impl Transport for Pipe {
    const NAME: &'static str = "pipe";
    const CAPS: Caps = Caps {
        about: "two anonymous pipes a link",
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
        let (mut links, mut addresses) = (Vec::new(), Vec::new());
        for _ in 0..spec.windows {
            let (up_read, up_write) = large_pipe()?;
            let (down_read, down_write) = large_pipe()?;
            links.push((down_write, up_read));
            addresses.push(Address {
                write: Descriptor(up_write),
                read: Descriptor(down_read),
                max_frame: spec.max_frame,
                spin: spec.spin,
            });
        }
        Ok((Bound { spec: *spec, links }, addresses))
    }

    fn accept<W: Wait>(bound: Bound) -> Result<(StreamOutbox, StreamInbox)> {
        hub::<W, _>(bound.links, &bound.spec, Chunk::PIPE)
    }

    fn connect<W: Wait>(address: Address) -> Result<(StreamTx, StreamRx)> {
        let Address { write, read, max_frame, spin } = address;
        link::<W, _>((write.0, read.0), Chunk::PIPE, max_frame, spin)
    }
}

/// An anonymous pipe of the size that all get.
fn large_pipe() -> Result<(OwnedFd, OwnedFd)> {
    let (read, write) = pipe_with(PipeFlags::CLOEXEC).map_err(Error::os("making a pipe"))?;
    enlarge(&write);
    Ok((read, write))
}

/// Makes a pipe hold 1 MiB, the most that any user may ask for by default (`/proc/sys/fs/pipe-max-size`): large frames then
/// pass in fewer turns. Where the user's share is used up, the default of 64 KiB works as well.
pub(super) fn enlarge(pipe: &OwnedFd) {
    let _ = fcntl_setpipe_size(pipe, 1 << 20);
}
