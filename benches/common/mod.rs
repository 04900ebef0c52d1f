//! What the benches share: one open session a case, `iters` messages a call, the session's own time.
//!
//! Main and renderers are re-executions of the bench itself. A case's processes are started once, connected and warmed,
//! and stay open while criterion asks for one number of messages after another; each answer is the time from
//! the first message's begin to the last one's end, taken inside the processes. Starting, connecting and control
//! are never in it, and exactly `iters` messages are.

use criterion::{Criterion, Throughput};
use ipcmark::plan::{Case, Listed, Model, Plan, transports};
use ipcmark::sys::signal::Interrupt;
use ipcmark::trial::{Session, cpus};
use std::collections::BTreeMap;
use std::io::Write;
use std::time::Duration;

/// A case and the settings that stand in its group's name.
pub(crate) struct Variant {
    name: String,
    case: Case,
}

impl Variant {
    /// The base case with a model changed by `edit`.
    pub(crate) fn new(name: &str, base: &Case, edit: impl FnOnce(&mut Model)) -> Variant {
        let mut case = base.clone();
        edit(&mut case.model);
        Variant { name: name.to_owned(), case }
    }
}

/// Benchmarks the variants of one workload over every transport on the list.
pub(crate) fn bench(workload: &str, variants: impl Fn(&Case) -> Vec<Variant>) {
    ipcmark::enter_if_child();
    ipcmark::sys::leftovers::sweep();
    let workload = ipcmark::plan::workload(workload).expect("a workload's name");
    let mut criterion = Criterion::default().configure_from_args();
    let of = |transport: Listed| {
        variants(&Case { transport: transport.name.to_owned(), workload, model: Model::default() })
    };
    // A group for each way of running, so that criterion's summaries compare transports and nothing else, side by side.
    let mut groups: BTreeMap<String, Vec<Case>> = BTreeMap::new();
    for Variant { name, case } in transports().into_iter().flat_map(of) {
        groups.entry(name).or_default().push(case);
    }
    for (name, cases) in groups {
        let mut group = criterion.benchmark_group(format!("{}/{name}", workload.name()));
        for case in cases {
            if let Some(reason) = Plan::skip_reason(&case, cpus()) {
                let _ = writeln!(std::io::stderr(), "{name}/{}: skipped: {reason}", case.transport);
                continue;
            }
            let payloads = workload.payloads_per_message(case.model.windows);
            group.throughput(Throughput::Bytes(case.model.payload as u64 * payloads));
            // Opened when criterion comes to it: a filter that leaves the case out starts nothing.
            let mut session = None;
            group.bench_function(&case.transport, |bencher| {
                bencher.iter_custom(|iters| {
                    let session = session.get_or_insert_with(|| open(&case));
                    // Stamps cost a clock reading each; here only the whole is wanted.
                    let result = session.run(iters, 8, 1 << 20).expect("every message as it must be");
                    Duration::from_nanos(result.elapsed_ns)
                });
            });
            if let Some(session) = session {
                session.close().expect("an orderly end");
            }
        }
        group.finish();
    }
    criterion.final_summary();
}

fn open(case: &Case) -> Session {
    let never = Interrupt::never().expect("a pair of sockets");
    Session::open(case, 1, Duration::from_secs(60), &never).expect("an open case")
}
