//! Properties, elements and entries: read, found, put, and brought into JavaScript's order.

use super::heap::{Heap, Key, Object, Prop, Run, Slot, number};
use super::text::index;
use std::cmp::Ordering;

/// So many are compared one by one; more are sorted to find two alike.
const FEW: usize = 12;

/// A key that occurs twice.
#[derive(Clone, Copy, Debug)]
pub(in crate::codec) struct Twice;

impl Heap {
    /// The value of property `name` of an object or array.
    pub(in crate::codec) fn property(&self, id: u32, name: &str) -> Option<Slot> {
        let index = index(name.as_bytes());
        let props = match *self.object(id) {
            Object::Plain(props) => props,
            Object::Array { elements, props, .. } => match index {
                Some(index) if index < elements.len => return self.element(elements, index as usize),
                _ => props,
            },
            _ => return None,
        };
        let found = props.of(&self.props).iter().find(|prop| self.is_called(prop.key, index, name));
        found.map(|prop| prop.value)
    }

    /// Puts a value in the place of another one; whether `id` had a property of that name. So the name is not stored again.
    pub(in crate::codec) fn replace(&mut self, id: u32, name: &str, value: Slot) -> bool {
        let index = index(name.as_bytes());
        let (Object::Plain(props) | Object::Array { props, .. }) = *self.object(id) else { return false };
        let found = props.of(&self.props).iter().position(|prop| self.is_called(prop.key, index, name));
        if let Some(at) = found {
            props.of_mut(&mut self.props)[at].value = value;
        }
        found.is_some()
    }

    fn is_called(&self, key: Key, index: Option<u32>, name: &str) -> bool {
        match (key, index) {
            (Key::Index(key), Some(index)) => key == index,
            (Key::Text(key), None) => self.str(key) == Some(name),
            _ => false,
        }
    }

    fn element(&self, elements: Run, index: usize) -> Option<Slot> {
        Some(elements.of(&self.slots)[index]).filter(|slot| !matches!(slot, Slot::Hole))
    }

    /// The element at `index`, if there is one.
    pub(in crate::codec) fn element_at(&self, id: u32, index: usize) -> Option<Slot> {
        let Object::Array { elements, props, .. } = *self.object(id) else { return None };
        if index < elements.len as usize {
            return self.element(elements, index);
        }
        let found = props
            .of(&self.props)
            .iter()
            .find(|prop| matches!(prop.key, Key::Index(key) if key as usize == index));
        found.map(|prop| prop.value)
    }

    /// Gives an object or array a property, or a property another value.
    ///
    /// # Panics
    /// If it is neither.
    pub(in crate::codec) fn put(&mut self, id: u32, key: Key, value: Slot) {
        match (self.objects[id as usize].clone(), key) {
            (Object::Plain(mut run), _) => {
                self.put_in(&mut run, key, value);
                self.objects[id as usize] = Object::Plain(run);
            }
            (Object::Array { .. }, Key::Index(index)) => self.put_element(id, index, value),
            (Object::Array { length, elements, mut props }, Key::Text(_)) => {
                self.put_in(&mut props, key, value);
                self.objects[id as usize] = Object::Array { length, elements, props };
            }
            (other, _) => panic!("{other:?} has no properties"),
        }
    }

    fn put_in(&mut self, run: &mut Run, key: Key, value: Slot) {
        let props = run.of(&self.props);
        if let Some(at) = props.iter().position(|prop| self.same_key(prop.key, self, key)) {
            run.of_mut(&mut self.props)[at].value = value;
            return;
        }
        let at = match key {
            Key::Text(_) => props.len(),
            Key::Index(_) => props.partition_point(|prop| in_order(prop.key, key) == Ordering::Less),
        };
        run.insert(&mut self.props, at, Prop { key, value });
    }

    /// Puts an element, which may lie far behind the others.
    pub(in crate::codec) fn put_element(&mut self, id: u32, index: u32, value: Slot) {
        let Object::Array { mut length, mut elements, mut props } = self.objects[id as usize] else {
            panic!("{:?} has no elements", self.objects[id as usize]);
        };
        length = length.max(index + 1);
        if index < elements.len {
            elements.of_mut(&mut self.slots)[index as usize] = value;
        } else if self.is_near(id, index) {
            while elements.len < index {
                elements.push(&mut self.slots, Slot::Hole);
            }
            elements.push(&mut self.slots, value);
        } else {
            self.put_in(&mut props, Key::Index(index), value);
        }
        self.objects[id as usize] = Object::Array { length, elements, props };
    }

