//! Bytes that nobody wrote: vectors with bytes changed, lost, doubled and exchanged.

use super::*;
use crate::codec::fuzz::structured_clone;

#[test]
fn changed_vectors_never_panic_and_what_is_read_is_written_and_read_again() {
    let mut random = fastrand::Rng::with_seed(0x5EED);
    let vectors: Vec<Vec<u8>> = all_vectors().into_iter().map(|(_, _, bytes)| bytes).collect();
    let mut read = 0;
    for _ in 0..40_000 {
        let mut bytes = random.choice(&vectors).expect("a vector").clone();
        for _ in 0..random.usize(1..4) {
            let at = random.usize(0..=bytes.len());
            match random.u8(0..5) {
                0 => bytes.truncate(at.max(2)),
                1 => bytes.insert(at, random.u8(..)),
                2 if at < bytes.len() => bytes[at] = random.u8(..),
                3 if at < bytes.len() => bytes[at] ^= 1 << random.u8(0..8),
                _ => {
                    let other = random.choice(&vectors).expect("a vector");
                    let from = random.usize(0..=other.len());
                    bytes.splice(at..at, other[from..].iter().take(40).copied());
                }
            }
        }
        read += usize::from(structured_clone(&bytes));
    }
    assert!(
        read > 1000,
        "{read} of the changed vectors were messages: the test sees little else than the header"
    );
}
