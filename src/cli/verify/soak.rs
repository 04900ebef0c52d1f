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
/// By how much the median of the quickest turn may move, in either direction, as a part of it. What creeps in a session slows every
/// turn, the quickest as well; what the host does, whose speed changes within a second, spares some turns in each quarter.
const DRIFT: f64 = 0.05;
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

    /// The first quarter, without the first round, and the last, in order of size.
    fn ends(figures: &[f64]) -> Option<[Vec<f64>; 2]> {
        let quarter = (figures.len() / 4).max(1);
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
            "quickest",
            "memory grew by",
            "descriptors",
            "verdict",
        ],
        1..8,
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
        let [quickest, still] = p50.map(|end| end[0]);
        let grew = after - before;
        let processes = 1 + kept.case.model.windows as u64;
        let steady = kept.descriptors.first() == kept.descriptors.last();
        let drift = still / quickest - 1.0;
        let creeps = grew > (GROWTH * processes) as f64 || !steady;
        good &= !creeps && drift.abs() <= DRIFT;
        table.add_row([
            kept.case.id(),
            kept.p50.len().to_string(),
            count(kept.passed as f64),
            nanoseconds(early),
            nanoseconds(late),
            format!("{} ({:+.1} %)", nanoseconds(still), drift * 100.0),
            format!("{:.0} KiB", grew / 1024.0),
            format!("{} → {}", kept.descriptors.first().unwrap_or(&0), kept.descriptors.last().unwrap_or(&0)),
            match (creeps, drift.abs() <= DRIFT) {
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
