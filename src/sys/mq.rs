//! POSIX message queues (`mq_overview(7)`), which rustix does not carry.
//!
//! On Linux a queue's descriptor is a file descriptor: it can be polled, duplicated, and passed to another process. So a
//! queue's name lives only for the two calls that open both of its ends.

use super::leftovers::fresh_name;
use rustix::io::Errno;
use rustix::process::{Resource, getrlimit};
use std::ffi::CString;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd};

/// One descriptor of a queue, for reading and writing.
#[derive(Debug)]
pub struct Queue(OwnedFd);

/// What this host lets a user without privileges make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of all queues of a user, overhead included (`RLIMIT_MSGQUEUE`).
    pub bytes: u64,
    /// Messages that one queue holds.
    pub messages: usize,
    /// Bytes of one message.
    pub size: usize,
}

impl Limits {
    /// Those of this host and process.
    pub fn now() -> Limits {
        let setting = |name: &str, default| {
            let text = std::fs::read_to_string(format!("/proc/sys/fs/mqueue/{name}"));
            text.ok().and_then(|text| text.trim().parse().ok()).unwrap_or(default)
        };
        Limits {
            bytes: getrlimit(Resource::Msgqueue).current.unwrap_or(u64::MAX),
            messages: setting("msg_max", 10),
            size: setting("msgsize_max", 8192),
        }
    }
}

/// Bytes that a message counts against [`Limits::bytes`] besides its own: two structures of the kernel.
pub const OVERHEAD: usize = 96;

/// Makes a queue without a name, opened twice: the modes of its ends (`O_NONBLOCK`) are independent.
///
/// # Errors
/// `EMFILE` if the user's queues would take more than [`Limits::bytes`], `ENOSYS` if the kernel has no queues.
pub fn queue(messages: usize, size: usize) -> io::Result<(Queue, Queue)> {
    let name = CString::new(format!("/{}", fresh_name()?))?;
    // SAFETY: all of its fields are integers.
    let mut shape: libc::mq_attr = unsafe { std::mem::zeroed() };
    shape.mq_maxmsg = messages as libc::c_long;
    shape.mq_msgsize = size as libc::c_long;
    let flags = libc::O_RDWR | libc::O_CLOEXEC;
    let mode: libc::mode_t = 0o600;
    let create = flags | libc::O_CREAT | libc::O_EXCL;
    // SAFETY: the name ends with a zero, and the attributes live during the call.
    let ours = owned(unsafe { libc::mq_open(name.as_ptr(), create, mode, &raw const shape) })?;
    // SAFETY: the name ends with a zero.
    let theirs = owned(unsafe { libc::mq_open(name.as_ptr(), flags) });
    // SAFETY: the name ends with a zero.
    unsafe { libc::mq_unlink(name.as_ptr()) };
    Ok((ours, theirs?))
}

fn owned(descriptor: libc::mqd_t) -> io::Result<Queue> {
    if descriptor < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: just opened, and nobody else has it.
    Ok(Queue(unsafe { OwnedFd::from_raw_fd(descriptor) }))
}

/// A time that is over: whoever would wait until then is answered at once.
static PAST: libc::timespec = libc::timespec { tv_sec: 0, tv_nsec: 0 };

impl Queue {
    /// Sends a message of at most the queue's size, waiting for room unless the descriptor is non-blocking.
    #[inline]
    pub fn send(&self, message: &[u8]) -> rustix::io::Result<()> {
        let (at, len) = (message.as_ptr().cast(), message.len());
        // SAFETY: `len` bytes can be read at `at`.
        let status = unsafe { libc::mq_send(self.0.as_raw_fd(), at, len, 0) };
        outcome(status as isize).map(drop)
    }

