//! A ring of frames: one producer, and consumers that each see every frame (one consumer makes it a queue, several
//! make it a broadcast gated by the slowest).
//!
//! Positions run freely over 64 bits and never wrap in practice; each lies on a line of its own, and each end works
//! on a private copy and touches the other's line only when it runs out (Lamport's queue with the cached indices
//! of FastForward and rigtorp's SPSCQueue).
//!
//! A frame is a header of two words and its bytes, contiguous, so that it can be lent in place. A frame that does not
//! fit before the block's end is preceded by a *pad* that the consumer skips. The pad is published at once, so that
//! a frame as large as the block itself fits once the consumer has passed it.
//!
//! ```text
//! header word 0: length in the low 32 bits, PAD in bit 32        header word 1: the producer's mark
//! ```

use super::shared::{Block, Word};
use std::sync::atomic::{AtomicU64, Ordering};

/// Bytes before each frame.
pub const HEADER: usize = 16;
const PAD: u64 = 1 << 32;

/// A peer wrote what no well-behaved end writes; the text names the field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Corrupt(pub &'static str);

/// Largest frame that a ring of `capacity` bytes carries.
pub fn max_frame(capacity: usize) -> usize {
    capacity - HEADER
}

/// Smallest capacity for frames of `max_frame` bytes.
pub fn capacity_for(max_frame: usize) -> usize {
    (max_frame + HEADER).next_power_of_two().max(4096)
}

/// Bytes that a frame takes in the ring.
fn span(len: usize) -> usize {
    (HEADER + len).next_multiple_of(HEADER)
}

/// The writing end.
#[derive(Debug)]
pub struct Producer {
    tail: Word<AtomicU64>,
    /// One for each consumer that still counts.
    heads: Vec<(usize, Word<AtomicU64>)>,
    block: Block,
    position: u64,
    /// Everything before this is consumed, as far as we have looked.
    consumed: u64,
}

impl Producer {
    /// Writes at `tail`, bounded by the consumers at `heads`, which are named by a number each.
    pub fn new(tail: Word<AtomicU64>, heads: Vec<(usize, Word<AtomicU64>)>, block: Block) -> Producer {
        Producer { tail, heads, block, position: 0, consumed: 0 }
    }

    /// Everything before this position has been published.
    pub fn position(&self) -> u64 {
        self.position
    }

    /// Stops waiting for one consumer, which has gone.
    pub fn forget(&mut self, consumer: usize) {
        self.heads.retain(|&(name, _)| name != consumer);
    }

    /// Whether a frame of `len` bytes can be pushed now. May publish a pad: if the answer is no, wake the consumer.
    ///
    /// # Panics
    /// If `len` exceeds [`max_frame`]: the transport has refused it before.
    #[inline]
    pub fn has_room(&mut self, len: usize) -> Result<bool, Corrupt> {
        let need = span(len);
        assert!(need <= self.block.capacity());
        let to_end = self.block.to_end(self.position);
        if need <= to_end {
            return self.has_free(need);
        }
        if !self.has_free(to_end)? {
            return Ok(false);
        }
        let [word, _] = self.block.header(self.position);
        word.store(PAD | (to_end - HEADER) as u64, Ordering::Relaxed); // published by the tail below
        self.publish(to_end);
        self.has_free(need)
    }

    /// Pushes a frame; [`has_room`](Self::has_room) has just said yes to `len`.
    #[inline]
    pub fn push(&mut self, mark: u64, len: usize, fill: impl FnOnce(&mut [u8])) {
        let need = span(len);
        assert!(need <= self.block.to_end(self.position) && self.free() >= need);
        let [word, mark_word] = self.block.header(self.position);
        word.store(len as u64, Ordering::Relaxed); // both published by the tail below
        mark_word.store(mark, Ordering::Relaxed);
        // SAFETY: `free` says that the consumers have passed these bytes, and none reads them again before the
        // tail below is published.
        unsafe { self.block.lend_mut(self.position + HEADER as u64, len, fill) };
        self.publish(need);
    }

    fn publish(&mut self, bytes: usize) {
        self.position += bytes as u64;
        self.tail.store(self.position, Ordering::Release); // SYNC: the Acquire load in Consumer::available
    }

