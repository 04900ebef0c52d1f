//! The reading end.

use super::index::ReadIndex;
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
    index: ReadIndex<Word<AtomicU64>>,
    block: Block,
}

impl Consumer {
    /// Reads up to `tail` and reports at `head`.
    pub fn new(tail: Word<AtomicU64>, head: Word<AtomicU64>, block: Block) -> Consumer {
        Consumer { index: ReadIndex::new(tail, head, block.capacity(), HEADER), block }
    }

    /// Everything before this position has been consumed.
    pub fn position(&self) -> u64 {
        self.index.position()
    }

    /// The next frame, if one is there; pads are skipped.
    #[inline]
    pub fn peek(&mut self) -> Result<Option<Ready>, Corrupt> {
        loop {
            let available = self.index.available()?;
            if available == 0 {
                return Ok(None);
            }
            let position = self.position();
            let [word, mark] = self.block.header(position);
            // One load each into private copies: a peer that changes them afterwards changes nothing.
            let (word, mark) = (word.load(Ordering::Relaxed), mark.load(Ordering::Relaxed));
            let len = (word & u64::from(u32::MAX)) as usize;
            if span(len) > available || span(len) > self.block.to_end(position) {
                return Err(Corrupt("frame longer than what was published"));
            }
            match word & !u64::from(u32::MAX) {
                0 => return Ok(Some(Ready { len, mark })),
                // One at most before a frame: with more, a producer that always has another would hold us here.
                PAD if span(len) != self.block.to_end(position) || span(len) == self.block.capacity() => {
                    return Err(Corrupt("pad that is not before the end"));
                }
                PAD => self.index.advance(span(len)),
                _ => return Err(Corrupt("unknown kind of frame")),
            }
        }
    }

    /// Lends the frame that [`peek`](Self::peek) has just found, and moves past it.
    #[inline]
    pub fn pop<R>(&mut self, ready: Ready, read: impl FnOnce(&[u8]) -> R) -> R {
        // SAFETY: `peek` saw the frame published, and the producer leaves it alone until `release`.
        let result = unsafe { self.block.lend(self.position() + HEADER as u64, ready.len, read) };
        self.index.advance(span(ready.len));
        result
    }

    /// As [`ReadIndex::should_release`].
    #[inline]
    pub fn should_release(&self) -> bool {
        self.index.should_release()
    }

    /// As [`ReadIndex::release`].
    #[inline]
    pub fn release(&mut self) -> bool {
        self.index.release()
    }

    /// As if nothing were known of the tail.
    #[cfg(test)]
    pub(super) fn look_again(&mut self) {
        self.index.published = self.index.position();
    }
}
