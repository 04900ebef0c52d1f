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
use std::io::Write;
use std::time::Duration;

/// A case and its name in criterion's output.
pub(crate) struct Variant {
    name: String,
    case: Case,
}

impl Variant {
    /// The base case with a model changed by `edit`.
    pub(crate) fn new(name: &str, base: &Case, edit: impl FnOnce(&mut Model)) -> Variant {
        let mut case = base.clone();
        edit(&mut case.model);
        Variant { name: format!("{name}/{}", case.transport), case }
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
    let mut all: Vec<Variant> = transports().into_iter().flat_map(of).collect();
    // Side by side: the same variant of every transport, one after the other.
    all.sort_by(|a, b| a.name.rsplit_once('/').map(|(v, _)| v).cmp(&b.name.rsplit_once('/').map(|(v, _)| v)));
    let mut group = criterion.benchmark_group(workload.name());
    for Variant { name, case } in all {
        if let Some(reason) = Plan::skip_reason(&case, cpus()) {
            let _ = writeln!(std::io::stderr(), "{name}: skipped: {reason}");
            continue;
        }
        let payloads = workload.payloads_per_message(case.model.windows);
        group.throughput(Throughput::Bytes(case.model.payload as u64 * payloads));
        // Opened when criterion comes to it: a filter that leaves the case out starts nothing.
        let mut session = None;
        group.bench_function(&name, |bencher| {
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
    criterion.final_summary();
}

fn open(case: &Case) -> Session {
    let never = Interrupt::never().expect("a pair of sockets");
    Session::open(case, 1, Duration::from_secs(60), &never).expect("an open case")
}
