//! What the system lets this process have.

use rustix::process::{Resource, getrlimit};
use serde::Serialize;
use std::io;
use std::os::unix::net::UnixStream;

/// Limits, as they are now.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Limits {
    /// Open descriptors.
    pub descriptors: u64,
    /// Bytes of memory that may be locked; `None` for any number.
    pub locked_memory: Option<u64>,
    /// Bytes that are free where shared memory with a name is kept; `None` if there is no such place.
    pub shared_memory_free: Option<u64>,
}

/// Sees that so many more descriptors can be opened now: for a library that does not expect that they cannot.
///
/// # Errors
/// `EMFILE` if they cannot.
pub fn spare_descriptors(count: usize) -> io::Result<()> {
    let (one, _other) = UnixStream::pair()?;
    // They are closed again at the end, all at once.
    (2..count).map(|_| one.try_clone()).collect::<io::Result<Vec<_>>>().map(drop)
}

impl Limits {
    /// As they are now.
    pub fn read() -> Limits {
        let free = rustix::fs::statvfs("/dev/shm").ok().map(|place| place.f_bavail * place.f_frsize);
        Limits {
            descriptors: getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX),
            locked_memory: getrlimit(Resource::Memlock).current,
            shared_memory_free: free,
        }
    }
}
