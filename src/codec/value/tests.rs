use super::*;
use std::collections::BTreeMap;

fn circle() -> Value {
    let mut graph = Graph::new();
    let (array, object) = (graph.array(), graph.object());
    graph.push(array, object);
    graph.push(array, object);
    graph.set(object, "up", array);
    graph.finish(array)
}

#[test]
fn primitives_need_no_heap() {
    for value in [Value::UNDEFINED, Value::NULL, true.into(), 1.into(), 0.5.into(), None::<bool>.into()] {
        assert!(value.heap.is_none(), "{value}");
    }
    assert_eq!(size_of::<Value>(), 24);
    fn sent<T: Send + Sync + 'static>() {}
    sent::<Value>();
}

#[test]
fn parts_of_a_literal_are_found() {
    let value = Value::object([
        ("name", Value::from("Ada")),
        ("list", Value::array([Value::from(1), Value::from("two"), Value::NULL])),
        ("bytes", Value::bytes([1, 2, 3])),
        ("deep", Value::object([("er", Value::from(0.5))])),
    ]);
    assert_eq!(value.get("name").and_then(Ref::as_str), Some("Ada"));
    assert_eq!(value.get("list").and_then(|list| list.at(1)).and_then(Ref::as_str), Some("two"));
    assert_eq!(value.get("list").map(Ref::len), Some(3));
    assert_eq!(value.get("bytes").and_then(Ref::as_bytes), Some(&[1, 2, 3][..]));
    assert_eq!(value.get("deep").and_then(|deep| deep.get("er")).and_then(Ref::as_f64), Some(0.5));
    assert!(value.get("nothing").is_none() && value.at(0).is_none() && Value::from(1).get("x").is_none());
    let names: Vec<_> = value.root().props().map(|(name, _)| name.to_text().into_owned()).collect();
    assert_eq!(names, ["name", "list", "bytes", "deep"]);
}

#[test]
fn indices_come_first_and_the_last_of_a_name_counts() {
    let value =
        Value::object([("b", 1), ("10", 2), ("a", 3), ("2", 4), ("b", 5), ("01", 6), ("4294967295", 7)]);
    let props: Vec<_> =
        value.root().props().map(|(name, value)| (name.to_text().into_owned(), value.as_i64())).collect();
    let expected = [("2", 4), ("10", 2), ("b", 5), ("a", 3), ("01", 6), ("4294967295", 7)];
    assert_eq!(props, expected.map(|(name, number)| (name.to_owned(), Some(number))));
}

#[test]
fn values_change() {
    let mut value = Value::object([("a", 1)]);
    for number in 0..100 {
        value.set("a", number);
        value.set(&format!("k{number}"), number);
    }
    assert_eq!((value.len(), value.get("a").and_then(Ref::as_i64)), (101, Some(99)));
    assert!(value.remove("k50") && !value.remove("k50") && value.get("k50").is_none());
    let mut array = Value::array(["x"]);
    array.push("y");
    array.set("3", "z");
    array.set("name", "extra");
    array.push(Value::array([1, 2]));
    assert_eq!(array.len(), 5);
    assert!(array.at(2).is_none());
    assert_eq!(array.root().elements().map(|(index, _)| index).collect::<Vec<_>>(), [0, 1, 3, 4]);
    assert_eq!(array.to_string(), "x,y,,z,1,2");
    let mut far = Value::array([1]);
    far.set("4294967294", 2);
    assert_eq!((far.len(), far.root().elements().count()), (u32::MAX as usize, 2));
    let mut bytes = Value::bytes([0; 4]);
    bytes.as_bytes_mut().expect("bytes")[2] = 7;
    assert_eq!(bytes.as_bytes(), Some(&[0, 0, 7, 0][..]));
}

#[test]
fn equality_is_that_of_graphs() {
    assert_eq!(circle(), circle());
    assert_eq!(circle(), circle().root().to_value());
    let (shared, twice) = {
        let mut graph = Graph::new();
        let (array, object) = (graph.array(), graph.object());
        graph.push(array, object);
        graph.push(array, object);
        let empty = || Value::object::<&str, Value>([]);
        (graph.finish(array), Value::array([empty(), empty()]))
    };
    assert_ne!(shared, twice);
    assert_ne!(twice, shared);
    assert_eq!(Value::from(f64::NAN), Value::from(-f64::NAN));
    assert_ne!(Value::from(0.0), Value::from(-0.0));
    assert_eq!(Value::from(1.0), Value::from(1));
    assert_ne!(Value::from("1"), Value::from(1));
    assert_ne!(Value::object([("a", 1), ("b", 2)]), Value::object([("b", 2), ("a", 1)]));
}

#[test]
fn depth_costs_no_stack() {
    let mut graph = Graph::new();
    let mut node = graph.object();
    for _ in 0..200_000 {
        let outer = graph.object();
        graph.set(outer, "in", node);
        node = outer;
    }
    let value = graph.finish(node);
    assert_eq!(value.clone(), value.root().to_value());
    assert!(format!("{value:?}").len() < 10_000);
    assert!(value.to_serde::<serde_json::Value>().is_err());
}

#[test]
fn a_copy_leaves_behind_what_is_not_reached() {
    let mut value = Value::object([("a", Value::from("x".repeat(1000))), ("b", circle())]);
    value.set("a", 1);
    let (_, heap) = value.get("b").expect("b").to_value().into_parts();
    assert_eq!((heap.objects.len(), heap.text.len()), (2, 2));
}

