//! The writer.

use super::{MAX_DEPTH, Views, tag};
use crate::codec::error::Error;
use crate::codec::value::{Heap, Key, Object, Run, Slot, Text, Value};

pub(super) fn write(value: &Value, views: Views, out: &mut Vec<u8>) -> Result<(), Error> {
    let (root, heap) = value.parts();
    // What a message without surprises takes: one growth instead of many.
    let bytes: usize = heap.buffers.iter().map(|buffer| buffer.bytes.len()).sum();
    out.reserve(
        16 + heap.text.len() + bytes + 12 * heap.props.len() + 5 * (heap.slots.len() + heap.objects.len()),
    );
    let base = out.len();
    out.extend_from_slice(&[tag::VERSION, tag::LATEST]);
    let ids = vec![0; heap.objects.len()];
    let mut writer = Writer { heap, views, out, base, ids, next: 1, frames: Vec::new() };
    writer.slot(root)?;
    while let Some(&frame) = writer.frames.last() {
        writer.resume(frame)?;
    }
    Ok(())
}

pub(super) struct Writer<'a> {
    pub(super) heap: &'a Heap,
    pub(super) views: Views,
    pub(super) out: &'a mut Vec<u8>,
    /// Where the message begins: strings of two-byte units are aligned to it.
    pub(super) base: usize,
    /// An object's number on the wire plus 1; 0 if it is not there yet.
    ids: Vec<u32>,
    next: u32,
    /// Objects that are begun, the innermost last.
    frames: Vec<Frame>,
}

/// An object that is begun, and what of it is written.
#[derive(Clone, Copy)]
struct Frame {
    kind: Container,
    run: Run,
    at: u32,
    end: End,
}

#[derive(Clone, Copy)]
enum Container {
    Props,
    /// Elements of an array without holes; `doubles` if V8 would hold them as doubles. Properties follow.
    Dense {
        doubles: bool,
        props: Run,
    },
    /// Elements of an array with holes, with their indices. Properties follow.
    Sparse {
        props: Run,
    },
    Slots,
    /// An error of which the cause is to be written, if there is still one, and the stack.
    Error {
        cause: Option<Slot>,
        stack: Option<Text>,
    },
}

/// What ends an object: its tag, how many items there were, an array's length.
#[derive(Clone, Copy)]
struct End {
    tag: u8,
    count: u32,
    length: Option<u32>,
}

