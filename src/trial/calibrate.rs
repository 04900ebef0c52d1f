//! Chooses how a ring moves bytes (`copy=auto`): both ways are tried where the trial will run, just before it.
//!
//! Which is faster depends on where the host has put the CPUs at the moment and on how much is handed over at once, so
//! the trial's own sizes are tried between its own CPUs, for some milliseconds, over a ring like the transport's.

use super::control::Setup;
use super::floor::with_partner;
use crate::plan::CopyWay;
use crate::ring::shared::{Block, LINE, Word};
use crate::ring::spsc::{Consumer, HEADER, Producer, capacity_for};
use crate::sys::clock::Clock;
use crate::sys::cpu::restrict;
use crate::sys::segment::{Backing, Segment};
use crate::workload::Workload;
use crate::workload::stamp::{Direction, Pattern};
use serde::{Deserialize, Serialize};
use std::hint::spin_loop;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// What both ways took for one message of the trial.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Calibration {
    /// By plain stores, in nanoseconds a message.
    pub memcpy_ns: f64,
    /// By non-temporal stores, in nanoseconds a message.
    pub nt_ns: f64,
}

impl Calibration {
    /// The faster one, in the word of the variable `copy`; plain stores unless the others are a tenth faster.
    pub fn chosen(&self) -> CopyWay {
        if self.nt_ns < 0.9 * self.memcpy_ns { CopyWay::Nt } else { CopyWay::Memcpy }
    }
}

/// Tries both ways, if the trial leaves the choice open: with one CPU there is none (what the writer wrote is in the
/// reader's cache), and a single call at a time does not go through a ring.
pub(super) fn calibrate(setup: &Setup) -> Option<Calibration> {
    let in_place = setup.load.workload == Workload::Invoke && setup.load.under_way() == 1;
    let [main, other] = setup.pins.pair()?;
    if setup.copy != CopyWay::Auto || in_place {
        return None;
    }
    let ends = match setup.load.workload {
        Workload::Push | Workload::Broadcast => [vec![main], vec![other]],
        Workload::Send | Workload::Invoke | Workload::Port => [vec![other], vec![main]],
    };
    let batch = setup.load.batch.min(setup.load.under_way());
    let mut best = [f64::INFINITY; 2];
    for _ in 0..TRIES {
        for (best, nt_from) in best.iter_mut().zip([usize::MAX, 0]) {
            *best = best.min(try_out(&ends, nt_from, setup.load.payload.min(LARGEST), batch).ok()?);
        }
    }
    let _ = restrict(&setup.pins.main); // the trial pinned this thread
    Some(Calibration { memcpy_ns: best[0], nt_ns: best[1] })
}

/// What the transport is told: how many bytes handed over at once go past the cache.
pub(super) fn nt_from(copy: CopyWay, calibration: Option<Calibration>) -> usize {
    match calibration.map_or(copy, |calibration| calibration.chosen()) {
        CopyWay::Nt => 0,
        CopyWay::Memcpy | CopyWay::Auto => usize::MAX,
    }
}

/// No larger payload is tried out: it behaves like this one, and its pages would take longer than the trial.
const LARGEST: usize = 1 << 20;
/// Length of one try, and how many of each way take turns: the best counts, since whatever disturbs only delays.
const NS: u64 = 500_000;
const TRIES: usize = 4;

/// Nanoseconds for each message of `payload` bytes through a ring, `batch` of them handed over at once, filled and read as in
/// the trial.
fn try_out(ends: &[Vec<usize>; 2], nt_from: usize, payload: usize, batch: u64) -> io::Result<f64> {
    const FRAMES: usize = 4096;
    let capacity = capacity_for(payload * 4).max(256 << 10);
    let segment = Arc::new(Segment::create(Backing::Memfd, FRAMES + capacity)?);
    let word = |line: usize| Word::u64(&segment, line * LINE);
    let block = || Block::new(&segment, FRAMES, capacity);
    let mut producer = Producer::new(word(0), vec![(0, word(1))], block(), nt_from);
    let mut consumer = Consumer::new(word(0), word(1), block());
    let over = AtomicBool::new(false);
    let pattern = Pattern::new(0, 0, 0, Direction::Up);
    let write = || {
        let clock = Clock::system();
        let (mut begin, mut messages, mut bytes) = (0, 0u64, 0);
        let mut elapsed = 0;
        while elapsed < NS {
            for number in 0..batch {
                // Nobody else writes these words: nothing in them can be wrong.
                while !producer.has_room(payload).unwrap_or(true) {
                    spin_loop();
                }
                producer.push(0, payload, number + 1 < batch, |bytes| pattern.fill(bytes, number));
            }
            producer.publish();
            // Twice round the ring: the reader has come, and every page has been written.
            if bytes < 2 * capacity {
                bytes += batch as usize * (payload + HEADER);
                begin = clock.now();
                continue;
            }
            messages += batch;
            elapsed = clock.now() - begin;
        }
        over.store(true, Ordering::Release); // SYNC: the Acquire load in read
        elapsed as f64 / messages as f64
    };
    let read = || {
        let mut wrong = 0u64;
        // SYNC: the Release store in write
        while !over.load(Ordering::Acquire) {
            match consumer.peek() {
                Ok(Some(ready)) => {
                    wrong +=
                        consumer.pop(ready, |bytes| u64::from(pattern.check(bytes, payload, 0).is_none()));
                    if consumer.should_release() {
                        consumer.release();
                    }
                }
                _ => {
                    consumer.release();
                    spin_loop();
                }
            }
        }
        std::hint::black_box(wrong);
    };
    with_partner(ends, write, read)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways_move_what_is_asked() {
        std::thread::spawn(|| {
            let cpus = crate::sys::cpu::allowed().unwrap();
            let ends = [vec![cpus[0]], vec![*cpus.last().unwrap()]];
            for (payload, batch) in [(0, 1), (64, 32), (100_000, 1), (LARGEST, 2)] {
                for nt_from in [0, usize::MAX] {
                    assert!(try_out(&ends, nt_from, payload, batch).unwrap() > 0.0);
                }
            }
        })
        .join()
        .unwrap();
    }

    #[test]
    fn the_faster_one_is_chosen_and_a_forced_one_stays() {
        let calibration = |memcpy_ns, nt_ns| Some(Calibration { memcpy_ns, nt_ns });
        assert_eq!(nt_from(CopyWay::Auto, calibration(2.0, 1.0)), 0);
        assert_eq!(nt_from(CopyWay::Auto, calibration(1.0, 2.0)), usize::MAX);
        assert_eq!(nt_from(CopyWay::Auto, None), usize::MAX);
        assert_eq!(nt_from(CopyWay::Nt, None), 0);
        assert_eq!(nt_from(CopyWay::Memcpy, None), usize::MAX);
    }
}
