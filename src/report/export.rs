//! Records for other programs.

use super::targets::targets_json;
use crate::plan::variable::{VARIABLES, word};
use crate::record::Record;
use crate::stats::Verdict;
use serde_json::{Value, json};

/// One JSON document: the run, where it lies, whether it is whole, its records, and what came of its targets.
pub fn json(
    run: &str,
    directory: &str,
    partial: bool,
    records: &[Record],
    verdicts: &[Verdict<'_>],
) -> Value {
    let targets = targets_json(verdicts);
    json!({ "run": run, "directory": directory, "partial": partial, "records": records, "targets": targets })
}

/// One record a line, as in the run's file.
pub fn jsonl(records: &[Record]) -> String {
    let lines = records.iter().filter_map(|record| serde_json::to_string(record).ok());
    lines.map(|line| line + "\n").collect()
}

type Field = (&'static str, fn(&Record) -> Option<String>);

const FIELDS: [Field; 46] = [
    ("run", |r| Some(r.run.clone())),
    ("trial", |r| Some(r.trial.to_string())),
    ("order", |r| Some(r.order?.to_string())),
    ("repeats", |r| Some(r.repeats?.to_string())),
    ("status", |r| Some(word(r.status))),
    ("reason", |r| r.reason.clone()),
    ("case", |r| Some(r.case.id.clone())),
    ("transport", |r| Some(r.case.transport.clone())),
    ("workload", |r| Some(r.case.workload.name().to_owned())),
    ("messages", |r| Some(r.messages.to_string())),
    ("lost", |r| Some(r.checks?.checks.lost.to_string())),
    ("elapsed_ns", |r| Some(r.elapsed_ns.to_string())),
    ("latency_kind", |r| Some(word(r.latency_ns.as_ref()?.kind))),
    ("p50_ns", |r| Some(r.latency_ns.as_ref()?.p50?.to_string())),
    ("p90_ns", |r| Some(r.latency_ns.as_ref()?.p90?.to_string())),
    ("p99_ns", |r| Some(r.latency_ns.as_ref()?.p99?.to_string())),
    ("p999_ns", |r| Some(r.latency_ns.as_ref()?.p999?.to_string())),
    ("max_ns", |r| Some(r.latency_ns.as_ref()?.max.to_string())),
    ("mean_ns", |r| Some(r.latency_ns.as_ref()?.mean.to_string())),
    ("messages_per_s", |r| Some(r.throughput?.messages_per_s.to_string())),
    ("bytes_per_s", |r| Some(r.throughput?.bytes_per_s.to_string())),
    ("cpu_ns_per_message", |r| Some(r.cpu?.ns_per_message.to_string())),
    ("switches_per_message", |r| Some(r.switches_per_message()?.to_string())),
    ("cycles_per_message", |r| Some(r.counts_per_message()?[0].to_string())),
    ("instructions_per_message", |r| Some(r.counts_per_message()?[1].to_string())),
    ("cache_misses_per_message", |r| Some(r.counts_per_message()?[2].to_string())),
    ("floor", |r| Some(r.floor.as_ref()?.name.clone())),
    ("floor_ns", |r| Some(r.floor.as_ref()?.ns.to_string())),
    ("floor_ratio", |r| Some(r.floor.as_ref()?.ratio.to_string())),
    ("distance", |r| Some(word(r.place()))),
    ("distance_before_ns", |r| Some(r.noise?.distance?.before_ns.to_string())),
    ("distance_after_ns", |r| Some(r.noise?.distance?.after_ns.to_string())),
    ("dirty", |r| Some(r.noise?.dirty.to_string())),
    ("sentinel_ratio", |r| Some(r.noise?.sentinel_ratio.to_string())),
    ("steal_ticks", |r| Some(r.noise?.steal_ticks.to_string())),
    ("cpu_share", |r| Some(r.noise?.cpu_share?.to_string())),
    ("clock_ratio", |r| Some(r.noise?.clock_ratio?.to_string())),
    ("samples", |r| Some(r.latency_ns.as_ref()?.count.to_string())),
    ("messages_per_sample", |r| Some(r.latency_ns.as_ref()?.every.to_string())),
    ("min_ns", |r| Some(r.latency_ns.as_ref()?.min.to_string())),
    ("offered_per_s", |r| Some(r.offered?.messages_per_s.to_string())),
    ("lag_p50_ns", |r| Some(r.offered?.lag_p50_ns.to_string())),
    ("lag_p99_ns", |r| Some(r.offered?.lag_p99_ns.to_string())),
    ("lag_max_ns", |r| Some(r.offered?.lag_max_ns.to_string())),
    ("processes", |r| Some(r.checks?.processes.to_string())),
    ("seed", |r| Some(r.seed.to_string())),
];

/// One trial a line, the variables of the model as columns; empty where a trial has no such figure.
pub fn csv(records: &[Record]) -> String {
    let names = FIELDS.iter().map(|(name, _)| *name).chain(VARIABLES.iter().map(|variable| variable.name));
    let mut text = names.collect::<Vec<_>>().join(",") + "\n";
    for record in records {
        let fields = FIELDS.iter().map(|(_, field)| field(record).unwrap_or_default());
        let values = VARIABLES.iter().map(|variable| (variable.get)(&record.case.model));
        let cells: Vec<String> = fields.chain(values).map(|cell| quoted(&cell)).collect();
        text.push_str(&cells.join(","));
        text.push('\n');
    }
    text
}

/// Quoted where RFC 4180 asks for it.
fn quoted(cell: &str) -> String {
    if cell.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", cell.replace('"', "\"\""))
    } else {
        cell.to_owned()
    }
}
