//! Other processes as `/proc` shows them, and bounded waits for what they do.

use ipcmark::sys::clock::Clock;
use ipcmark::sys::process::{Process, readable};
use ipcmark::sys::signal::Interrupt;
use rustix::process::{Pid, Signal, kill_process};
use std::os::fd::AsFd;
use std::path::Path;
use std::time::Duration;

/// Nothing that a test waits for takes longer than this, even on a machine that does three other things.
const PATIENCE: Duration = Duration::from_secs(20);

/// A line of `/proc/<pid>/stat` (`proc(5)`).
pub(crate) struct Stat {
    /// `R`, `S`, `T` (stopped), `Z` …
    pub(crate) state: char,
    pub(crate) parent: u32,
    pub(crate) group: u32,
    /// User and system time, in clock ticks.
    pub(crate) cpu_ticks: u64,
}

pub(crate) fn stat(pid: u32) -> Option<Stat> {
    let line = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The command's name stands in parentheses and may hold anything.
    let fields: Vec<&str> = line[line.rfind(')')? + 1..].split_whitespace().collect();
    Some(Stat {
        state: fields.first()?.chars().next()?,
        parent: fields.get(1)?.parse().ok()?,
        group: fields.get(2)?.parse().ok()?,
        cpu_ticks: fields.get(11)?.parse::<u64>().ok()? + fields.get(12)?.parse::<u64>().ok()?,
    })
}

/// Whether the number is in the process table, be it as a zombie.
pub(crate) fn exists(pid: u32) -> bool {
    Path::new(&format!("/proc/{pid}")).exists()
}

/// Children of a process that have not ended.
pub(crate) fn children(pid: u32) -> Vec<u32> {
    children_that(pid, |stat| stat.state != 'Z')
}

/// Children that have ended, and that it has not reaped.
pub(crate) fn zombies(pid: u32) -> Vec<u32> {
    children_that(pid, |stat| stat.state == 'Z')
}

fn children_that(pid: u32, are: impl Fn(&Stat) -> bool) -> Vec<u32> {
    let Ok(entries) = std::fs::read_dir("/proc") else { return Vec::new() };
    let pids = entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.filter(|&child| stat(child).is_some_and(|stat| stat.parent == pid && are(&stat))).collect()
}

/// The trial that a running `ipcmark` has under way, as soon as it has a renderer: main, and the renderer.
pub(crate) fn trial_of(ipcmark: u32) -> (u32, u32) {
    eventually("a renderer of the trial", || {
        let main = *children(ipcmark).first()?;
        Some((main, *children(main).first()?))
    })
}

/// As [`trial_of`], but once messages have been passing for a while.
pub(crate) fn busy_trial_of(ipcmark: u32) -> (u32, u32) {
    let (main, renderer) = trial_of(ipcmark);
    eventually("the renderer at work", || stat(renderer).filter(|stat| stat.cpu_ticks >= 3));
    (main, renderer)
}

pub(crate) fn pid(number: u32) -> Pid {
    Pid::from_raw(number.cast_signed()).expect("a process number")
}

/// Holds processes by descriptor, so that their ends can be waited for.
pub(crate) fn hold(pids: &[u32]) -> Vec<Process> {
    pids.iter().map(|&number| Process::hold(pid(number)).expect("a process that runs")).collect()
}

pub(crate) fn signal(number: u32, signal: Signal) {
    kill_process(pid(number), signal).expect("a process of ours");
}

/// Time that `body` takes.
pub(crate) fn timed<T>(body: impl FnOnce() -> T) -> (T, Duration) {
    let clock = Clock::system();
    let begin = clock.now();
    let value = body();
    (value, Duration::from_nanos(clock.now() - begin))
}

/// Waits until all have ended and answers how long that took; reaps those that have become ours (the test program
/// adopts orphans once it has opened a session).
pub(crate) fn ended(processes: &[Process]) -> Duration {
    let reaped = || processes.iter().all(|process| process.reap(PATIENCE).is_some());
    let (all, took) = timed(reaped);
    assert!(all, "some of {processes:?} still run");
    took
}

/// Asks again and again until there is an answer.
pub(crate) fn eventually<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let clock = Clock::system();
    let until = clock.now() + PATIENCE.as_nanos() as u64;
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(clock.now() < until, "waited in vain for {what}");
        pause(Duration::from_millis(1));
    }
}

/// Lets time pass. For looks at other processes only: nothing is synchronised by it.
pub(crate) fn pause(time: Duration) {
    let never = Interrupt::never().expect("a socket pair");
    readable(never.as_fd(), time);
}
