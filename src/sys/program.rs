//! Other programs, run to their end: older builds of this one, whose figures are compared with ours.

use std::ffi::OsStr;
use std::io;
use std::path::Path;
use std::process::{Command, Stdio};

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
