//! How main comes to hold a renderer's process, as it holds its socket.
//!
//! A socket that passes descriptors can be sent through itself. Then it stays open after its owner's end, in flight, for as long as the
//! other end does not read (`unix(7)`); who waits for room in it would not be told. So a renderer greets, the kernel says who that was
//! (`SO_PASSCRED`), and main watches that process.

use crate::sys::process::Process;
use crate::transport::watch::Watch;
use crate::transport::{Error, Peer, Result};
use rustix::net::sockopt::set_socket_passcred;
use rustix::net::{RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, Shutdown, recvmsg, shutdown};
use std::io::IoSliceMut;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, OwnedFd};

/// What a renderer writes first.
const HELLO: u8 = b'!';

/// Makes the kernel say who writes to a link's socket, before its renderer has the other one.
pub(super) fn expect(socket: &OwnedFd) -> Result<()> {
    set_socket_passcred(socket, true).map_err(Error::os("asking who writes to a socket"))
}

/// Says that a renderer has connected.
pub(super) fn greet(socket: &OwnedFd) -> Result<()> {
    crate::sys::fd::write_all(socket.as_fd(), &[HELLO]).map_err(Error::os("greeting main"))
}

/// Waits until every renderer has connected, and from then on ends the links of those whose process has ended.
///
/// # Errors
/// `Closed` with the one that ended before, `Broken` with the one that did not greet.
pub(super) fn await_all<'a>(sockets: impl Iterator<Item = &'a OwnedFd>) -> Result<Watch> {
    let (mut processes, mut watched) = (Vec::new(), Vec::new());
    for (peer, socket) in sockets.enumerate() {
        let process = await_one(peer, socket)?;
        set_socket_passcred(socket, false).map_err(Error::os("asking no more who writes to a socket"))?;
        processes.extend(process.map(|process| (peer, process)));
        watched.push(socket.try_clone().map_err(Error::os("duplicating a socket"))?);
    }
    Watch::over(processes, move |peer| {
        // What came before can still be read. It fails only if the link has ended already.
        let _ = shutdown(&watched[peer], Shutdown::Both);
    })
}

/// A renderer's process, unless it cannot be held: it is in a namespace where we have no name for it, or we are in a sandbox ourselves.
fn await_one(peer: Peer, socket: &OwnedFd) -> Result<Option<Process>> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmCredentials(1))];
    let mut beside = RecvAncillaryBuffer::new(&mut space);
    let mut hello = [0];
    let came = rustix::io::retry_on_intr(|| {
        recvmsg(socket, &mut [IoSliceMut::new(&mut hello)], &mut beside, RecvFlags::CMSG_CLOEXEC)
    });
    match came.map_err(Error::os("waiting for a renderer"))?.bytes {
        0 => Err(Error::Closed { peer: Some(peer) }),
        _ if hello != [HELLO] => Err(Error::Broken { peer, what: "greeting" }),
        _ => Ok(beside.drain().find_map(|message| match message {
            RecvAncillaryMessage::ScmCredentials(who) => Process::hold(who.pid).ok(),
            _ => None,
        })),
    }
}
