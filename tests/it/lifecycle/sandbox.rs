//! Renderers under the filter of system calls use every transport between processes: each workload, small frames and large.

use super::kill::{PATIENT, open_with};
use crate::test;
use ipcmark::plan::{Model, Sandbox, transports};
use ipcmark::workload::Workload;
use libtest_mimic::Trial;

/// Within what a message of any transport is by itself, and beyond what Electron's carries in blocks.
const PAYLOADS: [usize; 2] = [64, 100_000];

pub(super) fn tests() -> Vec<Trial> {
    let between_processes =
        transports().into_iter().filter(|listed| listed.caps.processes && !listed.caps.echo);
    between_processes
        .map(|listed| {
            let payloads = PAYLOADS.map(|payload| payload.min(listed.caps.max_frame));
            // What a flood leaves of messages that may be lost is not a sandbox's matter.
            let workloads = if listed.caps.lossy { &[Workload::Invoke][..] } else { &Workload::ALL };
            test(&format!("lifecycle::sandbox::{}", listed.name), move || {
                for (&workload, payload) in workloads.iter().flat_map(|name| payloads.map(|len| (name, len)))
                {
                    let windows = if workload == Workload::Invoke { 1 } else { 2 };
                    let model = Model { windows, payload, sandbox: Sandbox::Seccomp, ..Model::default() };
                    let mut session = open_with(listed.name, workload, model, PATIENT);
                    session.run(50, 1, 1).expect("every message as it must be");
                    session.close().expect("an orderly end");
                }
            })
        })
        .collect()
}
