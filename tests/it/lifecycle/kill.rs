//! Faults in the middle of a trial, by signals to processes that the test has started itself.

use crate::support::processes::{eventually, exists, hold, pause, signal, stat, timed};
use crate::test;
use ipcmark::plan::{Case, Model, transports};
use ipcmark::sys::clock::Clock;
use ipcmark::sys::signal::Interrupt;
use ipcmark::transport::WaitKind;
use ipcmark::trial::{Failure, Session, cpus};
use ipcmark::workload::Workload;
use libtest_mimic::Trial;
use rustix::process::Signal;
use std::time::Duration;

/// What the user is promised is a second; a test machine may be busy with other tests.
const SOON: Duration = Duration::from_secs(2);
/// More messages than any test waits for.
const ENDLESS: u64 = 1 << 40;
/// Longer than anything but a hang lasts.
pub(super) const PATIENT: Duration = Duration::from_secs(30);

pub(super) fn tests() -> Vec<Trial> {
    let mut tests = Vec::new();
    for listed in transports().into_iter().filter(|listed| listed.caps.processes && !listed.caps.echo) {
        let name = listed.name;
        let mut add = |what: &str, body: fn(&str)| {
            tests.push(test(&format!("lifecycle::{name}::{what}"), move || body(name)));
        };
        add("a renderer is killed while messages pass", |name| renderer_killed(name, WaitKind::Block));
        add("a renderer is killed while main waits for it", renderer_killed_while_main_waits);
        add("a renderer is killed between phases", renderer_killed_between_phases);
        add("one of three windows is killed during a broadcast", one_of_three_killed);
        add("main is killed while messages pass", |name| main_killed(name, WaitKind::Block));
        if listed.caps.waits.contains(&WaitKind::Spin) && cpus() > 1 {
            add("a renderer is killed while both ends spin", |name| renderer_killed(name, WaitKind::Spin));
            add("main is killed while both ends spin", |name| main_killed(name, WaitKind::Spin));
        }
    }
    tests.push(test("lifecycle::a stopped renderer is a hang, and is told", || hang(false)));
    tests.push(test("lifecycle::a stopped main is a hang, and is told", || hang(true)));
    tests.push(test("lifecycle::an open session leaves nothing when it is dropped", dropped));
    tests
}

fn open(transport: &str, workload: Workload, wait: WaitKind, windows: usize, timeout: Duration) -> Session {
    open_with(transport, workload, Model { wait, windows, ..Model::default() }, timeout)
}

pub(super) fn open_with(transport: &str, workload: Workload, model: Model, timeout: Duration) -> Session {
    let case = Case { transport: transport.to_owned(), workload, model };
    let interrupt = Interrupt::never().expect("a socket pair");
    Session::open(&case, 7, timeout, &interrupt).expect("an open session")
}

pub(super) fn processes(session: &Session) -> Vec<u32> {
    let mut pids = session.renderer_pids();
    pids.push(session.main_pid());
    pids
}

/// Runs an endless phase, does something to it from another thread once it is under way, and answers the reason of its
/// end. When this returns no process of the session is left, not even as a zombie.
fn disturbed(mut session: Session, disturb: impl FnOnce() + Send) -> String {
    let clock = Clock::system();
    let pids = processes(&session);
    session.run(64, 1, 1).expect("a first phase");
    let (outcome, told, disturbed) = std::thread::scope(|scope| {
        let disturber = scope.spawn(move || {
            pause(Duration::from_millis(30));
            disturb();
            clock.now()
        });
        let outcome = session.run(ENDLESS, 1, 1 << 10);
        let told = clock.now();
        (outcome, told, disturber.join().expect("the other thread"))
    });
    let took = Duration::from_nanos(told.saturating_sub(disturbed));
    let Err(Failure::Failed(reason)) = outcome else { panic!("not a failure: {outcome:?}") };
    assert!(took < SOON, "told after {took:?}: {reason}");
    nothing_left(session, &pids);
    reason
}

pub(super) fn nothing_left(session: Session, pids: &[u32]) {
    let ((), took) = timed(|| drop(session));
    assert!(took < SOON, "dropping took {took:?}");
    let left: Vec<&u32> = pids.iter().filter(|&&pid| exists(pid)).collect();
    assert!(left.is_empty(), "{left:?} of {pids:?} are left");
}

