//! What would be run: suites, flags over suites, seeds, `--dry-run`, `--filter`, `--quick` and `--full`.

use crate::support::program::Place;
use crate::test;
use libtest_mimic::Trial;
use serde_json::Value;

pub(super) fn tests() -> Vec<Trial> {
    vec![
        test("cli::a dry run shows the plan and makes nothing", dry_run),
        test("cli::the same seed gives the same order, another seed another", seeds),
        test("cli::a suite says what is run, and flags have the last word", suite_and_flags),
        test("cli::without a command or cases, the default suite is run", default_suite),
        test("cli::effort comes from flags, else the suite, else the usual", effort),
        test("cli::list cases shows what run would run", list_cases),
    ]
}

fn dry(place: &Place, args: &[&str]) -> Vec<String> {
    let output = place.output(&[&["run", "--dry-run"], args].concat());
    output.lines().map(str::to_owned).collect()
}

fn dry_run() {
    let place = Place::new();
    let flags =
        ["--transport", "pipe,crossbeam", "--workload", "invoke", "--set", "pin=same", "--trials", "4"];
    let lines = dry(&place, &flags);
    assert_eq!(lines[0], "pipe/invoke/payload=64/wait=block/pin=same");
    assert!(lines[1].starts_with("crossbeam/invoke/") && lines[1].contains("skipped: "), "{lines:?}");
    assert!(lines[2].starts_with("1 cases × 4 trials, 1 skipped; about "), "{lines:?}");
    assert!(dry(&place, &["--out", "here"]).len() > 10);
    assert!(place.names().is_empty());
}

fn seeds() {
    let place = Place::new();
    let order = |seed| {
        let vary = "payload=0,1,2,3,4,5,6,7,8,9";
        let cases = ["--transport", "pipe", "--workload", "send,invoke", "--set", "pin=same", "--vary", vary];
        dry(&place, &[&cases[..], &["--seed", seed]].concat())
    };
    assert_eq!(order("7"), order("7"));
    let (seven, eight) = (order("7"), order("8"));
    assert_ne!(seven[..20], eight[..20]);
    assert!(seven[20].ends_with("seed 7"), "{}", seven[20]);
}

const SUITE: &str = "\u{feff}name = 'mine'\ntrials = 2\ntime = 0.5\n\
    [[cases]]\ntransport = ['shm', 'pipe']\nworkload = ['send', 'invoke']\npayload = [0x40, '4KiB']\npin = 'same'\n\
    [[cases]]\ntransport = 'tcp'\nworkload = 'push'\nwindows = 0b11\nin_flight = 1_0\npin = 'same'\n";

fn suite_and_flags() {
    let place = Place::new();
    place.write("my.toml", SUITE);
    let run = |flags: &[&str]| {
        let mut lines = dry(&place, &[&["my.toml"], flags].concat());
        let summary = lines.pop().expect("a line that sums up");
        lines.sort();
        (lines, summary)
    };
    let (cases, summary) = run(&[]);
    assert_eq!(cases.len(), 9);
    assert!(cases.contains(&"shm/invoke/payload=64/wait=block/pin=same".to_owned()), "{cases:?}");
    assert!(cases.contains(&"tcp/push/payload=64/wait=block/pin=same/windows=3/in_flight=10".to_owned()));
    assert!(summary.starts_with("9 cases × 2 trials, 0 skipped; "), "{summary}");
    let (cases, _) = run(&["--transport", "pipe", "--workload", "send", "--set", "payload=1"]);
    assert_eq!(cases, ["pipe/send/payload=1/wait=block/pin=same"]);
    let (cases, _) = run(&["--filter", "shm/*/payload=4096/*"]);
    let expected =
        ["shm/invoke/payload=4096/wait=block/pin=same", "shm/send/payload=4096/wait=block/pin=same"];
    assert_eq!(cases, expected);
}

fn default_suite() {
    let place = Place::new();
    let plan = place.output(&["--dry-run", "--seed", "1"]);
    assert_eq!(plan, place.output(&["run", "--dry-run", "--seed", "1"]));
    let summary = plan.lines().last().expect("a line that sums up");
    assert!((5..60).contains(&seconds(summary)), "under a minute is promised: {summary}");
}

fn effort() {
    let place = Place::new();
    place.write(
        "my.toml",
        "trials = 5\ntime = 1.0\n[[cases]]\ntransport = 'null'\nworkload = 'invoke'\npin = 'same'\n",
    );
    // Flags → trials of each case, and the least that the whole takes, in seconds.
    let efforts: [(&[&str], u64, u64); 7] = [
        (&["my.toml"], 5, 5),
        (&["my.toml", "--trials", "7"], 7, 7),
        (&["my.toml", "--time", "3"], 5, 15),
        (&["my.toml", "--quick"], 2, 0),
        (&["my.toml", "--full"], 15, 7),
        (&["my.toml", "--full", "--trials", "1"], 1, 0),
        (&["--transport", "null", "--workload", "invoke", "--set", "pin=same"], 3, 0),
    ];
    for (args, trials, least) in efforts {
        let lines = dry(&place, args);
        let summary = lines.last().expect("a line that sums up");
        assert!(summary.starts_with(&format!("1 cases × {trials} trials, ")), "{args:?}: {summary}");
        let about = seconds(summary);
        assert!((least..=2 * least + 2).contains(&about), "{args:?}: {summary}");
    }
}

/// The estimate in a plan's last line.
fn seconds(summary: &str) -> u64 {
    let mut words = summary.split_whitespace().skip_while(|word| *word != "about");
    words.nth(1).and_then(|word| word.parse().ok()).expect("a number of seconds")
}

fn list_cases() {
    let place = Place::new();
    let flags = [
        "--transport",
        "uds-seqpacket,crossbeam",
        "--vary",
        "payload=64,64MiB",
        "--set",
        "pin=same",
        "--filter",
        "*/send/*",
    ];
    let text = place.output(&[&["list", "cases"], &flags[..]].concat());
    let json = place.output(&[&["list", "cases", "--format", "json"], &flags[..]].concat());
    let json: Value = serde_json::from_str(&json).expect("one JSON document");
    let cases = json["cases"].as_array().expect("a list of cases");
    let lines: Vec<String> = cases
        .iter()
        .map(|case| match (case["id"].as_str().expect("a name"), case["skip"].as_str()) {
            (id, None) => id.to_owned(),
            (id, Some(reason)) => format!("{id}   skipped: {reason}"),
        })
        .collect();
    assert_eq!(text.lines().collect::<Vec<_>>(), lines);
    let mut planned = dry(&place, &flags);
    planned.pop();
    planned.sort();
    let mut listed = lines;
    listed.sort();
    assert_eq!(listed, planned);
    assert_eq!(cases.len(), 4);
    assert_eq!(cases[0]["model"]["payload"], 64);
}
