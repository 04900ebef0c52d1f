//! What this machine allows: the floors that figures are held against, measured here and now.
//!
//! Each is the smallest program that does the one thing, with no library between it and the kernel or the cache.

use crate::sys::clock::Clock;
use crate::sys::cpu::{allowed, restrict};
use crate::sys::futex;
use rustix::pipe::{PipeFlags, pipe_with};
use std::hint::{black_box, spin_loop};
use std::io;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

/// One floor, as `ipcmark floor` prints it.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct FloorLine {
    /// What was measured.
    pub name: String,
    /// CPUs of the two ends: `cross`, `same`, or `-` where there is one.
    pub pin: &'static str,
    /// Median, in nanoseconds.
    pub ns: f64,
    /// Smallest of the readings that the median is of.
    pub min_ns: f64,
    /// Largest of them.
    pub max_ns: f64,
    /// Bytes per second, where bytes are moved.
    pub bytes_per_s: Option<f64>,
}

/// Readings of one quantity, in nanoseconds.
#[derive(Clone, Debug)]
pub(super) struct Readings(Vec<f64>);

impl Readings {
    fn sorted(mut readings: Vec<f64>) -> Readings {
        readings.sort_by(f64::total_cmp);
        Readings(readings)
    }

    pub(super) fn median(&self) -> f64 {
        self.0.get(self.0.len() / 2).copied().unwrap_or(f64::NAN)
    }

    fn line(&self, name: &str, pin: &'static str, bytes: Option<usize>) -> FloorLine {
        let ns = self.median();
        FloorLine {
            name: name.to_owned(),
            pin,
            ns,
            min_ns: self.0.first().copied().unwrap_or(f64::NAN),
            max_ns: self.0.last().copied().unwrap_or(f64::NAN),
            bytes_per_s: bytes.map(|bytes| bytes as f64 * 1e9 / ns),
        }
    }
}

/// Measures every floor on this thread's CPUs, about 0.2 s.
///
/// # Errors
/// If the kernel refuses a thread, a pipe or an affinity.
pub fn measure_floors() -> io::Result<Vec<FloorLine>> {
    let cpus = allowed()?;
    let one = vec![cpus[0]];
    let mut lines = Vec::new();
    let facts = Clock::system().measure();
    let source = format!("clock reading ({})", crate::plan::variable::word(facts.source));
    lines.push(Readings(vec![facts.cost_ns]).line(&source, "-", None));
    lines.push(Readings(vec![facts.step_ns as f64]).line("clock step", "-", None));
    lines.push(system_call().line("system call (getppid)", "-", None));
    for size in [64, 4 << 10, 64 << 10, 1 << 20] {
        let name = format!("memory copy, {}", crate::plan::human_size(size));
        lines.push(memory_copy(size).line(&name, "-", Some(size)));
    }
    let pairs = cpus.get(1).map(|&other| ("cross", vec![other])).into_iter().chain([("same", one.clone())]);
    for (pin, other) in pairs {
        let ends = [one.clone(), other];
        if pin == "cross" {
            lines.push(line_round_trip(&ends, 4_000_000)?.line("cache-line round trip", pin, None));
        }
        lines.push(futex_round_trip(&ends, 400)?.line("futex round trip", pin, None));
        lines.push(pipe_round_trip(&ends, 400)?.line("pipe round trip", pin, None));
    }
    restrict(&cpus)?;
    Ok(lines)
}

/// Two threads on the given CPUs; `ping` runs on this one (which is restricted and stays so), `pong` on the other.
pub(super) fn with_partner<T>(
    ends: &[Vec<usize>; 2],
    ping: impl FnOnce() -> T,
    pong: impl FnOnce() + Send,
) -> io::Result<T> {
    restrict(&ends[0])?;
    std::thread::scope(|scope| {
        std::thread::Builder::new().spawn_scoped(scope, || {
            // If the CPU is not to be had, the ends still meet, wherever they run.
            let _ = restrict(&ends[1]);
            pong();
        })?;
        Ok(ping())
    })
}

/// A number on a cache line of its own.
#[repr(align(128))]
struct Line(AtomicU64);

const OVER: u64 = u64::MAX;

