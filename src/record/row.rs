//! One trial as one JSON object. Integers are nanoseconds, bytes and counts; nothing is rounded here.

use super::noise::Noise;
use super::offered::Offered;
use crate::plan::{Case, Model, Pin};
use crate::sys::counters::Counts;
use crate::sys::cpu::Usage;
use crate::transport::WaitKind;
use crate::trial::{Bounds, Calibration, Failure, Floor, Measured, Place};
use crate::workload::ledger::Checks;
use crate::workload::tally::Encoded;
use crate::workload::{LatencyKind, Workload};
use serde::{Deserialize, Serialize};

/// Raised whenever a field changes its meaning; older files still load.
pub const SCHEMA: u32 = 1;

/// Whether a trial counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// It does.
    Ok,
    /// It was begun and could not be completed, or a check failed.
    Failed,
    /// This host cannot run it.
    Skipped,
}

/// One trial.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// [`SCHEMA`] of the writer.
    pub schema: u32,
    /// Which run.
    pub run: String,
    /// Which trial of its case, from 0.
    pub trial: u64,
    /// Place in the run, from 0; skipped cases have none.
    #[serde(default)]
    pub order: Option<u64>,
    /// The place of the trial that the host disturbed and that this one stands for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repeats: Option<u64>,
    /// The run's seed.
    pub seed: u64,
    /// Whether it counts.
    pub status: Status,
    /// Why it does not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What was run.
    pub case: CaseRow,
    /// Timed messages, lost ones included.
    #[serde(default)]
    pub messages: u64,
    /// Payload bytes of them, in all directions and to all windows.
    #[serde(default)]
    pub bytes: u64,
    /// From the first message's begin to the last one's end.
    #[serde(default)]
    pub elapsed_ns: u64,
    /// Distribution of latencies.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latency_ns: Option<Latency>,
    /// Rates over `elapsed_ns`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub throughput: Option<Throughput>,
    /// What an open loop offered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offered: Option<Offered>,
    /// Consumption.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu: Option<Cpu>,
    /// What the checks found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checks: Option<ChecksRow>,
    /// What was found of the ways to move bytes before the trial, where `copy=auto` had a choice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calibration: Option<Calibration>,
    /// What bounds the case, measured around the trial.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub floor: Option<FloorRow>,
    /// How quiet the host was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub noise: Option<Noise>,
}

/// A case as it stands in a record.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CaseRow {
    /// Its name.
    pub id: String,
    /// The mechanism.
    pub transport: String,
    /// What was timed.
    pub workload: Workload,
    /// Under which settings.
    pub model: Model,
}

impl From<&Case> for CaseRow {
    fn from(case: &Case) -> CaseRow {
        CaseRow {
            id: case.id(),
            transport: case.transport.clone(),
            workload: case.workload,
            model: case.model.clone(),
        }
    }
}

/// Latencies in nanoseconds. A quantile is `None` where there are too few samples for it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Latency {
    /// What it is from and to.
    pub kind: LatencyKind,
    /// Samples.
    pub count: u64,
    /// One sample for this many messages; of round trips, the mean of the group.
    #[serde(default = "one")]
    pub every: u64,
    /// Smallest.
    pub min: u64,
    /// Median.
    pub p50: Option<u64>,
    /// 90 %.
    pub p90: Option<u64>,
    /// 99 %, from 1,000 samples.
    pub p99: Option<u64>,
    /// 99.9 %, from 10,000 samples.
    pub p999: Option<u64>,
    /// Largest.
    pub max: u64,
    /// Mean.
    pub mean: f64,
    /// All of it: HDR V2 in base64.
    pub histogram: String,
}

fn one() -> u64 {
    1
}

/// Rates.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Throughput {
    /// Messages in a second, of those that arrived.
    pub messages_per_s: f64,
    /// Payload bytes in a second.
    pub bytes_per_s: f64,
}

/// Consumption of both sides.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Cpu {
    /// Main.
    pub main: Usage,
    /// All renderers together.
    pub renderers: Usage,
    /// CPU time of both for one message, in nanoseconds.
    pub ns_per_message: f64,
}

/// What the checks found, and in how many processes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChecksRow {
    /// The counts.
    #[serde(flatten)]
    pub checks: Checks,
    /// Distinct processes among main and renderers.
    pub processes: usize,
}

/// What bounds a case from below.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FloorRow {
    /// What was measured.
    pub name: String,
    /// What of the trial it bounds.
    #[serde(default, skip_serializing_if = "Bounds::is_latency")]
    pub bounds: Bounds,
    /// Mean of the readings before and after, in nanoseconds; the smaller one if they differ by more than 30 %.
    pub ns: f64,
    /// What it bounds as a multiple of it: the median latency, or the time for each message.
    pub ratio: f64,
}

impl Record {
    /// The record of a case that this host cannot run.
    pub fn skipped(run: &str, seed: u64, case: &Case, reason: &str) -> Record {
        Record::bare(run, 0, None, seed, case, Status::Skipped, Some(reason.to_owned()))
    }

    /// The record of a trial. `usual_sentinel_ns` is the run's median so far.
    pub fn of_trial(
        run: &str,
        (trial, order, seed): (u64, u64, u64),
        case: &Case,
        outcome: &Result<Measured, Failure>,
        usual_sentinel_ns: Option<f64>,
    ) -> Record {
        let bare = |status, reason| Record::bare(run, trial, Some(order), seed, case, status, reason);
        match outcome {
            Ok(measured) => bare(Status::Ok, None).with(measured, usual_sentinel_ns),
            Err(failure) => {
                let checks = match *failure {
                    Failure::Wrong { checks, processes } => Some(ChecksRow { checks, processes }),
                    Failure::Failed(_) | Failure::Interrupted => None,
                };
                Record { checks, ..bare(Status::Failed, Some(failure.to_string())) }
            }
        }
    }

