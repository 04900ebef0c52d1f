//! `ipcmark run`: plan → trials → records → tables.

use super::choice::Choice;
use super::exit::{Exit, Stop};
use super::output;
use super::resume::Broken;
use super::running::{Effort, Keeping, Running};
use crate::plan::{Plan, Suite, Target};
use crate::record::Status;
use crate::report::{self, Look};
use crate::stats::judge;
use crate::sys::signal::Interrupt;
use crate::trial::cpus;
use clap::{Args as ClapArgs, ValueEnum};
use std::path::PathBuf;
use std::time::Duration;

#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    /// A suite file; the default suite if neither it nor a flag chooses cases
    #[arg(value_name = "SUITE.toml", conflicts_with = "resume")]
    pub(super) suite: Option<PathBuf>,
    #[command(flatten)]
    pub(super) flags: Flags,
}

/// What is printed on standard output.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Tables for people
    #[default]
    Table,
    /// One document
    Json,
    /// One record a line
    Jsonl,
    /// One trial a line
    Csv,
    /// Tables for web pages
    Markdown,
}

#[derive(Debug, ClapArgs)]
pub(super) struct Flags {
    #[command(flatten)]
    choice: Choice,
    /// Trials of each case
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=10_000), help_heading = "Time")]
    trials: Option<u64>,
    /// Measured part of a trial
    #[arg(long, value_name = "SECONDS", value_parser = seconds, help_heading = "Time")]
    time: Option<Duration>,
    /// Fewer and shorter trials
    #[arg(long, conflicts_with = "full", help_heading = "Time")]
    quick: bool,
    /// More and longer trials
    #[arg(long, help_heading = "Time")]
    full: bool,
    /// Begin no trial that would end later than this after the start
    #[arg(long, value_name = "SECONDS", value_parser = seconds, help_heading = "Time")]
    budget: Option<Duration>,
    /// End with a case when its median is known to so many percent; --trials (usually 30) are then the most
    #[arg(long, value_name = "PERCENT", value_parser = percent, help_heading = "Time")]
    precision: Option<f64>,
    /// Complete a run that was interrupted: what is missing is measured, as it was asked for then
    #[arg(long, value_name = "DIR", conflicts_with_all = ["transport", "workload", "preset", "set", "vary", "filter",
        "trials", "time", "quick", "full", "precision", "dry_run", "seed", "out"])]
    resume: Option<PathBuf>,
    /// Show the plan and run nothing
    #[arg(long)]
    dry_run: bool,
    /// What to print on standard output
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    #[command(flatten)]
    keeping: Keeping,
}

/// Reads a positive number of seconds.
pub(super) fn seconds(text: &str) -> Result<Duration, String> {
    let number = text.parse::<f64>().ok().filter(|number| (0.001..=86_400.0).contains(number));
    number.map(Duration::from_secs_f64).ok_or_else(|| "a number of seconds from 0.001 to 86400".to_owned())
}

/// Reads a number of percent.
fn percent(text: &str) -> Result<f64, String> {
    let number =
        text.trim_end_matches('%').parse::<f64>().ok().filter(|number| (0.1..=100.0).contains(number));
    number.map(|number| number / 100.0).ok_or_else(|| "a number of percent from 0.1 to 100".to_owned())
}

