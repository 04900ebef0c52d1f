//! Bytes that two processes share: by a name, by a descriptor, or by a file.
//!
//! Whatever backs them, they are private to the user, their space is reserved, so that a full file system is an error here
//! and never a SIGBUS later, their pages are touched before anything is timed, and their name, if they have one, goes as
//! soon as both ends have the mapping.

use super::advice::explained;
use super::fd::Descriptor;
use super::leftovers::{SHM_DIR, fresh_name};
use super::mapping::{self, Access, Mapping, Writers};
use rustix::fs::Mode;
use rustix::shm::OFlags;
use serde::{Deserialize, Serialize};
use shared_memory::{Shmem, ShmemConf, ShmemError};
use std::fs::OpenOptions;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, AtomicU64};

/// What holds a segment's bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backing {
    /// A POSIX shared-memory object with a name, over the crate `shared_memory`.
    Named,
    /// A sealed file in memory without a name, passed as a descriptor.
    Memfd,
    /// A file in the directory for temporary files.
    File,
}

/// What another process opens a segment by.
#[derive(Debug, Serialize, Deserialize)]
pub enum Handle {
    /// The object's name.
    Name(String),
    /// The sealed file.
    Memory(Descriptor),
    /// The file's path.
    Path(PathBuf),
}

/// Shared bytes, mapped for reading and writing unless they were opened to be read. The address is page-aligned and never changes.
pub struct Segment {
    base: *mut u8,
    /// Checked once; the file's size belongs to whoever can open it, ours does not change.
    len: usize,
    held: Held,
}

/// What keeps the mapping, and what other processes can still get it by.
enum Held {
    /// The crate creates with mode 0600 and `O_EXCL`, and unlinks the name if it owns it when it is dropped.
    Named {
        shmem: Shmem,
        name: String,
        _mapping: Mapping,
    },
    /// Another process's; the descriptor is closed, so that whoever takes this one over later cannot change its size.
    Opened {
        _mapping: Mapping,
    },
    Memory {
        _mapping: Mapping,
        file: Option<OwnedFd>,
    },
    File {
        _mapping: Mapping,
        path: Option<PathBuf>,
    },
}

// SAFETY: the mapping stays at its address until drop, and every access goes through atomics or through raw
// pointers whose users (the rings) state who may touch which bytes when.
unsafe impl Send for Segment {}
// SAFETY: as for `Send`; shared access hands out only atomics and raw pointers.
unsafe impl Sync for Segment {}

impl Segment {
    /// Creates `len` bytes of zeros.
    ///
    /// # Errors
    /// `ENOSPC` if there is no room for them, and whatever else the kernel says of creating and mapping.
    pub fn create(backing: Backing, len: usize) -> io::Result<Segment> {
        Segment::explained(backing, len, Writers::All)
    }

    /// The same for others to read: the seals keep them from mapping a file in memory for writing. A name or a path can be opened
    /// for writing by any process of the user that may open files.
    ///
    /// # Errors
    /// As [`create`](Self::create).
    pub fn create_to_be_read(backing: Backing, len: usize) -> io::Result<Segment> {
        Segment::explained(backing, len, Writers::Creator)
    }

    fn explained(backing: Backing, len: usize, writers: Writers) -> io::Result<Segment> {
        Segment::created(backing, len, writers).map_err(|error| {
            let place = match backing {
                Backing::Named => SHM_DIR.to_owned(),
                Backing::Memfd => "memory".to_owned(),
                Backing::File => std::env::temp_dir().display().to_string(),
            };
            io::Error::new(error.kind(), format!("{len} bytes in {place}: {}", explained(&error)))
        })
    }

