//! Faults in a run of the command: a killed renderer, Ctrl-C, SIGTERM, and the death of the command itself.

use crate::support::processes::{
    busy_trial_of, children, ended, eventually, hold, pid, signal, stat, timed, trial_of, zombies,
};
use crate::support::program::{Place, Started};
use crate::test;
use ipcmark::record::{Environment, Record, Status, load};
use ipcmark::sys::clock::Clock;
use ipcmark::sys::process::Process;
use libtest_mimic::Trial;
use rustix::pipe::{PipeFlags, fcntl_setpipe_size, pipe_with};
use rustix::process::Signal;
use std::path::Path;
use std::time::Duration;

/// What the user is promised is a second; a test machine may be busy with other tests.
const SOON: Duration = Duration::from_secs(2);

pub(super) fn tests() -> Vec<Trial> {
    vec![
        test("lifecycle::a killed renderer fails its case, the others go on, exit code 4", killed_renderer),
        test("lifecycle::a renderer killed before it connects fails its case", killed_early),
        test("lifecycle::a main killed while it starts its renderers leaves no zombie", main_killed_early),
        test("lifecycle::Ctrl-C saves what was measured, exit code 130", || interrupted(Signal::INT, 130)),
        test("lifecycle::SIGTERM saves what was measured, exit code 143", || interrupted(Signal::TERM, 143)),
        test("lifecycle::SIGHUP saves what was measured, exit code 129", hung_up),
        test("lifecycle::SIGHUP under nohup stops nothing", deaf),
        test("lifecycle::a second Ctrl-C ends the command at once", interrupted_twice),
        test("lifecycle::children exit when the command is killed", orphans),
    ]
}

/// A run of invokes over a transport into `out`.
fn invokes<'a>(transport: &'a str, trials: &'a str, time: &'a str) -> Vec<&'a str> {
    let cases = ["run", "--transport", transport, "--workload", "invoke", "--set", "pin=same"];
    [&cases[..], &["--trials", trials, "--time", time, "--out", "out"]].concat()
}

fn run(place: &Place, transport: &str, trials: &str, time: &str) -> Started {
    place.start(&invokes(transport, trials, time))
}

fn records(place: &Place) -> Vec<Record> {
    load(&place.path("out/records.jsonl")).expect("records under the name of a finished run")
}

fn killed_renderer() {
    let place = Place::new();
    let command = run(&place, "shm,pipe", "2", "0.3");
    let (_, renderer) = busy_trial_of(command.pid());
    signal(renderer, Signal::KILL);
    let ended = command.wait();
    assert_eq!(ended.code, Some(4), "{}", ended.stderr);
    let records = records(&place);
    let (failed, ok): (Vec<&Record>, Vec<&Record>) =
        records.iter().partition(|record| record.status == Status::Failed);
    assert_eq!((failed.len(), ok.len()), (1, 3));
    assert!(ok.iter().all(|record| record.status == Status::Ok));
    let reason = failed[0].reason.as_deref().expect("a reason");
    assert!(reason.contains(&format!("renderer 0 (pid {renderer}) killed by SIGKILL")), "{reason}");
    assert_eq!((failed[0].order, &failed[0].latency_ns), (Some(0), &None));
    // The reason is on both streams, and the failed trial is in no figure.
    assert!(ended.stderr.contains(&format!("failed: {}: {reason}", failed[0].case.id)), "{}", ended.stderr);
    assert!(ended.stdout.contains("failed: 1") && ended.stdout.contains(reason), "{}", ended.stdout);
    assert!(!environment(&place.path("out")).partial);
}

/// The other end waits for a connection that will never come.
fn killed_early() {
    for transport in ["shm", "ipc-channel"] {
        let place = Place::new();
        let command = run(&place, transport, "1", "0.01");
        let (_, renderer) = trial_of(command.pid());
        signal(renderer, Signal::KILL);
        let ended = command.wait();
        assert_eq!(ended.code, Some(4), "{}", ended.stderr);
        let reason = records(&place)[0].reason.clone().expect("a reason");
        assert!(reason.contains("killed by SIGKILL"), "{reason}");
    }
}

/// Nobody has told the command of those renderers yet.
fn main_killed_early() {
    let place = Place::new();
    let cases =
        ["run", "--transport", "pipe", "--workload", "send", "--set", "pin=free", "--set", "windows=64"];
    let command = place.start(&[&cases[..], &["--trials", "2", "--time", "30", "--out", "out"]].concat());
    let main = eventually("some renderers", || {
        children(command.pid()).into_iter().find(|&main| children(main).len() > 4)
    });
    signal(main, Signal::KILL);
    let line = eventually("the trial's record", || first_record(&place));
    assert!(line.contains(&format!("main (pid {main}) killed by SIGKILL")), "{line}");
    assert_eq!(zombies(command.pid()), Vec::<u32>::new());
}

/// The first line of a run that goes on, once it is there.
fn first_record(place: &Place) -> Option<String> {
    let text = std::fs::read_to_string(place.path("out/records.partial.jsonl")).ok()?;
    text.split_once('\n').map(|(line, _)| line.to_owned())
}

