//! The memory of a link: the pools of blocks that both its ends hand out, and how it grows (`ipcz/node_link_memory.cc`,
//! `ipcz/buffer_pool.cc`).

use crate::ring::blocks::{Adopted, Pool, Reserved, WORD};
use crate::sys::fd::Descriptor;
use crate::sys::segment::{Backing, Handle, Segment};
use crate::transport::{Error, Result};
use std::os::fd::OwnedFd;
use std::sync::{Arc, OnceLock};

/// Bytes of the memory that a link is made with.
pub(super) const PRIMARY: usize = 128 << 10;

/// Bytes at its front, where `ipcz` keeps its counters and the states of routers.
const RESERVED: usize = 1024;

/// Blocks in the primary memory, which they fill: their size in bytes, and how many.
const BUILT_IN: [(usize, u32); 6] = [(64, 1484), (256, 9), (512, 8), (1024, 4), (2048, 4), (4096, 4)];

/// Smallest and largest block. Anything larger than a message's share of inline bytes has a region of its own.
const SMALLEST: usize = 64;
const LARGEST: usize = 128 << 10;

/// Number of sizes of blocks: the powers of two.
pub(super) const CLASSES: usize = (LARGEST / SMALLEST).ilog2() as usize + 1;

/// Further pools are a multiple of this long, and hold at least so many blocks…
const PAGE: usize = 64 << 10;
const MIN_BLOCKS: usize = 8;

/// …while all blocks of their size are not as many bytes.
const ENOUGH: usize = 2 << 20;

/// Bytes of the block that a frame of `len` bytes needs: a power of two.
pub(super) const fn block_size(len: usize) -> usize {
    let size = (WORD + len).next_power_of_two();
    if size < SMALLEST { SMALLEST } else { size }
}

/// Which size of blocks that is.
const fn class_of(len: usize) -> usize {
    (block_size(len) / SMALLEST).ilog2() as usize
}

const fn size_of_class(class: usize) -> usize {
    SMALLEST << class
}

/// Bytes of a further pool.
const fn pool_len(class: usize) -> usize {
    (size_of_class(class) * MIN_BLOCKS).next_multiple_of(PAGE)
}

/// All pools of a link. Each end has one of these, and both its halves share it.
#[derive(Debug)]
pub(super) struct LinkMemory([Class; CLASSES]);

/// All blocks of one size.
#[derive(Debug)]
struct Class {
    built_in: Option<Pool>,
    /// In the order in which main has added them. Those that are there come first.
    added: Box<[OnceLock<Pool>]>,
}

/// What the other end calls a pool: its class and, from 1 on, its place among those added; 0 is the one built in.
fn name(class: usize, place: usize) -> u32 {
    (class << 8 | place) as u32
}

impl LinkMemory {
    /// Over the primary memory of a link, which is as long as [`PRIMARY`].
    fn over(primary: &Arc<Segment>) -> LinkMemory {
        let mut offset = RESERVED;
        let mut built_in = BUILT_IN.map(|(size, count)| {
            let pool = Pool::new(primary, offset, size, count);
            offset += size * count as usize;
            (size, Some(pool))
        });
        LinkMemory(std::array::from_fn(|class| {
            let same_size = built_in.iter_mut().find(|(size, _)| *size == size_of_class(class));
            let built_in = same_size.and_then(|(_, pool)| pool.take());
            let have = built_in.as_ref().map_or(0, Pool::len);
            let added = (ENOUGH - have).div_ceil(pool_len(class));
            Class { built_in, added: (0..added).map(|_| OnceLock::new()).collect() }
        }))
    }

    /// Makes the primary memory of a link; for main. Also answers what its renderer opens it by.
    pub(super) fn create() -> Result<(LinkMemory, Handle)> {
        let (segment, handle) = shared(PRIMARY)?;
        let memory = LinkMemory::over(&segment);
        memory.free_all();
        Ok((memory, handle))
    }

    /// Makes all blocks of the primary memory free: nobody else has it, or is there any more.
    pub(super) fn free_all(&self) {
        self.0.iter().filter_map(|class| class.built_in.as_ref()).for_each(Pool::free_all);
    }

