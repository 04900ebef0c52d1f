//! `ipcmark load`: a link under an offered load, step by step, until it no longer keeps up.

use super::choice::Choice;
use super::exit::{Exit, Stop};
use super::output::{self, Format};
use super::run::seconds;
use super::running::{Effort, Keeping, Running};
use crate::plan::variable::word;
use crate::plan::{Case, ConfigError, Group, Plan, Planned};
use crate::record::{Place, Status};
use crate::report::{load_json, load_table};
use crate::stats::{LoadRow, load_places, load_row};
use crate::sys::signal::Interrupt;
use crate::trial::cpus;
use crate::workload::{Arrivals, Workload, read_rate};
use clap::{Args as ClapArgs, ValueEnum};
use serde_json::Value;
use std::str::FromStr;
use std::time::Duration;

#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    /// Messages in a second on each link: from, to, and in how many steps
    #[arg(long, value_name = "A..B/STEPS", default_value = "1k..200k/8")]
    rate: Rates,
    /// Whether messages come at equal gaps, or as if each came by chance
    #[arg(long, value_enum, default_value_t)]
    arrival: Arrival,
    #[command(flatten)]
    choice: Choice,
    /// Trials of each rate
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..=10_000))]
    trials: u64,
    /// Measured part of a trial
    #[arg(long, value_name = "SECONDS", default_value = "0.5", value_parser = seconds)]
    time: Duration,
    /// What to print on standard output
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    #[command(flatten)]
    keeping: Keeping,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Arrival {
    /// Equal gaps
    #[default]
    Constant,
    /// Exponential gaps
    Poisson,
}

/// Rates in ascending order, each as many times the one before it.
#[derive(Clone, Debug, PartialEq)]
struct Rates(Vec<u64>);

impl FromStr for Rates {
    type Err = ConfigError;

    fn from_str(text: &str) -> Result<Rates, ConfigError> {
        let wrong = || {
            ConfigError::new(
                "write FROM..TO/STEPS in messages a second, as in 10k..200k/8, or one rate".to_owned(),
            )
        };
        if let Some(rate) = read_rate(text) {
            return Ok(Rates(vec![rate]));
        }
        let (range, steps) = text.rsplit_once('/').ok_or_else(wrong)?;
        let (from, to) = range.split_once("..").ok_or_else(wrong)?;
        let (from, to) = (read_rate(from).ok_or_else(wrong)?, read_rate(to).ok_or_else(wrong)?);
        let steps: u32 = steps.parse().ok().filter(|steps| (2..=100).contains(steps)).ok_or_else(wrong)?;
        if from >= to {
            return Err(wrong());
        }
        let factor = (to as f64 / from as f64).powf(1.0 / f64::from(steps - 1));
        let mut rates: Vec<u64> =
            (0..steps).map(|step| (from as f64 * factor.powi(step as i32)).round() as u64).collect();
        rates.dedup();
        Ok(Rates(rates))
    }
}

pub(super) fn execute(args: &Args) -> Result<Exit, Stop> {
    let links = args.links()?;
    let rated =
        |case: &Case, load| Case { model: crate::plan::Model { load, ..case.model.clone() }, ..case.clone() };
    let open = |rate| Arrivals::Open { rate, poisson: args.arrival == Arrival::Poisson };
    let steps = |case: &Case| args.rate.0.iter().map(|&rate| rated(case, open(rate))).collect::<Vec<Case>>();
    let all = links.iter().flat_map(|case| steps(case).into_iter().chain([case.clone()]));
    let cases = all.map(|case| Planned { skip: Plan::skip_reason(&case, cpus()), case }).collect();
    let plan = Plan { cases };
    let interrupt = Interrupt::listen()?;
    let mut running = Running::begin(&plan, args.keeping.seed(), &args.keeping)?;
    let progress = args.keeping.progress(args.trials * plan.runnable().count() as u64);
    let complete = running.blocks(&plan, &Effort::of(args.trials, args.time), &interrupt, &progress)?;
    drop(progress);
    let Running { store, records, .. } = running;
    let file = store.finish(!complete)?;
    let look = args.format.look(args.keeping.color);
    let (mut text, mut documents) = (String::new(), Vec::new());
    for case in &links {
        // A closed loop by itself, at a distance where nothing was offered, says nothing of rates.
        let ids: Vec<String> = steps(case).iter().map(Case::id).collect();
        for place in load_places(&records, &ids) {
            let rows: Vec<LoadRow> =
                steps(case).iter().filter_map(|step| load_row(&records, &step.id(), place)).collect();
            let closed = load_row(&records, &case.id(), place);
            // Distances are kept apart: what a link can do differs with them.
            let title =
                if place == Place::One { case.id() } else { format!("{} · {}", case.id(), word(place)) };
            documents.push(load_json(&title, &rows, closed));
            text.push_str(&format!("{}\n", load_table(&title, &rows, closed, look)));
        }
    }
    output::write(&match args.format {
        Format::Json => Value::Array(documents).to_string() + "\n",
        Format::Table | Format::Markdown => text,
    })?;
    for record in records.iter().filter(|record| record.status != Status::Ok) {
        let what = if record.status == Status::Failed { "failed" } else { "skipped" };
        output::warn(&format!(
            "{what}: {}: {}",
            record.case.id,
            record.reason.as_deref().unwrap_or("no reason")
        ));
    }
    output::warn(&format!("{} records in {}", records.len(), file.display()));
    if let Some(code) = interrupt.exit_code().filter(|_| !complete) {
        output::warn("interrupted: what was measured is saved, marked partial");
        return Ok(Exit::Interrupted(code));
    }
    let failed = records.iter().any(|record| record.status == Status::Failed);
    Ok(if failed { Exit::Failed } else { Exit::Ok })
}

impl Args {
    /// The links, each as a closed loop.
    fn links(&self) -> Result<Vec<Case>, Stop> {
        let workloads = self.choice.workloads()?;
        let workloads = if workloads.is_empty() { vec![Workload::Invoke] } else { workloads };
        let transports = self.choice.transports()?;
        if transports.is_empty() {
            return Err(
                ConfigError::new("--transport: name at least one, as in --transport uds-seqpacket").into()
            );
        }
        let links = Group { transports, workloads, axes: self.choice.axes()? }.cases();
        if links.iter().any(|case| case.model.load != Arrivals::Closed) {
            return Err(ConfigError::new("--set load: the rates of this command are given by --rate").into());
        }
        Ok(links)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_read_and_laid_out_evenly() {
        let rates = |text: &str| text.parse::<Rates>().map(|rates| rates.0);
        assert_eq!(rates("1k..8k/4"), Ok(vec![1000, 2000, 4000, 8000]));
        assert_eq!(rates("10k/s..20k/s/2"), Ok(vec![10_000, 20_000]));
        assert_eq!(rates("500"), Ok(vec![500]));
        for wrong in ["", "1k..", "1k..8k", "8k..1k/4", "1k..8k/1", "1..x/3", "0..5/3"] {
            assert!(rates(wrong).is_err(), "{wrong}");
        }
    }
}
