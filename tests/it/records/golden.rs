//! Records of schema 1 from real runs: spinning and sleeping ends, a broadcast, a failed and a skipped case.
//!
//! `records-v1.jsonl` never changes: a schema that changes gets a file of its own beside it. The renderings change with
//! the tables; on a difference the test leaves the new text under `target/tmp`, to be looked at and copied over.

use super::golden;
use crate::test;
use ipcmark::plan::{Model, Preset};
use ipcmark::record::{Place, Record, Status, load};
use ipcmark::report::{Look, csv, json, jsonl, published, tables};
use ipcmark::stats::summarise;
use libtest_mimic::Trial;
use serde_json::Value;
use std::path::Path;

pub(super) fn tests() -> Vec<Trial> {
    vec![
        test("records::schema 1 loads and is written again with the same values", same_values),
        test("records::the contract's example loads", contract),
        test("records::summaries of schema 1", summaries),
        test("records::tables, Markdown and CSV of schema 1", renderings),
        test("records::a table shows what was lost, and only then", losses),
        test("records::published figures stand beside Electron's layers, and only there", beside),
    ]
}

fn records() -> Vec<Record> {
    load(&golden("records-v1.jsonl")).expect("golden records")
}

fn text(name: &str) -> String {
    std::fs::read_to_string(golden(name)).expect("a golden file")
}

fn values(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).expect("JSON in every line")).collect()
}

fn same_values() {
    let written = text("records-v1.jsonl");
    let records = records();
    // Variables that came later are written at their defaults.
    let mut old = values(&written);
    for record in &mut old {
        let model = record["case"]["model"].as_object_mut().expect("a model");
        for (name, default) in
            serde_json::to_value(Model::default()).expect("JSON").as_object().expect("a model")
        {
            model.entry(name).or_insert_with(|| default.clone());
        }
    }
    assert_eq!(values(&jsonl(&records)), old);
    let document = json("run", "here", true, &records, &[]);
    assert_eq!(document["records"], Value::Array(old));
    let states: Vec<Status> = records.iter().map(|record| record.status).collect();
    assert_eq!(states[..5], [Status::Ok; 5]);
    assert_eq!(states[5..], [Status::Failed, Status::Skipped]);
}

/// The example in the contract, with fields that this version does not have and a histogram that is none.
fn contract() {
    let record: Record = serde_json::from_str(&text("contract-v1.json")).expect("the contract's record");
    let latency = record.latency_ns.as_ref().expect("latencies");
    assert_eq!((latency.p50, latency.p999, latency.every, latency.mean), (Some(402), None, 1, 409.8));
    assert_eq!((record.order, record.seed, record.bytes), (Some(17), 42, 12_800_000));
    assert_eq!((record.place(), record.case.model.payload), (Place::Near, 64));
    assert_eq!(record.checks.expect("checks").processes, 2);
    let again: Record =
        serde_json::from_str(&serde_json::to_string(&record).expect("JSON")).expect("a record");
    assert_eq!(again, record);
}

fn losses() {
    let mut records = records();
    let plain = tables(&records, Look::Plain { bold: false });
    assert!(!plain.contains("lost"), "{plain}");
    let checks = &mut records[0].checks.as_mut().expect("checks").checks;
    (checks.received, checks.lost) = (900, 100);
    let first = records[..1].to_vec();
    let shown = tables(&first, Look::Plain { bold: false });
    assert!(shown.contains("lost") && shown.contains("100 (10.00 %)"), "{shown}");
}

fn beside() {
    let look = Look::Plain { bold: false };
    let mut records = records()[2..4].to_vec();
    assert_eq!(published(&records, look), "", "bare links are not Electron");
    let with = |preset: &str, payload| {
        let Model { pin, wait, .. } = Model::default();
        Model { pin, wait, payload, ..Preset::named(preset).expect("a preset").model() }
    };
    records[0].case.model = with("electron-default", 64);
    records[1].case.model = with("electron-41", 1 << 20);
    let text = published(&records, look);
    assert!(text.contains("0.13–0.24 ms") && text.contains("4.7 ms") && !text.contains("3.3 ms"), "{text}");
    assert!(text.contains("no hardware named"), "{text}");
    records[0].case.model = with("electron-hardened", 64);
    records[1].case.model.payload = 16 << 10;
    assert_eq!(published(&records, look), "", "another preset, and a size that nobody published");
}

fn summaries() {
    let records = records();
    let summaries = summarise(&records);
    let cases: Vec<(&str, usize)> =
        summaries.iter().map(|summary| (summary.example.case.id.as_str(), summary.trials)).collect();
    let expected = [
        ("shm/invoke/payload=64/wait=spin/pin=cross", 2),
        ("pipe/invoke/payload=64/wait=block/pin=same", 1),
        ("shm/invoke/payload=64/wait=block/pin=same", 1),
        ("shm/broadcast/payload=64/wait=block/pin=cross/windows=2/in_flight=8", 1),
    ];
    let mut sorted = cases.clone();
    sorted.sort_unstable();
    let mut wanted = expected;
    wanted.sort_unstable();
    assert_eq!(sorted, wanted, "what failed or was skipped is in no summary");
    let spin = &summaries[0];
    let p50s: Vec<f64> = records[..2]
        .iter()
        .filter_map(|record| record.latency_ns.as_ref()?.p50)
        .map(|ns| ns as f64)
        .collect();
    let p50 = spin.p50.expect("a median");
    assert_eq!((p50.median, p50.min), ((p50s[0] + p50s[1]) / 2.0, p50s[0].min(p50s[1])));
}

fn renderings() {
    let records = records();
    for (name, actual) in [
        ("table.txt", tables(&records, Look::Plain { bold: false })),
        ("table.md", tables(&records, Look::Markdown)),
        ("records.csv", csv(&records)),
    ] {
        if actual != text(name) {
            let new = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
            std::fs::write(&new, &actual).expect("a file for comparison");
            panic!("tests/golden/{name} is not what is rendered now, {}:\n{actual}", new.display());
        }
    }
}
