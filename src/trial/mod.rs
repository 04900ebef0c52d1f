//! One case in fresh processes: spawn, hand-shake, pin, warm up, probe, time, probe again, reap.
//!
//! ```text
//! supervisor (this process) ──control──▶ main ──control──▶ renderer 0 … N−1
//!        ▲ watches all of them by pidfd       └─ the transport under test ─┘
//! ```
//!
//! Main and renderers are re-executions of this program (see [`enter_if_child`]); under `placement=thread` renderers are
//! threads of main and run the same code. Control travels over sockets of its own, never while messages are timed.

mod bound;
mod calibrate;
mod child;
mod control;
mod distance;
mod failure;
mod floor;
pub mod fuzz;
mod main_role;
mod phase_result;
mod pins;
mod probe;
mod renderer;
mod session;
mod siege;
mod trouble;

pub use bound::{Bounds, Floor};
pub use calibrate::Calibration;
pub use child::enter_if_child;
pub use distance::{Distance, Place};
pub use failure::Failure;
pub use floor::{FloorLine, copy_rates, measure_floors};
pub use phase_result::PhaseResult;
pub use probe::Probe;
pub use session::Session;
pub use siege::{AtRest, Havoc, Siege, Tactic, at_rest};
pub use trouble::Trouble;

use crate::plan::Case;
use crate::sys::clock::Clock;
use crate::sys::cpu::{Usage, allowed, steal_ticks};
use crate::sys::signal::Interrupt;
use crate::workload::ledger::Checks;
use crate::workload::stamp::mix;
use crate::workload::{LatencyKind, MAX_SAMPLES, Phase};
use hdrhistogram::Histogram;
use std::time::Duration;

/// How long the parts of a trial last.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// The measured part, about.
    pub time: Duration,
    /// At least this long before it.
    pub warm_up: Duration,
    /// At least this many messages before it, unless they would take more than three times as long.
    pub warm_up_messages: u64,
    /// A trial that says nothing for this long (beyond the time of its part) hangs.
    pub timeout: Duration,
    /// What main waits before each reply to an `invoke`: a known delay, for a comparison to find.
    pub handicap: Duration,
}

impl Settings {
    /// A measured part of `time`, warm-up as the method asks.
    pub fn new(time: Duration) -> Settings {
        Settings {
            time,
            warm_up: Duration::from_millis(200),
            warm_up_messages: 5_000,
            timeout: Duration::from_secs(20) + 10 * time,
            handicap: Duration::ZERO,
        }
    }
}

/// What a trial brings home.
#[derive(Debug)]
pub struct Measured {
    /// Timed messages.
    pub messages: u64,
    /// Payload bytes that passed with them.
    pub bytes: u64,
    /// From the first message's begin to the last one's end.
    pub elapsed_ns: u64,
    /// Latencies of the sampled messages.
    pub latency: Histogram<u64>,
    /// How much later than its moment each of them was sent, in an open loop.
    pub lag: Option<Histogram<u64>>,
    /// One sample for this many messages.
    pub every: u64,
    /// What the checks found.
    pub checks: Checks,
    /// Distinct processes among main and renderers.
    pub processes: usize,
    /// Consumption of main during the phase.
    pub main: Usage,
    /// Consumption of all renderers during the phase.
    pub renderers: Usage,
    /// What was found of the ways to move bytes, where `copy=auto` had a choice.
    pub calibration: Option<Calibration>,
    /// The host before and after.
    pub probes: [Probe; 2],
    /// Clock ticks that the hypervisor took away meanwhile, over all CPUs.
    pub steal_ticks: u64,
    /// From the first probe to the second.
    pub wall_ns: u64,
    /// The same as a multiple of what the kernel's clock says.
    pub clock_ratio: f64,
}

/// Runs one trial of a case.
///
/// # Errors
/// [`Failure::Failed`] if it could not be completed or a message was not as it must be; [`Failure::Interrupted`] if the
/// user asked to stop. In every case all processes of the trial are gone when this returns.
pub fn run(case: &Case, settings: &Settings, seed: u64, interrupt: &Interrupt) -> Result<Measured, Failure> {
    let trouble = Trouble { handicap: settings.handicap, ..Trouble::default() };
    let mut session = Session::open_troubled(case, seed, settings.timeout, trouble, interrupt)?;
    let pace = warm_up(&mut session, case, settings, seed)?;
    let before = session.probe()?;
    let clock = Clock::system();
    let (steal_0, begin, beside) = (steal_ticks(), clock.now(), clock.beside_kernel());
    let (links, burst) = (case.timed_links(), case.model.load.burst());
    // Whole bursts only: the last one is no shorter than the others.
    let messages = pace.messages_in(settings.time).max(few(case)).max(links).next_multiple_of(links * burst);
    let every = pace.every(case, messages);
    let lead = few(case).min(8).next_multiple_of(burst);
    let result = session.run(messages, lead, every)?;
    let (steal_1, end) = (steal_ticks(), clock.now());
    let clock_ratio = clock.beside_kernel().ratio_since(beside);
    let after = session.probe()?;
    let (processes, calibration) = (session.processes(), session.calibration());
    session.close()?;
    let payloads = messages * case.workload.payloads_per_message(case.model.windows);
    Ok(Measured {
        messages,
        bytes: payloads * case.model.payload as u64,
        elapsed_ns: result.elapsed_ns,
        latency: result.latency,
        lag: result.lag,
        every,
        checks: result.checks,
        processes,
        main: result.main,
        renderers: result.renderers,
        calibration,
        probes: [before, after],
        steal_ticks: steal_1.saturating_sub(steal_0),
        wall_ns: end.saturating_sub(begin),
        clock_ratio,
    })
}

