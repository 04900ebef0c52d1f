//! The writing end.

use super::staging::Staging;
use super::{Corrupt, HEADER, PAD, span};
use crate::ring::shared::{Block, Word};
use std::sync::atomic::{AtomicU64, Ordering};

/// The writing end. What is pushed is seen once it is [published](Self::publish): a batch costs one handing over.
#[derive(Debug)]
pub struct Producer {
    tail: Word<AtomicU64>,
    /// One for each consumer that still counts.
    heads: Vec<(usize, Word<AtomicU64>)>,
    block: Block,
    position: u64,
    /// Everything before this is published.
    published: u64,
    /// Everything before this is consumed, as far as we have looked.
    consumed: u64,
    /// Frames that go into the block when they are published: all since `published`, or none.
    staging: Staging,
}

impl Producer {
    /// Writes at `tail`, bounded by the consumers at `heads`, which are named by a number each. From `nt_from` bytes on
    /// frames are written past the cache ([`copy::stream`](crate::ring::copy::stream)) when they are published.
    pub fn new(
        tail: Word<AtomicU64>,
        heads: Vec<(usize, Word<AtomicU64>)>,
        block: Block,
        nt_from: usize,
    ) -> Producer {
        let staging = Staging::new(nt_from);
        Producer { tail, heads, block, position: 0, published: 0, consumed: 0, staging }
    }

    /// Where the next frame goes; whatever lies before it has been pushed.
    pub fn position(&self) -> u64 {
        self.position
    }

    /// Whether something has been pushed and not published.
    #[inline]
    pub fn holds(&self) -> bool {
        self.position != self.published
    }

    /// Stops waiting for one consumer, which has gone.
    pub fn forget(&mut self, consumer: usize) {
        self.heads.retain(|&(name, _)| name != consumer);
    }

    /// Whether a frame of `len` bytes can be pushed now. May publish, always if the answer is no: wake the consumer then.
    ///
    /// # Panics
    /// If `len` exceeds [`max_frame`](super::max_frame): the transport has refused it before.
    #[inline]
    pub fn has_room(&mut self, len: usize) -> Result<bool, Corrupt> {
        let need = span(len);
        assert!(need <= self.block.capacity());
        let to_end = self.block.to_end(self.position);
        if to_end == self.block.capacity() {
            self.publish(); // staged frames do not go round the end
        }
        if need <= to_end {
            return self.has_free(need);
        }
        if !self.has_free(to_end)? {
            return Ok(false);
        }
        self.publish();
        let [word, _] = self.block.header(self.position);
        word.store(PAD | (to_end - HEADER) as u64, Ordering::Relaxed); // published by the tail below
        self.position += to_end as u64;
        self.publish();
        self.has_free(need)
    }

    /// Pushes a frame; [`has_room`](Self::has_room) has just said yes to `len`. `more` says that others may follow before
    /// it is published.
    #[inline]
    pub fn push(&mut self, mark: u64, len: usize, more: bool, fill: impl FnOnce(&mut [u8])) {
        let need = span(len);
        assert!(need <= self.block.to_end(self.position) && self.free() >= need);
        if self.staging.wants(need, more) {
            self.staging.push([len as u64, mark], len, need, fill);
        } else {
            let [word, mark_word] = self.block.header(self.position);
            word.store(len as u64, Ordering::Relaxed); // both published by the tail in publish
            mark_word.store(mark, Ordering::Relaxed);
            // SAFETY: `free` says that the consumers have passed these bytes, and none reads them again before the
            // tail is published.
            unsafe { self.block.lend_mut(self.position + HEADER as u64, len, fill) };
        }
        self.position += need as u64;
        if self.staging.is_full() {
            self.publish();
        }
    }

    /// Hands over what has been pushed; answers whether there was anything.
    #[inline]
    pub fn publish(&mut self) -> bool {
        if !self.holds() {
            return false;
        }
        if let Some(frames) = self.staging.frames() {
            let write = |block: &mut [u8]| frames.write_to(block);
            // SAFETY: as for a frame in `push`; no pad lies between staged frames, so they are contiguous.
            unsafe { self.block.lend_mut(self.published, frames.len(), write) };
            self.staging.clear();
        }
        self.published = self.position;
        self.tail.store(self.position, Ordering::Release); // SYNC: the Acquire load in Consumer::available
        true
    }

    pub(super) fn free(&self) -> usize {
        self.block.capacity() - (self.position - self.consumed) as usize
    }

    #[inline]
    fn has_free(&mut self, need: usize) -> Result<bool, Corrupt> {
        if self.free() >= need {
            return Ok(true);
        }
        let mut consumed = self.position;
        for (_, head) in &self.heads {
            let head = head.load(Ordering::Acquire); // SYNC: the Release store in Consumer::release
            if head > self.published || head < self.consumed {
                return Err(Corrupt("head outside the ring"));
            }
            consumed = consumed.min(head);
        }
        self.consumed = consumed;
        let enough = self.free() >= need;
        if !enough {
            self.publish(); // the consumer makes room only by what it sees
        }
        Ok(enough)
    }
}
