//! Blocks: each belongs to one end at a time, and what is published is all there.

use crate::explore;
use crate::word::Word;
use ipcmark::ring::blocks::{Blocks, Words};
use loom::cell::UnsafeCell;
use loom::sync::Arc;
use loom::sync::atomic::AtomicU64;
use loom::thread;
use std::sync::atomic::Ordering;

/// A block: its word, and in place of its bytes one number, accessed without any order of its own. The cell beside it fails if
/// two ends are there at the same time, or one before it may see that the other has left.
struct Block {
    word: Word,
    number: AtomicU64,
    presence: UnsafeCell<()>,
}

#[derive(Clone)]
struct Memory(Arc<Vec<Block>>);

impl Words for Memory {
    type Word = Word;
    fn count(&self) -> u32 {
        self.0.len() as u32
    }
    fn word(&self, index: u32) -> &Word {
        &self.0[index as usize].word
    }
}

impl Memory {
    /// All are free but block 0, which is the list's own.
    fn new(count: usize) -> Memory {
        let block = |_| Block { word: Word::new(), number: AtomicU64::new(0), presence: UnsafeCell::new(()) };
        let memory = Memory(Arc::new((0..count).map(block).collect()));
        Blocks(memory.clone()).free_all();
        memory
    }

    fn write(&self, block: u32, number: u64) {
        let block = &self.0[block as usize];
        block.presence.with_mut(|_| block.number.store(number, Ordering::Relaxed)); // ordered by the list
    }

    fn read(&self, block: u32) -> u64 {
        let block = &self.0[block as usize];
        block.presence.with(|_| block.number.load(Ordering::Relaxed)) // ordered by the word
    }
}

/// One end takes two and gives the first back before the second: a front that counted nothing would look to the other end as if it
/// had not changed.
#[test]
fn a_block_belongs_to_one_end_at_a_time() {
    explore(|| {
        let memory = Memory::new(3);
        let theirs = memory.clone();
        let end = thread::spawn(move || {
            let blocks = Blocks(theirs.clone());
            let (first, second) = (blocks.take(), blocks.take());
            if let Some(first) = first {
                theirs.write(first, 1);
                blocks.give(first);
            }
            if let Some(second) = second {
                theirs.write(second, 2);
                blocks.give(second);
            }
        });
        let blocks = Blocks(memory.clone());
        let taken = [blocks.take(), blocks.take()];
        for block in taken.into_iter().flatten() {
            memory.write(block, 3);
        }
        end.join().unwrap();
        taken.into_iter().flatten().for_each(|block| blocks.give(block));
        let mut all = [blocks.take(), blocks.take()].map(|block| block.expect("both came back"));
        all.sort_unstable();
        assert_eq!((all, blocks.take()), ([1, 2], None));
    });
}

/// The name of a block travels on a way that orders nothing. One block serves two messages: the second must not be written before
/// the first has been read.
#[test]
fn a_length_brings_its_bytes_and_a_block_comes_back_read() {
    explore(|| {
        let (memory, doorbell) = (Memory::new(2), Arc::new(AtomicU64::new(0)));
        let (theirs, rings) = (memory.clone(), doorbell.clone());
        let end = thread::spawn(move || {
            let blocks = Blocks(theirs.clone());
            for number in [10, 20] {
                let block = loop {
                    match blocks.take() {
                        Some(block) => break block,
                        None => thread::yield_now(),
                    }
                };
                theirs.write(block, number);
                blocks.publish(block, 1);
                rings.store(number, Ordering::Relaxed); // orders nothing: the length does
            }
        });
        let blocks = Blocks(memory.clone());
        for number in [10, 20] {
            while doorbell.load(Ordering::Relaxed) != number {
                thread::yield_now(); // nothing to order
            }
            // The doorbell may be seen first; over a socket it never is.
            while blocks.published(1, 1).is_err() {
                thread::yield_now();
            }
            assert_eq!(memory.read(1), number);
            blocks.give(1);
        }
        end.join().unwrap();
    });
}
