//! A futex that works between processes: the word lies in shared memory, and `FUTEX_PRIVATE_FLAG` is never set.
//!
//! The word only wakes; what a woken thread may do is decided by the ring's indices alone.

use rustix::io::Errno;
use rustix::thread::futex;
use std::sync::atomic::AtomicU32;
use std::time::Duration;

/// Sleeps while `word` holds `expected`, at most for `limit` if there is one. Returns at a wake-up, at a signal, or at once if the
/// word differs; the caller checks its own condition again in every case (`futex(2)`, `FUTEX_WAIT`).
pub fn wait(word: &AtomicU32, expected: u32, limit: Option<Duration>) {
    let limit = limit.map(|limit| futex::Timespec {
        tv_sec: limit.as_secs() as i64,
        tv_nsec: i64::from(limit.subsec_nanos()),
    });
    match futex::wait(word, futex::Flags::empty(), expected, limit.as_ref()) {
        Ok(()) | Err(Errno::AGAIN | Errno::INTR | Errno::TIMEDOUT) => {}
        Err(error) => unreachable!("FUTEX_WAIT on an aligned, mapped word: {error}"),
    }
}

/// Wakes at most `count` threads that sleep on `word`; answers how many there were.
pub fn wake(word: &AtomicU32, count: u32) -> usize {
    futex::wake(word, futex::Flags::empty(), count).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::Ordering;

    #[test]
    fn a_sleeper_is_woken_and_a_changed_word_does_not_sleep() {
        let word = AtomicU32::new(1);
        wait(&word, 0, None); // differs: returns at once
        wait(&word, 1, Some(Duration::from_micros(1))); // nobody wakes it
        std::thread::scope(|scope| {
            scope.spawn(|| {
                // SYNC: the Release store below
                while word.load(Ordering::Acquire) == 1 {
                    wait(&word, 1, None);
                }
            });
            word.store(2, Ordering::Release); // SYNC: the Acquire load above
            wake(&word, 1);
        });
    }
}
