//! Signals that interrupt every call of main and of renderers, a thousand times in a second: no message is lost, none comes twice, and what is
//! waited for is waited for.

use crate::support::processes::timed;
use crate::test;
use ipcmark::plan::{Case, Model, Pin, transports};
use ipcmark::sys::signal::Interrupt;
use ipcmark::transport::WaitKind;
use ipcmark::trial::{Failure, Session, Trouble};
use ipcmark::workload::Workload;
use libtest_mimic::Trial;
use std::time::Duration;

const HZ: u32 = 1000;
const PATIENT: Duration = Duration::from_secs(30);
/// Signals that come while messages pass, in each process.
const SIGNALS: u32 = 60;

pub(super) fn tests() -> Vec<Trial> {
    let between_processes =
        transports().into_iter().filter(|listed| listed.caps.processes && !listed.caps.echo);
    between_processes
        .map(|listed| {
            let largest = listed.caps.max_frame;
            // Room for such frames takes longer to reserve than signals are apart.
            let long = (Workload::Invoke, 1, if listed.caps.ring { 16 << 20 } else { 4096 });
            test(&format!("resources::storm::{}", listed.name), move || {
                for (workload, windows, payload) in [
                    (Workload::Invoke, 1, 64),
                    (Workload::Send, 2, 300_000),
                    (Workload::Broadcast, 3, 4096),
                    long,
                ] {
                    for wait in [WaitKind::Block, WaitKind::Hybrid] {
                        let payload = payload.min(largest);
                        let model = Model { windows, payload, wait, pin: Pin::Free, ..Model::default() };
                        let case = Case { transport: listed.name.to_owned(), workload, model };
                        let outcome = pass(&case);
                        // Its crate takes a signal for an error of the link, as its file says; it says so, and nothing is lost unseen.
                        let excused = |failure: &Failure| {
                            listed.name == "ipc-channel"
                                && failure.to_string().contains("Interrupted system call")
                        };
                        if let Err(failure) =
                            outcome.or_else(|failure| if excused(&failure) { Ok(()) } else { Err(failure) })
                        {
                            panic!("{}: {failure}", case.id());
                        }
                    }
                }
            })
        })
        .collect()
}

fn pass(case: &Case) -> Result<(), Failure> {
    let interrupt = Interrupt::never().expect("a socket pair");
    let trouble = Trouble { storm_hz: HZ, ..Trouble::default() };
    let mut session = Session::open_troubled(case, 7, PATIENT, trouble, &interrupt)?;
    let messages = if case.model.payload > 1 << 20 { 4 } else { 120 };
    let mut passed = Duration::ZERO;
    while passed < Duration::from_secs(1) * SIGNALS / HZ {
        let (result, took) = timed(|| session.run(messages, 1, 1));
        let checks = result?.checks;
        assert_eq!((checks.received, checks.lost), (checks.sent, 0), "{}", case.id());
        passed += took;
    }
    session.close()
}
