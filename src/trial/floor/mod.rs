//! What this machine allows: the floors that figures are held against, measured here and now.
//!
//! Each is the smallest program that does the one thing, with no library between it and the kernel or the cache.
//!
//! | part | floors |
//! |---|---|
//! | [`cache`] | a cache line, and a message in one or two of them, there and back |
//! | [`bulk`] | bytes that another CPU reads: answered in place, or streamed past the cache |
//! | [`memory`] | copies by one CPU, from the cache and from memory; a page fault |
//! | [`wake`] | somebody who sleeps: futex, eventfd, pipe, socket |
//! | [`kernel`] | a system call, a context switch |

pub(super) mod bulk;
pub(super) mod cache;
mod kernel;
pub(super) mod memory;
pub(super) mod wake;

use super::distance::Distance;
use crate::plan::human_size;
use crate::sys::clock::Clock;
use crate::sys::cpu::{allowed, restrict};
use std::io;

/// One floor, as `ipcmark floor` prints it.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct FloorLine {
    /// What was measured.
    pub name: String,
    /// CPUs of the two ends: `cross`, `same`, or `-` where there is one.
    pub pin: &'static str,
    /// How far they were apart before and after; `None` unless they are two.
    pub distance: Option<Distance>,
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
            distance: None,
            ns,
            min_ns: self.0.first().copied().unwrap_or(f64::NAN),
            max_ns: self.0.last().copied().unwrap_or(f64::NAN),
            bytes_per_s: bytes.map(|bytes| bytes as f64 * 1e9 / ns),
        }
    }
}

/// CPUs of the two ends of a floor.
pub(super) type Ends = [Vec<usize>; 2];

/// How long one floor between two CPUs is measured here, and how often somebody is woken.
const NS: u64 = 4_000_000;
const WAKE_UPS: u32 = 400;
/// How long the distance is measured before and after it.
const DISTANCE_NS: u64 = 300_000;

/// Measures every floor on this thread's CPUs, about a second.
///
/// # Errors
/// If the kernel refuses a thread, a descriptor or an affinity.
pub fn measure_floors() -> io::Result<Vec<FloorLine>> {
    let cpus = allowed()?;
    let one = vec![cpus[0]];
    restrict(&one)?;
    let mut lines = alone();
    if let Some(&other) = cpus.get(1) {
        lines.extend(cross(&[one.clone(), vec![other]])?);
    }
    lines.extend(same(&[one.clone(), one])?);
    restrict(&cpus)?;
    Ok(lines)
}

/// What one CPU does by itself.
fn alone() -> Vec<FloorLine> {
    let facts = Clock::system().measure();
    let source = format!("clock reading ({})", crate::plan::variable::word(facts.source));
    let mut lines = vec![
        Readings(vec![facts.cost_ns]).line(&source, "-", None),
        Readings(vec![facts.step_ns as f64]).line("clock step", "-", None),
        kernel::system_call().line("system call (getppid)", "-", None),
    ];
    lines.extend(
        memory::page_fault().map(|readings| readings.line("page fault (anonymous memory)", "-", None)),
    );
    let sizes = [64, 4 << 10, 64 << 10, 1 << 20];
    for size in sizes {
        let name = format!("memory copy, {}", human_size(size));
        lines.push(memory::copy(size).line(&name, "-", Some(size)));
    }
    let mut cold = memory::Cold::new();
    for size in sizes {
        let name = format!("memory copy past the cache, {}", human_size(size));
        lines.push(cold.copy(size).line(&name, "-", Some(size)));
    }
    lines
}

/// Bytes that one CPU copies in a second from cache to cache, by the size of a copy: some 10 ms.
pub fn copy_rates() -> Vec<(usize, f64)> {
    let rate = |size: usize| (size, size as f64 * 1e9 / memory::copy(size).median());
    [64, 1 << 10, 4 << 10, 16 << 10, 64 << 10, 256 << 10, 1 << 20].map(rate).to_vec()
}

