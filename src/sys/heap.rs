//! What the allocator does with memory that is given back.

/// Keeps what is freed for what is allocated next. By itself, glibc gives large blocks back to the kernel until one of a size has
/// been freed, and some of them ever after; whether a large message meets fresh pages, at 2.6 µs for each on some hosts, would
/// depend on what happened before it.
pub fn keep_freed_pages() {
    #[cfg(target_env = "gnu")]
    {
        /// The largest that glibc takes for it on 64 bits (`malloc.h`, `HEAP_MAX_SIZE` / 2).
        const LARGEST: libc::c_int = 32 << 20;
        for (number, value) in [(libc::M_MMAP_THRESHOLD, LARGEST), (libc::M_TRIM_THRESHOLD, libc::c_int::MAX)]
        {
            // SAFETY: the call sets one number of the allocator, which it may at any time.
            unsafe { libc::mallopt(number, value) };
        }
    }
}
