//! `ipcmark verify --soak TIME`: a mixed load on sessions that stay open, and whether memory, descriptors or latencies creep.

use super::super::exit::Stop;
use super::super::progress::Progress;
use crate::plan::{Case, Model, Pin, Plan};
use crate::report::{Look, count, nanoseconds, new_table};
use crate::stats::median;
use crate::sys::clock::Clock;
use crate::sys::process::{descriptors_of, resident_bytes};
use crate::sys::signal::Interrupt;
use crate::trial::{Failure, Session, cpus};
use crate::workload::Workload;
use std::time::Duration;

/// What is kept open: every family of mechanisms, every workload, small and large.
const LOAD: [(&str, Workload, usize, usize); 9] = [
    ("shm", Workload::Invoke, 1, 64),
    ("shm", Workload::Broadcast, 4, 4096),
    ("mojo-like", Workload::Invoke, 1, 100_000),
    ("eventfd", Workload::Push, 2, 4096),
    ("pipe", Workload::Send, 1, 64),
    ("uds-stream", Workload::Invoke, 2, 65_536),
    ("uds-seqpacket", Workload::Port, 2, 64),
    ("posix-mq", Workload::Send, 1, 64),
    ("ipc-channel", Workload::Send, 1, 4096),
];
/// How long each of them runs in a round.
const TURN: Duration = Duration::from_millis(100);
/// By how much medians of turns may move, in either direction, as a part of them.
///
/// The host has a few speeds and changes between them within a second: how many turns have which is its own affair, and decides where the
/// middle of all turns lies. What creeps in a session moves the quick turns and the slow ones alike. So both are judged, and a session
/// drifts by what both have moved at least.
const DRIFT: f64 = 0.05;
/// Which turns are quick, and which slow, as parts of all. Not the very first: of hundreds one may have had luck.
const MODES: [f64; 2] = [0.02, 0.9];
/// Memory that allocators and the kernel may take after a while, for each process.
const GROWTH: u64 = 1 << 20;

/// One session and what was seen of it, a figure a round.
struct Kept {
    case: Case,
    session: Session,
    messages: u64,
    passed: u64,
    p50: Vec<f64>,
    resident: Vec<f64>,
    descriptors: Vec<usize>,
}

/// Runs the load for so long. Answers a table, and whether nothing crept.
pub(super) fn soak(
    time: Duration,
    seed: u64,
    interrupt: &Interrupt,
    progress: &Progress,
) -> Result<(String, bool), Stop> {
    let (mut all, mut faults) = (Vec::new(), Vec::new());
    for (transport, workload, windows, payload) in LOAD {
        // One message on its way: with several, a latency is mostly queue, and how long that is on one CPU is the scheduler's whim.
        let model = Model { windows, payload, pin: Pin::Same, ..Model::default() };
        let case = Case { transport: transport.to_owned(), workload, model };
        if Plan::skip_reason(&case, cpus()).is_some() {
            continue;
        }
        match Kept::open(case.clone(), seed, interrupt) {
            Ok(kept) => all.push(kept),
            Err(Failure::Interrupted) => break,
            Err(failure) => faults.push(format!("{}: {failure}", case.id())),
        }
    }
    let clock = Clock::system();
    let begin = clock.now();
    if all.is_empty() && faults.is_empty() {
        faults.push("none of the load can run on this host".to_owned());
    }
    let time = if faults.is_empty() { time } else { Duration::ZERO };
    'all: while Duration::from_nanos(clock.now() - begin) < time && interrupt.exit_code().is_none() {
        for kept in &mut all {
            progress.next(&kept.case.id());
            match kept.turn() {
                Ok(()) => {}
                Err(Failure::Interrupted) => break,
                Err(failure) => {
                    faults.push(format!("{}: {failure}", kept.case.id()));
                    break 'all;
                }
            }
        }
        progress.done();
    }
    let (mut text, good) = table(&all);
    faults.iter().for_each(|fault| text.push_str(&format!("{fault}\n")));
    Ok((text, good && faults.is_empty()))
}

impl Kept {
    fn open(case: Case, seed: u64, interrupt: &Interrupt) -> Result<Kept, Failure> {
        let mut session = Session::open(&case, seed, Duration::from_secs(30), interrupt)?;
        // As many messages as pass in a turn.
        let first = session.run(500, 1, 1)?;
        let messages = (500.0 * TURN.as_nanos() as f64 / first.elapsed_ns.max(1) as f64) as u64;
        let messages = messages.clamp(500, 1 << 20).next_multiple_of(case.model.windows as u64);
        let (p50, resident, descriptors) = (Vec::new(), Vec::new(), Vec::new());
        Ok(Kept { case, session, messages, passed: 0, p50, resident, descriptors })
    }