fn environment(out: &Path) -> Environment {
    let text = std::fs::read_to_string(out.join("environment.json")).expect("environment.json");
    serde_json::from_str(&text).expect("an environment")
}

/// Starts a long run and waits for its first record and for a trial under way, whose main and renderer it holds.
fn under_way(place: &Place) -> (Started, [Process; 2]) {
    let command = run(place, "pipe,shm", "1000", "0.05");
    eventually("a first record", || first_record(place));
    // A trial may end while we look at it.
    let children = eventually("a trial", || {
        let (main, renderer) = trial_of(command.pid());
        Some([Process::hold(pid(main)).ok()?, Process::hold(pid(renderer)).ok()?])
    });
    (command, children)
}

/// Tests that run under `nohup` hand its deafness on, which is another test.
fn hung_up() {
    let status = std::fs::read_to_string("/proc/self/status").expect("our own state");
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let ignored = ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0);
    if ignored >> (Signal::HUP.as_raw() - 1) & 1 == 0 {
        interrupted(Signal::HUP, 129);
    }
}

fn interrupted(how: Signal, code: i32) {
    let place = Place::new();
    let (command, children) = under_way(&place);
    // A terminal signals a whole group: children must be in another, or trials would fail instead of being broken off.
    let group = |pid| stat(pid).map(|stat| stat.group);
    for child in &children {
        assert_ne!(group(child.pid().as_raw_nonzero().get().cast_unsigned()), group(command.pid()));
    }
    command.signal(how);
    let (ended_command, took) = timed(|| command.wait());
    assert!(took < SOON, "ended after {took:?}");
    assert!(children.iter().all(|child| !child.is_running()), "children outlive the command");
    assert_eq!(ended_command.code, Some(code), "{}", ended_command.stderr);
    assert!(ended_command.stderr.contains("interrupted"), "{}", ended_command.stderr);
    // What was measured is saved and shown; the trial under way is no failure.
    let records = records(&place);
    assert!(!records.is_empty() && records.iter().all(|record| record.status == Status::Ok));
    assert!(ended_command.stdout.contains("invoke · 64B"), "{}", ended_command.stdout);
    let text = std::fs::read_to_string(place.path("out/records.jsonl")).expect("records");
    assert!(text.ends_with('\n') && text.lines().count() == records.len());
    assert!(!place.path("out/records.partial.jsonl").exists());
    let environment = environment(&place.path("out"));
    assert!(environment.partial && environment.finished.is_some());
    assert_eq!(std::fs::read_dir(place.tmp()).expect("TMPDIR").count(), 0);
}

/// Whoever started it has made it ignore that its terminal goes.
fn deaf() {
    let place = Place::new();
    let args = ["run", "--transport", "pipe", "--workload", "invoke", "--set", "pin=same", "--trials", "20"];
    let args = [&args[..], &["--time", "0.02", "--out", "out"]].concat();
    let command = place.start_command(place.script("trap '' HUP; exec \"$0\" \"$@\"", &args));
    eventually("a first record", || first_record(&place));
    command.signal(Signal::HUP);
    let ended = command.wait();
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(records(&place).len() >= 20, "all trials, and those that were measured again");
}

/// Even a command that does not come to its end: here nobody reads what it prints.
fn interrupted_twice() {
    let place = Place::new();
    let (_unread, full) = pipe_with(PipeFlags::CLOEXEC).expect("a pipe");
    let len = fcntl_setpipe_size(&full, 1).expect("a small pipe");
    rustix::io::write(&full, &vec![0; len]).expect("room for as much");
    // The shell makes of its input what goes to its output: what that was is for commands that are read.
    let mut command = place.script("exec \"$0\" \"$@\" >&0 </dev/null", &invokes("pipe", "1000", "0.05"));
    command.stdin(full);
    let command = place.start_command(command);
    eventually("a first record", || first_record(&place));
    command.signal(Signal::INT);
    let saved = place.path("out/records.jsonl");
    eventually("the records of what is stopped", || saved.exists().then_some(()));
    let clock = Clock::system();
    let until = clock.now() + Duration::from_millis(50).as_nanos() as u64;
    while clock.now() < until {
        assert!(command.is_running(), "it waits for room");
    }
    command.signal(Signal::INT);
    let (ended_command, took) = timed(|| command.wait());
    assert!(took < SOON, "ended after {took:?}");
    assert_eq!(ended_command.code, Some(130), "{}", ended_command.stderr);
    assert!(!records(&place).is_empty());
}

fn orphans() {
    for transport in ["shm", "pipe"] {
        let place = Place::new();
        let command = run(&place, transport, "1", "30");
        let (main, renderer) = busy_trial_of(command.pid());
        let children = hold(&[main, renderer]);
        command.signal(Signal::KILL);
        let took = ended(&children);
        assert!(took < SOON, "children ended after {took:?}");
        assert_eq!(command.wait().code, None);
        assert!(place.path("out/records.partial.jsonl").exists(), "the run is not taken for a finished one");
    }
}
