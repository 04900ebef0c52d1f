//! Blocks of one size that two ends hand out to themselves and to each other, without a lock and without a server.
//!
//! ```text
//! block 0: front of the list │ block 1: word, bytes │ block 2: word, bytes │ …
//! front   changes so far in the high 32 bits, first free block in the low ones; 0 if none is free
//! word    of a free block: FREE, and the next free block; of one in use: how many bytes follow
//! ```
//!
//! The list is a stack (R. K. Treiber, "Systems programming: coping with parallelism", IBM RJ 5118, 1986) whose front counts its
//! changes, so that a front that looks the same is the same. Whoever takes a block from it owns the block, writes it, publishes its
//! length and names it to the other end, which loads the length once and gives the block back. Chromium's `ipcz` does it like this
//! (`block_allocator.cc`; the length is `FragmentHeader` in `fragment.h`).
//!
//! A hostile end can make the list give nothing, or the same block twice: what the other end then reads is wrong. It can also change
//! the front for ever; whoever finds it changed so often gives up.

use super::atomic::Atomic;
use super::spsc::Corrupt;
use std::sync::atomic::Ordering;

mod pool;

pub use pool::{Adopted, Pool, Reserved, WORD};

/// How often an end tries again, where the other was faster, until it does without. Each time means that somebody else has
/// succeeded, which between two well-behaved ends happens a few times at most.
const TRIES: usize = 1000;

/// In the word of a block that nobody uses.
const FREE: u64 = 1 << 63;

/// An atomic word that can be changed if nobody else has.
pub trait Exchange: Atomic {
    /// Stores `new` if the word holds `current`; answers whether it did. As [`AtomicU64::compare_exchange`], with no order
    /// where it did not.
    ///
    /// [`AtomicU64::compare_exchange`]: std::sync::atomic::AtomicU64::compare_exchange
    fn exchange(&self, current: Self::Value, new: Self::Value, order: Ordering) -> bool;
}

impl Exchange for std::sync::atomic::AtomicU64 {
    #[inline]
    fn exchange(&self, current: u64, new: u64, order: Ordering) -> bool {
        self.compare_exchange(current, new, order, Ordering::Relaxed).is_ok()
    }
}

/// The first words of some blocks, of which block 0 is the list's own.
pub trait Words {
    /// A word.
    type Word: Exchange<Value = u64>;

    /// How many blocks there are, block 0 among them.
    fn count(&self) -> u32;

    /// The word of block `index`, which is below the count.
    fn word(&self, index: u32) -> &Self::Word;
}

/// Which blocks are free, and how long what the others hold is: the part that orders memory, generic so that a model checker
/// can try it.
#[derive(Debug)]
pub struct Blocks<W>(pub W);

impl<W: Words> Blocks<W> {
    /// Makes all blocks free. For whoever made the memory, before the other end has it.
    pub fn free_all(&self) {
        let count = self.0.count();
        for index in 1..count {
            let next = if index + 1 < count { index + 1 } else { 0 };
            self.0.word(index).store(FREE | u64::from(next), Ordering::Relaxed); // nobody else has it yet
        }
        self.0.word(0).store(u64::from(count > 1), Ordering::Relaxed); // as above
    }

    /// Takes a free block, the one that was given back last.
    #[inline]
    pub fn take(&self) -> Option<u32> {
        let front = self.0.word(0);
        for _ in 0..TRIES {
            let found = front.load(Ordering::Acquire); // SYNC: the Release exchange in give
            let block = found as u32;
            if block == 0 || block >= self.0.count() {
                return None; // none is free, or the other end has broken the list
            }
            // If somebody takes the block meanwhile, this is anything, and the front has changed.
            let next = self.0.word(block).load(Ordering::Relaxed) as u32;
            // Relaxed: whoever takes next reads through this change to the one that gave (a release sequence).
            if front.exchange(found, changed(found, next), Ordering::Relaxed) {
                return Some(block);
            }
        }
        None
    }

    /// Gives back a block that has been taken, by either end. One that is not among the blocks is refused.
    #[inline]
    pub fn give(&self, block: u32) {
        if block == 0 || block >= self.0.count() {
            return;
        }
        let (front, word) = (self.0.word(0), self.0.word(block));
        for _ in 0..TRIES {
            let found = front.load(Ordering::Relaxed); // what it names is not looked at
            word.store(FREE | u64::from(found as u32), Ordering::Relaxed); // ordered by the exchange
            // SYNC: the Acquire load in take
            if front.exchange(found, changed(found, block), Ordering::Release) {
                return;
            }
        }
    }

    /// Says that a block that was taken holds `len` bytes.
    #[inline]
    pub fn publish(&self, block: u32, len: u32) {
        self.0.word(block).store(u64::from(len), Ordering::Release); // SYNC: the Acquire load in published
    }

