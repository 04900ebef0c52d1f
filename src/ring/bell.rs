//! A bell: one thread sleeps on it, others ring it. While nobody sleeps, ringing is a load.

use super::atomic::Atomic;
use super::shared::Word;
use crate::sys::futex;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

const AWAKE: u32 = 0;
const ASLEEP: u32 = 1;

/// A word that a thread can sleep on while it holds a value.
pub trait Sleep: Atomic<Value = u32> {
    /// Sleeps if the word holds `value`, until woken, for so long, or for no reason.
    fn wait(&self, value: u32, limit: Option<Duration>);
    /// Wakes whoever sleeps.
    fn wake(&self);
}

impl Sleep for Word<AtomicU32> {
    fn wait(&self, value: u32, limit: Option<Duration>) {
        futex::wait(self, value, limit);
    }

    fn wake(&self) {
        futex::wake(self, 1);
    }
}

/// One sleeper's bell, in shared memory.
///
/// No wake-up is lost (Dekker's pattern): the sleeper announces itself and then looks for work; the ringer publishes
/// work and then looks for a sleeper; a sequentially consistent fence stands between the two steps of both, so at
/// least one sees the other.
#[derive(Clone, Debug)]
pub struct Bell<A = Word<AtomicU32>> {
    word: A,
    limit: Option<Duration>,
}

/// How long a sleeper sleeps that does not believe whoever can write its word: a hostile end may say that it is awake, or take a
/// wake-up that another has sent.
pub const DOUBT: Duration = Duration::from_millis(20);

impl<A: Sleep> Bell<A> {
    /// The bell whose word this is.
    pub fn new(word: A) -> Self {
        Bell { word, limit: None }
    }

    /// The same for a sleeper that looks again after [`DOUBT`] though nobody has woken it.
    pub fn doubted(self) -> Self {
        Bell { limit: Some(DOUBT), ..self }
    }

    /// Wakes the sleeper, if there is one. Call it after the work has been published.
    #[inline]
    pub fn ring(&self) {
        A::fence(Ordering::SeqCst); // SYNC: the fence in sleep_unless
        self.ring_fenced();
    }

    /// Wakes whoever sleeps at any of these. Call it after the work of all has been published.
    pub fn ring_all<'a>(bells: impl Iterator<Item = &'a Self>)
    where
        A: 'a,
    {
        A::fence(Ordering::SeqCst); // SYNC: the fence in sleep_unless
        bells.for_each(Bell::ring_fenced);
    }

    /// [`ring`](Self::ring), when a sequentially consistent fence already stands behind the work.
    #[inline]
    pub fn ring_fenced(&self) {
        // The word carries no data: the fences order the work, so these are Relaxed.
        if self.word.load(Ordering::Relaxed) == ASLEEP && self.word.swap(AWAKE, Ordering::Relaxed) == ASLEEP {
            self.word.wake();
        }
    }

    /// Wakes the sleeper whatever the word says: for the end of whoever could have written it. It writes no more.
    pub fn wake(&self) {
        A::fence(Ordering::SeqCst); // SYNC: the fence in sleep_unless
        self.word.store(AWAKE, Ordering::Relaxed);
        self.word.wake();
    }

    /// Sleeps until the bell rings, unless `poll` finds something after the sleeper has announced itself. `None`
    /// means: woken, look again.
    pub fn sleep_unless<T>(&self, mut poll: impl FnMut() -> Option<T>) -> Option<T> {
        self.word.store(ASLEEP, Ordering::Relaxed); // ordered by the fence
        A::fence(Ordering::SeqCst); // SYNC: the fence in ring
        let found = poll();
        if found.is_none() {
            self.word.wait(ASLEEP, self.limit);
        }
        self.word.store(AWAKE, Ordering::Relaxed); // spares the next ringer a call
        found
    }
}
