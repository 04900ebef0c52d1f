//! Commands that answer questions: `list`, `floor`, `verify`, `completions`, help.

use crate::support::program::Place;
use crate::test;
use ipcmark::codec::Codec;
use ipcmark::plan::{transports, variable::VARIABLES};
use ipcmark::transport::ON_DEMAND;
use ipcmark::trial::cpus;
use ipcmark::workload::Workload;
use libtest_mimic::Trial;
use serde_json::Value;

pub(super) fn tests() -> Vec<Trial> {
    vec![
        test("cli::list shows every transport, workload, codec and variable, as table and as JSON", list),
        test("cli::list says what is not built in and how to have it", beside_the_list),
        test("cli::floor measures what the machine allows, in three formats", floor),
        test("cli::verify says how many cases passed, were skipped and failed", verify),
        test("cli::completions and help are written to standard output", help),
    ]
}

fn list() {
    let place = Place::new();
    let names: [(&str, Vec<&str>); 4] = [
        ("transports", transports().iter().map(|listed| listed.name).collect()),
        ("workloads", Workload::ALL.iter().map(|workload| workload.name()).collect()),
        ("codecs", Codec::ALL.iter().map(|codec| codec.name()).collect()),
        ("variables", VARIABLES.iter().map(|variable| variable.name).collect()),
    ];
    let everything = place.output(&["list"]);
    let document: Value = serde_json::from_str(&place.output(&["list", "--format", "json"])).expect("JSON");
    for (topic, names) in names {
        let table = place.output(&["list", topic]);
        // Below the header and its line, each row begins with a name; what is not built in comes after a blank line.
        let rows: Vec<&str> =
            table.lines().skip(2).map_while(|line| line.split_whitespace().next()).collect();
        assert_eq!(rows, names);
        assert!(everything.contains(table.trim_end()), "{topic} is part of the whole");
        let alone: Value =
            serde_json::from_str(&place.output(&["list", topic, "--format", "json"])).expect("JSON");
        let listed = alone[topic].as_array().expect("a list");
        assert_eq!(
            listed.iter().map(|item| item["name"].as_str().expect("a name")).collect::<Vec<_>>(),
            names
        );
        assert_eq!(alone[topic], document[topic]);
    }
    let shm = document["transports"].as_array().expect("a list").iter().find(|item| item["name"] == "shm");
    let caps = &shm.expect("shm is on the list")["caps"];
    assert_eq!((caps["processes"].as_bool(), caps["max_frame"].as_u64()), (Some(true), Some(64 << 20)));
}

/// Each transport that a feature adds is either on the list or beside it, with the way to have it.
fn beside_the_list() {
    let place = Place::new();
    let table = place.output(&["list", "transports"]);
    let document: Value =
        serde_json::from_str(&place.output(&["list", "transports", "--format", "json"])).expect("JSON");
    let absent = document["not_built_in"].as_array().expect("a list");
    let built: Vec<&str> = transports().iter().map(|listed| listed.name).collect();
    let names: Vec<&str> = absent.iter().map(|item| item["name"].as_str().expect("a name")).collect();
    let wanted = ON_DEMAND.iter().map(|transport| transport.name).filter(|name| !built.contains(name));
    assert_eq!(names, wanted.collect::<Vec<_>>());
    for (item, name) in absent.iter().zip(names) {
        let enable = format!("cargo build --release --features {name}");
        assert_eq!(item["enable"].as_str(), Some(enable.as_str()));
        assert!(
            table.contains(&enable) && table.contains(item["about"].as_str().expect("a text")),
            "{table}"
        );
        let refused = place.run(&["run", "--transport", name]);
        assert_eq!(refused.code, Some(2), "{}", refused.stderr);
        assert!(
            refused.stderr.contains(&format!("{name} is not built in; `{enable}`")),
            "{}",
            refused.stderr
        );
        // A suite serves every build: its cases are skipped, with the same words.
        place.write("suite.toml", format!("[[cases]]\ntransport = '{name}'\nworkload = 'invoke'\n"));
        let cases = place.output(&["list", "cases", "--suite", "suite.toml"]);
        assert!(cases.contains(&format!("skipped: {name} is not built in; `{enable}`")), "{cases}");
    }
}

