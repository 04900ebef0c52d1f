//! Summaries for services that follow benchmarks from commit to commit.

use crate::plan::Metric;
use crate::plan::variable::word;
use crate::record::{Place, Record};
use crate::stats::{Spread, Summary, summarise};
use serde_json::{Map, Value, json};

/// A figure of a summary: what Bencher's measure is called, its metric, its unit.
type Figure = (&'static str, Metric, &'static str, for<'a> fn(&Summary<'a>) -> Option<Spread>);

const FIGURES: [Figure; 4] = [
    ("latency", Metric::P50, "ns", |summary| summary.p50),
    ("latency-p99", Metric::P99, "ns", |summary| summary.p99),
    ("throughput", Metric::Messages, "messages/s", |summary| summary.messages_per_s),
    ("cpu-per-message", Metric::Cpu, "ns", |summary| summary.cpu_ns),
];

/// Bencher Metric Format: for each case its measures, each the median over trials with the least and the largest of them. `latency` and
/// `throughput` are the measures that every Bencher project has.
pub fn bencher(records: &[Record]) -> Value {
    let mut cases = Map::new();
    for summary in summarise(records) {
        let measures = FIGURES.iter().filter_map(|(measure, _, _, figure)| {
            let Spread { median, min, max, .. } = figure(&summary)?;
            Some(((*measure).to_owned(), json!({ "value": median, "lower_value": min, "upper_value": max })))
        });
        cases.insert(name(&summary), Value::Object(measures.collect()));
    }
    Value::Object(cases)
}

/// What github-action-benchmark reads as `customSmallerIsBetter`: every figure of which less is better.
pub fn github(records: &[Record]) -> Value {
    let rows = summarise(records).into_iter().flat_map(|summary| {
        let rows = FIGURES.iter().filter(|(_, metric, ..)| metric.less_is_better());
        let row = |(_, metric, unit, figure): &Figure| {
            let Spread { median, min, max, .. } = figure(&summary)?;
            Some(json!({
                "name": format!("{} {}", name(&summary), metric.name()), "unit": unit, "value": median,
                "range": format!("± {:.0}", (max - min) / 2.0),
                "extra": format!("{} trials, {min:.0} to {max:.0}", summary.trials),
            }))
        };
        rows.filter_map(row).collect::<Vec<Value>>()
    });
    Value::Array(rows.collect())
}

/// A case's name, with the distance of its CPUs where it has one: those figures are of different things.
fn name(summary: &Summary<'_>) -> String {
    let case = &summary.example.case.id;
    if summary.place == Place::One { case.clone() } else { format!("{case} ({})", word(summary.place)) }
}
