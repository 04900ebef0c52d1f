//! Where a value's parts lie: a few vectors that refer to each other by number.
//!
//! Nothing in here owns anything else, so a cycle is two numbers and cannot leak, a copy of the whole is a copy of
//! the vectors, and to drop a graph of any depth takes no recursion. It also means that a small object costs no allocation of its
//! own: its properties are a run in a vector that all objects of the value share.

use super::function::{Function, Symbol};
use super::kind::ViewKind;
use smallvec::SmallVec;

/// All parts of one value but its root.
#[derive(Clone, Debug, Default)]
pub(in crate::codec) struct Heap {
    /// In the heap itself while there are few, as for one buffer and the view of it.
    pub(in crate::codec) objects: SmallVec<[Object; 2]>,
    /// Properties of plain objects, and those of arrays that are no elements.
    pub(in crate::codec) props: Vec<Prop>,
    /// Elements of arrays, values of sets, keys and values of maps by turns.
    pub(in crate::codec) slots: Vec<Slot>,
    /// The characters of all strings that are valid Unicode.
    pub(in crate::codec) text: String,
    /// The units of all strings that are not.
    pub(in crate::codec) wide: Vec<u16>,
    /// The digits of all BigInts, the least significant first.
    pub(in crate::codec) digits: Vec<u64>,
    pub(in crate::codec) buffers: SmallVec<[Buffer; 1]>,
    pub(in crate::codec) errors: Vec<ErrorParts>,
    /// A bit for each object that is frozen; nothing at all while none is.
    pub(in crate::codec) frozen: Vec<u64>,
}

/// The heap of a value that needs none.
pub(in crate::codec) static EMPTY: Heap = Heap::new();

/// What a variable, an element or a property holds.
#[derive(Clone, Copy, Debug)]
pub(in crate::codec) enum Slot {
    /// No element, in arrays alone.
    Hole,
    Undefined,
    Null,
    Bool(bool),
    /// Every number that is an `i32` and not -0: the one form of it, as in V8.
    Int(i32),
    /// All other numbers; a NaN has the bits of [`f64::NAN`].
    Double(f64),
    BigInt {
        negative: bool,
        start: u32,
        /// Without leading zero digits: 0 is empty and not negative.
        len: u32,
    },
    Text(Text),
    /// An object, a function or a symbol.
    Object(u32),
}

/// A string: where it lies.
#[derive(Clone, Copy, Debug)]
pub(in crate::codec) struct Text {
    pub(in crate::codec) start: u32,
    /// Bytes in `text`, or units in `wide`.
    pub(in crate::codec) len: u32,
    pub(in crate::codec) form: Form,
}

/// Which strings have which form is a rule, so that equal strings have the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::codec) enum Form {
    /// Bytes under 128, in `text`.
    Ascii,
    /// Other valid Unicode, in `text`.
    Utf8,
    /// With a lone surrogate, in `wide`.
    Utf16,
}

/// Items that belong together, in a vector that others share.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::codec) struct Run {
    pub(in crate::codec) start: u32,
    pub(in crate::codec) len: u32,
    /// Places that the run has; those after `len` are free.
    pub(in crate::codec) room: u32,
}

#[derive(Clone, Copy, Debug)]
pub(in crate::codec) struct Prop {
    pub(in crate::codec) key: Key,
    pub(in crate::codec) value: Slot,
}

/// A property's name; array indices (0 to 2³² − 2) are kept as numbers, since an object lists them first and in order.
#[derive(Clone, Copy, Debug)]
pub(in crate::codec) enum Key {
    Index(u32),
    Text(Text),
}

#[derive(Clone, Debug)]
pub(in crate::codec) enum Object {
    Plain(Run),
    Array {
        length: u32,
        /// The elements from 0 on, holes among them; those of great index after a gap are properties.
        elements: Run,
        props: Run,
    },
    /// Milliseconds since 1970, or NaN.
    Date(f64),
    RegExp {
        source: Text,
        flags: u32,
    },
    Map(Run),
    Set(Run),
    Error(u32),
    Buffer(u32),
    View {
        kind: ViewKind,
        /// As long as the buffer at each moment.
        tracking: bool,
        buffer: u32,
        offset: usize,
        /// Bytes, not elements; 0 if tracking.
        length: usize,
    },
    /// `new Number(1)` and the like: a primitive.
    Boxed(Slot),
    Function(Function),
    Symbol(Symbol),
}

#[derive(Clone, Debug)]
pub(in crate::codec) struct Buffer {
    pub(in crate::codec) bytes: Vec<u8>,
    /// How long a resizable one may grow.
    pub(in crate::codec) max: Option<usize>,
}

#[derive(Clone, Copy, Debug)]
pub(in crate::codec) struct ErrorParts {
    pub(in crate::codec) name: Text,
    pub(in crate::codec) message: Option<Text>,
    pub(in crate::codec) stack: Option<Text>,
    pub(in crate::codec) cause: Option<Slot>,
}

// Records by the hundred are copied around: what their size is must not change unnoticed.
const _: () = assert!(size_of::<Slot>() == 16 && size_of::<Prop>() == 32 && size_of::<Object>() <= 32);

impl Slot {
    /// The one form of a number.
    #[inline]
    pub(in crate::codec) fn number(number: f64) -> Slot {
        let int = number as i32;
        if f64::from(int).to_bits() == number.to_bits() {
            Slot::Int(int)
        } else if number.is_nan() {
            Slot::Double(f64::NAN)
        } else {
            Slot::Double(number)
        }
    }

