//! A run under way: block after block, every trial kept as soon as it is over.

use super::exit::Stop;
use super::output::Color;
use super::progress::Progress;
use crate::plan::Plan;
use crate::record::{Environment, Record, Store, fresh_seed, run_id};
use crate::sys::clock::Clock;
use crate::sys::leftovers::{self, ScratchDir};
use crate::sys::signal::Interrupt;
use crate::trial::{self, Failure, Settings};
use clap::Args as ClapArgs;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// What a trial takes beside its warm-up and measured part: processes, hand-shake, probes.
pub(super) const OVERHEAD: Duration = Duration::from_millis(80);

/// The flags of every command that keeps records.
#[derive(Clone, Debug, ClapArgs)]
pub(super) struct Keeping {
    /// Seed of the order of trials, of the payloads and of chance
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(..1 << 48))]
    seed: Option<u64>,
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

/// A run under way.
pub(super) struct Running {
    pub(super) run: String,
    seed: u64,
    pub(super) store: Store,
    pub(super) records: Vec<Record>,
    /// Sentinel times of all trials so far, sorted.
    sentinels: Vec<f64>,
}

impl Running {
    /// Opens a directory for a run's records, and keeps the plan's skips.
    pub(super) fn begin(plan: &Plan, seed: u64, keeping: &Keeping) -> Result<Running, Stop> {
        let temporary = || format!("directory for temporary files {}", std::env::temp_dir().display());
        ScratchDir::create().map_err(|source| Stop::Place { what: temporary(), source })?;
        let run = run_id();
        let directory = keeping.out.clone().unwrap_or_else(|| Path::new("results").join(&run));
        let what = || format!("results directory {}", directory.display());
        let store = Store::create(&directory, Environment::capture(&run, seed))
            .map_err(|source| Stop::Place { what: what(), source })?;
        leftovers::sweep();
        let mut running = Running { run, seed, store, records: Vec::new(), sentinels: Vec::new() };
        for planned in &plan.cases {
            if let Some(reason) = &planned.skip {
                running.keep(Record::skipped(&running.run, seed, &planned.case, reason))?;
            }
        }
        Ok(running)
    }

    fn keep(&mut self, record: Record) -> Result<(), Stop> {
        self.store.append(&record)?;
        self.records.push(record);
        Ok(())
    }

    /// Runs block after block: one trial of every case in a fresh random order. Answers whether all were run.
    pub(super) fn blocks(
        &mut self,
        plan: &Plan,
        trials: u64,
        settings: &Settings,
        budget: Option<Duration>,
        interrupt: &Interrupt,
        progress: &Progress,
    ) -> Result<bool, Stop> {
        let clock = Clock::system();
        let begin = clock.now();
        let each = settings.time + settings.warm_up + OVERHEAD;
        let mut order = 0;
        for trial in 0..trials {
            for case in plan.block(self.seed, trial) {
                let spent = Duration::from_nanos(clock.now() - begin);
                if budget.is_some_and(|budget| spent + each > budget) {
                    progress.say(&format!(
                        "budget used up after {order} of {} trials",
                        trials * plan.runnable().count() as u64
                    ));
                    return Ok(false);
                }
                let id = case.id();
                progress.next(&id);
                let seed = self.seed.rotate_left(16) ^ order;
                let outcome = trial::run(case, settings, seed, interrupt);
                if outcome.as_ref().err() == Some(&Failure::Interrupted) {
                    return Ok(false); // the trial under way is no record: nothing was wrong with it
                }
                if let Err(Failure::Failed(reason)) = &outcome {
                    progress.say(&format!("failed: {id}: {reason}"));
                }
                let usual = crate::stats::median(&self.sentinels);
                if let Ok(measured) = &outcome {
                    let sentinel =
                        measured.probes.iter().map(|probe| probe.sentinel_ns as f64).sum::<f64>() / 2.0;
                    let at = self.sentinels.partition_point(|&known| known < sentinel);
                    self.sentinels.insert(at, sentinel);
                }
                self.keep(Record::of_trial(&self.run, (trial, order, self.seed), case, &outcome, usual))?;
                order += 1;
                progress.done();
            }
        }
        Ok(true)
    }
}
