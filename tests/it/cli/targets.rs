//! Targets of a suite: judged after the run, in every format for people and in JSON; information, never a failure.

use crate::support::program::Place;
use crate::test;
use ipcmark::record::load;
use libtest_mimic::Trial;
use serde_json::Value;

pub(super) fn tests() -> Vec<Trial> {
    vec![test("cli::targets are judged by the records of the run", judged)]
}

/// One that no ratio can miss, one that none can reach, one against another case, and one whose case cannot run.
const SUITE: &str = "trials = 2\ntime = 0.01\n\
    [[cases]]\ntransport = ['pipe', 'shm']\nworkload = 'invoke'\npin = 'same'\n\
    [[cases]]\ntransport = 'pipe'\nworkload = 'invoke'\npin = 'same'\nwait = 'spin'\n\
    [[targets]]\nname = 'easy'\ncase = '*/wait=block/*'\nmetric = 'p50'\nagainst = 'floor'\nat_most = 1e6\n\
    [[targets]]\nname = 'hard'\ncase = 'pipe/*/wait=block/*'\nmetric = 'p50'\nagainst = 'floor'\nat_most = 0.001\n\
    [[targets]]\nname = 'other'\ncase = 'shm/*'\nmetric = 'messages/s'\nagainst = 'pipe/*/wait=block/*'\nat_least = 0.001\n\
    [[targets]]\nname = 'never'\ncase = 'pipe/*/wait=spin/*'\nmetric = 'p50'\nagainst = 'floor'\nat_most = 1\n";

fn judged() {
    let place = Place::new();
    place.write("my.toml", SUITE);
    let run = |format| place.output(&["run", "my.toml", "--format", format, "--out", format]);

    let document: Value = serde_json::from_str(&run("json")).expect("one JSON document");
    let targets = document["targets"].as_array().expect("targets");
    let of = |name: &str| targets.iter().filter(|target| target["name"] == name).collect::<Vec<_>>();
    let ratio = |target: &Value| {
        let [ratio] = target["ratios"].as_array().expect("ratios").as_slice() else {
            panic!("one distance in {target}");
        };
        let [min, median, max] =
            ["min", "median", "max"].map(|field| ratio[field].as_f64().expect("a ratio"));
        assert!(0.0 < min && min <= median && median <= max, "{target}");
        assert_eq!((&ratio["distance"], &ratio["trials"]), (&"one".into(), &2.into()), "{target}");
        (median, ratio["reached"].as_bool().expect("whether it was reached"))
    };
    assert_eq!(of("easy").len(), 2, "one for each case");
    assert!(of("easy").into_iter().all(|target| ratio(target).1));
    let (hard, reached) = ratio(of("hard")[0]);
    assert!(!reached);
    let records = load(&place.path("json")).expect("records");
    let floor_ratios: Vec<f64> = records
        .iter()
        .filter(|record| record.case.id == "pipe/invoke/payload=64/wait=block/pin=same")
        .map(|record| record.floor.as_ref().expect("a floor").ratio)
        .collect();
    assert!((hard - floor_ratios.iter().sum::<f64>() / 2.0).abs() < 1e-9, "{hard} of {floor_ratios:?}");
    assert!(ratio(of("other")[0]).1);
    assert_eq!(of("other")[0]["against"], "pipe/invoke/payload=64/wait=block/pin=same");
    let reason = of("never")[0]["not_measured"].as_str().expect("a reason");
    assert!(reason.contains("was skipped: wait=spin on one CPU"), "{reason}");

    for (format, heading) in [("table", "\ntargets\n"), ("markdown", "### targets\n")] {
        let text = run(format);
        let (tables, targets) = text.split_once(heading).unwrap_or_else(|| panic!("no targets in: {text}"));
        assert!(tables.contains("Medians over trials"), "{text}");
        let verdict = |name: &str| {
            let row = targets.lines().find(|line| line.trim_start_matches(['|', ' ']).starts_with(name));
            row.unwrap_or_else(|| panic!("no {name} in: {text}")).to_owned()
        };
        assert!(verdict("easy").contains("≤ 1000000") && verdict("easy").contains(" reached"));
        assert!(verdict("hard").contains("≤ 0.001") && verdict("hard").contains("not reached"));
        assert!(verdict("never").contains("not measured: "));
    }
}
