//! The reader: values as they come, and the objects that hold no others.

use super::stack::Frame;
use super::{MAX_DEPTH, Message, Views, tag};
use crate::codec::error::Error;
use crate::codec::value::{ALL_FLAGS, ErrorParts, Heap, Object, Prop, Run, Slot, Text, Value};
use crate::codec::value::{number, time_clip};

/// The longest message that is read. Positions of text are 32 bits wide, and text may double.
const LONGEST: usize = 1 << 30;

/// Room that is made for text before any is read, in bytes: no more than there can be of it in the message.
const TEXT_AT_ONCE: usize = 1 << 16;
/// Objects that room is made for, at most, and the bytes that one of two properties is taken to have.
const OBJECTS_AT_ONCE: usize = 1 << 10;
const BYTES_PER_OBJECT: usize = 32;

pub(super) fn read(bytes: &[u8]) -> Result<Message, Error> {
    let mut reader = Reader {
        input: bytes,
        at: 0,
        version: 0,
        heap: Box::default(),
        ids: Vec::new(),
        frames: Vec::new(),
        props: Vec::new(),
        slots: Vec::new(),
        last: Run::default(),
        views: None,
        failed: None,
    };
    let root = reader.message();
    let Reader { heap, at, version, views, failed, .. } = reader;
    let root = root.map_err(|Bad| failed.unwrap_or(Error::Malformed { offset: at, what: "an error" }))?;
    Ok(Message { value: Value::from_parts(root, heap), version, len: at, views })
}

pub(super) struct Reader<'a> {
    pub(super) input: &'a [u8],
    pub(super) at: usize,
    pub(super) version: u8,
    pub(super) heap: Box<Heap>,
    /// What the object of each number on the wire is called in the heap.
    pub(super) ids: Vec<u32>,
    /// Objects that are begun, the innermost last.
    pub(super) frames: Vec<Frame>,
    /// Properties of objects that are begun: those of the innermost are the last.
    pub(super) props: Vec<Prop>,
    /// Elements, values, keys of those.
    pub(super) slots: Vec<Slot>,
    /// The properties of the object that ended last: the next one is likely to have the same names.
    pub(super) last: Run,
    pub(super) views: Option<Views>,
    /// What was wrong.
    failed: Option<Error>,
}

/// The reader has stopped and knows why. It says so in no bytes at all, since every part of every value may say it.
#[derive(Debug, PartialEq)]
pub(super) struct Bad;

impl<'a> Reader<'a> {
    #[cold]
    pub(super) fn malformed<T>(&mut self, what: &'static str) -> Result<T, Bad> {
        self.failed = Some(Error::Malformed { offset: self.at, what });
        Err(Bad)
    }

    fn message(&mut self) -> Result<Slot, Bad> {
        self.header()?;
        let root = self.value()?;
        self.finish_objects()?;
        Ok(root)
    }

    fn header(&mut self) -> Result<(), Bad> {
        if self.input.len() > LONGEST {
            return self.malformed("a message of more than 1 GiB");
        }
        if self.input.first() != Some(&tag::VERSION) {
            return self.malformed("no header of V8's format");
        }
        self.at = 1;
        let version = self.varint()?;
        if !(u32::from(tag::OLDEST)..=u32::from(tag::LATEST)).contains(&version) {
            self.at = 1;
            return self.malformed("a version of V8's format that is not between 13 and 15");
        }
        self.version = version as u8;
        Ok(())
    }

    /// The next byte, without the padding before it.
    #[inline]
    pub(super) fn peek(&mut self) -> Result<u8, Bad> {
        loop {
            match self.input.get(self.at) {
                Some(&tag::PADDING) => self.at += 1,
                Some(&tag) => return Ok(tag),
                None => return self.malformed("the end of the bytes within a value"),
            }
        }
    }

