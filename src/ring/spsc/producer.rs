//! The writing end.

use super::index::WriteIndex;
use super::staging::Staging;
use super::{Corrupt, HEADER, PAD, span};
use crate::ring::shared::{Block, Word};
use std::sync::atomic::{AtomicU64, Ordering};

/// The writing end. What is pushed is seen once it is [published](Self::publish): a batch costs one handing over.
#[derive(Debug)]
pub struct Producer {
    index: WriteIndex<Word<AtomicU64>>,
    block: Block,
    /// Frames that go into the block when they are published: all since then, or none.
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
        let index = WriteIndex::new(tail, heads, block.capacity());
        Producer { index, block, staging: Staging::new(nt_from) }
    }

    /// Where the next frame goes; whatever lies before it has been pushed.
    pub fn position(&self) -> u64 {
        self.index.position()
    }

    /// Whether something has been pushed and not published.
    #[inline]
    pub fn holds(&self) -> bool {
        self.index.position() != self.index.published()
    }

    /// As [`WriteIndex::culprit`].
    pub fn culprit(&self) -> Option<usize> {
        self.index.culprit()
    }

    /// Stops waiting for one consumer, which has gone.
    pub fn forget(&mut self, consumer: usize) {
        self.index.forget(consumer);
    }

    /// Whether a frame of `len` bytes can be pushed now. May publish, always if the answer is no: wake the consumer then.
    ///
    /// # Panics
    /// If `len` exceeds [`max_frame`](super::max_frame): the transport has refused it before.
    #[inline]
    pub fn has_room(&mut self, len: usize) -> Result<bool, Corrupt> {
        let need = span(len);
        assert!(need <= self.block.capacity());
        let position = self.position();
        let to_end = self.block.to_end(position);
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
        let [word, _] = self.block.header(position);
        word.store(PAD | (to_end - HEADER) as u64, Ordering::Relaxed); // published by the tail below
        self.index.advance(to_end);
        self.publish();
        self.has_free(need)
    }

    /// Pushes a frame; [`has_room`](Self::has_room) has just said yes to `len`. `more` says that others may follow before
    /// it is published.
    #[inline]
    pub fn push(&mut self, mark: u64, len: usize, more: bool, fill: impl FnOnce(&mut [u8])) {
        let (need, position) = (span(len), self.position());
        assert!(need <= self.block.to_end(position) && self.index.free() >= need);
        if self.staging.wants(need, more) {
            self.staging.push([len as u64, mark], len, need, fill);
        } else {
            let [word, mark_word] = self.block.header(position);
            word.store(len as u64, Ordering::Relaxed); // both published by the tail in publish
            mark_word.store(mark, Ordering::Relaxed);
            // SAFETY: `free` says that the consumers have passed these bytes, and none reads them again before the
            // tail is published.
            unsafe { self.block.lend_mut(position + HEADER as u64, len, fill) };
        }
        self.index.advance(need);
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
            unsafe { self.block.lend_mut(self.index.published(), frames.len(), write) };
            self.staging.clear();
        }
        self.index.publish();
        true
    }

    /// As the index's; publishes if the answer is no: the consumer makes room only by what it sees.
    #[inline]
    fn has_free(&mut self, need: usize) -> Result<bool, Corrupt> {
        let enough = self.index.has_free(need)?;
        if !enough {
            self.publish();
        }
        Ok(enough)
    }

    /// Bytes that may be written, as far as we have looked.
    #[cfg(test)]
    pub(super) fn free(&self) -> usize {
        self.index.free()
    }
}
