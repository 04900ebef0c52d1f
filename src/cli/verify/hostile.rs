//! `ipcmark verify --hostile SECONDS`: one renderer of three attacks main and the others, which must bear it.

use super::super::exit::Stop;
use super::super::progress::Progress;
use super::FAMILIES;
use crate::plan::{Case, Model, Pin, Plan};
use crate::report::{Look, count, nanoseconds, new_table};
use crate::sys::clock::Clock;
use crate::sys::process::{descriptors_of, most_resident_bytes, resident_bytes};
use crate::sys::signal::Interrupt;
use crate::transport::WaitKind;
use crate::trial::{AtRest, Failure, Session, Siege, Tactic, Trouble, at_rest, cpus};
use crate::workload::Workload;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

/// Besieged only when it is named: its crate believes what a peer says of lengths and queues without bound, and is not made for this.
const TRUSTING: &str = "ipc-channel";
/// The others are besieged for so small a part of the time: there a renderer has a descriptor and nothing else.
const OTHERS: u32 = 5;
/// Words that are changed at rest, on each of the first kind, for each second that was asked for.
const AT_REST: u64 = 17_000;
/// Longest that an honest window may wait.
const LONGEST: Duration = Duration::from_millis(100);
/// Bytes by which main's memory may grow in a session, whatever it is sent: a few of the longest frames for each link…
const GROWTH: u64 = 16 << 20;
/// …and with `mojo-like` the blocks of three links, each of which may have 2 MiB of every size.
const BLOCKS: u64 = 80 << 20;
/// Descriptors that main may have more after a session: frames of `mojo-like` that are on their way, each in memory of its own.
const DESCRIPTORS: usize = 32;
/// A phase in which every message loses its wake-up, and waits for main's doubt, takes 20 s.
const PATIENCE: Duration = Duration::from_secs(60);
/// Honest messages of one phase, and the most phases of a session.
const MESSAGES: u64 = 1000;
const PHASES: usize = 50;

/// What came of the sessions of a transport.
#[derive(Default)]
struct Tally {
    sessions: u64,
    honest: u64,
    /// The longest that one of them took, in nanoseconds.
    longest: u64,
    /// The most by which main's memory grew, in bytes.
    growth: u64,
    changes: u64,
    frames: u64,
    /// Links that main has ended, and renderers that it has ended for not reading.
    ended: u64,
    killed: u64,
    at_rest: AtRest,
    faults: Vec<String>,
}

/// Besieges each transport for so long. Answers a table, and whether all was as it must be.
pub(super) fn hostile(
    time: Duration,
    only: &[String],
    seed: u64,
    interrupt: &Interrupt,
    progress: &Progress,
) -> Result<(String, bool), Stop> {
    let mut table = new_table(
        Look::Plain { bold: false },
        [
            "transport",
            "sessions",
            "honest messages",
            "longest",
            "main grew by",
            "attacks",
            "frames",
            "links ended",
            "processes ended",
            "changed at rest",
            "ended by that",
            "faults",
        ],
        1..,
    );
    let (mut faults, mut reasons) = (Vec::new(), BTreeMap::new());
    for name in FAMILIES.iter().flat_map(|(_, names)| names.iter().copied()) {
        let shared = Tactic::Words.is_for(name);
        let wanted = if only.is_empty() { name != TRUSTING } else { only.iter().any(|only| only == name) };
        if !wanted || interrupt.exit_code().is_some() {
            continue;
        }
        let time = if shared { time } else { time / OTHERS };
        let mut tally = Tally::default();
        besiege(name, time, seed, interrupt, progress, (&mut tally, &mut reasons));
        if shared {
            progress.next(&format!("{name}: at rest"));
            let most = (time.as_secs_f64() * AT_REST as f64) as u64;
            let (transport, asked) = (name.to_owned(), interrupt.clone());
            let rest = watched(PATIENCE, move |turn| {
                at_rest(&transport, seed, |changes| {
                    turn.store(changes, Ordering::Relaxed); // that it changes is all
                    changes < most && asked.exit_code().is_none()
                })
            });
            rest.map_or_else(
                |fault| tally.faults.push(format!("{name}: at rest: {fault}")),
                |rest| tally.at_rest = rest,
            );
        }
        table.add_row([
            name.to_owned(),
            tally.sessions.to_string(),
            count(tally.honest as f64),
            nanoseconds(tally.longest as f64),
            format!("{:.1} MiB", tally.growth as f64 / f64::from(1 << 20)),
            count(tally.changes as f64),
            count(tally.frames as f64),
            tally.ended.to_string(),
            tally.killed.to_string(),
            count(tally.at_rest.changes as f64),
            tally.at_rest.ended.to_string(),
            tally.faults.len().to_string(),
        ]);
        faults.extend(tally.faults);
    }
    let mut text = table.trim_fmt() + "\n\nwhy links ended:\n";
    for (reason, times) in reasons {
        text.push_str(&format!("{times:>8}  {reason}\n"));
    }
    faults.iter().for_each(|fault| text.push_str(&format!("FAULT: {fault}\n")));
    Ok((text, faults.is_empty()))
}

/// Does it in a thread of its own: a panic there is an error, and so is a count that has not changed for so long.
fn watched<R: Send + 'static>(
    patience: Duration,
    work: impl FnOnce(&AtomicU64) -> Result<R, String> + Send + 'static,
) -> Result<R, String> {
    let turn = Arc::<AtomicU64>::default();
    let (over, done) = channel::<()>();
    let count = Arc::clone(&turn);
    let thread = std::thread::Builder::new().spawn(move || {
        let _over = over;
        work(&count)
    });
    let (thread, mut seen) = (thread.map_err(|error| error.to_string())?, None);
    while done.recv_timeout(patience) == Err(RecvTimeoutError::Timeout) {
        let now = Some(turn.load(Ordering::Relaxed)); // as above
        if now == seen {
            return Err("it hangs".to_owned());
        }
        seen = now;
    }
    thread.join().unwrap_or_else(|_| Err("a panic, see above".to_owned()))
}

