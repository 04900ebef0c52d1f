//! A shared mapping of a descriptor's first bytes, unmapped when dropped.

use rustix::fs::{FallocateFlags, MemfdFlags, SealFlags};
use rustix::mm::{MapFlags, ProtFlags};
use std::fs::{File, OpenOptions};
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// The mapping. Its address is page-aligned and never changes.
#[derive(Debug)]
pub(super) struct Mapping {
    base: *mut u8,
    len: usize,
    /// Bytes before it and behind its last page that nobody may touch.
    guard: usize,
}

/// What may be done with a mapping.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Access {
    Read,
    Write,
}

impl Access {
    fn rights(self) -> ProtFlags {
        match self {
            Access::Read => ProtFlags::READ,
            Access::Write => ProtFlags::READ | ProtFlags::WRITE,
        }
    }
}

// SAFETY: the mapping stays at its address until drop and gives out nothing but that address.
unsafe impl Send for Mapping {}
// SAFETY: as for `Send`.
unsafe impl Sync for Mapping {}

/// Who may map a sealed file for writing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Writers {
    /// Whoever has its descriptor.
    All,
    /// Its creator, who has mapped it before it was sealed (`F_SEAL_FUTURE_WRITE`, Linux 5.1).
    Creator,
}

/// What keeps a sealed file as it is: no end can shrink it under the other's mapping, or take the seals off.
const SEALS: SealFlags = SealFlags::SHRINK.union(SealFlags::GROW).union(SealFlags::SEAL);

impl Mapping {
    /// Maps `len` bytes of a file, for reading and writing by everybody who maps it.
    ///
    /// # Errors
    /// `InvalidData` if the file is shorter; whatever the kernel says of mapping.
    pub(super) fn new(file: impl AsFd, len: usize) -> io::Result<Mapping> {
        Mapping::with(file, len, Access::Write, 0)
    }

    /// The same for reading alone.
    pub(super) fn read_only(file: impl AsFd, len: usize) -> io::Result<Mapping> {
        Mapping::with(file, len, Access::Read, 0)
    }

    /// The same between two pages that nobody may touch: who runs over an end, were it by a length that a peer has written, is
    /// stopped there and reads nothing of anybody else's. It costs a call more: for memory that stays, not for a frame's.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub(super) fn guarded(file: impl AsFd, len: usize, access: Access) -> io::Result<Mapping> {
        Mapping::with(file, len, access, rustix::param::page_size())
    }

    fn with(file: impl AsFd, len: usize, access: Access, guard: usize) -> io::Result<Mapping> {
        let size = rustix::fs::fstat(&file)?.st_size;
        if (size as u64) < len as u64 {
            let message = format!("the shared file has {size} bytes, expected {len}");
            return Err(io::Error::new(io::ErrorKind::InvalidData, message));
        }
        let rights = access.rights();
        if guard == 0 {
            // SAFETY: the kernel chooses an address that nobody uses.
            let base =
                unsafe { rustix::mm::mmap(std::ptr::null_mut(), len, rights, MapFlags::SHARED, file, 0)? };
            return Ok(Mapping { base: base.cast(), len, guard });
        }
        let mapping = Mapping::reserved(len, guard)?;
        // SAFETY: these addresses are ours, and nothing is there yet.
        unsafe {
            rustix::mm::mmap(mapping.base.cast(), len, rights, MapFlags::SHARED | MapFlags::FIXED, file, 0)?
        };
        Ok(mapping)
    }

    /// Addresses with nothing behind them.
    fn reserved(len: usize, guard: usize) -> io::Result<Mapping> {
        let (nothing, flags) = (ProtFlags::empty(), MapFlags::PRIVATE | MapFlags::NORESERVE);
        // SAFETY: the kernel chooses an address that nobody uses.
        let start =
            unsafe { rustix::mm::mmap_anonymous(std::ptr::null_mut(), whole(len, guard), nothing, flags)? };
        // SAFETY: inside what has just been reserved.
        Ok(Mapping { base: unsafe { start.cast::<u8>().add(guard) }, len, guard })
    }

    /// Maps once more what this process has mapped from `start` on and shares with others (`mremap(2)` with an old size of zero).
    ///
    /// # Errors
    /// If nothing is mapped there, or nothing that is shared.
    pub(super) fn again(start: usize, len: usize) -> io::Result<Mapping> {
        let start = std::ptr::without_provenance_mut(start);
        // SAFETY: with an old size of zero nothing is moved: the kernel makes a second mapping where nobody has one, or refuses.
        let base = unsafe { rustix::mm::mremap(start, 0, len, rustix::mm::MremapFlags::MAYMOVE)? };
        Ok(Mapping { base: base.cast(), len, guard: 0 })
    }

    /// Bytes.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Maps every page in this process now, as far as the kernel can (Linux 5.14): a fault costs microseconds.
    pub(super) fn touch_to_read(&self) {
        // SAFETY: the range is exactly our mapping; populating it changes no byte.
        let _ =
            unsafe { rustix::mm::madvise(self.base.cast(), self.len, rustix::mm::Advice::LinuxPopulateRead) };
    }

    /// Where it starts.
    pub(super) fn as_ptr(&self) -> *mut u8 {
        self.base
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: the guard before it is part of what was mapped.
        let start = unsafe { self.base.sub(self.guard) };
        // SAFETY: exactly what was mapped, and no address of it outlives `self`.
        let unmapped = unsafe { rustix::mm::munmap(start.cast(), whole(self.len, self.guard)) };
        debug_assert!(unmapped.is_ok());
    }
}

