use super::*;
use crate::codec::{Graph, Symbol};

fn record() -> Value {
    Value::object([
        ("i", Value::from(-7)),
        ("text", Value::from("Straße 😀")),
        ("bytes", Value::bytes([0, 255])),
        (
            "list",
            Value::array([
                Value::from(0.5),
                Value::from(-0.0),
                Value::NULL,
                true.into(),
                4294967296.0.into(),
            ]),
        ),
        ("empty", Value::array::<Value>([])),
        ("deep", Value::object([("er", Value::object::<&str, Value>([]))])),
    ])
}

fn carried(codec: Codec, value: &Value) -> Result<Value, Error> {
    let mut bytes = vec![1, 2, 3];
    codec.encode(value, &mut bytes)?;
    codec.decode(&bytes[3..])
}

#[test]
fn names_are_those_of_suites() {
    for codec in Codec::ALL {
        assert_eq!(serde_json::to_value(codec).expect("a name"), codec.name());
    }
}

#[test]
fn records_arrive() {
    for codec in [Codec::StructuredClone, Codec::Postcard, Codec::Msgpack] {
        assert_eq!(carried(codec, &record()).as_ref(), Ok(&record()), "{}", codec.name());
    }
    let json = carried(Codec::Json, &record()).expect("a value");
    assert_eq!(json.get("bytes").map(Ref::to_value), Some(Value::object([("0", 0), ("1", 255)])));
    assert_eq!(json.get("list").and_then(|list| list.at(1)).and_then(Ref::as_i64), Some(0));
    assert_eq!(json.get("text").and_then(Ref::as_str), Some("Straße 😀"));
    assert_eq!(carried(Codec::Raw, &Value::bytes([1, 2])), Ok(Value::bytes([1, 2])));
    let refused = carried(Codec::Raw, &record()).expect_err("no bytes");
    assert_eq!(refused.to_string(), "raw has no form for an object");
}

#[test]
fn json_is_what_javascript_makes_of_it() {
    let mut graph = Graph::new();
    let object = graph.object();
    let (undefined, date, map) = (graph.value(()), graph.date(0.0), graph.map());
    let (bad, five, lone) = (graph.date(f64::NAN), graph.value(5), graph.utf16(&[0xD800]));
    let (boxed, buffer) = (graph.boxed(five), graph.buffer(vec![0, 0, 0xC0, 0x3F], None));
    let floats = graph.view(crate::codec::ViewKind::Float32, buffer, 0, None).expect("a view");
    let (array, function) = (graph.array(), graph.value(Symbol::new("s")));
    graph.put_at(array, 1, undefined);
    graph.push(array, function);
    for (name, node) in [
        ("undefined", undefined),
        ("symbol", function),
        ("date", date),
        ("bad", bad),
        ("map", map),
        ("boxed", boxed),
        ("floats", floats),
        ("array", array),
        ("lone", lone),
        ("buffer", buffer),
    ] {
        graph.set(object, name, node);
    }
    for (name, number) in [("nan", f64::NAN), ("big", 1e21), ("whole", 4294967296.0), ("part", -0.25)] {
        let node = graph.value(number);
        graph.set(object, name, node);
    }
    let mut text = Vec::new();
    Codec::Json.encode(&graph.finish(object), &mut text).expect("JSON");
    assert_eq!(
        String::from_utf8(text).expect("text"),
        "{\"date\":\"1970-01-01T00:00:00.000Z\",\"bad\":null,\"map\":{},\"boxed\":5,\"floats\":{\"0\":1.5},\
         \"array\":[null,null,null],\"lone\":\"\u{FFFD}\",\"buffer\":{},\"nan\":null,\"big\":1e+21,\"whole\":4294967296,\
         \"part\":-0.25}"
    );
    // As JSON.parse has it: the number next to it, and no BigInt, which JSON could not write again.
    let read = Codec::Json.decode(b"[18446744073709551615,-9007199254740993]").expect("an array");
    assert_eq!(read, Value::array([18446744073709551616.0, -9007199254740992.0]));
    assert!(carried(Codec::Json, &Value::UNDEFINED).is_err());
    assert!(carried(Codec::Json, &Value::array([Value::from_serde(&u64::MAX).expect("a BigInt")])).is_err());
}

#[test]
fn trees_carry_what_they_say() {
    let mut graph = Graph::new();
    let (root, map, set, date) = (graph.array(), graph.map(), graph.set_of(), graph.date(5.0));
    let undefined = graph.value(());
    let bigint = graph
        .value("-340282366920938463463374607431768211456".parse::<crate::codec::BigInt>().expect("a BigInt"));
    graph.entry(map, bigint, date);
    graph.push(set, undefined);
    for node in [map, set] {
        graph.push(root, node);
    }
    let value = graph.finish(root);
    assert_eq!(carried(Codec::Postcard, &value).as_ref(), Ok(&value));
    let refused = carried(Codec::Msgpack, &value).expect_err("a BigInt of 129 bits");
    assert_eq!(refused, Error::Unsupported { codec: "msgpack", what: "a BigInt" });
    for number in [i64::MIN.into(), u64::MAX.into(), (1 << 53) + 1] {
        let value = Value::from(crate::codec::BigInt::from(number));
        assert_eq!(carried(Codec::Msgpack, &value).as_ref(), Ok(&value));
    }
}

#[test]
fn circles_depth_and_functions_are_refused() {
    let mut graph = Graph::new();
    let circle = graph.array();
    graph.push(circle, circle);
    let circle = graph.finish(circle);
    let function = Value::array([Value::function(|_| Ok(Value::NULL))]);
    let mut far = Value::array([1]);
    far.set("4000000000", 1);
    for codec in [Codec::Json, Codec::Postcard, Codec::Msgpack] {
        assert_eq!(carried(codec, &circle), Err(Error::TooDeep { limit: SERDE_DEPTH }), "{}", codec.name());
        assert!(matches!(carried(codec, &far), Err(Error::Unsupported { .. })), "{}", codec.name());
        if codec != Codec::Json {
            assert_eq!(carried(codec, &function), Err(Error::NotCloneable), "{}", codec.name());
        }
    }
    assert_eq!(carried(Codec::StructuredClone, &circle), Ok(circle));
    assert_eq!(carried(Codec::Json, &function), Ok(Value::array([Value::NULL])));
}

#[test]
fn bytes_that_nobody_wrote_are_refused_without_a_panic_or_a_stack() {
    assert!(Codec::Json.decode("[".repeat(100_000).as_bytes()).is_err());
    assert!(Codec::Msgpack.decode(&[0x91; 100_000]).is_err());
    assert_eq!(Codec::Postcard.decode(&[9, 1].repeat(50_000)), Err(Error::TooDeep { limit: SERDE_DEPTH }));
    // Four billion elements, entries, bytes are announced.
    for announced in
        [&[0xDD, 255, 255, 255, 255][..], &[0xDF, 255, 255, 255, 255], &[0xC6, 255, 255, 255, 255, 0]]
    {
        assert!(Codec::Msgpack.decode(announced).is_err());
    }
    for variant in 5..13 {
        assert!(Codec::Postcard.decode(&[variant, 0xFF, 0xFF, 0xFF, 0xFF, 0x0F]).is_err());
    }
}
