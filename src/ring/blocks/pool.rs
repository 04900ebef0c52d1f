//! A list of blocks over the bytes of a segment.

use super::{Blocks, Words};
use crate::ring::spsc::Corrupt;
use crate::sys::segment::Segment;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

/// Bytes of a block's word, which stand before its contents.
pub const WORD: usize = 8;

/// Blocks of one size in a segment.
#[derive(Debug)]
pub struct Pool(Blocks<Memory>);

/// Where the blocks lie.
#[derive(Debug)]
struct Memory {
    base: *mut u8,
    /// Bytes of a block: a multiple of [`WORD`].
    size: usize,
    count: u32,
    _keep: Arc<Segment>,
}

// SAFETY: the address is used for words, which are atomic, and for the contents of blocks by whoever has taken or been given them.
unsafe impl Send for Memory {}
// SAFETY: as for `Send`.
unsafe impl Sync for Memory {}

impl Words for Memory {
    type Word = AtomicU64;

    #[inline]
    fn count(&self) -> u32 {
        self.count
    }

    #[inline]
    fn word(&self, index: u32) -> &AtomicU64 {
        let start = self.block(index).cast();
        // SAFETY: aligned (the segment to a page, offset and size to words), mapped as long as `self`, only accessed atomically.
        unsafe { AtomicU64::from_ptr(start) }
    }
}

impl Memory {
    #[inline]
    fn block(&self, index: u32) -> *mut u8 {
        assert!(index < self.count);
        // SAFETY: inside the segment, which holds `count` blocks from `base` on.
        unsafe { self.base.add(index as usize * self.size) }
    }

    /// Where a block's contents start, which are `size - WORD` bytes.
    #[inline]
    fn contents(&self, index: u32) -> *mut u8 {
        // SAFETY: inside the block, which is longer than its word.
        unsafe { self.block(index).add(WORD) }
    }
}

impl Pool {
    /// The `count` blocks of `size` bytes at `offset`.
    ///
    /// # Panics
    /// Unless they lie inside the segment, aligned to their words and longer than those.
    pub fn new(segment: &Arc<Segment>, offset: usize, size: usize, count: u32) -> Pool {
        assert!(offset.is_multiple_of(WORD) && size.is_multiple_of(WORD) && size > WORD);
        let base = segment.bytes_at(offset, size * count as usize);
        Pool(Blocks(Memory { base, size, count, _keep: Arc::clone(segment) }))
    }

    /// Makes all blocks free. For whoever made the memory, before the other end has it.
    pub fn free_all(&self) {
        self.0.free_all();
    }

    /// Bytes of all blocks.
    pub fn len(&self) -> usize {
        self.0.0.size * self.0.0.count as usize
    }

    /// Whether there is no block at all, not even the list's own.
    pub fn is_empty(&self) -> bool {
        self.0.0.count == 0
    }

    /// Takes a free block.
    #[inline]
    pub fn reserve(&self) -> Option<Reserved<'_>> {
        self.0.take().map(|block| Reserved { pool: self, block })
    }

    /// Takes over a block that the other end has filled and named.
    #[inline]
    pub fn adopt(&self, block: u32) -> Result<Adopted<'_>, Corrupt> {
        let len = self.0.published(block, self.0.0.size - WORD)?;
        Ok(Adopted { pool: self, block, len })
    }
}

/// A block that is this end's to fill. One that is dropped instead is lost.
#[derive(Debug)]
#[must_use]
pub struct Reserved<'a> {
    pool: &'a Pool,
    block: u32,
}

impl Reserved<'_> {
    /// Has `fill` write `len` bytes, publishes them, and answers what the other end shall call the block.
    ///
    /// # Panics
    /// If a block has fewer bytes.
    #[inline]
    pub fn fill(self, len: usize, fill: impl FnOnce(&mut [u8])) -> u32 {
        let Reserved { pool: Pool(blocks), block } = self;
        assert!(len <= blocks.0.size - WORD);
        let start = blocks.0.contents(block);
        // SAFETY: in bounds, as just asserted, and initialised. The block is ours: the list gave it to nobody else, unless the other end
        // has broken it; even then no second end of this process fills, since each fills one block at a time and to its end.
        fill(unsafe { std::slice::from_raw_parts_mut(start, len) });
        blocks.publish(block, len as u32);
        block
    }
}