    /// Sends if there is room; `AGAIN` if there is none, whatever the descriptor's mode.
    pub fn try_send(&self, message: &[u8]) -> rustix::io::Result<()> {
        let (at, len) = (message.as_ptr().cast(), message.len());
        let send = || {
            // SAFETY: `len` bytes can be read at `at`, and the time lives during the call.
            let status = unsafe { libc::mq_timedsend(self.0.as_raw_fd(), at, len, 0, &raw const PAST) };
            outcome(status as isize).map(drop).map_err(at_once)
        };
        // It does not wait, and is interrupted all the same: the kernel looks for signals before it looks at the time.
        rustix::io::retry_on_intr(send)
    }

    /// Receives the oldest message and answers its length, waiting for one unless the descriptor is non-blocking.
    /// `MSGSIZE` if the buffer is smaller than the queue's messages can be.
    #[inline]
    pub fn receive(&self, buffer: &mut [u8]) -> rustix::io::Result<usize> {
        let (at, len) = (buffer.as_mut_ptr().cast(), buffer.len());
        // SAFETY: `len` bytes can be written at `at`; a null priority is not written.
        outcome(unsafe { libc::mq_receive(self.0.as_raw_fd(), at, len, std::ptr::null_mut()) })
    }

    /// Receives if there is a message; `AGAIN` if there is none, whatever the descriptor's mode.
    pub fn try_receive(&self, buffer: &mut [u8]) -> rustix::io::Result<usize> {
        let (fd, at, len) = (self.0.as_raw_fd(), buffer.as_mut_ptr().cast(), buffer.len());
        let receive = || {
            // SAFETY: as for `receive`, and the time lives during the call.
            let got = unsafe { libc::mq_timedreceive(fd, at, len, std::ptr::null_mut(), &raw const PAST) };
            outcome(got).map_err(at_once)
        };
        rustix::io::retry_on_intr(receive) // as in `try_send`
    }

    /// Another descriptor of the same end.
    ///
    /// # Errors
    /// If there are too many.
    pub fn try_clone(&self) -> io::Result<Queue> {
        self.0.try_clone().map(Queue)
    }
}

impl From<OwnedFd> for Queue {
    /// A descriptor that came from another process. If it is none of a queue, calls answer `BADF`.
    fn from(fd: OwnedFd) -> Queue {
        Queue(fd)
    }
}

impl From<Queue> for OwnedFd {
    fn from(queue: Queue) -> OwnedFd {
        queue.0
    }
}

impl AsFd for Queue {
    /// Readable while it has messages, writable while it has room.
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

fn outcome(answer: isize) -> rustix::io::Result<usize> {
    usize::try_from(answer)
        .map_err(|_| Errno::from_io_error(&io::Error::last_os_error()).unwrap_or(Errno::IO))
}

fn at_once(error: Errno) -> Errno {
    if error == Errno::TIMEDOUT { Errno::AGAIN } else { error }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_pass_in_order_and_a_full_queue_says_so() {
        let (a, b) = queue(2, 64).unwrap();
        let mut buffer = [0; 64];
        assert_eq!(b.try_receive(&mut buffer), Err(Errno::AGAIN));
        a.send(b"one").unwrap();
        a.try_send(b"").unwrap();
        assert_eq!(a.try_send(b"three"), Err(Errno::AGAIN));
        assert_eq!(b.receive(&mut buffer), Ok(3));
        assert_eq!(&buffer[..3], b"one");
        assert_eq!(b.try_receive(&mut buffer), Ok(0), "an empty message is a message");
        assert_eq!(b.receive(&mut buffer[..63]), Err(Errno::MSGSIZE));
    }

    #[test]
    fn ends_have_modes_of_their_own() {
        let (a, b) = queue(2, 64).unwrap();
        rustix::io::ioctl_fionbio(&a, true).unwrap();
        assert_eq!(a.receive(&mut [0; 64]), Err(Errno::AGAIN));
        let waiter = std::thread::spawn(move || b.receive(&mut [0; 64]));
        a.send(b"x").unwrap();
        assert_eq!(waiter.join().unwrap(), Ok(1));
    }

    #[test]
    fn a_queue_beyond_the_limit_is_refused() {
        let Limits { bytes, size, .. } = Limits::now();
        assert!(queue(bytes as usize / size + 1, size).is_err(), "more than {bytes} bytes");
    }
}