/// What two CPUs do to each other, each floor between two looks at how far they are apart.
fn cross(ends: &Ends) -> io::Result<Vec<FloorLine>> {
    use cache::{Poll, message_round_trip, token_round_trip, two_line_round_trip};
    let mut lines = Vec::new();
    let mut before = cache::distance(ends, DISTANCE_NS)?;
    let mut add = |name: &str, bytes: Option<usize>, readings: Readings| {
        let after = cache::distance(ends, DISTANCE_NS)?;
        let distance = Some(Distance::new(before, after));
        before = after;
        lines.push(FloorLine { distance, ..readings.line(name, "cross", bytes) });
        io::Result::Ok(())
    };
    add("cache-line round trip", None, token_round_trip(ends, Poll::Load, NS)?)?;
    add("cache-line round trip (CAS)", None, token_round_trip(ends, Poll::Exchange, NS)?)?;
    add("cache-line round trip (prefetchw)", None, token_round_trip(ends, Poll::Prefetch, NS)?)?;
    add("one-line message round trip", None, message_round_trip(ends, 1, Poll::Load, NS)?)?;
    add("one-line message round trip (CAS)", None, message_round_trip(ends, 1, Poll::Exchange, NS)?)?;
    add("one-line message round trip (prefetchw)", None, message_round_trip(ends, 1, Poll::Prefetch, NS)?)?;
    add(
        "one-line message round trip (prefetchw, slowly)",
        None,
        message_round_trip(ends, 1, Poll::PrefetchSlowly, NS)?,
    )?;
    add("message round trip, a line each way", None, two_line_round_trip(ends, NS)?)?;
    add("two-line message round trip (CAS)", None, message_round_trip(ends, 2, Poll::Exchange, NS)?)?;
    add("two-line message round trip (prefetchw)", None, message_round_trip(ends, 2, Poll::Prefetch, NS)?)?;
    for size in [64, 256, 4 << 10, 64 << 10, 1 << 20] {
        let readings = bulk::reply_in_place(ends, size, NS)?;
        add(&format!("reply in place, {}", human_size(size)), Some(2 * size), readings)?;
    }
    for size in [64, 4 << 10, 64 << 10, 1 << 20] {
        let readings = bulk::streaming(ends, size, NS)?;
        add(&format!("streaming, {} a message", human_size(size)), Some(size), readings)?;
    }
    for wake_up in wake::ALL {
        add(&format!("{} round trip", wake_up.name()), None, wake_up.round_trip(ends, WAKE_UPS)?)?;
    }
    Ok(lines)
}

/// What two threads do to each other on one CPU.
fn same(ends: &Ends) -> io::Result<Vec<FloorLine>> {
    let mut lines = vec![kernel::context_switch(ends)?.line("context switch (sched_yield)", "same", None)];
    for wake_up in wake::ALL {
        let readings = wake_up.round_trip(ends, WAKE_UPS)?;
        lines.push(readings.line(&format!("{} round trip", wake_up.name()), "same", None));
    }
    Ok(lines)
}

/// Two threads on the given CPUs; `ping` runs on this one (which is restricted and stays so), `pong` on the other.
pub(super) fn with_partner<T>(
    ends: &Ends,
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

/// Rounds before the ones that count.
const WARM_UP: u32 = 20;

/// Times of so many single rounds; `round` is told their numbers, which begin before the ones that count.
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

/// Mean times of `per_batch` calls, of batches for about `ns`; two at least.
fn batches(ns: u64, per_batch: usize, mut call: impl FnMut()) -> Readings {
    let clock = Clock::system();
    let mut readings = Vec::new();
    let begin = clock.now();
    let mut last = begin;
    while last - begin < ns || readings.len() < 2 {
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
    fn every_floor_is_a_positive_number_and_has_a_name_of_its_own() {
        std::thread::spawn(|| {
            let lines = measure_floors().unwrap();
            assert!(lines.len() >= 17);
            for line in &lines {
                assert!(line.ns > 0.0 && line.min_ns <= line.ns && line.ns <= line.max_ns, "{line:?}");
                assert_eq!(line.distance.is_some(), line.pin == "cross", "{line:?}");
            }
            let mut names: Vec<_> = lines.iter().map(|line| (&line.name, line.pin)).collect();
            names.sort_unstable();
            names.dedup();
            assert_eq!(names.len(), lines.len());
        })
        .join()
        .unwrap();
    }
}
