//! Building a value part by part: circles, shared objects, and the kinds that have no constructor of their own.

use super::display::parse_flags;
use super::function::Function;
use super::heap::{ErrorParts, Heap, Object, Run, Slot};
use super::kind::ViewKind;
use super::making::Array;
use super::{Ref, Value};

/// A value in the making.
///
/// ```
/// use ipcmark::codec::Graph;
///
/// let mut graph = Graph::new();
/// let node = graph.object();
/// graph.set(node, "self", node);
/// let value = graph.finish(node);
/// assert!(value.get("self").is_some_and(|inner| inner.is_same_object(value.root())));
/// ```
#[derive(Clone, Debug, Default)]
pub struct Graph {
    heap: Heap,
}

/// A part of a [`Graph`]: of the one that gave it, and of no other.
#[derive(Clone, Copy, Debug)]
pub struct Node(Slot);

/// A view that its buffer has no room for, or that is not aligned to its elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the view does not lie within its ArrayBuffer, at a multiple of its element's size")]
pub struct BadView;

impl Graph {
    /// Nothing yet.
    pub fn new() -> Graph {
        Graph::default()
    }

    /// A value to be changed, and its root.
    pub fn from_value(value: Value) -> (Graph, Node) {
        let (slot, heap) = value.into_parts();
        (Graph { heap }, Node(slot))
    }

    /// The value whose root is `root`. Parts that it does not reach are kept, unseen; [`Ref::to_value`] copies without them.
    pub fn finish(self, root: Node) -> Value {
        Value::from_parts(root.0, self.heap)
    }

