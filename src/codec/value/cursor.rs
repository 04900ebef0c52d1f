//! Looking at a value.

use super::bigint::BigInt;
use super::function::{Function, Symbol};
use super::heap::{Heap, Key, Object, Prop, Run, Slot, Text};
use super::kind::{Kind, ViewKind};
use super::text::Name;
use super::{Graph, Value};
use std::borrow::Cow;

/// A value within a value: copied like a reference, asked like a value.
#[derive(Clone, Copy)]
pub struct Ref<'a> {
    pub(in crate::codec) heap: &'a Heap,
    pub(in crate::codec) slot: Slot,
}

/// An Error's parts.
#[derive(Clone, Copy, Debug)]
pub struct ErrorRef<'a> {
    heap: &'a Heap,
    name: Text,
    message: Option<Text>,
    stack: Option<Text>,
    cause: Option<Slot>,
}

/// A view's parts.
#[derive(Clone, Copy, Debug)]
pub struct ViewRef<'a> {
    /// What it makes of the bytes.
    pub kind: ViewKind,
    /// The ArrayBuffer.
    pub buffer: Ref<'a>,
    /// Where it begins, in bytes.
    pub offset: usize,
    /// Bytes; `None` if it is as long as the buffer at each moment.
    pub length: Option<usize>,
}

