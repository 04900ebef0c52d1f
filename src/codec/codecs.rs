//! The formats in which a value travels.

mod json;
mod msgpack;
mod postcard;
mod self_describing;

use super::error::{Error, SERDE_DEPTH};
use super::v8::{self, Views};
use super::value::{Heap, Kind, Ref, Slot, Value};
use serde::{Deserialize, Serialize};
use std::cell::RefCell;
use std::fmt::Display;

/// How a message's value becomes bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Codec {
    /// Bytes as they are: a buffer's, or what a view shows of one. Nothing else has a form.
    #[default]
    Raw,
    /// V8's structured clone, which Electron's IPC sends.
    StructuredClone,
    /// What `JSON.stringify` and `JSON.parse` make of a value, through `serde_json`.
    Json,
    /// Serde's data model in the format of `postcard`: a tag and a body for each value.
    Postcard,
    /// MessagePack, through `rmp-serde`.
    Msgpack,
}

impl Codec {
    /// All of them.
    pub const ALL: [Codec; 5] =
        [Codec::Raw, Codec::StructuredClone, Codec::Json, Codec::Postcard, Codec::Msgpack];

    /// What suites and flags call it.
    pub fn name(self) -> &'static str {
        match self {
            Codec::Raw => "raw",
            Codec::StructuredClone => "structured-clone",
            Codec::Json => "json",
            Codec::Postcard => "postcard",
            Codec::Msgpack => "msgpack",
        }
    }

    /// What it carries, in a line.
    pub fn about(self) -> &'static str {
        match self {
            Codec::Raw => "bytes as they are, and nothing else",
            Codec::StructuredClone => {
                "V8's wire format, version 15: everything that structured clone carries, as Electron's IPC sends it"
            }
            Codec::Json => {
                "what JSON.stringify leaves of a value: no undefined, no circles; Dates are text, Maps and Sets are empty"
            }
            Codec::Postcard => {
                "a tag and a body for each value: primitives, bytes, Dates, arrays, objects, Maps and Sets as trees"
            }
            Codec::Msgpack => {
                "MessagePack: primitives, bytes, arrays, objects and Maps as trees; undefined is nil"
            }
        }
    }

    /// Appends a value's bytes.
    ///
    /// # Errors
    /// [`Error::NotCloneable`] for a function or symbol where the codec does not drop it, [`Error::Unsupported`] for what it has no
    /// form for, [`Error::TooDeep`], which a circle is to all but structured clone. What was appended by then stays.
    pub fn encode(self, value: &Value, out: &mut Vec<u8>) -> Result<(), Error> {
        match self {
            Codec::Raw => match value.as_bytes() {
                Some(bytes) => {
                    out.extend_from_slice(bytes);
                    Ok(())
                }
                None => Err(Error::Unsupported { codec: self.name(), what: kind_name(value.kind()) }),
            },
            Codec::StructuredClone => v8::encode(value, Views::Native, out),
            Codec::Json => json::encode(value, out),
            Codec::Postcard => postcard::encode(value, out),
            Codec::Msgpack => msgpack::encode(value, out),
        }
    }

    /// Reads a value. All bytes are the message's.
    ///
    /// # Errors
    /// If they are no message, whatever they are: no bytes make this panic, or take memory beyond a fixed multiple of their number.
    pub fn decode(self, bytes: &[u8]) -> Result<Value, Error> {
        match self {
            Codec::Raw => Ok(Value::bytes(bytes)),
            Codec::StructuredClone => v8::decode(bytes).map(|message| message.value),
            Codec::Json => json::decode(bytes),
            Codec::Postcard => postcard::decode(bytes),
            Codec::Msgpack => msgpack::decode(bytes),
        }
    }
}

/// A value on its way through serde.
#[derive(Clone, Copy)]
struct Deep<'a> {
    value: Ref<'a>,
    /// Levels that may follow, this one among them.
    depth: usize,
    failed: &'a Failed,
}

