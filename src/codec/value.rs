//! A value as structured clone knows it: what JavaScript sends from one process to another.
//!
//! A [`Value`] is a graph that owns itself: whatever it refers to is part of it, objects may refer to each other in circles and
//! be shared, and none of that reaches beyond the value. To clone one is therefore what the standard calls a structured
//! clone (HTML, "StructuredSerializeInternal"). It can be sent to another thread, and a hostile circle cannot leak.
//!
//! ```
//! use ipcmark::codec::Value;
//!
//! let user = Value::object([("name", Value::from("Ada")), ("tags", Value::array(["a", "b"]))]);
//! assert_eq!(user.get("name").and_then(|name| name.as_str()), Some("Ada"));
//! assert_eq!(user.get("tags").map(|tags| tags.len()), Some(2));
//! ```
//!
//! Circles and shared objects are built with a [`Graph`].

mod bigint;
mod build;
mod cursor;
mod display;
mod equal;
mod freeze;
mod function;
mod graph;
mod heap;
mod kind;
mod making;
mod merge;
mod number;
mod objects;
mod text;

pub use bigint::{BigInt, NotAnInteger};
pub use cursor::{ErrorRef, Ref, ViewRef};
pub use function::{Function, Symbol};
pub use graph::{BadView, Graph, Node};
pub use kind::{Kind, ViewKind};
pub(in crate::codec) use number::{number_text, time_clip};
pub use text::Name;
pub(in crate::codec) use text::index;

pub(in crate::codec) use display::ALL_FLAGS;
pub(in crate::codec) use heap::{ErrorParts, Form, Heap, Key, Object, Prop, Run, Slot, Text, number};
pub(in crate::codec) use making::{Array, Plain};

/// A value with all that it refers to.
///
/// Equality is that of graphs: same kinds, same contents in the same order, and objects shared in the same places.
/// Numbers are compared as `Object.is` does: NaN equals NaN, 0 is not -0.
#[derive(Clone)]
pub struct Value {
    slot: Slot,
    /// Absent for primitives that fit into the slot.
    heap: Option<Box<Heap>>,
}

impl Value {
    /// `undefined`
    pub const UNDEFINED: Value = Value { slot: Slot::Undefined, heap: None };
    /// `null`
    pub const NULL: Value = Value { slot: Slot::Null, heap: None };

    /// A heap that is in its box already is not moved.
    pub(in crate::codec) fn from_parts(slot: Slot, heap: impl Into<Box<Heap>>) -> Value {
        match slot {
            Slot::BigInt { .. } | Slot::Text(_) | Slot::Object(_) => Value { slot, heap: Some(heap.into()) },
            // A variable cannot hold a hole.
            Slot::Hole => Value::UNDEFINED,
            slot => Value { slot, heap: None },
        }
    }

    pub(in crate::codec) fn into_parts(self) -> (Slot, Heap) {
        (self.slot, self.heap.map_or(Heap::new(), |heap| *heap))
    }

    pub(in crate::codec) fn parts(&self) -> (Slot, &Heap) {
        (self.slot, self.heap.as_deref().unwrap_or(&heap::EMPTY))
    }

    pub(in crate::codec) fn parts_mut(&mut self) -> (Slot, &mut Heap) {
        (self.slot, self.heap.get_or_insert_default())
    }

    /// The value, to be looked at.
    pub fn root(&self) -> Ref<'_> {
        let (slot, heap) = self.parts();
        Ref { heap, slot }
    }
}

/// What one asks a [`Ref`], asked of the root.
impl Value {
    /// What it is.
    pub fn kind(&self) -> Kind {
        self.root().kind()
    }

    /// What JavaScript's `typeof` says.
    pub fn type_of(&self) -> &'static str {
        self.root().type_of()
    }

    /// Is it `undefined`?
    pub fn is_undefined(&self) -> bool {
        self.root().is_undefined()
    }

    /// Is it `undefined` or `null`?
    pub fn is_nullish(&self) -> bool {
        self.root().is_nullish()
    }

    /// The value of a property. See [`Ref::get`].
    pub fn get(&self, key: &str) -> Option<Ref<'_>> {
        self.root().get(key)
    }

    /// An array's element. See [`Ref::at`].
    pub fn at(&self, index: usize) -> Option<Ref<'_>> {
        self.root().at(index)
    }

    /// How many. See [`Ref::len`].
    pub fn len(&self) -> usize {
        self.root().len()
    }

    /// None at all?
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// A boolean's value.
    pub fn as_bool(&self) -> Option<bool> {
        self.root().as_bool()
    }

    /// A number's value.
    pub fn as_f64(&self) -> Option<f64> {
        self.root().as_f64()
    }

    /// A number's value, if it is a whole one.
    pub fn as_i64(&self) -> Option<i64> {
        self.root().as_i64()
    }

    /// A string's text, unless it has a lone surrogate.
    pub fn as_str(&self) -> Option<&str> {
        self.root().as_str()
    }

    /// The bytes of a buffer or view.
    pub fn as_bytes(&self) -> Option<&[u8]> {
        self.root().as_bytes()
    }

    /// The bytes of a buffer or view, to be written.
    pub fn as_bytes_mut(&mut self) -> Option<&mut [u8]> {
        let (slot, heap) = self.parts_mut();
        let Slot::Object(id) = slot else { return None };
        heap.bytes_mut(id)
    }

    /// A function.
    pub fn as_function(&self) -> Option<&Function> {
        self.root().as_function()
    }

    /// An Error's parts.
    pub fn as_error(&self) -> Option<ErrorRef<'_>> {
        self.root().as_error()
    }
}

#[cfg(test)]
mod tests;
