use super::*;
use crate::codec::{Graph, Kind, Ref, Symbol, ViewKind};
use std::sync::Arc;
use std::sync::Mutex;

fn bridge() -> ContextBridge {
    ContextBridge::new(Isolation::Bridge)
}

fn pass(value: Value) -> Result<Value, BridgeError> {
    bridge().to_page().pass(value)
}

/// Arrays in each other, `levels` of them, around a primitive.
fn arrays(levels: usize, inner: Value) -> Value {
    nested(levels, inner, |graph, node| {
        let array = graph.array();
        graph.push(array, node);
        array
    })
}

fn objects(levels: usize, inner: Value) -> Value {
    nested(levels, inner, |graph, node| {
        let object = graph.object();
        graph.set(object, "in", node);
        object
    })
}

fn nested(
    levels: usize,
    inner: Value,
    mut wrap: impl FnMut(&mut Graph, crate::codec::Node) -> crate::codec::Node,
) -> Value {
    let (mut graph, mut node) = Graph::from_value(inner);
    for _ in 0..levels {
        node = wrap(&mut graph, node);
    }
    graph.finish(node)
}

#[test]
fn cb_depth_an_array_costs_one_level_and_the_limit_is_a_type_error() {
    let deepest = arrays(999, Value::from(1));
    assert_eq!(pass(deepest.clone()), Ok(deepest));
    let thrown = Value::from(pass(arrays(1000, Value::from(1))).expect_err("too deep"));
    let error = thrown.as_error().expect("an error");
    assert_eq!((error.name().as_ref(), error.message().as_deref()), ("TypeError", Some(TOO_DEEP)));
    assert!(pass(arrays(999, Value::array::<Value>([]))).is_ok());
    assert_eq!(pass(arrays(1000, Value::array::<Value>([]))), Err(BridgeError::TooDeep));
}

#[test]
fn cb_depth_an_object_costs_two_levels() {
    let deepest = objects(499, Value::NULL);
    assert_eq!(pass(deepest.clone()), Ok(deepest));
    assert_eq!(pass(objects(500, Value::NULL)), Err(BridgeError::TooDeep));
    let mixed = arrays(1, objects(499, Value::NULL));
    assert_eq!(pass(mixed.clone()), Ok(mixed));
    assert_eq!(pass(arrays(2, objects(499, Value::NULL))), Err(BridgeError::TooDeep));
}

#[test]
fn cb_depth_comes_before_the_shortcut_of_primitives() {
    assert_eq!(pass(arrays(1000, "primitive".into())), Err(BridgeError::TooDeep));
    assert!(pass("primitive".into()).is_ok());
}

#[test]
fn cb_primitives_pass_by_value_symbols_and_bigints_too() {
    let symbol = Value::from(Symbol::new("s"));
    let bigint = Value::from(crate::codec::BigInt::from(1 << 70));
    for value in [Value::UNDEFINED, Value::NULL, true.into(), (-0.0).into(), "text".into(), bigint, symbol] {
        assert_eq!(pass(value.clone()), Ok(value.clone()));
        let within = Value::object([("value", value.clone()), ("list", Value::array([value]))]);
        assert_eq!(pass(within.clone()), Ok(within));
    }
    let mut graph = Graph::new();
    let lone = graph.utf16(&[0xD800, 97]);
    let lone = graph.finish(lone);
    assert_eq!(pass(Value::array([lone.clone()])), Ok(Value::array([lone])));
}

#[test]
fn cb_identity_is_kept_within_one_call_and_across_its_arguments() {
    let mut graph = Graph::new();
    let (arguments, shared, list) = (graph.array(), graph.object(), graph.array());
    let holder = graph.object();
    graph.set(holder, "a", shared);
    graph.set(holder, "b", list);
    for node in [shared, holder, list] {
        graph.push(arguments, node);
    }
    let arguments = graph.finish(arguments);
    let copy = bridge().to_page().pass_arguments(&arguments).expect("a copy");
    assert_eq!(copy, arguments);
    let at = |index: usize| copy.at(index).expect("an argument");
    assert!(at(1).get("a").is_some_and(|inner| inner.is_same_object(at(0))));
    assert!(at(1).get("b").is_some_and(|inner| inner.is_same_object(at(2))));
    assert!(!at(0).is_same_object(arguments.at(0).expect("an argument")));
}

#[test]
fn cb_identity_ends_with_the_call() {
    let (bridge, function) = (bridge(), Value::function(|_| Ok(Value::UNDEFINED)));
    let once = bridge.to_page().pass(function.clone()).expect("a proxy");
    assert_ne!(once, bridge.to_page().pass(function.clone()).expect("a proxy"));
    let both = Value::array([function.clone(), function]);
    let both = bridge.to_page().pass(both).expect("proxies");
    assert_eq!(both.at(0).and_then(Ref::as_function), both.at(1).and_then(Ref::as_function));
}

