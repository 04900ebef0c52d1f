//! Children by re-execution: the same program, told by its environment that it is a child.

use super::control::Control;
use super::{main_role, renderer};
use crate::sys::process::{Process, die_with_parent, own_pid, respawn, respawn_in_group};
use rustix::process::Pid;
use std::ffi::OsStr;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, Ordering};

/// Holds `<role>:<parent's pid>` in a child.
const ROLE: &str = "IPCMARK_CHILD";
/// Grows the environment by a random amount: where the stack starts moves figures (Mytkowicz et al. 2009).
const PADDING: &str = "IPCMARK_PADDING";

static ENTERED: AtomicBool = AtomicBool::new(false);

/// What a child is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Main,
    Renderer,
}

impl Role {
    fn name(self) -> &'static str {
        match self {
            Role::Main => "main",
            Role::Renderer => "renderer",
        }
    }
}

/// If this process is a trial's child, runs its part and exits; returns at once if it is not.
///
/// Call it first in `main` of every program that runs trials (the command, the benches, the tests): children are
/// re-executions of the very program that runs, so no other file can be stale, and nothing has parsed the command
/// line yet.
pub fn enter_if_child() {
    let Some(value) = std::env::var_os(ROLE) else { return };
    ENTERED.store(true, Ordering::Relaxed); // read by this thread's own spawns
    let code = match value.to_str().and_then(parse) {
        Some((role, parent)) => run(role, parent),
        None => 2,
    };
    #[expect(
        clippy::disallowed_methods,
        reason = "a child ends here, and nothing of the program around it may run"
    )]
    std::process::exit(code)
}

fn parse(value: &str) -> Option<(Role, Pid)> {
    let (role, parent) = value.split_once(':')?;
    let role = [Role::Main, Role::Renderer].into_iter().find(|known| known.name() == role)?;
    Some((role, Pid::from_raw(parent.parse().ok()?)?))
}

fn run(role: Role, parent: Pid) -> i32 {
    if die_with_parent(parent).is_err() {
        return 3;
    }
    // The control socket came as standard input.
    let Ok(stdin) = rustix::io::fcntl_dupfd_cloexec(io::stdin(), 3) else { return 3 };
    let control = Control::new(UnixStream::from(stdin));
    match role {
        Role::Main => main_role::run(control),
        Role::Renderer => renderer::run_process(control),
    }
}

/// Starts a child in a role, with its end of the control socket.
pub(super) fn spawn(
    role: Role,
    control: OwnedFd,
    padding: usize,
    scratch: Option<&OsStr>,
) -> io::Result<Process> {
    if std::env::var_os(ROLE).is_some() && !ENTERED.load(Ordering::Relaxed) {
        return Err(io::Error::other(
            "this program was started as a trial's child but did not enter it: call ipcmark::enter_if_child() first in main",
        ));
    }
    let value = format!("{}:{}", role.name(), own_pid().as_raw_nonzero());
    let padding = "x".repeat(padding);
    let mut environment = vec![(ROLE.as_ref(), value.as_ref()), (PADDING.as_ref(), padding.as_ref())];
    if let Some(scratch) = scratch {
        environment.push(("TMPDIR".as_ref(), scratch));
    }
    match role {
        Role::Main => respawn(control, &environment),
        Role::Renderer => respawn_in_group(control, &environment),
    }
}
