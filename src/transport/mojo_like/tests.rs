//! What this transport does that the contract does not say: which way a frame goes, how memory grows, and what a hostile
//! renderer gets.

use super::*;
use crate::transport::Block;
use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags, sendmsg};
use std::io::IoSlice;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd};

mod hostile;
mod ways;

fn pair() -> (OwnedFd, OwnedFd) {
    socketpair(AddressFamily::UNIX, SocketType::STREAM, SocketFlags::CLOEXEC, None).unwrap()
}

/// A wait that sleeps at once.
fn block() -> FdWait {
    FdWait::new(<Block as Wait>::KIND, Duration::ZERO)
}

/// Writes bytes with descriptors beside them, as anybody may.
fn pass(socket: impl AsFd, bytes: &[u8], files: &[BorrowedFd<'_>]) {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(16))];
    let mut beside = SendAncillaryBuffer::new(&mut space);
    beside.push(SendAncillaryMessage::ScmRights(files));
    let sent = sendmsg(socket, &[IoSlice::new(bytes)], &mut beside, SendFlags::NOSIGNAL);
    assert_eq!(sent, Ok(bytes.len()));
}
