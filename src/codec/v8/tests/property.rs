//! Arbitrary graphs: what is written is read again as the same.

use super::*;
use crate::codec::fuzz::structured_clone;
use crate::codec::{BigInt, Kind, Node};
use proptest::prelude::*;

/// A step in building a graph. Numbers choose among the nodes that are there already.
#[derive(Clone, Debug)]
enum Step {
    Number(f64),
    Units(Vec<u16>),
    Text(String),
    Digits(bool, Vec<u64>),
    Simple(u8),
    Buffer(Vec<u8>, Option<usize>),
    View(usize, usize, usize, Option<usize>),
    Boxed(usize),
    Error(usize, Option<String>, Option<String>),
    Container(u8),
    /// Fills one node with others.
    Fill(usize, Vec<(String, u32, usize)>),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let index = || any::<prop::sample::Index>().prop_map(|index| index.index(1 << 20));
    let name = prop_oneof!["[a-c]{0,2}", "[0-9]{1,10}", any::<String>()];
    let step = prop_oneof![
        any::<f64>().prop_map(Step::Number),
        any::<i32>().prop_map(|int| Step::Number(int.into())),
        prop::collection::vec(any::<u16>(), 0..5).prop_map(Step::Units),
        any::<String>().prop_map(Step::Text),
        (any::<bool>(), prop::collection::vec(any::<u64>(), 0..3))
            .prop_map(|(sign, digits)| Step::Digits(sign, digits)),
        any::<u8>().prop_map(Step::Simple),
        (prop::collection::vec(any::<u8>(), 0..40), prop::option::of(0..100usize))
            .prop_map(|(bytes, max)| Step::Buffer(bytes, max)),
        (0..12usize, index(), 0..20usize, prop::option::of(0..30usize))
            .prop_map(|(kind, buffer, offset, length)| Step::View(kind, buffer, offset, length)),
        index().prop_map(Step::Boxed),
        (index(), prop::option::of(any::<String>()), prop::option::of(any::<String>()))
            .prop_map(|(class, message, stack)| Step::Error(class, message, stack)),
        any::<u8>().prop_map(Step::Container),
        (index(), prop::collection::vec((name, any::<u32>(), index()), 0..6))
            .prop_map(|(node, items)| Step::Fill(node, items)),
    ];
    prop::collection::vec(step, 1..40)
}

fn build(steps: Vec<Step>) -> Value {
    let mut graph = Graph::new();
    let mut nodes = vec![graph.object()];
    for step in steps {
        let pick = |index: usize| nodes[index % nodes.len()];
        let node = match step {
            Step::Number(number) => graph.value(number),
            Step::Units(units) => graph.utf16(&units),
            Step::Text(text) => graph.value(text),
            Step::Digits(negative, digits) => graph.value(BigInt::new(negative, digits)),
            Step::Simple(0) => graph.value(()),
            Step::Simple(1..20) => graph.value(Value::NULL),
            Step::Simple(20..60) => graph.date(1e12),
            Step::Simple(60..100) => graph.regexp("a/é", "giv").expect("flags"),
            Step::Simple(bits) => graph.value(bits % 2 == 0),
            Step::Buffer(bytes, max) => graph.buffer(bytes, max),
            Step::View(kind, buffer, offset, length) => {
                match graph.view(ViewKind::ALL[kind], pick(buffer), offset, length) {
                    Ok(view) => view,
                    Err(_) => continue,
                }
            }
            Step::Boxed(inner) => match graph.get(pick(inner)).kind() {
                Kind::Boolean | Kind::Number | Kind::BigInt | Kind::String => graph.boxed(pick(inner)),
                _ => continue,
            },
            Step::Error(class, message, stack) => {
                let name = tag::ERROR_CLASSES.get(class % 8).map_or("Error", |class| class.1);
                graph.error(name, message.as_deref(), stack.as_deref(), None)
            }
            Step::Container(0..80) => graph.object(),
            Step::Container(80..160) => graph.array(),
            Step::Container(160..210) => graph.map(),
            Step::Container(_) => graph.set_of(),
            Step::Fill(node, items) => {
                fill(
                    &mut graph,
                    pick(node),
                    items.into_iter().map(|(name, index, item)| (name, index, pick(item))),
                );
                continue;
            }
        };
        nodes.push(node);
    }
    // All of them are reached.
    let root = graph.array();
    for node in nodes {
        graph.push(root, node);
    }
    graph.finish(root)
}

