//! The reading end.

use super::{Corrupt, HEADER, PAD, span};
use crate::ring::shared::{Block, Word};
use std::sync::atomic::{AtomicU64, Ordering};

/// A frame that is ready: what [`Consumer::peek`] found and [`Consumer::pop`] takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ready {
    /// Bytes in the frame.
    pub len: usize,
    /// What the producer passed with it.
    pub mark: u64,
}

/// The reading end.
#[derive(Debug)]
pub struct Consumer {
    tail: Word<AtomicU64>,
    head: Word<AtomicU64>,
    block: Block,
    position: u64,
    /// What the producer has been told.
    released: u64,
    /// Everything before this is published, as far as we have looked.
    published: u64,
}

impl Consumer {
    /// Reads up to `tail` and reports at `head`.
    pub fn new(tail: Word<AtomicU64>, head: Word<AtomicU64>, block: Block) -> Consumer {
        Consumer { tail, head, block, position: 0, released: 0, published: 0 }
    }

    /// Everything before this position has been consumed.
    pub fn position(&self) -> u64 {
        self.position
    }

    /// The next frame, if one is there; pads are skipped.
    #[inline]
    pub fn peek(&mut self) -> Result<Option<Ready>, Corrupt> {
        loop {
            let available = self.available()?;
            if available == 0 {
                return Ok(None);
            }
            let [word, mark] = self.block.header(self.position);
            // One load each into private copies: a peer that changes them afterwards changes nothing.
            let (word, mark) = (word.load(Ordering::Relaxed), mark.load(Ordering::Relaxed));
            let len = (word & u64::from(u32::MAX)) as usize;
            if span(len) > available || span(len) > self.block.to_end(self.position) {
                return Err(Corrupt("frame longer than what was published"));
            }
            match word & !u64::from(u32::MAX) {
                0 => return Ok(Some(Ready { len, mark })),
                PAD => self.position += span(len) as u64,
                _ => return Err(Corrupt("unknown kind of frame")),
            }
        }
    }

    /// Lends the frame that [`peek`](Self::peek) has just found, and moves past it.
    #[inline]
    pub fn pop<R>(&mut self, ready: Ready, read: impl FnOnce(&[u8]) -> R) -> R {
        // SAFETY: `peek` saw the frame published, and the producer leaves it alone until `release`.
        let result = unsafe { self.block.lend(self.position + HEADER as u64, ready.len, read) };
        self.position += span(ready.len) as u64;
        result
    }

    /// Whether enough has been consumed that the producer should hear of it (an eighth of the ring: its line moves
    /// rarely, and the producer is never kept waiting for the last few frames).
    #[inline]
    pub fn should_release(&self) -> bool {
        self.position - self.released >= self.block.capacity() as u64 / 8
    }

    /// Tells the producer how far we are. Answers whether that was news.
    #[inline]
    pub fn release(&mut self) -> bool {
        if self.released == self.position {
            return false;
        }
        self.released = self.position;
        self.head.store(self.position, Ordering::Release); // SYNC: the Acquire load in Producer::has_free
        true
    }

    #[inline]
    fn available(&mut self) -> Result<usize, Corrupt> {
        if self.published == self.position {
            let tail = self.tail.load(Ordering::Acquire); // SYNC: the Release store in Producer::publish
            let ahead = tail.wrapping_sub(self.position);
            if ahead > self.block.capacity() as u64 || !ahead.is_multiple_of(HEADER as u64) {
                return Err(Corrupt("tail outside the ring"));
            }
            self.published = tail;
        }
        Ok((self.published - self.position) as usize)
    }

    /// As if nothing were known of the tail.
    #[cfg(test)]
    pub(super) fn look_again(&mut self) {
        self.published = self.position;
    }
}
