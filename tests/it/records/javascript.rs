//! Histograms that `scripts/reference` writes: the same format from another hand (`node scripts/reference/selftest.mjs` made the file).

use crate::test;
use ipcmark::workload::tally::Encoded;
use libtest_mimic::Trial;
use serde_json::{Value, json};

pub(super) fn tests() -> Vec<Trial> {
    vec![test("records::histograms of the reference scripts are read as they were meant", read)]
}

fn read() {
    let lines = include_str!("../../vectors/hdr-js.jsonl").lines();
    let cases: Vec<Value> = lines.map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert!(cases.len() > 5);
    for case in &cases {
        let (name, expected) = (&case["name"], &case["expected"]);
        let text = case["histogram"].as_str().expect("base64");
        let histogram = Encoded::decode(text).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(json!(histogram.len()), expected["count"], "{name}");
        for (quantile, key) in [(0.5, "p50"), (0.9, "p90"), (0.99, "p99"), (0.999, "p999")] {
            // Where there are too few samples for a quantile it is null.
            if !expected[key].is_null() {
                assert_eq!(json!(histogram.value_at_quantile(quantile)), expected[key], "{name}: {key}");
            }
        }
        if !histogram.is_empty() {
            assert_eq!(
                (json!(histogram.min()), json!(histogram.max())),
                (expected["min"].clone(), expected["max"].clone()),
                "{name}"
            );
        }
        assert_eq!(Encoded::encode(&histogram), text, "{name}: the same bytes again");
    }
}
