use super::*;
use crate::codec::v8::Views;
use crate::codec::{Graph, ViewKind};

#[test]
fn a_shared_buffer_has_a_number_and_another_none() {
    let mut graph = Graph::new();
    let array = graph.array();
    let (shared, own) = (graph.buffer(vec![1, 2], None), graph.buffer(vec![3, 4], Some(9)));
    for (buffer, length) in [(shared, Some(1)), (shared, Some(2)), (own, None)] {
        let view = graph.view(ViewKind::Uint8, buffer, 0, length).expect("a view");
        graph.push(array, view);
    }
    let value = graph.finish(array);
    let json = to_json(&value, Views::Native).expect("JSON");
    let ids: Vec<_> = (0..3).map(|at| json["elements"][at][1]["buffer"]["id"].as_u64()).collect();
    assert_eq!(ids, [Some(2), Some(2), None]);
    assert_eq!(from_json(&json.to_string()).expect("a value"), (value, Views::Native));
}

#[test]
fn what_is_not_the_notation_is_refused() {
    for text in [
        "",
        "{}",
        r#"{"t":"thing"}"#,
        r#"{"t":"ref","id":0}"#,
        r#"{"t":"string","utf16le":"6"}"#,
        r#"{"t":"number","bits":"0"}"#,
        r#"{"t":"array","length":4294967296,"elements":[]}"#,
        r#"{"t":"array","length":1,"elements":[[4294967295,{"t":"null"}]]}"#,
        r#"{"t":"bigint","v":"1n"}"#,
        r#"{"t":"view","type":"Int16Array","bytes":"00"}"#,
        r#"{"t":"null"} x"#,
    ] {
        assert!(from_json(text).is_err(), "{text}");
    }
    assert!(from_json(&"[".repeat(1_000_000)).is_err());
    let mut graph = Graph::new();
    let mut node = graph.array();
    for _ in 0..1000 {
        let outer = graph.array();
        graph.push(outer, node);
        node = outer;
    }
    assert!(to_json(&graph.finish(node), Views::Native).is_err());
}
