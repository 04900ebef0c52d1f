//! Few descriptors, little memory: whatever fails first says so, and the program ends as it is documented to.

use crate::support::program::Place;
use crate::test;
use ipcmark::record::{Status, read_run};
use libtest_mimic::Trial;

/// From too few to begin with to almost enough.
const DESCRIPTORS: [u32; 9] = [5, 7, 9, 11, 14, 18, 22, 28, 36];
/// MiB of addresses: for the program alone, for small messages, for some copies of a large one.
const MEMORY: [u32; 5] = [40, 100, 200, 400, 800];

pub(super) fn tests() -> Vec<Trial> {
    let descriptors = DESCRIPTORS
        .map(|count| test(&format!("resources::{count} descriptors"), move || few_descriptors(count)));
    let memory =
        MEMORY.map(|mib| test(&format!("resources::{mib} MiB of memory"), move || little_memory(mib)));
    descriptors.into_iter().chain(memory).collect()
}

/// The program under a limit. It ends well, or it names what is missing; every record can be read, and nothing is left.
fn limited(limit: &str, args: &[&str], names: &[&str]) {
    let place = Place::new();
    let script = format!("ulimit {limit} && exec \"$0\" \"$@\"");
    let run =
        ["run", "--set", "pin=free", "--trials", "1", "--time", "0.005", "--out", "out", "--no-progress"];
    let ended = place.start_command(place.script(&script, &[&run, args].concat())).wait();
    assert!(matches!(ended.code, Some(0 | 2 | 4)), "{:?}: {}{}", ended.code, ended.stdout, ended.stderr);
    assert!(!ended.stderr.contains("panicked"), "{}", ended.stderr);
    let named = names.iter().any(|name| ended.stderr.contains(name));
    assert!(named || ended.code == Some(0), "{}", ended.stderr);
    // With too few to begin with there is no run, or a directory for one.
    let begun = ["records.jsonl", "records.partial.jsonl"].map(|name| place.path("out").join(name).exists());
    if begun.contains(&true) {
        let run = read_run(&place.path("out")).expect("records");
        assert!(run.faults.is_empty(), "{:?}", run.faults);
        let failed = run.records.iter().filter(|record| record.status == Status::Failed);
        let reasons: Vec<&str> = failed.filter_map(|record| record.reason.as_deref()).collect();
        assert_eq!(reasons.is_empty(), ended.code == Some(0), "{reasons:?}");
        assert!(reasons.iter().all(|reason| names.iter().any(|name| reason.contains(name))), "{reasons:#?}");
    }
    let left: Vec<_> =
        std::fs::read_dir(place.tmp()).expect("TMPDIR").flatten().map(|e| e.file_name()).collect();
    assert!(left.is_empty(), "left behind: {left:?}");
}

fn few_descriptors(count: u32) {
    let cases = [
        "--transport",
        "shm,uds-stream,fifo,mojo-like,ipc-channel",
        "--workload",
        "invoke",
        "--set",
        "windows=4",
    ];
    limited(&format!("-n {count}"), &cases, &["ulimit -n"]);
}

fn little_memory(mib: u32) {
    let cases =
        ["--transport", "shm,pipe,mojo-like,ipc-channel", "--workload", "send", "--set", "payload=64MiB"];
    limited(&format!("-v {}", mib << 10), &cases, &["ulimit -v"]);
}
