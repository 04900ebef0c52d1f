//! A lossy transport under a load that it cannot hold: what is lost is counted, and the phase ends.

use super::kill::{PATIENT, open_with};
use crate::support::processes::{pause, signal};
use crate::test;
use ipcmark::plan::Model;
use ipcmark::workload::Workload;
use libtest_mimic::Trial;
use rustix::process::Signal;
use std::time::Duration;

/// More in flight than a socket's buffer holds, and a phase that is long enough to be disturbed.
const IN_FLIGHT: u64 = 1024;
const PAYLOAD: usize = 60_000;
const MESSAGES: u64 = 8000;

pub(super) fn tests() -> Vec<Trial> {
    let mut tests = Vec::new();
    for (workload, windows) in [
        (Workload::Send, 1),
        (Workload::Invoke, 1),
        (Workload::Push, 1),
        (Workload::Send, 3),
        (Workload::Push, 3),
        (Workload::Broadcast, 3),
        (Workload::Port, 2),
    ] {
        let name = format!("lifecycle::udp::loss is counted: {}, {windows} windows", workload.name());
        tests.push(test(&name, move || counted(workload, windows)));
    }
    tests
}

/// Whoever reads is stopped for a while, and the buffer before it runs over.
fn counted(workload: Workload, windows: usize) {
    let model = Model { windows, payload: PAYLOAD, in_flight: IN_FLIGHT, ..Model::default() };
    let mut session = open_with("udp", workload, model, PATIENT);
    let pid = match workload {
        Workload::Send | Workload::Invoke => session.main_pid(),
        Workload::Port => session.renderer_pids()[1],
        Workload::Push | Workload::Broadcast => session.renderer_pids()[0],
    };
    session.run(64, 1, 1).expect("a first phase");
    let result = std::thread::scope(|scope| {
        scope.spawn(move || {
            pause(Duration::from_millis(30));
            signal(pid, Signal::STOP);
            pause(Duration::from_millis(100));
            signal(pid, Signal::CONT);
        });
        session.run(MESSAGES, 1, 16).expect("a phase that ends")
    });
    let checks = result.checks;
    assert!(checks.lost > 0 && checks.received > 0, "{checks:?}");
    assert_eq!(checks.received + checks.lost, checks.sent, "{checks:?}");
    assert!(!result.latency.is_empty(), "what arrived has latencies");
    // The link is as good as before.
    let quiet = session.run(64, 1, 1).expect("a quiet phase").checks;
    assert_eq!(quiet.sent, quiet.received, "{quiet:?}");
    session.close().expect("a good end");
}