    /// Takes a property away; whether there was one.
    pub(in crate::codec) fn remove(&mut self, id: u32, key: Key) -> bool {
        let (elements, mut props) = match self.objects[id as usize] {
            Object::Plain(run) => (None, run),
            Object::Array { elements, props, .. } => (Some(elements), props),
            _ => return false,
        };
        if let (Some(elements), Key::Index(index)) = (elements, key)
            && index < elements.len
        {
            let slot = &mut elements.of_mut(&mut self.slots)[index as usize];
            return !matches!(std::mem::replace(slot, Slot::Hole), Slot::Hole);
        }
        let Some(at) = props.of(&self.props).iter().position(|prop| self.same_key(prop.key, self, key))
        else {
            return false;
        };
        props.remove(&mut self.props, at);
        match &mut self.objects[id as usize] {
            Object::Plain(run) | Object::Array { props: run, .. } => *run = props,
            _ => {}
        }
        true
    }

    /// Brings new properties into the order that JavaScript lists them in, and stores them behind the others.
    pub(in crate::codec) fn store_props(&mut self, props: &mut [Prop]) -> Result<Run, Twice> {
        if props.windows(2).any(|pair| in_order(pair[0].key, pair[1].key) == Ordering::Greater) {
            props.sort_by(|one, other| in_order(one.key, other.key)); // stable: names stay in the order they came
        }
        if self.key_occurs_twice(props) {
            return Err(Twice);
        }
        let start = number(self.props.len());
        self.props.extend_from_slice(props);
        Ok(Run { start, len: props.len() as u32, room: props.len() as u32 })
    }

    /// The properties from `start` on, which are new and the last: brought into order where they are.
    pub(in crate::codec) fn settle_props(&mut self, start: usize) -> Result<Run, Twice> {
        let new = &self.props[start..];
        if new.windows(2).any(|pair| in_order(pair[0].key, pair[1].key) == Ordering::Greater) {
            let mut new: Vec<Prop> = self.props.drain(start..).collect();
            return self.store_props(&mut new);
        }
        if self.key_occurs_twice(new) { Err(Twice) } else { Ok(self.run_of_props(start)) }
    }

    pub(in crate::codec) fn run_of_props(&self, start: usize) -> Run {
        let len = number(self.props.len() - start);
        Run { start: number(start), len, room: len }
    }

    /// Leaves one property of each name: in the first one's place, with the last one's value. Sorting, since all names may be alike.
    pub(in crate::codec) fn keep_last_of_each(&self, props: &mut Vec<Prop>) {
        let names: Vec<_> = props.iter().map(|prop| self.name(prop.key)).collect();
        let mut order: Vec<usize> = (0..props.len()).collect();
        order.sort_by_key(|&at| (names[at], at));
        let mut kept = vec![false; props.len()];
        for alike in order.chunk_by(|&one, &other| names[one] == names[other]) {
            let (first, last) = (alike[0], alike[alike.len() - 1]);
            props[first].value = props[last].value;
            kept[first] = true;
        }
        let mut kept = kept.into_iter();
        props.retain(|_| kept.next() == Some(true));
    }

    pub(in crate::codec) fn store_slots(&mut self, slots: &[Slot]) -> Run {
        let run = Run { start: number(self.slots.len()), len: slots.len() as u32, room: slots.len() as u32 };
        self.slots.extend_from_slice(slots);
        run
    }

    /// Gives an array properties that came with it: those that are indices become its elements.
    pub(in crate::codec) fn adopt_elements(&mut self, id: u32, mut run: Run) -> Result<(), Twice> {
        while let Some(&Prop { key: Key::Index(index), value }) = run.of(&self.props).first() {
            if self.element_at(id, index as usize).is_some() {
                return Err(Twice);
            }
            if !self.is_near(id, index) {
                break;
            }
            self.put_element(id, index, value);
            run = Run { start: run.start + 1, len: run.len - 1, room: run.room - 1 };
        }
        // The indices that are left are in order and lie behind all elements.
        let last = run.of(&self.props).iter().rev().find_map(|prop| match prop.key {
            Key::Index(index) => Some(index),
            Key::Text(_) => None,
        });
        if let Object::Array { length, props, .. } = &mut self.objects[id as usize] {
            *props = run;
            *length = (*length).max(last.map_or(0, |index| index + 1));
        }
        Ok(())
    }

