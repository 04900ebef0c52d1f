//! Figures over many runs, for people and for programs.

use super::comparison::{percent, shown};
use super::look::{Look, new_table, words};
use super::table::heading;
use crate::plan::variable::word;
use crate::record::Place;
use crate::stats::{COMPARED, Series};
use serde_json::{Value, json};

/// A table for each metric: what changed most comes first, what never did last. `runs` are the runs' names.
pub fn history_table(series: &[Series], runs: &[String], look: Look) -> String {
    let mut text = String::new();
    for (metric, least) in COMPARED {
        let mut rows: Vec<&Series> = series.iter().filter(|row| row.metric == metric).collect();
        if rows.is_empty() {
            continue;
        }
        let largest =
            |row: &Series| row.changes.iter().map(|change| change.ratio.ln().abs()).fold(0.0, f64::max);
        rows.sort_by(|a, b| largest(b).total_cmp(&largest(a)));
        let mut table =
            new_table(look, ["case", "distance", "runs", "first", "last", "course", "changes"], 2..5);
        for row in rows {
            let figure =
                |point: Option<&(usize, f64)>| point.map_or("–".to_owned(), |point| shown(metric, point.1));
            let change = |change: &crate::stats::Change| {
                let run = row.points.get(change.at).and_then(|(run, _)| runs.get(*run));
                format!("{} at {}", percent(change.ratio), run.map_or("?", String::as_str))
            };
            let changes: Vec<String> = row.changes.iter().map(change).collect();
            table.add_row([
                words(&row.case, look),
                if row.place == Place::One { "–".to_owned() } else { word(row.place) },
                row.points.len().to_string(),
                figure(row.points.first()),
                figure(row.points.last()),
                course(&row.points),
                if changes.is_empty() { "–".to_owned() } else { changes.join(", ") },
            ]);
        }
        let title = format!("{} (changes under {:.0} % are not marked)", metric.name(), least * 100.0);
        text.push_str(&format!("{}\n{}\n\n", heading(&title, look), table.trim_fmt()));
    }
    text
}

/// One document.
pub fn history_json(series: &[Series], runs: &[String]) -> Value {
    let run = |number: usize| runs.get(number).map_or("?", String::as_str);
    let row = |row: &Series| {
        let points =
            row.points.iter().map(|&(number, figure)| json!({ "run": run(number), "figure": figure }));
        let changes = row.changes.iter().map(|change| {
            json!({ "run": row.points.get(change.at).map(|point| run(point.0)), "ratio": change.ratio })
        });
        json!({
            "case": row.case, "distance": word(row.place), "metric": row.metric,
            "points": points.collect::<Vec<_>>(), "changes": changes.collect::<Vec<_>>(),
        })
    };
    json!({ "runs": runs, "series": series.iter().map(row).collect::<Vec<_>>() })
}

/// The last figures as bars, from the least of them to the largest.
fn course(points: &[(usize, f64)]) -> String {
    const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    const MOST: usize = 24;
    let last = &points[points.len().saturating_sub(MOST)..];
    let (least, most) =
        last.iter().fold((f64::MAX, f64::MIN), |(a, b), (_, figure)| (a.min(*figure), b.max(*figure)));
    let bar = |figure: f64| {
        let part = if most > least { (figure - least) / (most - least) } else { 0.0 };
        BARS[((part * 7.0).round() as usize).min(7)]
    };
    last.iter().map(|(_, figure)| bar(*figure)).collect()
}
