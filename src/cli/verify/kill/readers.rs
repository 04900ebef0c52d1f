//! Readers that live and do not read: halted, slow, or halted for good with messages on their way.

use super::{AROUND, ENDLESS, LATEST};
use crate::plan::Case;
use crate::sys::process::{Process, readable, resident_bytes};
use crate::sys::signal::Interrupt;
use crate::trial::{Failure, Session, Trouble};
use crate::workload::Workload;
use rustix::process::Pid;
use std::os::fd::AsFd;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

/// How long one is halted.
const HALT: Duration = Duration::from_secs(2);
/// How often a phase is made twice as long.
const TRIES: usize = 8;
/// A slow one runs for so long, and is halted for so long, by turns…
const RUNS: Duration = Duration::from_micros(500);
const RESTS: Duration = Duration::from_millis(10);
/// …at most so often.
const TURNS: usize = 100;
/// What it is to read, as the time that a reader takes that is awake.
const AWAKE: Duration = Duration::from_millis(40);
/// Before one is killed that has not read: time enough to fill a link.
const FILL: Duration = Duration::from_millis(100);
/// What a sender may need more while it waits for room, beside the pages of its link.
const GROWTH: u64 = 1 << 20;
/// Bytes of a link, at most.
const LINK: u64 = 4 << 20;

/// A way not to read.
pub(super) type Reader = fn(&Case, u64, &Interrupt) -> Result<(), Failure>;

/// All of them: their names, what passes, and between main and how many windows.
pub(super) const ALL: [(&str, Workload, usize, Reader); 4] = [
    ("main halted for two seconds", Workload::Send, 1, halted),
    ("a window halted for two seconds", Workload::Push, 2, halted),
    ("main slow", Workload::Send, 1, slow),
    ("main halted for good", Workload::Send, 1, never),
];

/// Halts one who reads for two seconds, while messages pass: all of them arrive all the same.
fn halted(case: &Case, seed: u64, interrupt: &Interrupt) -> Result<(), Failure> {
    let (mut session, main) = open(case, seed, interrupt)?;
    let reader = if case.workload.is_from_main() { hold(session.renderer_pids()[0])? } else { main };
    let mut messages = enough(case, &mut session)?;
    // A phase that was over before anybody was halted shows nothing: then a longer one.
    for _ in 0..TRIES {
        let (over, done) = channel::<()>();
        let result = std::thread::scope(|scope| {
            let reader = &reader;
            scope.spawn(move || {
                if done.recv_timeout(FILL / 10) == Err(RecvTimeoutError::Timeout) {
                    reader.halt();
                    let _ = done.recv_timeout(HALT);
                    reader.resume();
                }
            });
            let result = session.run(messages, 1, 1);
            drop(over);
            result
        })?;
        if u128::from(result.elapsed_ns) > HALT.as_nanos() * 9 / 10 {
            return session.close();
        }
        messages *= 2;
    }
    Err(Failure::Failed("messages never passed for as long as its reader was halted".to_owned()))
}

/// As many messages as an awake reader takes in a while: links differ by a hundred times.
fn enough(case: &Case, session: &mut Session) -> Result<u64, Failure> {
    let awake = session.run(AROUND, 1, 1)?.elapsed_ns.max(1) as f64;
    let messages = (AROUND as f64 * AWAKE.as_nanos() as f64 / awake).max(100.0) as u64;
    Ok(messages.next_multiple_of(case.model.windows as u64))
}

/// A reader that sleeps most of the time: all messages arrive, and nobody collects them meanwhile.
fn slow(case: &Case, seed: u64, interrupt: &Interrupt) -> Result<(), Failure> {
    let (mut session, main) = open(case, seed, interrupt)?;
    let (never, senders) = (Interrupt::never()?, session.renderer_pids());
    let messages = enough(case, &mut session)?;
    let before = memory(&senders);
    let (over, done) = channel::<()>();
    let (result, most) = std::thread::scope(|scope| {
        let (main, never, senders) = (&main, &never, &senders);
        let watcher = scope.spawn(move || {
            let mut most = 0;
            for _ in 0..TURNS {
                main.halt();
                readable(never.as_fd(), RESTS);
                most = most.max(memory(senders));
                main.resume();
                if done.recv_timeout(RUNS) == Err(RecvTimeoutError::Disconnected) {
                    break;
                }
            }
            most
        });
        let result = session.run(messages, 1, 1);
        drop(over);
        (result, watcher.join().unwrap_or_default())
    });
    result?;
    bounded(before, most)?;
    session.close()
}

/// A reader that is halted with the link full and then killed: the sender, which waits for room, is told.
fn never(case: &Case, seed: u64, interrupt: &Interrupt) -> Result<(), Failure> {
    let (mut session, main) = open(case, seed, interrupt)?;
    let (never, senders) = (Interrupt::never()?, session.renderer_pids());
    let before = memory(&senders);
    let held: Vec<Process> = senders.iter().filter_map(|&pid| hold(pid).ok()).collect();
    let most = std::thread::scope(|scope| {
        let killer = scope.spawn(|| {
            readable(never.as_fd(), FILL / 10);
            main.halt();
            readable(never.as_fd(), FILL);
            let most = memory(&senders);
            main.kill();
            most
        });
        let ended = session.run(ENDLESS, 1, 1 << 10);
        let most = killer.join().unwrap_or_default();
        ended.err().map(|_| most)
    });
    let most = most.ok_or_else(|| Failure::Failed("an endless phase ended well".to_owned()))?;
    // Their links have told them, and nobody else: they outlive main.
    if held.iter().any(|sender| sender.reap(LATEST).is_none()) {
        return Err(Failure::Failed("a sender still waits for a reader that has gone".to_owned()));
    }
    bounded(before, most)
}

/// A session whose messages have begun to pass, and its main.
fn open(case: &Case, seed: u64, interrupt: &Interrupt) -> Result<(Session, Process), Failure> {
    let trouble = Trouble { outlive: true, ..Trouble::default() };
    let mut session = Session::open_troubled(case, seed, Duration::from_secs(20), trouble, interrupt)?;
    session.run(AROUND, 1, 1)?;
    let main = hold(session.main_pid())?;
    Ok((session, main))
}

fn hold(pid: u32) -> Result<Process, Failure> {
    let pid = Pid::from_raw(pid.cast_signed())
        .ok_or_else(|| Failure::Failed("a process has no number".to_owned()))?;
    Ok(Process::hold(pid)?)
}

fn memory(pids: &[u32]) -> u64 {
    pids.iter().map(|&pid| resident_bytes(pid)).sum()
}

fn bounded(before: u64, most: u64) -> Result<(), Failure> {
    let grew = most.saturating_sub(before);
    if grew <= GROWTH + LINK {
        return Ok(());
    }
    Err(Failure::Failed(format!("a sender's memory grew by {} KiB while it waited", grew >> 10)))
}
