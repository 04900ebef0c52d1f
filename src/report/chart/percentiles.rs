//! Latencies by how rare they are: the histograms of all trials together, and the band that the single trials span.

use super::facet::{Tags, facets};
use super::plot::{Mark, Plot, Series};
use super::scale::Axis;
use super::{Chart, Data, Drawn, Figures, Kind, by_transport, largest, style};
use crate::record::{Record, counted};
use crate::report::figure::nanoseconds;
use crate::workload::tally::Encoded;
use hdrhistogram::Histogram;
use std::collections::BTreeMap;

/// What is marked and written down.
const MARKED: [(f64, &str); 5] =
    [(0.5, "p50"), (0.9, "p90"), (0.99, "p99"), (0.999, "p99.9"), (0.9999, "p99.99")];
/// Latencies that have to lie beyond a quantile for it to be drawn.
const BEYOND: f64 = 10.0;
/// Points of a curve for each nine.
const STEPS: u32 = 12;

pub(super) fn charts(data: &Data<'_>) -> Drawn {
    let mut trials: BTreeMap<(&str, _), Vec<&Record>> = BTreeMap::new();
    for record in counted(data.records) {
        trials.entry((&record.case.id, record.place())).or_default().push(record);
    }
    largest(
        facets(&data.summaries, &[]),
        |_| true,
        |facet, group| {
            let mut figures = Figures::new([
                "transport",
                "p50",
                "p90",
                "p99",
                "p99.9",
                "p99.99",
                "longest",
                "messages timed",
            ]);
            let mut series = Vec::new();
            let mut most: f64 = 0.9;
            for (transport, group) in by_transport(group) {
                let decode = |trial: &&Record| Encoded::decode(&trial.latency_ns.as_ref()?.histogram).ok();
                let single: Vec<Histogram<u64>> = group
                    .iter()
                    .filter_map(|summary| {
                        let all = trials.get(&(summary.example.case.id.as_str(), summary.place))?;
                        Some(all.iter().filter(|trial| trial.run == summary.example.run))
                    })
                    .flatten()
                    .filter_map(decode)
                    .collect();
                let Some(whole) = together(&single) else { continue };
                let last = 1.0 - BEYOND / whole.len() as f64;
                let steps =
                    (0..=8 * STEPS).map(|step| 1.0 - 0.5 * 10f64.powf(-f64::from(step) / f64::from(STEPS)));
                let quantiles: Vec<f64> = steps.filter(|quantile| *quantile <= last).collect();
                most = quantiles.last().copied().unwrap_or(most).max(most);
                let value = |quantile: f64| whole.value_at_quantile(quantile) as f64;
                let span = |quantile: f64| {
                    // Trials of which too few lie beyond have no such quantile.
                    let enough = |trial: &&Histogram<u64>| trial.len() as f64 * (1.0 - quantile) >= BEYOND;
                    let values =
                        single.iter().filter(enough).map(|trial| trial.value_at_quantile(quantile) as f64);
                    values.fold([f64::INFINITY, 0.0], |[low, high], value| [low.min(value), high.max(value)])
                };
                let shown = MARKED.iter().filter(|(quantile, _)| *quantile <= last);
                let marks = shown.map(|&(quantile, name)| Mark {
                    x: quantile,
                    y: value(quantile),
                    tip: format!("{transport}, {name}: {}", nanoseconds(value(quantile))),
                    attributes: group
                        .first()
                        .map(|summary| Tags::of(&summary.example.case).attributes())
                        .unwrap_or_default(),
                    ..Mark::default()
                });
                let cell = |quantile: f64| {
                    if quantile <= last { nanoseconds(value(quantile)) } else { "–".to_owned() }
                };
                let [p50, p90, p99, p999, p9999] = MARKED.map(|(quantile, _)| cell(quantile));
                figures.row([
                    transport.to_owned(),
                    p50,
                    p90,
                    p99,
                    p999,
                    p9999,
                    nanoseconds(whole.max() as f64),
                    whole.len().to_string(),
                ]);
                series.push(Series {
                    name: transport.to_owned(),
                    style: style(transport),
                    marks: marks.collect(),
                    band: quantiles
                        .iter()
                        .map(|&q| (q, span(q)))
                        .take_while(|(_, [low, _])| low.is_finite())
                        .collect(),
                    curve: quantiles.iter().map(|&quantile| (quantile, value(quantile))).collect(),
                    joined: false,
                });
            }
            if series.iter().all(|series| series.curve.len() < 2) {
                return None;
            }
            let edges = series.iter().flat_map(|series: &Series| &series.band).flat_map(|(_, edges)| *edges);
            let values = series.iter().flat_map(|series| &series.curve).map(|point| point.1).chain(edges);
            let y = Axis::log(values.collect::<Vec<_>>().into_iter(), "latency", nanoseconds);
            let x = Axis::nines(most, "so many of the messages were faster");
            let (body, height) = Plot { x, y, series, rules: Vec::new() }.draw();
            Some(Chart {
                kind: Kind::Percentiles,
                number: 0,
                title: facet.title(),
                about: String::new(),
                tags: Tags::of_all(group.iter().map(|summary| summary.example)),
                figures,
                body,
                height,
            })
        },
    )
}

/// The histograms of several trials as one; `None` without any.
fn together(trials: &[Histogram<u64>]) -> Option<Histogram<u64>> {
    let mut whole = trials.first()?.clone();
    for trial in &trials[1..] {
        whole.add(trial).ok()?;
    }
    (!whole.is_empty()).then_some(whole)
}
