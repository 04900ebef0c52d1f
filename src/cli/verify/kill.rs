//! `ipcmark verify --kill N`: main or a renderer is killed at a random moment of a workload, and whoever is left is told; nothing stays
//! behind.

mod readers;

use super::super::exit::Stop;
use super::super::progress::Progress;
use super::{FAMILIES, nearest_rank};
use crate::plan::{Case, Model, Pin, Plan};
use crate::report::{Look, nanoseconds, new_table};
use crate::sys::clock::Clock;
use crate::sys::leftovers;
use crate::sys::process::{Process, open_descriptors, own_children};
use crate::sys::signal::Interrupt;
use crate::transport::WaitKind;
use crate::trial::{Failure, PhaseResult, Session, Trouble, cpus};
use crate::workload::Workload;
use rustix::process::Pid;
use std::sync::mpsc::channel;
use std::time::Duration;

/// 99 % of the answers come by then, and all of them by the second.
const SOON: Duration = Duration::from_millis(100);
const LATEST: Duration = Duration::from_secs(1);
/// More messages than anybody waits for, or than fit into any link.
const ENDLESS: u64 = 1 << 40;
/// The latest moment of a kill after messages have begun to pass.
const MOMENTS_US: u64 = 12_000;
/// Messages that pass before and while a reader does not read.
const AROUND: u64 = 4000;

/// What came of the trials of a family.
#[derive(Debug, Default)]
struct Tally {
    trials: u64,
    /// From the kill to the answer, in nanoseconds.
    answers: Vec<u64>,
    /// What should not have been, in words.
    faults: Vec<String>,
}

/// Kills on demand.
pub(super) struct Kills<'a> {
    /// In each family.
    pub(super) count: u64,
    /// Only these transports, if any are named.
    pub(super) only: &'a [String],
    pub(super) seed: u64,
    pub(super) interrupt: &'a Interrupt,
}

impl Kills<'_> {
    /// Does all of it. Answers a table, and whether all was as it must be.
    pub(super) fn run(&self, progress: &Progress) -> Result<(String, bool), Stop> {
        let mut table = new_table(
            Look::Plain { bold: false },
            [
                "family",
                "killed",
                "told: p50",
                "p99",
                "longest",
                "halted, a window halted, slow, halted for good",
                "hangs and leaks",
            ],
            1..,
        );
        let mut faults = Vec::new();
        for (family, names) in FAMILIES {
            let wanted = |name: &&&str| self.only.is_empty() || self.only.iter().any(|only| only == **name);
            let names: Vec<&str> = names.iter().filter(wanted).copied().collect();
            if names.is_empty() {
                continue;
            }
            let (mut tally, readers) = self.family(&names, progress)?;
            tally.answers.sort_unstable();
            let [p50, p99, longest] =
                [0.5, 0.99, 1.0].map(|part| nearest_rank(&tally.answers, part).unwrap_or_default());
            if u128::from(p99) > SOON.as_nanos() {
                faults.push(format!("{family}: one in a hundred was told after {}", nanoseconds(p99 as f64)));
            }
            table.add_row([
                family.to_owned(),
                tally.trials.to_string(),
                nanoseconds(p50 as f64),
                nanoseconds(p99 as f64),
                nanoseconds(longest as f64),
                readers,
                tally.faults.len().to_string(),
            ]);
            faults.extend(tally.faults);
        }
        let mut text = table.trim_fmt() + "\n";
        faults.iter().for_each(|fault| text.push_str(&format!("{fault}\n")));
        Ok((text, faults.is_empty()))
    }

    /// Answers also how many transports went on, for each way not to read.
    fn family(&self, names: &[&str], progress: &Progress) -> Result<(Tally, String), Stop> {
        let mut rng = fastrand::Rng::with_seed(self.seed);
        let mut tally = Tally::default();
        leftovers::sweep();
        let mut went_on = Vec::new();
        for (what, workload, windows, reader) in readers::ALL {
            let mut good = 0;
            for name in names {
                progress.next(&format!("{name}: {what}"));
                let model = Model { windows, in_flight: 16, ..Model::default() };
                let case = Case { transport: (*name).to_owned(), workload, model };
                match reader(&case, self.seed, self.interrupt) {
                    Ok(()) => good += 1,
                    Err(Failure::Interrupted) => return Ok((tally, String::new())),
                    Err(failure) => tally.faults.push(format!("{}: {what}: {failure}", case.id())),
                }
            }
            went_on.push(format!("{good} of {}", names.len()));
        }
        while tally.trials < self.count {
            let name = names[tally.trials as usize % names.len()];
            if self.interrupt.exit_code().is_some() {
                break;
            }
            let Some(case) = random_case(name, &mut rng) else { continue };
            progress.next(&case.id());
            let descriptors = open_descriptors();
            self.trial(&case, &mut rng, &mut tally);
            let left = open_descriptors().saturating_sub(descriptors);
            if left > 0 {
                tally.faults.push(format!("{}: {left} descriptors left open", case.id()));
            }
            tally.trials += 1;
            progress.done();
        }
        let children = own_children();
        if children > 0 {
            tally.faults.push(format!("{}: {children} children are left", names.join(", ")));
        }
        tally.faults.extend(leftovers::sweep().iter().map(|path| format!("left behind: {}", path.display())));
        Ok((tally, went_on.join(", ")))
    }

    /// Kills one process of a trial that is under way.
    fn trial(&self, case: &Case, rng: &mut fastrand::Rng, tally: &mut Tally) {
        let mut fault = |fault: String| tally.faults.push(format!("{}: {fault}", case.id()));
        // The links shall tell renderers that main has gone, and not the kernel end them for it. Renderers in pairs do not
        // look at their links to main.
        let trouble = Trouble { outlive: case.workload != Workload::Port, ..Trouble::default() };
        let patience = Duration::from_secs(5);
        let mut session = match Session::open_troubled(case, rng.u64(..), patience, trouble, self.interrupt) {
            Ok(session) => session,
            Err(failure) => return fault(failure.to_string()),
        };
        let names = session.names();
        // A pair's own link may still be under way.
        if !names.is_empty() && case.workload != Workload::Port {
            fault(format!("found by a name although all are connected: {names:?}"));
        }
        let pids = session.renderer_pids().into_iter().chain([session.main_pid()]);
        let mut held: Vec<Process> =
            pids.filter_map(|pid| Process::hold(Pid::from_raw(pid.cast_signed())?).ok()).collect();
        let place = rng.usize(..held.len());
        let main_dies = place + 1 == held.len();
        let victim = held.swap_remove(place);
        let moment = Duration::from_micros(rng.u64(..MOMENTS_US));
        let (outcome, killed, told) = run_and_kill(&mut session, &victim, moment);
        // If main was killed, whoever is left is told when the last renderer has ended by itself.
        let latest = Duration::from_nanos((killed + LATEST.as_nanos() as u64).saturating_sub(told));
        let ended = wait_for_all(&held, latest);
        let told = if main_dies { Clock::system().now() } else { told };
        let took = told.saturating_sub(killed);
        tally.answers.push(took);
        let mut fault = |fault: String| tally.faults.push(format!("{}: {fault}", case.id()));
        match outcome {
            Err(Failure::Failed(reason)) if reason.starts_with("hung") => fault(reason),
            // It was ended for that after a while, and would have waited for ever.
            Err(Failure::Failed(reason)) if reason.contains("did not notice") => fault(reason),
            // A message that was under way when its sender died may be cut short, and must be noticed.
            Err(_) => {}
            Ok(_) => fault("an endless phase ended well".to_owned()),
        }
        if !ended {
            fault("a process still runs, a second after another was killed".to_owned());
        } else if u128::from(took) > LATEST.as_nanos() {
            fault(format!("told after {}", nanoseconds(took as f64)));
        }
    }
}

