//! What a reader forgives, and what it does not.

use super::golden;
use crate::test;
use ipcmark::record::{Record, Status, load};
use ipcmark::sys::leftovers::ScratchDir;
use libtest_mimic::Trial;
use serde_json::{Value, json};
use std::fs;

pub(super) fn tests() -> Vec<Trial> {
    vec![
        test("records::fields that are not known are ignored", unknown_fields),
        test("records::fields that may be missing may be missing", missing_fields),
        test("records::a last line that was cut short is ignored", cut_short),
        test("records::a line that is no record is named with its file", broken_line),
        test("records::a newer schema is refused, with the line", newer_schema),
        test("records::a run's directory is read, whole or partial", directories),
    ]
}

/// Loads a file of this text; the error, if any, with the file's directory taken off.
fn loaded(text: impl AsRef<[u8]>) -> Result<Vec<Record>, String> {
    let scratch = ScratchDir::create().expect("a scratch directory");
    let path = scratch.path().join("some.jsonl");
    fs::write(&path, text).expect("a file");
    load(&path).map_err(|error| error.to_string().replace(&format!("{}/", scratch.path().display()), ""))
}

fn lines() -> Vec<String> {
    let text = fs::read_to_string(golden("records-v1.jsonl")).expect("golden records");
    text.lines().map(str::to_owned).collect()
}

fn unknown_fields() {
    let mut value: Value = serde_json::from_str(&lines()[0]).expect("JSON");
    let plain = loaded(format!("{value}\n")).expect("records");
    for pointer in [
        "",
        "/case",
        "/case/model",
        "/latency_ns",
        "/throughput",
        "/cpu",
        "/cpu/main",
        "/checks",
        "/floor",
        "/noise",
        "/noise/distance",
    ] {
        let object = value.pointer_mut(pointer).and_then(Value::as_object_mut).expect("an object");
        object.insert("of_tomorrow".to_owned(), json!({ "any": ["thing", 1, null] }));
    }
    assert_eq!(loaded(format!("{value}\n")).expect("records"), plain);
}

fn missing_fields() {
    let model = json!({});
    let case = json!({ "id": "x", "transport": "pipe", "workload": "send", "model": model });
    let least = json!({ "schema": 1, "run": "r", "trial": 0, "seed": 1, "status": "failed", "case": case });
    let records = loaded(format!("{least}\n")).expect("records");
    let record = &records[0];
    assert_eq!((record.status, record.order, &record.reason), (Status::Failed, None, &None));
    assert_eq!((record.messages, &record.latency_ns, record.noise), (0, &None, None));
    assert_eq!(record.case.model, ipcmark::plan::Model::default());
    for needed in ["schema", "run", "trial", "seed", "status", "case"] {
        let mut lacking = least.clone();
        lacking.as_object_mut().expect("an object").remove(needed);
        let error = loaded(format!("{lacking}\n")).expect_err("a record must say this");
        assert!(error.contains("some.jsonl:1: ") && error.contains(needed), "{error}");
    }
}

fn cut_short() {
    let lines = lines();
    let whole = format!("{}\n{}\n", lines[0], lines[1]);
    assert_eq!(loaded(&whole).expect("records").len(), 2);
    for len in [1, 100, lines[2].len() - 1] {
        assert_eq!(loaded(format!("{whole}{}", &lines[2][..len])).expect("records").len(), 2, "{len} bytes");
    }
    assert_eq!(loaded(format!("{whole}{}", lines[2])).expect("records").len(), 3, "only its newline is lost");
    assert_eq!(loaded("").expect("no records").len(), 0);
    // In the middle of a character, too.
    let text = lines[5].replace("closed its link", "schloß ab");
    let at = text.find('ß').expect("a character of two bytes");
    let cut = [whole.as_bytes(), &text.as_bytes()[..=at]].concat();
    assert_eq!(loaded(cut).expect("records").len(), 2);
}

fn broken_line() {
    let lines = lines();
    let error =
        loaded(format!("{}\n{}\n{}\n", lines[0], &lines[1][..50], lines[2])).expect_err("a broken line");
    assert!(error.starts_with("some.jsonl:2: "), "{error}");
    let error = loaded(format!("{}\nnonsense\n", lines[0])).expect_err("a whole line is not cut short");
    assert!(error.starts_with("some.jsonl:2: "), "{error}");
    let strange = lines[0].replace("\"ok\"", "\"fine\"");
    let error = loaded(format!("{strange}\n")).expect_err("no such status");
    assert!(error.starts_with("some.jsonl:1: ") && error.contains("fine"), "{error}");
    let error = loaded(b"{\"run\":\"\xff\"}\n").expect_err("no UTF-8");
    assert!(error.starts_with("some.jsonl:1: "), "{error}");
    let error = load(&golden("no-such.jsonl")).expect_err("no such file").to_string();
    assert!(error.contains("no-such.jsonl: No such file"), "{error}");
}

/// Even one whose fields have another shape: what it is matters more than how it fails.
fn newer_schema() {
    let lines = lines();
    let newer = lines[1].replace("\"schema\":1", "\"schema\":2");
    let other_shape = newer.replace("\"status\":\"ok\"", "\"status\":{\"code\":0}");
    for line in [newer, other_shape] {
        let error = loaded(format!("{}\n{line}\n", lines[0])).expect_err("a newer schema");
        assert!(error.starts_with("some.jsonl:2: schema 2"), "{error}");
    }
}

fn directories() {
    let scratch = ScratchDir::create().expect("a scratch directory");
    let lines = lines();
    let write = |name: &str, lines: &[String]| {
        fs::write(scratch.path().join(name), lines.join("\n") + "\n").expect("a file");
    };
    let error = load(scratch.path()).expect_err("no run").to_string();
    assert!(error.contains(&scratch.path().display().to_string()), "{error}");
    write("records.partial.jsonl", &lines[..1]);
    assert_eq!(load(scratch.path()).expect("records").len(), 1);
    write("records.jsonl", &lines[..2]);
    assert_eq!(load(scratch.path()).expect("records").len(), 2, "the whole run wins");
}
