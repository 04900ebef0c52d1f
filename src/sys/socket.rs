//! Unix sockets: pairs over which bytes pass and nothing else, and who has written to one.

use rustix::net::{AddressFamily, SocketFlags, SocketType, socketpair};
use rustix::process::Pid;
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

/// Who has written to a socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Writer {
    /// The process; `None` if it has no number where we are (`pid_namespaces(7)`).
    pub pid: Option<Pid>,
    /// The user's number.
    pub uid: u32,
}

/// What the kernel writes beside such bytes (`cmsg(3)`): a header, whose size is a multiple of its alignment, and what it is of.
#[repr(C)]
struct Credentials {
    header: libc::cmsghdr,
    who: libc::ucred,
}

/// Reads once from a socket that the kernel was asked to say of who writes to it (`SO_PASSCRED`, `unix(7)`), and answers that too, but at
/// the end of what was written. Descriptors that come beside are not taken: there is no room left for them.
/// (The wrapper of `rustix` cannot tell a process without a number.)
///
/// # Errors
/// What the kernel says of reading.
pub fn read_with_writer(socket: impl AsFd, bytes: &mut [u8]) -> io::Result<(usize, Option<Writer>)> {
    // SAFETY: numbers alone, of which all may be zero.
    let mut beside: Credentials = unsafe { std::mem::zeroed() };
    let mut piece = libc::iovec { iov_base: bytes.as_mut_ptr().cast(), iov_len: bytes.len() };
    // SAFETY: all zeros is a message without bytes, address or anything beside.
    let mut message: libc::msghdr = unsafe { std::mem::zeroed() };
    message.msg_iov = &raw mut piece;
    message.msg_iovlen = 1;
    message.msg_control = (&raw mut beside).cast();
    message.msg_controllen = size_of::<Credentials>();
    // SAFETY: every pointer in the message is to something that lives until the call is over, and as long as is said.
    let count =
        unsafe { libc::recvmsg(socket.as_fd().as_raw_fd(), &raw mut message, libc::MSG_CMSG_CLOEXEC) };
    let count = usize::try_from(count).map_err(|_| io::Error::last_os_error())?;
    let Credentials { header, who } = beside;
    let told =
        count > 0 && (header.cmsg_level, header.cmsg_type) == (libc::SOL_SOCKET, libc::SCM_CREDENTIALS);
    Ok((count, told.then(|| Writer { pid: Pid::from_raw(who.pid), uid: who.uid })))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::sabotage::send_with;
    use rustix::io::Errno;
    use rustix::net::sockopt::set_socket_passcred;
    use rustix::process::{getpid, getuid};
    use std::os::unix::net::UnixStream;

    #[test]
    fn a_writer_is_told_and_what_it_sends_beside_is_let_go_of() {
        let (ours, theirs) = UnixStream::pair().unwrap();
        let theirs = OwnedFd::from(theirs);
        let ourselves = Writer { pid: Some(getpid()), uid: getuid().as_raw() };
        let mut byte = [0];
        set_socket_passcred(&ours, true).unwrap();
        for beside in 1..9 {
            rustix::io::write(&theirs, b"x").unwrap();
            assert_eq!(read_with_writer(&ours, &mut byte).unwrap(), (1, Some(ourselves)));
            assert_eq!(send_with(&theirs, b"y", theirs.as_fd(), beside), Ok(1));
            assert_eq!(read_with_writer(&ours, &mut byte).unwrap(), (1, Some(ourselves)));
        }
        drop(theirs);
        assert_eq!(read_with_writer(&ours, &mut byte).unwrap(), (0, None), "somebody has a copy still");
    }

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
