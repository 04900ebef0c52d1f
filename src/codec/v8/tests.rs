use super::*;
use crate::codec::tagged::{from_json, to_json};
use crate::codec::{Function, Graph, Symbol, ViewKind};
use serde_json::Value as Json;
use std::path::{Path, PathBuf};

mod node;
mod peer;
mod property;

fn vectors() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/v8")
}

/// Names, what V8 and Node say of them, and their bytes.
fn all_vectors() -> Vec<(String, Json, Vec<u8>)> {
    let files = std::fs::read_dir(vectors()).expect("the vectors").map(|file| file.expect("a file").path());
    let mut names: Vec<PathBuf> =
        files.filter(|path| path.extension().is_some_and(|kind| kind == "json")).collect();
    names.sort();
    let read = |path: &Path| {
        let text = std::fs::read_to_string(path).expect("a vector");
        let mut deserializer = serde_json::Deserializer::from_str(&text);
        deserializer.disable_recursion_limit();
        let json: Json = serde::Deserialize::deserialize(&mut deserializer).expect("JSON");
        let bytes = std::fs::read(path.with_extension("bin")).expect("bytes");
        (path.file_stem().expect("a name").to_string_lossy().into_owned(), json, bytes)
    };
    names.iter().map(|path| read(path)).collect()
}

fn bytes(value: &Value, views: Views) -> Vec<u8> {
    let mut out = Vec::new();
    encode(value, views, &mut out).expect("bytes");
    out
}

/// What the vectors say beyond our notation, and what Node's bytes do not: where a view began.
fn comparable(mut json: Json) -> Json {
    match &mut json {
        Json::Object(fields) => {
            fields.remove("sha256_utf16le");
            if fields.get("t").is_some_and(|kind| kind == "view") {
                fields.remove("byteOffset");
                fields.remove("buffer");
            }
            fields.iter_mut().for_each(|(_, field)| *field = comparable(field.take()));
        }
        Json::Array(items) => items.iter_mut().for_each(|item| *item = comparable(item.take())),
        _ => {}
    }
    json
}

#[test]
fn vectors_are_read_as_v8_reads_them_and_refused_as_it_does() {
    let (mut read, mut refused) = (0, 0);
    for (name, json, bytes) in all_vectors() {
        if json["accepts"] == false {
            let error = decode(&bytes).map(|message| message.value).expect_err(&name);
            assert!(matches!(error, Error::Malformed { .. }), "{name}: {error}");
            refused += 1;
            continue;
        }
        // Where V8 itself changes a value on the way, what comes out counts.
        let expected = if json["value_after_round_trip"].is_null() {
            &json["value"]
        } else {
            &json["value_after_round_trip"]
        };
        let message = decode(&bytes).unwrap_or_else(|error| panic!("{name}: {error}"));
        let found = to_json(&message.value, message.views.unwrap_or_default()).expect("JSON");
        assert_eq!(comparable(found), comparable(expected.clone()), "{name}");
        read += 1;
    }
    assert_eq!((read, refused), (66, 7));
}

#[test]
fn values_are_written_byte_for_byte_as_v8_writes_them() {
    let mut written = 0;
    for (name, json, expected) in all_vectors() {
        // Those that V8 did not write but only read say whether it accepts them.
        if !json["accepts"].is_null() {
            continue;
        }
        let (value, views) =
            from_json(&json["value"].to_string()).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(bytes(&value, views), expected, "{name}");
        written += 1;
    }
    assert_eq!(written, 61);
}

/// Views in the form of V8 itself, which `v8.serialize` of Node replaces by its own.
#[test]
fn native_views_go_there_and_back() {
    let mut seen = 0;
    for (name, json, _) in all_vectors() {
        let Ok(native) = std::fs::read(vectors().join(format!("{name}.native.bin"))) else { continue };
        let message = decode(&native).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!((message.views, message.len), (Some(Views::Native), native.len()), "{name}");
        let found = to_json(&message.value, Views::Native).expect("JSON");
        assert_eq!(comparable(found.clone()), comparable(json["value"].clone()), "{name}");
        assert_eq!(bytes(&message.value, Views::Native), native, "{name}");
        assert_eq!(from_json(&found.to_string()).expect("a value"), (message.value, Views::Native), "{name}");
        seen += 1;
    }
    assert_eq!(seen, 9);
}

