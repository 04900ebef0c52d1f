//! A doorbell: one thread sleeps on an eventfd, others write to it. While nobody sleeps, ringing is a load.

use crate::ring::shared::Word;
use crate::ring::wait::{Budget, Wait, WaitKind};
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicU32, Ordering, fence};

const AWAKE: u32 = 0;
const ASLEEP: u32 = 1;

/// One sleeper's doorbell: a word in shared memory that says whether it sleeps, and the descriptor that wakes it.
///
/// No wake-up is lost, as in [`crate::ring::bell`]: the sleeper announces itself and then looks for work, the ringer
/// publishes work and then looks for a sleeper, with a sequentially consistent fence between the two steps of both. A count
/// that is left over wakes the sleeper once for nothing.
#[derive(Debug)]
pub(super) struct Doorbell {
    word: Word<AtomicU32>,
    event: OwnedFd,
}

impl Doorbell {
    pub(super) fn new(word: Word<AtomicU32>, event: OwnedFd) -> Doorbell {
        Doorbell { word, event }
    }

    /// Wakes the sleeper, if there is one. Call it after the work has been published.
    #[inline]
    pub(super) fn ring(&self) {
        fence(Ordering::SeqCst); // SYNC: the fence in sleep_unless
        self.ring_fenced();
    }

    /// [`ring`](Self::ring), when a sequentially consistent fence already stands behind the work.
    #[inline]
    pub(super) fn ring_fenced(&self) {
        // The word carries no data: the fences order the work, so these are Relaxed.
        if self.word.load(Ordering::Relaxed) == ASLEEP && self.word.swap(AWAKE, Ordering::Relaxed) == ASLEEP {
            self.knock();
        }
    }

    /// Wakes the sleeper, or whoever sleeps next, whatever the word says.
    pub(super) fn knock(&self) {
        // It fails only on a counter that is full, which wakes as well.
        let _ = rustix::io::write(&self.event, &1u64.to_ne_bytes());
    }

    fn sleep_unless<T>(&self, mut poll: impl FnMut() -> Option<T>) -> Option<T> {
        self.word.store(ASLEEP, Ordering::Relaxed); // ordered by the fence
        fence(Ordering::SeqCst); // SYNC: the fence in ring
        let found = poll();
        if found.is_none() {
            // Woken or interrupted: the caller looks again in both cases.
            let _ = rustix::io::read(&self.event, &mut [0; 8]);
        }
        self.word.store(AWAKE, Ordering::Relaxed); // spares the next ringer a call
        found
    }

    /// Waits in the manner of `W` until `poll` finds something. The doorbell belongs to the caller alone, and rings after
    /// whatever `poll` looks for has been published.
    #[inline]
    pub(super) fn wait_for<W: Wait, T>(&self, budget: &Budget, mut poll: impl FnMut() -> Option<T>) -> T {
        loop {
            let found = if W::KIND == WaitKind::Hybrid { budget.spin(&mut poll) } else { poll() };
            if let Some(found) = found.or_else(|| self.sleep_unless(&mut poll)) {
                return found;
            }
        }
    }
}