impl Writer<'_> {
    fn resume(&mut self, mut frame: Frame) -> Result<(), Error> {
        let depth = self.frames.len();
        match frame.kind {
            Container::Props => {
                for prop in &frame.run.of(&self.heap.props)[frame.at as usize..] {
                    frame.at += 1;
                    self.key(prop.key);
                    if self.child(prop.value, &frame, depth)? {
                        return Ok(());
                    }
                }
            }
            Container::Dense { doubles, props } => {
                for &slot in &frame.run.of(&self.heap.slots)[frame.at as usize..] {
                    frame.at += 1;
                    if doubles {
                        self.double_element(slot);
                    } else if self.child(slot, &frame, depth)? {
                        return Ok(());
                    }
                }
                self.frames[depth - 1] = Frame { kind: Container::Props, run: props, at: 0, ..frame };
                return Ok(());
            }
            Container::Sparse { props } => {
                for &slot in &frame.run.of(&self.heap.slots)[frame.at as usize..] {
                    frame.at += 1;
                    if !matches!(slot, Slot::Hole) {
                        frame.end.count += 1;
                        self.index(frame.at - 1);
                        if self.child(slot, &frame, depth)? {
                            return Ok(());
                        }
                    }
                }
                frame.end.count += props.len;
                self.frames[depth - 1] = Frame { kind: Container::Props, run: props, at: 0, ..frame };
                return Ok(());
            }
            Container::Slots => {
                for &slot in &frame.run.of(&self.heap.slots)[frame.at as usize..] {
                    frame.at += 1;
                    if self.child(slot, &frame, depth)? {
                        return Ok(());
                    }
                }
            }
            Container::Error { cause, stack } => {
                frame.kind = Container::Error { cause: None, stack };
                if let Some(cause) = cause
                    && self.child(cause, &frame, depth)?
                {
                    return Ok(());
                }
                self.frames.pop();
                self.error_end(stack);
                return Ok(());
            }
        }
        self.frames.pop();
        self.out.push(frame.end.tag);
        self.varint(frame.end.count);
        if let Some(length) = frame.end.length {
            self.varint(length);
        }
        Ok(())
    }

    /// Writes an item; if that begins an object, `frame` waits below it, and the answer is yes.
    #[inline]
    fn child(&mut self, slot: Slot, frame: &Frame, depth: usize) -> Result<bool, Error> {
        self.slot(slot)?;
        let begun = self.frames.len() > depth;
        if begun {
            self.frames[depth - 1] = *frame;
        }
        Ok(begun)
    }

    #[inline]
    fn slot(&mut self, slot: Slot) -> Result<(), Error> {
        match slot {
            // A hole is no value: it is left out by whoever lists an array's elements.
            Slot::Hole | Slot::Undefined => self.out.push(tag::UNDEFINED),
            Slot::Null => self.out.push(tag::NULL),
            Slot::Bool(value) => self.out.push(if value { tag::TRUE } else { tag::FALSE }),
            Slot::Int(int) => {
                self.out.push(tag::INT32);
                self.varint(((int << 1) ^ (int >> 31)) as u32);
            }
            Slot::Double(double) => self.tagged_double(tag::DOUBLE, double),
            Slot::BigInt { negative, start, len } => {
                self.bigint(tag::BIGINT, negative, Run { start, len, room: len });
            }
            Slot::Text(text) => self.text(text),
            Slot::Object(id) => return self.object(id),
        }
        Ok(())
    }

    fn object(&mut self, id: u32) -> Result<(), Error> {
        if let (Object::View { buffer, .. }, 0, Views::Native) =
            (self.heap.object(id), self.ids[id as usize], self.views)
        {
            self.object(*buffer)?;
        }
        let known = self.ids[id as usize];
        if known > 0 {
            self.out.push(tag::REFERENCE);
            self.varint(known - 1);
            return Ok(());
        }
        self.ids[id as usize] = self.next;
        self.next += 1;
        match *self.heap.object(id) {
            Object::Plain(run) => self.plain(run),
            Object::Array { length, elements, props } => self.array(length, elements, props),
            Object::Date(time) => {
                self.tagged_double(tag::DATE, time);
                Ok(())
            }
            Object::RegExp { source, flags } => {
                self.out.push(tag::REGEXP);
                self.text(source);
                self.varint(flags);
                Ok(())
            }
            Object::Map(run) => {
                self.out.push(tag::MAP);
                self.begin(Container::Slots, run, End { tag: tag::MAP_END, count: run.len, length: None })
            }
            Object::Set(run) => {
                self.out.push(tag::SET);
                self.begin(Container::Slots, run, End { tag: tag::SET_END, count: run.len, length: None })
            }
            Object::Error(error) => self.error(error),
            Object::Buffer(buffer) => self.buffer(buffer),
            Object::View { .. } => self.view(id),
            Object::Boxed(slot) => {
                self.boxed(slot);
                Ok(())
            }
            Object::Function(_) | Object::Symbol(_) => Err(Error::NotCloneable),
        }
    }

    /// Most objects hold no others: only from the first one on is a frame needed.
    fn plain(&mut self, run: Run) -> Result<(), Error> {
        self.room_for_one()?;
        self.out.push(tag::OBJECT);
        for (at, prop) in (0..).zip(run.of(&self.heap.props)) {
            if let Slot::Object(_) = prop.value {
                let end = End { tag: tag::OBJECT_END, count: run.len, length: None };
                return self.push(Frame { kind: Container::Props, run, at, end });
            }
            self.key(prop.key);
            self.slot(prop.value)?;
        }
        self.out.push(tag::OBJECT_END);
        self.varint(run.len);
        Ok(())
    }

    #[inline]
    fn key(&mut self, key: Key) {
        match key {
            Key::Index(index) => self.index(index),
            Key::Text(text) => self.text(text),
        }
    }

    fn begin(&mut self, kind: Container, run: Run, end: End) -> Result<(), Error> {
        self.push(Frame { kind, run, at: 0, end })
    }

    fn push(&mut self, frame: Frame) -> Result<(), Error> {
        self.room_for_one()?;
        self.frames.push(frame);
        Ok(())
    }

    fn room_for_one(&self) -> Result<(), Error> {
        let room = self.frames.len() < MAX_DEPTH;
        if room { Ok(()) } else { Err(Error::TooDeep { limit: MAX_DEPTH }) }
    }

    fn array(&mut self, length: u32, elements: Run, props: Run) -> Result<(), Error> {
        let slots = elements.of(&self.heap.slots);
        let whole = slots.len() == length as usize && !slots.iter().any(|slot| matches!(slot, Slot::Hole));
        let end = End { tag: tag::SPARSE_END, count: 0, length: Some(length) };
        self.out.push(if whole { tag::DENSE } else { tag::SPARSE });
        self.varint(length);
        if !whole {
            return self.begin(Container::Sparse { props }, elements, end);
        }
        let numbers = slots.iter().all(|slot| matches!(slot, Slot::Int(_) | Slot::Double(_)));
        let doubles = numbers && slots.iter().any(|slot| matches!(slot, Slot::Double(_)));
        let end = End { tag: tag::DENSE_END, count: props.len, ..end };
        self.begin(Container::Dense { doubles, props }, elements, end)
    }

    fn double_element(&mut self, slot: Slot) {
        match slot {
            Slot::Int(int) => self.tagged_double(tag::DOUBLE, int.into()),
            Slot::Double(double) => self.tagged_double(tag::DOUBLE, double),
            _ => {}
        }
    }

    /// An array's or object's index as a key: a number of JavaScript.
    fn index(&mut self, index: u32) {
        match i32::try_from(index) {
            Ok(_) => {
                self.out.push(tag::INT32);
                self.varint(index << 1);
            }
            Err(_) => self.tagged_double(tag::DOUBLE, index.into()),
        }
    }

    fn error(&mut self, error: u32) -> Result<(), Error> {
        let parts = self.heap.errors[error as usize];
        self.out.push(tag::ERROR);
        let name = self.heap.str(parts.name);
        self.out.extend(tag::ERROR_CLASSES.iter().find(|class| Some(class.1) == name).map(|class| class.0));
        if let Some(message) = parts.message {
            self.out.push(tag::ERROR_MESSAGE);
            self.text(message);
        }
        if parts.cause.is_none() {
            self.error_end(parts.stack);
            return Ok(());
        }
        self.out.push(tag::ERROR_CAUSE);
        let end = End { tag: tag::ERROR_END, count: 0, length: None };
        self.begin(Container::Error { cause: parts.cause, stack: parts.stack }, Run::default(), end)
    }

    fn error_end(&mut self, stack: Option<Text>) {
        if let Some(stack) = stack {
            self.out.push(tag::ERROR_STACK);
            self.text(stack);
        }
        self.out.push(tag::ERROR_END);
    }

    fn boxed(&mut self, slot: Slot) {
        match slot {
            Slot::Bool(value) => self.out.push(if value { tag::TRUE_OBJECT } else { tag::FALSE_OBJECT }),
            Slot::Int(int) => self.tagged_double(tag::NUMBER_OBJECT, int.into()),
            Slot::Double(double) => self.tagged_double(tag::NUMBER_OBJECT, double),
            Slot::BigInt { negative, start, len } => {
                self.bigint(tag::BIGINT_OBJECT, negative, Run { start, len, room: len });
            }
            Slot::Text(text) => {
                self.out.push(tag::STRING_OBJECT);
                self.text(text);
            }
            other @ (Slot::Hole | Slot::Undefined | Slot::Null | Slot::Object(_)) => {
                unreachable!("boxed {other:?}")
            }
        }
    }

    fn tagged_double(&mut self, tag: u8, double: f64) {
        self.out.push(tag);
        self.out.extend_from_slice(&double.to_le_bytes());
    }

    fn bigint(&mut self, tag: u8, negative: bool, digits: Run) {
        let digits = digits.of(&self.heap.digits);
        self.out.push(tag);
        self.varint((8 * digits.len() as u32) << 1 | u32::from(negative));
        self.out.extend(digits.iter().flat_map(|digit| digit.to_le_bytes()));
    }

    /// Seven bits a byte, the least significant first.
    #[inline]
    pub(super) fn varint(&mut self, mut value: u32) {
        while value >= 0x80 {
            self.out.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.out.push(value as u8);
    }
}
