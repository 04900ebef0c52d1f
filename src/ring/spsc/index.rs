//! How far each end is: the part of the ring that orders memory, and nothing else.
//!
//! Generic over the words, so that a model checker can try it: `tests/models`.

use super::Corrupt;
use crate::ring::atomic::Atomic;
use std::sync::atomic::Ordering;

/// The producer's index: how far it has written, published, and may write.
#[derive(Debug)]
pub struct WriteIndex<A> {
    tail: A,
    /// One for each consumer that still counts.
    heads: Vec<(usize, A)>,
    capacity: usize,
    position: u64,
    /// Everything before this is published.
    published: u64,
    /// Everything before this is consumed, as far as we have looked.
    consumed: u64,
    /// Whose head was corrupt when we last looked.
    culprit: Option<usize>,
}

impl<A: Atomic<Value = u64>> WriteIndex<A> {
    /// Publishes at `tail`, bounded by the consumers at `heads`, which are named by a number each.
    pub fn new(tail: A, heads: Vec<(usize, A)>, capacity: usize) -> Self {
        WriteIndex { tail, heads, capacity, position: 0, published: 0, consumed: 0, culprit: None }
    }

    /// Where the next byte goes.
    #[inline]
    pub fn position(&self) -> u64 {
        self.position
    }

    /// Everything before this position is published.
    #[inline]
    pub fn published(&self) -> u64 {
        self.published
    }

    /// Bytes that may be written, as far as we have looked.
    #[inline]
    pub fn free(&self) -> usize {
        self.capacity - (self.position - self.consumed) as usize
    }

    /// Whether `need` bytes may be written; looks at the consumers only if it does not know.
    #[inline]
    pub fn has_free(&mut self, need: usize) -> Result<bool, Corrupt> {
        if self.free() >= need {
            return Ok(true);
        }
        let mut consumed = self.position;
        for (name, head) in &self.heads {
            let head = head.load(Ordering::Acquire); // SYNC: the Release store in ReadIndex::release
            if head > self.published || head < self.consumed {
                self.culprit = Some(*name);
                return Err(Corrupt("head outside the ring"));
            }
            consumed = consumed.min(head);
        }
        self.consumed = consumed;
        Ok(self.free() >= need)
    }

    /// Moves on over what has been written.
    #[inline]
    pub fn advance(&mut self, bytes: usize) {
        self.position += bytes as u64;
    }

    /// Shows the consumers what has been written.
    #[inline]
    pub fn publish(&mut self) {
        self.published = self.position;
        self.tail.store(self.position, Ordering::Release); // SYNC: the Acquire load in ReadIndex::available
    }

    /// The consumer for which [`has_free`](Self::has_free) last answered `Corrupt`.
    pub fn culprit(&self) -> Option<usize> {
        self.culprit
    }

    /// Stops waiting for one consumer, which has gone.
    pub fn forget(&mut self, consumer: usize) {
        self.heads.retain(|&(name, _)| name != consumer);
    }
}

/// A consumer's index: how far it has read, reported, and may read.
#[derive(Debug)]
pub struct ReadIndex<A> {
    tail: A,
    head: A,
    capacity: usize,
    granule: u64,
    position: u64,
    /// What the producer has been told.
    released: u64,
    /// Everything before this is published, as far as we have looked.
    pub(super) published: u64,
}

impl<A: Atomic<Value = u64>> ReadIndex<A> {
    /// Reads up to `tail` and reports at `head`; positions are multiples of `granule`.
    pub fn new(tail: A, head: A, capacity: usize, granule: usize) -> Self {
        ReadIndex { tail, head, capacity, granule: granule as u64, position: 0, released: 0, published: 0 }
    }

    /// Where the next byte is read.
    #[inline]
    pub fn position(&self) -> u64 {
        self.position
    }

    /// Bytes that may be read; looks at the producer only if there are none that we know of.
    #[inline]
    pub fn available(&mut self) -> Result<usize, Corrupt> {
        if self.published == self.position {
            let tail = self.tail.load(Ordering::Acquire); // SYNC: the Release store in WriteIndex::publish
            let ahead = tail.wrapping_sub(self.position);
            if ahead > self.capacity as u64 || !ahead.is_multiple_of(self.granule) {
                return Err(Corrupt("tail outside the ring"));
            }
            self.published = tail;
        }
        Ok((self.published - self.position) as usize)
    }

    /// Moves on over what has been read.
    #[inline]
    pub fn advance(&mut self, bytes: usize) {
        self.position += bytes as u64;
    }

    /// Whether enough has been consumed that the producer should hear of it (an eighth of the ring: its line moves
    /// rarely, and the producer is never kept waiting for the last few frames).
    #[inline]
    pub fn should_release(&self) -> bool {
        self.position - self.released >= self.capacity as u64 / 8
    }

    /// Tells the producer how far we are. Answers whether that was news.
    #[inline]
    pub fn release(&mut self) -> bool {
        if self.released == self.position {
            return false;
        }
        self.released = self.position;
        self.head.store(self.position, Ordering::Release); // SYNC: the Acquire load in WriteIndex::has_free
        true
    }
}