    /// Opens it; for its renderer.
    pub(super) fn open(handle: Handle) -> Result<LinkMemory> {
        let segment = Segment::open(handle, PRIMARY).map_err(Error::os("opening the memory of a link"))?;
        Ok(LinkMemory::over(&Arc::new(segment)))
    }

    /// A free block for a frame of `len` bytes, with the name of its pool, which is not the one that the other end has not been told
    /// of. Without one, the class that lacks it.
    #[inline]
    pub(super) fn reserve_but(
        &self,
        len: usize,
        untold: Option<u32>,
    ) -> std::result::Result<(u32, Reserved<'_>), usize> {
        let class = class_of(len);
        let named = self.0[class].pools().map(|(place, pool)| (name(class, place), pool));
        let mut told = named.filter(|(name, _)| Some(*name) != untold);
        told.find_map(|(name, pool)| Some((name, pool.reserve()?))).ok_or(class)
    }

    /// The same of all pools.
    #[cfg(test)]
    pub(super) fn reserve(&self, len: usize) -> std::result::Result<(u32, Reserved<'_>), usize> {
        self.reserve_but(len, None)
    }

    /// Takes over a block that the other end has filled and named.
    #[inline]
    pub(super) fn adopt(&self, pool: u32, block: u32) -> Result<Adopted<'_>> {
        let (class, place) = ((pool >> 8) as usize, pool as usize & 0xFF);
        let class = self.0.get(class).ok_or(Error::Corrupt("name of a pool"))?;
        let pool = match place {
            0 => class.built_in.as_ref(),
            _ => class.added.get(place - 1).and_then(OnceLock::get),
        };
        Ok(pool.ok_or(Error::Corrupt("name of a pool"))?.adopt(block)?)
    }

    /// How many pools have been added to a class, if it can have more.
    pub(super) fn room(&self, class: usize) -> Option<usize> {
        let added = &self.0[class].added;
        added.iter().position(|pool| pool.get().is_none())
    }

    /// Makes another pool for a class, if it can have more; for main. It is to be [`add`](Self::add)ed before the renderer is told:
    /// a block of a pool that is not known breaks the protocol.
    pub(super) fn make(&self, class: usize) -> Result<Option<(u32, Pool, OwnedFd)>> {
        let Some(place) = self.room(class) else { return Ok(None) };
        let (segment, handle) = shared(pool_len(class))?;
        let Handle::Memory(Descriptor(file)) = handle else { return Ok(None) };
        let pool = pool_over(segment, class);
        pool.free_all();
        Ok(Some((name(class, place + 1), pool, file)))
    }

    /// Adds a pool under the name that [`make`](Self::make) gave it.
    pub(super) fn add(&self, pool: u32, made: Pool) -> Result<()> {
        let (class, place) = ((pool >> 8) as usize, pool as usize & 0xFF);
        let next =
            (class < CLASSES).then(|| self.room(class)).flatten().ok_or(Error::Corrupt("name of a pool"))?;
        if place != next + 1 || self.0[class].added[next].set(made).is_err() {
            return Err(Error::Corrupt("name of a pool"));
        }
        Ok(())
    }

    /// Opens a pool that main has made, and adds it; for its renderer.
    pub(super) fn add_from(&self, pool: u32, file: OwnedFd) -> Result<()> {
        let class = (pool >> 8) as usize;
        if class >= CLASSES {
            return Err(Error::Corrupt("name of a pool"));
        }
        let segment = Segment::open(Handle::Memory(Descriptor(file)), pool_len(class))
            .map_err(Error::os("opening more memory of a link"))?;
        self.add(pool, pool_over(Arc::new(segment), class))
    }
}

impl Class {
    /// Its pools and their places: the one built in first, so that blocks that were just used are used again.
    #[inline]
    fn pools(&self) -> impl Iterator<Item = (usize, &Pool)> {
        let added = self.added.iter().map_while(OnceLock::get).zip(1..);
        self.built_in.iter().map(|pool| (0, pool)).chain(added.map(|(pool, place)| (place, pool)))
    }
}

fn pool_over(segment: Arc<Segment>, class: usize) -> Pool {
    let size = size_of_class(class);
    Pool::new(&segment, 0, size, (pool_len(class) / size) as u32)
}

