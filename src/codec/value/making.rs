//! Objects and arrays in the making, for those who learn their parts one by one.

use super::heap::{Heap, Object, Prop, Run, Slot, Text, number};
use super::kind::ViewKind;
use super::objects::Twice;

/// A plain object whose properties are not all known yet.
pub(in crate::codec) struct Plain {
    id: u32,
    props: Vec<Prop>,
}

/// An array whose elements are not all known yet.
pub(in crate::codec) struct Array {
    id: u32,
    elements: Vec<Slot>,
}

impl Plain {
    pub(in crate::codec) fn new(heap: &mut Heap) -> Plain {
        Plain { id: heap.add(Object::Plain(Run::default())), props: Vec::new() }
    }

    pub(in crate::codec) fn put(&mut self, heap: &mut Heap, name: &str, value: Slot) {
        self.props.push(Prop { key: heap.add_key(name), value });
    }

    /// With a name that is in the heap already.
    pub(in crate::codec) fn put_named(&mut self, heap: &Heap, name: Text, value: Slot) {
        self.props.push(Prop { key: heap.key(name), value });
    }

    pub(in crate::codec) fn is_empty(&self) -> bool {
        self.props.is_empty()
    }

    /// The object. Of two properties with the same name the last one counts.
    pub(in crate::codec) fn finish(mut self, heap: &mut Heap) -> Slot {
        match heap.store_props(&mut self.props) {
            Ok(run) => heap.objects[self.id as usize] = Object::Plain(run),
            Err(Twice) => {
                heap.keep_last_of_each(&mut self.props);
                return self.finish(heap);
            }
        }
        Slot::Object(self.id)
    }
}

impl Array {
    pub(in crate::codec) fn new(heap: &mut Heap) -> Array {
        let id = heap.add(Object::Array { length: 0, elements: Run::default(), props: Run::default() });
        Array { id, elements: Vec::new() }
    }

    pub(in crate::codec) fn push(&mut self, element: Slot) {
        self.elements.push(element);
    }

    pub(in crate::codec) fn finish(self, heap: &mut Heap) -> Slot {
        let length = number(self.elements.len());
        let elements = Run { start: number(heap.slots.len()), len: length, room: length };
        heap.slots.extend(self.elements);
        heap.objects[self.id as usize] = Object::Array { length, elements, props: Run::default() };
        Slot::Object(self.id)
    }
}

impl Heap {
    /// A `Uint8Array` over a buffer of its own.
    pub(in crate::codec) fn add_bytes(&mut self, bytes: Vec<u8>) -> Slot {
        let length = bytes.len();
        let buffer = self.add_buffer(bytes, None);
        Slot::Object(self.add(Object::View {
            kind: ViewKind::Uint8,
            tracking: false,
            buffer,
            offset: 0,
            length,
        }))
    }
}
