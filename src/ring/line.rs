//! Polling a cache line in order to own it.

use std::sync::atomic::AtomicU64;

/// Asks for the line of `word` as its owner-to-be, without changing it.
///
/// Whoever polls so already owns the line when it answers in it: one transfer for each direction, where plain loads take
/// one to see the change and another to write the answer. For a line with one poller at a time: several would take it
/// from each other.
#[inline]
pub fn prefetch_write(word: &AtomicU64) {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: a hint about a mapped address; it has no effect that a program can see.
    unsafe {
        core::arch::asm!("prefetchw [{}]", in(reg) word.as_ptr(), options(nostack, preserves_flags, readonly));
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = word;
}
