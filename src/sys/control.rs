//! Control channels: Unix sockets over which values travel with the descriptors in them, and children that are started with one.

use super::fd::{pack, recv_message, send_message, unpack};
use super::process::{Process, die_with_parent, own_pid, respawn, respawn_in_group};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::process::Pid;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::ffi::OsStr;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, Ordering};

/// No message is longer: the stamps of 64 renderers stay below it.
const LIMIT: usize = 128 << 20;

/// One end of a control channel.
#[derive(Debug)]
pub struct Control(UnixStream);

impl Control {
    /// Over a connected socket.
    pub fn new(socket: UnixStream) -> Control {
        Control(socket)
    }

    /// Two ends.
    pub fn pair() -> io::Result<(Control, Control)> {
        let (ours, theirs) = UnixStream::pair()?;
        Ok((Control(ours), Control(theirs)))
    }

    /// Another handle on the same end: one to send, one to receive.
    pub fn try_clone(&self) -> io::Result<Control> {
        Ok(Control(self.0.try_clone()?))
    }

    /// Sends a value with the descriptors in it.
    pub fn send<T: Serialize>(&self, value: &T) -> io::Result<()> {
        let (bytes, fds) = pack(value)?;
        send_message(self.0.as_fd(), &bytes, &fds)
    }

    /// Waits for a value. `UnexpectedEof` means that the other end is gone.
    pub fn recv<T: DeserializeOwned>(&self) -> io::Result<T> {
        let (bytes, fds) = recv_message(self.0.as_fd(), LIMIT)?;
        unpack(&bytes, fds)
    }
}

/// Waits until there is something to hear from one of them, were it the end, and says from which.
pub fn wait_for_any<'a>(controls: impl Iterator<Item = &'a Control>) -> io::Result<Vec<usize>> {
    let mut fds: Vec<PollFd<'_>> = controls.map(|control| PollFd::new(control, PollFlags::IN)).collect();
    rustix::io::retry_on_intr(|| poll(&mut fds, None))?;
    Ok((0..fds.len()).filter(|&index| !fds[index].revents().is_empty()).collect())
}

impl AsFd for Control {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

impl From<Control> for OwnedFd {
    fn from(control: Control) -> OwnedFd {
        control.0.into()
    }
}

/// A kind of children: re-executions of this program that find `<role>:<parent's pid>` in an environment variable and the control
/// channel as their standard input.
#[derive(Debug)]
pub struct Nursery {
    variable: &'static str,
    advice: &'static str,
    entered: AtomicBool,
}

impl Nursery {
    /// The children that know by `variable` that they are. `advice` is said where one was started that did not look.
    pub const fn new(variable: &'static str, advice: &'static str) -> Nursery {
        Nursery { variable, advice, entered: AtomicBool::new(false) }
    }

    /// In a child: its role and its control channel. `None` in any other process.
    ///
    /// # Errors
    /// In a child that nobody is there for any more, or that was started by other means.
    pub fn enter(&self) -> Option<io::Result<(String, Control)>> {
        let value = std::env::var_os(self.variable)?;
        self.entered.store(true, Ordering::Relaxed); // read by this thread's own spawns
        Some(value.to_str().ok_or_else(|| io::ErrorKind::InvalidInput.into()).and_then(settle))
    }

    /// Starts a child in a role, with its end of the control channel; in a process group of its own, or in ours.
    ///
    /// # Errors
    /// If the system refuses, or in a child that did not [`enter`](Self::enter): it would start itself for ever.
    pub fn spawn(
        &self,
        role: &str,
        control: Control,
        more: &[(&OsStr, &OsStr)],
        own_group: bool,
    ) -> io::Result<Process> {
        if std::env::var_os(self.variable).is_some() && !self.entered.load(Ordering::Relaxed) {
            return Err(io::Error::other(self.advice));
        }
        let value = format!("{role}:{}", own_pid().as_raw_nonzero());
        let mut environment = vec![(self.variable.as_ref(), value.as_ref())];
        environment.extend_from_slice(more);
        if own_group {
            respawn(control.into(), &environment)
        } else {
            respawn_in_group(control.into(), &environment)
        }
    }
}

fn settle(value: &str) -> io::Result<(String, Control)> {
    let wrong = || io::Error::from(io::ErrorKind::InvalidInput);
    let (role, parent) = value.rsplit_once(':').ok_or_else(wrong)?;
    let parent = parent.parse().ok().and_then(Pid::from_raw).ok_or_else(wrong)?;
    die_with_parent(parent)?;
    let stdin = rustix::io::fcntl_dupfd_cloexec(io::stdin(), 3)?;
    Ok((role.to_owned(), Control::new(UnixStream::from(stdin))))
}
