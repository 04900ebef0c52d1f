//! The variables that change who speaks to whom, and when: every message arrives as it must.

use super::kill::{PATIENT, names_the_killed, nothing_left, open_with, processes};
use crate::support::processes::{pause, signal};
use crate::test;
use ipcmark::codec::Codec;
use ipcmark::electron::bridge::Isolation;
use ipcmark::electron::model::{Shape, Topology};
use ipcmark::electron::policy::Policy;
use ipcmark::plan::{Case, Model, Placement, Plan, transports};
use ipcmark::trial::{Failure, cpus};
use ipcmark::workload::{Access, Workload};
use libtest_mimic::Trial;
use rustix::process::Signal;
use std::time::Duration;

/// One of each family: memory that is shared, pipes, sockets, channels.
const FAMILIES: [&str; 4] = ["shm", "pipe", "uds-stream", "crossbeam"];
const MESSAGES: u64 = 60;

pub(super) fn tests() -> Vec<Trial> {
    let mut tests = Vec::new();
    let mut add = |transport: &'static str, what: &str, workload: Workload, model: Model| {
        let name = format!("lifecycle::variables::{transport}::{what}");
        tests.push(test(&name, move || passes(transport, workload, model.clone())));
    };
    for listed in transports().into_iter().filter(|listed| !listed.caps.echo) {
        let placement = if listed.caps.processes { Placement::Process } else { Placement::Thread };
        let model = Model { placement, windows: 2, ..Model::default() };
        add(listed.name, "port, direct", Workload::Port, model.clone());
        if !listed.caps.lossy {
            let brokered = Model { topology: Topology::Brokered, ..model };
            add(listed.name, "port, brokered", Workload::Port, brokered);
        }
    }
    for transport in FAMILIES {
        let placement = if transport == "crossbeam" { Placement::Thread } else { Placement::Process };
        let model = |windows| Model { placement, windows, ..Model::default() };
        let page = |windows, topology| Model {
            topology,
            codec: Codec::StructuredClone,
            shape: Shape::Records,
            isolation: Isolation::Bridge,
            policy: Policy::Whitelist,
            hops: 4,
            ..model(windows)
        };
        add(transport, "port, two pairs", Workload::Port, Model { in_flight: 8, ..model(4) });
        add(transport, "port, a MessagePort", Workload::Port, page(2, Topology::Port));
        add(transport, "port, pages through main", Workload::Port, page(2, Topology::Brokered));
        let burst = |windows, count: u64| Model {
            load: format!("burst:{count}").parse().unwrap_or_default(),
            ..model(windows)
        };
        for workload in [Workload::Send, Workload::Push, Workload::Broadcast, Workload::Invoke] {
            add(transport, &format!("bursts, {}", workload.name()), workload, burst(3, 7));
        }
        add(transport, "bursts, port", Workload::Port, burst(2, 50));
        if cpus() > 1 {
            for (workload, rate) in [
                (Workload::Send, "open:20k"),
                (Workload::Invoke, "open:5k/s:poisson"),
                (Workload::Push, "open:20k"),
                (Workload::Broadcast, "open:5k"),
            ] {
                let open = Model { load: rate.parse().expect("a rate"), ..model(1) };
                add(transport, &format!("open loop, {}", workload.name()), workload, open);
            }
        }
        let large = Model { payload: 300_000, hops: 6, ..burst(1, 20) };
        add(transport, "bursts of what no buffer holds", Workload::Invoke, large);
        let background = Model { active: 1, background: 100_000, ..model(3) };
        add(transport, "background", Workload::Invoke, background.clone());
        let text = Model { shape: Shape::String, codec: Codec::Json, ..background };
        add(transport, "background, text", Workload::Invoke, text);
        for (workload, hops) in [(Workload::Invoke, 0), (Workload::Push, 6), (Workload::Broadcast, 4)] {
            let busy = Model { main_busy: 50, hops, ..model(2) };
            add(transport, &format!("a busy main, {}", workload.name()), workload, busy);
        }
    }
    for (payload, workload) in [(64, Workload::Invoke), (100_000, Workload::Send), (100_000, Workload::Push)]
    {
        let model = Model { access: Access::View, payload, ..Model::default() };
        add("shm", &format!("in place, {} {payload}", workload.name()), workload, model);
    }
    for victim in [0, 1] {
        for transport in ["shm", "pipe", "uds-stream"] {
            let name = format!("lifecycle::variables::{transport}::port, renderer {victim} is killed");
            tests.push(test(&name, move || killed(transport, victim)));
        }
    }
    tests
}

fn passes(transport: &str, workload: Workload, model: Model) {
    let case = Case { transport: transport.to_owned(), workload, model: model.clone() };
    assert_eq!(Plan::skip_reason(&case, cpus().max(2)), None, "the plan would run it");
    let windows = model.windows as u64;
    let mut session = open_with(transport, workload, model, PATIENT);
    for _ in 0..2 {
        let checks = session.run(MESSAGES, 7, 1).expect("every message as it must be").checks;
        assert!(checks.clean() && checks.received >= MESSAGES, "{checks:?}");
        if workload == Workload::Broadcast {
            assert_eq!(checks.received, windows * (MESSAGES + 7));
        }
    }
    session.close().expect("an orderly end");
}

/// Whichever of two pages dies, the other does not hang, and the reason names the one.
fn killed(transport: &str, victim: usize) {
    let model = Model { windows: 2, ..Model::default() };
    let mut session = open_with(transport, Workload::Port, model, PATIENT);
    let (pids, renderer) = (processes(&session), session.renderer_pids()[victim]);
    session.run(64, 1, 1).expect("a first phase");
    let outcome = std::thread::scope(|scope| {
        scope.spawn(move || {
            pause(Duration::from_millis(30));
            signal(renderer, Signal::KILL);
        });
        session.run(1 << 40, 1, 1 << 10)
    });
    let Err(Failure::Failed(reason)) = outcome else { panic!("not a failure: {outcome:?}") };
    names_the_killed(&reason, &format!("renderer {victim}"), renderer);
    nothing_left(session, &pids);
}
