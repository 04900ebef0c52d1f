//! Frozen objects: those whose properties stay as they are.
//!
//! A structured clone of a frozen object is not frozen, and neither is what [`Ref::to_value`] copies; a clone of the [`Value`] is the
//! same value once more, and keeps it.

use super::heap::{Heap, Object, Run, Slot};
use super::kind::ViewKind;
use super::{Ref, Value};

impl Value {
    /// Freezes it with all objects that its properties and elements lead to, but for typed arrays, as Electron's contextBridge
    /// does with what it exposes. What a Map or a Set holds is no property, and bytes are none.
    pub fn deep_freeze(&mut self) {
        let (root, heap) = self.parts_mut();
        // No recursion: a graph may be deeper than a stack.
        let mut waiting = Vec::new();
        heap.freeze_and_go_on(root, &mut waiting);
        while let Some(slot) = waiting.pop() {
            heap.freeze_and_go_on(slot, &mut waiting);
        }
    }

    /// Is it frozen?
    pub fn is_frozen(&self) -> bool {
        self.root().is_frozen()
    }
}

impl Ref<'_> {
    /// Is it frozen?
    pub fn is_frozen(self) -> bool {
        matches!(self.slot, Slot::Object(id) if self.heap.is_frozen(id))
    }
}

impl Heap {
    fn is_frozen(&self, id: u32) -> bool {
        self.frozen.get(id as usize / 64).is_some_and(|bits| bits >> (id % 64) & 1 == 1)
    }

    /// Freezes one object; whether it was not.
    pub(in crate::codec) fn freeze(&mut self, id: u32) -> bool {
        let at = id as usize / 64;
        if at >= self.frozen.len() {
            self.frozen.resize((at + 1).max(self.objects.len().div_ceil(64)), 0);
        }
        let before = self.frozen[at];
        self.frozen[at] |= 1 << (id % 64);
        before != self.frozen[at]
    }

    /// Those that are.
    pub(in crate::codec) fn frozen_objects(&self) -> impl Iterator<Item = u32> {
        let count = 64 * self.frozen.len() as u32;
        (0..count).filter(|&id| self.is_frozen(id))
    }

    fn freeze_and_go_on(&mut self, slot: Slot, waiting: &mut Vec<Slot>) {
        let Slot::Object(id) = slot else { return };
        let (elements, props) = match *self.object(id) {
            Object::Symbol(_) => return,
            Object::View { kind, .. } if kind != ViewKind::DataView => return,
            Object::Plain(props) => (Run::default(), props),
            Object::Array { elements, props, .. } => (elements, props),
            _ => Default::default(),
        };
        if self.freeze(id) {
            waiting.extend_from_slice(elements.of(&self.slots));
            waiting.extend(props.of(&self.props).iter().map(|prop| prop.value));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Graph, Value};

    #[test]
    fn a_frozen_value_stays_as_it_is() {
        let mut graph = Graph::new();
        let (root, list) = (graph.object(), graph.array());
        graph.set(root, "self", root);
        graph.set(root, "list", list);
        let bytes = graph.value(Value::bytes([1, 2]));
        graph.set(root, "bytes", bytes);
        let mut value = graph.finish(root);
        let before = value.clone();
        value.deep_freeze();
        let frozen = |part: &str| value.get(part).is_some_and(|part| part.is_frozen());
        assert!(value.is_frozen() && frozen("self") && frozen("list") && !frozen("bytes"));
        value.set("new", 1);
        assert!(!value.remove("list"));
        assert_eq!(value, before);
        let mut list = Value::array([1]);
        list.deep_freeze();
        list.push(2);
        list.set("0", 2);
        assert_eq!(list, Value::array([1]));
    }

    #[test]
    fn frozen_parts_stay_frozen_within_another_value_and_copies_are_not() {
        let mut part = Value::object([("a", 1)]);
        part.deep_freeze();
        let whole = Value::array([Value::object([("b", 2)]), part.clone()]);
        let frozen = |value: &Value, index| value.at(index).is_some_and(|part| part.is_frozen());
        assert!(!whole.is_frozen() && !frozen(&whole, 0) && frozen(&whole, 1));
        assert!(part.clone().is_frozen() && !part.root().to_value().is_frozen());
        let mut one = Value::from(1);
        one.deep_freeze();
        assert!(!one.is_frozen());
    }
}
