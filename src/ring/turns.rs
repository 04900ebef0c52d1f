//! A buffer that two threads own in turns: the smallest hand-over of bytes that there is.
//!
//! ```text
//! word: number of turns taken │ bytes
//! even: the first end's turn    odd: the second end's
//! ```
//!
//! No frame, no length, no bell, and no peer that is not trusted: what the floors of copying are measured with.

use super::atomic::Atomic;
use super::line::prefetch_write;
use std::cell::UnsafeCell;
use std::hint::spin_loop;
use std::sync::atomic::{AtomicU64, Ordering};

/// One end's view of the word.
#[derive(Debug)]
pub struct Turn<A> {
    word: A,
    /// The word's value when it is our turn next.
    next: u64,
}

impl<A: Atomic<Value = u64>> Turn<A> {
    /// The view of the end whose first turn comes after this many of the other's: 0 or 1.
    pub fn new(word: A, after: u64) -> Self {
        Turn { word, next: after }
    }

    /// Whether it is this end's turn, and with it the bytes as the other end left them.
    #[inline]
    pub fn is_ours(&self) -> bool {
        self.word.load(Ordering::Acquire) == self.next // SYNC: the Release store in pass, by the other end
    }

    /// Gives the turn to the other end.
    #[inline]
    pub fn pass(&mut self) {
        self.word.store(self.next + 1, Ordering::Release); // SYNC: the Acquire load in is_ours, by the other end
        self.next += 2;
    }
}

/// The word, on a line of its own.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Line(AtomicU64);

/// Bytes begin with a line.
#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
struct Chunk(#[expect(dead_code, reason = "read and written as bytes")] [u8; 64]);

/// The buffer.
#[derive(Debug)]
pub struct Turns {
    word: Line,
    bytes: UnsafeCell<Box<[Chunk]>>,
    len: usize,
}

// SAFETY: the bytes are reached through the two ends alone, of which each touches them in its own turns only.
unsafe impl Sync for Turns {}

impl Turns {
    /// `len` zero bytes, mapped.
    pub fn new(len: usize) -> Turns {
        // One that is not zero makes the allocator's pages real; the first turn finds zeros all the same.
        let mut chunks = vec![Chunk([1; 64]); len.div_ceil(64)].into_boxed_slice();
        chunks.fill(Chunk([0; 64]));
        Turns { word: Line::default(), bytes: UnsafeCell::new(chunks), len }
    }

    /// Both ends. The first turn is the first end's.
    pub fn ends(&mut self) -> [End<'_>; 2] {
        self.word = Line::default();
        let turns = &*self;
        [0, 1].map(|after| End { turns, turn: Turn::new(&turns.word.0, after) })
    }
}

/// One end.
#[derive(Debug)]
pub struct End<'a> {
    turns: &'a Turns,
    turn: Turn<&'a AtomicU64>,
}

impl End<'_> {
    /// Spins until it is this end's turn, lends the bytes, and gives the turn to the other end.
    #[inline]
    pub fn take<R>(&mut self, work: impl FnOnce(&mut [u8]) -> R) -> R {
        let Turns { word, bytes, len } = self.turns;
        loop {
            prefetch_write(&word.0);
            if self.turn.is_ours() {
                break;
            }
            spin_loop();
        }
        // SAFETY: the turn is ours until it is passed on, and `&mut self` keeps us from taking it twice.
        let chunks = unsafe { &mut *bytes.get() };
        // SAFETY: `len` bytes were allocated, of a type that is nothing but bytes.
        let bytes = unsafe { std::slice::from_raw_parts_mut(chunks.as_mut_ptr().cast::<u8>(), *len) };
        let result = work(bytes);
        self.turn.pass();
        result
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_end_finds_what_the_other_left() {
        let mut turns = Turns::new(100);
        let [mut first, mut second] = turns.ends();
        // Counted and not asserted inside: an end that panics never gives the turn back.
        let wrong = std::thread::scope(|scope| {
            let other = scope.spawn(move || {
                let mut wrong = 0;
                for round in 0..1_000u32 {
                    second.take(|bytes| {
                        wrong += u32::from(bytes != [round as u8; 100]);
                        bytes.fill(!(round as u8));
                    });
                }
                wrong
            });
            let mut wrong = 0;
            for round in 0..1_000u32 {
                first.take(|bytes| {
                    let left = if round == 0 { 0 } else { !(round as u8).wrapping_sub(1) };
                    wrong += u32::from(bytes != [left; 100]);
                    bytes.fill(round as u8);
                });
            }
            wrong + other.join().unwrap()
        });
        assert_eq!(wrong, 0);
    }
}
