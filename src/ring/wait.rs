//! How an endpoint waits: spin, spin then sleep, or sleep.

use super::bell::{Bell, DOUBT, Sleep};
use crate::sys::clock::Clock;
use serde::{Deserialize, Serialize};
use std::cell::Cell;
use std::time::Duration;

/// The ways to wait, as a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WaitKind {
    /// Sleep in the kernel at once.
    Block,
    /// Spin for a while, then sleep.
    Hybrid,
    /// Never sleep: lowest latency, one CPU per waiting end.
    Spin,
}

/// A way to wait, as a type: rings are compiled once for each, so that a spin is load, pause, branch.
pub trait Wait: Send + 'static {
    /// The same as a value.
    const KIND: WaitKind;
}

/// [`WaitKind::Block`] as a type.
#[derive(Debug)]
pub struct Block;
/// [`WaitKind::Hybrid`] as a type.
#[derive(Debug)]
pub struct Hybrid;
/// [`WaitKind::Spin`] as a type.
#[derive(Debug)]
pub struct Spin;

impl Wait for Block {
    const KIND: WaitKind = WaitKind::Block;
}
impl Wait for Hybrid {
    const KIND: WaitKind = WaitKind::Hybrid;
}
impl Wait for Spin {
    const KIND: WaitKind = WaitKind::Spin;
}

/// Between two looks. A look at a line that somebody is about to write delays the writer: with two pauses instead of one, 56 bytes
/// went there and back in 170 instead of 200 ns between far CPUs, and between near ones in the same time; with none, in
/// 180 to 550 ns between near ones.
#[inline]
fn pause() {
    std::hint::spin_loop();
    std::hint::spin_loop();
}

/// A limited time of spinning, for `hybrid`.
#[derive(Clone, Copy, Debug)]
pub struct Budget {
    clock: Clock,
    ns: u64,
}

impl Budget {
    /// At most this long; zero means that `hybrid` sleeps at once.
    pub fn new(limit: Duration) -> Budget {
        Budget { clock: Clock::system(), ns: limit.as_nanos() as u64 }
    }

    /// Spins until `poll` finds something or the time is over.
    #[inline]
    pub fn spin<T>(&self, mut poll: impl FnMut() -> Option<T>) -> Option<T> {
        if self.ns == 0 {
            return poll();
        }
        let begin = self.clock.now();
        loop {
            // The clock costs as much as a pause: one reading for several looks.
            for _ in 0..16 {
                if let Some(found) = poll() {
                    return Some(found);
                }
                pause();
            }
            if self.clock.now() - begin >= self.ns {
                return None;
            }
        }
    }
}

/// Waits in the manner of `W` until `poll` finds something. `bell` belongs to the caller alone, and rings after
/// whatever `poll` looks for has been published.
#[inline]
pub fn wait_for<W: Wait, A: Sleep, T>(bell: &Bell<A>, budget: &Budget, poll: impl FnMut() -> Option<T>) -> T {
    wait::<W, A, T>(bell, budget, poll, || {})
}

/// The doubts of an end that looks where others tell it to: one of several may be hostile, take the others' word away and have
/// much to say itself. Every [`DOUBT`] it is time to look everywhere.
#[derive(Debug)]
pub struct Doubts {
    clock: Clock,
    /// When it last looked everywhere, in nanoseconds.
    last: u64,
    /// Looks since the clock was asked.
    looks: u32,
    several: bool,
}

impl Doubts {
    /// The clock costs as much as a look at a near line.
    const LOOKS: u32 = 16;

    /// Of so many others. One by itself takes only its own word away.
    pub fn new(others: usize) -> Doubts {
        let clock = Clock::system();
        Doubts { last: clock.now(), clock, looks: 0, several: others > 1 }
    }

    /// Whether it is time at this look, the first after a sleep or another.
    #[inline]
    fn are_due(&mut self, slept: bool) -> bool {
        if !self.several {
            return false;
        }
        self.looks += 1;
        (slept || self.looks >= Self::LOOKS) && self.ask_the_clock()
    }

    fn ask_the_clock(&mut self) -> bool {
        let now = self.clock.now();
        let due = now.abs_diff(self.last) >= DOUBT.as_nanos() as u64;
        self.looks = 0;
        if due {
            self.last = now;
        }
        due
    }
}