/// One session after the other, each with another tactic.
fn besiege(
    name: &str,
    time: Duration,
    seed: u64,
    interrupt: &Interrupt,
    progress: &Progress,
    (tally, reasons): (&mut Tally, &mut BTreeMap<String, u64>),
) {
    let clock = Clock::system();
    let (begin, mut rng) = (clock.now(), fastrand::Rng::with_seed(seed));
    let tactics = Tactic::ALL.into_iter().filter(|tactic| tactic.is_for(name));
    for tactic in tactics.collect::<Vec<_>>().into_iter().cycle() {
        let over = clock.now() - begin >= time.as_nanos() as u64;
        // Each tactic once at least.
        if interrupt.exit_code().is_some() || over && tally.sessions >= Tactic::ALL.len() as u64 {
            return;
        }
        let case = random_case(name, &mut rng);
        progress.next(&format!("{name}: {tactic:?}"));
        tally.sessions += 1;
        match session(&case, tactic, rng.u64(..), interrupt, tally) {
            Ok(Some(reason)) => *reasons.entry(format!("{name}: {reason}")).or_default() += 1,
            Ok(None) => {}
            Err(Failure::Interrupted) => return,
            Err(failure) => tally.faults.push(format!("{tactic:?}: {}: {failure}", case.id())),
        }
    }
}

/// One session. Answers why the hostile link ended, if it did.
fn session(
    case: &Case,
    tactic: Tactic,
    seed: u64,
    interrupt: &Interrupt,
    tally: &mut Tally,
) -> Result<Option<String>, Failure> {
    let trouble = Trouble { hostile: Some(tactic), ..Trouble::default() };
    let (mut longest, mut siege) = (0, Siege::default());
    let mut session = Session::open_troubled(case, seed, PATIENCE, trouble, interrupt)?;
    let (before, open) = (resident_bytes(session.main_pid()), descriptors_of(session.main_pid()));
    // The honest ones may be done before the hostile one has begun: then once more.
    for _ in 0..PHASES {
        let result = session.run(MESSAGES, 1, 1)?;
        tally.honest += result.checks.received;
        longest = longest.max(result.latency.max());
        siege = result.siege.unwrap_or_default();
        if tactic.has_been_tried(siege.havoc) {
            break;
        }
    }
    let growth = most_resident_bytes(session.main_pid()).saturating_sub(before);
    let more = descriptors_of(session.main_pid()).saturating_sub(open);
    tally.longest = tally.longest.max(longest);
    if u128::from(longest) > LONGEST.as_nanos() {
        return Err(Failure::Failed(format!("an honest window waited for {}", nanoseconds(longest as f64))));
    }
    tally.growth = tally.growth.max(growth);
    if growth > GROWTH + if case.transport == "mojo-like" { BLOCKS } else { 0 } {
        return Err(Failure::Failed(format!("main's memory grew by {} MiB", growth >> 20)));
    }
    if more > DESCRIPTORS {
        return Err(Failure::Failed(format!("main has {more} descriptors more than before")));
    }
    match siege.havoc {
        Some(havoc) if havoc.resized > 0 => {
            return Err(Failure::Failed("shared memory could be made shorter or longer".to_owned()));
        }
        _ if !tactic.has_been_tried(siege.havoc) => {
            return Err(Failure::Failed("nobody attacked".to_owned()));
        }
        Some(havoc) => {
            tally.changes += havoc.changes;
            tally.frames += havoc.frames;
        }
        None => tally.killed += 1,
    }
    tally.ended += u64::from(siege.ended.is_some());
    if siege.havoc.is_some() {
        session.close()?; // main takes leave of it in good order
    }
    Ok(siege.ended)
}

/// Two honest windows and a hostile one, as the dice fall.
fn random_case(name: &str, rng: &mut fastrand::Rng) -> Case {
    loop {
        let workloads = [Workload::Invoke, Workload::Send, Workload::Push, Workload::Broadcast];
        let workload = workloads[rng.usize(..workloads.len())];
        let model = Model {
            windows: 3,
            active: if workload == Workload::Broadcast { 0 } else { 2 }, // all, or all but the hostile one
            wait: [WaitKind::Block, WaitKind::Hybrid][rng.usize(..2)],
            payload: [64, 4096, 65_536, 1 << 20][rng.usize(..4)],
            in_flight: if workload == Workload::Invoke { 1 } else { [1, 8][rng.usize(..2)] },
            pin: Pin::Free,
            ..Model::default()
        };
        let case = Case { transport: name.to_owned(), workload, model };
        if Plan::skip_reason(&case, cpus()).is_none() {
            return case;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Barrier;

    #[test]
    fn who_panics_or_hangs_is_found() {
        let soon = Duration::from_millis(5);
        assert_eq!(watched(Duration::from_secs(60), |_| Ok(7)), Ok(7));
        assert_eq!(
            watched::<()>(Duration::from_secs(60), |_| panic!("as it may")),
            Err("a panic, see above".to_owned())
        );
        let hangs = |_: &AtomicU64| {
            Barrier::new(2).wait();
            Ok(())
        };
        assert_eq!(watched(soon, hangs), Err("it hangs".to_owned()));
    }
}
