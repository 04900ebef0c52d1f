//! The reader's objects that hold others: begun, filled item by item, ended.

use super::read::{Bad, Reader};
use super::tag;
use crate::codec::value::{Form, Key, Object, Prop, Run, Slot, Text};

/// An object that is begun. Its items so far lie on the reader's stack of properties or slots, from `base` on.
#[derive(Clone, Copy, Debug)]
pub(super) enum Frame {
    Object { id: u32, base: usize },
    Dense { id: u32, length: u32, base: usize, props: usize },
    Sparse { id: u32, length: u32, base: usize },
    Map { id: u32, base: usize },
    Set { id: u32, base: usize },
    Error { error: usize, class: &'static str },
}

impl Reader<'_> {
    /// Reads the items of all objects that are begun, and of those that begin on the way.
    pub(super) fn finish_objects(&mut self) -> Result<(), Bad> {
        while let Some(&frame) = self.frames.last() {
            let depth = self.frames.len();
            match frame {
                Frame::Object { id, base } => self.object(id, base, depth)?,
                Frame::Dense { id, length, base, props } => self.dense(id, length, base, props, depth)?,
                Frame::Sparse { id, length, base } => self.sparse(id, length, base, depth)?,
                Frame::Map { id, base } => self.map(id, base, depth)?,
                Frame::Set { id, base } => self.set(id, base, depth)?,
                Frame::Error { error, class } => self.error(error, class, depth)?,
            }
        }
        Ok(())
    }

    /// Properties up to the tag that ends them; false if one of them has begun an object, which comes first.
    #[inline]
    fn properties(&mut self, base: usize, end: u8, depth: usize) -> Result<bool, Bad> {
        loop {
            if self.peek()? == end {
                self.at += 1;
                let count = self.varint()?;
                if count as usize != self.props.len() - base {
                    return self.malformed("a wrong number of properties");
                }
                return Ok(true);
            }
            let key = self.key(self.props.len() - base)?;
            // Its place is taken before an object that it may be begins to fill the same stack.
            let place = self.props.len();
            self.props.push(Prop { key, value: Slot::Undefined });
            self.props[place].value = self.value()?;
            if self.frames.len() > depth {
                return Ok(false);
            }
        }
    }

    fn object(&mut self, id: u32, base: usize, depth: usize) -> Result<(), Bad> {
        if self.props.len() == base && self.flat(id)? {
            return Ok(());
        }
        if self.frames.len() > depth || !self.properties(base, tag::OBJECT_END, depth)? {
            return Ok(());
        }
        self.frames.pop();
        self.last = self.store_props(base)?;
        self.heap.objects[id as usize] = Object::Plain(self.last);
        Ok(())
    }

    /// Reads an object that holds no other straight to where its properties stay. If it does hold one, they are taken back, and the
    /// answer is no.
    fn flat(&mut self, id: u32) -> Result<bool, Bad> {
        let start = self.heap.props.len();
        // Names that the object before had, in the same order, are as they should be.
        let mut as_before = true;
        loop {
            let tag = self.peek()?;
            let place = self.heap.props.len() - start;
            if tag == tag::OBJECT_END {
                self.at += 1;
                if self.varint()? as usize != place {
                    return self.malformed("a wrong number of properties");
                }
                self.frames.pop();
                self.last = match as_before {
                    true => self.heap.run_of_props(start),
                    false => {
                        let run = self.heap.settle_props(start);
                        run.or_else(|_| self.malformed("a property that comes twice"))?
                    }
                };
                self.heap.objects[id as usize] = Object::Plain(self.last);
                return Ok(true);
            }
            let key = match self.key_of_last(place) {
                Some(key) => key,
                None => {
                    as_before = false;
                    self.key(place)?
                }
            };
            let tag = self.peek()?;
            if !self.simple(tag, |reader, value| reader.heap.props.push(Prop { key, value }))? {
                self.props.extend(self.heap.props.drain(start..));
                let place = self.props.len();
                self.props.push(Prop { key, value: Slot::Undefined });
                self.props[place].value = self.value()?;
                return Ok(false);
            }
        }
    }