/// One cache line handed back and forth by plain loads and stores, for about `ns`: what is usually called the distance
/// of two CPUs.
pub(super) fn line_round_trip(ends: &[Vec<usize>; 2], ns: u64) -> io::Result<Readings> {
    const BATCH: u64 = 64;
    let line = Line(AtomicU64::new(0));
    let wait_past = |seen: u64| loop {
        let now = line.0.load(Ordering::Acquire); // SYNC: the Release stores below
        if now != seen {
            return now;
        }
        spin_loop();
    };
    let ping = || {
        let clock = Clock::system();
        let mut readings = Vec::with_capacity(1 << 12);
        let mut token = 0;
        // The first answer shows that the partner has arrived.
        let mut round = || {
            line.0.store(token + 1, Ordering::Release); // SYNC: wait_past in the partner
            token = wait_past(token + 1);
        };
        (0..1_000).for_each(|_| round());
        let until = clock.now() + ns;
        loop {
            let begin = clock.now();
            (0..BATCH).for_each(|_| round());
            let end = clock.now();
            readings.push((end - begin) as f64 / BATCH as f64);
            if end >= until {
                break;
            }
        }
        line.0.store(OVER, Ordering::Release); // SYNC: wait_past in the partner
        Readings::sorted(readings)
    };
    let pong = || {
        let mut seen = 0;
        loop {
            seen = wait_past(seen);
            if seen == OVER {
                return;
            }
            seen += 1;
            line.0.store(seen, Ordering::Release); // SYNC: wait_past in ping
        }
    };
    with_partner(ends, ping, pong)
}

/// Two threads wake each other by a futex, `rounds` times.
pub(super) fn futex_round_trip(ends: &[Vec<usize>; 2], rounds: u32) -> io::Result<Readings> {
    let word = AtomicU32::new(0);
    let set_and_wake = |value: u32| {
        word.store(value, Ordering::Release); // SYNC: the Acquire load in wait_for
        futex::wake(&word, 1);
    };
    let wait_for = |value: u32| loop {
        let now = word.load(Ordering::Acquire); // SYNC: the Release store in set_and_wake
        if now == value {
            return;
        }
        futex::wait(&word, now);
    };
    let ping = || {
        timed_rounds(rounds, |round| {
            set_and_wake(2 * round + 1);
            wait_for(2 * round + 2);
        })
    };
    let pong = || {
        for round in 0..rounds + WARM_UP {
            wait_for(2 * round + 1);
            set_and_wake(2 * round + 2);
        }
    };
    with_partner(ends, ping, pong)
}

/// Two threads hand a byte back and forth through two pipes, `rounds` times.
fn pipe_round_trip(ends: &[Vec<usize>; 2], rounds: u32) -> io::Result<Readings> {
    let (there_read, there_write) = pipe_with(PipeFlags::CLOEXEC)?;
    let (back_read, back_write) = pipe_with(PipeFlags::CLOEXEC)?;
    // A pipe of this process with room for a byte: neither call can fail.
    let pass = |read: Option<&std::os::fd::OwnedFd>, write: Option<&std::os::fd::OwnedFd>| {
        let mut byte = [0];
        if let Some(read) = read {
            let _ = rustix::io::read(read, &mut byte);
        }
        if let Some(write) = write {
            let _ = rustix::io::write(write, &byte);
        }
    };
    let ping = || {
        timed_rounds(rounds, |_| {
            pass(None, Some(&there_write));
            pass(Some(&back_read), None);
        })
    };
    let pong = || (0..rounds + WARM_UP).for_each(|_| pass(Some(&there_read), Some(&back_write)));
    with_partner(ends, ping, pong)
}

/// Rounds before the ones that count.
const WARM_UP: u32 = 20;

fn timed_rounds(rounds: u32, mut round: impl FnMut(u32)) -> Readings {
    let clock = Clock::system();
    (0..WARM_UP).for_each(&mut round);
    let mut readings = Vec::with_capacity(rounds as usize);
    let mut begin = clock.now();
    for number in WARM_UP..WARM_UP + rounds {
        round(number);
        let end = clock.now();
        readings.push((end - begin) as f64);
        begin = end;
    }
    Readings::sorted(readings)
}

/// Copies `size` bytes between two buffers that stay in the cache.
pub(super) fn memory_copy(size: usize) -> Readings {
    let (from, mut to) = (vec![1u8; size], vec![0u8; size]);
    batches(|| black_box(&mut to[..]).copy_from_slice(black_box(&from[..])), (1 << 16) / size)
}

/// The cheapest system call that is never answered without entering the kernel.
fn system_call() -> Readings {
    batches(
        || {
            black_box(rustix::process::getppid());
        },
        500,
    )
}

/// Mean times of `per_batch` calls, of batches for about 2 ms.
fn batches(mut call: impl FnMut(), per_batch: usize) -> Readings {
    let clock = Clock::system();
    let per_batch = per_batch.max(1);
    call();
    let (mut readings, begin) = (Vec::new(), clock.now());
    let mut last = begin;
    while last - begin < 2_000_000 {
        (0..per_batch).for_each(|_| call());
        let now = clock.now();
        readings.push((now - last) as f64 / per_batch as f64);
        last = now;
    }
    Readings::sorted(readings)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_floor_is_a_positive_number() {
        std::thread::spawn(|| {
            let lines = measure_floors().unwrap();
            assert!(lines.len() >= 9);
            for line in &lines {
                assert!(line.ns > 0.0 && line.min_ns <= line.ns && line.ns <= line.max_ns, "{line:?}");
            }
        })
        .join()
        .unwrap();
    }
}