#[test]
fn no_function_and_no_symbol_is_written() {
    let function = Value::from(Function::new(|_| Ok(Value::UNDEFINED)));
    for value in [function.clone(), Symbol::new("s").into(), Value::object([("f", function)])] {
        let error = encode(&value, Views::Native, &mut Vec::new()).expect_err("no bytes");
        assert_eq!(error.to_string(), "An object could not be cloned.");
    }
}

fn nested(levels: usize, outer: impl Fn(&mut Graph, crate::codec::Node) -> crate::codec::Node) -> Value {
    let mut graph = Graph::new();
    let mut node = graph.object();
    for _ in 1..levels {
        node = outer(&mut graph, node);
    }
    graph.finish(node)
}

#[test]
fn depth_is_bounded_by_a_number_and_not_by_the_stack() {
    type Outer = fn(&mut Graph, crate::codec::Node) -> crate::codec::Node;
    let kinds: [Outer; 5] = [
        |graph, inner| {
            let outer = graph.object();
            graph.set(outer, "in", inner);
            outer
        },
        |graph, inner| {
            let outer = graph.array();
            graph.push(outer, inner);
            outer
        },
        |graph, inner| {
            let outer = graph.array();
            graph.put_at(outer, 1, inner);
            outer
        },
        |graph, inner| {
            let outer = graph.map();
            graph.entry(outer, inner, inner);
            outer
        },
        |graph, inner| graph.error("Error", None, None, Some(inner)),
    ];
    for kind in kinds {
        let deepest = nested(MAX_DEPTH, kind);
        let written = bytes(&deepest, Views::Native);
        assert_eq!(decode(&written).expect("as deep as may be").value, deepest);
        let deeper = nested(MAX_DEPTH + 1, kind);
        let error = encode(&deeper, Views::Native, &mut Vec::new()).expect_err("too deep");
        assert_eq!(error, Error::TooDeep { limit: MAX_DEPTH });
    }
    let endless = [&[0xFF, 15][..], &b"A\x01".repeat(100_000)].concat();
    assert_eq!(decode(&endless).map(drop), Err(Error::TooDeep { limit: MAX_DEPTH }));
}

#[test]
fn a_message_is_aligned_to_its_own_beginning() {
    let value = Value::object([("a", "Ω"), ("bb", "ΩΩ")]);
    let alone = bytes(&value, Views::Native);
    let mut behind = vec![7];
    encode(&value, Views::Native, &mut behind).expect("bytes");
    assert_eq!(behind[1..], alone);
}

#[test]
fn an_error_says_at_which_byte() {
    let error = decode(b"\xFF\x0Fo\"\x01aQ").map(drop).expect_err("no tag");
    assert_eq!(error.to_string(), "a tag that V8's format does not have, at byte 6");
}

#[test]
fn views_keep_their_buffer_and_share_it() {
    let mut graph = Graph::new();
    let array = graph.array();
    let (fixed, resizable) = (graph.buffer(vec![1; 8], None), graph.buffer(vec![2; 8], Some(32)));
    for (kind, buffer, offset, length) in [
        (ViewKind::Float32, fixed, 4, None),
        (ViewKind::Uint8, fixed, 1, Some(3)),
        (ViewKind::BigInt64, resizable, 0, None),
        (ViewKind::DataView, resizable, 3, Some(1)),
    ] {
        let view = graph.view(kind, buffer, offset, length).expect("a view");
        graph.push(array, view);
    }
    graph.push(array, fixed);
    let value = graph.finish(array);
    let message = decode(&bytes(&value, Views::Native)).expect("a value");
    assert_eq!(message.value, value);
    let node = decode(&bytes(&value, Views::Node)).expect("a value");
    assert_eq!(node.views, Some(Views::Node));
    let shown = |value: &Value| -> Vec<Vec<u8>> {
        value.root().elements().filter_map(|(_, view)| view.as_bytes()).map(<[u8]>::to_vec).collect()
    };
    assert_eq!(shown(&node.value), shown(&value));
}
