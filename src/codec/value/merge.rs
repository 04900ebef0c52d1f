//! Two heaps into one, and one object with all that it reaches into a heap of its own.

use super::heap::{ErrorParts, Form, Heap, Key, Object, Prop, Run, Slot, Text, number};
use std::mem::take;

/// How many parts of each sort a heap had before another one's were put behind them.
struct Offsets {
    objects: u32,
    props: u32,
    slots: u32,
    text: u32,
    wide: u32,
    digits: u32,
    buffers: u32,
    errors: u32,
}

impl Heap {
    fn is_empty(&self) -> bool {
        self.objects.is_empty() && self.text.is_empty() && self.wide.is_empty() && self.digits.is_empty()
    }

    /// Takes all parts of another heap, and gives `slot` of it as it is called here.
    pub(in crate::codec) fn absorb(&mut self, mut other: Heap, slot: Slot) -> Slot {
        if self.is_empty() {
            *self = other;
            return slot;
        }
        let by = Offsets {
            objects: number(self.objects.len()),
            props: number(self.props.len()),
            slots: number(self.slots.len()),
            text: number(self.text.len()),
            wide: number(self.wide.len()),
            digits: number(self.digits.len()),
            buffers: number(self.buffers.len()),
            errors: number(self.errors.len()),
        };
        self.objects.extend(take(&mut other.objects).into_iter().map(|object| by.object(object)));
        self.props.extend(
            other.props.iter().map(|prop| Prop { key: by.key(prop.key), value: by.slot(prop.value) }),
        );
        self.slots.extend(other.slots.iter().map(|&slot| by.slot(slot)));
        self.text.push_str(&other.text);
        self.wide.extend_from_slice(&other.wide);
        self.digits.extend_from_slice(&other.digits);
        self.buffers.append(&mut other.buffers);
        self.errors.extend(other.errors.iter().map(|error| by.error(error)));
        for id in other.frozen_objects() {
            self.freeze(id + by.objects);
        }
        number(self.text.len());
        by.slot(slot)
    }

    /// Copies what `slot` of another heap is, with all objects that it reaches, each of them once.
    pub(in crate::codec) fn copy(&mut self, from: &Heap, slot: Slot) -> Slot {
        let mut copy = Copy { from, to: self, known: vec![NOT_YET; from.objects.len()], waiting: Vec::new() };
        let root = copy.slot(slot);
        // No recursion: a graph may be deeper than a stack.
        while let Some(id) = copy.waiting.pop() {
            let object = copy.object(from.object(id));
            let known = copy.known[id as usize];
            copy.to.objects[known as usize] = object;
        }
        root
    }
}

impl Offsets {
    fn slot(&self, slot: Slot) -> Slot {
        match slot {
            Slot::BigInt { negative, start, len } => {
                Slot::BigInt { negative, start: start + self.digits, len }
            }
            Slot::Text(text) => Slot::Text(self.text(text)),
            Slot::Object(id) => Slot::Object(id + self.objects),
            plain => plain,
        }
    }

    fn text(&self, text: Text) -> Text {
        let by = if text.form == Form::Utf16 { self.wide } else { self.text };
        Text { start: text.start + by, ..text }
    }

    fn key(&self, key: Key) -> Key {
        match key {
            Key::Index(index) => Key::Index(index),
            Key::Text(text) => Key::Text(self.text(text)),
        }
    }

    fn error(&self, error: &ErrorParts) -> ErrorParts {
        ErrorParts {
            name: self.text(error.name),
            message: error.message.map(|text| self.text(text)),
            stack: error.stack.map(|text| self.text(text)),
            cause: error.cause.map(|slot| self.slot(slot)),
        }
    }

    fn object(&self, object: Object) -> Object {
        let props = |run: Run| Run { start: run.start + self.props, ..run };
        let slots = |run: Run| Run { start: run.start + self.slots, ..run };
        match object {
            Object::Plain(run) => Object::Plain(props(run)),
            Object::Array { length, elements, props: own } => {
                Object::Array { length, elements: slots(elements), props: props(own) }
            }
            Object::RegExp { source, flags } => Object::RegExp { source: self.text(source), flags },
            Object::Map(run) => Object::Map(slots(run)),
            Object::Set(run) => Object::Set(slots(run)),
            Object::Error(error) => Object::Error(error + self.errors),
            Object::Buffer(buffer) => Object::Buffer(buffer + self.buffers),
            Object::View { kind, tracking, buffer, offset, length } => {
                Object::View { kind, tracking, buffer: buffer + self.objects, offset, length }
            }
            Object::Boxed(slot) => Object::Boxed(self.slot(slot)),
            object @ (Object::Date(_) | Object::Function(_) | Object::Symbol(_)) => object,
        }
    }
}