#[test]
fn strings_keep_what_javascript_has() {
    let mut graph = Graph::new();
    let lone = graph.utf16(&[0x61, 0xD800, 0x62]);
    let lone = graph.finish(lone);
    assert_eq!((lone.as_str(), lone.len()), (None, 3));
    assert_eq!(lone.root().as_text().as_deref(), Some("a\u{FFFD}b"));
    assert_eq!(lone.root().as_utf16(), Some(vec![0x61, 0xD800, 0x62]));
    let mut graph = Graph::new();
    let pair = graph.utf16(&[0xD83D, 0xDE00]);
    assert_eq!(graph.finish(pair), Value::from("😀"));
    assert_eq!(Value::from("😀").len(), 2);
}

#[test]
fn strings_of_all_kinds_read_as_in_javascript() {
    let mut graph = Graph::new();
    let buffer = graph.buffer(vec![0; 8], Some(16));
    let view = graph.view(ViewKind::Uint16, buffer, 2, None).expect("a view");
    let regexp = graph.regexp("a+", "gi").expect("a RegExp");
    let symbol = graph.value(Symbol::new("s"));
    let boxed = graph.value(5);
    let boxed = graph.boxed(boxed);
    let error = graph.error("TypeError", Some("no"), None, Some(buffer));
    for (node, text, type_of) in [
        (view, "[object Uint16Array]", "object"),
        (regexp, "/a+/gi", "object"),
        (symbol, "Symbol(s)", "symbol"),
        (boxed, "5", "object"),
        (error, "TypeError: no", "object"),
    ] {
        let part = graph.get(node);
        assert_eq!((part.to_string().as_str(), part.type_of()), (text, type_of));
    }
    assert_eq!(graph.get(view).as_bytes().map(<[u8]>::len), Some(6));
    assert!(
        graph
            .get(error)
            .as_error()
            .and_then(ErrorRef::cause)
            .is_some_and(|cause| cause.kind() == Kind::Buffer)
    );
    for (kind, offset, length) in
        [(ViewKind::Uint16, 1, None), (ViewKind::Int8, 0, Some(9)), (ViewKind::Int8, 9, None)]
    {
        assert!(graph.view(kind, buffer, offset, length).is_err());
    }
    assert!(graph.regexp("a", "gg").is_none() && graph.regexp("a", "l").is_none());
    assert_eq!(Value::error("Error", "").to_string(), "Error");
    assert_eq!(circle().to_string(), "[object Object],[object Object]");
    assert_eq!(Value::date(0.0).to_string(), "1970-01-01T00:00:00.000Z");
}

#[test]
fn functions_are_called_and_shared() {
    let add = Value::function(|arguments| {
        let numbers: Option<Vec<f64>> = arguments.iter().map(Value::as_f64).collect();
        numbers
            .map(|numbers| numbers.iter().sum::<f64>().into())
            .ok_or(Value::error("TypeError", "no number"))
    });
    let function = add.as_function().expect("a function");
    assert_eq!(function.call(vec![1.into(), 2.into()]), Ok(Value::from(3)));
    assert_eq!(function.call(vec!["1".into()]).expect_err("no number").to_string(), "TypeError: no number");
    assert_eq!(add, add.clone());
    let (mut graph, root) = Graph::from_value(Value::array([add.clone()]));
    graph.map_functions(|inner| {
        let inner = inner.clone();
        Function::new(move |arguments| inner.call(arguments))
    });
    let proxied = graph.finish(root);
    assert_ne!(proxied, Value::array([add]));
    let function = proxied.at(0).and_then(Ref::as_function).expect("a function");
    assert_eq!(function.call(vec![2.into()]), Ok(2.into()));
}

#[derive(Debug, PartialEq, serde::Serialize, serde::Deserialize)]
enum Shape {
    Point,
    Circle(f64),
    Line(i64, u64),
    Box { width: Option<u8>, tags: Vec<String>, by: BTreeMap<u32, char> },
}

#[test]
fn serde_types_go_there_and_back() {
    let shapes = vec![
        Shape::Point,
        Shape::Circle(-0.0),
        Shape::Line(i64::MIN, u64::MAX),
        Shape::Line(-(1 << 53), 7),
        Shape::Box { width: None, tags: vec!["é".into()], by: BTreeMap::from([(7, 'x'), (3, '😀')]) },
    ];
    let value = Value::from_serde(&shapes).expect("a value");
    assert_eq!(value.at(0).and_then(Ref::as_str), Some("Point"));
    assert_eq!(value.at(2).and_then(|line| line.get("Line")?.at(1)).map(Ref::type_of), Some("bigint"));
    assert_eq!(value.to_serde::<Vec<Shape>>().as_ref(), Ok(&shapes));
    assert!(value.to_serde::<u8>().is_err() && Value::from_serde(&BTreeMap::from([((1, 2), 3)])).is_err());
    assert!(circle().to_serde::<serde_json::Value>().is_err());
    let error = Value::error("RangeError", "far").to_serde::<serde_json::Value>().expect("fields");
    assert_eq!(error["message"], "far");
    assert_eq!(Value::bytes([1, 2]).to_serde::<Vec<u8>>(), Ok(vec![1, 2]));
    let unit_function = Value::function(|_| Ok(Value::UNDEFINED));
    assert!(unit_function.to_serde::<serde_json::Value>().is_err());
}
