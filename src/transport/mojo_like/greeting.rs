//! How main comes to hold a renderer's process, as it holds its socket.
//!
//! A socket that passes descriptors can be sent through itself. Then it stays open after its owner's end, in flight, for as long as the
//! other end does not read (`unix(7)`); who waits for room in it would not be told. So a renderer greets, the kernel says who that was
//! (`SO_PASSCRED`), and main watches that process.

use crate::sys::process::Process;
use crate::sys::socket::read_with_writer;
use crate::transport::watch::Watch;
use crate::transport::{Error, Result};
use rustix::io::Errno;
use rustix::net::sockopt::set_socket_passcred;
use rustix::net::{Shutdown, shutdown};
use rustix::process::geteuid;
use std::io;
use std::os::fd::{AsFd, OwnedFd};

/// What a renderer writes first.
const HELLO: u8 = b'!';

/// Who stands at the other end of a link.
enum Renderer {
    /// A process that we hold.
    Held(Process),
    /// One that we may not hold: we are in a sandbox, or it is in a namespace of its own.
    Unheld,
    /// None any more, or none of ours.
    None,
}

/// Makes the kernel say who writes to a link's socket, before its renderer has the other one.
pub(super) fn expect(socket: &OwnedFd) -> Result<()> {
    set_socket_passcred(socket, true).map_err(Error::os("asking who writes to a socket"))
}

/// Says that a renderer has connected.
pub(super) fn greet(socket: &OwnedFd) -> Result<()> {
    crate::sys::fd::write_all(socket.as_fd(), &[HELLO]).map_err(Error::os("greeting main"))
}

/// Waits until every renderer has connected or ended, and from then on ends the links of those whose process has ended. Whoever says
/// anything else first, or is another user's, has lost its link.
pub(super) fn await_all<'a>(sockets: impl Iterator<Item = &'a OwnedFd>) -> Result<Watch> {
    let (mut processes, mut watched) = (Vec::new(), Vec::new());
    for (peer, socket) in sockets.enumerate() {
        match await_one(socket).map_err(Error::os("waiting for a renderer"))? {
            Renderer::Held(process) => processes.push((peer, process)),
            Renderer::Unheld => {}
            Renderer::None => end(socket),
        }
        set_socket_passcred(socket, false).map_err(Error::os("asking no more who writes to a socket"))?;
        watched.push(socket.try_clone().map_err(Error::os("duplicating a socket"))?);
    }
    Watch::over(processes, move |peer| end(&watched[peer]))
}

/// What came before can still be read.
fn end(socket: &OwnedFd) {
    // It fails only if the link has ended already.
    let _ = shutdown(socket, Shutdown::Both);
}

fn await_one(socket: &OwnedFd) -> io::Result<Renderer> {
    let mut hello = [0];
    let (count, writer) = loop {
        match read_with_writer(socket, &mut hello) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) if error.kind() == io::ErrorKind::ConnectionReset => return Ok(Renderer::None),
            outcome => break outcome?,
        }
    };
    let Some(writer) = writer.filter(|writer| writer.uid == geteuid().as_raw()) else {
        return Ok(Renderer::None);
    };
    if count == 0 || hello != [HELLO] {
        return Ok(Renderer::None);
    }
    let Some(pid) = writer.pid else { return Ok(Renderer::Unheld) };
    match Process::hold(pid) {
        Ok(process) => Ok(Renderer::Held(process)),
        Err(error) => match Errno::from_io_error(&error) {
            Some(Errno::SRCH) => Ok(Renderer::None),
            Some(Errno::PERM | Errno::NOSYS) => Ok(Renderer::Unheld),
            _ => Err(error),
        },
    }
}
