//! `ipcmark gate`: a comparison with an exit code, for continuous integration.

use super::compare::{Reading, TwoRuns, two_runs};
use super::exit::{Exit, Stop};
use super::interleave::{self, Turns};
use super::output;
use crate::plan::{Case, ConfigError, Metric};
use crate::record::{CaseRow, Record};
use crate::report::{Look, comparison, tally};
use crate::stats::{COMPARED, Comparison, Difference};
use clap::Args as ClapArgs;
use std::collections::BTreeSet;
use std::path::PathBuf;

#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    /// Records that are the base: a file, or a run's directory
    base: PathBuf,
    /// Records that are held against them
    new: PathBuf,
    /// How much worse a metric may become
    #[arg(long, value_name = "METRIC=PERCENT,…", default_value = "p50=3%,p99=15%", value_delimiter = ',', value_parser = bound)]
    max_regression: Vec<(Metric, f64)>,
    #[command(flatten)]
    reading: Reading,
    /// The program that the base is of: what has become worse is measured again, by turns with this one, and has to become so again
    #[arg(long, value_name = "OLD_BINARY")]
    bin: Option<PathBuf>,
    #[command(flatten)]
    turns: Turns,
}

/// Reads `p50=3%`.
fn bound(text: &str) -> Result<(Metric, f64), ConfigError> {
    let wrong = || ConfigError::new(format!("{text}: write METRIC=PERCENT, as in p50=3%"));
    let (name, percent) = text.split_once('=').ok_or_else(wrong)?;
    let metric = Metric::named(name)?;
    if COMPARED.iter().all(|(compared, _)| *compared != metric) {
        let names: Vec<&str> = COMPARED.iter().map(|(metric, _)| metric.name()).collect();
        return Err(ConfigError::new(format!("{name} is not compared; there are {}", names.join(", "))));
    }
    let percent: f64 = percent.trim_end_matches('%').trim_end().parse().map_err(|_| wrong())?;
    if !percent.is_finite() || percent < 0.0 {
        return Err(wrong());
    }
    let floor =
        COMPARED.iter().find(|(compared, _)| *compared == metric).map_or(0.0, |(_, floor)| floor * 100.0);
    if percent < floor {
        return Err(ConfigError::new(format!(
            "{text}: of {name}, differences under {floor:.0} % are never told; write {name}={floor:.0}% or more"
        )));
    }
    Ok((metric, percent / 100.0))
}

pub(super) fn execute(args: &Args) -> Result<Exit, Stop> {
    let mut notes = Vec::new();
    args.bin.as_deref().map_or(Ok(()), interleave::check)?;
    let TwoRuns { mut rows, new, failed, missing } =
        two_runs(&args.base, &args.new, args.reading, &mut notes)?;
    let mut exit = Exit::Ok;
    let suspects = cases(&args.regressions(&rows), &new);
    if let Some(base) = args.bin.as_deref().filter(|_| !suspects.is_empty()) {
        exit = interleave::again(base, &suspects, &args.turns, &mut rows, &mut notes)?;
    }
    output::write(&format!("{}{}\n", comparison(&rows, Look::Plain { bold: false }), tally(&rows)))?;
    notes.iter().for_each(|note| output::warn(note));
    let regressions = args.regressions(&rows);
    for (row, most) in &regressions {
        output::write(&format!(
            "regression: {}: {} is {:.1} % worse, {:.1} % is allowed\n",
            row.case,
            row.metric.name(),
            worse(row) * 100.0,
            most * 100.0
        ))?;
    }
    if exit != Exit::Ok {
        return Ok(exit);
    }
    if !regressions.is_empty() {
        return Ok(Exit::Regression);
    }
    if !failed.is_empty() {
        output::write(&format!("{} cases of the base failed\n", failed.len()))?;
        return Ok(Exit::Failed);
    }
    if !missing.is_empty() {
        return Err(Stop::NotComparable(format!(
            "{} cases of the base were not measured, or not at the same distance: nothing is said of them",
            missing.len()
        )));
    }
    // Nothing is passed that could not have been seen to fail.
    let told = |(row, most): &(&Comparison, f64)| match row.verdict {
        Difference::Unresolved { half, .. } => half <= *most,
        _ => true,
    };
    let (all, able) = (args.gated(&rows).count(), args.gated(&rows).filter(told).count());
    if able == 0 {
        return Err(Stop::NotComparable(
            "too noisy, or too few trials, to tell a change of the allowed size in any case".to_owned(),
        ));
    }
    output::write(&format!("no regression in {able} of {all} figures; the others were too noisy to tell\n"))?;
    Ok(Exit::Ok)
}

impl Args {
    /// The comparisons that have a bound, each with it.
    fn gated<'r>(&self, rows: &'r [Comparison]) -> impl Iterator<Item = (&'r Comparison, f64)> {
        self.max_regression.iter().flat_map(|&(metric, most)| {
            rows.iter().filter(move |row| row.metric == metric).map(move |row| (row, most))
        })
    }

    /// Those that are beyond it.
    fn regressions<'r>(&self, rows: &'r [Comparison]) -> Vec<(&'r Comparison, f64)> {
        let beyond =
            |(row, most): &(&Comparison, f64)| row.verdict == Difference::Slower && worse(row) > *most;
        self.gated(rows).filter(beyond).collect()
    }
}

/// By how much a comparison is worse, as a part of 1.
fn worse(row: &Comparison) -> f64 {
    if row.metric.less_is_better() { row.ratio - 1.0 } else { 1.0 / row.ratio - 1.0 }
}

/// The cases that rows are of, each once.
fn cases(rows: &[(&Comparison, f64)], records: &[Record]) -> Vec<Case> {
    let names: BTreeSet<&str> = rows.iter().map(|(row, _)| row.case.as_str()).collect();
    let record = |name: &str| records.iter().find(|record| record.case.id == name);
    let case = |CaseRow { transport, workload, model, .. }: &CaseRow| Case {
        transport: transport.clone(),
        workload: *workload,
        model: model.clone(),
    };
    names.into_iter().filter_map(record).map(|record| case(&record.case)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_are_read_as_users_write_them() {
        assert_eq!(bound("p50=3%"), Ok((Metric::P50, 0.03)));
        assert_eq!(bound("messages/s=10"), Ok((Metric::Messages, 0.1)));
        for wrong in ["p50", "p50=", "p50=x%", "p50=-1%", "p5=3%", "max=3%", "p50=1%", "p99=5%"] {
            assert!(bound(wrong).is_err(), "{wrong}");
        }
    }
}