    fn free(&self) -> usize {
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
            if head > self.position || head < self.consumed {
                return Err(Corrupt("head outside the ring"));
            }
            consumed = consumed.min(head);
        }
        self.consumed = consumed;
        Ok(self.free() >= need)
    }
}

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
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ring::shared::LINE;
    use crate::sys::segment::{Backing, Segment};
    use proptest::prelude::*;
    use std::collections::VecDeque;
    use std::sync::Arc;

    const DATA: usize = 4096;

    fn ring(capacity: usize, consumers: usize) -> (Arc<Segment>, Producer, Vec<Consumer>) {
        let segment = Arc::new(Segment::create(Backing::Named, DATA + capacity).unwrap());
        let head = |i: usize| Word::u64(&segment, (1 + i) * LINE);
        let block = || Block::new(&segment, DATA, capacity);
        let producer =
            Producer::new(Word::u64(&segment, 0), (0..consumers).map(|i| (i, head(i))).collect(), block());
        let consumers =
            (0..consumers).map(|i| Consumer::new(Word::u64(&segment, 0), head(i), block())).collect();
        (segment, producer, consumers)
    }

    fn take(consumer: &mut Consumer) -> Option<Vec<u8>> {
        let ready = consumer.peek().unwrap()?;
        Some(consumer.pop(ready, <[u8]>::to_vec))
    }

    proptest! {
        #[test]
        fn whatever_is_pushed_comes_out_once_and_in_order(
            steps in prop::collection::vec((0usize..=max_frame(512), any::<bool>()), 1..200),
        ) {
            let (_segment, mut producer, mut consumers) = ring(512, 1);
            let consumer = &mut consumers[0];
            let mut model = VecDeque::new();
            for (n, (len, drain)) in steps.into_iter().enumerate() {
                if producer.has_room(len).unwrap() {
                    producer.push(n as u64, len, |bytes| bytes.fill(n as u8));
                    model.push_back(vec![n as u8; len]);
                }
                if drain {
                    while let Some(frame) = take(consumer) {
                        prop_assert_eq!(Some(frame), model.pop_front());
                    }
                    prop_assert!(model.is_empty());
                    consumer.release();
                }
            }
        }
    }

    #[test]
    fn a_frame_as_large_as_the_block_fits_wherever_the_ring_stands() {
        let (_segment, mut producer, mut consumers) = ring(4096, 1);
        let consumer = &mut consumers[0];
        for n in 0..50usize {
            for len in [n, max_frame(4096)] {
                while !producer.has_room(len).unwrap() {
                    assert!(consumer.peek().unwrap().is_none(), "only a pad can be there");
                    consumer.release();
                }
                producer.push(0, len, |bytes| bytes.fill(7));
                assert_eq!(take(consumer).unwrap(), vec![7; len]);
                consumer.release();
            }
        }
    }

    #[test]
    fn the_slowest_reader_gates_and_a_forgotten_one_does_not() {
        let (_segment, mut producer, mut consumers) = ring(1024, 2);
        let mut pushed = 0;
        while producer.has_room(100).unwrap() {
            producer.push(0, 100, |bytes| bytes.fill(pushed));
            pushed += 1;
        }
        let drain = |consumer: &mut Consumer| {
            let frames = std::iter::from_fn(|| take(consumer)).count();
            consumer.release();
            frames
        };
        assert_eq!(drain(&mut consumers[0]), usize::from(pushed));
        assert!(!producer.has_room(100).unwrap(), "the other has read nothing");
        producer.forget(1);
        assert!(producer.has_room(100).unwrap());
    }

    #[test]
    fn hostile_words_are_refused() {
        let (segment, mut producer, mut consumers) = ring(1024, 1);
        producer.has_room(8).unwrap();
        producer.push(0, 8, |bytes| bytes.fill(1));
        for (offset, value, field) in [
            (DATA, 2000, "frame longer than what was published"),
            (DATA, u64::from(u32::MAX), "frame longer than what was published"),
            (DATA, 8 | 1 << 40, "unknown kind of frame"),
            (0, 1 << 20, "tail outside the ring"),
            (0, 7, "tail outside the ring"),
        ] {
            let word = segment.u64_at(offset);
            let before = word.swap(value, Ordering::Relaxed); // one thread
            consumers[0].published = consumers[0].position; // looks again
            assert_eq!(consumers[0].peek(), Err(Corrupt(field)), "{offset} {value}");
            word.store(before, Ordering::Relaxed); // one thread
        }
        segment.u64_at(LINE).store(u64::MAX, Ordering::Relaxed); // one thread
        while producer.free() >= span(100) {
            producer.push(0, 100, |_| ());
        }
        assert_eq!(producer.has_room(100), Err(Corrupt("head outside the ring")));
    }
}