/// A block that the other end has filled, until it is given back, which both ways to read it do.
#[derive(Debug)]
#[must_use]
pub struct Adopted<'a> {
    pool: &'a Pool,
    block: u32,
    len: usize,
}

impl Adopted<'_> {
    /// Bytes in it.
    #[expect(clippy::len_without_is_empty, reason = "a frame's length, which may be anything")]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Lends the bytes where they are: for an end that trusts the other one not to write them meanwhile.
    #[inline]
    pub fn read<R>(self, read: impl FnOnce(&[u8]) -> R) -> R {
        let Pool(blocks) = self.pool;
        let start = blocks.0.contents(self.block);
        // SAFETY: in bounds (`published` has bounded the length), mapped, initialised, and not written by a well-behaved end until the
        // block is given back.
        let result = read(unsafe { std::slice::from_raw_parts(start, self.len) });
        blocks.give(self.block);
        result
    }

    /// Copies the bytes, in place of what `into` held: what is looked at afterwards nobody else can write.
    #[inline]
    pub fn copy_to(self, into: &mut Vec<u8>) {
        let Pool(blocks) = self.pool;
        let start = blocks.0.contents(self.block);
        into.clear();
        into.reserve(self.len);
        // SAFETY: in bounds (`published` has bounded the length) and mapped there, reserved here; nothing but bytes, and no reference
        // to what the other end may be writing.
        unsafe { std::ptr::copy_nonoverlapping(start, into.as_mut_ptr(), self.len) };
        // SAFETY: so many were just written.
        unsafe { into.set_len(self.len) };
        blocks.give(self.block);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::segment::Backing;
    use std::sync::atomic::Ordering;

    fn pool() -> (Arc<Segment>, Pool, Pool) {
        let segment = Arc::new(Segment::create(Backing::Memfd, 4096).unwrap());
        let ends = [(); 2].map(|()| Pool::new(&segment, 1024, 64, 4));
        ends[0].free_all();
        let [ours, theirs] = ends;
        (segment, ours, theirs)
    }

    #[test]
    fn what_one_end_fills_the_other_reads_and_gives_back() {
        let (_segment, ours, theirs) = pool();
        let mut copy = vec![1; 300];
        for round in 0..10u8 {
            let [a, b, c] = [(); 3].map(|()| ours.reserve().unwrap());
            assert!(theirs.reserve().is_none(), "both ends take from one list");
            let blocks = [
                a.fill(56, |bytes| bytes.fill(round)),
                b.fill(0, |_| ()),
                c.fill(1, |bytes| bytes[0] = round),
            ];
            assert_eq!(theirs.adopt(blocks[0]).unwrap().read(<[u8]>::to_vec), [round; 56]);
            assert_eq!(theirs.adopt(blocks[1]).unwrap().len(), 0);
            theirs.adopt(blocks[1]).unwrap().read(|bytes| assert!(bytes.is_empty()));
            theirs.adopt(blocks[2]).unwrap().copy_to(&mut copy);
            assert_eq!(copy, [round]);
        }
    }

    #[test]
    fn hostile_words_and_numbers_are_refused() {
        let (segment, ours, _theirs) = pool();
        let block = ours.reserve().unwrap().fill(56, |_| ());
        for word in [57, 64, 1 << 32, u64::MAX >> 1, u64::MAX] {
            segment.u64_at(1024 + 64 * block as usize).store(word, Ordering::Relaxed); // one thread
            assert!(ours.adopt(block).is_err(), "{word:x}");
        }
        for outside in [0, 4, u32::MAX] {
            assert!(ours.adopt(outside).is_err());
        }
    }
}
