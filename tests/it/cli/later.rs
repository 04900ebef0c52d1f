//! What is made of runs later: completing one, following many, handing one to other programs.

use super::comparisons::trials;
use crate::support::program::Place;
use crate::test;
use ipcmark::record::{Environment, Record, Status, Store, load};
use libtest_mimic::Trial;
use serde_json::{Value, json};
use std::collections::BTreeMap;

pub(super) fn tests() -> Vec<Trial> {
    vec![
        test("cli::run --resume measures what is missing and nothing else", resumes),
        test("cli::run --resume refuses what is no run of this host", resumes_no_other),
        test("cli::run --precision ends with a case that is known well enough", precision),
        test("cli::history shows where a figure changed", changes),
        test("cli::report writes what other programs read", exports),
        test("cli::runs that a wrong wall clock has dated are shown as others are", odd_clocks),
        test("cli::gate measures again what has become worse", again),
    ]
}

const CASES: [&str; 8] =
    ["run", "--transport", "pipe", "--workload", "invoke,send", "--vary", "pin=same,free", "--time=0.001"];

/// Trials that are no second try, by case.
fn numbers(place: &Place, out: &str) -> BTreeMap<String, Vec<u64>> {
    let mut numbers: BTreeMap<String, Vec<u64>> = BTreeMap::new();
    for record in load(&place.path(out)).expect("records") {
        assert_eq!(record.status, Status::Ok, "{record:?}");
        if record.repeats.is_none() {
            numbers.entry(record.case.id).or_default().push(record.trial);
        }
    }
    numbers
}

fn environment(place: &Place, out: &str) -> Value {
    let text = std::fs::read_to_string(place.path(out).join("environment.json")).expect("environment.json");
    serde_json::from_str(&text).expect("JSON")
}

fn resumes() {
    let place = Place::new();
    let broken = place.run(&[&CASES[..], &["--trials", "2", "--budget", "1", "--out", "run"]].concat());
    assert_eq!(broken.code, Some(0), "{}", broken.stderr);
    assert!(broken.stderr.contains("4 cases × 2 trials"), "{}", broken.stderr);
    assert_eq!(environment(&place, "run")["partial"], true);
    let before: usize = numbers(&place, "run").values().map(Vec::len).sum();
    assert!((1..8).contains(&before), "{before} of eight trials fit into a second");
    // As a crash leaves it: under the partial name, with half a line at its end.
    let (whole, partial) = (place.path("run/records.jsonl"), place.path("run/records.partial.jsonl"));
    let text = std::fs::read_to_string(&whole).expect("records");
    std::fs::write(&partial, format!("{text}{{\"schema\":1,\"ru")).expect("a file");
    std::fs::remove_file(&whole).expect("the file");

    let resumed = place.run(&["run", "--resume", "run", "--format", "json"]);
    assert_eq!(resumed.code, Some(0), "{}", resumed.stderr);
    let document: Value = serde_json::from_str(&resumed.stdout).expect("one document");
    assert_eq!(document["partial"], false);
    let all = numbers(&place, "run");
    assert_eq!(all.len(), 4);
    assert!(all.values().all(|trials| *trials == [0, 1]), "each trial once: {all:?}");
    let text = std::fs::read_to_string(&whole).expect("records");
    assert!(text.starts_with(text.lines().next().expect("what there was")), "what there was stays");
    let mut orders: Vec<_> = load(&whole).expect("records").iter().map(|record| record.order).collect();
    orders.sort_unstable();
    assert!(orders.windows(2).all(|pair| pair[0] < pair[1]), "{orders:?}");
    let environment = environment(&place, "run");
    assert_eq!(
        (&environment["partial"], environment["resumed"].as_array().map(Vec::len)),
        (&json!(false), Some(1))
    );

    let length = text.len();
    assert_eq!(place.run(&["run", "--resume", "run"]).code, Some(0), "nothing is missing");
    assert_eq!(std::fs::read_to_string(&whole).expect("records").len(), length);
}

fn resumes_no_other() {
    let place = Place::new();
    let run = [&CASES[..], &["--trials", "1", "--budget", "0.01", "--out", "run"]].concat();
    assert_eq!(place.run(&run).code, Some(0));
    let path = place.path("run/environment.json");
    let good = environment(&place, "run");
    let with = |change: &dyn Fn(&mut Value)| {
        let mut changed = good.clone();
        change(&mut changed);
        std::fs::write(&path, changed.to_string()).expect("a file");
        place.run(&["run", "--resume", "run"])
    };
    let other = with(&|environment| environment["host"]["name"] = json!("elsewhere"));
    assert_eq!(other.code, Some(3), "{}", other.stderr);
    assert!(other.stderr.contains("host is elsewhere"), "{}", other.stderr);
    let explained = with(&|environment| environment["command"] = json!(["ipcmark", "explain"]));
    assert_eq!(explained.code, Some(2), "{}", explained.stderr);
    assert!(explained.stderr.contains("`ipcmark explain` was no run"), "{}", explained.stderr);
    let both = place.run(&["run", "--resume", "run", "--trials", "3"]);
    assert_eq!(both.code, Some(2), "{}", both.stderr);
    let absent = place.run(&["run", "--resume", "nowhere"]);
    assert_eq!(absent.code, Some(2), "{}", absent.stderr);
    assert!(absent.stderr.contains("nowhere"), "{}", absent.stderr);
}

