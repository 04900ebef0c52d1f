//! A record survives its own JSON, to the last bit of every figure.

use super::golden;
use crate::test;
use ipcmark::record::{Record, Status, load};
use libtest_mimic::Trial;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

pub(super) fn tests() -> Vec<Trial> {
    vec![
        test("records::what is written is read, whatever the figures", any_figures),
        test("records::what is not there is not written", absent_parts),
    ]
}

/// Finite and not negative, of every magnitude.
fn figure() -> impl Strategy<Value = f64> + Clone {
    prop::num::f64::POSITIVE | prop::num::f64::NORMAL | prop::num::f64::ZERO
}

fn any_figures() {
    let example = load(&golden("records-v1.jsonl")).expect("golden records").swap_remove(0);
    // A fixed seed: the same figures in every run of the test.
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let config = Config { cases: 2_000, failure_persistence: None, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, rng);
    let figures = (figure(), figure(), figure(), figure(), 0..u64::MAX, prop::option::of(any::<u64>()), ".*");
    let outcome = runner.run(&figures, |(mean, ns, rate, before_ns, count, p99, reason)| {
        let mut record = example.clone();
        let latency = record.latency_ns.as_mut().expect("latencies");
        (latency.mean, latency.count, latency.p99) = (mean, count, p99);
        record.floor.as_mut().expect("a floor").ns = ns;
        record.throughput.as_mut().expect("rates").messages_per_s = rate;
        record.noise.as_mut().expect("noise").distance.as_mut().expect("a distance").before_ns = before_ns;
        (record.elapsed_ns, record.order, record.reason) = (count, p99, Some(reason));
        let line = serde_json::to_string(&record).expect("JSON");
        prop_assert!(!line.contains('\n'), "one record is one line");
        prop_assert_eq!(serde_json::from_str::<Record>(&line).expect("a record"), record);
        Ok(())
    });
    if let Err(error) = outcome {
        panic!("{error}");
    }
}

fn absent_parts() {
    let records = load(&golden("records-v1.jsonl")).expect("golden records");
    let skipped = records.iter().find(|record| record.status == Status::Skipped).expect("a skipped case");
    let value = serde_json::to_value(skipped).expect("JSON");
    for field in ["latency_ns", "throughput", "cpu", "checks", "floor", "noise"] {
        assert!(value.get(field).is_none(), "{field} in {value}");
    }
    assert!(value["reason"].is_string());
    assert!(serde_json::to_value(&records[0]).expect("JSON").get("reason").is_none());
}
