//! `run` from end to end: real trials, records, every format.

use crate::support::program::Place;
use crate::test;
use ipcmark::plan::Placement;
use ipcmark::record::{Environment, Record, Status, load};
use ipcmark::trial::cpus;
use ipcmark::workload::tally::Encoded;
use libtest_mimic::Trial;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

pub(super) fn tests() -> Vec<Trial> {
    vec![
        test("cli::a run over two transports leaves complete records", end_to_end),
        test("cli::a suite with several workloads and windows is run as written", suite),
        test("cli::every format shows the same records", formats),
        test("cli::a run is kept under results/<id> and never rewritten", kept),
        test("cli::a directory may have a name that is no text", strange_name),
        test("cli::a budget begins no trial that would end too late", budget),
    ]
}

/// What every trial that counts must have, whatever was timed.
fn complete(record: &Record) {
    let id = &record.case.id;
    assert_eq!((record.status, &record.reason), (Status::Ok, &None), "{id}");
    let model = &record.case.model;
    assert!(record.messages > 0 && record.elapsed_ns > 0 && record.order.is_some(), "{id}");
    let payloads = record.messages * record.case.workload.payloads_per_message(model.windows);
    assert_eq!(record.bytes, payloads * model.payload as u64, "{id}");

    let latency = record.latency_ns.as_ref().expect("latencies");
    let quantiles = [latency.p50, latency.p90, latency.p99, latency.p999].into_iter().flatten();
    let rising: Vec<u64> = [latency.min].into_iter().chain(quantiles).chain([latency.max]).collect();
    assert!(rising.is_sorted(), "{id}: {latency:?}");
    for (quantile, least) in [(latency.p99, 1_000), (latency.p999, 10_000)] {
        assert_eq!(quantile.is_some(), latency.count >= least, "{id}: a quantile needs its samples");
    }
    let histogram = Encoded::decode(&latency.histogram).expect("an HDR histogram");
    assert_eq!(
        (histogram.len(), Some(histogram.value_at_quantile(0.5))),
        (latency.count, latency.p50),
        "{id}"
    );

    let throughput = record.throughput.expect("rates");
    let per_second = record.messages as f64 * 1e9 / record.elapsed_ns as f64;
    assert!((throughput.messages_per_s / per_second - 1.0).abs() < 1e-9, "{id}");
    assert!(record.cpu.expect("consumption").ns_per_message >= 0.0, "{id}");

    let checks = record.checks.expect("checks");
    assert!(checks.checks.clean() && checks.checks.sent > 0, "{id}: {checks:?}");
    assert_eq!(checks.checks.sent, checks.checks.received, "{id}");
    let processes = if model.placement == Placement::Process { 1 + model.windows } else { 1 };
    assert_eq!(checks.processes, processes, "{id}");

    if model.in_flight > 1 && record.noise.is_some_and(|noise| noise.distance.is_none()) {
        return; // on one CPU, and nobody need sleep: nothing that we measure bounds it
    }
    let floor = record.floor.as_ref().expect("a floor");
    assert!(floor.ns > 0.0 && floor.ratio > 0.0 && !floor.name.is_empty(), "{id}: {floor:?}");
    assert!(record.noise.expect("noise").sentinel_ratio > 0.0, "{id}");
}

/// The lines of `records.jsonl`, as any JSON reader sees them.
fn lines(place: &Place, out: &str) -> Vec<Value> {
    let text = std::fs::read_to_string(place.path(out).join("records.jsonl")).expect("records");
    text.lines().map(|line| serde_json::from_str(line).expect("JSON in every line")).collect()
}

fn environment(place: &Place, out: &str) -> Environment {
    let text = std::fs::read_to_string(place.path(out).join("environment.json")).expect("environment.json");
    serde_json::from_str(&text).expect("an environment")
}

