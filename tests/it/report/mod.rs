//! What records are shown as: the page, its charts, logs of histograms.

mod browser;
mod page;

use crate::support::program::Place;
use ipcmark::record::{Environment, Record, Store};
use ipcmark::workload::tally::{Encoded, new_histogram};
use libtest_mimic::Trial;
use serde_json::{Value, json};

pub(crate) fn tests() -> Vec<Trial> {
    [page::tests(), browser::tests()].into_iter().flatten().collect()
}

/// A trial whose latencies lie around so many nanoseconds.
fn trial(transport: &str, wait: &str, payload: usize, order: u64, p50: u64) -> Value {
    let mut histogram = new_histogram();
    (0..2000u64).for_each(|n| histogram.record(p50 * (900 + n % 200) / 1000 + n % 7).expect("a value"));
    let quantile = |q: f64| histogram.value_at_quantile(q);
    json!({
        "schema": 1, "run": "the-run", "trial": order % 3, "order": order, "seed": 7, "status": "ok", "messages": 2000,
        "bytes": 2000 * payload, "elapsed_ns": 2000 * p50,
        "case": { "id": format!("{transport}/invoke/payload={payload}/wait={wait}/pin=same"), "transport": transport, "workload": "invoke",
                  "model": { "pin": "same", "wait": wait, "payload": payload } },
        "latency_ns": { "kind": "round-trip", "count": 2000, "min": quantile(0.0), "p50": quantile(0.5), "p90": quantile(0.9),
                        "p99": quantile(0.99), "max": histogram.max(), "mean": histogram.mean(), "histogram": Encoded::encode(&histogram) },
        "throughput": { "messages_per_s": 1e9 / p50 as f64, "bytes_per_s": 1e9 * payload as f64 / p50 as f64 },
        "cpu": { "main": usage(p50), "renderers": usage(p50), "ns_per_message": p50 as f64 },
        "noise": { "dirty": order % 7 == 3, "steal_ticks": 0, "sentinel_ratio": 1.0, "clock_ratio": if order == 3 { 1.5 } else { 1.0 } },
    })
}

fn usage(ns: u64) -> Value {
    json!({ "user_ns": ns, "sys_ns": ns, "voluntary_switches": 1, "involuntary_switches": 0, "minor_faults": 0 })
}

/// Two transports that overtake each other, at three sizes, two of them waiting in two ways.
fn trials() -> Vec<Value> {
    let mut trials = Vec::new();
    for (transport, wait, fixed, each) in [
        ("shm", "block", 8000, 1),
        ("uds-stream", "block", 5000, 4),
        ("shm", "spin", 300, 1),
        ("uds-stream", "spin", 900, 4),
    ] {
        for payload in [64usize, 4096, 65536] {
            for _ in 0..3 {
                let order = trials.len() as u64;
                let p50 = fixed + each * payload as u64 / 4 + order;
                trials.push(trial(transport, wait, payload, order, p50));
            }
        }
    }
    trials
}

/// Keeps a run in a directory.
fn keep(place: &Place, directory: &str, trials: &[Value]) {
    let environment = Environment::capture("the-run", 7);
    let mut store = Store::create(&place.path(directory), environment).expect("a store");
    for trial in trials {
        store.append(&serde_json::from_value::<Record>(trial.clone()).expect("a record")).expect("a line");
    }
    store.finish(false).expect("a file");
}

fn read(place: &Place, name: &str) -> String {
    std::fs::read_to_string(place.path(name)).expect("a file")
}
