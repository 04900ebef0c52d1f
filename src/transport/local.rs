//! Addresses inside one process: a key into a process-wide map of waiting ends, so that an in-process address
//! serialises like any other.

use super::Error;
use serde::{Deserialize, Serialize};
use std::any::Any;
use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

static WAITING: Mutex<BTreeMap<u64, Box<dyn Any + Send>>> = Mutex::new(BTreeMap::new());
static NEXT: AtomicU64 = AtomicU64::new(0);

/// The key of an end that waits to be taken. It means something in the process that made it, once.
#[derive(Debug, Serialize, Deserialize)]
pub struct LocalAddress(u64);

impl LocalAddress {
    /// Leaves `end` to be taken.
    pub(super) fn leave<T: Any + Send>(end: T) -> LocalAddress {
        let key = NEXT.fetch_add(1, Ordering::Relaxed); // only uniqueness matters
        waiting().insert(key, Box::new(end));
        LocalAddress(key)
    }

    /// Takes what was left.
    pub(super) fn take<T: Any>(self) -> Result<T, Error> {
        let end = waiting().remove(&self.0);
        // Absent: taken twice, or the address has left its process.
        end.and_then(|end| end.downcast().ok()).map(|end| *end).ok_or(Error::Closed { peer: None })
    }
}

fn waiting() -> std::sync::MutexGuard<'static, BTreeMap<u64, Box<dyn Any + Send>>> {
    WAITING.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}
