//! What the system lets this process have.

use rustix::process::{Resource, getrlimit};
use serde::Serialize;

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