fn precision() {
    let place = Place::new();
    let run = ["run", "--transport", "pipe", "--workload", "invoke", "--set", "pin=same", "--time", "0.001"];
    let ended = place.run(&[&run[..], &["--precision", "100", "--trials", "20", "--out", "run"]].concat());
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let count = numbers(&place, "run").values().map(Vec::len).sum::<usize>();
    assert!((6..20).contains(&count), "{count} trials bound a median within a factor of two");
    assert_eq!(environment(&place, "run")["partial"], false, "it is whole: nothing more was wanted");
}

fn changes() {
    let place = Place::new();
    for number in 0..12u64 {
        let mut environment = Environment::capture(&format!("run-{number:02}"), 1);
        environment.started = format!("2026-01-{:02}T00:00:00Z", number + 1);
        let level = if number < 6 { 5e3 } else { 6e3 };
        let mut store =
            Store::create(&place.path(&format!("all/run-{number:02}")), environment).expect("a store");
        for line in trials("pipe", level + number as f64, number, 3).lines() {
            store.append(&serde_json::from_str::<Record>(line).expect("a record")).expect("a line");
        }
        store.finish(false).expect("a file");
    }
    let ended = place.run(&["history", "all", "--format", "json"]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let document: Value = serde_json::from_str(&ended.stdout).expect("one document");
    assert_eq!(document["runs"].as_array().map(Vec::len), Some(12));
    let series = document["series"].as_array().expect("series");
    let p50 = series.iter().find(|row| row["metric"] == "p50").expect("a median");
    let changes = p50["changes"].as_array().expect("changes");
    assert_eq!((changes.len(), &changes[0]["run"]), (1, &json!("run-06")), "{p50}");
    let table = place.output(&["history", "all/run-00", "all"]);
    assert!(table.contains("+20 % at run-06") && table.contains("▁▁▁▁▁▁██████"), "each run once: {table}");
    let none = place.run(&["history", "."]);
    assert_eq!(none.code, Some(2), "{}", none.stderr);
    assert!(none.stderr.contains("no run in it"), "{}", none.stderr);
}

/// A wall clock that was wrong dates a run wrongly, and that is all.
fn odd_clocks() {
    let place = Place::new();
    let dates = ["1969-12-31T23:59:59Z", "2200-01-01T00:00:00Z", "-009999-01-02T01:59:59Z", "yesterday", ""];
    for (number, started) in dates.iter().enumerate() {
        let mut environment = Environment::capture(&format!("run-{number}"), 1);
        environment.started = (*started).to_owned();
        let mut store =
            Store::create(&place.path(&format!("all/run-{number}")), environment).expect("a store");
        for line in trials("pipe", 5e3, number as u64, 3).lines() {
            store.append(&serde_json::from_str::<Record>(line).expect("a record")).expect("a line");
        }
        store.finish(false).expect("a file");
    }
    let document: Value =
        serde_json::from_str(&place.output(&["history", "all", "--format", "json"])).expect("one document");
    assert_eq!(document["runs"].as_array().map(Vec::len), Some(dates.len()));
    place.output(&["report", "all", "--html", "page.html", "--markdown", "summary.md", "--svg", "charts"]);
}

fn exports() {
    let place = Place::new();
    place.write("run.jsonl", trials("pipe", 5e3, 1, 5) + &trials("shm", 4e3, 2, 5));
    let files = ["--markdown", "r.md", "--csv", "r.csv", "--bencher", "r.bmf.json", "--github", "-"];
    let stdout = place.output(&[&["report", "run.jsonl"], &files[..]].concat());
    let github: Value = serde_json::from_str(&stdout).expect("JSON");
    let first = &github[0];
    assert_eq!(
        (&first["name"], &first["unit"]),
        (&json!("pipe/invoke/payload=64/wait=block/pin=same p50"), &json!("ns"))
    );
    assert!(
        first["value"].as_f64().is_some_and(|value| value >= 5e3) && first["range"].is_string(),
        "{first}"
    );
    let read = |name: &str| std::fs::read_to_string(place.path(name)).expect("a file");
    let bencher: Value = serde_json::from_str(&read("r.bmf.json")).expect("JSON");
    let latency = &bencher["shm/invoke/payload=64/wait=block/pin=same"]["latency"];
    let [lower, value, upper] = ["lower_value", "value", "upper_value"].map(|part| latency[part].as_f64());
    assert!(lower <= value && value <= upper && lower.is_some(), "{latency}");
    assert_eq!(read("r.csv").lines().count(), 11);
    assert!(read("r.md").contains("| pipe"), "{}", read("r.md"));
    assert_eq!(place.run(&["report", "run.jsonl"]).code, Some(2), "nothing is asked for");
    assert_eq!(place.run(&["report", "nowhere", "--csv", "-"]).code, Some(2));
}

fn again() {
    let place = Place::new();
    place.write("base.jsonl", trials("pipe", 5e3, 1, 12));
    place.write("worse.jsonl", trials("pipe", 5.5e3, 2, 12));
    let own = env!("CARGO_BIN_EXE_ipcmark");
    // A program that is compared with itself has not become worse, whatever two runs say.
    let gate = ["gate", "base.jsonl", "worse.jsonl", "--bin", own, "--pairs", "6", "--time", "0.001"];
    let ended = place.run(&[&gate[..], &["--max-regression", "p50=3%", "--out", "pairs"]].concat());
    assert!(matches!(ended.code, Some(0 | 3)), "{}{}", ended.stdout, ended.stderr);
    assert!(
        ended.stderr.contains("measured again by turns: 0 differences were found again"),
        "{}",
        ended.stderr
    );
    assert_eq!(load(&place.path("pairs/base")).expect("records").len(), 6);
}
