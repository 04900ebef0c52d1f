//! What the harness itself costs for each message: the measurer, measured.
//!
//! `null` is a whole `invoke` on a transport that does nothing: one fill and one check, the loop, the
//! clock where it is read, the histogram. One message of a real case costs as much; an invoke, two fills and two checks.
//!
//! The parts do not add up to it: each is timed by itself, and `check` on bytes that have just been written.

use criterion::{BatchSize, Criterion, Throughput};
use ipcmark::sys::clock::Clock;
use ipcmark::transport::null::Null;
use ipcmark::transport::{Spec, Spin, Transport};
use ipcmark::workload::ledger::Ledger;
use ipcmark::workload::stamp::{Direction, Pattern};
use ipcmark::workload::tally::{Stamps, new_histogram};
use ipcmark::workload::{self, Load, Phase, Workload};
use std::hint::black_box;
use std::time::Duration;

fn main() {
    ipcmark::enter_if_child();
    let mut criterion = Criterion::default().configure_from_args();
    null(&mut criterion);
    parts(&mut criterion);
    criterion.final_summary();
}

/// Whole invokes on the null transport, in the very loop that trials run.
fn null(criterion: &mut Criterion) {
    let clock = Clock::system();
    let mut group = criterion.benchmark_group("null invoke");
    for payload in [0, 64, 4 << 10, 64 << 10] {
        for (name, every) in [("clock every 16", 16), ("clock every", 1)] {
            let load = Load { echo: true, ..Load::one(Workload::Invoke, payload, clock) };
            let spec =
                Spec { windows: 1, max_frame: load.max_frame(), spin: Duration::ZERO, nt_from: usize::MAX };
            let (_, mut addresses) = Null::bind(&spec).expect("null binds");
            let (mut tx, mut rx) = Null::connect::<Spin>(addresses.remove(0)).expect("null connects");
            let mut number = 0;
            group.throughput(Throughput::Bytes(payload as u64));
            group.bench_function(format!("{payload} B, {name}"), |bencher| {
                bencher.iter_custom(|iters| {
                    number += 1;
                    let phase = Phase { number, messages: iters, lead: 0, every };
                    let tally = workload::renderer(&load, &phase, 0, &mut tx, &mut rx).expect("null answers");
                    assert!(tally.checks.clean() && tally.checks.received == iters);
                    let (first, last) = (tally.first_ns.expect("a begin"), tally.last_ns.expect("an end"));
                    Duration::from_nanos(last - first)
                });
            });
        }
    }
    group.finish();
}

fn parts(criterion: &mut Criterion) {
    let clock = Clock::system();
    let pattern = Pattern::new(1, 0, 0, Direction::Up);
    let mut group = criterion.benchmark_group("parts");
    group.bench_function("clock", |bencher| bencher.iter(|| black_box(clock.now())));
    for payload in [64, 4 << 10] {
        let mut bytes = vec![0; payload];
        let mut sequence = 0;
        group.bench_function(format!("fill {payload} B"), |bencher| {
            bencher.iter(|| {
                sequence += 1;
                pattern.fill(black_box(&mut bytes), sequence);
            });
        });
        // A ledger wants each number once, so the bytes are made anew; criterion times the check alone.
        let mut next = 0;
        let mut ledger = Ledger::new(pattern, payload);
        group.bench_function(format!("check {payload} B"), |bencher| {
            bencher.iter_batched_ref(
                || {
                    let mut bytes = vec![0; payload];
                    pattern.fill(&mut bytes, next);
                    next += 1;
                    bytes
                },
                |bytes| ledger.enter(black_box(bytes)),
                BatchSize::SmallInput,
            );
        });
    }
    let mut histogram = new_histogram();
    let mut ns = 100;
    group.bench_function("record", |bencher| {
        bencher.iter(|| {
            ns = 100 + (ns * 7) % 1000;
            histogram.saturating_record(black_box(ns));
        });
    });
    let mut stamps = Stamps::with_room_for(1 << 16);
    group.bench_function("stamp", |bencher| bencher.iter(|| stamps.push(black_box(1))));
    group.finish();
}