/// [`wait_for`] of an end with doubts: when they are due, `poll` hears that it must look everywhere.
#[inline]
pub fn wait_in_doubt<W: Wait, A: Sleep, T>(
    bell: &Bell<A>,
    budget: &Budget,
    doubts: &mut Doubts,
    mut poll: impl FnMut(bool) -> Option<T>,
) -> T {
    let slept = Cell::new(false);
    wait::<W, A, T>(bell, budget, || poll(doubts.are_due(slept.replace(false))), || slept.set(true))
}

/// `slept` is called after each sleep.
#[inline]
fn wait<W: Wait, A: Sleep, T>(
    bell: &Bell<A>,
    budget: &Budget,
    mut poll: impl FnMut() -> Option<T>,
    mut slept: impl FnMut(),
) -> T {
    loop {
        let found = match W::KIND {
            WaitKind::Block => poll(),
            WaitKind::Hybrid => budget.spin(&mut poll),
            WaitKind::Spin => loop {
                if let Some(found) = poll() {
                    return found;
                }
                pause();
            },
        };
        if let Some(found) = found.or_else(|| bell.sleep_unless(&mut poll)) {
            return found;
        }
        slept();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ring::shared::Word;
    use crate::sys::segment::{Backing, Segment};
    use std::sync::Arc;
    use std::sync::atomic::Ordering;

    /// Two threads hand a number back and forth; a lost wake-up hangs the test.
    fn ping_pong<W: Wait>(rounds: u64) {
        let segment = Arc::new(Segment::create(Backing::Named, 4096).unwrap());
        let bell = |i: usize| Bell::new(Word::u32(&segment, 1024 + i * 128));
        let number = Word::u64(&segment, 0);
        let budget = Budget::new(Duration::from_micros(5));
        let side = |odd: u64, own: Bell, other: Bell| {
            for round in 0..rounds {
                let want = 2 * round + odd;
                // SYNC: the Release store below, in the other thread
                wait_for::<W, _, _>(&own, &budget, || (number.load(Ordering::Acquire) == want).then_some(()));
                number.store(want + 1, Ordering::Release); // SYNC: the Acquire load above, in the other thread
                other.ring();
            }
        };
        std::thread::scope(|scope| {
            scope.spawn(|| side(0, bell(0), bell(1)));
            scope.spawn(|| side(1, bell(1), bell(0)));
        });
        assert_eq!(number.load(Ordering::Relaxed), 2 * rounds);
    }

    /// A hostile end takes the wake-up, or keeps main from sleeping: main looks where nobody told it to, sleeping or not.
    #[test]
    fn doubts_are_due_in_the_end() {
        fn looks<W: Wait>(others: usize, until: impl Fn(&[bool]) -> bool) -> Vec<bool> {
            let segment = Arc::new(Segment::create(Backing::Named, 4096).unwrap());
            let bell = Bell::new(Word::u32(&segment, 0)).doubted();
            let (mut doubts, budget) = (Doubts::new(others), Budget::new(Duration::from_micros(5)));
            let mut looks = Vec::new();
            wait_in_doubt::<W, _, _>(&bell, &budget, &mut doubts, |doubt| {
                looks.push(doubt);
                until(&looks).then_some(())
            });
            looks
        }
        let in_doubt = |looks: &[bool]| looks.last() == Some(&true);
        assert_eq!(looks::<Block>(2, in_doubt), [false, false, true]);
        assert!(looks::<Hybrid>(2, in_doubt).len() > 2);
        assert!(looks::<Spin>(2, in_doubt).len() >= Doubts::LOOKS as usize);
        // Nobody but the one can have taken its word away.
        assert_eq!(looks::<Block>(1, |looks| looks.len() == 5), [false; 5]);
        // It spins for more looks than there are numbers.
        let mut doubts = Doubts { looks: u32::MAX, ..Doubts::new(1) };
        assert!(!doubts.are_due(false));
    }

    #[test]
    fn no_wake_up_is_lost() {
        ping_pong::<Block>(20_000);
        ping_pong::<Hybrid>(20_000);
    }
}
