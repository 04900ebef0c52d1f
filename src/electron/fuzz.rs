//! What must hold for any bytes as a frame of Electron's interface: the body of a fuzz target.

use super::wire;

/// Bytes that a renderer sends as a frame: refused, or a frame that is written as it was. Whether it was one with a body that is a value.
///
/// # Panics
/// If that does not hold.
pub fn wire(bytes: &[u8]) -> bool {
    let Ok(frame) = wire::read(bytes) else { return false };
    let mut written = Vec::new();
    wire::begin(&mut written, frame.header, &frame.ports).expect("what was read can be written");
    written.extend_from_slice(frame.body);
    assert!(written == bytes, "a frame has one form");
    wire::args(frame.body).is_ok() | wire::value(frame.body).is_ok()
}
