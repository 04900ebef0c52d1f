//! Children by re-execution: the same program, told by its environment that it is a child.

use super::{main_role, renderer};
use crate::sys::control::{Control, Nursery};
use crate::sys::counters;
use crate::sys::heap::keep_freed_pages;
use crate::sys::process::Process;
use std::ffi::OsStr;
use std::io;

static NURSERY: Nursery = Nursery::new(
    "IPCMARK_CHILD",
    "this program was started as a trial's child but did not enter it: call ipcmark::enter_if_child() first in main",
);
/// Grows the environment by a random amount: where the stack starts moves figures (Mytkowicz et al. 2009).
const PADDING: &str = "IPCMARK_PADDING";

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
    let Some(entered) = NURSERY.enter() else { return };
    keep_freed_pages();
    counters::open();
    let code = match entered {
        Ok((role, control)) if role == Role::Main.name() => main_role::run(control),
        Ok((role, control)) if role == Role::Renderer.name() => renderer::run_process(control),
        Ok(_) => 2,
        Err(_) => 3,
    };
    #[expect(
        clippy::disallowed_methods,
        reason = "a child ends here, and nothing of the program around it may run"
    )]
    std::process::exit(code)
}

/// Starts a child in a role, with its end of the control channel.
pub(super) fn spawn(
    role: Role,
    control: Control,
    padding: usize,
    scratch: Option<&OsStr>,
) -> io::Result<Process> {
    let padding = "x".repeat(padding);
    let mut environment = vec![(PADDING.as_ref(), padding.as_ref())];
    if let Some(scratch) = scratch {
        environment.push(("TMPDIR".as_ref(), scratch));
    }
    // Whoever supervises a trial reaps main's group, knowing nothing of the renderers in it.
    NURSERY.spawn(role.name(), control, &environment, role == Role::Main)
}
