//! What moving bytes costs one CPU alone: from cache to cache, from memory to memory, and touching a page for the first time.

use super::{Readings, batches};
use crate::sys::clock::Clock;
use crate::sys::cpu::{Scope, Usage, last_level_cache};
use std::hint::black_box;

/// How long each copy is measured.
const NS: u64 = 2_000_000;

/// Copies `size` bytes between two buffers that stay in the cache.
pub(in super::super) fn copy(size: usize) -> Readings {
    let (from, mut to) = (vec![1u8; size], vec![0u8; size]);
    let mut copy = || black_box(&mut to[..]).copy_from_slice(black_box(&from[..]));
    copy();
    batches(NS, ((1 << 16) / size).max(1), copy)
}

/// Two halves of a buffer, each twice as large as the last cache: by the time a walk comes back, what it saw is gone.
pub(super) struct Cold {
    bytes: Vec<u8>,
    /// Where in the halves the walk is.
    at: usize,
}

impl Cold {
    pub(super) fn new() -> Cold {
        Cold { bytes: vec![1; (4 * last_level_cache()).clamp(16 << 20, 512 << 20)], at: 0 }
    }

    /// Copies `size` bytes from one half to the other, walking on with each copy.
    pub(super) fn copy(&mut self, size: usize) -> Readings {
        let middle = self.bytes.len() / 2;
        let (from, to) = self.bytes.split_at_mut(middle);
        batches(4 * NS, ((1 << 16) / size).max(1), || {
            if self.at + size > from.len() {
                self.at = 0;
            }
            let here = self.at..self.at + size;
            black_box(&mut to[here.clone()]).copy_from_slice(black_box(&from[here]));
            self.at += size;
        })
    }
}

/// The first touch of a page that was never touched, by what the kernel counted; `None` if it counted none.
///
/// Where the kernel gives large pages unasked (`transparent_hugepage=always`), it is the fault of a large page.
pub(super) fn page_fault() -> Option<Readings> {
    const PAGES: usize = 256;
    // Beyond what an allocator keeps for later: it comes from the kernel, and goes back.
    const BYTES: usize = 64 << 20;
    let page = rustix::param::page_size();
    let mut fresh = vec![0u8; BYTES];
    let clock = Clock::system();
    let readings = (0..4).filter_map(|part| {
        let pages = fresh[part * BYTES / 4..].chunks_mut(page).take(PAGES);
        let (before, begin) = (Usage::now(Scope::Thread), clock.now());
        pages.for_each(|page| black_box(page)[0] = 1);
        let (after, end) = (Usage::now(Scope::Thread), clock.now());
        let faults = after.since(before).minor_faults;
        (faults > 0).then(|| (end - begin) as f64 / faults as f64)
    });
    let readings = Readings::sorted(readings.collect());
    (!readings.0.is_empty()).then_some(readings)
}
