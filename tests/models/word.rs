//! Words of the model checker in place of those of a segment.

use ipcmark::ring::atomic::Atomic;
use ipcmark::ring::bell::Sleep;
use ipcmark::ring::blocks::Exchange;
use loom::sync::atomic::{AtomicU32, AtomicU64, fence};
use loom::sync::{Arc, Condvar, Mutex};
use std::sync::atomic::Ordering;
use std::time::Duration;

/// A double word that several ends hold.
#[derive(Clone, Debug)]
pub(crate) struct Word(Arc<AtomicU64>);

impl Word {
    pub(crate) fn new() -> Word {
        Word(Arc::new(AtomicU64::new(0)))
    }
}

impl Atomic for Word {
    type Value = u64;
    fn load(&self, order: Ordering) -> u64 {
        self.0.load(order)
    }
    fn store(&self, value: u64, order: Ordering) {
        self.0.store(value, order);
    }
    fn swap(&self, value: u64, order: Ordering) -> u64 {
        self.0.swap(value, order)
    }
    fn fetch_or(&self, value: u64, order: Ordering) -> u64 {
        self.0.fetch_or(value, order)
    }
    fn fence(order: Ordering) {
        fence(order);
    }
}

impl Exchange for Word {
    fn exchange(&self, current: u64, new: u64, order: Ordering) -> bool {
        self.0.compare_exchange(current, new, order, Ordering::Relaxed).is_ok()
    }
}

/// A word to sleep on. The kernel compares it and goes to sleep in one step, as under a lock.
#[derive(Clone, Debug)]
pub(crate) struct Bed(Arc<(AtomicU32, Mutex<()>, Condvar)>);

impl Bed {
    pub(crate) fn new() -> Bed {
        Bed(Arc::new((AtomicU32::new(0), Mutex::new(()), Condvar::new())))
    }
}

impl Atomic for Bed {
    type Value = u32;
    fn load(&self, order: Ordering) -> u32 {
        self.0.0.load(order)
    }
    /// By a swap. The checker puts two stores of two ends in no order unless one has seen the other, also where a swap of a third
    /// has read the earlier: with several ringers it would let a load see an `AWAKE` that a later `ASLEEP` has overwritten.
    fn store(&self, value: u32, order: Ordering) {
        self.0.0.swap(value, order);
    }
    fn swap(&self, value: u32, order: Ordering) -> u32 {
        self.0.0.swap(value, order)
    }
    fn fetch_or(&self, value: u32, order: Ordering) -> u32 {
        self.0.0.fetch_or(value, order)
    }
    fn fence(order: Ordering) {
        fence(order);
    }
}

impl Sleep for Bed {
    fn wait(&self, value: u32, _limit: Option<Duration>) {
        let (word, lock, sleepers) = &*self.0;
        let held = lock.lock().unwrap();
        if word.load(Ordering::SeqCst) == value {
            drop(sleepers.wait(held).unwrap());
        }
    }
    fn wake(&self) {
        let (_, lock, sleepers) = &*self.0;
        let held = lock.lock().unwrap();
        sleepers.notify_one();
        drop(held);
    }
}
