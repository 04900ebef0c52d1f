//! What it costs when the host moves the CPUs apart: cases that were measured both near and far.

use super::facet::Tags;
use super::rows::{Item, Row, Rows};
use super::scale::Axis;
use super::{Chart, Data, Figures, Kind, within};
use crate::record::Place;
use crate::report::figure::{nanoseconds, ratio};
use crate::stats::{Spread, Summary};
use std::collections::BTreeMap;

/// Most rows of a picture.
const MOST: usize = 30;

pub(super) fn charts(data: &Data<'_>) -> Vec<Chart> {
    let mut cases: BTreeMap<&str, [Option<(&Summary<'_>, Spread)>; 2]> = BTreeMap::new();
    for summary in &data.summaries {
        let side = match summary.place {
            Place::Near => 0,
            Place::Far => 1,
            Place::One | Place::Mixed => continue,
        };
        cases.entry(&summary.example.case.id).or_default()[side] = summary.p50.map(|p50| (summary, p50));
    }
    let mut both: Vec<(&str, &Summary<'_>, Spread, Spread)> = cases
        .into_iter()
        .filter_map(|(case, [near, far])| {
            near.zip(far).map(|((summary, near), (_, far))| (case, summary, near, far))
        })
        .collect();
    if both.is_empty() {
        return Vec::new();
    }
    both.sort_by(|a, b| (b.3.median / b.2.median).total_cmp(&(a.3.median / a.2.median)));
    let left_out = both.len().saturating_sub(MOST);
    both.truncate(MOST);
    let mut figures = Figures::new(["case", "near", "far", "far ÷ near"]);
    let mut rows = Vec::new();
    for (case, summary, near, far) in &both {
        let times = far.median / near.median;
        let [a, b] = [near, far].map(|spread| nanoseconds(spread.median));
        figures.row_of(&summary.example.case, [(*case).to_owned(), a.clone(), b.clone(), ratio(times)]);
        let mark = |spread: &Spread, style| Item::Mark {
            at: spread.median,
            spread: within(spread),
            style,
            hollow: style == 1,
        };
        rows.push(Row {
            label: (*case).to_owned(),
            items: vec![mark(near, 0), mark(far, 1)],
            value: ratio(times),
            tip: format!("{case}: {a} near, {b} far, {}", ratio(times)),
            attributes: Tags::of(&summary.example.case).attributes(),
        });
    }
    let values = both.iter().flat_map(|(_, _, near, far)| [near.low, near.high, far.low, far.high]);
    let x = Axis::log(values.collect::<Vec<_>>().into_iter(), "median latency", nanoseconds);
    let (body, height) = Rows { x, rows, shade: None, rule: None }.draw();
    let more = if left_out > 0 { format!("{left_out} further cases differ less.") } else { String::new() };
    vec![Chart {
        kind: Kind::Distance,
        number: 0,
        title: format!("{} cases at both distances", both.len() + left_out),
        about: more,
        tags: Tags::of_all(both.iter().map(|(_, summary, ..)| summary.example)),
        figures,
        body,
        height,
    }]
}