    /// Reads a value of the kinds that are frequent and simple, and gives it to `put`; not for others. To `put` it within each arm
    /// writes it where it belongs in one go: a value that is passed on in memory is waited for by the next instruction.
    #[inline(always)]
    fn simple(&mut self, tag: u8, put: impl FnOnce(&mut Self, Slot)) -> Result<bool, Bad> {
        match tag {
            tag::INT32 => {
                self.at += 1;
                let int = self.zigzag()?;
                put(self, Slot::Int(int));
            }
            tag::ONE_BYTE => {
                self.at += 1;
                let text = self.text(tag)?;
                match text.form {
                    Form::Ascii => put(self, Slot::Text(Text { form: Form::Ascii, ..text })),
                    Form::Utf8 | Form::Utf16 => put(self, Slot::Text(text)),
                }
            }
            tag::DOUBLE => {
                self.at += 1;
                let double = self.double()?;
                put(self, Slot::number(double));
            }
            tag::TRUE | tag::FALSE => {
                self.at += 1;
                put(self, Slot::Bool(tag == tag::TRUE));
            }
            tag::UNDEFINED => {
                self.at += 1;
                put(self, Slot::Undefined);
            }
            tag::NULL => {
                self.at += 1;
                put(self, Slot::Null);
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// A value onto the stack of slots.
    #[inline]
    fn item(&mut self) -> Result<(), Bad> {
        let tag = self.peek()?;
        if tag == tag::OBJECT {
            self.at += 1;
            let id = self.add(Object::Plain(Run::default()));
            self.slots.push(Slot::Object(id));
            self.begin(Frame::Object { id, base: self.props.len() }, id)?;
        } else if !self.simple(tag, |reader, value| reader.slots.push(value))? {
            // Its place is taken before an object that it may be begins to fill the same stack.
            let place = self.slots.len();
            self.slots.push(Slot::Hole);
            self.slots[place] = self.value()?;
        }
        Ok(())
    }

    fn store_props(&mut self, base: usize) -> Result<Run, Bad> {
        let run = self.heap.store_props(&mut self.props[base..]);
        self.props.truncate(base);
        run.or_else(|_| self.malformed("a property that comes twice"))
    }

    fn dense(&mut self, id: u32, length: u32, base: usize, props: usize, depth: usize) -> Result<(), Bad> {
        while self.slots.len() - base < length as usize {
            if self.peek()? == tag::HOLE {
                self.at += 1;
                self.slots.push(Slot::Hole);
            } else {
                self.item()?;
            }
            if self.frames.len() > depth {
                return Ok(());
            }
        }
        if !self.properties(props, tag::DENSE_END, depth)? {
            return Ok(());
        }
        self.array_end(length)?;
        let elements = self.heap.store_slots(&self.slots[base..]);
        self.slots.truncate(base);
        self.heap.objects[id as usize] = Object::Array { length, elements, props: Run::default() };
        self.array_props(id, props)
    }

    fn sparse(&mut self, id: u32, length: u32, base: usize, depth: usize) -> Result<(), Bad> {
        if !self.properties(base, tag::SPARSE_END, depth)? {
            return Ok(());
        }
        self.array_end(length)?;
        self.array_props(id, base)
    }

    fn array_end(&mut self, length: u32) -> Result<(), Bad> {
        if self.varint()? != length {
            return self.malformed("two lengths for one array");
        }
        self.frames.pop();
        Ok(())
    }

    /// Gives an array what came as properties: elements by their indices, and names.
    fn array_props(&mut self, id: u32, base: usize) -> Result<(), Bad> {
        if self.props.len() == base {
            return Ok(());
        }
        let named_length = |key| matches!(key, Key::Text(name) if self.heap.str(name) == Some("length"));
        if self.props[base..].iter().any(|prop| named_length(prop.key)) {
            return self.malformed("a property of an array that it has anyway");
        }
        let run = self.store_props(base)?;
        match self.heap.adopt_elements(id, run) {
            Ok(()) => Ok(()),
            Err(_) => self.malformed("an element that comes twice"),
        }
    }

    fn map(&mut self, id: u32, base: usize, depth: usize) -> Result<(), Bad> {
        loop {
            let whole = (self.slots.len() - base).is_multiple_of(2);
            if whole && self.peek()? == tag::MAP_END {
                break;
            }
            self.item()?;
            if self.frames.len() > depth {
                return Ok(());
            }
        }
        let run = self.entries_end(base, 2)?;
        self.heap.objects[id as usize] = Object::Map(run);
        Ok(())
    }

    fn set(&mut self, id: u32, base: usize, depth: usize) -> Result<(), Bad> {
        while self.peek()? != tag::SET_END {
            self.item()?;
            if self.frames.len() > depth {
                return Ok(());
            }
        }
        let run = self.entries_end(base, 1)?;
        self.heap.objects[id as usize] = Object::Set(run);
        Ok(())
    }

    fn entries_end(&mut self, base: usize, width: usize) -> Result<Run, Bad> {
        self.at += 1;
        if self.varint()? as usize != self.slots.len() - base {
            return self.malformed("a wrong number of entries");
        }
        self.frames.pop();
        let run = self.heap.store_entries(&self.slots[base..], width);
        self.slots.truncate(base);
        Ok(run)
    }

    fn error(&mut self, error: usize, mut class: &'static str, depth: usize) -> Result<(), Bad> {
        loop {
            let begin = self.at;
            let part = self.varint()?;
            match u8::try_from(part).unwrap_or_default() {
                tag::ERROR_MESSAGE => self.heap.errors[error].message = Some(self.string()?),
                tag::ERROR_STACK => self.heap.errors[error].stack = Some(self.string()?),
                tag::ERROR_CAUSE => {
                    if let Some(frame) = self.frames.last_mut() {
                        *frame = Frame::Error { error, class };
                    }
                    self.heap.errors[error].cause = Some(self.value()?);
                    if self.frames.len() > depth {
                        return Ok(());
                    }
                }
                tag::ERROR_END => break,
                letter => match tag::ERROR_CLASSES.iter().find(|known| known.0 == letter) {
                    Some(known) => class = known.1,
                    None => {
                        self.at = begin;
                        return self.malformed("a part that no Error has");
                    }
                },
            }
        }
        self.frames.pop();
        self.heap.errors[error].name = self.heap.add_str(class);
        Ok(())
    }
}
