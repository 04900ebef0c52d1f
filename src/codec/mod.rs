//! What a message says, and its bytes: [`Value`] is everything that structured clone carries, a codec turns it into bytes and
//! back.

mod codecs;
mod error;
mod from_serde;
pub mod fuzz;
pub mod tagged;
mod to_serde;
pub mod v8;
mod value;

pub use codecs::Codec;
pub use error::Error;
pub use value::{
    BadView, BigInt, ErrorRef, Function, Graph, Kind, Name, Node, NotAnInteger, Ref, Symbol, Value, ViewKind,
    ViewRef,
};
