//! Proofs that anyone can repeat: that what is equal is found equal, that a known difference is found, and that an open loop
//! shows what a closed one hides.

use super::exit::Stop;
use crate::plan::{Case, Model, Pin};
use crate::report::nanoseconds;
use crate::stats::{Shift, holm, paired};
use crate::sys::clock::Clock;
use crate::sys::cpu::{allowed, restrict};
use crate::sys::process::Process;
use crate::sys::signal::Interrupt;
use crate::trial::{self, Failure, Session, Settings};
use crate::workload::{Arrivals, MAX_SAMPLES, Workload};
use hdrhistogram::Histogram;
use rustix::process::Pid;
use serde_json::{Value, json};
use std::sync::mpsc::channel;
use std::time::Duration;

/// What is compared with itself: the plainest case, which depends on no distance.
fn subject() -> Case {
    let model = Model { pin: Pin::Same, ..Model::default() };
    Case { transport: "pipe".to_owned(), workload: Workload::Invoke, model }
}

/// An effect under this is none.
const FLOOR: f64 = 0.02;

/// Comparisons of a case with itself, or with itself slowed down.
pub(super) struct Comparisons {
    pub(super) count: u64,
    /// Pairs in each.
    pub(super) trials: u64,
    pub(super) time: Duration,
    /// How much slower one side is made.
    pub(super) percent: u64,
    pub(super) seed: u64,
}

impl Comparisons {
    /// Makes all of them; as text and as a document.
    pub(super) fn run(&self, interrupt: &Interrupt) -> Result<(String, Value), Stop> {
        let mut rng = fastrand::Rng::with_seed(self.seed);
        let handicap = self.handicap(interrupt)?;
        let mut shifts = Vec::new();
        for _ in 0..self.count {
            match self.one(handicap, &mut rng, interrupt)? {
                Some(shift) => shifts.push(shift),
                None => break, // stopped
            }
        }
        let flagged = shifts.iter().filter(|shift| is_told(shift)).count();
        let adjusted = holm(&shifts.iter().map(|shift| shift.p).collect::<Vec<f64>>());
        let among_all =
            shifts.iter().zip(&adjusted).filter(|(shift, p)| is_told(shift) && **p <= 0.05).count();
        let mut sizes: Vec<f64> = shifts.iter().map(|shift| shift.estimate.exp_m1()).collect();
        sizes.sort_by(f64::total_cmp);
        let middle = crate::stats::median(&sizes).unwrap_or(0.0);
        let (what, found) = match self.percent {
            0 => ("identical comparisons", "a difference was found in"),
            _ => ("comparisons with one side slowed down", "it was found in"),
        };
        let text = format!(
            "{} {what} of {}, {} pairs of trials each{}\n{found} {flagged}, and in {among_all} with all of them counted (Holm); median effect {:+.1} %\n",
            shifts.len(),
            subject().id(),
            self.trials,
            if self.percent > 0 {
                format!(", by {} % ({} a reply)", self.percent, nanoseconds(handicap.as_nanos() as f64))
            } else {
                String::new()
            },
            middle * 100.0,
        );
        let document = json!({
            "comparisons": shifts.len(), "flagged": flagged, "flagged_after_holm": among_all, "trials": self.trials,
            "injected_percent": self.percent, "median_effect": middle, "case": subject().id(), "seed": self.seed,
        });
        Ok((text, document))
    }

    /// Half of one comparison's interval: the smallest change that can be told now.
    pub(super) fn half_width(&self, interrupt: &Interrupt) -> Result<Option<f64>, Stop> {
        let shift = self.one(Duration::ZERO, &mut fastrand::Rng::with_seed(self.seed), interrupt)?;
        Ok(shift.map(|shift| (shift.interval[1] - shift.interval[0]) / 2.0).filter(|half| half.is_finite()))
    }

    /// The delay that is so much of a call.
    fn handicap(&self, interrupt: &Interrupt) -> Result<Duration, Stop> {
        if self.percent == 0 {
            return Ok(Duration::ZERO);
        }
        let p50 = self.p50(Duration::ZERO, self.seed, interrupt)?.unwrap_or(0.0);
        Ok(Duration::from_nanos((p50 * self.percent as f64 / 100.0) as u64))
    }

    /// One comparison: pairs in a balanced random order. `None` if the user stopped it.
    fn one(
        &self,
        handicap: Duration,
        rng: &mut fastrand::Rng,
        interrupt: &Interrupt,
    ) -> Result<Option<Shift>, Stop> {
        let mut differences = Vec::new();
        let mut first = rng.bool();
        for pair in 0..self.trials {
            // Each order comes once in two pairs.
            first = if pair % 2 == 0 { rng.bool() } else { !first };
            let mut sides = [0.0; 2];
            for side in if first { [0, 1] } else { [1, 0] } {
                let delay = if side == 1 { handicap } else { Duration::ZERO };
                match self.p50(delay, rng.u64(..1 << 48), interrupt)? {
                    Some(p50) => sides[side] = p50,
                    None => return Ok(None),
                }
            }
            differences.push((sides[1] / sides[0]).ln());
        }
        Ok(paired(&differences, 0.95))
    }

