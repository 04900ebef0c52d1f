//! A process that confines itself after it has got its descriptors.

use crate::test;
use ipcmark::sys::fd::{pack, recv_message, send_message, unpack};
use ipcmark::sys::process::{Ending, die_with_parent, own_pid, respawn};
use ipcmark::sys::sandbox::confine;
use libtest_mimic::Trial;
use rustix::process::Pid;
use std::error::Error;
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::process::ExitCode;
use std::sync::mpsc;
use std::time::Duration;

/// Holds the parent's number in a child.
const CHILD: &str = "IPCMARK_CONFINED_CHILD";

pub(crate) fn tests() -> Vec<Trial> {
    vec![test("electron_layers::a_confined_process_keeps_what_it_has_and_gets_no_more", confined_process)]
}

/// What the child found: for each thing that it tried, whether that was refused with `EPERM`.
type Findings = Vec<(String, bool)>;

fn confined_process() {
    let (ours, theirs) = UnixStream::pair().expect("a pair");
    let own = own_pid().as_raw_nonzero().to_string();
    let child = respawn(OwnedFd::from(theirs), &[(CHILD.as_ref(), own.as_ref())]).expect("a child");
    let (bytes, fds) = recv_message(ours.as_fd(), 1 << 16).expect("its findings");
    let findings: Findings = unpack(&bytes, fds).expect("findings");
    let expected = [
        ("open", true),
        ("an older thread opens", true),
        ("connect", true),
        ("spawn", true),
        ("thread", false),
    ];
    let found: Vec<(&str, bool)> = findings.iter().map(|(what, refused)| (what.as_str(), *refused)).collect();
    assert_eq!(found, expected);
    assert_eq!(child.reap(Duration::from_secs(20)), Some(Ending::Code(0)));
}

/// The child's part.
pub(crate) fn enter_if_child() -> Option<ExitCode> {
    let parent = std::env::var(CHILD).ok()?.parse().ok().and_then(Pid::from_raw)?;
    let done = die_with_parent(parent).map_err(Into::into).and_then(|()| perform());
    Some(if done.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn perform() -> Result<(), Box<dyn Error>> {
    let socket = UnixStream::from(rustix::io::fcntl_dupfd_cloexec(io::stdin(), 3)?);
    let (go, gone) = mpsc::channel();
    let older = std::thread::spawn(move || {
        let _ = gone.recv();
        refused(File::open("/dev/null"))
    });
    confine()?;
    go.send(())?;
    let null = rustix::io::fcntl_dupfd_cloexec(&socket, 3)?;
    let findings: Findings = vec![
        ("open".to_owned(), refused(File::open("/dev/null"))),
        ("an older thread opens".to_owned(), older.join().map_err(|_| "a panic")?),
        ("connect".to_owned(), refused(UnixStream::connect("/none"))),
        ("spawn".to_owned(), refused(respawn(null, &[]))),
        ("thread".to_owned(), refused(std::thread::Builder::new().spawn(|| ()))),
    ];
    let (bytes, fds) = pack(&findings)?;
    Ok(send_message(socket.as_fd(), &bytes, &fds)?)
}

fn refused<T>(outcome: io::Result<T>) -> bool {
    outcome.err().and_then(|error| error.raw_os_error()) == Some(rustix::io::Errno::PERM.raw_os_error())
}
