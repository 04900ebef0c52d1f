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
//! Frames are published in batches: one handing over for many. What is large enough is collected in the producer's own
//! cache and written to the block past it.
//!
//! ```text
//! header word 0: length in the low 32 bits, PAD in bit 32        header word 1: the producer's mark
//! ```

mod consumer;
pub mod index;
mod producer;
mod staging;

pub use consumer::{Consumer, Ready};
pub use producer::Producer;

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ring::shared::{Block, LINE, Word};
    use crate::sys::segment::{Backing, Segment};
    use proptest::prelude::*;
    use std::collections::VecDeque;
    use std::sync::Arc;
    use std::sync::atomic::Ordering;

    const DATA: usize = 4096;

    fn ring(capacity: usize, consumers: usize, nt_from: usize) -> (Arc<Segment>, Producer, Vec<Consumer>) {
        let segment = Arc::new(Segment::create(Backing::Named, DATA + capacity).unwrap());
        let head = |i: usize| Word::u64(&segment, (1 + i) * LINE);
        let block = || Block::new(&segment, DATA, capacity);
        let producer = Producer::new(
            Word::u64(&segment, 0),
            (0..consumers).map(|i| (i, head(i))).collect(),
            block(),
            nt_from,
        );
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
            nt_from in prop::sample::select(vec![0, 100, usize::MAX]),
            steps in prop::collection::vec((0usize..=max_frame(512), any::<bool>(), any::<bool>()), 1..200),
        ) {
            let (_segment, mut producer, mut consumers) = ring(512, 1, nt_from);
            let consumer = &mut consumers[0];
            let mut model = VecDeque::new();
            for (n, (len, more, drain)) in steps.into_iter().enumerate() {
                if producer.has_room(len).unwrap() {
                    producer.push(n as u64, len, more, |bytes| bytes.fill(n as u8));
                    model.push_back(vec![n as u8; len]);
                } else {
                    prop_assert!(!producer.holds(), "what waits for room has been published");
                }
                if !more {
                    producer.publish();
                }
                if drain && !producer.holds() {
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
        let (_segment, mut producer, mut consumers) = ring(4096, 1, usize::MAX);
        let consumer = &mut consumers[0];
        for n in 0..50usize {
            for len in [n, max_frame(4096)] {
                while !producer.has_room(len).unwrap() {
                    assert!(consumer.peek().unwrap().is_none(), "only a pad can be there");
                    consumer.release();
                }
                producer.push(0, len, false, |bytes| bytes.fill(7));
                producer.publish();
                assert_eq!(take(consumer).unwrap(), vec![7; len]);
                consumer.release();
            }
        }
    }

    #[test]
    fn the_slowest_reader_gates_and_a_forgotten_one_does_not() {
        let (_segment, mut producer, mut consumers) = ring(1024, 2, usize::MAX);
        let mut pushed = 0;
        while producer.has_room(100).unwrap() {
            producer.push(0, 100, false, |bytes| bytes.fill(pushed));
            producer.publish();
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

    /// A producer that always has another pad would hold its consumer for ever.
    #[test]
    fn pads_that_fill_the_block_are_refused() {
        let (segment, _producer, mut consumers) = ring(1024, 1, usize::MAX);
        segment.u64_at(DATA).store(PAD | (1024 - HEADER as u64), Ordering::Relaxed); // one thread
        segment.u64_at(0).store(1024, Ordering::Relaxed); // one thread
        assert_eq!(consumers[0].peek(), Err(Corrupt("pad that is not before the end")));
    }

    #[test]
    fn hostile_words_are_refused() {
        let (segment, mut producer, mut consumers) = ring(1024, 1, usize::MAX);
        producer.has_room(8).unwrap();
        producer.push(0, 8, false, |bytes| bytes.fill(1));
        producer.publish();
        for (offset, value, field) in [
            (DATA, 2000, "frame longer than what was published"),
            (DATA, u64::from(u32::MAX), "frame longer than what was published"),
            (DATA, 8 | 1 << 40, "unknown kind of frame"),
            (DATA, PAD | 8, "pad that is not before the end"),
            (0, 1 << 20, "tail outside the ring"),
            (0, 7, "tail outside the ring"),
        ] {
            let word = segment.u64_at(offset);
            let before = word.swap(value, Ordering::Relaxed); // one thread
            consumers[0].look_again();
            assert_eq!(consumers[0].peek(), Err(Corrupt(field)), "{offset} {value}");
            word.store(before, Ordering::Relaxed); // one thread
        }
        segment.u64_at(LINE).store(u64::MAX, Ordering::Relaxed); // one thread
        while producer.free() >= span(100) {
            producer.push(0, 100, false, |_| ());
            producer.publish();
        }
        assert_eq!(producer.has_room(100), Err(Corrupt("head outside the ring")));
    }
}
