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

/// The doubts of an end that believes what others say of where to look.
#[derive(Debug)]
pub struct Doubts {
    clock: Clock,
    /// When it last looked everywhere, in nanoseconds.
    last: u64,
}

impl Doubts {
    /// Of an end that has looked nowhere yet.
    pub fn new() -> Doubts {
        Doubts { clock: Clock::system(), last: 0 }
    }

    /// Whether it is time to look everywhere, which is what then happens.
    fn are_due(&mut self) -> bool {
        let now = self.clock.now();
        let due = now.saturating_sub(self.last) >= DOUBT.as_nanos() as u64;
        if due {
            self.last = now;
        }
        due
    }
}

/// [`wait_for`] of an end whose `poll` looks where others tell it to. Of those one may be hostile, take the others' word away and have
/// much to say itself: every [`DOUBT`], after a sleep, `poll` hears that it must look everywhere.
#[inline]
pub fn wait_in_doubt<W: Wait, A: Sleep, T>(
    bell: &Bell<A>,
    budget: &Budget,
    doubts: &mut Doubts,
    mut poll: impl FnMut(bool) -> Option<T>,
) -> T {
    let doubt = Cell::new(false);
    wait::<W, A, T>(bell, budget, || poll(doubt.replace(false)), || doubt.set(doubts.are_due()))
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

    /// A hostile end takes the wake-up; a sleeper that doubts looks where nobody told it to, but not after each sleep.
    #[test]
    fn the_first_look_after_a_sleep_may_be_in_doubt() {
        fn looks<W: Wait>(doubts: &mut Doubts, until: impl Fn(&[bool]) -> bool) -> Vec<bool> {
            let segment = Arc::new(Segment::create(Backing::Named, 4096).unwrap());
            let bell = Bell::new(Word::u32(&segment, 0)).doubted();
            let budget = Budget::new(Duration::from_micros(5));
            let mut looks = Vec::new();
            wait_in_doubt::<W, _, _>(&bell, &budget, doubts, |doubt| {
                looks.push(doubt);
                until(&looks).then_some(())
            });
            looks
        }
        let mut doubts = Doubts::new();
        assert_eq!(looks::<Block>(&mut doubts, |looks| looks.last() == Some(&true)), [false, false, true]);
        let (last, before) = looks::<Hybrid>(&mut doubts, |looks| looks.last() == Some(&true))
            .split_last()
            .map(|(l, b)| (*l, b.to_vec()))
            .unwrap();
        assert!(last && before.iter().all(|doubt| !doubt));
        // Woken at once, it believes for a while.
        doubts.last = doubts.clock.now() + 1_000_000_000;
        assert_eq!(looks::<Block>(&mut doubts, |looks| looks.len() == 3), [false; 3]);
    }

    #[test]
    fn no_wake_up_is_lost() {
        ping_pong::<Block>(20_000);
        ping_pong::<Hybrid>(20_000);
    }
}
