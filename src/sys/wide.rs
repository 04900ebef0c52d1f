//! Code for the widest vectors that the CPU at hand has, chosen when it runs: a program is compiled for the oldest CPU that it may
//! meet, whose vectors are half as wide.

/// Runs `work`, compiled for 32-byte vectors where the CPU has them. It is worth its call (about 2 ns) for loops over
/// hundreds of bytes that the compiler can inline into it.
#[inline]
pub fn widest<R>(work: impl FnOnce() -> R) -> R {
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx2") {
        #[target_feature(enable = "avx2")]
        fn with_avx2<R>(work: impl FnOnce() -> R) -> R {
            work()
        }
        // SAFETY: the CPU has what the function was compiled for, as has just been asked.
        return unsafe { with_avx2(work) };
    }
    work()
}
