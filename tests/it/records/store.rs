//! A run on disk while it goes on, after it, and after a crash.

use super::golden;
use crate::test;
use ipcmark::record::{Environment, Record, SCHEMA, Store, load};
use ipcmark::sys::leftovers::ScratchDir;
use libtest_mimic::Trial;
use serde_json::Value;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

pub(super) fn tests() -> Vec<Trial> {
    vec![
        test("records::a run has its name only once it is over", names),
        test("records::a run that crashed stays readable as what it is", crashed),
        test("records::a directory that holds a run is refused", refused),
        test("records::environment.json says what a run was", environment),
    ]
}

fn some_records() -> Vec<Record> {
    load(&golden("records-v1.jsonl")).expect("golden records")
}

fn store(directory: &Path) -> Store {
    Store::create(directory, Environment::capture("the-run", 7)).expect("a store")
}

fn files(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).expect("a directory").flatten();
    let mut names: Vec<String> =
        entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

fn value(directory: &Path) -> Value {
    let text = fs::read_to_string(directory.join("environment.json")).expect("environment.json");
    serde_json::from_str(&text).expect("JSON")
}

fn names() {
    let scratch = ScratchDir::create().expect("a scratch directory");
    let directory = scratch.path().join("deep/below");
    let mut store = store(&directory);
    assert_eq!(files(&directory), ["environment.json", "records.partial.jsonl"]);
    assert_eq!(
        (&value(&directory)["partial"], &value(&directory)["finished"]),
        (&Value::Bool(true), &Value::Null)
    );
    let records = some_records();
    for (count, record) in records.iter().enumerate() {
        store.append(record).expect("a line");
        assert_eq!(load(&directory).expect("records").len(), count + 1, "readable while the run goes on");
    }
    let whole = store.finish(false).expect("the end");
    assert_eq!(whole, directory.join("records.jsonl"));
    assert_eq!(files(&directory), ["environment.json", "records.jsonl"]);
    assert_eq!(load(&whole).expect("records"), records);
    assert_eq!(value(&directory)["partial"], Value::Bool(false));
    assert!(value(&directory)["finished"].is_string());
}

fn crashed() {
    let scratch = ScratchDir::create().expect("a scratch directory");
    let mut crashing = store(scratch.path());
    let record = &some_records()[0];
    crashing.append(record).expect("a line");
    drop(crashing);
    assert_eq!(files(scratch.path()), ["environment.json", "records.partial.jsonl"]);
    assert_eq!(load(scratch.path()).expect("records"), std::slice::from_ref(record));
    assert_eq!(
        (&value(scratch.path())["partial"], &value(scratch.path())["finished"]),
        (&Value::Bool(true), &Value::Null)
    );
}

fn refused() {
    for taken in ["records.jsonl", "records.partial.jsonl"] {
        let scratch = ScratchDir::create().expect("a scratch directory");
        fs::write(scratch.path().join(taken), "precious").expect("a file");
        let error =
            Store::create(scratch.path(), Environment::capture("new", 7)).expect_err("a run is there");
        assert_eq!(error.kind(), ErrorKind::AlreadyExists);
        assert_eq!(files(scratch.path()), [taken]);
        assert_eq!(fs::read_to_string(scratch.path().join(taken)).expect("the file"), "precious");
    }
}

fn environment() {
    let scratch = ScratchDir::create().expect("a scratch directory");
    store(scratch.path()).finish(true).expect("the end");
    let value = value(scratch.path());
    assert_eq!((&value["run"], &value["seed"]), (&Value::from("the-run"), &Value::from(7)));
    assert_eq!((&value["schema"], &value["partial"]), (&Value::from(SCHEMA), &Value::Bool(true)));
    assert_eq!(value["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(value["command"].as_array().map(Vec::len), Some(std::env::args().count()));
    for time in ["started", "finished"] {
        let text = value[time].as_str().expect("a time");
        assert!(
            text.len() == 20 && text.ends_with('Z') && text.as_bytes()[10] == b'T',
            "RFC 3339 in UTC: {text}"
        );
    }
    let host = &value["host"];
    for text in ["name", "kernel", "cpu", "clocksource"] {
        assert!(host[text].is_string(), "{text} in {host}");
    }
    assert!(host["kernel"].as_str().is_some_and(|kernel| kernel.starts_with("Linux ")), "{host}");
    assert!(host["cpus"].as_array().is_some_and(|cpus| !cpus.is_empty()), "{host}");
    assert!(host["memory_bytes"].as_u64() > Some(1 << 20), "{host}");
    assert!(host["clock"]["cost_ns"].as_f64() > Some(0.0), "{host}");
    let read: Environment = serde_json::from_value(value).expect("an environment");
    assert!(read.host.clock.step_ns > 0);
}