    /// What `node` is so far.
    pub fn get(&self, node: Node) -> Ref<'_> {
        Ref { heap: &self.heap, slot: node.0 }
    }

    /// Takes a value with all that it refers to: primitives, above all.
    pub fn value(&mut self, value: impl Into<Value>) -> Node {
        let (slot, heap) = value.into().into_parts();
        Node(self.heap.absorb(heap, slot))
    }

    /// Copies a part of another value, with all that it refers to.
    pub fn add(&mut self, part: Ref<'_>) -> Node {
        Node(self.heap.copy(part.heap, part.slot))
    }

    fn put(&mut self, object: Object) -> Node {
        Node(Slot::Object(self.heap.add(object)))
    }

    /// An empty object.
    pub fn object(&mut self) -> Node {
        self.put(Object::Plain(Run::default()))
    }

    /// An empty array.
    pub fn array(&mut self) -> Node {
        self.put(Object::Array { length: 0, elements: Run::default(), props: Run::default() })
    }

    /// An empty Map.
    pub fn map(&mut self) -> Node {
        self.put(Object::Map(Run::default()))
    }

    /// An empty Set.
    pub fn set_of(&mut self) -> Node {
        self.put(Object::Set(Run::default()))
    }

    /// A string of UTF-16 units, which may have lone surrogates.
    pub fn utf16(&mut self, units: &[u16]) -> Node {
        Node(Slot::Text(self.heap.add_utf16(units.iter().copied())))
    }

    /// A Date, in milliseconds since 1970; one beyond ±8.64 × 10¹⁵ is invalid (ECMA-262, "TimeClip").
    pub fn date(&mut self, time: f64) -> Node {
        self.put(Object::Date(super::number::time_clip(time)))
    }

    /// A RegExp; `None` for a flag that there is not, or twice the same. The source is not parsed.
    pub fn regexp(&mut self, source: &str, flags: &str) -> Option<Node> {
        let flags = parse_flags(flags)?;
        let source = self.heap.add_str(source);
        Some(self.put(Object::RegExp { source, flags }))
    }

    /// An Error of class `name`.
    pub fn error(
        &mut self,
        name: &str,
        message: Option<&str>,
        stack: Option<&str>,
        cause: Option<Node>,
    ) -> Node {
        let heap = &mut self.heap;
        let name = heap.add_str(name);
        let message = message.map(|text| heap.add_str(text));
        let stack = stack.map(|text| heap.add_str(text));
        Node(Slot::Object(heap.add_error(ErrorParts {
            name,
            message,
            stack,
            cause: cause.map(|node| node.0),
        })))
    }

    /// An ArrayBuffer, resizable up to `max` bytes if that is given.
    pub fn buffer(&mut self, bytes: Vec<u8>, max: Option<usize>) -> Node {
        let max = max.map(|max| max.max(bytes.len()));
        Node(Slot::Object(self.heap.add_buffer(bytes, max)))
    }

    /// A view of a buffer from byte `offset` on, `length` bytes long. Without a length it is as long as a resizable buffer at each
    /// moment, and for another buffer what there is.
    ///
    /// # Errors
    /// If `buffer` is none, is too short, or the elements would not lie at multiples of their size.
    pub fn view(
        &mut self,
        kind: ViewKind,
        buffer: Node,
        offset: usize,
        length: Option<usize>,
    ) -> Result<Node, BadView> {
        let Slot::Object(id) = buffer.0 else { return Err(BadView) };
        let Object::Buffer(number) = *self.heap.object(id) else { return Err(BadView) };
        let resizable = self.heap.buffers[number as usize].max.is_some();
        let room = self.heap.buffers[number as usize].bytes.len().checked_sub(offset).ok_or(BadView)?;
        let (tracking, length) = match length {
            Some(length) => (false, length),
            None if resizable => (true, 0),
            None => (false, room),
        };
        let size = kind.element_size();
        if length > room || !offset.is_multiple_of(size) || !length.is_multiple_of(size) {
            return Err(BadView);
        }
        Ok(self.put(Object::View { kind, tracking, buffer: id, offset, length }))
    }

    /// A primitive as an object: `new Number(1)`.
    ///
    /// # Panics
    /// If it is none that can be boxed.
    pub fn boxed(&mut self, primitive: Node) -> Node {
        let boxes = matches!(
            primitive.0,
            Slot::Bool(_) | Slot::Int(_) | Slot::Double(_) | Slot::BigInt { .. } | Slot::Text(_)
        );
        assert!(boxes, "{:?} cannot be boxed", primitive.0);
        self.put(Object::Boxed(primitive.0))
    }

    /// Gives an object or array a property, or a property another value. Indices of an array are its elements.
    ///
    /// # Panics
    /// If `object` is neither.
    pub fn set(&mut self, object: Node, key: &str, value: Node) {
        let id = self.id(object);
        if !self.heap.replace(id, key, value.0) {
            let key = self.heap.add_key(key);
            self.heap.put(id, key, value.0);
        }
    }

    /// Gives an object or array the property that a string names: one that may have lone surrogates.
    ///
    /// # Panics
    /// If `object` is neither, or the name no string.
    pub fn set_named(&mut self, object: Node, name: Node, value: Node) {
        let Slot::Text(text) = name.0 else { panic!("{:?} names no property", name.0) };
        self.heap.put(self.id(object), self.heap.key(text), value.0);
    }

    /// Says what caused an Error, which may be the Error itself.
    ///
    /// # Panics
    /// If it is none.
    pub fn set_cause(&mut self, error: Node, cause: Node) {
        let id = self.id(error);
        let Object::Error(error) = *self.heap.object(id) else {
            panic!("{:?} is no Error", self.heap.object(id))
        };
        self.heap.errors[error as usize].cause = Some(cause.0);
    }

    /// Adds an element to an array, or a value to a Set. A Set is not searched for it: to add a value twice is a mistake.
    ///
    /// # Panics
    /// If `to` is neither.
    pub fn push(&mut self, to: Node, value: Node) {
        let id = self.id(to);
        match self.heap.objects[id as usize] {
            Object::Array { length, .. } => self.heap.put_element(id, length, value.0),
            Object::Set(mut run) => {
                run.push(&mut self.heap.slots, value.0.as_key());
                self.heap.objects[id as usize] = Object::Set(run);
            }
            ref other => panic!("nothing can be pushed to {other:?}"),
        }
    }

    /// Puts an array's element at `index`; a gap before it is holes.
    ///
    /// # Panics
    /// If `array` is none, or the index 2³² − 1.
    pub fn put_at(&mut self, array: Node, index: u32, value: Node) {
        assert!(index < u32::MAX, "an array has at most 2^32 - 1 elements");
        self.heap.put_element(self.id(array), index, value.0);
    }

    /// Makes an array at least so long; what is added is holes.
    ///
    /// # Panics
    /// If `array` is none.
    pub fn lengthen(&mut self, array: Node, to: u32) {
        let id = self.id(array);
        match &mut self.heap.objects[id as usize] {
            Object::Array { length, .. } => *length = (*length).max(to),
            other => panic!("{other:?} is no array"),
        }
    }

    /// Gives a Map an entry. It is not searched for the key: to add one twice is a mistake.
    ///
    /// # Panics
    /// If `map` is none.
    pub fn entry(&mut self, map: Node, key: Node, value: Node) {
        let id = self.id(map);
        let Object::Map(mut run) = self.heap.objects[id as usize] else {
            panic!("{:?} is no Map", self.heap.objects[id as usize]);
        };
        run.push(&mut self.heap.slots, key.0.as_key());
        run.push(&mut self.heap.slots, value.0);
        self.heap.objects[id as usize] = Object::Map(run);
    }

    /// Copies a primitive; `None` for what is an object, a function or a symbol.
    pub fn primitive(&mut self, part: Ref<'_>) -> Option<Node> {
        self.heap.copy_primitive(part.heap, part.slot).map(Node)
    }

    /// An array of these elements.
    pub fn array_of(&mut self, elements: &[Node]) -> Node {
        let mut array = Array::new(&mut self.heap);
        elements.iter().for_each(|element| array.push(element.0));
        Node(array.finish(&mut self.heap))
    }

    /// Gives an empty object properties with the names of `like`, in the same order, and these values.
    ///
    /// # Panics
    /// If either is no plain object, or there are more or fewer values than names.
    pub fn fill_like(&mut self, object: Node, like: Ref<'_>, values: &[Node]) {
        let (id, Some(&Object::Plain(names))) = (self.id(object), like.object()) else {
            panic!("{:?} is no plain object", like.slot);
        };
        assert!(matches!(self.heap.object(id), Object::Plain(run) if run.len == 0), "an empty object");
        assert_eq!(names.len as usize, values.len(), "a value for each name");
        let run = self.heap.copy_names(like.heap, names, values.iter().map(|value| value.0));
        self.heap.objects[id as usize] = Object::Plain(run);
    }

    /// Puts another function in the place of each: what a bridge does.
    pub fn map_functions(&mut self, mut with: impl FnMut(&Function) -> Function) {
        for object in &mut self.heap.objects {
            if let Object::Function(function) = object {
                *function = with(function);
            }
        }
    }

    fn id(&self, node: Node) -> u32 {
        match node.0 {
            Slot::Object(id) => id,
            primitive => panic!("{primitive:?} is no object"),
        }
    }
}