#[test]
fn cb_an_object_may_hold_itself_and_an_array_that_does_is_too_deep() {
    let mut graph = Graph::new();
    let object = graph.object();
    graph.set(object, "self", object);
    let object = graph.finish(object);
    assert_eq!(pass(object.clone()), Ok(object));
    let mut graph = Graph::new();
    let array = graph.array();
    graph.push(array, array);
    assert_eq!(pass(graph.finish(array)), Err(BridgeError::TooDeep));
}

#[test]
fn cb_functions_become_proxies_that_copy_both_ways() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&seen);
    let function = Value::function(move |arguments| {
        log.lock().expect("the log").extend(arguments.iter().cloned());
        Ok(Value::object([("sum", arguments.iter().filter_map(Value::as_f64).sum::<f64>())]))
    });
    let proxy = pass(function.clone()).expect("a proxy");
    assert_ne!(proxy, function);
    let call = proxy.as_function().expect("a function");
    let result = call.call(vec![1.into(), 2.into(), Value::array([3])]).expect("a result");
    assert_eq!(result, Value::object([("sum", 3)]));
    assert_eq!(*seen.lock().expect("the log"), [1.into(), 2.into(), Value::array([3])]);
    let thrown = call.call(vec![arrays(1000, Value::NULL)]).expect_err("too deep an argument");
    assert_eq!(thrown.to_string(), format!("TypeError: {TOO_DEEP}"));
}

#[test]
fn cb_a_proxy_that_goes_home_is_the_original() {
    let bridge = bridge();
    let original = Value::function(|_| Ok(Value::UNDEFINED));
    let proxy = bridge.to_page().pass(original.clone()).expect("a proxy");
    let home = bridge.to_preload().pass(Value::array([proxy.clone()])).expect("at home");
    assert_eq!(home, Value::array([original.clone()]));
    // In another window's preload it is a stranger.
    let other = ContextBridge::new(Isolation::Bridge);
    let strange = other.to_preload().pass(proxy.clone()).expect("a proxy");
    assert!(strange != original && strange != proxy);
}

#[test]
fn cb_callbacks_are_called_through_the_bridge() {
    let bridge = bridge();
    let each = Value::function(|arguments| {
        let callback = arguments[1].as_function().expect("a callback").clone();
        let doubled = arguments[0].root().elements().map(|(_, part)| callback.call(vec![part.to_value()]));
        Ok(Value::array(doubled.collect::<Result<Vec<_>, _>>()?))
    });
    let each = bridge.to_page().pass(each).expect("a proxy");
    let double = Value::function(|arguments| Ok((arguments[0].as_f64().unwrap_or(0.0) * 2.0).into()));
    let result = each.as_function().expect("a function").call(vec![Value::array([1, 2]), double]);
    assert_eq!(result, Ok(Value::array([2, 4])));
}

#[test]
fn cb_an_error_becomes_a_new_error_with_the_message_alone() {
    let mut graph = Graph::new();
    let cause = graph.value("cause");
    let error =
        graph.error("RangeError", Some("far"), Some("RangeError: far\n    at secret.js:1"), Some(cause));
    let holder = graph.object();
    graph.set(holder, "error", error);
    let copy = pass(graph.finish(holder)).expect("a copy");
    assert_eq!(copy, Value::object([("error", Value::error("Error", "far"))]));
    let throws = Value::function(|_| Err(Value::error("TypeError", "no")));
    let proxy = pass(throws).expect("a proxy");
    let thrown = proxy.as_function().expect("a function").call(Vec::new());
    assert_eq!(thrown, Err(Value::error("Error", "no")));
}

#[test]
fn cb_a_settled_promise_crosses_by_the_same_rules() {
    let crossing = bridge().to_page();
    assert_eq!(crossing.settle(Ok(Value::array([1]))), Ok(Value::array([1])));
    assert_eq!(crossing.settle(Err(Value::error("TypeError", "no"))), Err(Value::error("Error", "no")));
    let thrown = crossing.settle(Ok(arrays(1000, Value::NULL))).expect_err("too deep");
    assert_eq!(thrown.to_string(), format!("TypeError: {TOO_DEEP}"));
}