    /// Whether an element is in place, or so near behind the others that the gap may be filled with holes. A great one must not
    /// take the memory that it pretends to need.
    fn is_near(&self, id: u32, index: u32) -> bool {
        let Object::Array { elements, props, .. } = *self.object(id) else { return false };
        index < elements.len
            || (u64::from(index) <= 2 * u64::from(elements.len) + 4
                && !matches!(props.of(&self.props).first(), Some(Prop { key: Key::Index(_), .. })))
    }

    fn key_occurs_twice(&self, props: &[Prop]) -> bool {
        if props.len() <= FEW {
            let alike = |one: &Prop, other: &Prop| self.same_key(one.key, self, other.key);
            return (1..props.len()).any(|at| props[..at].iter().any(|earlier| alike(earlier, &props[at])));
        }
        let mut names: Vec<_> = props.iter().map(|prop| self.name(prop.key)).collect();
        names.sort_unstable();
        names.windows(2).any(|pair| pair[0] == pair[1])
    }

    /// Stores the keys and values of a map, which come by turns. Of two equal keys the first keeps its place and takes the
    /// last value, as `Map.prototype.set` has it. With `width` 1 it does the same for a set.
    pub(in crate::codec) fn store_entries(&mut self, entries: &[Slot], width: usize) -> Run {
        let start = number(self.slots.len());
        let keys = |(at, &slot): (usize, &Slot)| if at.is_multiple_of(width) { slot.as_key() } else { slot };
        self.slots.extend(entries.iter().enumerate().map(keys));
        let count = entries.len() / width;
        let mut order: Vec<u32> = Vec::new();
        if count > 1 {
            order.extend(0..count as u32);
            order.sort_by(|&one, &other| {
                self.key_order(entries[one as usize * width], entries[other as usize * width])
            });
        }
        let alike = |pair: &[u32]| {
            self.key_order(entries[pair[0] as usize * width], entries[pair[1] as usize * width]).is_eq()
        };
        let mut len = entries.len();
        if order.windows(2).any(alike) {
            let mut first = order.clone();
            let mut last = vec![0; count];
            for at in 1..count {
                if alike(&order[at - 1..=at]) {
                    first[at] = first[at - 1];
                }
            }
            for (at, &entry) in order.iter().enumerate() {
                last[first[at] as usize] = entry as usize;
            }
            first.sort_unstable();
            first.dedup();
            self.slots.truncate(start as usize);
            for entry in first {
                self.slots.push(entries[entry as usize * width].as_key());
                if width > 1 {
                    self.slots.push(entries[last[entry as usize] * width + 1]);
                }
            }
            len = self.slots.len() - start as usize;
        }
        Run { start, len: len as u32, room: len as u32 }
    }

    /// An order in which keys of a map that `SameValueZero` calls the same are equal.
    pub(in crate::codec) fn key_order(&self, one: Slot, other: Slot) -> Ordering {
        match (one, other) {
            (Slot::Text(one), Slot::Text(other)) => {
                one.form.cmp(&other.form).then_with(|| match self.str(one).zip(self.str(other)) {
                    Some((one, other)) => one.cmp(other),
                    None => self.units(one).cmp(self.units(other)),
                })
            }
            (
                Slot::BigInt { negative, start, len },
                Slot::BigInt { negative: other_sign, start: from, len: other },
            ) => {
                let digits = |start, len| Run { start, len, room: len }.of(&self.digits);
                negative.cmp(&other_sign).then_with(|| digits(start, len).cmp(digits(from, other)))
            }
            _ => small_key(one).cmp(&small_key(other)),
        }
    }
}

/// A key that needs no heap, as sort and bits; for others the sort alone.
fn small_key(slot: Slot) -> (u8, u64) {
    match slot {
        Slot::Hole | Slot::Undefined => (0, 0),
        Slot::Null => (1, 0),
        Slot::Bool(value) => (2, value.into()),
        Slot::Int(int) => (3, f64::from(int).to_bits()),
        // + 0.0 makes 0 of -0
        Slot::Double(double) => (3, (double + 0.0).to_bits()),
        Slot::BigInt { .. } => (4, 0),
        Slot::Text(_) => (5, 0),
        Slot::Object(id) => (6, id.into()),
    }
}

/// Indices come first and by size; names keep the order in which they came.
pub(in crate::codec) fn in_order(one: Key, other: Key) -> Ordering {
    match (one, other) {
        (Key::Index(one), Key::Index(other)) => one.cmp(&other),
        (Key::Index(_), Key::Text(_)) => Ordering::Less,
        (Key::Text(_), Key::Index(_)) => Ordering::Greater,
        (Key::Text(_), Key::Text(_)) => Ordering::Equal,
    }
}
