//! Places that are full or cannot be written: told with the place and with what helps, and nothing half-written that looks whole.
//!
//! The places are small file systems in a namespace of mounts that only the command and its shell are in.

use crate::support::program::{Ended, Place};
use crate::test;
use ipcmark::record::{Record, Status, load, read_run};
use libtest_mimic::Trial;
use std::fs::File;
use std::process::Stdio;

pub(super) fn tests() -> Vec<Trial> {
    let mut tests = vec![
        test("resources::standard output that is full is an error", full_output),
        test("resources::a report to a full device is an error", full_device),
    ];
    let possible = can_mount();
    let mut mounting = |name: &str, body: fn()| {
        let why = if possible { "" } else { " (ignored: neither root nor user namespaces)" };
        tests.push(test(&format!("resources::{name}{why}"), body).with_ignored_flag(!possible));
    };
    mounting("no room in /dev/shm fails the cases that need it", full_shm);
    mounting("no room for temporary files fails the cases that need it", full_tmp);
    mounting(
        "a results disk that fills up keeps what was measured, and the run can be completed",
        full_results,
    );
    mounting(
        "a results disk without room for the first files is refused before anything is measured",
        no_room,
    );
    mounting("a place that is read-only is refused", read_only);
    mounting("a report without room leaves what was there", full_report);
    tests
}

fn can_mount() -> bool {
    let place = Place::new();
    let mut command = place.mounting("mount -t tmpfs -o size=4k tmpfs .", &[]);
    command.stderr(Stdio::null()).status().is_ok_and(|status| status.success())
}

const RUN: [&str; 8] = ["run", "--workload", "invoke", "--set", "pin=same", "--time", "0.005", "--trials"];

fn records(place: &Place, out: &str) -> Vec<Record> {
    load(&place.path(out)).expect("records that can be read")
}

/// The exit code is what `wanted` says, and standard error has all of `parts` and no panic.
fn told(ended: &Ended, wanted: i32, parts: &[&str]) {
    assert_eq!(ended.code, Some(wanted), "{}{}", ended.stdout, ended.stderr);
    assert!(!ended.stderr.contains("panicked"), "{}", ended.stderr);
    for part in parts {
        assert!(ended.stderr.contains(part), "no {part:?} in: {}", ended.stderr);
    }
}

/// The command, and then what is left in a directory, on standard error.
fn then_list(directory: &str) -> String {
    format!("code=0; \"$0\" \"$@\" || code=$?; echo left: $(ls -A {directory}) >&2; exit $code")
}

fn full_shm() {
    for size in ["4k", "64k", "200k"] {
        let place = Place::new();
        let script = format!("mount -t tmpfs -o size={size} tmpfs /dev/shm; {}", then_list("/dev/shm"));
        let args = [&RUN[..], &["1", "--transport", "shm,shm-memfd,pipe", "--out", "out"]].concat();
        let ended = place.start_command(place.mounting(&script, &args)).wait();
        told(&ended, 4, &["in /dev/shm: No space left on device (os error 28): make room there", "left:\n"]);
        for record in records(&place, "out") {
            let named = record.case.transport == "shm";
            assert_eq!(
                record.status == Status::Failed,
                named,
                "{size}: {}: {:?}",
                record.case.id,
                record.reason
            );
        }
    }
}

fn full_tmp() {
    let place = Place::new();
    let script = format!("mount -t tmpfs -o size=64k tmpfs \"$TMPDIR\"; {}", then_list("\"$TMPDIR\""));
    let args = [&RUN[..], &["1", "--transport", "mmap-file,fifo", "--out", "out"]].concat();
    let ended = place.start_command(place.mounting(&script, &args)).wait();
    let directory = place.tmp().display().to_string();
    told(&ended, 4, &["No space left on device", "make room there", &directory, "left:\n"]);
    let failed = |record: &&Record| record.status == Status::Failed;
    let records = records(&place, "out");
    let failed: Vec<_> = records.iter().filter(failed).map(|record| record.case.transport.as_str()).collect();
    assert_eq!((failed, records.len()), (vec!["mmap-file"], 2));
}

