//! Where the time of a message goes, as a table with bars.

use super::figure::nanoseconds;
use super::look::{Look, new_table};
use crate::stats::Step;

/// One layer: its name, its step on top of those before it, and by itself on top of the first.
pub type Row = (String, Option<Step>, Option<Step>);

/// Signs of the longest bar.
const WIDTH: f64 = 40.0;

/// The waterfall of a bare link's latency and the layers above it. What was not measured has no figure.
pub fn waterfall(bare: Option<Step>, rows: &[Row], look: Look) -> String {
    let whole =
        rows.iter().rev().find_map(|(_, step, _)| *step).or(bare).map_or(0.0, |step| step.total.median);
    let mut table = new_table(look, ["layer", "p50", "added", "95 % of added", "alone", "", "trials"], 1..5);
    let signed = |ns: f64| if ns < 0.0 { format!("−{}", nanoseconds(-ns)) } else { nanoseconds(ns) };
    let range = |interval: Option<[f64; 2]>| match interval {
        None => "too few trials".to_owned(),
        Some([low, high]) if low <= 0.0 && high >= 0.0 => {
            format!("{} … {}: not told from 0", signed(low), signed(high))
        }
        Some([low, high]) => format!("{} … {}", signed(low), signed(high)),
    };
    let bar = |from: f64, to: f64| {
        let place = |ns: f64| (ns.max(0.0) / whole.max(1.0) * WIDTH).round() as usize;
        let (low, high) = (place(from.min(to)), place(from.max(to)));
        // Something that is too short for a sign is there all the same.
        format!("{}{}", " ".repeat(low), if high > low { "█".repeat(high - low) } else { "▏".to_owned() })
    };
    let none = || "–".to_owned();
    if let Some(Step { total, trials, .. }) = bare {
        table.add_row([
            "bare link".to_owned(),
            nanoseconds(total.median),
            none(),
            none(),
            none(),
            bar(0.0, total.median),
            trials.to_string(),
        ]);
    }
    for (name, step, alone) in rows {
        let alone = alone.map_or_else(none, |alone| signed(alone.added.median));
        table.add_row(match step {
            None => [name.clone(), none(), none(), none(), alone, String::new(), none()],
            Some(Step { total, added, interval, trials }) => [
                name.clone(),
                nanoseconds(total.median),
                signed(added.median),
                range(*interval),
                alone,
                bar(total.median - added.median, total.median),
                trials.to_string(),
            ],
        });
    }
    format!("{}\n\n{}", table.trim_fmt(), sums(bare, rows))
}

/// The sum of the layers beside the whole.
fn sums(bare: Option<Step>, rows: &[Row]) -> String {
    let (Some(bare), Some(steps), Some(alone)) = (
        bare,
        rows.iter().map(|(_, step, _)| *step).collect::<Option<Vec<_>>>(),
        rows.iter().map(|(_, _, alone)| *alone).collect::<Option<Vec<_>>>(),
    ) else {
        return "A layer could not be measured: there is no sum.\n".to_owned();
    };
    let whole = steps.last().map_or(bare.total.median, |step| step.total.median);
    let sum = |steps: &[Step]| bare.total.median + steps.iter().map(|step| step.added.median).sum::<f64>();
    let line = |what: &str, sum: f64| {
        let percent = (sum / whole.max(1.0) - 1.0) * 100.0;
        format!(
            "{what}: {} ({percent:+.0} % of the whole's {})\n",
            nanoseconds(sum.max(0.0)),
            nanoseconds(whole)
        )
    };
    line("Link and layers, one on top of the other", sum(&steps))
        + &line("Link and layers, each by itself", sum(&alone))
}
