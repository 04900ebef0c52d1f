//! What must hold for any bytes: the bodies of fuzz targets. Tests run them over changed vectors.

use super::Codec;
use super::v8::{self, Views};

/// Bytes as a structured clone: read without a panic, and what is read is the same after it was written and read again. Whether
/// they were a message.
///
/// # Panics
/// If that does not hold.
pub fn structured_clone(bytes: &[u8]) -> bool {
    let Ok(message) = v8::decode(bytes) else { return false };
    assert!(message.len <= bytes.len());
    let mut written = Vec::new();
    v8::encode(&message.value, Views::Native, &mut written).expect("what was read can be written");
    let again = v8::decode(&written).expect("what was written can be read");
    assert_eq!(again.value, message.value);
    assert_eq!(again.len, written.len());
    true
}

/// Bytes as any codec's: read without a panic, and what is read, if the codec can write it, arrives again. Whether they were a
/// message.
///
/// # Panics
/// If that does not hold.
pub fn any_codec(codec: Codec, bytes: &[u8]) -> bool {
    let Ok(value) = codec.decode(bytes) else { return false };
    let mut written = Vec::new();
    codec.encode(&value, &mut written).expect("what was read can be written");
    let again = codec.decode(&written).expect("what was written can be read");
    // -0 and a BigInt that is a number are what JSON and MessagePack have no second form for: once more settles them.
    let mut twice = Vec::new();
    codec.encode(&again, &mut twice).expect("what was read can be written");
    assert_eq!(twice, written);
    true
}

/// Bytes as the notation that says everything: read without a panic, and what is read is the same after it was written and read again.
/// Whether they were a value in it.
///
/// # Panics
/// If that does not hold.
pub fn tagged(bytes: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else { return false };
    let Ok((value, views)) = super::tagged::from_json(text) else { return false };
    let written = super::tagged::to_json(&value, views).expect("what was read can be written").to_string();
    let (again, same) = super::tagged::from_json(&written).expect("what was written can be read");
    assert!(again == value && same == views, "{written}");
    true
}
