//! What confines a renderer once it has connected: first its rights to files ([`landlock`], where the kernel
//! has that), then its system calls ([`seccomp`]), among them that by which rights are given up.

use super::{landlock, seccomp};
use std::io;

/// Confines the whole process, for good: the filter holds for all of its threads, the loss of rights for the calling one and those
/// to come.
///
/// # Errors
/// If the kernel has no seccomp filters, or a thread has filters of its own; or if it has Landlock and refuses.
pub fn confine() -> io::Result<()> {
    landlock::confine_thread()?;
    seccomp::confine()
}

/// Confines the calling thread, for good, and those that it starts: for a renderer that is a thread.
///
/// # Errors
/// As [`confine`].
pub fn confine_thread() -> io::Result<()> {
    landlock::confine_thread()?;
    seccomp::confine_thread()
}
