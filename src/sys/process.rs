//! Child processes: re-executions of this program, held by a descriptor, dying with their parent.

use super::clock::Clock;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, Signal, WaitId, WaitIdOptions};
use std::ffi::OsStr;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::time::Duration;

/// A process that we started or adopted, held by a descriptor that no reuse of its number can redirect (`pidfd_open(2)`).
#[derive(Debug)]
pub struct Process {
    pid: Pid,
    pidfd: OwnedFd,
}

/// Starts this program again: the very file that runs, even if a newer one has been built since. The child gets
/// `stdin` as its standard input, no other descriptor but standard error, and a process group of its own, so
/// that a terminal's Ctrl-C reaches the parent alone.
pub fn respawn(stdin: OwnedFd, environment: &[(&OsStr, &OsStr)]) -> io::Result<Process> {
    start(stdin, environment, |command| command.process_group(0))
}

/// As [`respawn`], but the child is in our process group: whoever started us can reap it by that, knowing nothing of it.
pub fn respawn_in_group(stdin: OwnedFd, environment: &[(&OsStr, &OsStr)]) -> io::Result<Process> {
    start(stdin, environment, |command| command)
}

fn start(
    stdin: OwnedFd,
    environment: &[(&OsStr, &OsStr)],
    group: impl FnOnce(&mut Command) -> &mut Command,
) -> io::Result<Process> {
    #[expect(clippy::disallowed_methods, reason = "this is the one door")]
    let mut command = Command::new("/proc/self/exe");
    command.arg0("ipcmark-child").stdin(Stdio::from(stdin)).stdout(Stdio::null());
    for (name, value) in environment {
        command.env(name, value);
    }
    let child = group(&mut command).spawn()?;
    let pid = Pid::from_child(&child);
    // Nobody reaps the child but us, so its number cannot have been reused yet.
    Process::hold(pid)
}

impl Process {
    /// Holds a process by its number.
    ///
    /// # Errors
    /// `ESRCH` if there is none.
    pub fn hold(pid: Pid) -> io::Result<Process> {
        Ok(Process { pid, pidfd: rustix::process::pidfd_open(pid, PidfdFlags::empty())? })
    }

    /// Its number.
    pub fn pid(&self) -> Pid {
        self.pid
    }

    /// Whether it still runs (a process that waits to be reaped does not).
    pub fn is_running(&self) -> bool {
        !readable(self.pidfd.as_fd(), Duration::ZERO)
    }

    /// Sends it a signal; nothing happens if it has ended.
    pub fn send(&self, signal: Signal) {
        let _ = rustix::process::pidfd_send_signal(&self.pidfd, signal);
    }

    /// Ends it at once (SIGKILL).
    pub fn kill(&self) {
        self.send(Signal::KILL);
    }

    /// Halts it (SIGSTOP) until [`resume`](Self::resume).
    pub fn halt(&self) {
        self.send(Signal::STOP);
    }

    /// Lets it go on (SIGCONT).
    pub fn resume(&self) {
        self.send(Signal::CONT);
    }

    /// Waits at most `limit` for its end and, if it is our child, reaps it. Answers how it ended, `None` if it
    /// still runs.
    pub fn reap(&self, limit: Duration) -> Option<Ending> {
        if !readable(self.pidfd.as_fd(), limit) {
            return None;
        }
        // Adopted children are reaped by number: they stay ours to reap until we do.
        match rustix::process::waitid(WaitId::Pid(self.pid), WaitIdOptions::EXITED | WaitIdOptions::NOHANG) {
            Ok(Some(status)) => Some(match (status.exit_status(), status.terminating_signal()) {
                (Some(code), _) => Ending::Code(code),
                (None, Some(signal)) => Ending::Signal(signal),
                (None, None) => Ending::Unknown,
            }),
            _ => Some(Ending::Unknown),
        }
    }
}

impl AsFd for Process {
    /// The pidfd: readable once the process has ended.
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.pidfd.as_fd()
    }
}

/// How a process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// It returned this code.
    Code(i32),
    /// This signal ended it.
    Signal(i32),
    /// It was somebody else's child: the kernel told them.
    Unknown,
}

impl std::fmt::Display for Ending {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Ending::Code(code) => write!(f, "exited with code {code}"),
            // What a Rust program does that is given no memory; its last words stand on standard error.
            Ending::Signal(libc::SIGABRT) => {
                write!(f, "killed by SIGABRT: there was no memory for it (`ulimit -v`), or a library gave up")
            }
            Ending::Signal(number) => match signal_hook::low_level::signal_name(*number) {
                Some(name) => write!(f, "killed by {name}"),
                None => write!(f, "killed by signal {number}"),
            },
            Ending::Unknown => write!(f, "ended"),
        }
    }
}