fn floor() {
    let place = Place::new();
    let lines: Vec<Value> =
        serde_json::from_str(&place.output(&["floor", "--format", "json"])).expect("a list");
    let table = place.output(&["floor"]);
    let markdown = place.output(&["floor", "--format", "markdown"]);
    let mut names = vec![
        "clock reading",
        "system call",
        "page fault",
        "memory copy, 4KiB",
        "memory copy past the cache, 4KiB",
        "context switch",
        "futex round trip",
        "eventfd round trip",
        "pipe round trip",
        "Unix socket round trip",
    ];
    if cpus() > 1 {
        names.extend(["cache-line round trip", "one-line message round trip", "two-line message round trip"]);
        names.extend(["reply in place, 64KiB", "streaming, 64B"]);
        let cross = lines.iter().filter(|line| line["pin"] == "cross");
        assert!(cross.clone().count() > 0, "{lines:?}");
        for line in cross {
            let mixed = line["distance"]["mixed"].as_bool();
            assert!(mixed.is_some() && line["distance"]["before_ns"].as_f64() > Some(0.0), "{line}");
        }
        assert!(table.contains("near") || table.contains("far") || table.contains("mixed"), "{table}");
    }
    for wanted in names {
        let named = |line: &&Value| line["name"].as_str().is_some_and(|name| name.starts_with(wanted));
        let line = lines.iter().find(named).unwrap_or_else(|| panic!("no {wanted}"));
        let [ns, min, max] =
            ["ns", "min_ns", "max_ns"].map(|field| line[field].as_f64().expect("nanoseconds"));
        assert!(0.0 < min && min <= ns && ns <= max, "{line}");
        assert!(table.contains(wanted) && markdown.contains(&format!("| {wanted}")), "{wanted}");
    }
    assert!(place.names().is_empty());
}

fn verify() {
    let place = Place::new();
    let ended =
        place.run(&["verify", "--transport", "pipe,crossbeam", "--set", "payload=64", "--set", "pin=same"]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    // Pipes: two placements, two waits that do not spin; four windows and Electron's layers in both placements. Crossbeam has threads
    // only.
    let workloads = Workload::ALL.len();
    let (pipe, crossbeam) = (8 * workloads, 4 * workloads);
    let wanted = format!("{} passed, 0 failed, ", pipe + crossbeam);
    assert!(ended.stdout.contains(&wanted), "wanted {wanted}: {}", ended.stdout);
    assert!(ended.stdout.ends_with(" messages checked\n"), "{}", ended.stdout);
    for (transport, passed) in [("pipe", pipe), ("crossbeam", crossbeam)] {
        let row = ended.stdout.lines().find(|line| line.trim_start().starts_with(transport));
        let cells: Vec<&str> = row.expect("a row").split_whitespace().collect();
        assert_eq!(cells[1..3], [passed.to_string(), "0".to_owned()], "{}", ended.stdout);
        assert_eq!(cells[cells.len() - 4..], ["0"; 4], "{}", ended.stdout);
    }
    assert!(ended.stderr.is_empty(), "{}", ended.stderr);
    assert!(place.names().is_empty());
}

fn help() {
    let place = Place::new();
    for shell in ["bash", "zsh", "fish"] {
        let script = place.output(&["completions", shell]);
        assert!(script.contains("ipcmark") && script.contains("dry-run"), "{shell}");
    }
    let text = place.output(&["--help"]);
    for command in ["run", "list", "floor", "verify", "completions"] {
        assert!(text.contains(&format!("\n  {command} ")), "{command} in: {text}");
    }
    for flag in
        ["--transport <A,B>", "--set <VAR=VALUE>", "--time <SECONDS>", "--out <DIR>", "--budget <SECONDS>"]
    {
        assert!(place.output(&["run", "--help"]).contains(flag), "{flag}");
    }
    assert!(place.output(&["--version"]).starts_with("ipcmark "));
}