    fn created(backing: Backing, len: usize, writers: Writers) -> io::Result<Segment> {
        match backing {
            Backing::Named => {
                let name = format!("/{}", fresh_name()?);
                let shmem = ShmemConf::new().size(len).os_id(&name).create().map_err(to_io)?;
                // The crate keeps its descriptor to itself, and its mapping has no guards, so the space is reserved and mapped
                // through a second one. On an error the owner's drop unlinks the name.
                let file = rustix::shm::open(&name, OFlags::RDWR, Mode::empty())?;
                mapping::reserve(&file, len)?;
                let mapping = Mapping::guarded(file, len, Access::Write)?;
                Ok(Segment::touched(mapping.as_ptr(), len, Held::Named { shmem, name, _mapping: mapping }))
            }
            Backing::Memfd => {
                let (file, mapping) = mapping::sealed_memory(len, writers)?;
                Ok(Segment::touched(
                    mapping.as_ptr(),
                    len,
                    Held::Memory { _mapping: mapping, file: Some(file) },
                ))
            }
            Backing::File => {
                let path = std::env::temp_dir().join(fresh_name()?);
                let mapping = Mapping::guarded(mapping::new_file(&path, len)?, len, Access::Write)
                    .inspect_err(|_| drop(std::fs::remove_file(&path)))?;
                Ok(Segment::touched(
                    mapping.as_ptr(),
                    len,
                    Held::File { _mapping: mapping, path: Some(path) },
                ))
            }
        }
    }

    /// Maps a segment that another process created with the same length.
    ///
    /// # Errors
    /// `NotFound` if its name is gone, `InvalidData` if it is shorter than `len` or could still be made so.
    pub fn open(handle: Handle, len: usize) -> io::Result<Segment> {
        let mapping = opened(handle, len, Access::Write)?;
        Ok(Segment::touched(mapping.as_ptr(), len, Held::Opened { _mapping: mapping }))
    }

    /// The same for reading alone: a store into it is a fault.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn open_to_read(handle: Handle, len: usize) -> io::Result<Segment> {
        let mapping = opened(handle, len, Access::Read)?;
        mapping.touch_to_read();
        Ok(Segment { base: mapping.as_ptr(), len, held: Held::Opened { _mapping: mapping } })
    }

    fn touched(base: *mut u8, len: usize, held: Held) -> Segment {
        let segment = Segment { base, len, held };
        segment.touch();
        segment
    }

    /// What another process opens it by.
    ///
    /// # Errors
    /// `NotFound` once it has been [`unlink`](Self::unlink)ed or if another process created it; or if there are no
    /// descriptors left.
    pub fn handle(&self) -> io::Result<Handle> {
        match &self.held {
            Held::Named { shmem, name, .. } if shmem.is_owner() => Ok(Handle::Name(name.clone())),
            Held::Memory { file: Some(file), .. } => Ok(Handle::Memory(Descriptor(file.try_clone()?))),
            Held::File { path: Some(path), .. } => Ok(Handle::Path(path.clone())),
            _ => Err(io::ErrorKind::NotFound.into()),
        }
    }

    /// Bytes mapped.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether it has no bytes (it never is; for completeness beside [`len`](Self::len)).
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Takes away what others could open it by; the mapping stays until the last end lets go. For the creator, once the
    /// other end has it.
    pub fn unlink(&mut self) {
        // Nothing to do if it is gone already.
        match &mut self.held {
            Held::Named { shmem, name, .. } => {
                if shmem.set_owner(false) {
                    let _ = rustix::shm::unlink(&*name);
                }
            }
            Held::Memory { file, .. } => drop(file.take()),
            Held::File { path, .. } => {
                if let Some(path) = path.take() {
                    let _ = std::fs::remove_file(path);
                }
            }
            Held::Opened { .. } => {}
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
        unsafe { self.base.add(offset) }
    }

    /// Maps every page in this process now: a fault costs microseconds, and none may fall into a timed stretch.
    fn touch(&self) {
        let start = self.base.cast();
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

impl Drop for Segment {
    fn drop(&mut self) {
        self.unlink();
    }
}

impl std::fmt::Debug for Segment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Segment").field("len", &self.len).finish_non_exhaustive()
    }
}

/// Maps what another process created.
fn opened(handle: Handle, len: usize, access: Access) -> io::Result<Mapping> {
    let file = match handle {
        Handle::Name(name) => {
            let flags = if access == Access::Write { OFlags::RDWR } else { OFlags::RDONLY };
            rustix::shm::open(name, flags, Mode::empty())?
        }
        Handle::Memory(Descriptor(file)) => {
            mapping::check_seals(&file)?;
            file
        }
        Handle::Path(path) => {
            // A link in its place is another's.
            let no_links = rustix::fs::OFlags::NOFOLLOW.bits().cast_signed();
            let write = access == Access::Write;
            OpenOptions::new().read(true).write(write).custom_flags(no_links).open(path)?.into()
        }
    };
    Mapping::guarded(file, len, access)
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
mod tests;