impl<'a> Ref<'a> {
    fn with(self, slot: Slot) -> Ref<'a> {
        Ref { heap: self.heap, slot }
    }

    pub(in crate::codec) fn object(self) -> Option<&'a Object> {
        match self.slot {
            Slot::Object(id) => Some(self.heap.object(id)),
            _ => None,
        }
    }

    /// What it is.
    pub fn kind(self) -> Kind {
        match self.slot {
            Slot::Hole | Slot::Undefined => Kind::Undefined,
            Slot::Null => Kind::Null,
            Slot::Bool(_) => Kind::Boolean,
            Slot::Int(_) | Slot::Double(_) => Kind::Number,
            Slot::BigInt { .. } => Kind::BigInt,
            Slot::Text(_) => Kind::String,
            Slot::Object(id) => match self.heap.object(id) {
                Object::Plain(_) => Kind::Object,
                Object::Array { .. } => Kind::Array,
                Object::Date(_) => Kind::Date,
                Object::RegExp { .. } => Kind::RegExp,
                Object::Map(_) => Kind::Map,
                Object::Set(_) => Kind::Set,
                Object::Error(_) => Kind::Error,
                Object::Buffer(_) => Kind::Buffer,
                Object::View { .. } => Kind::View,
                Object::Boxed(_) => Kind::Boxed,
                Object::Function(_) => Kind::Function,
                Object::Symbol(_) => Kind::Symbol,
            },
        }
    }

    /// What JavaScript's `typeof` says.
    pub fn type_of(self) -> &'static str {
        match self.kind() {
            Kind::Undefined => "undefined",
            Kind::Boolean => "boolean",
            Kind::Number => "number",
            Kind::BigInt => "bigint",
            Kind::String => "string",
            Kind::Symbol => "symbol",
            Kind::Function => "function",
            _ => "object",
        }
    }

    /// Is it `undefined`?
    pub fn is_undefined(self) -> bool {
        self.kind() == Kind::Undefined
    }

    /// Is it `undefined` or `null`?
    pub fn is_nullish(self) -> bool {
        matches!(self.kind(), Kind::Undefined | Kind::Null)
    }

    /// A boolean's value.
    pub fn as_bool(self) -> Option<bool> {
        if let Slot::Bool(value) = self.slot { Some(value) } else { None }
    }

    /// A number's value.
    pub fn as_f64(self) -> Option<f64> {
        match self.slot {
            Slot::Int(int) => Some(int.into()),
            Slot::Double(double) => Some(double),
            _ => None,
        }
    }

    /// A number's value, if it is a whole one that an `i64` holds. -0 is 0.
    pub fn as_i64(self) -> Option<i64> {
        let number = self.as_f64()?;
        let whole = number as i64;
        (whole as f64 == number && whole < i64::MAX).then_some(whole)
    }

    /// A BigInt.
    pub fn as_bigint(self) -> Option<BigInt> {
        let Slot::BigInt { negative, start, len } = self.slot else { return None };
        Some(BigInt::new(negative, Run { start, len, room: len }.of(&self.heap.digits).to_vec()))
    }

    /// A string's text, unless it has a lone surrogate.
    pub fn as_str(self) -> Option<&'a str> {
        if let Slot::Text(text) = self.slot { self.heap.str(text) } else { None }
    }

    /// A string's text; lone surrogates become U+FFFD.
    pub fn as_text(self) -> Option<Cow<'a, str>> {
        if let Slot::Text(text) = self.slot { Some(self.heap.lossy(text)) } else { None }
    }

    /// A string's units, as JavaScript has them.
    pub fn as_utf16(self) -> Option<Vec<u16>> {
        if let Slot::Text(text) = self.slot { Some(self.heap.to_utf16(text)) } else { None }
    }

    /// The bytes of an ArrayBuffer, or those that a view shows.
    pub fn as_bytes(self) -> Option<&'a [u8]> {
        match *self.object()? {
            Object::Buffer(buffer) => Some(&self.heap.buffers[buffer as usize].bytes),
            Object::View { tracking, buffer, offset, length, .. } => {
                Some(self.heap.viewed(tracking, buffer, offset, length))
            }
            _ => None,
        }
    }

    /// How long a resizable ArrayBuffer may grow, in bytes.
    pub fn max_len(self) -> Option<usize> {
        if let Object::Buffer(buffer) = *self.object()? {
            self.heap.buffers[buffer as usize].max
        } else {
            None
        }
    }

    /// A view's parts.
    pub fn as_view(self) -> Option<ViewRef<'a>> {
        let Object::View { kind, tracking, buffer, offset, length } = *self.object()? else { return None };
        let length = (!tracking).then_some(length);
        Some(ViewRef { kind, buffer: self.with(Slot::Object(buffer)), offset, length })
    }

    /// A Date's time: milliseconds since 1970, NaN if invalid.
    pub fn as_date(self) -> Option<f64> {
        if let Object::Date(time) = *self.object()? { Some(time) } else { None }
    }

    /// A RegExp's source, and its flags in alphabetic order.
    pub fn as_regexp(self) -> Option<(Ref<'a>, String)> {
        let Object::RegExp { source, flags } = *self.object()? else { return None };
        Some((self.with(Slot::Text(source)), super::display::flags_text(flags)))
    }

    /// An Error's parts.
    pub fn as_error(self) -> Option<ErrorRef<'a>> {
        let Object::Error(error) = *self.object()? else { return None };
        let parts = self.heap.errors[error as usize];
        let (name, message, stack, cause) = (parts.name, parts.message, parts.stack, parts.cause);
        Some(ErrorRef { heap: self.heap, name, message, stack, cause })
    }

    /// The primitive in a `Number`, `String`, `Boolean` or `Object(1n)`.
    pub fn as_boxed(self) -> Option<Ref<'a>> {
        if let Object::Boxed(slot) = *self.object()? { Some(self.with(slot)) } else { None }
    }

    /// A function.
    pub fn as_function(self) -> Option<&'a Function> {
        if let Object::Function(function) = self.object()? { Some(function) } else { None }
    }

    /// A symbol.
    pub fn as_symbol(self) -> Option<&'a Symbol> {
        if let Object::Symbol(symbol) = self.object()? { Some(symbol) } else { None }
    }

    /// The value of an object's or an array's own property; `None` if it has none of that name.
    pub fn get(self, key: &str) -> Option<Ref<'a>> {
        let Slot::Object(id) = self.slot else { return None };
        Some(self.with(self.heap.property(id, key)?))
    }

    /// An array's element; `None` past the end and for a hole.
    pub fn at(self, index: usize) -> Option<Ref<'a>> {
        let Slot::Object(id) = self.slot else { return None };
        Some(self.with(self.heap.element_at(id, index)?))
    }

    /// An array's `length`, an object's number of properties, a Map's or Set's size, a string's units, the bytes of a buffer or view; 0
    /// for all else.
    pub fn len(self) -> usize {
        match (self.slot, self.object()) {
            (Slot::Text(text), _) => match self.heap.str(text) {
                Some(text) => text.encode_utf16().count(),
                None => text.len as usize,
            },
            (_, Some(Object::Plain(run) | Object::Set(run))) => run.len as usize,
            (_, Some(Object::Map(run))) => run.len as usize / 2,
            (_, Some(Object::Array { length, .. })) => *length as usize,
            _ => self.as_bytes().map_or(0, <[u8]>::len),
        }
    }

    /// None at all?
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// The properties of an object, or those of an array that are no elements, in JavaScript's order.
    pub fn props(self) -> impl Iterator<Item = (Name<'a>, Ref<'a>)> {
        let run = match self.object() {
            Some(&(Object::Plain(props) | Object::Array { props, .. })) => props,
            _ => Run::default(),
        };
        let array = self.kind() == Kind::Array;
        let props =
            run.of(&self.heap.props).iter().filter(move |prop| !(array && matches!(prop.key, Key::Index(_))));
        props.map(move |&Prop { key, value }| (self.heap.name(key), self.with(value)))
    }

    /// An array's elements that are there, with their indices, or a Set's values, numbered.
    pub fn elements(self) -> impl Iterator<Item = (usize, Ref<'a>)> {
        let (near, far) = match self.object() {
            Some(&Object::Array { elements, props, .. }) => (elements, props),
            Some(&Object::Set(values)) => (values, Run::default()),
            _ => Default::default(),
        };
        let near = near.of(&self.heap.slots).iter().copied().enumerate();
        let far = far.of(&self.heap.props).iter().map_while(|prop| match prop.key {
            Key::Index(index) => Some((index as usize, prop.value)),
            Key::Text(_) => None,
        });
        let there = near.chain(far).filter(|(_, slot)| !matches!(slot, Slot::Hole));
        there.map(move |(index, slot)| (index, self.with(slot)))
    }

    /// A Map's keys and values.
    pub fn entries(self) -> impl Iterator<Item = (Ref<'a>, Ref<'a>)> {
        let run = if let Some(&Object::Map(run)) = self.object() { run } else { Run::default() };
        run.of(&self.heap.slots).chunks_exact(2).map(move |pair| (self.with(pair[0]), self.with(pair[1])))
    }

    /// Are both one and the same object of one value? Primitives never are.
    pub fn is_same_object(self, other: Ref<'_>) -> bool {
        matches!((self.slot, other.slot), (Slot::Object(one), Slot::Object(other)) if one == other)
            && std::ptr::eq(self.heap, other.heap)
    }

    /// A number that only this object of the value has: for maps beside it. `None` for primitives.
    pub fn object_id(self) -> Option<usize> {
        if let Slot::Object(id) = self.slot { Some(id as usize) } else { None }
    }

    /// A copy of this and all that it refers to.
    pub fn to_value(self) -> Value {
        let mut graph = Graph::new();
        let root = graph.add(self);
        graph.finish(root)
    }
}

impl<'a> ErrorRef<'a> {
    /// `TypeError`, `Error` …
    pub fn name(self) -> Cow<'a, str> {
        self.heap.lossy(self.name)
    }

    /// The message, if it has one.
    pub fn message(self) -> Option<Cow<'a, str>> {
        self.message.map(|text| self.heap.lossy(text))
    }

    /// The stack, if it has one.
    pub fn stack(self) -> Option<Cow<'a, str>> {
        self.stack.map(|text| self.heap.lossy(text))
    }

    /// What caused it, if that was said.
    pub fn cause(self) -> Option<Ref<'a>> {
        self.cause.map(|slot| Ref { heap: self.heap, slot })
    }
}
