//! One renderer attacks; main and the other windows go on as if nothing were.

use super::kill::PATIENT;
use crate::test;
use ipcmark::plan::{Case, Model};
use ipcmark::sys::signal::Interrupt;
use ipcmark::trial::{Session, Tactic, Trouble};
use ipcmark::workload::Workload;
use libtest_mimic::Trial;

const TRANSPORTS: [&str; 12] = [
    "shm",
    "shm-memfd",
    "mmap-file",
    "eventfd",
    "mojo-like",
    "pipe",
    "fifo",
    "uds-stream",
    "uds-seqpacket",
    "uds-dgram",
    "posix-mq",
    "tcp",
];

pub(super) fn tests() -> Vec<Trial> {
    let mut tests = Vec::new();
    for tactic in Tactic::ALL {
        for name in TRANSPORTS.into_iter().filter(|name| tactic.is_for(name)) {
            tests.push(test(&format!("lifecycle::{name}::a hostile window: {tactic:?}"), move || {
                besiege(name, tactic)
            }));
        }
    }
    tests
}

/// The session checks every honest message, and that nothing hangs or crashes.
fn besiege(transport: &str, tactic: Tactic) {
    let workloads = [Workload::Invoke, Workload::Send, Workload::Push, Workload::Broadcast];
    for (seed, workload) in (1..).zip(workloads) {
        let active = if workload == Workload::Broadcast { 0 } else { 2 };
        let model = Model { windows: 3, active, in_flight: 4, payload: 4096, ..Model::default() };
        let case = Case { transport: transport.to_owned(), workload, model };
        let interrupt = Interrupt::never().expect("a socket pair");
        let trouble = Trouble { hostile: Some(tactic), ..Trouble::default() };
        let mut session =
            Session::open_troubled(&case, seed, PATIENT, trouble, &interrupt).expect("an open session");
        // The honest ones may be done before the hostile one has begun: then once more.
        let mut phases = (0..50).map(|_| {
            let result = session.run(400, 1, 1).expect("honest windows go on");
            assert!(result.checks.received >= 400, "{:?}", result.checks);
            result.siege.expect("a siege").havoc
        });
        let havoc = phases.find(|havoc| tactic.has_been_tried(*havoc)).expect("nobody attacked");
        assert!(havoc.is_none_or(|havoc| havoc.resized == 0), "memory was shrunk or grown: {havoc:?}");
    }
}
