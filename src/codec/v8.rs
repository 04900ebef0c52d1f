//! Structured clone: the wire format of V8's `ValueSerializer`, which Electron's IPC sends, written and read by our own code.
//!
//! Written is version 15, byte for byte as V8 writes it (`v8/src/objects/value-serializer.cc`, V8 11.3); read are versions 13 to 15.
//! Two things of V8 that a value does not know are decided by rule: an array is written densely if it has no holes, as a literal
//! is; and with at least one number in it that is no `i32`, among nothing but numbers, it has V8's elements of doubles, which are
//! written as doubles all. Numbers that are an `i32` are small integers, as without pointer compression.
//!
//! Neither side recurses: the depth is bounded by [`MAX_DEPTH`] and not by a stack. The reader takes memory as parts arrive, not as
//! lengths announce them, and says at which byte it stopped.
//!
//! Where V8 delegates to its embedder, so does this: [`Views`] says who writes the views.

mod buffers;
mod read;
mod stack;
mod tag;
mod text;
mod write;

use super::error::Error;
use super::value::Value;

/// Levels of objects within objects. V8's own limit is its stack: about two to four thousand levels in Node.
pub const MAX_DEPTH: usize = 10_000;

/// How views are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Views {
    /// By V8, as in Electron: the whole buffer first, then what the view shows of it.
    #[default]
    Native,
    /// As objects of the host Node, by `v8.serialize`: the bytes that the view shows, without the buffer.
    Node,
}

/// What was read, and what its bytes were like.
#[derive(Clone, Debug)]
pub struct Message {
    /// The value.
    pub value: Value,
    /// The version of the format.
    pub version: u8,
    /// Bytes that it took; what follows is not looked at, as in V8.
    pub len: usize,
    /// How its views were written, if it had any.
    pub views: Option<Views>,
}

/// Appends a value's bytes.
///
/// # Errors
/// [`Error::NotCloneable`] for a function or symbol, [`Error::TooDeep`], and [`Error::Unsupported`] for a buffer of 4 GiB and more. What
/// was appended by then stays.
pub fn encode(value: &Value, views: Views, out: &mut Vec<u8>) -> Result<(), Error> {
    write::write(value, views, out)
}

/// Reads one value.
///
/// # Errors
/// [`Error::Malformed`] for what V8 does not read either, for objects that only V8's embedder knows, and for more than 1 GiB;
/// [`Error::TooDeep`].
pub fn decode(bytes: &[u8]) -> Result<Message, Error> {
    read::read(bytes)
}

#[cfg(test)]
mod tests;
