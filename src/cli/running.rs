//! A run under way: block after block, every trial kept as soon as it is over.

use super::exit::Stop;
use super::output::Color;
use super::progress::Progress;
use crate::plan::{Case, Plan};
use crate::record::{Environment, Record, Status, Store, fresh_seed, run_id};
use crate::stats::precision;
use crate::sys::clock::Clock;
use crate::sys::leftovers::{self, ScratchDir};
use crate::sys::signal::Interrupt;
use crate::trial::{self, Failure, Settings};
use clap::Args as ClapArgs;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// What a trial takes beside its warm-up and measured part: processes, hand-shake, probes.
const OVERHEAD: Duration = Duration::from_millis(80);

/// Of so many trials one may be measured again because the host disturbed it.
const REPEATED: u64 = 5;

/// The flags of every command that keeps records.
#[derive(Clone, Debug, ClapArgs)]
pub(super) struct Keeping {
    /// Seed of the order of trials, of the payloads and of chance
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(..1 << 48))]
    pub(super) seed: Option<u64>,
    /// Where the run is kept [default: results/<id>]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// No progress bar
    #[arg(long)]
    no_progress: bool,
    /// When to use bold
    #[arg(long, value_enum, default_value_t)]
    pub(super) color: Color,
}

impl Keeping {
    /// The run's seed: what was asked for, or a fresh one.
    pub(super) fn seed(&self) -> u64 {
        self.seed.unwrap_or_else(fresh_seed)
    }

    /// The bar of a run of so many trials.
    pub(super) fn progress(&self, trials: u64) -> Progress {
        Progress::new(trials, self.no_progress)
    }
}

/// How much is measured.
#[derive(Clone, Copy, Debug)]
pub(super) struct Effort {
    /// Trials of each case; the most, if there is a precision.
    pub(super) trials: u64,
    pub(super) settings: Settings,
    /// No trial begins that would end later than this after the start.
    pub(super) budget: Option<Duration>,
    /// A case is done when its median is known this well, as a part of 1.
    pub(super) precision: Option<f64>,
}

impl Effort {
    /// So many trials, without more ado.
    pub(super) fn of(trials: u64, time: Duration) -> Effort {
        Effort { trials, settings: Settings::new(time), budget: None, precision: None }
    }

    /// What a trial takes, about.
    fn each(&self) -> Duration {
        self.settings.time + self.settings.warm_up + OVERHEAD
    }

    /// How much will be measured, and about how long that takes.
    pub(super) fn describe(&self, plan: &Plan) -> String {
        let runnable = plan.runnable().count() as u64;
        let seconds = (self.each() * (self.trials * runnable) as u32).as_secs_f64();
        let up_to = if self.precision.is_some() { "up to " } else { "" };
        let budget = self.budget.filter(|budget| budget.as_secs_f64() < seconds);
        format!(
            "{runnable} cases × {up_to}{} trials, {} skipped; {up_to}about {seconds:.0} s{}",
            self.trials,
            plan.cases.len() as u64 - runnable,
            budget.map_or_else(String::new, |budget| format!(
                ", of which the budget allows {:.0} s",
                budget.as_secs_f64()
            )),
        )
    }
}

/// A run under way.
pub(super) struct Running {
    pub(super) run: String,
    seed: u64,
    pub(super) store: Store,
    pub(super) records: Vec<Record>,
    /// Sentinel times of all trials so far, sorted.
    sentinels: Vec<f64>,
    /// The next trial's place in the run.
    order: u64,
    /// Trials that were measured again.
    repeated: u64,
}

impl Running {
    /// Opens a directory for a run's records, and keeps the plan's skips.
    pub(super) fn begin(plan: &Plan, seed: u64, keeping: &Keeping) -> Result<Running, Stop> {
        scratch()?;
        let run = run_id();
        let directory = keeping.out.clone().unwrap_or_else(|| Path::new("results").join(&run));
        let what = || format!("results directory {}", directory.display());
        let store = Store::create(&directory, Environment::capture(&run, seed))
            .map_err(|source| Stop::Place { what: what(), source })?;
        let mut running =
            Running { run, seed, store, records: Vec::new(), sentinels: Vec::new(), order: 0, repeated: 0 };
        for planned in &plan.cases {
            if let Some(reason) = &planned.skip {
                running.keep(Record::skipped(&running.run, seed, &planned.case, reason))?;
            }
        }
        Ok(running)
    }

    /// Takes up a run that was broken off, with what it has measured.
    pub(super) fn resume(
        directory: &Path,
        environment: Environment,
        records: Vec<Record>,
    ) -> Result<Running, Stop> {
        scratch()?;
        let (run, seed) = (environment.run.clone(), environment.seed);
        let store = Store::resume(directory, environment).map_err(|source| Stop::Place {
            what: format!("results directory {}", directory.display()),
            source,
        })?;
        let order = records.iter().filter_map(|record| record.order).max().map_or(0, |last| last + 1);
        let repeated = records.iter().filter(|record| record.repeats.is_some()).count() as u64;
        // What is a quiet host's sentinel is found anew: the host may have changed.
        Ok(Running { run, seed, store, records, sentinels: Vec::new(), order, repeated })
    }

