//! What a host or a transport cannot do is a row with its reason, and no failure.

use crate::support::program::Place;
use crate::test;
use ipcmark::plan::{Case, Model, Placement, Plan, transports};
use ipcmark::record::{Record, Status, load};
use ipcmark::sys::cpu::{allowed, restrict};
use ipcmark::workload::Workload;
use libtest_mimic::Trial;

pub(super) fn tests() -> Vec<Trial> {
    vec![
        test("cli::what one CPU cannot run is skipped with a reason, the rest is run", one_cpu),
        test("cli::what a transport cannot do is skipped with a reason", beyond_a_transport),
    ]
}

fn one_cpu() {
    let place = Place::new();
    let args = [
        "run",
        "--transport",
        "pipe",
        "--workload",
        "invoke",
        "--vary",
        "pin=cross,free",
        "--vary",
        "wait=block,spin",
        "--trials",
        "1",
        "--time",
        "0.01",
        "--out",
        "out",
    ];
    // Affinity is inherited: what the thread may use, its children may use.
    let table = std::thread::scope(|scope| {
        let thread = scope.spawn(|| {
            restrict(&allowed().expect("CPUs")[..1]).expect("one CPU");
            place.output(&args)
        });
        thread.join().expect("the run")
    });
    let records = load(&place.path("out")).expect("records");
    let of = |id: &str| records.iter().find(|record| record.case.id == id).expect("a record for each case");
    let reason = |id| reason_of(of(id), &table);
    assert_eq!(records.len(), 4);
    assert_eq!(of("pipe/invoke/payload=64/wait=block/pin=free").status, Status::Ok);
    assert_eq!(
        reason("pipe/invoke/payload=64/wait=block/pin=cross"),
        "pin=cross needs two CPUs, one is allowed"
    );
    assert_eq!(
        reason("pipe/invoke/payload=64/wait=spin/pin=cross"),
        "pin=cross needs two CPUs, one is allowed"
    );
    assert!(
        reason("pipe/invoke/payload=64/wait=spin/pin=free").contains("wait=spin with 2 threads on 1 CPUs")
    );
    assert!(table.contains("skipped: 3"), "{table}");
}

fn beyond_a_transport() {
    let place = Place::new();
    let run = |transport, set, out| {
        let cases = ["--transport", transport, "--workload", "send", "--set", "pin=same", "--set", set];
        let table = place.output(&[&["run"], &cases[..], &["--out", out]].concat());
        assert!(!table.contains("Medians"), "nothing was measured: {table}");
        (table, load(&place.path(out)).expect("records"))
    };
    let (table, records) = run("null,crossbeam", "payload=64", "peers");
    assert_eq!(records.len(), 2);
    assert_eq!(reason_of(&records[0], &table), "null has no peer: only invoke is defined");
    assert_eq!(reason_of(&records[1], &table), "crossbeam works between threads only (placement=thread)");

    let (table, records) = run("pipe", "wait=spin", "spin");
    assert!(reason_of(&records[0], &table).contains("wait=spin on one CPU"));
    let none = place.run(&["verify", "--transport", "pipe", "--set", "wait=spin", "--set", "pin=same"]);
    assert!(
        none.code == Some(3) && none.stderr.contains("wait=spin on one CPU"),
        "{}{}",
        none.stdout,
        none.stderr
    );

    // Today every transport carries whatever a payload may be.
    for listed in transports() {
        let model = Model { payload: listed.caps.max_frame + 1, ..Model::default() };
        let model = Model { placement: Placement::Thread, wait: listed.caps.waits[0], ..model };
        let case = Case { transport: listed.name.to_owned(), workload: Workload::Invoke, model };
        let reason = Plan::skip_reason(&case, 64).expect("a reason");
        assert!(reason.contains(&format!("exceeds {}'s", listed.name)), "{reason}");
    }
}

/// The reason in a skipped case's record, which the table shows as well.
fn reason_of<'a>(record: &'a Record, table: &str) -> &'a str {
    assert_eq!(record.status, Status::Skipped, "{}", record.case.id);
    assert_eq!((record.order, record.messages, &record.latency_ns), (None, 0, &None));
    let reason = record.reason.as_deref().expect("a reason");
    let row = |line: &str| line.contains(&record.case.id) && line.contains(reason);
    assert!(table.lines().any(row), "{} {reason} in: {table}", record.case.id);
    reason
}
