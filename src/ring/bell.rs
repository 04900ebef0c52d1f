//! A bell: one thread sleeps on it, others ring it. While nobody sleeps, ringing is a load.

use super::shared::Word;
use crate::sys::futex;
use std::sync::atomic::{AtomicU32, Ordering, fence};

const AWAKE: u32 = 0;
const ASLEEP: u32 = 1;

/// One sleeper's bell, in shared memory.
///
/// No wake-up is lost (Dekker's pattern): the sleeper announces itself and then looks for work; the ringer publishes
/// work and then looks for a sleeper; a sequentially consistent fence stands between the two steps of both, so at
/// least one sees the other.
#[derive(Clone, Debug)]
pub struct Bell(Word<AtomicU32>);

impl Bell {
    /// The bell whose word this is.
    pub fn new(word: Word<AtomicU32>) -> Bell {
        Bell(word)
    }

    /// Wakes the sleeper, if there is one. Call it after the work has been published.
    #[inline]
    pub fn ring(&self) {
        fence(Ordering::SeqCst); // SYNC: the fence in sleep_unless
        self.ring_fenced();
    }

    /// [`ring`](Self::ring) for further bells, when a sequentially consistent fence already stands behind the work.
    #[inline]
    pub fn ring_fenced(&self) {
        // The word carries no data: the fences order the work, so these are Relaxed.
        if self.0.load(Ordering::Relaxed) == ASLEEP && self.0.swap(AWAKE, Ordering::Relaxed) == ASLEEP {
            futex::wake(&self.0, 1);
        }
    }

    /// Sleeps until the bell rings, unless `poll` finds something after the sleeper has announced itself. `None`
    /// means: woken, look again.
    pub fn sleep_unless<T>(&self, mut poll: impl FnMut() -> Option<T>) -> Option<T> {
        self.0.store(ASLEEP, Ordering::Relaxed); // ordered by the fence
        fence(Ordering::SeqCst); // SYNC: the fence in ring
        let found = poll();
        if found.is_none() {
            futex::wait(&self.0, ASLEEP);
        }
        self.0.store(AWAKE, Ordering::Relaxed); // spares the next ringer a call
        found
    }
}