/// Whether `fd` becomes readable (or its other end closes) within `limit`; a signal does not cut the wait short.
pub fn readable(fd: BorrowedFd<'_>, limit: Duration) -> bool {
    poll_within(&mut [PollFd::new(&fd, PollFlags::IN)], limit).is_ok_and(|ready| ready > 0)
}

/// Waits until one is ready; a signal makes the wait neither shorter nor longer.
fn poll_within(fds: &mut [PollFd<'_>], limit: Duration) -> rustix::io::Result<usize> {
    let clock = Clock::monotonic();
    let begin = clock.now();
    let mut left = limit;
    loop {
        let timeout = Timespec { tv_sec: left.as_secs() as i64, tv_nsec: i64::from(left.subsec_nanos()) };
        match poll(fds, Some(&timeout)) {
            Err(Errno::INTR) => {
                left = limit.saturating_sub(Duration::from_nanos(clock.now() - begin));
            }
            outcome => return outcome,
        }
    }
}

/// Waits at most `limit` until one of the processes has ended.
pub fn wait_for_any<'a>(processes: impl Iterator<Item = &'a Process>, limit: Duration) {
    let mut fds: Vec<PollFd<'_>> =
        processes.map(|process| PollFd::new(&process.pidfd, PollFlags::IN)).collect();
    // Whether any has ended is seen by whoever reaps them.
    let _ = poll_within(&mut fds, limit);
}

/// Makes the kernel end this process when its parent's thread ends, and ends it now if `parent` is gone already: the
/// parent may have died before the call (`prctl(2)`, `PR_SET_PDEATHSIG`).
pub fn die_with_parent(parent: Pid) -> io::Result<()> {
    rustix::process::set_parent_process_death_signal(Some(Signal::KILL))?;
    if rustix::process::getppid() == Some(parent) {
        Ok(())
    } else {
        Err(io::Error::other("the parent died before this process was ready"))
    }
}

/// Takes back what [`die_with_parent`] asked for.
pub fn live_on() -> io::Result<()> {
    Ok(rustix::process::set_parent_process_death_signal(None)?)
}

/// Makes orphaned grandchildren ours, so that they can be reaped by number after their parent was killed.
pub fn adopt_orphans() -> io::Result<()> {
    // The kernel's argument is a flag; rustix spells it as a process number.
    Ok(rustix::process::set_child_subreaper(Some(rustix::process::getpid()))?)
}

/// Descriptors that this process has open.
pub fn open_descriptors() -> usize {
    descriptors_of(own_pid().as_raw_nonzero().get().cast_unsigned())
}

/// Descriptors that a process has open; 0 if it is gone or another user's.
pub fn descriptors_of(pid: u32) -> usize {
    std::fs::read_dir(format!("/proc/{pid}/fd")).map_or(0, Iterator::count)
}

/// Bytes of memory that a process has in use now; 0 if it is gone.
pub fn resident_bytes(pid: u32) -> u64 {
    let statm = std::fs::read_to_string(format!("/proc/{pid}/statm")).unwrap_or_default();
    let pages = statm.split_whitespace().nth(1).and_then(|pages| pages.parse::<u64>().ok());
    pages.unwrap_or(0) * rustix::param::page_size() as u64
}

/// The most bytes of memory that a process has had in use at once; 0 if it is gone.
pub fn most_resident_bytes(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok());
    kib.unwrap_or(0) * 1024
}

/// Children that have not been reaped, those that have ended among them.
pub fn own_children() -> usize {
    let Ok(tasks) = std::fs::read_dir("/proc/self/task") else { return 0 };
    let lists = tasks.flatten().filter_map(|task| std::fs::read_to_string(task.path().join("children")).ok());
    lists.map(|list| list.split_whitespace().count()).sum()
}

/// This process's number.
pub fn own_pid() -> Pid {
    rustix::process::getpid()
}

/// Waits for the end of every process in the group of `leader` that is our child or was adopted, and reaps it. They must
/// be ending already.
pub fn reap_group(leader: Pid) {
    let next = || rustix::process::waitid(WaitId::Pgid(Some(leader)), WaitIdOptions::EXITED);
    while rustix::io::retry_on_intr(next).is_ok() {}
}