    /// Seven bits a byte, the least significant first. As in V8, bits beyond 32 are dropped, and a fifth byte ends it whatever it
    /// says, unless the bytes end with it.
    #[inline(always)]
    pub(super) fn varint(&mut self) -> Result<u32, Bad> {
        let rest = &self.input[self.at..];
        if let Some(&byte @ 0..0x80) = rest.first() {
            self.at += 1;
            return Ok(byte.into());
        }
        self.long_varint()
    }

    fn long_varint(&mut self) -> Result<u32, Bad> {
        let rest = &self.input[self.at..];
        let mut value = 0;
        for (place, &byte) in rest.iter().take(5).enumerate() {
            value |= u32::from(byte & 0x7F) << (7 * place);
            if byte < 0x80 || (place == 4 && rest.len() > 5) {
                self.at += place + 1;
                return Ok(value);
            }
        }
        self.malformed("a number that has no end")
    }

    #[inline]
    pub(super) fn take(&mut self, len: usize) -> Result<&'a [u8], Bad> {
        match self.input[self.at..].get(..len) {
            Some(bytes) => {
                self.at += len;
                Ok(bytes)
            }
            None => self.malformed("a length beyond the end of the bytes"),
        }
    }

    /// A value; of an object that holds others, no more than the head: its frame waits on the stack.
    pub(super) fn value(&mut self) -> Result<Slot, Bad> {
        let tag = self.peek()?;
        self.at += 1;
        match tag {
            tag::INT32 => Ok(Slot::Int(self.zigzag()?)),
            tag::ONE_BYTE | tag::TWO_BYTE | tag::UTF8 => Ok(Slot::Text(self.text(tag)?)),
            tag::OBJECT => {
                let id = self.add(Object::Plain(Run::default()));
                self.begin(Frame::Object { id, base: self.props.len() }, id)
            }
            tag::UNDEFINED => Ok(Slot::Undefined),
            tag::NULL => Ok(Slot::Null),
            tag::TRUE => Ok(Slot::Bool(true)),
            tag::FALSE => Ok(Slot::Bool(false)),
            tag::UINT32 => Ok(Slot::number(self.varint()?.into())),
            tag::DOUBLE => Ok(Slot::number(self.double()?)),
            tag::BIGINT => self.bigint(),
            tag::REFERENCE => {
                let number = self.varint()?;
                match self.ids.get(number as usize) {
                    Some(&id) => self.perhaps_view(id),
                    None => self.malformed("a reference to an object that was not there before"),
                }
            }
            tag::DENSE => {
                let length = self.varint()?;
                if length as usize > self.input.len() - self.at {
                    return self.malformed("an array longer than the bytes that are left");
                }
                let id = self.add(Object::Array { length, elements: Run::default(), props: Run::default() });
                let (base, props) = (self.slots.len(), self.props.len());
                self.begin(Frame::Dense { id, length, base, props }, id)
            }
            tag::SPARSE => {
                let length = self.varint()?;
                let id = self.add(Object::Array { length, elements: Run::default(), props: Run::default() });
                self.begin(Frame::Sparse { id, length, base: self.props.len() }, id)
            }
            tag::MAP => {
                let id = self.add(Object::Map(Run::default()));
                self.begin(Frame::Map { id, base: self.slots.len() }, id)
            }
            tag::SET => {
                let id = self.add(Object::Set(Run::default()));
                self.begin(Frame::Set { id, base: self.slots.len() }, id)
            }
            tag::ERROR => {
                let name = Text::EMPTY;
                let id = self.heap.add_error(ErrorParts { name, message: None, stack: None, cause: None });
                self.ids.push(id);
                self.begin(Frame::Error { error: self.heap.errors.len() - 1, class: "Error" }, id)
            }
            _ => self.leaf(tag),
        }
    }

    /// A value that holds no other one, and is rare.
    fn leaf(&mut self, tag: u8) -> Result<Slot, Bad> {
        let object = match tag {
            tag::VERIFY_OBJECT_COUNT => {
                self.varint()?;
                return self.value_after_count();
            }
            tag::DATE => Object::Date(time_clip(self.double()?)),
            tag::TRUE_OBJECT => Object::Boxed(Slot::Bool(true)),
            tag::FALSE_OBJECT => Object::Boxed(Slot::Bool(false)),
            tag::NUMBER_OBJECT => Object::Boxed(Slot::number(self.double()?)),
            tag::BIGINT_OBJECT => Object::Boxed(self.bigint()?),
            tag::STRING_OBJECT => Object::Boxed(Slot::Text(self.string()?)),
            tag::REGEXP => {
                let (source, flags) = (self.string()?, self.varint()?);
                if flags & !ALL_FLAGS != 0 {
                    return self.malformed("flags that no RegExp has");
                }
                Object::RegExp { source, flags }
            }
            tag::BUFFER | tag::RESIZABLE => return self.buffer(tag == tag::RESIZABLE),
            tag::HOST => return self.node_view(),
            _ => {
                self.at -= 1;
                return self.malformed(match tag {
                    b't' | b'u' | b'p' | b'w' | b'm' => {
                        "an object that is shared or transferred, and not in the bytes"
                    }
                    _ => "a tag that V8's format does not have",
                });
            }
        };
        Ok(Slot::Object(self.add(object)))
    }

    /// V8 ignores the count, and so may anybody write many.
    fn value_after_count(&mut self) -> Result<Slot, Bad> {
        while self.peek()? == tag::VERIFY_OBJECT_COUNT {
            self.at += 1;
            self.varint()?;
        }
        self.value()
    }

    /// Makes room for what the rest of a short message may hold: to grow step by step costs more than to read it.
    fn make_room(&mut self) {
        let objects = ((self.input.len() - self.at) / BYTES_PER_OBJECT).min(OBJECTS_AT_ONCE);
        self.heap.objects.reserve(objects);
        self.ids.reserve(objects);
        self.heap.props.reserve(2 * objects);
        self.heap.text.reserve((self.input.len() - self.at).min(TEXT_AT_ONCE));
    }

    #[inline]
    pub(super) fn add(&mut self, object: Object) -> u32 {
        if self.ids.is_empty() && self.input.len() > self.at {
            self.make_room();
        }
        let id = self.heap.add(object);
        self.ids.push(id);
        id
    }

    #[inline]
    pub(super) fn begin(&mut self, frame: Frame, id: u32) -> Result<Slot, Bad> {
        if self.frames.len() >= MAX_DEPTH {
            self.failed = Some(Error::TooDeep { limit: MAX_DEPTH });
            return Err(Bad);
        }
        self.frames.push(frame);
        Ok(Slot::Object(id))
    }

    #[inline(always)]
    pub(super) fn zigzag(&mut self) -> Result<i32, Bad> {
        let bits = self.varint()?;
        Ok((bits >> 1) as i32 ^ -((bits & 1) as i32))
    }

    #[inline(always)]
    pub(super) fn double(&mut self) -> Result<f64, Bad> {
        let bytes = self.take(8)?;
        Ok(f64::from_le_bytes(bytes.try_into().unwrap_or_default()))
    }

    fn bigint(&mut self) -> Result<Slot, Bad> {
        let bits = self.varint()?;
        let bytes = self.take((bits >> 1) as usize)?;
        if bits == 1 {
            return self.malformed("a BigInt under zero without digits");
        }
        let start = self.heap.digits.len();
        let (whole, rest) = bytes.as_chunks::<8>();
        self.heap.digits.extend(whole.iter().map(|&digit| u64::from_le_bytes(digit)));
        if !rest.is_empty() {
            self.heap.digits.push(rest.iter().rev().fold(0, |digit, &byte| digit << 8 | u64::from(byte)));
        }
        let len = self.heap.digits[start..].iter().rposition(|&digit| digit != 0).map_or(0, |last| last + 1);
        self.heap.digits.truncate(start + len);
        Ok(Slot::BigInt { negative: bits & 1 == 1 && len > 0, start: number(start), len: number(len) })
    }
}