impl<'a> Deep<'a> {
    fn inner(self, value: Ref<'a>) -> Deep<'a> {
        Deep { value, depth: self.depth - 1, ..self }
    }

    /// The value, unless it is one level too many.
    fn value<E: serde::ser::Error>(self) -> Result<Ref<'a>, E> {
        match self.depth {
            0 => Err(E::custom(self.failed.note(Error::TooDeep { limit: SERDE_DEPTH }))),
            _ => Ok(self.value),
        }
    }

    fn refuse<T, E: serde::ser::Error>(self, codec: Codec, what: &'static str) -> Result<T, E> {
        Err(E::custom(self.failed.note(Error::Unsupported { codec: codec.name(), what })))
    }

    /// An array's elements as a row; `None` for a hole.
    fn row<E: serde::ser::Error>(
        self,
        codec: Codec,
    ) -> Result<impl ExactSizeIterator<Item = Option<Deep<'a>>>, E> {
        let (array, mut elements) = (self.value, self.value.elements().peekable());
        // A length may be a lie of four billion, and the row would have to tell it.
        if array.len() > 1024 + 2 * array.elements().count() {
            return self.refuse(codec, "an array of next to nothing but holes");
        }
        let element =
            move |at| elements.next_if(|(index, _)| *index == at).map(|(_, value)| self.inner(value));
        Ok((0..array.len()).map(element))
    }
}

/// Why a value cannot be written or bytes cannot be read, beside serde's errors, which keep a text at most.
#[derive(Default)]
struct Failed(RefCell<Option<Error>>);

impl Failed {
    fn note(&self, error: Error) -> String {
        let text = error.to_string();
        *self.0.borrow_mut() = Some(error);
        text
    }

    fn or(self, told: String) -> Error {
        self.0.into_inner().unwrap_or(Error::Serde(told))
    }
}

fn write<E: Display>(value: &Value, with: impl FnOnce(Deep<'_>) -> Result<(), E>) -> Result<(), Error> {
    let failed = Failed::default();
    let written = with(Deep { value: value.root(), depth: SERDE_DEPTH, failed: &failed });
    written.map_err(|error| error.to_string()).map_err(|told| failed.or(told))
}

fn read<E: Display>(with: impl FnOnce(Target<'_>) -> Result<Slot, E>) -> Result<Value, Error> {
    let (mut heap, failed) = (Heap::new(), Failed::default());
    let root = with(Target { heap: &mut heap, depth: SERDE_DEPTH - 1, failed: &failed, bigints: true });
    match root.map_err(|error| error.to_string()) {
        Ok(root) => Ok(Value::from_parts(root, heap)),
        Err(told) => Err(failed.or(told)),
    }
}

/// Where a value that is read goes.
struct Target<'a> {
    heap: &'a mut Heap,
    /// Levels that may follow below this one.
    depth: usize,
    failed: &'a Failed,
    /// Whether a whole number that a JavaScript number cannot hold is a BigInt. In JSON it is the number next to it.
    bigints: bool,
}

impl Target<'_> {
    fn inner<E: serde::de::Error>(&mut self) -> Result<Target<'_>, E> {
        match self.depth {
            0 => Err(E::custom(self.failed.note(Error::TooDeep { limit: SERDE_DEPTH }))),
            depth => {
                Ok(Target { heap: self.heap, depth: depth - 1, failed: self.failed, bigints: self.bigints })
            }
        }
    }
}

/// Of what kind a value is that has no form.
fn kind_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Undefined => "undefined",
        Kind::Null => "null",
        Kind::Boolean => "a boolean",
        Kind::Number => "a number",
        Kind::BigInt => "a BigInt",
        Kind::String => "a string",
        Kind::Symbol => "a symbol",
        Kind::Function => "a function",
        Kind::Object => "an object",
        Kind::Array => "an array",
        Kind::Date => "a Date",
        Kind::RegExp => "a RegExp",
        Kind::Map => "a Map",
        Kind::Set => "a Set",
        Kind::Error => "an Error",
        Kind::Buffer => "an ArrayBuffer",
        Kind::View => "this kind of view",
        Kind::Boxed => "a boxed primitive",
    }
}

#[cfg(test)]
mod tests;