/// Bytes of addresses that a mapping takes with its guards.
fn whole(len: usize, guard: usize) -> usize {
    len.next_multiple_of(rustix::param::page_size()) + 2 * guard
}

/// A file without a name, in memory, of `len` bytes whose space is reserved and whose size is sealed (`memfd_create(2)`), and its
/// mapping for writing.
///
/// # Errors
/// `StorageFull` if the machine has less memory left: such files have no limit of their own, so the kernel would kill
/// somebody instead.
pub(super) fn sealed_memory(len: usize, writers: Writers) -> io::Result<(OwnedFd, Mapping)> {
    if available_memory().is_some_and(|available| available < len as u64) {
        return Err(io::ErrorKind::StorageFull.into());
    }
    let file = rustix::fs::memfd_create("ipcmark", MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING)?;
    reserve(&file, len)?;
    let mapping = Mapping::guarded(&file, len, Access::Write)?;
    if writers == Writers::Creator {
        rustix::fs::fcntl_add_seals(&file, SealFlags::FUTURE_WRITE)?;
    }
    seal(&file)?;
    Ok((file, mapping))
}

/// Keeps a file in memory as long as it is, for ever.
pub(super) fn seal(file: impl AsFd) -> io::Result<()> {
    Ok(rustix::fs::fcntl_add_seals(file, SEALS)?)
}

/// Refuses a descriptor that its sender could still shrink: touching what is gone would be SIGBUS.
pub(super) fn check_seals(file: impl AsFd) -> io::Result<()> {
    let seals = rustix::fs::fcntl_get_seals(file)?;
    if seals.contains(SEALS) {
        return Ok(());
    }
    let message = format!("shared memory that is not sealed against shrinking (seals: {seals:?})");
    Err(io::Error::new(io::ErrorKind::InvalidData, message))
}

/// A new file at `path` for this user alone, of `len` bytes whose space is reserved.
pub(super) fn new_file(path: &Path, len: usize) -> io::Result<File> {
    let file = OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(path)?;
    // A file that could not be made whole is not left behind.
    reserve(&file, len).inspect_err(|_| drop(std::fs::remove_file(path)))?;
    Ok(file)
}

/// Makes a file `len` bytes long with all of its space taken, so that a full file system is an error here.
pub(super) fn reserve(file: impl AsFd, len: usize) -> io::Result<()> {
    /// A signal undoes what a call has reserved so far: a call that takes longer than signals are apart would never end.
    const PIECE: usize = 256 << 10;
    // Told before a part of it has filled the place up. Memory without a mount of its own has no size, and its caller looks.
    let place = rustix::fs::fstatvfs(&file)?;
    if place.f_blocks > 0 && place.f_bavail.saturating_mul(place.f_frsize) < len as u64 {
        return Err(io::Error::from_raw_os_error(libc::ENOSPC));
    }
    for at in (0..len).step_by(PIECE) {
        let piece = PIECE.min(len - at) as u64;
        rustix::io::retry_on_intr(|| {
            rustix::fs::fallocate(&file, FallocateFlags::empty(), at as u64, piece)
        })?;
    }
    Ok(())
}

/// Bytes that programs can still have (`MemAvailable` of `/proc/meminfo`).
fn available_memory() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/meminfo").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1024)
}
