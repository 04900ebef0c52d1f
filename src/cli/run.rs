//! `ipcmark run`: plan → trials → records → tables.

use super::choice::Choice;
use super::exit::{Exit, Stop};
use super::output;
use super::running::{Keeping, OVERHEAD, Running};
use crate::plan::{Plan, Suite, Target};
use crate::record::Status;
use crate::report::{self, Look};
use crate::stats::judge;
use crate::sys::signal::Interrupt;
use crate::trial::{Settings, cpus};
use clap::{Args as ClapArgs, ValueEnum};
use std::path::PathBuf;
use std::time::Duration;

#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    /// A suite file; the default suite if neither it nor a flag chooses cases
    #[arg(value_name = "SUITE.toml")]
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

pub(super) fn execute(args: Args) -> Result<Exit, Stop> {
    let suite = args.flags.choice.suite(args.suite.as_deref())?;
    let plan = Plan::new(&suite.groups, args.flags.choice.filter.as_deref(), cpus())?;
    let (trials, settings) = args.flags.effort(&suite);
    let seed = args.flags.keeping.seed();
    let total = trials * plan.runnable().count() as u64;
    if args.flags.dry_run {
        output::write(&describe(&plan, trials, seed, &settings))?;
        return Ok(Exit::Ok);
    }
    let interrupt = Interrupt::listen()?;
    let mut running = Running::begin(&plan, seed, &args.flags.keeping)?;
    let progress = args.flags.keeping.progress(total);
    let whole = running.blocks(&plan, trials, &settings, args.flags.budget, &interrupt, &progress)?;
    drop(progress);
    finish(running, whole, &suite.targets, &args.flags, &interrupt)
}

impl Flags {
    /// Trials and their parts: what a flag says, else the suite, else the usual.
    fn effort(&self, suite: &Suite) -> (u64, Settings) {
        let (trials, seconds) = match (self.quick, self.full) {
            (true, _) => (2, 0.1),
            (_, true) => (15, 0.5),
            _ => (suite.trials.unwrap_or(3), suite.time.unwrap_or(0.2)),
        };
        let time = self.time.unwrap_or_else(|| Duration::from_secs_f64(seconds));
        (self.trials.unwrap_or(trials), Settings::new(time))
    }
}

fn describe(plan: &Plan, trials: u64, seed: u64, settings: &Settings) -> String {
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
    let runnable = plan.runnable().count() as u64;
    let each = settings.time + settings.warm_up + OVERHEAD;
    let seconds = (each * (trials * runnable) as u32).as_secs_f64();
    text.push_str(&format!(
        "{runnable} cases × {trials} trials, {} skipped; about {seconds:.0} s; seed {seed}\n",
        plan.cases.len() as u64 - runnable
    ));
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
    let directory = store.directory().display().to_string();
    let file = store.finish(!whole)?;
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
    output::warn(&format!("{} records in {}", records.len(), file.display()));
    // A signal behind the last trial has stopped nothing.
    if let Some(code) = interrupt.exit_code().filter(|_| !whole) {
        output::warn("interrupted: what was measured is saved, marked partial");
        return Ok(Exit::Interrupted(code));
    }
    let failed = records.iter().any(|record| record.status == Status::Failed);
    Ok(if failed { Exit::Failed } else { Exit::Ok })
}
