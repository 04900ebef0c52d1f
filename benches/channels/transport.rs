//! The channel as a transport, in the very loops that trials run.

use crate::cell::{Run, WINDOW};
use ipcmark::transport::channel::Channel;
use ipcmark::transport::{Block, Spec, Transport};
use ipcmark::workload::tally::join;
use ipcmark::workload::{self, Load, Phase, Workload};
use std::time::Duration;

/// How long a message takes, in nanoseconds.
pub(crate) fn time<C: Channel>(run: &Run) -> f64 {
    let in_flight = if run.cell.workload == Workload::Send { WINDOW } else { 1 };
    let load = Load { in_flight, ..Load::one(run.cell.workload, run.cell.payload, run.clock) };
    // The loops by hand read the clock twice in all; here a reading is spread over many messages.
    let phase = |number, messages| Phase { number, messages, lead: 8, every: 64 };
    let phases = [phase(1, run.warm_up()), phase(2, run.messages)];
    let spec = Spec { windows: 1, max_frame: load.max_frame(), spin: Duration::ZERO, nt_from: usize::MAX };
    let (bound, mut addresses) = C::bind(&spec).expect("channels");
    let address = addresses.remove(0);
    let (main, renderer) = run.both(
        move || {
            let (mut outbox, mut inbox) = C::accept::<Block>(bound).expect("main's ends");
            phases.map(|phase| workload::main(&load, &phase, &mut outbox, &mut inbox).expect("every message"))
        },
        move || {
            let (mut tx, mut rx) = C::connect::<Block>(address).expect("a renderer's ends");
            phases.map(|phase| workload::renderer(&load, &phase, 0, &mut tx, &mut rx).expect("every message"))
        },
    );
    let ([_, main], [_, renderer]) = (main, renderer);
    let outcome = join(&load, &phases[1], &main, &[renderer]);
    assert!(outcome.checks.clean(), "{:?}", outcome.checks);
    outcome.elapsed_ns as f64 / outcome.messages as f64
}
