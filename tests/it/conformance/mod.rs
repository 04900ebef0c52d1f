//! The contract of a transport (the doc comment of `ipcmark::transport`), checked for every transport on the one list ×
//! every wait that it allows × renderers in threads and in processes.
//!
//! A check has two sides: a script of steps for each renderer, and main's part, written beside it. Renderers run in this
//! process or in re-executions of this program; what they are told travels over a socket of its own.

/// Fails the check with a text unless a condition holds.
macro_rules! ensure {
    ($condition:expr, $($text:tt)+) => {
        if !$condition {
            return Err(format!($($text)+).into());
        }
    };
}

mod control;
mod death;
mod door;
mod echo;
mod flood;
mod frames;
mod harness;
mod hub;
mod killed;
mod leftovers;
mod lengths;
mod order;
mod posted;
mod pressure;
mod script;

use control::Control;
use door::{Door, door};
use harness::{Rig, guarded};
use ipcmark::plan::Placement;
use ipcmark::sys::process::die_with_parent;
use ipcmark::transport::{Block, Caps, Hybrid, Spin, Transport, Visit, WaitKind, visit_all};
use libtest_mimic::Trial;
use rustix::process::Pid;
use std::os::unix::net::UnixStream;
use std::process::ExitCode;

/// What a check and its parts answer.
type Outcome<A = ()> = Result<A, Box<dyn std::error::Error + Send + Sync>>;

/// A check of one transport, wait and placement.
type Check = fn(&Rig) -> Outcome;

/// Checks that a transport is known to fail because of what it is made of: ignored, and run by `--ignored`.
///
/// * `ipc-channel` passes a long message over a socket pair of its own, whose reading end the sender holds open until it
///   is through (`OsIpcSender::send`, `dedicated_rx`): a reader that dies meanwhile leaves it waiting for ever. So does one that has sent
///   its own socket, which the crate lets through as it does any descriptor.
/// * `tcp`, with and without delay: whoever sends to an end that has closed is answered by a reset, which on several CPUs may
///   overtake what that end had sent last; nothing that comes after a reset is taken.
const KNOWN: &[(&str, &str)] = &[
    ("ipc-channel", "killed_while_main_sends_large"),
    ("ipc-channel", "killed_with_its_socket_on_the_way"),
    ("tcp", "last_words"),
    ("tcp-nagle", "last_words"),
];

/// Holds the parent's process number in a child.
const CHILD: &str = "IPCMARK_CONFORMANCE";

/// If this process is a child of the suite, plays its role and answers its exit code.
pub(crate) fn enter_if_child() -> Option<ExitCode> {
    let parent = std::env::var(CHILD).ok()?.parse().ok().and_then(Pid::from_raw)?;
    if die_with_parent(parent).is_err() {
        return Some(ExitCode::FAILURE);
    }
    let Ok(socket) = rustix::io::fcntl_dupfd_cloexec(std::io::stdin(), 3) else {
        return Some(ExitCode::FAILURE);
    };
    harness::perform(&Control::new(UnixStream::from(socket)));
    Some(ExitCode::SUCCESS)
}

pub(crate) fn tests() -> Vec<Trial> {
    let mut every = Every(Vec::new());
    visit_all(&mut every);
    every.0
}

/// Makes the tests of each transport it is shown.
struct Every(Vec<Trial>);

impl Visit for Every {
    fn visit<T: Transport>(&mut self) {
        let doors: Vec<_> = T::CAPS.waits.iter().map(|&wait| door_of::<T>(wait)).collect();
        for &door in &doors {
            self.add_all(door);
        }
        if let Some(&door) = doors.first() {
            self.add_once(door);
        }
    }
}

fn door_of<T: Transport>(wait: WaitKind) -> &'static dyn Door {
    match wait {
        WaitKind::Block => door::<T, Block>(),
        WaitKind::Hybrid => door::<T, Hybrid>(),
        WaitKind::Spin => door::<T, Spin>(),
    }
}