/// Whether all have ended within a time that they share.
fn wait_for_all(processes: &[Process], limit: Duration) -> bool {
    let clock = Clock::system();
    let until = clock.now() + limit.as_nanos() as u64;
    let left = || Duration::from_nanos(until.saturating_sub(clock.now()));
    processes.iter().all(|process| process.reap(left()).is_some())
}

/// Runs an endless phase and kills one of its processes. Answers what came of it, when that was, and when somebody was told.
fn run_and_kill(
    session: &mut Session,
    victim: &Process,
    moment: Duration,
) -> (Result<PhaseResult, Failure>, u64, u64) {
    let clock = Clock::system();
    let (over, done) = channel::<()>();
    std::thread::scope(|scope| {
        let killer = scope.spawn(move || {
            let _ = done.recv_timeout(moment); // it ends early only if the phase does, which is a fault
            victim.kill();
            clock.now()
        });
        let outcome = session.run(ENDLESS, 1, 1 << 10);
        let told = clock.now();
        drop(over);
        (outcome, killer.join().unwrap_or(told), told)
    })
}

/// A case of this transport that this host can run, as the dice fall.
fn random_case(transport: &str, rng: &mut fastrand::Rng) -> Option<Case> {
    let workload = Workload::ALL[rng.usize(..Workload::ALL.len())];
    let windows = if workload == Workload::Port { 2 } else { [1, 1, 3][rng.usize(..3)] };
    let waits = [WaitKind::Block, WaitKind::Block, WaitKind::Hybrid, WaitKind::Spin];
    let model = Model {
        windows,
        wait: waits[rng.usize(..waits.len())],
        payload: [0, 64, 4096, 65536][rng.usize(..4)],
        in_flight: if workload == Workload::Invoke { 1 } else { 16 },
        pin: Pin::Free,
        ..Model::default()
    };
    let case = Case { transport: transport.to_owned(), workload, model };
    Plan::skip_reason(&case, cpus()).is_none().then_some(case)
}