impl Heap {
    /// Copies a primitive: nothing that is an object, a function or a symbol.
    pub(in crate::codec) fn copy_primitive(&mut self, from: &Heap, slot: Slot) -> Option<Slot> {
        let mut copy = Copy { from, to: self, known: Vec::new(), waiting: Vec::new() };
        match slot {
            Slot::Object(_) => None,
            Slot::Hole => Some(Slot::Undefined),
            primitive => Some(copy.slot(primitive)),
        }
    }

    /// Stores properties that have the names of `like`, an object of `from`, in its order.
    pub(in crate::codec) fn copy_names(
        &mut self,
        from: &Heap,
        like: Run,
        values: impl Iterator<Item = Slot>,
    ) -> Run {
        let mut copy = Copy { from, to: self, known: Vec::new(), waiting: Vec::new() };
        let start = number(copy.to.props.len());
        for (prop, value) in like.of(&from.props).iter().zip(values) {
            let key = match prop.key {
                Key::Index(index) => Key::Index(index),
                Key::Text(text) => Key::Text(copy.text(text)),
            };
            copy.to.props.push(Prop { key, value });
        }
        let len = number(copy.to.props.len()) - start;
        Run { start, len, room: len }
    }
}

/// A copy under way.
struct Copy<'a> {
    from: &'a Heap,
    to: &'a mut Heap,
    /// What an object's copy is called.
    known: Vec<u32>,
    /// Objects that have a number already and no contents.
    waiting: Vec<u32>,
}

const NOT_YET: u32 = u32::MAX;

impl Copy<'_> {
    fn slot(&mut self, slot: Slot) -> Slot {
        match slot {
            Slot::BigInt { negative, start, len } => {
                let run = Run { start, len, room: len };
                let start = number(self.to.digits.len());
                self.to.digits.extend_from_slice(run.of(&self.from.digits));
                Slot::BigInt { negative, start, len }
            }
            Slot::Text(text) => Slot::Text(self.text(text)),
            Slot::Object(id) => Slot::Object(self.id(id)),
            plain => plain,
        }
    }

    fn id(&mut self, id: u32) -> u32 {
        if self.known[id as usize] == NOT_YET {
            self.known[id as usize] = self.to.add(Object::Date(f64::NAN)); // until its turn comes
            self.waiting.push(id);
        }
        self.known[id as usize]
    }

    fn text(&mut self, text: Text) -> Text {
        match self.from.str(text) {
            Some(valid) => Text { start: self.to.add_str(valid).start, ..text },
            None => {
                let start = number(self.to.wide.len());
                self.to.wide.extend_from_slice(self.from.units(text));
                Text { start, ..text }
            }
        }
    }

    fn slots(&mut self, run: Run) -> Run {
        let items: Vec<Slot> = run.of(&self.from.slots).iter().map(|&slot| self.slot(slot)).collect();
        let start = number(self.to.slots.len());
        self.to.slots.extend(items);
        Run { start, len: run.len, room: run.len }
    }

    fn props(&mut self, run: Run) -> Run {
        let mut items = Vec::with_capacity(run.len as usize);
        for prop in run.of(&self.from.props) {
            let key = match prop.key {
                Key::Index(index) => Key::Index(index),
                Key::Text(text) => Key::Text(self.text(text)),
            };
            items.push(Prop { key, value: self.slot(prop.value) });
        }
        let start = number(self.to.props.len());
        self.to.props.extend(items);
        Run { start, len: run.len, room: run.len }
    }

    fn object(&mut self, object: &Object) -> Object {
        match *object {
            Object::Plain(run) => Object::Plain(self.props(run)),
            Object::Array { length, elements, props } => {
                Object::Array { length, elements: self.slots(elements), props: self.props(props) }
            }
            Object::Date(time) => Object::Date(time),
            Object::RegExp { source, flags } => Object::RegExp { source: self.text(source), flags },
            Object::Map(run) => Object::Map(self.slots(run)),
            Object::Set(run) => Object::Set(self.slots(run)),
            Object::Error(error) => {
                let parts = self.from.errors[error as usize];
                let parts = ErrorParts {
                    name: self.text(parts.name),
                    message: parts.message.map(|text| self.text(text)),
                    stack: parts.stack.map(|text| self.text(text)),
                    cause: parts.cause.map(|slot| self.slot(slot)),
                };
                self.to.errors.push(parts);
                Object::Error(number(self.to.errors.len() - 1))
            }
            Object::Buffer(buffer) => {
                self.to.buffers.push(self.from.buffers[buffer as usize].clone());
                Object::Buffer(number(self.to.buffers.len() - 1))
            }
            Object::View { kind, tracking, buffer, offset, length } => {
                Object::View { kind, tracking, buffer: self.id(buffer), offset, length }
            }
            Object::Boxed(slot) => Object::Boxed(self.slot(slot)),
            Object::Function(ref function) => Object::Function(function.clone()),
            Object::Symbol(ref symbol) => Object::Symbol(symbol.clone()),
        }
    }
}
