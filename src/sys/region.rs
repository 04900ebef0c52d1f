//! Memory for one message: a sealed file without a name that one process makes and writes, another maps and reads, and nobody keeps.
//!
//! Each costs what making, mapping and clearing fresh pages costs, and giving them back: nothing is pooled. Chromium does the same for
//! large messages (`mojo/public/cpp/base/big_buffer.cc` over `base/memory/platform_shared_memory_region_posix.cc`, which
//! reserves the space as we do, so that a machine without memory is an error here and never a SIGBUS).

use super::mapping::{self, Mapping};
use rustix::fs::MemfdFlags;
use rustix::io::Errno;
use std::io;
use std::os::fd::{AsFd, OwnedFd};

/// Of a file system in memory with pages of the usual size, `statfs(2)`. Huge pages may run out under a mapping.
const TMPFS_MAGIC: i64 = 0x0102_1994;

/// A region that nobody else has yet.
#[derive(Debug)]
pub struct Fresh {
    mapping: Mapping,
    file: OwnedFd,
    len: usize,
}

impl Fresh {
    /// Makes `len` bytes, at least one.
    ///
    /// # Errors
    /// Whatever the kernel says: too many descriptors, too little memory.
    pub fn create(len: usize) -> io::Result<Fresh> {
        let file = rustix::fs::memfd_create("ipcmark", MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING)?;
        mapping::reserve(&file, len)?;
        mapping::seal(&file)?;
        Ok(Fresh { mapping: Mapping::new(&file, len)?, file, len })
    }

    /// Has `fill` write all of it, and answers what another process opens it by.
    pub fn fill(self, fill: impl FnOnce(&mut [u8])) -> OwnedFd {
        let start = self.mapping.as_ptr();
        // SAFETY: mapped, `len` bytes, zero at first, and nobody else's: the descriptor has not left `self`.
        fill(unsafe { std::slice::from_raw_parts_mut(start, self.len) });
        self.file
    }
}

/// A region that another process made.
#[derive(Debug)]
pub struct Received {
    mapping: Mapping,
    len: usize,
}

impl Received {
    /// Maps the first `len` bytes, at least one, for reading.
    ///
    /// # Errors
    /// `InvalidData` unless it is a sealed file in memory of at least so many bytes: its maker could take away what we
    /// read, and that would be SIGBUS. Otherwise what the kernel says of mapping.
    pub fn open(file: impl AsFd, len: usize) -> io::Result<Received> {
        let other = |_: Errno| io::Error::new(io::ErrorKind::InvalidData, "a descriptor of something else");
        if rustix::fs::fstatfs(&file).map_err(other)?.f_type as i64 != TMPFS_MAGIC {
            return Err(other(Errno::INVAL));
        }
        mapping::check_seals(&file)?;
        let mapping = match Mapping::read_only(&file, len) {
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                return Err(other(Errno::ACCESS));
            }
            outcome => outcome?,
        };
        Ok(Received { mapping, len })
    }

    /// Lends the bytes where they are: for a reader that trusts the maker not to write them meanwhile.
    pub fn read<R>(self, read: impl FnOnce(&[u8]) -> R) -> R {
        let start = self.mapping.as_ptr();
        // SAFETY: mapped as long as `self`, `len` bytes that the file cannot lose (its size is sealed), initialised, and not
        // written by a well-behaved maker, who let go of them. A hostile one may: the reader then sees wrong bytes.
        read(unsafe { std::slice::from_raw_parts(start, self.len) })
    }

    /// Copies the bytes, in place of what `into` held: what is looked at afterwards nobody else can write.
    pub fn copy_to(self, into: &mut Vec<u8>) {
        into.clear();
        self.read(|bytes| into.extend_from_slice(bytes));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::fs::{SealFlags, fcntl_add_seals, ftruncate, memfd_create};

    const LEN: usize = 100_001;

    fn refused(file: impl AsFd, len: usize) -> bool {
        matches!(Received::open(file, len), Err(error) if error.kind() == io::ErrorKind::InvalidData)
    }

    /// A file that its maker has sealed as it likes.
    fn made(seals: SealFlags) -> OwnedFd {
        let file = memfd_create("test", MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING).unwrap();
        ftruncate(&file, LEN as u64).unwrap();
        fcntl_add_seals(&file, seals).unwrap();
        file
    }

    #[test]
    fn what_one_writes_another_reads() {
        let write = || Fresh::create(LEN).unwrap().fill(|bytes| bytes.fill(7));
        assert_eq!(Received::open(write(), LEN).unwrap().read(<[u8]>::to_vec), vec![7; LEN]);
        let mut copy = vec![1; 3];
        Received::open(write(), LEN - 1).unwrap().copy_to(&mut copy);
        assert_eq!(copy, vec![7; LEN - 1]);
    }

    /// S15: whoever writes less than all of it gives nothing else away.
    #[test]
    fn what_nobody_has_written_is_zero() {
        let file = Fresh::create(LEN).unwrap().fill(|bytes| bytes[..10].fill(7));
        let bytes = Received::open(file, LEN).unwrap().read(<[u8]>::to_vec);
        assert!(bytes[..10] == [7; 10] && bytes[10..].iter().all(|&byte| byte == 0));
    }

    /// S16: a write there would be a fault.
    #[test]
    fn its_reader_has_it_mapped_for_reading_alone() {
        let received = Received::open(Fresh::create(LEN).unwrap().fill(|_| ()), LEN).unwrap();
        let start = format!("{:x}-", received.mapping.as_ptr().addr());
        let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
        let line = maps.lines().find(|line| line.starts_with(&start)).unwrap();
        assert_eq!(line.split(' ').nth(1), Some("r--s"), "{line}");
    }

    #[test]
    fn its_length_is_what_was_asked_for_and_stays() {
        let file = Fresh::create(LEN).unwrap().fill(|bytes| bytes.fill(7));
        assert!(refused(&file, LEN + 1), "more is claimed than there is");
        assert!(ftruncate(&file, LEN as u64 - 1).is_err() && ftruncate(&file, LEN as u64 + 1).is_err());
    }

    #[test]
    fn what_its_maker_could_shrink_is_refused() {
        let all = SealFlags::SHRINK | SealFlags::GROW | SealFlags::SEAL;
        assert!(!refused(made(all), LEN));
        assert!(!refused(made(all | SealFlags::WRITE), LEN), "more seals do no harm");
        for missing in [SealFlags::SHRINK, SealFlags::GROW] {
            assert!(refused(made(all - missing), LEN), "without {missing:?}");
        }
        let short = made(SealFlags::empty());
        ftruncate(&short, 10).unwrap();
        fcntl_add_seals(&short, all).unwrap();
        assert!(refused(short, LEN), "cut short, then sealed");
    }

    #[test]
    fn what_is_no_file_in_memory_is_refused() {
        let (reader, writer) = rustix::pipe::pipe_with(rustix::pipe::PipeFlags::CLOEXEC).unwrap();
        let (socket, _other) = std::os::unix::net::UnixStream::pair().unwrap();
        assert!(refused(reader, LEN) && refused(writer, LEN) && refused(socket, LEN));
        assert!(refused(std::fs::File::open("/proc/self/exe").unwrap(), 1));
        // Whoever can make huge pages could let them run out.
        let huge =
            memfd_create("test", MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING | MemfdFlags::HUGETLB);
        if let Ok(huge) = huge {
            let _ = ftruncate(&huge, 2 << 20);
            let _ = fcntl_add_seals(&huge, SealFlags::SHRINK | SealFlags::GROW | SealFlags::SEAL);
            assert!(refused(huge, LEN));
        }
    }
}