fn fill(graph: &mut Graph, node: Node, items: impl Iterator<Item = (String, u32, Node)>) {
    match graph.get(node).kind() {
        Kind::Object => items.for_each(|(name, _, item)| graph.set(node, &name, item)),
        Kind::Array => {
            for (name, index, item) in items {
                match index % 4 {
                    0 => graph.put_at(node, index.min(u32::MAX - 1), item),
                    1 if name != "length" => graph.set(node, &name, item),
                    2 => graph.put_at(node, index % 64, item),
                    // An array that is full takes no more.
                    _ if graph.get(node).len() < u32::MAX as usize => graph.push(node, item),
                    _ => {}
                }
            }
        }
        // Each key once: the number of entries there are makes one.
        Kind::Map => items.for_each(|(name, _, item)| {
            let key = format!("{} {name}", graph.get(node).len());
            let key = graph.value(key);
            graph.entry(node, key, item);
        }),
        Kind::Set => items.for_each(|(name, _, _)| {
            let value = format!("{} {name}", graph.get(node).len());
            let value = graph.value(value);
            graph.push(node, value);
        }),
        Kind::Error => items.for_each(|(_, _, item)| graph.set_cause(node, item)),
        _ => {}
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]

    #[test]
    fn graphs_arrive_as_they_were(steps in steps()) {
        let value = build(steps);
        let written = bytes(&value, Views::Native);
        let message = decode(&written).expect("what was written can be read");
        prop_assert_eq!(message.len, written.len());
        prop_assert_eq!(&message.value, &value);
        prop_assert_eq!(&message.value.root().to_value(), &value);
        prop_assert_eq!(bytes(&message.value, Views::Native), written);
        let json = to_json(&value, Views::Native).expect("JSON").to_string();
        prop_assert_eq!(from_json(&json).expect("a value").0, value);
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let mut message = vec![0xFF, 15];
        message.extend(bytes);
        structured_clone(&message);
    }
}

/// What the worst of messages make the reader take: each byte an element, a property, an object, a list in a list.
#[test]
fn memory_is_a_small_multiple_of_the_bytes() {
    let count = 20_000u32;
    let varint = |mut value: u32| {
        let mut bytes = Vec::new();
        while value >= 0x80 {
            bytes.push(value as u8 | 0x80);
            value >>= 7;
        }
        bytes.push(value as u8);
        bytes
    };
    let header = [0xFF, 15];
    let array = |body: &[u8]| {
        [&header[..], b"A", &varint(count), &body.repeat(count as usize), b"$\0", &varint(count)].concat()
    };
    let messages = [
        array(b"_"),
        array(b"-"),
        array(b"o{\0"),
        array(b"A\0$\0\0"),
        array(b"a\x05I\x08_@\x01\x05"),
        array(b";:\0"),
        array(b"r."),
        array(b"y"),
        array(b"B\0VB\0\0\0"),
        array(b"\"\0"),
        array(b"\"\x02\xE9\xE9"),
        array(b"c\x02\x00\xD8"),
        array(b"o\"\0_{\x01"),
    ];
    for message in messages {
        let value = decode(&message).unwrap_or_else(|error| panic!("{:?}: {error}", &message[..12])).value;
        let taken = value.parts().1.taken();
        assert!(taken < 100 * message.len(), "{taken} bytes for {} of {:?}", message.len(), &message[5..15]);
    }
    // What is announced and does not come costs nothing.
    for announced in [
        &b"A\xFF\xFF\xFF\x0F"[..],
        b"a\xFF\xFF\xFF\xFF\x0F",
        b"B\xFF\xFF\xFF\x0F",
        b"\"\xFF\xFF\xFF\x0F",
        b"Z\xFE\xFF\xFF\x0F",
    ] {
        assert!(decode(&[&header[..], announced].concat()).is_err());
    }
}