/// For every wait and placement.
const ALL: &[(&str, Check)] = &[
    ("lengths", lengths::lengths),
    ("calls", lengths::calls),
    ("tiny", lengths::tiny),
    ("order", order::order),
    ("order_one", order::order_one),
    ("mixed", order::mixed),
    ("posted_up", posted::up),
    ("posted_down", posted::down),
    ("fairness", order::fairness),
    ("polling", order::polling),
    ("pressure_up", pressure::up),
    ("pressure_down", pressure::down),
    ("renderers_leave", death::renderers_leave),
    ("last_words", death::last_words),
    ("one_leaves", death::one_leaves),
    ("main_leaves", death::main_leaves),
    ("main_leaves_waiters", death::main_leaves_waiters),
    ("unread", death::unread),
    ("leave_together", death::leave_together),
    ("leftovers", leftovers::nothing_is_left),
];

/// For every wait, between processes.
const PROCESSES: &[(&str, Check)] = &[
    ("killed_while_main_receives", killed::while_main_receives),
    ("killed_while_main_sends", killed::while_main_sends),
    ("killed_while_main_sends_large", killed::while_main_sends_large),
    ("killed_with_its_socket_on_the_way", killed::with_its_socket_on_the_way),
    ("killed_while_main_broadcasts", killed::while_main_broadcasts),
    ("killed_while_sending", killed::while_sending),
    ("main_killed", killed::main_killed),
];

/// For every wait and placement, where frames may be lost: what no correct link loses, and what a flood leaves.
const LOSSY: &[(&str, Check)] = &[
    ("lengths", lengths::lengths),
    ("calls", lengths::calls),
    ("tiny", lengths::tiny),
    ("polling", order::polling),
    ("flood_up", flood::up),
    ("flood_down", flood::down),
    ("renderers_leave", death::renderers_leave),
    ("last_words", death::last_words),
    ("one_leaves", death::one_leaves),
    ("main_leaves", death::main_leaves),
    ("main_leaves_waiters", death::main_leaves_waiters),
    ("unread", death::unread),
    ("leave_together", death::leave_together),
    ("leftovers", leftovers::nothing_is_left),
];

/// The same between processes.
const LOSSY_PROCESSES: &[(&str, Check)] =
    &[("killed_while_main_receives", killed::while_main_receives), ("main_killed", killed::main_killed)];

/// For every wait and placement, where there is no peer.
const ECHO: &[(&str, Check)] =
    &[("echo", echo::echo), ("nobody", echo::nobody), ("leftovers", leftovers::nothing_is_left)];

impl Every {
    fn add_all(&mut self, door: &'static dyn Door) {
        let caps = door.caps();
        let (all, processes) = match caps {
            Caps { echo: true, .. } => (ECHO, &[][..]),
            Caps { lossy: true, .. } => (LOSSY, LOSSY_PROCESSES),
            _ => (ALL, PROCESSES),
        };
        let wait = format!("{:?}", door.wait()).to_lowercase();
        for &(name, check) in all {
            self.add(&format!("{wait}::thread::{name}"), Rig { door, placement: Placement::Thread }, check);
        }
        for &(name, check) in all.iter().chain(processes).filter(|_| caps.processes) {
            self.add(&format!("{wait}::process::{name}"), Rig { door, placement: Placement::Process }, check);
        }
    }

    /// What is too dear to be checked in every way, in one.
    fn add_once(&mut self, door: &'static dyn Door) {
        let caps = door.caps();
        let threads = Rig { door, placement: Placement::Thread };
        let apart = if caps.processes { Rig { door, placement: Placement::Process } } else { threads };
        if caps.echo {
            return self.add("largest", apart, echo::largest);
        }
        self.add("largest", apart, lengths::largest);
        self.add("sixty_four_windows", threads, order::sixty_four_windows);
        if caps.processes {
            self.add("crash", apart, leftovers::crash);
        }
    }

    fn add(&mut self, name: &str, rig: Rig, check: Check) {
        let transport = rig.door.name();
        let known = KNOWN.iter().any(|&(at, check)| at == transport && name.ends_with(check));
        let run = move || guarded(move || check(&rig));
        let test = Trial::test(format!("conformance::{transport}::{name}"), run);
        self.0.push(test.with_ignored_flag(known));
    }
}
