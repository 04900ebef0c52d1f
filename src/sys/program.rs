//! Programs run from outside: older builds of this one, whose figures are compared with ours, and this one itself, as a shell
//! would start it.

use super::process::{Ending, Process};
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions};
use std::ffi::OsStr;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

/// What a program left.
#[derive(Debug)]
pub struct Ended {
    /// Its exit code; `None` if a signal ended it.
    pub code: Option<i32>,
    /// What it wrote to standard output.
    pub stdout: Vec<u8>,
    /// The last line that it wrote to standard error.
    pub complaint: String,
}

/// Runs a program and waits for it. It is in our process group: a terminal's Ctrl-C reaches it as well.
///
/// # Errors
/// If it cannot be started.
pub fn run<A: AsRef<OsStr>>(program: &Path, arguments: &[A]) -> io::Result<Ended> {
    #[expect(clippy::disallowed_methods, reason = "it is another program, not a child of this one's kind")]
    let output = Command::new(program).args(arguments).stdin(Stdio::null()).output()?;
    let complaints = String::from_utf8_lossy(&output.stderr);
    let complaint =
        complaints.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or_default().to_owned();
    Ok(Ended { code: output.status.code(), stdout: output.stdout, complaint })
}

/// A program under way, in a process group of its own: a terminal's Ctrl-C does not reach it. Dropping this ends and reaps it.
#[derive(Debug)]
pub struct Started(Process);

impl Started {
    /// Starts this very program, as a shell would; it reads nothing.
    ///
    /// # Errors
    /// If the system refuses.
    pub fn this<A: AsRef<OsStr>>(
        arguments: &[A],
        environment: &[(&OsStr, &OsStr)],
        stdout: OwnedFd,
        stderr: OwnedFd,
    ) -> io::Result<Started> {
        #[expect(
            clippy::disallowed_methods,
            reason = "it is a command as a user gives it, not a child of a trial"
        )]
        let mut command = Command::new("/proc/self/exe");
        command.arg0("ipcmark").args(arguments).envs(environment.iter().copied()).process_group(0);
        let child = command.stdin(Stdio::null()).stdout(stdout).stderr(stderr).spawn()?;
        // Nobody else reaps it, so its number is still its own.
        Process::hold(Pid::from_child(&child)).map(Started)
    }

    /// Sends it a signal, and to nobody else; nothing happens if it has ended.
    pub fn signal(&self, signal: Signal) {
        self.0.send(signal);
    }

    /// Waits at most `limit` for its end.
    pub fn wait(&self, limit: Duration) -> Option<Ending> {
        self.0.reap(limit)
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        self.0.kill();
        // It has been killed, or has ended before.
        let _ = self.0.reap(Duration::from_secs(2));
    }
}

/// Reaps whatever children of ours have ended, whoever started them; answers whether any is left.
pub fn children_left() -> bool {
    let ended = || rustix::process::waitid(WaitId::All, WaitIdOptions::EXITED | WaitIdOptions::NOHANG);
    loop {
        match ended() {
            Ok(Some(_)) => {}
            Ok(None) => return true,
            Err(_) => return false,
        }
    }
}
