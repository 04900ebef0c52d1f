//! A mapping that two processes share, over the crate `shared_memory` (POSIX shared memory).
//!
//! The crate creates with mode 0600 and `O_EXCL`; this wrapper adds what it lacks: space is reserved, so that a
//! full `/dev/shm` is an error here and never a SIGBUS later; pages are touched before anything is timed; the size is
//! checked on opening; and the name goes as soon as both ends have the mapping.

use super::leftovers::fresh_name;
use rustix::fs::{FallocateFlags, Mode};
use rustix::shm::OFlags;
use shared_memory::{Shmem, ShmemConf, ShmemError};
use std::io;
use std::sync::atomic::{AtomicU32, AtomicU64};

/// Shared bytes, mapped for reading and writing. The address is page-aligned and never changes.
pub struct Segment {
    shmem: Shmem,
    name: String,
    /// Checked once; the file's size belongs to whoever can open it, ours does not change.
    len: usize,
}

// SAFETY: the mapping stays at its address until drop, and every access goes through atomics or through raw
// pointers whose users (the rings) state who may touch which bytes when.
unsafe impl Send for Segment {}
// SAFETY: as for `Send`; shared access hands out only atomics and raw pointers.
unsafe impl Sync for Segment {}

impl Segment {
    /// Creates `len` bytes of zeros under a fresh name.
    ///
    /// # Errors
    /// `ENOSPC` if `/dev/shm` cannot hold them, and whatever else the kernel says of creating and mapping.
    pub fn create(len: usize) -> io::Result<Segment> {
        let name = format!("/{}", fresh_name());
        let shmem = ShmemConf::new().size(len).os_id(&name).create().map_err(to_io)?;
        // The crate keeps its descriptor to itself, so the space is reserved through a second one. On an error the
        // owner's drop unlinks the name.
        let fd = rustix::shm::open(&name, OFlags::RDWR, Mode::empty())?;
        rustix::fs::fallocate(&fd, FallocateFlags::empty(), 0, len as u64)?;
        let segment = Segment { shmem, name, len };
        segment.touch();
        Ok(segment)
    }

    /// Maps a segment that another process created with the same length.
    ///
    /// # Errors
    /// `NotFound` if the name is gone, `InvalidData` if the object is shorter than `len`.
    pub fn open(name: &str, len: usize) -> io::Result<Segment> {
        let shmem = ShmemConf::new().os_id(name).open().map_err(to_io)?;
        if shmem.len() < len {
            let message = format!("segment {name} has {} bytes, expected {len}", shmem.len());
            return Err(io::Error::new(io::ErrorKind::InvalidData, message));
        }
        let segment = Segment { shmem, name: name.to_owned(), len };
        segment.touch();
        Ok(segment)
    }

    /// What another process opens it by.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Bytes mapped.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether it has no bytes (it never is; for completeness beside [`len`](Self::len)).
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Removes the name; the mapping stays until the last end lets go. For the creator, once the other end has it.
    pub fn unlink(&mut self) {
        if self.shmem.set_owner(false) {
            // Nothing to do if it is gone already.
            let _ = rustix::shm::unlink(&self.name);
        }
    }

    /// The atomic word at `offset`.
    ///
    /// # Panics
    /// If it is not inside the segment or not aligned: offsets are constants of this program, never a peer's.
    pub fn u32_at(&self, offset: usize) -> &AtomicU32 {
        let pointer = self.checked(offset, 4, 4).cast::<u32>();
        // SAFETY: in bounds and aligned (checked), mapped as long as `self`, and only ever accessed atomically.
        unsafe { AtomicU32::from_ptr(pointer) }
    }

    /// The atomic double word at `offset`; otherwise as [`u32_at`](Self::u32_at).
    pub fn u64_at(&self, offset: usize) -> &AtomicU64 {
        let pointer = self.checked(offset, 8, 8).cast::<u64>();
        // SAFETY: in bounds and aligned (checked), mapped as long as `self`, and only ever accessed atomically.
        unsafe { AtomicU64::from_ptr(pointer) }
    }

    /// Where the `len` bytes at `offset` start. No reference is made: who may touch them when is the caller's law.
    ///
    /// # Panics
    /// If they are not all inside the segment.
    pub fn bytes_at(&self, offset: usize, len: usize) -> *mut u8 {
        self.checked(offset, len, 1)
    }

    fn checked(&self, offset: usize, len: usize, align: usize) -> *mut u8 {
        let end = offset.checked_add(len).expect("offset overflows");
        assert!(end <= self.len && offset.is_multiple_of(align), "{offset}+{len} in {} bytes", self.len);
        // SAFETY: `offset` is inside the mapping, as just checked.
        unsafe { self.shmem.as_ptr().add(offset) }
    }

    /// Maps every page in this process now: a fault costs microseconds, and none may fall into a timed stretch.
    fn touch(&self) {
        let start = self.shmem.as_ptr().cast();
        // SAFETY: the range is exactly our mapping; populating it changes no byte.
        let populated =
            unsafe { rustix::mm::madvise(start, self.len, rustix::mm::Advice::LinuxPopulateWrite) };
        if populated.is_err() {
            // Before Linux 5.14: one atomic access that changes nothing per page.
            let page = rustix::param::page_size();
            for offset in (0..self.len.saturating_sub(3)).step_by(page) {
                self.u32_at(offset).fetch_or(0, std::sync::atomic::Ordering::Relaxed);
            }
        }
    }
}

impl std::fmt::Debug for Segment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Segment").field("name", &self.name).field("len", &self.len).finish_non_exhaustive()
    }
}

fn to_io(error: ShmemError) -> io::Error {
    match error {
        ShmemError::MapCreateFailed(code)
        | ShmemError::MapOpenFailed(code)
        | ShmemError::UnknownOsError(code) => io::Error::from_raw_os_error(code as i32),
        other => io::Error::other(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    use std::path::Path;
    use std::sync::atomic::Ordering;

    fn path_of(segment: &Segment) -> std::path::PathBuf {
        Path::new(super::super::leftovers::SHM_DIR).join(segment.name().trim_start_matches('/'))
    }

    #[test]
    fn both_ends_see_the_same_bytes_and_the_name_goes() {
        let mut ours = Segment::create(8192).unwrap();
        let theirs = Segment::open(ours.name(), 8192).unwrap();
        ours.u64_at(4096).store(42, Ordering::Release); // SYNC: the Acquire load below
        assert_eq!(theirs.u64_at(4096).load(Ordering::Acquire), 42);
        let path = path_of(&ours);
        assert!(path.exists());
        ours.unlink();
        assert!(!path.exists());
        assert!(Segment::open(ours.name(), 8192).is_err());
    }

    #[test]
    fn private_to_the_user_and_reserved_in_full() {
        let segment = Segment::create(1 << 20).unwrap();
        let metadata = std::fs::metadata(path_of(&segment)).unwrap();
        assert_eq!(metadata.permissions().mode() & 0o777, 0o600);
        assert!(metadata.blocks() * 512 >= 1 << 20, "space is reserved, not sparse");
    }

    #[test]
    fn too_short_and_too_large_are_errors() {
        let small = Segment::create(4096).unwrap();
        assert_eq!(Segment::open(small.name(), 8192).unwrap_err().kind(), io::ErrorKind::InvalidData);
        assert!(Segment::create(1 << 50).is_err(), "more than any /dev/shm holds");
    }

    #[test]
    #[should_panic(expected = "bytes")]
    fn an_offset_outside_is_refused() {
        Segment::create(4096).unwrap().u64_at(4096);
    }
}
