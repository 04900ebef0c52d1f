//! The page as text: what it says of much, of little and of nothing.

use super::{keep, read, trial, trials};
use crate::support::program::Place;
use crate::test;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hdrhistogram::serialization::Deserializer;
use libtest_mimic::Trial;
use serde_json::json;

pub(super) fn tests() -> Vec<Trial> {
    vec![
        test("report::a page has a verdict, charts, tables, and fetches nothing", whole),
        test("report::charts are files that say what they were measured on", files),
        test("report::names with markup in them stay names", markup),
        test("report::little or nothing has a page that says so", little),
        test("report::runs of several hosts are not mixed unasked", hosts),
        test("report::a page holds a run against another", differences),
        test("report::histogram logs hold what the records do", logs),
        test("report::many cases are cut off, and it is said", many),
        test("report::of a case in several runs one is shown, and each has its caption", several),
    ]
}

fn whole() {
    let place = Place::new();
    keep(&place, "run", &trials());
    let ended = place.run(&["report", "run"]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(ended.stderr.contains("run/report.html"), "{}", ended.stderr);
    let page = read(&place, "run/report.html");
    for said in [
        "uds-stream is fastest, ",
        "the others take shm 1.",
        "crossover about ",
        "between 64B and 4KiB",
        "3 trials: factors, not percents",
        "of 36 trials were disturbed by the host",
        "In 1 of 36 trials a clock jumped",
        "· seed 7",
        "id=\"latency-1\"",
        "id=\"percentiles-1\"",
        "id=\"heat-1\"",
        "id=\"cpu-1\"",
        "id=\"timeline-1\"",
        "The same as a table",
        "data-wait=\"block spin\"",
    ] {
        assert!(page.contains(said), "{said}");
    }
    for fetched in ["http://", "https://", "src=\"", "@import", "url("] {
        let allowed = page.matches(fetched).count() == page.matches("http://www.w3.org/2000/svg").count();
        assert!(!page.contains(fetched) || (fetched == "http://" && allowed), "{fetched}");
    }
    assert!(page.contains("default-src 'none'"), "the page itself forbids to fetch anything");
    assert!(page.len() < 2 << 20, "{} bytes", page.len());
    // Ways of waiting never share a line: each has a chart of its own.
    assert!(page.contains("id=\"latency-2\"") && !page.contains("id=\"latency-3\""));
}

fn files() {
    let place = Place::new();
    keep(&place, "run", &trials());
    place.output(&["report", "run", "--svg", "charts"]);
    let chart = read(&place, "charts/latency-1.svg");
    for said in [
        "<svg xmlns=",
        "Latency by size of message",
        "invoke",
        "· seed 7",
        "prefers-color-scheme: dark",
        "<text",
    ] {
        assert!(chart.contains(said), "{said}");
    }
    let names: Vec<_> = std::fs::read_dir(place.path("charts")).expect("charts").flatten().collect();
    assert!(names.len() >= 8, "{names:?}");
}

fn markup() {
    let place = Place::new();
    let mut records = trials();
    for record in records.iter_mut().filter(|record| record["case"]["transport"] == "shm") {
        record["case"]["transport"] = json!("<script>alert('&\"')</script>");
    }
    let mut skipped = trial("pipe", "block", 64, 0, 100);
    (skipped["status"], skipped["reason"]) = (json!("skipped"), json!("</td><img onerror=alert(1)>"));
    records.push(skipped);
    keep(&place, "run", &records);
    place.output(&["report", "run", "--html", "r.html", "--svg", "charts"]);
    for text in [read(&place, "r.html"), read(&place, "charts/heat-1.svg")] {
        assert!(!text.contains("<script>alert") && !text.contains("<img"), "{text}");
        assert!(text.contains("&lt;script&gt;alert"), "it is there all the same");
    }
}

fn little() {
    let place = Place::new();
    let mut failed = trial("pipe", "block", 64, 0, 100);
    (failed["status"], failed["reason"]) = (json!("failed"), json!("it broke"));
    keep(&place, "failed", &[failed]);
    let page = place.output(&["report", "failed", "--html", "-"]);
    assert!(
        page.contains("No trial counts") && page.contains("it broke") && !page.contains("<figure"),
        "{page}"
    );

    keep(&place, "one", &[trial("pipe", "block", 64, 0, 100)]);
    let page = place.output(&["report", "one", "--html", "-"]);
    assert!(page.contains("nobody to be faster than") && page.contains("id=\"cases\""), "{page}");
    assert!(
        !page.contains("id=\"latency-1\"") && !page.contains("id=\"timeline-1\""),
        "one point is no chart"
    );

    place.write("empty.jsonl", "");
    let empty = place.run(&["report", "empty.jsonl", "--html", "-"]);
    assert_eq!((empty.code, empty.stdout.as_str()), (Some(2), ""), "{}", empty.stderr);
    assert!(empty.stderr.contains("there are no records in it"), "{}", empty.stderr);
}

fn hosts() {
    let place = Place::new();
    keep(&place, "a", &trials());
    keep(&place, "b", &trials());
    let path = place.path("b/environment.json");
    let text = std::fs::read_to_string(&path).expect("an environment");
    let name = serde_json::from_str::<serde_json::Value>(&text).expect("JSON")["host"]["cpu"].to_string();
    std::fs::write(&path, text.replace(&name, "\"another\"")).expect("a file");
    let mixed = place.run(&["report", "a", "b", "--html", "r.html"]);
    assert_eq!(mixed.code, Some(3), "{}", mixed.stderr);
    assert!(mixed.stderr.contains("CPU is") && mixed.stderr.contains("--force"), "{}", mixed.stderr);
    assert_eq!(
        place.run(&["report", "a", "--base", "b", "--html", "r.html"]).code,
        Some(3),
        "nor held against each other"
    );
    let forced = place.run(&["report", "a", "b", "--html", "r.html", "--force"]);
    assert_eq!(forced.code, Some(0), "{}", forced.stderr);
    assert!(read(&place, "r.html").contains("another"), "both hosts are named");
}

fn differences() {
    let place = Place::new();
    keep(&place, "base", &trials());
    keep(&place, "new", &trials());
    let page = place.output(&["report", "new", "--base", "base", "--html", "-"]);
    assert!(page.contains("id=\"forest-1\"") && page.contains("95 %"), "{page}");
}

fn logs() {
    let place = Place::new();
    keep(&place, "run", &trials());
    place.output(&["report", "run", "--hdr", "logs"]);
    let log = read(&place, "logs/shm+invoke+payload=64+wait=block+pin=same.hlog");
    let lines: Vec<&str> = log.lines().filter(|line| !line.starts_with(['#', '"'])).collect();
    assert_eq!(lines.len(), 3, "a line a trial: {log}");
    let histogram = lines[0].rsplit(',').next().expect("a histogram");
    let bytes = STANDARD.decode(histogram).expect("base64");
    assert_eq!(bytes[..4], 0x1c84_9314u32.to_be_bytes(), "deflated, as other tools read it");
    let read: hdrhistogram::Histogram<u64> =
        Deserializer::new().deserialize(&mut bytes.as_slice()).expect("HDR");
    assert_eq!(read.len(), 2000);
}

fn many() {
    let place = Place::new();
    let records: Vec<_> = (0..3100u64).map(|n| trial("pipe", "block", n as usize + 1, n, 100 + n)).collect();
    keep(&place, "run", &records);
    let page = place.output(&["report", "run", "--html", "-"]);
    let (_, table) = page.split_once("<table id=\"cases\"").expect("a table of all cases");
    assert_eq!(table.matches("<tr data-").count(), 3000);
    assert!(page.contains("100 cases are left out here"), "{}", page.len());
}

fn several() {
    let place = Place::new();
    keep(&place, "main", &trials());
    // Another run with a fewer cases, and a far slower host.
    let slow: Vec<_> = trials()
        .into_iter()
        .filter(|trial| trial["case"]["transport"] == "shm")
        .map(|mut trial| {
            trial["run"] = json!("aside");
            trial["latency_ns"]["p50"] = json!(9_000_000);
            trial
        })
        .collect();
    keep(&place, "aside", &slow);
    let page = place.output(&["report", "main", "aside", "--html", "-"]);
    assert!(page.contains("6 cases were measured by several runs") && !page.contains("9.00 ms ("), "{page}");
    assert!(page.contains("uds-stream is fastest, "), "the run with the most cases speaks");
}
