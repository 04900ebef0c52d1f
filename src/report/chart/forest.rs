//! A comparison as a forest plot: each effect with its interval, and the band within which a difference is none.

use super::facet::Tags;
use super::rows::{Item, Row, Rows};
use super::scale::Axis;
use super::{Chart, Figures, Kind};
use crate::plan::variable::word;
use crate::record::{Place, Record};
use crate::report::comparison::{percent, shown, verdict};
use crate::stats::{COMPARED, Comparison, Difference};
use std::collections::BTreeMap;

/// Most rows of a picture.
const MOST: usize = 40;

/// A chart for each metric; the largest effects first. `records` are any of the cases that were compared.
pub fn forest(rows: &[Comparison], records: &[Record]) -> Vec<Chart> {
    let mut charts = Vec::new();
    let cases: BTreeMap<&str, &Record> =
        records.iter().map(|record| (record.case.id.as_str(), record)).collect();
    for (metric, floor) in COMPARED {
        let mut rows: Vec<&Comparison> = rows.iter().filter(|row| row.metric == metric).collect();
        rows.sort_by(|a, b| b.ratio.ln().abs().total_cmp(&a.ratio.ln().abs()));
        if rows.is_empty() {
            continue;
        }
        let left_out = rows.len().saturating_sub(MOST);
        let mut figures =
            Figures::new(["case", "distance", "base", "new", "change", "95 %", "trials", "verdict"]);
        let mut drawn = Vec::new();
        let bounds =
            |row: &Comparison| row.interval.map(|bound| (bound > 0.0 && bound.is_finite()).then_some(bound));
        for row in &rows {
            let interval = match bounds(row) {
                [Some(low), Some(high)] => Some([low, high]),
                _ => None,
            };
            let words = interval.map_or("too few trials for an interval".to_owned(), |[low, high]| {
                format!("{} … {}", percent(low), percent(high))
            });
            let distance = if row.place == Place::One { String::new() } else { word(row.place) };
            figures.row([
                row.case.clone(),
                distance.clone(),
                shown(metric, row.base),
                shown(metric, row.new),
                percent(row.ratio),
                words.clone(),
                row.trials.to_string(),
                verdict(&row.verdict),
            ]);
            // Better, worse, neither: told apart by colour and by sign.
            let (style, hollow) = match row.verdict {
                Difference::Faster => (2, false),
                Difference::Slower => (1, false),
                Difference::Same => (0, false),
                Difference::Unresolved { .. } => (7, true),
            };
            drawn.push(Row {
                label: format!("{} {distance}", row.case).trim_end().to_owned(),
                items: vec![Item::Mark { at: row.ratio, spread: interval, style, hollow }],
                value: format!("{} {}", percent(row.ratio), row.verdict.name()),
                tip: format!("{}: {} ({words}), {}", row.case, percent(row.ratio), verdict(&row.verdict)),
                attributes: cases
                    .get(row.case.as_str())
                    .map(|record| Tags::of(&record.case).attributes())
                    .unwrap_or_default(),
            });
        }
        drawn.truncate(MOST);
        let values = rows
            .iter()
            .take(MOST)
            .flat_map(|row| [Some(row.ratio), bounds(row)[0], bounds(row)[1]])
            .flatten();
        let band = [1.0 / (1.0 + floor), 1.0 + floor];
        let x = Axis::changes(values.chain(band), "new ÷ base");
        let (body, height) = Rows { x, rows: drawn, shade: Some(band), rule: Some(1.0) }.draw();
        let better = if metric.less_is_better() { "Left is better." } else { "Right is better." };
        let more = if left_out > 0 {
            format!(" {left_out} smaller effects are in the table alone.")
        } else {
            String::new()
        };
        charts.push(Chart {
            kind: Kind::Forest,
            number: charts.len() + 1,
            title: metric.name().to_owned(),
            about: format!("{better} Under {:.0} % there is no difference.{more}", floor * 100.0),
            tags: Tags::of_all(rows.iter().filter_map(|row| cases.get(row.case.as_str()).copied())),
            figures,
            body,
            height,
        });
    }
    charts
}
