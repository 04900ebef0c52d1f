//! All trials of a run in the order in which they ran: what the host did meanwhile is seen at a glance.

use super::facet::Tags;
use super::plot::{Mark, Plot, Rule, Series};
use super::scale::{Axis, Tick};
use super::{Chart, Data, Figures, Kind};
use crate::plan::variable::word;
use crate::record::{Place, Record, Status};
use crate::report::figure::{nanoseconds, ratio};
use crate::stats::Summary;
use std::collections::BTreeMap;

/// More marks than this are no picture any more: the calm ones are thinned out then.
const MANY: usize = 1500;

pub(super) fn charts(data: &Data<'_>) -> Vec<Chart> {
    let mut runs: BTreeMap<&str, Vec<&Record>> = BTreeMap::new();
    let whole = |record: &&Record| record.status == Status::Ok && record.order.is_some();
    for record in data.records.iter().filter(whole) {
        runs.entry(&record.run).or_default().push(record);
    }
    let usual: BTreeMap<(&str, Place), &Summary<'_>> = data
        .summaries
        .iter()
        .map(|summary| ((summary.example.case.id.as_str(), summary.place), summary))
        .collect();
    runs.into_iter().filter_map(|(run, trials)| chart(run, trials, &usual)).collect()
}

fn chart(
    run: &str,
    mut trials: Vec<&Record>,
    usual: &BTreeMap<(&str, Place), &Summary<'_>>,
) -> Option<Chart> {
    trials.sort_by_key(|record| record.order);
    let every = trials.len().div_ceil(MANY).max(1);
    let every_dirty = trials.iter().filter(|trial| trial.is_dirty()).count().div_ceil(MANY).max(1);
    let mut figures = Figures::new([
        "place",
        "case",
        "median latency",
        "× the case's median",
        "disturbed",
        "sentinel",
        "distance",
    ]);
    let mut series: Vec<Series> = ["CPUs near", "CPUs far", "one CPU or unknown"]
        .into_iter()
        .zip([0, 1, 7])
        .map(|(name, style)| Series { name: name.to_owned(), style, ..Series::default() })
        .collect();
    let mut dirty = 0;
    for (number, trial) in trials.iter().enumerate() {
        dirty += usize::from(trial.is_dirty());
        // Disturbed ones are what one looks for, but of very many a part shows as much.
        let step = if trial.is_dirty() { every_dirty } else { every };
        if number % step != 0 {
            continue;
        }
        let key = (trial.case.id.as_str(), trial.place());
        let p50 = trial.latency_ns.as_ref().and_then(|latency| latency.p50);
        let median = usual.get(&key).and_then(|summary| summary.p50).map(|spread| spread.median);
        let (Some(p50), Some(median)) = (p50, median) else { continue };
        let times = p50 as f64 / median;
        let of = match trial.place() {
            Place::Near => 0,
            Place::Far => 1,
            Place::One | Place::Mixed => 2,
        };
        let noise = trial.noise.as_ref();
        let disturbed = if trial.is_dirty() { "yes" } else { "" };
        figures.row_of(
            &trial.case,
            [
                trial.order.unwrap_or_default().to_string(),
                trial.case.id.clone(),
                nanoseconds(p50 as f64),
                ratio(times),
                disturbed.to_owned(),
                noise.map_or("–".to_owned(), |noise| ratio(noise.sentinel_ratio)),
                word(trial.place()),
            ],
        );
        series[of].marks.push(Mark {
            x: trial.order.unwrap_or_default() as f64,
            y: times,
            tip: format!(
                "{}, trial {}: {}, {} its median{}",
                trial.case.id,
                trial.trial,
                nanoseconds(p50 as f64),
                ratio(times),
                if trial.is_dirty() { ", disturbed by the host" } else { "" }
            ),
            attributes: Tags::of(&trial.case).attributes(),
            hollow: trial.is_dirty(),
            ..Mark::default()
        });
    }
    series.retain(|series| !series.marks.is_empty());
    let marks = series.iter().flat_map(|series| &series.marks);
    if marks.clone().count() < 2 {
        return None;
    }
    let y = Axis::log(
        marks.clone().map(|mark| mark.y).collect::<Vec<_>>().into_iter(),
        "× the case's median",
        ratio,
    );
    let most = marks.map(|mark| mark.x).fold(1.0, f64::max);
    let mut x = Axis::linear([most].into_iter(), "trials, in their order", |at| format!("{at:.0}"));
    x.ticks.retain(|Tick { at, .. }| at.fract() == 0.0);
    let rules = vec![Rule::Along(vec![(0.0, 1.0), (most, 1.0)], String::new())];
    let (body, height) = Plot { x, y, series, rules }.draw();
    let thinned = if every > 1 {
        format!("Of the calm ones one in {every} is shown, of the disturbed ones one in {every_dirty}.")
    } else {
        String::new()
    };
    Some(Chart {
        kind: Kind::Timeline,
        number: 0,
        title: format!("run {run} · {} trials, {dirty} disturbed", trials.len()),
        about: thinned,
        tags: Tags::of_all(trials.iter().copied()),
        figures,
        body,
        height,
    })
}