#[test]
fn cb_an_array_is_copied_element_by_element_and_holes_are_undefined() {
    let mut array = Value::array([1]);
    array.set("3", Value::function(|_| Ok(7.into())));
    array.set("name", "dropped");
    let copy = pass(array).expect("a copy");
    assert_eq!((copy.len(), copy.root().elements().count()), (4, 4));
    assert!(copy.at(1).is_some_and(Ref::is_undefined) && copy.get("name").is_none());
    let proxy = copy.at(3).and_then(Ref::as_function).expect("a proxy");
    assert_eq!(proxy.call(Vec::new()), Ok(7.into()));
    let mut far = Value::array([1]);
    far.set("4294967294", 2);
    assert_eq!(pass(far.clone()), Ok(far));
}

#[test]
fn cb_own_proto_stays_data() {
    let evil = Value::object([("__proto__", Value::object([("admin", true)])), ("1", 1.into())]);
    let copy = pass(evil.clone()).expect("a copy");
    assert_eq!(copy, evil);
    assert!(copy.get("admin").is_none());
    assert_eq!(copy.get("__proto__").and_then(|data| data.get("admin")).and_then(Ref::as_bool), Some(true));
}

#[test]
fn cb_everything_else_is_a_structured_clone() {
    let mut graph = Graph::new();
    let (holder, map, set) = (graph.object(), graph.map(), graph.set_of());
    let (date, buffer) = (graph.date(12.0), graph.buffer(vec![1, 2, 3, 4], None));
    let view = graph.view(ViewKind::Uint16, buffer, 2, None).expect("a view");
    let regexp = graph.regexp("a+", "g").expect("a RegExp");
    let one = graph.value(1);
    let boxed = graph.boxed(one);
    graph.entry(map, date, one);
    graph.push(set, one);
    for (name, node) in [("map", map), ("set", set), ("date", date), ("view", view), ("regexp", regexp)] {
        graph.set(holder, name, node);
    }
    graph.set(holder, "boxed", boxed);
    let value = graph.finish(holder);
    let copy = pass(value.clone()).expect("a copy");
    for name in ["map", "set", "date", "view", "regexp", "boxed"] {
        let (one, other) = (value.get(name).expect(name), copy.get(name).expect(name));
        assert_eq!(one.to_value(), other.to_value());
        assert_eq!(pass(one.to_value()), Ok(one.to_value()));
    }
    // Each was cloned by itself: what the Map shared with the object it no longer shares.
    let key = copy.get("map").and_then(|map| map.entries().next()).expect("an entry").0;
    assert!(key.kind() == Kind::Date && copy.get("date").is_some_and(|date| !date.is_same_object(key)));
}

#[test]
fn cb_a_function_within_a_map_cannot_be_cloned() {
    let mut graph = Graph::new();
    let (map, key) = (graph.map(), graph.value(1));
    let function = graph.value(Value::function(|_| Ok(Value::UNDEFINED)));
    graph.entry(map, key, function);
    let error = pass(graph.finish(map)).expect_err("no clone");
    assert_eq!(Value::from(error).to_string(), "Error: An object could not be cloned.");
}

#[test]
fn cb_what_is_exposed_is_frozen_and_there_for_good() {
    let mut bridge = bridge();
    let api = Value::object([("deep", Value::object([("n", 1)])), ("bytes", Value::bytes([1]))]);
    bridge.expose_in_main_world("api", api.clone()).expect("exposed");
    let exposed = bridge.main_world("api").expect("the API");
    assert_eq!(*exposed, api);
    assert!(exposed.is_frozen() && exposed.get("deep").is_some_and(Ref::is_frozen));
    assert!(exposed.get("bytes").is_some_and(|bytes| !bytes.is_frozen()), "typed arrays are not");
    assert_eq!(bridge.expose_in_main_world("api", 1.into()), Err(BridgeError::NameTaken));
    assert_eq!(bridge.main_world("api").map(Value::len), Some(2));
    assert!(bridge.main_world("other").is_none());
    let mut open = ContextBridge::new(Isolation::Off);
    assert_eq!(open.expose_in_main_world("api", 1.into()), Err(BridgeError::NotIsolated));
}

#[test]
fn cb_isolation_says_whether_there_is_a_copy_and_whether_it_is_frozen() {
    let crossing = bridge().to_page();
    let value = Value::array([Value::function(|_| Ok(Value::UNDEFINED))]);
    let through =
        |isolation: Isolation| isolation.pass_arguments(crossing, value.clone()).expect("arguments");
    assert_eq!(through(Isolation::Off), value);
    assert!(through(Isolation::Bridge) != value && !through(Isolation::Bridge).is_frozen());
    assert!(through(Isolation::BridgeFreeze).is_frozen());
    let result = Isolation::BridgeFreeze.pass(crossing, Value::array([1])).expect("a result");
    assert!(result.is_frozen() && result == Value::array([1]));
}