    /// The median of one trial.
    fn p50(&self, handicap: Duration, seed: u64, interrupt: &Interrupt) -> Result<Option<f64>, Stop> {
        let warm_up = Duration::from_millis(30);
        let settings = Settings { handicap, warm_up, warm_up_messages: 500, ..Settings::new(self.time) };
        match trial::run(&subject(), &settings, seed, interrupt) {
            Ok(measured) => Ok(Some(measured.latency.value_at_quantile(0.5) as f64)),
            Err(Failure::Interrupted) => Ok(None),
            Err(failure) => Err(Stop::Content { what: subject().id(), why: failure.to_string() }),
        }
    }
}

fn is_told(shift: &Shift) -> bool {
    (shift.interval[0] > 0.0 || shift.interval[1] < 0.0) && shift.estimate.abs() > FLOOR.ln_1p()
}

/// How often the clock of one CPU was behind what another one had read just before: a million readings by turns on two CPUs.
pub(super) fn steps_back(clock: Clock) -> Result<u64, Stop> {
    let cpus = allowed()?;
    let look = move || {
        let mut back = 0;
        let mut last = 0;
        for _ in 0..200 {
            for &cpu in &cpus {
                if restrict(&[cpu]).is_ok() {
                    for _ in 0..1000 {
                        let now = clock.now();
                        back += u64::from(now < last);
                        last = now;
                    }
                }
            }
        }
        back
    };
    // A thread of its own: it changes its CPU.
    std::thread::spawn(look).join().map_err(|_| std::io::Error::other("the clock's thread panicked").into())
}

/// A reader that is halted for a while.
pub(super) struct Stall;

impl Stall {
    const RATE: u64 = 10_000;
    const SECONDS: u64 = 5;
    const HALT: Duration = Duration::from_millis(100);
    const BEFORE: Duration = Duration::from_millis(500);

    /// Measures the same stall in both loops.
    pub(super) fn run(interrupt: &Interrupt) -> Result<(String, Value), Stop> {
        let open = Stall::measure(Arrivals::Open { rate: Stall::RATE, poisson: false }, interrupt)?;
        let closed = Stall::measure(Arrivals::Closed, interrupt)?;
        let quantiles = |latency: &Histogram<u64>| [0.5, 0.99, 0.999].map(|q| latency.value_at_quantile(q));
        let row = |name: &str, latency: &Histogram<u64>| {
            let [p50, p99, p999] = quantiles(latency).map(|ns| nanoseconds(ns as f64));
            format!("{name:<12} {p50:>10} {p99:>10} {p999:>10} {:>10}\n", nanoseconds(latency.max() as f64))
        };
        let text = format!(
            "pipe, send of 64 B, {}/s for {} s; main is halted for 100 ms\n{:<12} {:>10} {:>10} {:>10} {:>10}\n{}{}\
             A stall of 100 ms in 5 s meets 2 % of what comes meanwhile: p99 is the half of it, p99.9 nearly all. The closed loop asks once.\n",
            Stall::RATE,
            Stall::SECONDS,
            "",
            "p50",
            "p99",
            "p99.9",
            "max",
            row("open loop", &open),
            row("closed loop", &closed),
        );
        let document = |latency: &Histogram<u64>| {
            let [p50, p99, p999] = quantiles(latency);
            json!({ "p50_ns": p50, "p99_ns": p99, "p999_ns": p999, "max_ns": latency.max(), "messages": latency.len() })
        };
        Ok((
            text,
            json!({ "stall_ns": Stall::HALT.as_nanos() as u64, "open": document(&open), "closed": document(&closed) }),
        ))
    }

    fn measure(load: Arrivals, interrupt: &Interrupt) -> Result<Histogram<u64>, Stop> {
        let model = Model { load, ..Model::default() };
        let case = Case { transport: "pipe".to_owned(), workload: Workload::Send, model };
        let failed = |failure: Failure| Stop::Content { what: case.id(), why: failure.to_string() };
        let mut session = Session::open(&case, 1, Duration::from_secs(60), interrupt).map_err(failed)?;
        let warm = session.run(2000, 1, 1).map_err(failed)?;
        let pace = warm.elapsed_ns as f64 / 2000.0;
        let messages = match load {
            Arrivals::Open { rate, .. } => rate * Stall::SECONDS,
            _ => (Stall::SECONDS as f64 * 1e9 / pace) as u64,
        };
        // No more than are kept a time of: each message is a sample, and the one that meets the stall among them.
        let messages = messages.min(MAX_SAMPLES);
        let main = Pid::from_raw(session.main_pid().cast_signed()).map(Process::hold);
        let (over, done) = channel::<()>();
        let result = std::thread::scope(|scope| {
            scope.spawn(move || {
                // Once it is well under way, and long before it is over.
                let begun = done.recv_timeout(Stall::BEFORE).is_err();
                if let Some(Ok(main)) = main.filter(|_| begun) {
                    main.halt();
                    let _ = done.recv_timeout(Stall::HALT);
                    main.resume();
                }
            });
            let result = session.run(messages, 100, 1);
            drop(over);
            result
        });
        let latency = result.map_err(failed)?.latency;
        session.close().map_err(failed)?;
        Ok(latency)
    }
}
