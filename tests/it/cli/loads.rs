//! `load` and `doctor`: what is offered, what passes, and proofs on a small scale.

use crate::support::program::Place as Directory;
use crate::test;
use ipcmark::record::{Record, counted, read_run};
use ipcmark::trial::{Place, cpus};
use ipcmark::workload::Arrivals;
use libtest_mimic::Trial;
use serde_json::Value;

pub(super) fn tests() -> Vec<Trial> {
    vec![
        test("cli::load offers each rate, and puts the closed loop beside it", steps),
        test("cli::load refuses what is no rate", wrong),
        test("cli::doctor says what is here", facts),
        test("cli::doctor compares a thing with itself, and with itself slowed down", proofs),
    ]
}

fn steps() {
    if cpus() < 2 {
        return;
    }
    let place = Directory::new();
    let args =
        ["load", "--transport", "pipe", "--rate", "500..2k/2", "--arrival", "poisson", "--trials", "1"];
    let ended = place.run(&[&args[..], &["--time", "0.1", "--format", "json", "--out", "run"]].concat());
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let document: Value = serde_json::from_str(&ended.stdout).expect("a document");
    // A host that moves its CPUs meanwhile makes two tables of one.
    let tables = document.as_array().expect("tables");
    let steps: Vec<&Value> =
        tables.iter().flat_map(|table| table["steps"].as_array().expect("steps")).collect();
    let mut offered: Vec<f64> = steps.iter().filter_map(|step| step["offered_per_s"].as_f64()).collect();
    offered.sort_by(f64::total_cmp);
    // A trial during which they moved is in no table.
    assert!(!offered.is_empty() && offered.iter().all(|rate| [500.0, 2000.0].contains(rate)), "{document}");
    assert!(steps.iter().all(|step| step["achieved_per_s"].as_f64() > Some(0.0)), "{document}");
    let records = read_run(&place.path("run")).expect("a run").records;
    assert!(records.iter().any(|record| record.case.model.load.to_string() == "open:500/s:poisson"));
    // The closed loop stands beside the rates that were offered at its distance, if any were.
    let counts = |record: &&Record| record.place() != Place::Mixed;
    let (closed, open): (Vec<_>, Vec<_>) = counted(&records)
        .into_iter()
        .filter(counts)
        .partition(|record| record.case.model.load == Arrivals::Closed);
    let beside = closed.iter().any(|closed| open.iter().any(|open| open.place() == closed.place()));
    let is_shown = |table: &Value| table["closed"]["achieved_per_s"].as_f64() > Some(0.0);
    assert_eq!(tables.iter().any(is_shown), beside, "{document}");
    assert!(records.iter().any(|record| record.offered.is_some_and(|offered| offered.lag_max_ns > 0)));
}

fn wrong() {
    let place = Directory::new();
    for (args, said) in [
        (&["load", "--transport", "pipe", "--rate", "8k..1k/3"][..], "FROM..TO/STEPS"),
        (&["load", "--rate", "1k"], "name at least one"),
        (&["load", "--transport", "pip"], "did you mean pipe?"),
        (&["load", "--transport", "pipe", "--set", "load=burst:3"], "--rate"),
        (&["run", "--transport", "pipe", "--set", "load=open:x"], "open:RATE"),
    ] {
        let ended = place.run(args);
        assert_eq!(ended.code, Some(2), "{args:?}: {}", ended.stderr);
        assert!(ended.stderr.contains(said), "{args:?}: {}", ended.stderr);
    }
    assert!(place.names().is_empty());
}

fn facts() {
    let place = Directory::new();
    let ended = place.run(&["doctor", "--trials", "6", "--time", "0.001", "--format", "json"]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let document: Value = serde_json::from_str(&ended.stdout).expect("a document");
    assert_eq!(document["clock_steps_back"], 0);
    assert!(document["limits"]["descriptors"].as_u64() > Some(0), "{document}");
    assert!(
        document["transports"].as_array().is_some_and(|list| list.iter().any(|link| link["name"] == "shm"))
    );
    assert!(
        document["transports"].as_array().is_some_and(|list| list.iter().all(|link| link["works"] == true)),
        "{document}"
    );
}

fn proofs() {
    let place = Directory::new();
    let with = |args: &[&str]| -> Value {
        let rest = ["--trials", "6", "--time", "0.001", "--format", "json"];
        let ended = place.run(&[&["doctor"], args, &rest].concat());
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        serde_json::from_str(&ended.stdout).expect("a document")
    };
    let same = with(&["--aa", "2"]);
    assert_eq!((&same["comparisons"], &same["injected_percent"]), (&2.into(), &0.into()), "{same}");
    assert!(same["flagged"].as_u64().is_some_and(|flagged| flagged <= 2), "{same}");
    let slower = with(&["--inject", "100", "--tries", "1"]);
    assert_eq!((&slower["comparisons"], &slower["injected_percent"]), (&1.into(), &100.into()), "{slower}");
}