    /// How many bytes a block holds that the other end has named; at most `limit`.
    #[inline]
    pub fn published(&self, block: u32, limit: usize) -> Result<usize, Corrupt> {
        if block == 0 || block >= self.0.count() {
            return Err(Corrupt("number of a block"));
        }
        let word = self.0.word(block).load(Ordering::Acquire); // SYNC: the Release store in publish
        if word & FREE != 0 {
            return Err(Corrupt("a block that nobody has filled"));
        }
        if word > limit as u64 {
            return Err(Corrupt("length of a block"));
        }
        Ok(word as usize)
    }
}

/// The front after one more change.
fn changed(front: u64, first: u32) -> u64 {
    let changes = ((front >> 32) as u32).wrapping_add(1);
    (u64::from(changes) << 32) | u64::from(first)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::AtomicU64;

    impl Words for Vec<AtomicU64> {
        type Word = AtomicU64;
        fn count(&self) -> u32 {
            self.len() as u32
        }
        fn word(&self, index: u32) -> &AtomicU64 {
            &self[index as usize]
        }
    }

    fn blocks(count: usize) -> Blocks<Vec<AtomicU64>> {
        let blocks = Blocks((0..count).map(|_| AtomicU64::new(7)).collect::<Vec<_>>());
        blocks.free_all();
        blocks
    }

    #[test]
    fn every_block_but_the_first_is_handed_out_once_and_the_last_given_first() {
        let blocks = blocks(4);
        let taken: Vec<u32> = std::iter::from_fn(|| blocks.take()).collect();
        assert_eq!(taken, [1, 2, 3]);
        blocks.give(2);
        blocks.give(3);
        assert_eq!([blocks.take(), blocks.take(), blocks.take()], [Some(3), Some(2), None]);
    }

    #[test]
    fn a_list_without_a_block_gives_none() {
        assert_eq!((blocks(1).take(), blocks(2).take()), (None, Some(1)));
    }

    #[test]
    fn what_is_free_is_not_published_and_lengths_are_bounded() {
        let blocks = blocks(3);
        let block = blocks.take().unwrap();
        assert!(blocks.published(block, 56).is_err(), "taken, but not filled");
        blocks.publish(block, 56);
        assert_eq!(blocks.published(block, 56), Ok(56));
        assert!(blocks.published(block, 55).is_err());
        blocks.give(block);
        assert!(blocks.published(block, 56).is_err(), "given back");
        for outside in [0, 3, u32::MAX] {
            assert!(blocks.published(outside, 56).is_err());
            blocks.give(outside);
        }
        assert_eq!([blocks.take(), blocks.take(), blocks.take()], [Some(1), Some(2), None]);
    }

    #[test]
    fn a_hostile_end_gets_no_further_than_wrong_blocks() {
        for word in [0, 5, 1 << 31, u64::from(u32::MAX), u64::MAX] {
            let blocks = blocks(4);
            blocks.0[0].store(word, Ordering::Relaxed); // one thread
            assert_eq!(blocks.take(), None, "front {word:x}");
            let blocks = self::blocks(4);
            blocks.0[1].store(word, Ordering::Relaxed); // one thread
            assert_eq!((blocks.take(), blocks.take()), (Some(1), None), "next {word:x}");
            blocks.give(1);
            assert_eq!(blocks.take(), Some(1));
        }
        // Twice given is twice taken, and no end of it; nobody waits for one.
        let blocks = blocks(4);
        let block = blocks.take().unwrap();
        blocks.give(block);
        blocks.give(block);
        assert_eq!([blocks.take(), blocks.take(), blocks.take()], [Some(block); 3]);
    }

    #[test]
    fn four_threads_never_share_a_block() {
        let blocks = blocks(6);
        let owners: Vec<AtomicU64> = (0..6).map(|_| AtomicU64::new(0)).collect();
        let shared = std::thread::scope(|scope| {
            let work = |own: u64| {
                let (blocks, owners) = (&blocks, &owners);
                move || {
                    let mut shared = 0;
                    for _ in 0..20_000 {
                        let Some(block) = blocks.take() else { continue };
                        let owner = &owners[block as usize];
                        shared += u64::from(owner.swap(own, Ordering::Relaxed) != 0); // ordered by the list
                        std::hint::spin_loop();
                        shared += u64::from(owner.swap(0, Ordering::Relaxed) != own); // ordered by the list
                        blocks.give(block);
                    }
                    shared
                }
            };
            let threads: Vec<_> = (1..=4).map(|own| scope.spawn(work(own))).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).sum::<u64>()
        });
        assert_eq!(shared, 0);
        assert_eq!(std::iter::from_fn(|| blocks.take()).count(), 5, "and all come back");
    }
}
