//! Typed places in a segment: an atomic word or a block of bytes, with the segment kept alive beside the address.

use crate::sys::segment::Segment;
use std::ops::Deref;
use std::ptr::NonNull;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64};

/// Distance between words that different CPUs write: two cache lines, since adjacent lines are fetched in pairs on
/// common x86 CPUs.
pub const LINE: usize = 128;

/// An atomic word in a segment.
#[derive(Debug)]
pub struct Word<T> {
    at: NonNull<T>,
    _keep: Arc<Segment>,
}

impl<T> Clone for Word<T> {
    fn clone(&self) -> Self {
        Word { at: self.at, _keep: Arc::clone(&self._keep) }
    }
}

// SAFETY: a `Word` gives out nothing but `&T` to an atomic, and keeps its mapping alive.
unsafe impl<T: Sync> Send for Word<T> {}
// SAFETY: as for `Send`.
unsafe impl<T: Sync> Sync for Word<T> {}

impl Word<AtomicU32> {
    /// The word at `offset`; see [`Segment::u32_at`].
    pub fn u32(segment: &Arc<Segment>, offset: usize) -> Self {
        Word { at: NonNull::from(segment.u32_at(offset)), _keep: Arc::clone(segment) }
    }
}

impl Word<AtomicU64> {
    /// The double word at `offset`; see [`Segment::u64_at`].
    pub fn u64(segment: &Arc<Segment>, offset: usize) -> Self {
        Word { at: NonNull::from(segment.u64_at(offset)), _keep: Arc::clone(segment) }
    }
}

impl<T> Deref for Word<T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: taken from a reference into the segment, which `_keep` keeps mapped.
        unsafe { self.at.as_ref() }
    }
}

/// Bytes in a segment that two ends own in turns.
#[derive(Debug)]
pub struct Area {
    base: *mut u8,
    len: usize,
    _keep: Arc<Segment>,
}

// SAFETY: the address is used only inside `lend` and `lend_mut`, whose callers own the bytes at that time.
unsafe impl Send for Area {}

impl Area {
    /// The `len` bytes at `offset`.
    ///
    /// # Panics
    /// Unless they lie inside the segment.
    pub fn new(segment: &Arc<Segment>, offset: usize, len: usize) -> Area {
        Area { base: segment.bytes_at(offset, len), len, _keep: Arc::clone(segment) }
    }

    /// Bytes in it.
    #[expect(clippy::len_without_is_empty, reason = "an area is as long as it was made")]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Lends the first `len` bytes for reading.
    ///
    /// # Safety
    /// No well-behaved end writes them during the call (a hostile one may: the reader then sees wrong bytes, which
    /// are plain `u8` and checked by whoever reads them).
    #[inline]
    pub unsafe fn lend<R>(&self, len: usize, read: impl FnOnce(&[u8]) -> R) -> R {
        assert!(len <= self.len);
        // SAFETY: in bounds, mapped, initialised, and not written meanwhile by the caller's word.
        read(unsafe { std::slice::from_raw_parts(self.base, len) })
    }

    /// Lends the first `len` bytes for writing.
    ///
    /// # Safety
    /// No well-behaved end reads or writes them during the call.
    #[inline]
    pub unsafe fn lend_mut(&self, len: usize, fill: impl FnOnce(&mut [u8])) {
        assert!(len <= self.len);
        // SAFETY: in bounds, mapped, initialised, and touched by nobody else meanwhile by the caller's word.
        fill(unsafe { std::slice::from_raw_parts_mut(self.base, len) });
    }
}

/// A power-of-two block of bytes in a segment, addressed by free-running positions.
#[derive(Clone, Debug)]
pub struct Block {
    base: *mut u8,
    capacity: usize,
    _keep: Arc<Segment>,
}

// SAFETY: the address is used only inside `header`, `lend` and `lend_mut`, whose callers own the positions they name.
unsafe impl Send for Block {}

impl Block {
    /// The `capacity` bytes at `offset`.
    ///
    /// # Panics
    /// Unless `capacity` is a power of two of at least 64 and the block lies inside the segment, aligned to 16.
    pub fn new(segment: &Arc<Segment>, offset: usize, capacity: usize) -> Block {
        assert!(capacity.is_power_of_two() && capacity >= 64 && offset.is_multiple_of(16));
        Block { base: segment.bytes_at(offset, capacity), capacity, _keep: Arc::clone(segment) }
    }

    /// Bytes in the block.
    pub fn capacity(&self) -> usize {
        self.capacity
    }

    /// Bytes from `position` to the block's end.
    pub fn to_end(&self, position: u64) -> usize {
        self.capacity - self.offset(position)
    }

    /// The two header words at `position`, which is a multiple of 16: atomic, since a peer may write at any time.
    #[inline]
    pub fn header(&self, position: u64) -> [&AtomicU64; 2] {
        let offset = self.offset(position);
        debug_assert!(offset.is_multiple_of(16));
        // SAFETY: `offset` is below the capacity and, both being multiples of 16, has 16 bytes behind it.
        let first = unsafe { self.base.add(offset) };
        // SAFETY: as above: 8 of those 16 bytes.
        let second = unsafe { first.add(8) };
        // SAFETY: aligned to 8 (the segment to a page, offset and block to 16) and mapped as long as `self`.
        let first = unsafe { AtomicU64::from_ptr(first.cast()) };
        // SAFETY: as above.
        let second = unsafe { AtomicU64::from_ptr(second.cast()) };
        [first, second]
    }

    /// Lends `len` bytes for reading.
    ///
    /// # Safety
    /// No well-behaved end writes them during the call (a hostile one may: the reader then sees wrong bytes, which
    /// are plain `u8` and checked by whoever reads them).
    #[inline]
    pub unsafe fn lend<R>(&self, position: u64, len: usize, read: impl FnOnce(&[u8]) -> R) -> R {
        let offset = self.offset(position);
        assert!(len <= self.capacity - offset);
        // SAFETY: in bounds, as just asserted.
        let start = unsafe { self.base.add(offset) };
        // SAFETY: mapped, initialised (the kernel gives zeros), and not written meanwhile by the caller's word.
        read(unsafe { std::slice::from_raw_parts(start, len) })
    }

    /// Lends `len` bytes for writing.
    ///
    /// # Safety
    /// No well-behaved end reads or writes them during the call.
    #[inline]
    pub unsafe fn lend_mut(&self, position: u64, len: usize, fill: impl FnOnce(&mut [u8])) {
        let offset = self.offset(position);
        assert!(len <= self.capacity - offset);
        // SAFETY: in bounds, as just asserted.
        let start = unsafe { self.base.add(offset) };
        // SAFETY: mapped, initialised, and touched by nobody else meanwhile by the caller's word.
        fill(unsafe { std::slice::from_raw_parts_mut(start, len) });
    }

    #[inline]
    fn offset(&self, position: u64) -> usize {
        position as usize & (self.capacity - 1)
    }
}
