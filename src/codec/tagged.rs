//! Values as JSON that says everything: each one with its kind in `t`, numbers by their bits, strings by their units, objects by a number
//! that others may refer to.
//!
//! ```text
//! {"t":"array","id":0,"length":2,"elements":[[0,{"t":"number","bits":"3ff0000000000000","v":"1"}],[1,{"t":"ref","id":0}]],"holes":[]}
//! ```
//!
//! It is the notation of the vectors in `tests/vectors/v8`. A view that `v8.serialize` of Node wrote has its `bytes` alone; one
//! that V8 wrote has the `buffer` as well, which has a number if something else refers to it too. So the notation also says how the
//! views are written.

mod read;
mod write;

pub use read::{Bad, from_json};
pub use write::to_json;

/// Levels of brackets in the JSON: three or four for a level of the value. Both sides recurse.
const LEVELS: usize = 800;

#[cfg(test)]
mod tests;