/// Memory, and what the other end opens it by; nobody else can.
fn shared(len: usize) -> Result<(Arc<Segment>, Handle)> {
    let make = || {
        let mut segment = Segment::create(Backing::Memfd, len)?;
        let handle = segment.handle()?;
        segment.unlink();
        Ok((Arc::new(segment), handle))
    };
    make().map_err(Error::os::<std::io::Error>("making memory for a link"))
}

const _: () = {
    let (mut bytes, mut next) = (RESERVED, 0);
    while next < BUILT_IN.len() {
        bytes += BUILT_IN[next].0 * BUILT_IN[next].1 as usize;
        next += 1;
    }
    assert!(bytes == PRIMARY, "the blocks fill the primary memory");
};

#[cfg(test)]
mod tests {
    use super::*;

    /// Blocks that a frame of `len` bytes can have.
    fn free(memory: &LinkMemory, len: usize) -> usize {
        std::iter::from_fn(|| memory.reserve(len).ok()).count()
    }

    #[test]
    fn blocks_are_powers_of_two_with_a_word_before_the_bytes() {
        let edges = [(0, 64), (56, 64), (57, 128), (120, 128), (121, 256), (4088, 4096), (4089, 8192)];
        for (len, size) in edges.into_iter().chain([(65_528, 65_536), (65_529, LARGEST), (65_536, LARGEST)]) {
            assert_eq!((block_size(len), size_of_class(class_of(len))), (size, size), "{len} bytes");
        }
        assert_eq!((CLASSES, size_of_class(CLASSES - 1)), (12, LARGEST));
    }

    #[test]
    fn the_primary_memory_holds_what_ipcz_has_there() {
        let (memory, _handle) = LinkMemory::create().unwrap();
        // The first of each kind is the list's own, as it is there.
        for (size, count) in BUILT_IN {
            assert_eq!(free(&memory, size - WORD), count as usize - 1, "{size} bytes");
        }
        for len in [57, 120, 4089, 65_536] {
            assert_eq!(memory.reserve(len).err(), Some(class_of(len)), "{len} bytes");
        }
    }

    #[test]
    fn a_class_grows_until_it_has_enough() {
        for (len, pools, blocks) in [(56, 31, 1483 + 31 * 1023), (120, 32, 32 * 511), (8000, 32, 32 * 7)] {
            grows(len, pools, blocks);
        }
        grows(65_528, 4, 4 * 7);
        grows(65_536, 2, 2 * 7);
    }

    fn grows(len: usize, pools: usize, blocks: usize) {
        let (ours, handle) = LinkMemory::create().unwrap();
        let theirs = LinkMemory::open(handle).unwrap();
        let class = class_of(len);
        let mut added = 0;
        while let Some((name, pool, file)) = ours.make(class).unwrap() {
            theirs.add_from(name, file).unwrap();
            ours.add(name, pool).unwrap();
            added += 1;
        }
        assert_eq!((added, ours.room(class), theirs.room(class)), (pools, None, None));
        let (pool, block) = ours.reserve(len).unwrap();
        let block = block.fill(1, |bytes| bytes[0] = 9);
        assert_eq!(theirs.adopt(pool, block).unwrap().read(|bytes| bytes[0]), 9);
        assert_eq!(free(&theirs, len), blocks, "{len} bytes");
    }

    #[test]
    fn names_that_were_not_given_are_refused() {
        let (memory, _handle) = LinkMemory::create().unwrap();
        for pool in [name(0, 1), name(1, 0), name(0, 255), name(12, 0), u32::MAX, 1 << 31] {
            assert!(memory.adopt(pool, 1).is_err(), "{pool:x}");
        }
        for wrong in [name(0, 0), name(0, 2), name(12, 1), u32::MAX] {
            let (_, pool, file) = memory.make(0).unwrap().unwrap();
            assert!(memory.add(wrong, pool).is_err() && memory.add_from(wrong, file).is_err(), "{wrong:x}");
        }
        let (_, _, small) = memory.make(0).unwrap().unwrap();
        assert!(memory.add_from(name(11, 1), small).is_err(), "shorter than a pool of that class");
    }
}