pub(super) fn execute(args: Args) -> Result<Exit, Stop> {
    let broken = args.flags.resume.as_deref().map(Broken::read).transpose()?;
    // What is measured is what was asked for then; what is shown, and how long it may take, is asked for now.
    let Args { suite, flags } = broken.as_ref().map_or(&args, |broken| &broken.args);
    let suite = flags.choice.suite(suite.as_deref())?;
    let plan = Plan::new(&suite.groups, flags.choice.filter.as_deref(), cpus())?;
    let effort = Effort { budget: args.flags.budget, ..flags.effort(&suite) };
    let seed = broken.as_ref().map_or_else(|| flags.keeping.seed(), |broken| broken.environment.seed);
    if args.flags.dry_run {
        output::write(&describe(&plan, seed, &effort))?;
        return Ok(Exit::Ok);
    }
    broken.as_ref().map_or(Ok(()), |broken| broken.check(&plan))?;
    let interrupt = Interrupt::listen()?;
    let mut running = match (broken, &args.flags.resume) {
        (Some(broken), Some(directory)) => Running::resume(directory, broken.environment, broken.records)?,
        _ => Running::begin(&plan, seed, &args.flags.keeping)?,
    };
    let progress = args.flags.keeping.progress(effort.trials * plan.runnable().count() as u64);
    progress.announce(&format!("{}; seed {seed}", effort.describe(&plan)));
    let outcome = running.blocks(&plan, &effort, &interrupt, &progress);
    drop(progress);
    let directory = running.store.directory().to_owned();
    outcome.and_then(|whole| finish(running, whole, &suite.targets, &args.flags, &interrupt)).inspect_err(
        |stop| {
            if matches!(stop, Stop::Kept { .. }) {
                output::warn(&format!("`ipcmark run --resume {}` completes it", directory.display()));
            }
        },
    )
}

impl Flags {
    /// Trials and their parts: what a flag says, else the suite, else the usual.
    fn effort(&self, suite: &Suite) -> Effort {
        let (trials, seconds) = match (self.quick, self.full) {
            (true, _) => (2, 0.1),
            (_, true) => (15, 0.5),
            _ => (suite.trials.unwrap_or(3), suite.time.unwrap_or(0.2)),
        };
        let trials = if self.precision.is_some() { 30 } else { trials };
        let time = self.time.unwrap_or_else(|| Duration::from_secs_f64(seconds));
        Effort { precision: self.precision, ..Effort::of(self.trials.unwrap_or(trials), time) }
    }
}

fn describe(plan: &Plan, seed: u64, effort: &Effort) -> String {
    let mut text = String::new();
    for case in plan.block(seed, 0) {
        text.push_str(&case.id());
        text.push('\n');
    }
    for planned in &plan.cases {
        if let Some(reason) = &planned.skip {
            text.push_str(&format!("{}   skipped: {reason}\n", planned.case.id()));
        }
    }
    text.push_str(&format!("{}; seed {seed}\n", effort.describe(plan)));
    text
}

/// Seals the records and prints what was asked for.
fn finish(
    running: Running,
    whole: bool,
    targets: &[Target],
    flags: &Flags,
    interrupt: &Interrupt,
) -> Result<Exit, Stop> {
    let Running { run, store, records, .. } = running;
    let place = store.directory().to_owned();
    let directory = place.display().to_string();
    let file = store.finish(!whole).map_err(|source| Stop::Kept { directory: place, source })?;
    let look = match flags.format {
        Format::Markdown => Look::Markdown,
        _ => Look::Plain { bold: flags.keeping.color.on_stdout() },
    };
    let verdicts = judge(targets, &records);
    output::write(&match flags.format {
        Format::Table | Format::Markdown => {
            let mut parts = vec![
                report::tables(&records, look),
                report::published(&records, look),
                report::targets(&verdicts, look),
            ];
            parts.retain(|part| !part.is_empty());
            parts.join("\n")
        }
        Format::Json => report::json(&run, &directory, !whole, &records, &verdicts).to_string() + "\n",
        Format::Jsonl => report::jsonl(&records),
        Format::Csv => report::csv(&records),
    })?;
    let repeated = records.iter().filter(|record| record.repeats.is_some()).count();
    let again = match repeated {
        0 => String::new(),
        _ => format!("; {repeated} trials were disturbed by the host and measured again"),
    };
    output::warn(&format!("{} records in {}{again}", records.len(), file.display()));
    // A signal behind the last trial has stopped nothing.
    if let Some(code) = interrupt.exit_code().filter(|_| !whole) {
        output::warn("interrupted: what was measured is saved, marked partial");
        return Ok(Exit::Interrupted(code));
    }
    let failed = records.iter().any(|record| record.status == Status::Failed);
    Ok(if failed { Exit::Failed } else { Exit::Ok })
}