    fn keep(&mut self, record: Record) -> Result<(), Stop> {
        self.store.append(&record).map_err(|source| self.kept(source))?;
        self.records.push(record);
        Ok(())
    }

    /// What is said when records can no longer be kept.
    fn kept(&self, source: std::io::Error) -> Stop {
        Stop::Kept { directory: self.store.directory().to_owned(), source }
    }

    /// Runs block after block: one trial of every case in a fresh random order, then once more, within a bound, what the host
    /// disturbed. What a resumed run has already is left out. Answers whether all were run.
    pub(super) fn blocks(
        &mut self,
        plan: &Plan,
        effort: &Effort,
        interrupt: &Interrupt,
        progress: &Progress,
    ) -> Result<bool, Stop> {
        let begin = Clock::system().now();
        let in_time = |clock: Clock| {
            let spent = Duration::from_nanos(clock.now() - begin);
            effort.budget.is_none_or(|budget| spent + effort.each() <= budget)
        };
        let tried = |record: &Record| record.status != Status::Skipped;
        let had: BTreeSet<(String, u64)> =
            self.records.iter().filter(|record| tried(record)).map(key).collect();
        let mut settled: BTreeSet<String> = BTreeSet::new();
        for trial in 0..effort.trials {
            let mut disturbed: Vec<(&Case, u64)> = Vec::new();
            for case in plan.block(self.seed, trial) {
                let id = case.id();
                if settled.contains(&id) || had.contains(&(id.clone(), trial)) {
                    progress.done();
                    continue;
                }
                if !in_time(Clock::system()) {
                    let all = effort.trials * plan.runnable().count() as u64;
                    progress.say(&format!("budget used up after {} of {all} trials", self.order));
                    return Ok(false);
                }
                let order = self.order;
                let Some(dirty) = self.trial(case, trial, None, effort, interrupt, progress)? else {
                    return Ok(false);
                };
                if dirty {
                    disturbed.push((case, order));
                }
                progress.done();
            }
            for (case, order) in disturbed {
                // A share of what has been measured so far, so that the first bad minute does not use all of it up.
                if REPEATED * (self.repeated + 1) > self.order - self.repeated || !in_time(Clock::system()) {
                    break;
                }
                if self.trial(case, trial, Some(order), effort, interrupt, progress)?.is_none() {
                    return Ok(false);
                }
                self.repeated += 1;
            }
            if let Some(precision) = effort.precision {
                self.settle(plan, precision, &mut settled);
            }
        }
        Ok(true)
    }

    /// One trial. Answers whether the host disturbed it; `None` if the user stopped it.
    fn trial(
        &mut self,
        case: &Case,
        trial: u64,
        repeats: Option<u64>,
        effort: &Effort,
        interrupt: &Interrupt,
        progress: &Progress,
    ) -> Result<Option<bool>, Stop> {
        let id = case.id();
        progress.next(&id);
        let order = self.order;
        let outcome = trial::run(case, &effort.settings, self.seed.rotate_left(16) ^ order, interrupt);
        if outcome.as_ref().err() == Some(&Failure::Interrupted) {
            return Ok(None); // the trial under way is no record: nothing was wrong with it
        }
        if let Err(Failure::Failed(reason)) = &outcome {
            progress.say(&format!("failed: {id}: {reason}"));
        }
        let usual = crate::stats::median(&self.sentinels);
        if let Ok(measured) = &outcome {
            let sentinel = measured.probes.iter().map(|probe| probe.sentinel_ns as f64).sum::<f64>() / 2.0;
            let at = self.sentinels.partition_point(|&known| known < sentinel);
            self.sentinels.insert(at, sentinel);
        }
        let record = Record::of_trial(&self.run, (trial, order, self.seed), case, &outcome, usual);
        let dirty = record.is_dirty();
        if record.noise.is_some_and(|noise| noise.clock_jumped()) {
            progress.say(&format!("a clock jumped: a trial of {id} counts as disturbed"));
        }
        self.keep(Record { repeats, ..record })?;
        self.order += 1;
        Ok(Some(dirty))
    }

    /// Adds the cases whose medians are known well enough.
    fn settle(&self, plan: &Plan, wanted: f64, settled: &mut BTreeSet<String>) {
        for id in plan.runnable().map(Case::id) {
            let of = self.records.iter().filter(|record| record.case.id == id);
            if !settled.contains(&id) && precision(of).is_some_and(|half| half <= wanted) {
                settled.insert(id);
            }
        }
    }
}

fn key(record: &Record) -> (String, u64) {
    (record.case.id.clone(), record.trial)
}

/// Makes sure that there is a place for temporary files, and clears what dead runs left of theirs.
fn scratch() -> Result<(), Stop> {
    let what = || format!("directory for temporary files {}", std::env::temp_dir().display());
    ScratchDir::create().map_err(|source| Stop::Place { what: what(), source })?;
    leftovers::sweep();
    Ok(())
}
