//! Samples of iceoryx2 that nobody clears before they are written.
//!
//! What the crate lends without clearing it is bytes that may be anything, in a type that only unsafe code can take for
//! bytes. The loan that is safe writes every byte twice.

use iceoryx2::port::SendError;
use iceoryx2::port::publisher::Publisher;
use iceoryx2::prelude::ipc_threadsafe::Service;

/// Borrows a sample of `len` bytes, has `fill` write them, sends it, and answers how many subscribers it reached. `fill`
/// sees arbitrary bytes.
///
/// # Errors
/// What the crate answers: [`SendError::LoanError`] if `len` is more than the publisher was made for,
/// [`SendError::UnableToDeliver`] if its handler has given up waiting for room.
#[inline]
pub fn send_lent(
    publisher: &Publisher<Service, [u8], ()>,
    len: usize,
    fill: impl FnOnce(&mut [u8]),
) -> Result<usize, SendError> {
    let mut sample = publisher.loan_slice_uninit(len)?;
    let bytes = sample.payload_mut();
    // SAFETY: This service's samples lie in shared memory, which the kernel has cleared and only bytes were written to, so
    // they hold some value, and any is a `u8`; the slice borrows the sample's own.
    fill(unsafe { std::slice::from_raw_parts_mut(bytes.as_mut_ptr().cast(), bytes.len()) });
    // SAFETY: As above.
    unsafe { sample.assume_init() }.send()
}
