//! Copies past the cache.
//!
//! A plain store needs its line first, and a line that the reader has just read is dear to take back: across chiplets some
//! 27 ns each, whatever the instruction. A non-temporal store takes nothing back: it collects a line in a write-combining
//! buffer and sends it to memory whole (Intel's and AMD's optimisation manuals, "streaming stores").

/// Copies `from` over `to` with non-temporal stores, and makes them visible before any later store.
///
/// Slower than a plain copy where the reader shares the writer's cache, for less than some KiB at a time, and for
/// anything that the writer reads again soon. Where the CPU has no such stores it is a plain copy.
///
/// # Panics
/// If the lengths differ.
#[inline]
pub fn stream(to: &mut [u8], from: &[u8]) {
    assert_eq!(to.len(), from.len());
    #[cfg(target_arch = "x86_64")]
    sse2::stream(to, from);
    #[cfg(not(target_arch = "x86_64"))]
    to.copy_from_slice(from);
}

#[cfg(target_arch = "x86_64")]
mod sse2 {
    use core::arch::x86_64::{__m128i, _mm_loadu_si128, _mm_sfence, _mm_stream_si128};

    /// Bytes that one instruction stores, at an address that is a multiple of it.
    const WIDTH: usize = size_of::<__m128i>();

    #[inline]
    pub(super) fn stream(to: &mut [u8], from: &[u8]) {
        let head = to.as_ptr().align_offset(WIDTH).min(to.len());
        let (to_head, to) = to.split_at_mut(head);
        let (from_head, from) = from.split_at(head);
        to_head.copy_from_slice(from_head);
        let (to, to_tail) = to.as_chunks_mut::<WIDTH>();
        let (from, from_tail) = from.as_chunks::<WIDTH>();
        for (to, from) in to.iter_mut().zip(from) {
            // SAFETY: 16 bytes are readable at `from`, at any alignment.
            let bytes = unsafe { _mm_loadu_si128(from.as_ptr().cast()) };
            // SAFETY: 16 bytes are writable at `to`, which the head has brought to a multiple of 16. The stores are
            // ordered before anything that follows by the fence below, as non-temporal stores must be before their
            // bytes are handed to anybody.
            unsafe { _mm_stream_si128(to.as_mut_ptr().cast(), bytes) };
        }
        // SAFETY: every x86-64 CPU has it; it only orders stores.
        unsafe { _mm_sfence() };
        to_tail.copy_from_slice(from_tail);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn it_copies_every_byte_and_no_other(len in 0usize..300, at in 0usize..40, seed: u8) {
            let from: Vec<u8> = (0..len).map(|i| (i as u8).wrapping_mul(31).wrapping_add(seed)).collect();
            let mut to = vec![0xEE; len + 80];
            stream(&mut to[at..at + len], &from);
            prop_assert_eq!(&to[at..at + len], &from[..]);
            prop_assert!(to[..at].iter().chain(&to[at + len..]).all(|&byte| byte == 0xEE));
        }
    }
}
