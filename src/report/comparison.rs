//! A comparison, for people and for programs.

use super::figure::{count, nanoseconds};
use super::look::{Look, new_table, words};
use super::table::heading;
use crate::plan::Metric;
use crate::plan::variable::word;
use crate::record::Place;
use crate::stats::{COMPARED, Comparison, Difference};
use serde_json::{Value, json};

/// A table for each metric, the largest effects first.
pub fn comparison(rows: &[Comparison], look: Look) -> String {
    let mut text = String::new();
    for (metric, floor) in COMPARED {
        let mut rows: Vec<&Comparison> = rows.iter().filter(|row| row.metric == metric).collect();
        if rows.is_empty() {
            continue;
        }
        rows.sort_by(|a, b| b.ratio.ln().abs().total_cmp(&a.ratio.ln().abs()));
        let mut table =
            new_table(look, ["case", "distance", "base", "new", "change", "95 %", "trials", "verdict"], 2..7);
        for row in rows {
            let distance = if row.place == Place::One { "–".to_owned() } else { word(row.place) };
            table.add_row([
                words(&row.case, look),
                distance,
                shown(metric, row.base),
                shown(metric, row.new),
                percent(row.ratio),
                match row.interval {
                    [low, high] if low > 0.0 && high.is_finite() => {
                        format!("{} … {}", percent(low), percent(high))
                    }
                    _ => "–".to_owned(),
                },
                row.trials.to_string(),
                verdict(&row.verdict),
            ]);
        }
        let better = if metric.less_is_better() { "less is better" } else { "more is better" };
        let title = format!("{} ({better}; a change under {:.0} % is none)", metric.name(), floor * 100.0);
        text.push_str(&format!("{}\n{}\n\n", heading(&title, look), table.trim_fmt()));
    }
    text
}

/// How many of each verdict, in a line.
pub fn tally(rows: &[Comparison]) -> String {
    let names = ["faster", "slower", "same", "unresolved"];
    let counts = names.map(|name| (name, rows.iter().filter(|row| row.verdict.name() == name).count()));
    counts.map(|(name, count)| format!("{count} {name}")).join(", ")
}

/// One document.
pub fn comparison_json(rows: &[Comparison], notes: &[String]) -> Value {
    let row = |row: &Comparison| {
        let needed = match row.verdict {
            Difference::Unresolved { needed, .. } => needed,
            _ => None,
        };
        json!({
            "case": row.case, "distance": word(row.place), "metric": row.metric, "base": row.base, "new": row.new,
            "ratio": row.ratio, "interval": row.interval.map(|bound| bound.is_finite().then_some(bound)), "p": row.p,
            "trials": row.trials, "verdict": row.verdict.name(), "trials_needed": needed,
        })
    };
    json!({ "comparisons": rows.iter().map(row).collect::<Vec<Value>>(), "notes": notes })
}

pub(super) fn verdict(verdict: &Difference) -> String {
    match verdict {
        Difference::Unresolved { needed: None, .. } => "unresolved (too few trials)".to_owned(),
        Difference::Unresolved { half, needed: Some(needed) } => {
            format!("unresolved (±{:.1} %, needs ~{needed} trials)", half * 100.0)
        }
        told => told.name().to_owned(),
    }
}

pub(super) fn shown(metric: Metric, figure: f64) -> String {
    if metric == Metric::Messages { count(figure) } else { nanoseconds(figure) }
}

/// A ratio as a change.
pub(super) fn percent(ratio: f64) -> String {
    let change = (ratio - 1.0) * 100.0;
    let digits = if change.abs() < 10.0 { 1 } else { 0 };
    format!("{}{:.digits$} %", if change < 0.0 { "−" } else { "+" }, change.abs())
}