    fn turn(&mut self) -> Result<(), Failure> {
        let result = self.session.run(self.messages, 1, 1)?;
        self.passed += result.checks.received;
        self.p50.push(result.latency.value_at_quantile(0.5) as f64);
        let pids: Vec<u32> =
            self.session.renderer_pids().into_iter().chain([self.session.main_pid()]).collect();
        self.resident.push(pids.iter().map(|&pid| resident_bytes(pid)).sum::<u64>() as f64);
        self.descriptors.push(pids.iter().map(|&pid| descriptors_of(pid)).sum());
        Ok(())
    }

    /// The first quarter, without the first round, and the last, in order of size; none of so few that these would meet.
    fn ends(figures: &[f64]) -> Option<[Vec<f64>; 2]> {
        let quarter = (figures.len() / 4).max(1);
        if figures.len() < 1 + 2 * quarter {
            return None;
        }
        let sorted = |part: &[f64]| {
            let mut part = part.to_vec();
            part.sort_by(f64::total_cmp);
            part
        };
        Some([sorted(figures.get(1..=quarter)?), sorted(figures.get(figures.len() - quarter..)?)])
    }
}

fn table(all: &[Kept]) -> (String, bool) {
    let mut table = new_table(
        Look::Plain { bold: false },
        [
            "case",
            "rounds",
            "messages",
            "p50 at first",
            "at last",
            "quick turns",
            "slow turns",
            "memory grew by",
            "descriptors",
            "verdict",
        ],
        1..9,
    );
    let (mut good, mut passed, mut short) = (true, 0, 0);
    for kept in all {
        passed += kept.passed;
        let (Some(p50), Some(resident)) = (Kept::ends(&kept.p50), Kept::ends(&kept.resident)) else {
            good = false;
            short += 1;
            continue;
        };
        let middles = |ends: &[Vec<f64>; 2]| ends.each_ref().map(|end| median(end).unwrap_or(f64::NAN));
        let [[early, late], [before, after]] = [&p50, &resident].map(middles);
        let grew = after - before;
        let processes = 1 + kept.case.model.windows as u64;
        let steady = kept.descriptors.first() == kept.descriptors.last();
        let moved = MODES.map(|part| p50.each_ref().map(|end| end[(end.len() as f64 * part) as usize]));
        let moved = moved.map(|[early, late]| late / early - 1.0);
        let drift = at_least(moved);
        let creeps = grew > (GROWTH * processes) as f64 || !steady;
        good &= !creeps && drift <= DRIFT;
        table.add_row([
            kept.case.id(),
            kept.p50.len().to_string(),
            count(kept.passed as f64),
            nanoseconds(early),
            nanoseconds(late),
            percent(moved[0]),
            percent(moved[1]),
            format!("{:.0} KiB", grew / 1024.0),
            format!("{} → {}", kept.descriptors.first().unwrap_or(&0), kept.descriptors.last().unwrap_or(&0)),
            match (creeps, drift <= DRIFT) {
                (true, _) => "creeps",
                (false, false) => "drifts",
                (false, true) => "steady",
            }
            .to_owned(),
        ]);
    }
    let mut line =
        format!("{} messages checked, none lost, doubled, reordered or changed\n", count(passed as f64));
    if short > 0 {
        line.push_str(&format!("{short} cases had too few rounds to tell anything: take more time\n"));
    }
    (format!("{}\n{line}", table.trim_fmt()), good)
}

fn percent(moved: f64) -> String {
    format!("{:+.1} %", moved * 100.0)
}

/// By how much both have moved in one direction.
fn at_least([one, other]: [f64; 2]) -> f64 {
    if one.signum() == other.signum() { one.abs().min(other.abs()) } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_creep_moves_both_kinds_of_turns_and_the_host_one() {
        assert_eq!(at_least([0.2, 0.1]), 0.1);
        assert_eq!(at_least([-0.2, -0.3]), 0.2);
        assert_eq!(at_least([0.001, 0.3]), 0.001);
        assert_eq!(at_least([-0.2, 0.3]), 0.0);
    }

    #[test]
    fn quarters_that_meet_tell_nothing() {
        assert_eq!(Kept::ends(&[9.0, 1.0]), None);
        assert_eq!(Kept::ends(&[9.0, 1.0, 2.0]), Some([vec![1.0], vec![2.0]]));
        let many: Vec<f64> = (0..=12).map(f64::from).rev().collect();
        assert_eq!(Kept::ends(&many), Some([vec![9.0, 10.0, 11.0], vec![0.0, 1.0, 2.0]]));
    }
}
