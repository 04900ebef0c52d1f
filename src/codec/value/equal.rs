//! Equality of graphs.

use super::heap::{ErrorParts, Heap, Key, Object, Run, Slot, Text};
use super::{Ref, Value};

impl PartialEq for Value {
    fn eq(&self, other: &Value) -> bool {
        self.root() == other.root()
    }
}

impl PartialEq for Ref<'_> {
    fn eq(&self, other: &Ref<'_>) -> bool {
        let mut pairing = Pairing {
            one: self.heap,
            other: other.heap,
            partner: vec![NONE; self.heap.objects.len()],
            taken: vec![false; other.heap.objects.len()],
            waiting: Vec::new(),
        };
        if !pairing.slots(self.slot, other.slot) {
            return false;
        }
        // No recursion: a graph may be deeper than a stack.
        while let Some((one, other)) = pairing.waiting.pop() {
            if !pairing.objects(one, other) {
                return false;
            }
        }
        true
    }
}

const NONE: u32 = u32::MAX;

/// Two graphs, walked in step: each object of one has exactly one partner in the other.
struct Pairing<'a> {
    one: &'a Heap,
    other: &'a Heap,
    partner: Vec<u32>,
    taken: Vec<bool>,
    /// Pairs whose contents have not been compared.
    waiting: Vec<(u32, u32)>,
}

impl Pairing<'_> {
    fn slots(&mut self, one: Slot, other: Slot) -> bool {
        match (one, other) {
            (Slot::Hole, Slot::Hole) | (Slot::Undefined, Slot::Undefined) | (Slot::Null, Slot::Null) => true,
            (Slot::Bool(one), Slot::Bool(other)) => one == other,
            (Slot::Int(one), Slot::Int(other)) => one == other,
            (Slot::Double(one), Slot::Double(other)) => one.to_bits() == other.to_bits(),
            (Slot::Text(one), Slot::Text(other)) => self.texts(one, other),
            (
                Slot::BigInt { negative, start, len },
                Slot::BigInt { negative: other_sign, start: other_start, len: other_len },
            ) => {
                let digits = Run { start, len, room: len }.of(&self.one.digits);
                let others =
                    Run { start: other_start, len: other_len, room: other_len }.of(&self.other.digits);
                negative == other_sign && digits == others
            }
            (Slot::Object(one), Slot::Object(other)) => self.pair(one, other),
            _ => false,
        }
    }

    fn pair(&mut self, one: u32, other: u32) -> bool {
        let partner = &mut self.partner[one as usize];
        if *partner != NONE {
            return *partner == other;
        }
        if std::mem::replace(&mut self.taken[other as usize], true) {
            return false;
        }
        *partner = other;
        self.waiting.push((one, other));
        true
    }

    fn texts(&self, one: Text, other: Text) -> bool {
        self.one.same_text(one, self.other, other)
    }

    fn options(&mut self, one: Option<Slot>, other: Option<Slot>) -> bool {
        match (one, other) {
            (Some(one), Some(other)) => self.slots(one, other),
            (one, other) => one.is_none() && other.is_none(),
        }
    }

    fn runs(&mut self, one: Run, other: Run) -> bool {
        let (one, other) = (one.of(&self.one.slots), other.of(&self.other.slots));
        one.len() == other.len() && one.iter().zip(other).all(|(&one, &other)| self.slots(one, other))
    }

    fn props(&mut self, one: Run, other: Run) -> bool {
        let (one, other) = (one.of(&self.one.props), other.of(&self.other.props));
        one.len() == other.len()
            && one.iter().zip(other).all(|(one, other)| {
                self.one.same_key(one.key, self.other, other.key) && self.slots(one.value, other.value)
            })
    }

    /// Elements are compared whatever of them lies near and what far: that depends on how an array came to be.
    fn arrays(&mut self, one: (Run, Run), other: (Run, Run)) -> bool {
        let (mut left, mut right) = (listed(self.one, one), listed(self.other, other));
        loop {
            match (left.next(), right.next()) {
                (None, None) => return true,
                (Some((key, value)), Some((other_key, other_value))) => {
                    if !self.one.same_key(key, self.other, other_key) || !self.slots(value, other_value) {
                        return false;
                    }
                }
                _ => return false,
            }
        }
    }

    fn objects(&mut self, one: u32, other: u32) -> bool {
        match (self.one.object(one), self.other.object(other)) {
            (&Object::Plain(one), &Object::Plain(other)) => self.props(one, other),
            (
                &Object::Array { length, elements, props },
                &Object::Array { length: other_length, elements: other_elements, props: other_props },
            ) => length == other_length && self.arrays((elements, props), (other_elements, other_props)),
            (&Object::Date(one), &Object::Date(other)) => one.to_bits() == other.to_bits(),
            (
                &Object::RegExp { source, flags },
                &Object::RegExp { source: other_source, flags: other_flags },
            ) => flags == other_flags && self.texts(source, other_source),
            (&Object::Map(one), &Object::Map(other)) | (&Object::Set(one), &Object::Set(other)) => {
                self.runs(one, other)
            }
            (&Object::Error(one), &Object::Error(other)) => {
                self.errors(self.one.errors[one as usize], self.other.errors[other as usize])
            }
            (&Object::Buffer(one), &Object::Buffer(other)) => {
                let (one, other) = (&self.one.buffers[one as usize], &self.other.buffers[other as usize]);
                one.max == other.max && one.bytes == other.bytes
            }
            (
                &Object::View { kind, tracking, buffer, offset, length },
                &Object::View { kind: k, tracking: t, buffer: b, offset: o, length: l },
            ) => (kind, tracking, offset, length) == (k, t, o, l) && self.pair(buffer, b),
            (&Object::Boxed(one), &Object::Boxed(other)) => self.slots(one, other),
            (Object::Function(one), Object::Function(other)) => one == other,
            (Object::Symbol(one), Object::Symbol(other)) => one == other,
            _ => false,
        }
    }

    fn errors(&mut self, one: ErrorParts, other: ErrorParts) -> bool {
        let texts = |one: Option<Text>, other: Option<Text>| match (one, other) {
            (Some(one), Some(other)) => self.texts(one, other),
            (one, other) => one.is_none() && other.is_none(),
        };
        let same = self.texts(one.name, other.name)
            && texts(one.message, other.message)
            && texts(one.stack, other.stack);
        same && self.options(one.cause, other.cause)
    }
}

fn listed(heap: &Heap, (elements, props): (Run, Run)) -> impl Iterator<Item = (Key, Slot)> {
    let near = elements.of(&heap.slots).iter().enumerate().filter(|(_, slot)| !matches!(slot, Slot::Hole));
    let near = near.map(|(index, &slot)| (Key::Index(index as u32), slot));
    near.chain(props.of(&heap.props).iter().map(|prop| (prop.key, prop.value)))
}
