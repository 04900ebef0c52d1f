//! A word to sleep on whose sleeper the kernel's event counter wakes, in place of a futex.

use crate::ring::atomic::Atomic;
use crate::ring::bell::{Bell, Sleep};
use crate::ring::shared::Word;
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicU32, Ordering, fence};

/// One sleeper's doorbell.
pub(super) type Doorbell = Bell<EventWord>;

/// A word in shared memory that says whether somebody sleeps, and the descriptor that wakes it.
#[derive(Debug)]
pub(super) struct EventWord {
    word: Word<AtomicU32>,
    event: OwnedFd,
}

impl EventWord {
    pub(super) fn new(word: Word<AtomicU32>, event: OwnedFd) -> EventWord {
        EventWord { word, event }
    }
}

impl Atomic for EventWord {
    type Value = u32;
    #[inline]
    fn load(&self, order: Ordering) -> u32 {
        self.word.load(order)
    }
    #[inline]
    fn store(&self, value: u32, order: Ordering) {
        self.word.store(value, order);
    }
    #[inline]
    fn swap(&self, value: u32, order: Ordering) -> u32 {
        self.word.swap(value, order)
    }
    #[inline]
    fn fetch_or(&self, value: u32, order: Ordering) -> u32 {
        self.word.fetch_or(value, order)
    }
    #[inline]
    fn fence(order: Ordering) {
        fence(order);
    }
}

impl Sleep for EventWord {
    /// The counter keeps what the word says: a bell that rang since leaves a count, which wakes at once. One that is left over
    /// wakes the sleeper once for nothing.
    fn wait(&self, _value: u32) {
        // Woken or interrupted: the caller looks again in both cases.
        let _ = rustix::io::read(&self.event, &mut [0; 8]);
    }

    fn wake(&self) {
        // It fails only on a counter that is full, which wakes as well.
        let _ = rustix::io::write(&self.event, &1u64.to_ne_bytes());
    }
}