/// The disk holds some records and not all. What it holds is copied out of the namespace twice: when it was full, and after
/// it was made larger and the run completed.
fn full_results() {
    let place = Place::new();
    std::fs::create_dir(place.path("disk")).expect("a directory");
    let script = "mount -t tmpfs -o size=24k tmpfs disk; code=0; \"$0\" \"$@\" || code=$?; cp -r disk/run full; \
        mount -o remount,size=10m disk; \"$0\" run --resume disk/run --no-progress >/dev/null; cp -r disk/run whole; exit $code";
    let args =
        [&RUN[..], &["20", "--transport", "pipe,uds-stream", "--out", "disk/run", "--no-progress"]].concat();
    let ended = place.start_command(place.mounting(script, &args)).wait();
    told(
        &ended,
        4,
        &[
            "disk/run: No space left on device",
            "make room",
            "is kept",
            "`ipcmark run --resume disk/run` completes it",
        ],
    );
    let full = read_run(&place.path("full")).expect("what was measured");
    assert!(full.file.ends_with("records.partial.jsonl") && !place.path("full/records.jsonl").exists());
    assert!(full.environment.expect("an environment").partial);
    assert!(!full.records.is_empty() && full.records.len() < 40, "{} records", full.records.len());
    assert!(full.faults.iter().all(|fault| fault.is_cut_short()), "{:?}", full.faults);
    let whole = read_run(&place.path("whole")).expect("the whole run");
    assert!(whole.file.ends_with("records.jsonl") && whole.faults.is_empty(), "{:?}", whole.faults);
    let once = whole.records.iter().filter(|record| record.repeats.is_none()).count();
    assert_eq!((once, whole.environment.expect("an environment").partial), (40, false));
}

fn no_room() {
    let place = Place::new();
    std::fs::create_dir(place.path("disk")).expect("a directory");
    let script = format!(
        "mount -t tmpfs -o size=4k tmpfs disk; head -c 4096 /dev/zero > disk/full; {}",
        then_list("disk/run disk/full")
    );
    let args = [&RUN[..], &["1", "--transport", "pipe", "--out", "disk/run"]].concat();
    let ended = place.start_command(place.mounting(&script, &args)).wait();
    told(
        &ended,
        2,
        &["results directory disk/run: No space left on device", "make room", "left: disk/full disk/run:\n"],
    );
}

fn read_only() {
    let place = Place::new();
    std::fs::create_dir(place.path("disk")).expect("a directory");
    let run = [&RUN[..], &["1", "--transport", "pipe", "--out", "disk/run"]].concat();
    let ended = place
        .start_command(place.mounting("mount -t tmpfs -o ro tmpfs disk; exec \"$0\" \"$@\"", &run))
        .wait();
    told(
        &ended,
        2,
        &["results directory disk/run: Read-only file system", "choose a place that can be written"],
    );
    let script = "mount -t tmpfs -o ro tmpfs \"$TMPDIR\"; exec \"$0\" \"$@\"";
    let ended =
        place.start_command(place.mounting(script, &[&run[..8], &["1", "--out", "out"]].concat())).wait();
    told(&ended, 2, &["directory for temporary files", "Read-only file system", "can be written"]);
}

fn full_report() {
    let place = Place::new();
    std::fs::create_dir(place.path("disk")).expect("a directory");
    place.output(&[&RUN[..], &["2", "--transport", "pipe", "--out", "run"]].concat());
    let script = format!(
        "mount -t tmpfs -o size=4k tmpfs disk; printf old > disk/there; {}; cat disk/there >&2",
        then_list("disk").replace("exit $code", "echo code $code >&2")
    );
    for file in ["--html", "--markdown", "--csv", "--json"] {
        let mut command = place.mounting(&script, &["report", "run", file, "disk/there"]);
        command.stdout(Stdio::null());
        let ended = place.start_command(command).wait();
        let text = &ended.stderr;
        // What is short fits, and is there whole.
        let fits = text.contains("code 0") && !text.ends_with("old");
        let refused =
            text.contains("code 2") && text.contains("disk/there: No space left") && text.ends_with("old");
        assert!((fits || refused) && text.contains("left: there\n"), "{file}: {text}");
        assert!(refused || file != "--html", "a page is longer than that: {text}");
    }
}

fn full_output() {
    let place = Place::new();
    let full = || File::options().write(true).open("/dev/full").expect("a device that is full");
    let run = [&RUN[..], &["1", "--transport", "null", "--out", "out", "--format", "json"]].concat();
    for args in [&["list"][..], &["completions", "bash"], &run] {
        let output = place.command(args).stdout(full()).output().expect("the program");
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(stderr.contains("standard output: No space left on device"), "{args:?}: {stderr}");
        assert_eq!(output.status.code(), Some(4), "{args:?}: {stderr}");
    }
    assert_eq!(records(&place, "out/records.jsonl").len(), 1, "what was measured is kept");
}

fn full_device() {
    let place = Place::new();
    place.output(&[&RUN[..], &["1", "--transport", "null", "--out", "run"]].concat());
    for file in ["--html", "--csv"] {
        let ended = place.run(&["report", "run", file, "/dev/full"]);
        told(&ended, 2, &["/dev/full: No space left on device", "make room there, or choose another place"]);
    }
}
