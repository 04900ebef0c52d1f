//! `compare` and `gate`: what they say of records, of programs, and of files that are neither.

use crate::support::program::{Ended, Place};
use crate::test;
use libtest_mimic::Trial;
use serde_json::{Value, json};

pub(super) fn tests() -> Vec<Trial> {
    vec![
        test("cli::compare tells two runs apart, and the same one from itself", two_runs),
        test("cli::compare within a run pairs the trials of a block", within),
        test("cli::gate ends with 0, 1, 3 and 4", gates),
        test("cli::compare names the file and the line of what is no record", faults),
        test("cli::compare refuses other hosts unless forced", hosts),
        test("cli::compare runs two programs by turns, and no other program", programs),
    ]
}

/// Trials of a case whose median is about so many nanoseconds: 2 in 1,000 of noise, which differs from salt to salt.
pub(super) fn trials(transport: &str, p50: f64, salt: u64, count: u64) -> String {
    let trial = |trial: u64| {
        let noise = ((trial * 7 + salt * 3) % 11) as f64 / 5000.0;
        let p50 = (p50 * (1.0 + noise)) as u64;
        json!({
            "schema": 1, "run": "r", "trial": trial, "seed": 1, "status": "ok", "messages": 1000,
            "case": { "id": format!("{transport}/invoke/payload=64/wait=block/pin=same"), "transport": transport,
                      "workload": "invoke", "model": { "pin": "same" } },
            "latency_ns": { "kind": "round-trip", "count": 1000, "min": 1, "p50": p50, "p99": 3 * p50, "max": 9 * p50,
                            "mean": 1.0, "histogram": "" },
            "throughput": { "messages_per_s": 1e9 / p50 as f64, "bytes_per_s": 1.0 },
        })
    };
    (0..count).map(|number| trial(number).to_string() + "\n").collect()
}

fn json_of(ended: &Ended) -> Value {
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    serde_json::from_str(&ended.stdout).expect("one document")
}

fn verdict<'a>(document: &'a Value, metric: &str) -> &'a Value {
    let rows = document["comparisons"].as_array().expect("a list");
    rows.iter().find(|row| row["metric"] == metric).unwrap_or_else(|| panic!("no {metric} in {document}"))
}

fn two_runs() {
    let place = Place::new();
    place.write("base.jsonl", trials("pipe", 5e3, 1, 12));
    place.write("new.jsonl", trials("pipe", 5.5e3, 2, 12));
    let document = json_of(&place.run(&["compare", "base.jsonl", "new.jsonl", "--format", "json"]));
    let p50 = verdict(&document, "p50");
    assert_eq!((&p50["verdict"], &p50["trials"]), (&json!("slower"), &json!(12)), "{p50}");
    let ratio = p50["ratio"].as_f64().expect("a ratio");
    assert!((1.09..1.11).contains(&ratio), "{p50}");
    assert_eq!(verdict(&document, "messages/s")["verdict"], "slower");
    let back = json_of(&place.run(&["compare", "new.jsonl", "base.jsonl", "--format", "json"]));
    assert_eq!(verdict(&back, "p50")["verdict"], "faster");
    let same = place.run(&["compare", "base.jsonl", "base.jsonl"]);
    assert!(same.stdout.contains("0 faster, 0 slower, 3 same, 0 unresolved"), "{}", same.stdout);
    assert!(same.stderr.contains("one after the other"), "{}", same.stderr);
    place.write("few.jsonl", trials("pipe", 9e3, 2, 3));
    let few = place.run(&["compare", "base.jsonl", "few.jsonl", "--format", "markdown"]);
    assert!(few.stdout.contains("unresolved") && few.stdout.contains("| case"), "{}", few.stdout);
    assert_eq!(place.names(), ["base.jsonl", "few.jsonl", "new.jsonl"], "nothing is left behind");
}

fn within() {
    let place = Place::new();
    place.write("run.jsonl", trials("pipe", 5e3, 1, 12) + &trials("shm", 4e3, 2, 12));
    let document = json_of(&place.run(&["compare", "--within", "run.jsonl", "--format", "json"]));
    let p50 = verdict(&document, "p50");
    assert_eq!(p50["case"], "shm against pipe: invoke/payload=64/wait=block/pin=same");
    assert_eq!(p50["verdict"], "faster");
    let other = place.run(&["compare", "--within", "run.jsonl", "--against", "shm"]);
    assert!(other.stdout.contains("pipe against shm") && other.stdout.contains("slower"), "{}", other.stdout);
    let unknown = place.run(&["compare", "--within", "run.jsonl", "--against", "smh"]);
    assert_eq!(unknown.code, Some(2));
    assert!(unknown.stderr.contains("did you mean shm?"), "{}", unknown.stderr);
    let nothing = place.run(&["compare", "--within", "run.jsonl", "--by", "windows"]);
    assert_eq!(nothing.code, Some(3), "{}", nothing.stderr);
}