fn end_to_end() {
    let place = Place::new();
    let cases = [
        "--transport",
        "shm,pipe",
        "--workload",
        "invoke",
        "--set",
        "wait=block",
        "--vary",
        "payload=64,4KiB",
        "--vary",
        "pin=same,cross",
        "--seed",
        "7",
    ];
    let dry = place.output(&[&["run", "--dry-run"], &cases[..]].concat());
    let args = ["--trials", "2", "--time", "0.02", "--format", "json", "--out", "out"];
    let ended = place.run(&[&["run"], &cases[..], &args].concat());
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let document: Value = serde_json::from_str(&ended.stdout).expect("one JSON document and nothing else");
    assert_eq!((document["partial"].as_bool(), document["directory"].as_str()), (Some(false), Some("out")));
    assert_eq!(document["records"], Value::Array(lines(&place, "out")));

    let records = load(&place.path("out")).expect("records");
    let expected = if cpus() > 1 { 16 } else { 12 }; // one CPU: four cases of pin=cross are skipped once
    let tried_again = records.iter().filter(|record| record.repeats.is_some()).count();
    assert_eq!(records.len(), expected + tried_again);
    assert!(tried_again <= expected / 5, "at most one trial in five is measured again");
    let ran: Vec<&Record> = records.iter().filter(|record| record.status != Status::Skipped).collect();
    for (order, record) in ran.iter().enumerate() {
        complete(record);
        assert_eq!((record.order, record.seed, record.schema), (Some(order as u64), 7, 1));
        assert_eq!(document["run"].as_str(), Some(record.run.as_str()));
    }
    let ran: Vec<&Record> = ran.into_iter().filter(|record| record.repeats.is_none()).collect();
    let mut trials: BTreeMap<&str, Vec<u64>> = BTreeMap::new();
    ran.iter().for_each(|record| trials.entry(&record.case.id).or_default().push(record.trial));
    assert!(trials.values().all(|trials| trials == &[0, 1]), "blocks of one trial each: {trials:?}");
    let first_block = ran[..ran.len() / 2].iter().map(|record| record.case.id.as_str());
    assert_eq!(first_block.collect::<Vec<_>>(), dry.lines().take(ran.len() / 2).collect::<Vec<_>>());

    let environment = environment(&place, "out");
    assert!(!environment.partial && environment.finished >= Some(environment.started));
    assert_eq!(environment.command[1..4], ["run", "--transport", "shm,pipe"]);
    assert_eq!((environment.seed, environment.run.as_str()), (7, ran[0].run.as_str()));
    assert!(!environment.host.cpus.is_empty());
}

fn suite() {
    let place = Place::new();
    place.write(
        "mine.toml",
        "name = 'mine'\ntrials = 1\ntime = 0.02\n\
         [[cases]]\ntransport = ['shm', 'uds-stream']\nworkload = 'broadcast'\nwindows = 3\npin = 'same'\n\
         [[cases]]\ntransport = 'shm'\nworkload = ['send', 'push']\nin_flight = 16\npayload = [0, '100KiB']\npin = 'free'\n\
         [[cases]]\ntransport = 'crossbeam'\nworkload = 'invoke'\nplacement = 'thread'\npin = 'same'\nwait = 'hybrid'\n",
    );
    let table = place.output(&["run", "mine.toml", "--out", "out"]);
    let records = load(&place.path("out")).expect("records");
    assert_eq!(records.iter().filter(|record| record.repeats.is_none()).count(), 7);
    records.iter().for_each(complete);
    let ids: BTreeSet<&str> = records.iter().map(|record| record.case.id.as_str()).collect();
    assert!(ids.contains("shm/broadcast/payload=64/wait=block/pin=same/windows=3"), "{ids:?}");
    assert!(ids.contains("shm/push/payload=102400/wait=block/pin=free/in_flight=16"), "{ids:?}");
    for title in [
        "broadcast · 64B · wait=block · pin=same",
        "windows=3",
        "placement=thread",
        "last-delivery",
        "one-way",
    ] {
        assert!(table.contains(title), "{title} in: {table}");
    }
}

