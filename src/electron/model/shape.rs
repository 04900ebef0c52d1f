//! Values of each shape that carry a payload, and the payload in them.
//!
//! Every byte of the payload is in the value and every byte is found again, so that whatever a codec or a bridge loses is seen.

use super::Shape;
use crate::codec::{Kind, Ref, Value};

/// Letters in a record's text and in a leaf.
const TEXT: usize = 32;
/// Leaves, or nodes, under a node of a tree.
const FAN: usize = 8;

impl Shape {
    /// Whether its payload has to be text.
    pub fn is_text(self) -> bool {
        self != Shape::Bytes
    }

    /// A value with this payload, which is text unless the shape is bytes.
    pub fn value(self, payload: Vec<u8>) -> Value {
        if self == Shape::Bytes {
            return Value::bytes(payload);
        }
        // The workloads make text for these; anything else is as good as lost, and told by whoever checks it.
        let text = String::from_utf8(payload).unwrap_or_default();
        let pieces =
            || (0..text.len().div_ceil(TEXT)).map(|at| &text[at * TEXT..text.len().min((at + 1) * TEXT)]);
        match self {
            Shape::Bytes | Shape::String => Value::from(text),
            Shape::Record => Value::object([
                ("id", Value::from(7)),
                ("kind", Value::from("note")),
                ("done", Value::from(false)),
                ("score", Value::from(0.5)),
                ("text", Value::from(text)),
            ]),
            Shape::Records => Value::array(pieces().enumerate().map(|(i, piece)| record(i, piece))),
            Shape::Tree => tree(&pieces().collect::<Vec<_>>()),
        }
    }

    /// Lends the payload of a value that [`value`](Self::value) made; `scratch` is room for one that lies in pieces. A value of
    /// another shape has a payload of no bytes.
    pub(super) fn open<R>(self, value: Ref<'_>, scratch: &mut Vec<u8>, read: impl FnOnce(&[u8]) -> R) -> R {
        match self {
            Shape::Bytes => read(value.as_bytes().unwrap_or_default()),
            Shape::String => read(value.as_str().unwrap_or_default().as_bytes()),
            Shape::Record => read(text(value).as_bytes()),
            Shape::Records => {
                scratch.clear();
                value.elements().for_each(|(_, record)| scratch.extend_from_slice(text(record).as_bytes()));
                read(scratch)
            }
            Shape::Tree => {
                scratch.clear();
                gather(value, scratch);
                read(scratch)
            }
        }
    }
}

fn record(i: usize, piece: &str) -> Value {
    Value::object([("i", Value::from(i as f64)), ("text", Value::from(piece))])
}

fn text(record: Ref<'_>) -> &str {
    record.get("text").and_then(Ref::as_str).unwrap_or_default()
}

/// As few levels as a fan of eight allows.
fn tree(pieces: &[&str]) -> Value {
    if let [piece] = pieces {
        return Value::from(*piece);
    }
    let levels = pieces.len().max(1).ilog(FAN)
        - u32::from(pieces.len() > 1 && FAN.pow(pieces.len().ilog(FAN)) == pieces.len());
    let part = FAN.pow(levels);
    Value::object(
        pieces.chunks(part).zip("abcdefgh".split("").skip(1)).map(|(part, name)| (name, tree(part))),
    )
}

/// The leaves, in order.
fn gather(node: Ref<'_>, into: &mut Vec<u8>) {
    match node.kind() {
        Kind::String => into.extend_from_slice(node.as_str().unwrap_or_default().as_bytes()),
        _ => node.props().for_each(|(_, part)| gather(part, into)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shape_gives_back_what_it_was_made_of() {
        for shape in [Shape::Bytes, Shape::String, Shape::Record, Shape::Records, Shape::Tree] {
            for len in [0, 1, 31, 32, 33, 255, 256, 257, 2048, 2049, 70_000] {
                let payload: Vec<u8> = (0..len).map(|at| b'a' + (at * 7 % 26) as u8).collect();
                let value = shape.value(payload.clone());
                let same = shape.open(value.root(), &mut Vec::new(), |found| found == payload);
                assert!(same, "{shape:?} of {len}");
            }
        }
    }

    #[test]
    fn a_tree_is_as_deep_as_it_must_be() {
        let depth = |len: usize| {
            let value = Shape::Tree.value(vec![b'a'; len]);
            let (mut node, mut depth) = (Some(value.root()), 0);
            while let Some(next) = node.and_then(|node| node.get("a")) {
                (node, depth) = (Some(next), depth + 1);
            }
            depth
        };
        assert_eq!([32, 64, 256, 257, 2048, 2049].map(depth), [0, 1, 1, 2, 2, 3]);
    }
}
