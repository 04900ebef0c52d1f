//! Values as people read them.

use super::heap::{Object, Slot};
use super::number::{iso_date, number_text};
use super::{Kind, Name, Ref, Value};
use std::collections::BTreeSet;
use std::fmt;

/// V8's bit for each flag of a RegExp, in the alphabetic order that `RegExp.prototype.flags` has.
const FLAGS: [(char, u32); 8] =
    [('d', 128), ('g', 1), ('i', 2), ('m', 4), ('s', 32), ('u', 16), ('v', 256), ('y', 8)];

/// The bits that mean something.
pub(in crate::codec) const ALL_FLAGS: u32 = 0b1_1011_1111;

pub(in crate::codec) fn flags_text(bits: u32) -> String {
    FLAGS.iter().filter(|(_, bit)| bits & bit != 0).map(|(flag, _)| flag).collect()
}

pub(in crate::codec) fn parse_flags(text: &str) -> Option<u32> {
    text.chars().try_fold(0, |bits, flag| {
        let (_, bit) = FLAGS.iter().find(|(known, _)| *known == flag)?;
        (bits & bit == 0).then_some(bits | bit)
    })
}

impl fmt::Display for Value {
    /// As [`Ref`] does.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.root().fmt(f)
    }
}

impl fmt::Display for Ref<'_> {
    /// What `String(value)` gives in JavaScript: `[object Object]`, `1,2`, `TypeError: no` … Two differences: a function is
    /// `function () { [native code] }`, and an array within an array ends in `…` from the hundredth level on.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::new();
        self.write_string(&mut text, &mut Vec::new());
        f.pad(&text)
    }
}

/// Levels of arrays that are joined to a string.
const DEPTH: usize = 100;

impl<'a> Ref<'a> {
    fn write_string(self, text: &mut String, within: &mut Vec<usize>) {
        match self.slot {
            Slot::Hole | Slot::Undefined => text.push_str("undefined"),
            Slot::Null => text.push_str("null"),
            Slot::Bool(value) => text.push_str(if value { "true" } else { "false" }),
            Slot::Int(int) => text.push_str(&int.to_string()),
            Slot::Double(double) => text.push_str(&number_text(double)),
            Slot::BigInt { .. } => text.push_str(&self.as_bigint().unwrap_or_default().to_string()),
            Slot::Text(own) => text.push_str(&self.heap.lossy(own)),
            Slot::Object(_) => self.write_object(text, within),
        }
    }

    fn write_object(self, text: &mut String, within: &mut Vec<usize>) {
        let Some(object) = self.object() else { return };
        match *object {
            Object::Plain(_) => text.push_str("[object Object]"),
            Object::Array { .. } => self.write_array(text, within),
            Object::Date(time) => text.push_str(&iso_date(time).unwrap_or_else(|| "Invalid Date".to_owned())),
            Object::RegExp { source, flags } => {
                text.push_str(&format!("/{}/{}", self.heap.lossy(source), flags_text(flags)));
            }
            Object::Map(_) => text.push_str("[object Map]"),
            Object::Set(_) => text.push_str("[object Set]"),
            Object::Error(_) => {
                let Some(error) = self.as_error() else { return };
                let (name, message) = (error.name(), error.message().unwrap_or_default());
                let colon = if name.is_empty() || message.is_empty() { "" } else { ": " };
                text.push_str(&format!("{name}{colon}{message}"));
            }
            Object::Buffer(_) => text.push_str("[object ArrayBuffer]"),
            Object::View { kind, .. } => text.push_str(&format!("[object {}]", kind.name())),
            Object::Boxed(slot) => Ref { heap: self.heap, slot }.write_string(text, within),
            Object::Function(_) => text.push_str("function () { [native code] }"),
            Object::Symbol(ref symbol) => text.push_str(&format!("Symbol({})", symbol.description())),
        }
    }

    /// `Array.prototype.join`: nothing for `undefined` and `null`, nor for an array that is being joined already.
    fn write_array(self, text: &mut String, within: &mut Vec<usize>) {
        let Some(id) = self.object_id() else { return };
        if within.contains(&id) {
            return;
        }
        if within.len() == DEPTH {
            return text.push('…');
        }
        within.push(id);
        let mut at = 0;
        for (index, element) in self.elements() {
            // A length may be a lie of four billion: commas are written up to the last element alone.
            text.push_str(&",".repeat(index - at));
            at = index;
            if !element.is_nullish() {
                element.write_string(text, within);
            }
        }
        within.pop();
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.root().fmt(f)
    }
}

impl fmt::Debug for Ref<'_> {
    /// Roughly a literal; an object that was shown before is shown as its number.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.debug(f, &mut BTreeSet::new(), 0)
    }
}

impl Ref<'_> {
    fn debug(self, f: &mut fmt::Formatter<'_>, shown: &mut BTreeSet<usize>, depth: usize) -> fmt::Result {
        if let Some(text) = self.as_text() {
            return write!(f, "{text:?}");
        }
        let Some(id) = self.object_id() else {
            let suffix = if self.kind() == Kind::BigInt { "n" } else { "" };
            let minus = if self.as_f64().is_some_and(|number| number == 0.0 && number.is_sign_negative()) {
                "-"
            } else {
                ""
            };
            return write!(f, "{minus}{self}{suffix}");
        };
        if !shown.insert(id) || depth == DEPTH {
            return write!(f, "#{id}");
        }
        match self.kind() {
            Kind::Object | Kind::Array => {
                write!(
                    f,
                    "#{id}{}",
                    if self.kind() == Kind::Array { format!("[{}]", self.len()) } else { String::new() }
                )?;
                let elements = self.elements().filter(|_| self.kind() == Kind::Array);
                let elements = elements.map(|(index, element)| (Name::Index(index as u32), element));
                self.debug_list(f, shown, depth, elements.chain(self.props()))
            }
            Kind::Map | Kind::Set => {
                write!(f, "#{id} {:?}", self.kind())?;
                let entries = self.entries().flat_map(|(key, value)| [key, value]);
                let all = entries.chain(self.elements().map(|(_, value)| value));
                self.debug_list(
                    f,
                    shown,
                    depth,
                    all.enumerate().map(|(at, slot)| (Name::Index(at as u32), slot)),
                )
            }
            Kind::Buffer | Kind::View => {
                let (bytes, view) = (self.as_bytes().unwrap_or_default(), self.as_view());
                let view =
                    view.map(|view| (view.kind.name(), view.buffer.object_id(), view.offset, view.length));
                write!(f, "#{id} {view:?} {bytes:02x?} max {:?}", self.max_len())
            }
            Kind::Error => {
                write!(f, "#{id} {self:?}", self = self.to_string())?;
                let cause = self.as_error().and_then(|error| error.cause());
                cause.map_or(Ok(()), |cause| cause.debug(f, shown, depth + 1))
            }
            Kind::Boxed => write!(f, "#{id} Object({self:?})", self = self.to_string()),
            _ => write!(f, "#{id} {self}"),
        }
    }

    fn debug_list<'a>(
        self,
        f: &mut fmt::Formatter<'_>,
        shown: &mut BTreeSet<usize>,
        depth: usize,
        items: impl Iterator<Item = (Name<'a>, Ref<'a>)>,
    ) -> fmt::Result {
        f.write_str(" {")?;
        for (name, value) in items {
            write!(f, " {}: ", name.to_text())?;
            value.debug(f, shown, depth + 1)?;
            f.write_str(",")?;
        }
        f.write_str(" }")
    }
}
