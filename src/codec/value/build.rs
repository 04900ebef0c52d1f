//! Making and changing values.

use super::bigint::BigInt;
use super::function::{Function, Symbol};
use super::heap::{ErrorParts, Heap, Key, Object, Slot, number};
use super::making::{Array, Plain};
use super::{Ref, Value};

impl Value {
    /// An object with these properties. Of two with the same name the last one counts.
    pub fn object<K: AsRef<str>, V: Into<Value>>(props: impl IntoIterator<Item = (K, V)>) -> Value {
        let mut heap = Heap::new();
        let mut object = Plain::new(&mut heap);
        for (key, value) in props {
            let (slot, part) = value.into().into_parts();
            let value = heap.absorb(part, slot);
            object.put(&mut heap, key.as_ref(), value);
        }
        let slot = object.finish(&mut heap);
        Value::from_parts(slot, heap)
    }

    /// An array of these elements.
    pub fn array<V: Into<Value>>(elements: impl IntoIterator<Item = V>) -> Value {
        let mut heap = Heap::new();
        let mut array = Array::new(&mut heap);
        for value in elements {
            let (slot, part) = value.into().into_parts();
            array.push(heap.absorb(part, slot));
        }
        let slot = array.finish(&mut heap);
        Value::from_parts(slot, heap)
    }

    /// A `Uint8Array` over a buffer of its own: what bytes are in JavaScript.
    pub fn bytes(bytes: impl Into<Vec<u8>>) -> Value {
        let mut heap = Box::<Heap>::default();
        let slot = heap.add_bytes(bytes.into());
        Value::from_parts(slot, heap)
    }

    /// An Error of class `name` (`Error`, `TypeError` …). It has a stack of one line, as one without frames.
    pub fn error(name: &str, message: &str) -> Value {
        let mut heap = Heap::new();
        let stack = if message.is_empty() { name.to_owned() } else { format!("{name}: {message}") };
        let stack = Some(heap.add_string(stack));
        let parts =
            ErrorParts { name: heap.add_str(name), message: Some(heap.add_str(message)), stack, cause: None };
        let id = heap.add_error(parts);
        Value::from_parts(Slot::Object(id), heap)
    }

    /// A Date, in milliseconds since 1970; one beyond ±8.64 × 10¹⁵ is invalid.
    pub fn date(time: f64) -> Value {
        Value::single(Object::Date(super::number::time_clip(time)))
    }

    /// A function that does `body` with its arguments; an `Err` is what it throws.
    pub fn function(body: impl Fn(Vec<Value>) -> Result<Value, Value> + Send + Sync + 'static) -> Value {
        Function::new(body).into()
    }

    fn single(object: Object) -> Value {
        let mut heap = Heap::new();
        let id = heap.add(object);
        Value::from_parts(Slot::Object(id), heap)
    }

    /// Gives an object or array a property, or a property another value. What was there before is kept unseen until the value
    /// is copied by [`Ref::to_value`]; a number leaves nothing. A frozen one stays as it is.
    ///
    /// # Panics
    /// If it is neither.
    pub fn set(&mut self, key: &str, value: impl Into<Value>) {
        if self.is_frozen() {
            return;
        }
        let (id, value) = self.take_in(value.into());
        let (_, heap) = self.parts_mut();
        if !heap.replace(id, key, value) {
            let key = heap.add_key(key);
            heap.put(id, key, value);
        }
    }

    /// Adds an element to an array that is not frozen.
    ///
    /// # Panics
    /// If it is none.
    pub fn push(&mut self, value: impl Into<Value>) {
        if self.is_frozen() {
            return;
        }
        let (id, value) = self.take_in(value.into());
        let length = self.len();
        self.parts_mut().1.put_element(id, number(length), value);
    }

    /// Takes a property away, of an object or an array that is not frozen; whether there was one.
    pub fn remove(&mut self, key: &str) -> bool {
        if self.is_frozen() {
            return false;
        }
        let (slot, heap) = self.parts_mut();
        let Slot::Object(id) = slot else { return false };
        let key: Key = heap.add_key(key);
        heap.remove(id, key)
    }

