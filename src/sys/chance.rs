//! What nobody can guess.

use rustix::rand::{GetRandomFlags, getrandom};
use std::io;

/// Bytes of the kernel's own (`getrandom(2)`): by a system call, because a confined process opens no file.
///
/// # Errors
/// If the kernel has none.
pub fn unguessable<const N: usize>() -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    let mut filled = 0;
    while filled < N {
        filled += rustix::io::retry_on_intr(|| getrandom(&mut bytes[filled..], GetRandomFlags::empty()))?;
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_are_alike() {
        let [one, other] = [(); 2].map(|()| unguessable::<16>().expect("chance"));
        assert_ne!(one, other);
    }
}
