//! `ipcmark gate`: a comparison with an exit code, for continuous integration.

use super::compare::{Reading, two_runs};
use super::exit::{Exit, Stop};
use super::output;
use crate::plan::{ConfigError, Metric};
use crate::report::{Look, comparison, tally};
use crate::stats::{COMPARED, Comparison, Difference};
use clap::Args as ClapArgs;
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
    if percent.is_finite() && percent >= 0.0 { Ok((metric, percent / 100.0)) } else { Err(wrong()) }
}

pub(super) fn execute(args: &Args) -> Result<Exit, Stop> {
    let mut notes = Vec::new();
    let rows = two_runs(&args.base, &args.new, args.reading, &mut notes)?;
    output::write(&format!("{}{}\n", comparison(&rows, Look::Plain { bold: false }), tally(&rows)))?;
    notes.iter().for_each(|note| output::warn(note));
    let gated: Vec<(&Comparison, f64)> = args
        .max_regression
        .iter()
        .flat_map(|&(metric, most)| {
            rows.iter().filter(move |row| row.metric == metric).map(move |row| (row, most))
        })
        .collect();
    let worse =
        |row: &Comparison| if row.metric.less_is_better() { row.ratio - 1.0 } else { 1.0 / row.ratio - 1.0 };
    let failed: Vec<&(&Comparison, f64)> =
        gated.iter().filter(|(row, most)| row.verdict == Difference::Slower && worse(row) > *most).collect();
    for (row, most) in &failed {
        output::write(&format!(
            "regression: {}: {} is {:.1} % worse, {:.1} % is allowed\n",
            row.case,
            row.metric.name(),
            worse(row) * 100.0,
            most * 100.0
        ))?;
    }
    if !failed.is_empty() {
        return Ok(Exit::Regression);
    }
    // Nothing is passed that could not have been seen to fail.
    let told = |(row, most): &(&Comparison, f64)| match row.verdict {
        Difference::Unresolved { half, .. } => half <= *most,
        _ => true,
    };
    if !gated.iter().any(told) {
        return Err(Stop::NotComparable(
            "too noisy, or too few trials, to tell a change of the allowed size in any case".to_owned(),
        ));
    }
    output::write("no regression\n")?;
    Ok(Exit::Ok)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_are_read_as_users_write_them() {
        assert_eq!(bound("p50=3%"), Ok((Metric::P50, 0.03)));
        assert_eq!(bound("messages/s=10"), Ok((Metric::Messages, 0.1)));
        for wrong in ["p50", "p50=", "p50=x%", "p50=-1%", "p5=3%", "max=3%"] {
            assert!(bound(wrong).is_err(), "{wrong}");
        }
    }
}