    fn bare(
        run: &str,
        trial: u64,
        order: Option<u64>,
        seed: u64,
        case: &Case,
        status: Status,
        reason: Option<String>,
    ) -> Record {
        Record {
            schema: SCHEMA,
            run: run.to_owned(),
            trial,
            order,
            repeats: None,
            seed,
            status,
            reason,
            case: case.into(),
            messages: 0,
            bytes: 0,
            elapsed_ns: 0,
            latency_ns: None,
            throughput: None,
            offered: None,
            cpu: None,
            checks: None,
            calibration: None,
            floor: None,
            noise: None,
        }
    }

    fn with(self, measured: &Measured, usual_sentinel_ns: Option<f64>) -> Record {
        // What was lost has not passed.
        let delivered = measured.checks.delivered();
        let per_second = |count: u64| count as f64 * delivered * 1e9 / measured.elapsed_ns.max(1) as f64;
        let cpu_ns = measured.main.cpu_ns() + measured.renderers.cpu_ns();
        let latency = Latency::new(measured, self.case.workload.latency());
        let [before, after] = &measured.probes;
        let floor = match (&before.floor, &after.floor) {
            (Some(a), Some(b)) if a.name == b.name && a.ns.max(b.ns) <= 1.3 * a.ns.min(b.ns) => {
                Some(Floor { ns: (a.ns + b.ns) / 2.0, ..a.clone() })
            }
            // The bound changed between the readings, or something came between: the lower one still holds.
            (Some(a), Some(b)) => Some(if a.ns < b.ns { a.clone() } else { b.clone() }),
            _ => None,
        };
        let floor = floor.and_then(|Floor { name, bounds, ns }| {
            let bounded = match bounds {
                Bounds::Latency => latency.p50? as f64,
                Bounds::Message => measured.elapsed_ns as f64 / measured.messages.max(1) as f64,
            };
            Some(FloorRow { name, bounds, ns, ratio: bounded / ns })
        });
        let cpu_share = self.cpu_share(measured);
        Record {
            messages: measured.messages,
            bytes: measured.bytes,
            elapsed_ns: measured.elapsed_ns,
            throughput: Some(Throughput {
                messages_per_s: per_second(measured.messages),
                bytes_per_s: per_second(measured.bytes),
            }),
            offered: Offered::of(&self.case, measured),
            cpu: Some(Cpu {
                main: measured.main,
                renderers: measured.renderers,
                ns_per_message: cpu_ns as f64 / measured.messages.max(1) as f64,
            }),
            checks: Some(ChecksRow { checks: measured.checks, processes: measured.processes }),
            calibration: measured.calibration,
            floor,
            noise: Some(Noise::of(measured, usual_sentinel_ns, cpu_share)),
            latency_ns: Some(latency),
            ..self
        }
    }

    /// How much of the time the ends had their CPUs, if they never slept; main's alone where several renderers share theirs, and
    /// the renderers' alone where main only looks on.
    fn cpu_share(&self, measured: &Measured) -> Option<f64> {
        let share = |usage: &Usage| usage.cpu_ns() as f64 / measured.elapsed_ns.max(1) as f64;
        let (main, renderers) = (share(&measured.main), share(&measured.renderers));
        let model = &self.case.model;
        let share = match self.case.workload {
            Workload::Port => renderers / model.windows as f64, // who spins is a pair by itself
            _ if model.active_windows() == 1 => main.min(renderers),
            _ => main,
        };
        (model.wait == WaitKind::Spin).then_some(share)
    }

    /// What hardware counted on both sides for one message, where it did.
    pub fn counts_per_message(&self) -> Option<[f64; 3]> {
        let Cpu { main, renderers, .. } = self.cpu?;
        let Counts { cycles, instructions, cache_misses } = main.plus(renderers).hardware?;
        Some([cycles, instructions, cache_misses].map(|count| count as f64 / self.messages.max(1) as f64))
    }

    /// Whether the host disturbed the trial.
    pub fn is_dirty(&self) -> bool {
        self.noise.is_some_and(|noise| noise.dirty)
    }

    /// Where the ends were.
    pub fn place(&self) -> Place {
        let distance = self.noise.and_then(|noise| noise.distance);
        // Where the scheduler puts the ends, nobody knows how far they are apart.
        distance.filter(|_| self.case.model.pin != Pin::Free).map_or(Place::One, |distance| distance.place())
    }

    /// Context switches of both sides for one message, wanted and unwanted.
    pub fn switches_per_message(&self) -> Option<f64> {
        let Cpu { main, renderers, .. } = self.cpu?;
        let both = main.plus(renderers);
        Some((both.voluntary_switches + both.involuntary_switches) as f64 / self.messages.max(1) as f64)
    }
}

impl Latency {
    fn new(measured: &Measured, kind: LatencyKind) -> Latency {
        let histogram = &measured.latency;
        let count = histogram.len();
        let quantile = |q: f64, least: u64| (count >= least).then(|| histogram.value_at_quantile(q));
        Latency {
            kind,
            count,
            every: measured.every,
            min: histogram.min(),
            p50: quantile(0.5, 1),
            p90: quantile(0.9, 100),
            p99: quantile(0.99, 1_000),
            p999: quantile(0.999, 10_000),
            max: histogram.max(),
            mean: histogram.mean(),
            histogram: Encoded::encode(histogram),
        }
    }
}