    /// What a Map or Set makes of a key: there is no -0 in them (ECMA-262, "CanonicalizeKeyedCollectionKey").
    #[inline]
    pub(in crate::codec) fn as_key(self) -> Slot {
        match self {
            Slot::Double(0.0) => Slot::Int(0),
            key => key,
        }
    }
}

impl Text {
    /// The empty string, which needs no heap.
    pub(in crate::codec) const EMPTY: Text = Text { start: 0, len: 0, form: Form::Ascii };
}

impl Run {
    #[inline]
    pub(in crate::codec) fn of<'a, T>(&self, items: &'a [T]) -> &'a [T] {
        &items[self.start as usize..][..self.len as usize]
    }

    #[inline]
    pub(in crate::codec) fn of_mut<'a, T>(&self, items: &'a mut [T]) -> &'a mut [T] {
        &mut items[self.start as usize..][..self.len as usize]
    }

    /// Adds an item. A run with no place left moves to the end of `items` with twice the room.
    pub(in crate::codec) fn push<T: Copy>(&mut self, items: &mut Vec<T>, item: T) {
        let end = (self.start + self.len) as usize;
        if self.len < self.room {
            items[end] = item;
        } else if end == items.len() {
            items.push(item);
            self.room += 1;
        } else {
            let start = items.len();
            items.extend_from_within(self.start as usize..end);
            self.room = 2 * self.len + 2;
            items.resize(start + self.room as usize, item);
            self.start = number(start);
        }
        self.len += 1;
    }

    /// Puts an item before `at`.
    pub(in crate::codec) fn insert<T: Copy>(&mut self, items: &mut Vec<T>, at: usize, item: T) {
        self.push(items, item);
        self.of_mut(items)[at..].rotate_right(1);
    }

    /// Takes the item out that is at `at`.
    pub(in crate::codec) fn remove<T: Copy>(&mut self, items: &mut [T], at: usize) {
        self.of_mut(items)[at..].rotate_left(1);
        self.len -= 1;
    }
}

impl Heap {
    pub(in crate::codec) const fn new() -> Heap {
        Heap {
            objects: SmallVec::new_const(),
            props: Vec::new(),
            slots: Vec::new(),
            text: String::new(),
            wide: Vec::new(),
            digits: Vec::new(),
            buffers: SmallVec::new_const(),
            errors: Vec::new(),
            frozen: Vec::new(),
        }
    }

    /// Bytes of memory that all parts take, with the room that they have.
    #[cfg(test)]
    pub(in crate::codec) fn taken(&self) -> usize {
        fn of<T>(parts: &Vec<T>) -> usize {
            parts.capacity() * size_of::<T>()
        }
        let buffers: usize = self.buffers.iter().map(|buffer| buffer.bytes.capacity()).sum();
        // Counted also where they lie in the heap itself.
        let objects = self.objects.capacity() * size_of::<Object>();
        let listed = self.buffers.capacity() * size_of::<Buffer>();
        let lists = objects + of(&self.props) + of(&self.slots) + listed + of(&self.errors);
        lists + buffers + self.text.capacity() + of(&self.wide) + of(&self.digits)
    }

    /// Adds an object and gives its number.
    #[inline]
    pub(in crate::codec) fn add(&mut self, object: Object) -> u32 {
        self.objects.push(object);
        number(self.objects.len() - 1)
    }

    pub(in crate::codec) fn add_buffer(&mut self, bytes: Vec<u8>, max: Option<usize>) -> u32 {
        self.buffers.push(Buffer { bytes, max });
        let buffer = number(self.buffers.len() - 1);
        self.add(Object::Buffer(buffer))
    }

    pub(in crate::codec) fn add_error(&mut self, error: ErrorParts) -> u32 {
        self.errors.push(error);
        let error = number(self.errors.len() - 1);
        self.add(Object::Error(error))
    }

    #[inline]
    pub(in crate::codec) fn object(&self, id: u32) -> &Object {
        &self.objects[id as usize]
    }

    /// The buffer that is object `id`.
    ///
    /// # Panics
    /// If it is none: a view always refers to one.
    pub(in crate::codec) fn buffer(&self, id: u32) -> &Buffer {
        match self.object(id) {
            Object::Buffer(buffer) => &self.buffers[*buffer as usize],
            other => unreachable!("a view of {other:?}"),
        }
    }

    /// Where the bytes of a view lie in its buffer: nowhere if the buffer has shrunk since.
    pub(in crate::codec) fn viewed(
        &self,
        tracking: bool,
        buffer: u32,
        offset: usize,
        length: usize,
    ) -> &[u8] {
        let bytes = self.buffer(buffer).bytes.as_slice();
        let length = if tracking { bytes.len().saturating_sub(offset) } else { length };
        bytes.get(offset..).and_then(|rest| rest.get(..length)).unwrap_or_default()
    }
}

/// Positions and counts are 32 bits wide, which keeps a slot at 16 bytes.
///
/// # Panics
/// If a single value has 4 Gi objects, properties, elements, or bytes of text.
#[inline]
pub(in crate::codec) fn number(count: usize) -> u32 {
    u32::try_from(count).expect("a value has fewer than 2^32 of each kind of part")
}
