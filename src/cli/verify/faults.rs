//! `ipcmark verify --faults`: who sends errs on purpose, and the checks that every trial has must find it.

use super::super::exit::Stop;
use super::super::progress::Progress;
use crate::electron::model::Copies;
use crate::plan::variable::word;
use crate::plan::{Case, Model, Pin};
use crate::report::{Look, new_table};
use crate::sys::signal::Interrupt;
use crate::trial::{Failure, Session, Trouble};
use crate::workload::{Fault, Workload};
use std::time::Duration;

const TRANSPORTS: [&str; 4] = ["shm", "pipe", "uds-seqpacket", "mojo-like"];
/// In two a renderer errs, in two main does.
const WORKLOADS: [Workload; 4] = [Workload::Send, Workload::Invoke, Workload::Push, Workload::Broadcast];
/// Many more than pass before the fault.
const MESSAGES: u64 = 2000;
/// What stalls longer has stalled.
const PATIENCE: Duration = Duration::from_secs(1);

/// Does each fault to each of some cases, and once none. Answers a table, and whether all were found and nothing else was.
pub(super) fn faults(seed: u64, interrupt: &Interrupt, progress: &Progress) -> Result<(String, bool), Stop> {
    let mut table = new_table(Look::Plain { bold: false }, ["fault", "case", "found as"], ..0);
    let (mut found, mut all) = (0, 0);
    let wanted = [None].into_iter().chain(Fault::ALL.map(Some));
    for fault in wanted {
        for (transport, workload) in
            TRANSPORTS.iter().flat_map(|name| WORKLOADS.map(|workload| (*name, workload)))
        {
            // A layer around the link, of which the faulty half is one more; otherwise as plain as can be.
            let in_flight = if workload == Workload::Invoke { 1 } else { 16 };
            let windows = if workload == Workload::Broadcast { 2 } else { 1 };
            let model =
                Model { copies: Copies::Three, pin: Pin::Same, windows, in_flight, ..Model::default() };
            let case = Case { transport: transport.to_owned(), workload, model };
            progress.next(&case.id());
            let outcome = attempt(&case, fault, seed, interrupt);
            if outcome == Err(Failure::Interrupted) {
                return Ok((table.trim_fmt() + "\n", false));
            }
            let good = is_found(fault, workload, &outcome);
            all += 1;
            found += u64::from(good);
            let said = match outcome {
                Ok(()) if fault.is_some() => "NOT FOUND".to_owned(),
                Ok(()) => "nothing, as it should be".to_owned(),
                Err(failure) => failure.to_string(),
            };
            table.add_row([fault.map_or("none".to_owned(), word), case.id(), said]);
            progress.done();
        }
    }
    Ok((format!("{}\n{found} of {all} as they must be\n", table.trim_fmt()), found == all))
}

/// Whether what was found is what was done. Whoever waits for the reply to a call that was dropped, or held back, hangs.
fn is_found(fault: Option<Fault>, workload: Workload, outcome: &Result<(), Failure>) -> bool {
    let hung = matches!(outcome, Err(Failure::Failed(reason)) if reason.starts_with("hung"));
    let calls = workload == Workload::Invoke;
    match (fault, outcome) {
        (None, outcome) => outcome.is_ok(),
        (Some(Fault::Stall), _) => hung,
        (Some(Fault::Drop | Fault::Swap), _) if calls => hung,
        // The last of a credit that is missing keeps its sender waiting.
        (Some(Fault::Drop), Err(Failure::Wrong { checks, .. })) => checks.lost > 0,
        (Some(Fault::Drop), _) => hung,
        (Some(Fault::Double), Err(Failure::Wrong { checks, .. })) => checks.duplicated > 0,
        (Some(Fault::Swap), Err(Failure::Wrong { checks, .. })) => checks.reordered > 0,
        (Some(Fault::Flip), Err(Failure::Wrong { checks, .. })) => checks.corrupt > 0,
        _ => false,
    }
}

fn attempt(case: &Case, fault: Option<Fault>, seed: u64, interrupt: &Interrupt) -> Result<(), Failure> {
    let trouble = Trouble { fault, ..Trouble::default() };
    let mut session = Session::open_troubled(case, seed, PATIENCE, trouble, interrupt)?;
    session.run(MESSAGES, 1, 1)?;
    session.close()
}