    fn take_in(&mut self, value: Value) -> (u32, Slot) {
        let (slot, other) = value.into_parts();
        let (root, heap) = self.parts_mut();
        let Slot::Object(id) = root else { panic!("{root:?} is no object") };
        (id, heap.absorb(other, slot))
    }
}

/// Up to here every whole number is one that an `f64` says exactly.
const EXACT: u128 = 1 << f64::MANTISSA_DIGITS;

impl Heap {
    pub(in crate::codec) fn bytes_mut(&mut self, id: u32) -> Option<&mut [u8]> {
        let (buffer, offset, length) = match *self.object(id) {
            Object::Buffer(_) => (id, 0, None),
            Object::View { tracking, buffer, offset, length, .. } => {
                (buffer, offset, (!tracking).then_some(length))
            }
            _ => return None,
        };
        let Object::Buffer(buffer) = *self.object(buffer) else { return None };
        let bytes = self.buffers[buffer as usize].bytes.get_mut(offset..)?;
        match length {
            Some(length) => bytes.get_mut(..length),
            None => Some(bytes),
        }
    }

    /// A whole number, as a BigInt if it may be more than a number can say.
    pub(in crate::codec) fn add_integer(&mut self, integer: i128) -> Slot {
        match integer.unsigned_abs() {
            0..=EXACT => Slot::number(integer as f64),
            _ => self.add_bigint(&integer.into()),
        }
    }

    pub(in crate::codec) fn add_bigint(&mut self, bigint: &BigInt) -> Slot {
        let start = number(self.digits.len());
        self.digits.extend_from_slice(bigint.digits());
        Slot::BigInt { negative: bigint.is_negative(), start, len: number(bigint.digits().len()) }
    }
}

impl Default for Value {
    fn default() -> Value {
        Value::UNDEFINED
    }
}

impl From<()> for Value {
    fn from((): ()) -> Value {
        Value::UNDEFINED
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Value {
        Value { slot: Slot::Bool(value), heap: None }
    }
}

impl From<f64> for Value {
    fn from(number: f64) -> Value {
        Value { slot: Slot::number(number), heap: None }
    }
}

macro_rules! from_small_numbers {
    ($($number:ty)*) => {$(
        impl From<$number> for Value {
            fn from(number: $number) -> Value {
                Value::from(f64::from(number))
            }
        }
    )*};
}
from_small_numbers!(i8 i16 i32 u8 u16 u32 f32);

macro_rules! from_great_numbers {
    ($($number:ty)*) => {$(
        impl From<$number> for Value {
            /// A number, rounded beyond 2⁵³ as in JavaScript.
            fn from(number: $number) -> Value {
                Value::from(number as f64)
            }
        }
    )*};
}
from_great_numbers!(i64 u64 usize isize);

impl From<&BigInt> for Value {
    fn from(bigint: &BigInt) -> Value {
        let mut heap = Heap::new();
        let slot = heap.add_bigint(bigint);
        Value::from_parts(slot, heap)
    }
}

impl From<BigInt> for Value {
    fn from(bigint: BigInt) -> Value {
        Value::from(&bigint)
    }
}

impl From<String> for Value {
    fn from(text: String) -> Value {
        let mut heap = Heap::new();
        let slot = Slot::Text(heap.add_string(text));
        Value::from_parts(slot, heap)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Value {
        Value::from(text.to_owned())
    }
}

impl From<&String> for Value {
    fn from(text: &String) -> Value {
        Value::from(text.as_str())
    }
}

impl<V: Into<Value>> From<Option<V>> for Value {
    /// `undefined` for `None`.
    fn from(value: Option<V>) -> Value {
        value.map_or(Value::UNDEFINED, Into::into)
    }
}

impl<V: Into<Value>> From<Vec<V>> for Value {
    /// An array; for bytes see [`Value::bytes`].
    fn from(elements: Vec<V>) -> Value {
        Value::array(elements)
    }
}

impl From<Function> for Value {
    fn from(function: Function) -> Value {
        Value::single(Object::Function(function))
    }
}

impl From<Symbol> for Value {
    fn from(symbol: Symbol) -> Value {
        Value::single(Object::Symbol(symbol))
    }
}

impl From<Ref<'_>> for Value {
    fn from(part: Ref<'_>) -> Value {
        part.to_value()
    }
}
