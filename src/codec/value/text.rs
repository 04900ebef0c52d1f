//! Strings of a heap: kept as UTF-8 where that is possible, which is what Rust reads, and otherwise as the units that JavaScript
//! has.

use super::heap::{Form, Heap, Key, Text, number};
use std::borrow::Cow;

/// A property's name, as one reads it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Name<'a> {
    /// An array index, 0 to 2³² − 2.
    Index(u32),
    /// Any other string that is valid Unicode.
    Str(&'a str),
    /// UTF-16 with a lone surrogate.
    Utf16(&'a [u16]),
}

impl<'a> Name<'a> {
    /// The name as text; lone surrogates become U+FFFD.
    pub fn to_text(self) -> Cow<'a, str> {
        match self {
            Name::Index(index) => Cow::Owned(index.to_string()),
            Name::Str(text) => Cow::Borrowed(text),
            Name::Utf16(units) => Cow::Owned(String::from_utf16_lossy(units)),
        }
    }
}

impl Heap {
    pub(in crate::codec) fn add_str(&mut self, text: &str) -> Text {
        let start = number(self.text.len());
        self.text.push_str(text);
        number(self.text.len());
        Text { start, len: text.len() as u32, form: form(text) }
    }

    /// Takes the string as it is if there is no text yet.
    pub(in crate::codec) fn add_string(&mut self, text: String) -> Text {
        if !self.text.is_empty() {
            return self.add_str(&text);
        }
        let added = Text { start: 0, len: number(text.len()), form: form(&text) };
        self.text = text;
        added
    }

    /// Adds UTF-16, which may have lone surrogates.
    pub(in crate::codec) fn add_utf16(&mut self, units: impl Iterator<Item = u16> + Clone) -> Text {
        let start = self.text.len();
        for character in char::decode_utf16(units.clone()) {
            let Ok(character) = character else {
                self.text.truncate(start);
                let start = number(self.wide.len());
                self.wide.extend(units);
                return Text { start, len: number(self.wide.len()) - start, form: Form::Utf16 };
            };
            self.text.push(character);
        }
        let len = number(self.text.len()) - number(start);
        Text { start: number(start), len, form: form(&self.text[start..]) }
    }

    /// The string, if it is valid Unicode.
    #[inline]
    pub(in crate::codec) fn str(&self, text: Text) -> Option<&str> {
        match text.form {
            Form::Utf16 => None,
            Form::Ascii | Form::Utf8 => Some(&self.text[text.start as usize..][..text.len as usize]),
        }
    }

    /// The bytes of the UTF-8 of a string that has one.
    #[inline]
    pub(in crate::codec) fn bytes_of(&self, text: Text) -> &[u8] {
        &self.text.as_bytes()[text.start as usize..][..text.len as usize]
    }

    /// The units of a string that has no other form.
    pub(in crate::codec) fn units(&self, text: Text) -> &[u16] {
        match text.form {
            Form::Utf16 => &self.wide[text.start as usize..][..text.len as usize],
            Form::Ascii | Form::Utf8 => &[],
        }
    }

    pub(in crate::codec) fn lossy(&self, text: Text) -> Cow<'_, str> {
        match self.str(text) {
            Some(text) => Cow::Borrowed(text),
            None => Cow::Owned(String::from_utf16_lossy(self.units(text))),
        }
    }

    pub(in crate::codec) fn to_utf16(&self, text: Text) -> Vec<u16> {
        match self.str(text) {
            Some(text) => text.encode_utf16().collect(),
            None => self.units(text).to_vec(),
        }
    }

    #[inline]
    pub(in crate::codec) fn same_text(&self, text: Text, heap: &Heap, other: Text) -> bool {
        text.form == other.form
            && text.len == other.len
            && match text.form {
                Form::Utf16 => self.units(text) == heap.units(other),
                Form::Ascii | Form::Utf8 => self.bytes_of(text) == heap.bytes_of(other),
            }
    }

    #[inline]
    pub(in crate::codec) fn same_key(&self, key: Key, heap: &Heap, other: Key) -> bool {
        match (key, other) {
            (Key::Index(one), Key::Index(other)) => one == other,
            (Key::Text(one), Key::Text(other)) => self.same_text(one, heap, other),
            _ => false,
        }
    }

    pub(in crate::codec) fn name(&self, key: Key) -> Name<'_> {
        match key {
            Key::Index(index) => Name::Index(index),
            Key::Text(text) => match self.str(text) {
                Some(text) => Name::Str(text),
                None => Name::Utf16(self.units(text)),
            },
        }
    }

    /// The key of a name; indices take no text.
    pub(in crate::codec) fn add_key(&mut self, name: &str) -> Key {
        match index(name.as_bytes()) {
            Some(index) => Key::Index(index),
            None => Key::Text(self.add_str(name)),
        }
    }

    /// The key whose text is in the heap already.
    #[inline]
    pub(in crate::codec) fn key(&self, text: Text) -> Key {
        match text.form {
            Form::Ascii => index(self.bytes_of(text)).map_or(Key::Text(text), Key::Index),
            Form::Utf8 | Form::Utf16 => Key::Text(text),
        }
    }
}

/// The array index whose decimal form `name` is: no sign, no leading zero, at most 2³² − 2 (ECMA-262, "array index").
#[inline]
pub(in crate::codec) fn index(name: &[u8]) -> Option<u32> {
    if !name.first()?.is_ascii_digit() || name.len() > 10 || (name[0] == b'0' && name.len() > 1) {
        return None;
    }
    let value = name
        .iter()
        .try_fold(0u64, |value, byte| byte.is_ascii_digit().then(|| value * 10 + u64::from(byte - b'0')))?;
    u32::try_from(value).ok().filter(|&index| index < u32::MAX)
}

fn form(text: &str) -> Form {
    if text.is_ascii() { Form::Ascii } else { Form::Utf8 }
}