fn formats() {
    let place = Place::new();
    let run = |format| {
        let cases = ["--transport", "null", "--workload", "invoke", "--set", "pin=same"];
        let args = ["--trials", "1", "--time", "0.01", "--format", format, "--out", format];
        place.output(&[&["run"], &cases[..], &args].concat())
    };
    let table = run("table");
    assert!(table.starts_with("invoke · 64B · wait=block · pin=same"), "{table}");
    let is_row = |line: &&str| line.trim_start_matches(['|', ' ']).starts_with("null ");
    let rows = |text: &str| text.lines().filter(is_row).count();
    assert_eq!(rows(&table), 1, "{table}");
    let markdown = run("markdown");
    assert!(markdown.starts_with("### invoke") && markdown.contains("| transport"), "{markdown}");
    assert_eq!(rows(&markdown), 1, "{markdown}");
    let jsonl = run("jsonl");
    assert_eq!(jsonl, std::fs::read_to_string(place.path("jsonl/records.jsonl")).expect("records"));
    let csv = run("csv");
    let record = &lines(&place, "csv")[0];
    let split = |line: &str| line.split(',').map(str::to_owned).collect::<Vec<_>>();
    let (names, cells) =
        (split(csv.lines().next().expect("a header")), split(csv.lines().nth(1).expect("a row")));
    let cell = |name: &str| {
        let column =
            names.iter().position(|known| known == name).unwrap_or_else(|| panic!("no column {name}"));
        cells[column].as_str()
    };
    assert_eq!((csv.lines().count(), names.len()), (2, cells.len()));
    assert_eq!(
        (cell("transport"), cell("status"), cell("payload"), cell("pin")),
        ("null", "ok", "64", "same")
    );
    assert_eq!(cell("messages"), record["messages"].to_string());
    assert_eq!(cell("p50_ns"), record["latency_ns"]["p50"].to_string());
    assert_eq!(cell("reason"), "");
}

/// The shortest run there is.
const SHORT: [&str; 9] =
    ["run", "--transport", "null", "--workload", "invoke", "--set", "pin=same", "--budget", "0.001"];

fn kept() {
    let place = Place::new();
    place.output(&[&SHORT[..], &["--seed", "48879"]].concat());
    assert_eq!(place.names(), ["results"]);
    let runs: Vec<_> = std::fs::read_dir(place.path("results")).expect("results").flatten().collect();
    let name = runs[0].file_name().to_string_lossy().into_owned();
    let date = name.get(..10).expect("a date");
    assert!(runs.len() == 1 && date.split('-').all(|part| part.parse::<u32>().is_ok()), "{name}");
    let (_, tail) = name.rsplit_once('-').expect("a tail");
    assert!(tail.len() == 4 && tail.bytes().all(|byte| byte.is_ascii_hexdigit()), "{name}");

    place.output(&[&SHORT[..], &["--out", "here"]].concat());
    let before = std::fs::read(place.path("here/environment.json")).expect("environment.json");
    let again = place.run(&[&SHORT[..], &["--out", "here"]].concat());
    assert_eq!(again.code, Some(2));
    assert!(
        again.stderr.contains("results directory here: ") && again.stderr.contains("holds a run already")
    );
    assert_eq!(before, std::fs::read(place.path("here/environment.json")).expect("environment.json"));
}

fn strange_name() {
    let place = Place::new();
    let name = OsStr::from_bytes(b"b\xff");
    let mut command = place.command(&SHORT);
    command.arg("--out").arg(name);
    let ended = place.start_command(command).wait();
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(place.path("").join(name).join("records.jsonl").exists());
}

fn budget() {
    let place = Place::new();
    let args = ["run", "--transport", "null", "--workload", "invoke", "--set", "pin=same", "--trials", "9"];
    let ended = place.run(&[&args[..], &["--time", "0.05", "--budget", "0.5", "--out", "out"]].concat());
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let count = lines(&place, "out").len();
    assert!(count < 9, "nine trials of more than a quarter of a second do not fit into half of one");
    assert!(ended.stderr.contains(&format!("budget used up after {count} of 9 trials")), "{}", ended.stderr);
    assert!(environment(&place, "out").partial);
}