pub(super) fn names_the_killed(reason: &str, who: &str, pid: u32) {
    for part in [who, &format!("(pid {pid})"), "killed by SIGKILL"] {
        assert!(reason.contains(part), "no {part:?} in: {reason}");
    }
}

fn renderer_killed(transport: &str, wait: WaitKind) {
    let session = open(transport, Workload::Invoke, wait, 1, PATIENT);
    let renderer = session.renderer_pids()[0];
    let reason = disturbed(session, move || signal(renderer, Signal::KILL));
    names_the_killed(&reason, "renderer 0", renderer);
}

/// Main sleeps in the kernel, in the middle of a phase, when the other end goes.
fn renderer_killed_while_main_waits(transport: &str) {
    let session = open(transport, Workload::Invoke, WaitKind::Block, 1, PATIENT);
    let (main, renderer) = (session.main_pid(), session.renderer_pids()[0]);
    let reason = disturbed(session, move || {
        signal(renderer, Signal::STOP);
        let state = |pid| stat(pid).map(|stat| stat.state);
        eventually("main asleep", || {
            (state(renderer) == Some('T') && state(main) == Some('S')).then_some(())
        });
        signal(renderer, Signal::KILL);
    });
    names_the_killed(&reason, "renderer 0", renderer);
}

fn renderer_killed_between_phases(transport: &str) {
    let mut session = open(transport, Workload::Invoke, WaitKind::Block, 1, PATIENT);
    let pids = processes(&session);
    let renderer = session.renderer_pids()[0];
    session.run(64, 1, 1).expect("a first phase");
    signal(renderer, Signal::KILL);
    eventually("the renderer's end", || stat(renderer).is_none_or(|stat| stat.state == 'Z').then_some(()));
    let (outcome, took) = timed(|| session.run(64, 1, 1));
    let Err(Failure::Failed(reason)) = outcome else { panic!("not a failure: {outcome:?}") };
    assert!(took < SOON, "told after {took:?}: {reason}");
    names_the_killed(&reason, "renderer 0", renderer);
    nothing_left(session, &pids);
}

/// The others live on: main alone can tell, from its link or its send.
fn one_of_three_killed(transport: &str) {
    let session = open(transport, Workload::Broadcast, WaitKind::Block, 3, PATIENT);
    let renderer = session.renderer_pids()[2];
    let reason = disturbed(session, move || signal(renderer, Signal::KILL));
    names_the_killed(&reason, "renderer 2", renderer);
}

/// The renderers follow main by themselves, before the session is dropped.
fn main_killed(transport: &str, wait: WaitKind) {
    let session = open(transport, Workload::Invoke, wait, 1, PATIENT);
    let main = session.main_pid();
    let renderers = hold(&session.renderer_pids());
    let reason = disturbed(session, move || {
        signal(main, Signal::KILL);
        let running = || renderers.iter().any(|renderer| renderer.is_running());
        let ((), took) = timed(|| eventually("the renderers' end", || (!running()).then_some(())));
        assert!(took < SOON, "renderers ended after {took:?}");
    });
    names_the_killed(&reason, "main", main);
}

/// A stopped process neither fails nor answers: only the watchdog can tell.
fn hang(stop_main: bool) {
    const WATCHDOG: Duration = Duration::from_secs(1);
    let mut session = open("pipe", Workload::Invoke, WaitKind::Block, 1, WATCHDOG);
    let pids = processes(&session);
    signal(if stop_main { session.main_pid() } else { session.renderer_pids()[0] }, Signal::STOP);
    let (outcome, took) = timed(|| session.run(64, 1, 1));
    let Err(Failure::Failed(reason)) = outcome else { panic!("not a failure: {outcome:?}") };
    assert!(reason.contains("hung: nothing heard for 1s"), "{reason}");
    assert!((WATCHDOG..WATCHDOG + SOON).contains(&took), "told after {took:?}");
    nothing_left(session, &pids);
}

/// Between phases, and in a phase that a panic of the supervisor cuts off.
fn dropped() {
    let session = open("shm", Workload::Invoke, WaitKind::Block, 3, PATIENT);
    let pids = processes(&session);
    assert_eq!(pids.len(), 4);
    nothing_left(session, &pids);
}