fn gates() {
    let place = Place::new();
    place.write("base.jsonl", trials("pipe", 5e3, 1, 12));
    place.write("worse.jsonl", trials("pipe", 5.5e3, 2, 12));
    place.write("few.jsonl", trials("pipe", 5e3, 3, 1));
    let code = |args: &[&str]| place.run(args).code;
    assert_eq!(code(&["gate", "base.jsonl", "base.jsonl"]), Some(0));
    let worse = place.run(&["gate", "base.jsonl", "worse.jsonl"]);
    assert_eq!(worse.code, Some(1), "{}", worse.stderr);
    assert!(worse.stdout.contains("regression: pipe/invoke"), "{}", worse.stdout);
    assert_eq!(code(&["gate", "base.jsonl", "worse.jsonl", "--max-regression", "p50=20%,p99=20%"]), Some(0));
    assert_eq!(code(&["gate", "worse.jsonl", "base.jsonl"]), Some(0), "what is better is no regression");
    assert_eq!(code(&["gate", "base.jsonl", "few.jsonl"]), Some(3));
    let below = place.run(&["gate", "base.jsonl", "base.jsonl", "--max-regression", "p50=0.5%"]);
    assert!(below.code == Some(2) && below.stderr.contains("never told"), "{}", below.stderr);
    // What is gone, or broken, has not passed.
    place.write("two.jsonl", trials("pipe", 5e3, 1, 12) + &trials("shm", 4e3, 1, 12));
    let gone = place.run(&["gate", "two.jsonl", "base.jsonl"]);
    assert!(gone.code == Some(3) && gone.stderr.contains("shm/invoke"), "{}", gone.stderr);
    let broken = trials("shm", 4e3, 1, 12).replace("\"status\":\"ok\"", "\"status\":\"failed\"");
    place.write("broken.jsonl", trials("pipe", 5e3, 1, 12) + &broken);
    assert_eq!(code(&["gate", "two.jsonl", "broken.jsonl"]), Some(4));
    let wrong = place.run(&["gate", "base.jsonl", "base.jsonl", "--max-regression", "p05=3%"]);
    assert_eq!(wrong.code, Some(2));
    assert!(wrong.stderr.contains("did you mean"), "{}", wrong.stderr);
}

fn faults() {
    let place = Place::new();
    let good = trials("pipe", 5e3, 1, 12);
    place.write("good.jsonl", &good);
    place.write("cut.jsonl", &good[..good.len() - 40]);
    place.write("newer.jsonl", good.replacen("\"schema\":1", "\"schema\":99", 1));
    place.write("other.txt", "not a record\n");
    place.write("empty.jsonl", "");
    for (name, code, said) in [
        ("cut.jsonl", 2, "cut.jsonl:12: "),
        ("newer.jsonl", 3, "newer.jsonl:1: schema 99"),
        ("other.txt", 2, "other.txt:1: "),
        ("empty.jsonl", 2, "empty.jsonl: there are no records in it"),
        ("absent.jsonl", 2, "absent.jsonl: No such file"),
    ] {
        let ended = place.run(&["compare", "good.jsonl", name]);
        assert_eq!(ended.code, Some(code), "{name}: {}", ended.stderr);
        assert!(ended.stderr.contains(said), "{name}: {}", ended.stderr);
        assert!(ended.stdout.is_empty(), "{}", ended.stdout);
    }
    let rest = place.run(&["compare", "good.jsonl", "cut.jsonl", "--keep-going"]);
    assert_eq!(rest.code, Some(0), "{}", rest.stderr);
    assert!(rest.stderr.contains("left out: cut.jsonl:12"), "{}", rest.stderr);
}

fn hosts() {
    let place = Place::new();
    for out in ["a", "b"] {
        let run = ["run", "--transport", "pipe", "--workload", "invoke", "--set", "pin=same", "--out", out];
        let ended = place.run(&[&run[..], &["--trials", "1", "--time", "0.001"]].concat());
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    }
    assert_eq!(place.run(&["compare", "a", "b"]).code, Some(0));
    let path = place.path("b").join("environment.json");
    let text = std::fs::read_to_string(&path).expect("an environment");
    let mut environment: Value = serde_json::from_str(&text).expect("JSON");
    environment["host"]["kernel"] = json!("Linux 1.0 x86_64");
    std::fs::write(&path, environment.to_string()).expect("a file");
    let refused = place.run(&["compare", "a", "b"]);
    assert_eq!(refused.code, Some(3), "{}", refused.stderr);
    assert!(refused.stderr.contains("kernel is") && refused.stderr.contains("--force"), "{}", refused.stderr);
    assert_eq!(place.run(&["compare", "a", "b", "--force"]).code, Some(0));
}

fn programs() {
    let place = Place::new();
    let own = env!("CARGO_BIN_EXE_ipcmark");
    let case = ["--transport", "pipe", "--workload", "invoke", "--set", "pin=same", "--set", "payload=100"];
    let args = [&["compare", "--bin", own, "--pairs", "6", "--time", "0.001", "--out", "pairs"], &case[..]];
    let ended = place.run(&args.concat());
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(ended.stdout.contains("pipe/invoke/payload=100"), "{}", ended.stdout);
    assert!(ended.stderr.contains("12 trials"), "{}", ended.stderr);
    for side in ["base", "new"] {
        let records = std::fs::read_to_string(place.path("pairs").join(side).join("records.jsonl"));
        assert_eq!(records.expect("records").lines().count(), 6);
    }
    let other = place.run(&["compare", "--bin", "/bin/true", "--transport", "pipe"]);
    assert_eq!(other.code, Some(2), "{}", other.stderr);
    assert!(other.stderr.contains("not an ipcmark"), "{}", other.stderr);
}
