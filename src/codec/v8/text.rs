//! Strings on the wire, and the names of properties.

use super::read::{Bad, Reader};
use super::tag;
use super::write::Writer;
use crate::codec::value::{Form, Key, Slot, Text, index, number, number_text};

impl Writer<'_> {
    #[inline]
    pub(super) fn text(&mut self, text: Text) {
        match text.form {
            Form::Ascii => {
                self.out.push(tag::ONE_BYTE);
                self.varint(text.len);
                self.out.extend_from_slice(self.heap.bytes_of(text));
            }
            Form::Utf8 => self.utf8(text),
            Form::Utf16 => {
                self.two_byte(text.len as usize);
                self.out.extend(self.heap.units(text).iter().flat_map(|unit| unit.to_le_bytes()));
            }
        }
    }

    /// One byte a character if all of them are Latin-1, which in UTF-8 begin with one of two bytes beyond ASCII.
    fn utf8(&mut self, text: Text) {
        let Some(string) = self.heap.str(text) else { return };
        if string.bytes().all(|byte| byte < 0xC4) {
            self.out.push(tag::ONE_BYTE);
            self.varint(string.chars().count() as u32);
            self.out.extend(string.chars().map(|character| character as u8));
        } else {
            self.two_byte(string.encode_utf16().count());
            self.out.extend(string.encode_utf16().flat_map(u16::to_le_bytes));
        }
    }

    /// The head of a string of so many units, which begin at an even place.
    fn two_byte(&mut self, units: usize) {
        let bytes = 2 * units as u32;
        let head = 1 + bytes.max(1).ilog2() as usize / 7 + 1;
        if !(self.out.len() - self.base + head).is_multiple_of(2) {
            self.out.push(tag::PADDING);
        }
        self.out.push(tag::TWO_BYTE);
        self.varint(bytes);
    }
}

impl Reader<'_> {
    /// What must be a string.
    pub(super) fn string(&mut self) -> Result<Text, Bad> {
        let tag = self.peek()?;
        if !matches!(tag, tag::ONE_BYTE | tag::TWO_BYTE | tag::UTF8) {
            return self.malformed("no string where one must be");
        }
        self.at += 1;
        self.text(tag)
    }

    #[inline(always)]
    pub(super) fn text(&mut self, tag: u8) -> Result<Text, Bad> {
        let len = self.varint()? as usize;
        let bytes = self.take(len)?;
        let heap = &mut self.heap;
        if tag != tag::TWO_BYTE && bytes.is_ascii() {
            // Checked again where it becomes text, which is cheap and keeps this code free of `unsafe`.
            let start = number(heap.text.len());
            heap.text.push_str(str::from_utf8(bytes).unwrap_or_default());
            return Ok(Text { start, len: len as u32, form: Form::Ascii });
        }
        self.other_text(tag, bytes)
    }

    /// A string that is not ASCII in one byte each.
    fn other_text(&mut self, tag: u8, bytes: &[u8]) -> Result<Text, Bad> {
        let heap = &mut self.heap;
        match tag {
            tag::ONE_BYTE => {
                let start = number(heap.text.len());
                heap.text.extend(bytes.iter().map(|&byte| char::from(byte)));
                Ok(Text { start, len: number(heap.text.len()) - start, form: Form::Utf8 })
            }
            tag::UTF8 => Ok(heap.add_str(&String::from_utf8_lossy(bytes))),
            _ => match bytes.as_chunks::<2>() {
                (units, []) => Ok(heap.add_utf16(units.iter().map(|&unit| u16::from_le_bytes(unit)))),
                _ => self.malformed("half a character"),
            },
        }
    }

    /// A property's name: a string, or a number, which is one by its digits.
    #[inline]
    pub(super) fn key(&mut self, place: usize) -> Result<Key, Bad> {
        let tag = self.peek()?;
        match tag {
            tag::ONE_BYTE => {
                if let Some(key) = self.key_of_last(place) {
                    return Ok(key);
                }
                let text = self.string()?;
                Ok(self.heap.key(text))
            }
            tag::TWO_BYTE | tag::UTF8 => {
                let text = self.string()?;
                Ok(self.heap.key(text))
            }
            tag::INT32 | tag::UINT32 | tag::DOUBLE => {
                let value = match self.value()? {
                    Slot::Int(int) => f64::from(int),
                    Slot::Double(double) => double,
                    other => unreachable!("{other:?} is no number"),
                };
                let name = number_text(value);
                Ok(index(name.as_bytes()).map_or_else(|| Key::Text(self.heap.add_str(&name)), Key::Index))
            }
            _ => self.malformed("no string or number where a property's name must be"),
        }
    }

    /// The name that the object before had at this place, if it comes again: then it is in the heap already.
    #[inline(always)]
    pub(super) fn key_of_last(&mut self, place: usize) -> Option<Key> {
        if place >= self.last.len as usize {
            return None;
        }
        if self.input.get(self.at) != Some(&tag::ONE_BYTE) {
            return None;
        }
        let key = self.heap.props[self.last.start as usize + place].key;
        let Key::Text(text @ Text { form: Form::Ascii, len: len @ 0..0x80, .. }) = key else { return None };
        let rest = &self.input[self.at + 1..];
        let (&announced, rest) = rest.split_first()?;
        if u32::from(announced) != len || rest.get(..len as usize)? != self.heap.bytes_of(text) {
            return None;
        }
        self.at += 2 + len as usize;
        Some(key)
    }
}
