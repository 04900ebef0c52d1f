//! Pairs of Unix sockets over which bytes pass and nothing else.

use rustix::net::{AddressFamily, SocketFlags, SocketType, socketpair};
use std::ffi::c_int;
use std::io;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};

/// `SO_PASSRIGHTS` (`include/uapi/asm-generic/socket.h`, Linux 6.16): whether others may send us descriptors.
const SO_PASSRIGHTS: c_int = 83;

/// A connected pair, neither of which takes descriptors (`SCM_RIGHTS`) where the kernel can refuse them. A peer that sends us its own
/// socket keeps it open after its end, for as long as we do not read: who waits for room would not be told that it has gone.
///
/// # Errors
/// If there are no descriptors left.
pub fn plain_pair(kind: SocketType) -> io::Result<(OwnedFd, OwnedFd)> {
    let pair = socketpair(AddressFamily::UNIX, kind, SocketFlags::CLOEXEC, None)?;
    // Older kernels do not know the option; SECURITY.md says what follows from that.
    let _ = refuse_descriptors(&pair.0).and_then(|()| refuse_descriptors(&pair.1));
    Ok(pair)
}

fn refuse_descriptors(socket: impl AsFd) -> io::Result<()> {
    let no: c_int = 0;
    let (value, len) = ((&raw const no).cast(), size_of::<c_int>() as libc::socklen_t);
    // SAFETY: the value is a live integer of the length that is said.
    let done =
        unsafe { libc::setsockopt(socket.as_fd().as_raw_fd(), libc::SOL_SOCKET, SO_PASSRIGHTS, value, len) };
    if done == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::sabotage::send_with;
    use rustix::io::Errno;

    #[test]
    fn a_peer_that_has_gone_has_gone_whatever_it_sent() {
        for kind in [SocketType::STREAM, SocketType::SEQPACKET, SocketType::DGRAM] {
            let (ours, theirs) = plain_pair(kind).unwrap();
            if refuse_descriptors(&ours).is_err() {
                return; // a kernel before 6.16
            }
            assert_eq!(send_with(&theirs, b"x", theirs.as_fd(), 1), Err(Errno::PERM), "{kind:?}");
            rustix::io::write(&theirs, b"x").unwrap();
            drop(theirs);
            assert!(rustix::io::write(&ours, b"y").is_err(), "{kind:?}: the other end still lives");
        }
    }
}