/// Runs one case for a few messages and looks only at whether they arrived as they must.
///
/// # Errors
/// As [`run`].
pub fn verify(
    case: &Case,
    messages: u64,
    seed: u64,
    interrupt: &Interrupt,
) -> Result<(Checks, usize), Failure> {
    /// No message takes as long, of those that are many.
    const EACH: Duration = Duration::from_millis(2);
    let each = EACH.saturating_mul(u32::try_from(messages).unwrap_or(u32::MAX));
    let mut session = Session::open(case, seed, Duration::from_secs(20) + each, interrupt)?;
    let result = session.run(messages.max(case.timed_links()), 1, 1)?;
    let processes = session.processes();
    session.close()?;
    Ok((result.checks, processes))
}

/// How fast messages pass.
#[derive(Clone, Copy, Debug)]
struct Pace {
    ns_per_message: f64,
}

impl Pace {
    fn messages_in(&self, time: Duration) -> u64 {
        (time.as_nanos() as f64 / self.ns_per_message) as u64
    }

    /// One sample for how many messages: the clock shall cost at most a twentieth, and both ends keep the stamps of
    /// one-way messages in bounded memory.
    fn every(&self, case: &Case, messages: u64) -> u64 {
        let per_sample = 20.0 * Clock::system().measure().cost_ns;
        let by_cost = (per_sample / self.ns_per_message).ceil() as u64;
        // A round trip's both ends are seen by one side: nothing is kept but the histogram.
        let by_memory = match case.workload.latency() {
            LatencyKind::RoundTrip => 1,
            _ => messages.div_ceil(case.timed_links()).div_ceil(MAX_SAMPLES),
        };
        by_cost.max(by_memory).max(1).next_power_of_two()
    }
}

/// Bytes that pass in the shortest phase: even slow mechanisms take no more than a moment for them.
const FEW_BYTES: usize = 64 << 20;

/// The fewest messages of a phase: enough for a median, and fewer where one alone takes long.
fn few(case: &Case) -> u64 {
    let payloads = case.workload.payloads_per_message(case.model.windows) as usize;
    (FEW_BYTES / (case.model.payload * payloads).max(1)).clamp(1, 16) as u64
}

/// Growing phases until caches, buffers and the scheduler have settled. The number of messages ahead of the first is
/// random, so that rings start anywhere.
fn warm_up(session: &mut Session, case: &Case, settings: &Settings, seed: u64) -> Result<Pace, Failure> {
    let few = few(case);
    // One at least on each link.
    let least = few.max(case.timed_links());
    let (mut messages, mut total, mut spent_ns) = (least.max(4 * few), 0, 0);
    let goal_ns = settings.warm_up.as_nanos() as u64;
    let mut lead = 1 + mix(seed) % (4 * few);
    loop {
        let result = session.run(messages, lead, 1 << 10)?;
        lead = 1;
        total += messages;
        spent_ns += result.elapsed_ns;
        let pace = Pace { ns_per_message: (result.elapsed_ns as f64 / messages as f64).max(1.0) };
        let long_enough =
            spent_ns >= goal_ns && (total >= settings.warm_up_messages || spent_ns >= 3 * goal_ns);
        if long_enough {
            return Ok(pace);
        }
        let left = goal_ns.saturating_sub(spent_ns).max(goal_ns / 10);
        messages = pace.messages_in(Duration::from_nanos(left)).clamp(least, messages * 32);
    }
}

/// Number of CPUs that this process may use.
pub fn cpus() -> usize {
    allowed().map_or(1, |cpus| cpus.len().max(1))
}

/// The phase that [`Session::run`] describes to both ends.
fn phase(number: u64, messages: u64, lead: u64, every: u64) -> Phase {
    Phase { number, messages, lead, every }
}
