use super::*;
use crate::codec::Graph;

fn check(rule: Rule, value: impl Into<Value>) -> Result<(), String> {
    let schema = Schema::arguments([rule]).expect("a schema");
    schema.check(Value::array([value.into()]).root()).map_err(|violation| violation.to_string())
}

fn expected(text: &str) -> Result<(), String> {
    Err(format!("argument 0: expected {text}"))
}

#[test]
fn types_and_ranges_are_exact() {
    assert_eq!(check(Rule::boolean(), true), Ok(()));
    assert_eq!(check(Rule::boolean(), 1), expected("a boolean"));
    assert_eq!(check(Rule::number(0.0, 1.0), 1), Ok(()));
    for wrong in [Value::from(1.01), f64::NAN.into(), f64::INFINITY.into(), "1".into(), Value::NULL] {
        assert_eq!(check(Rule::number(0.0, 1.0), wrong), expected("a number from 0 to 1"));
    }
    assert_eq!(check(Rule::integer(-1, 1), -1), Ok(()));
    for wrong in [Value::from(0.5), 2.into(), crate::codec::BigInt::from(1).into()] {
        assert_eq!(check(Rule::integer(-1, 1), wrong), expected("a whole number from -1 to 1"));
    }
    assert_eq!(check(Rule::text(1, 2), "😀"), Ok(()));
    for wrong in ["", "abc"] {
        assert_eq!(check(Rule::text(1, 2), wrong), expected("a string of 1 to 2 characters"));
    }
    assert_eq!(check(Rule::bytes(0, 2), Value::bytes([1, 2])), Ok(()));
    assert_eq!(check(Rule::bytes(0, 2), Value::bytes([1, 2, 3])), expected("0 to 2 bytes"));
    assert_eq!(check(Rule::choice(["on", "off"]), "off"), Ok(()));
    assert_eq!(check(Rule::choice(["on", "off"]), "offf"), expected("one of the strings that are allowed"));
}

#[test]
fn objects_have_what_is_required_and_nothing_else() {
    let rule = || Rule::object([("id", Rule::integer(0, 9)), ("name", Rule::text(0, 9).optional())]);
    assert_eq!(check(rule(), Value::object([("id", 1)])), Ok(()));
    let both = Value::object([("name", Value::from("x")), ("id", 1.into())]);
    assert_eq!(check(rule(), both), Ok(()));
    let wrong = |value: Value| check(rule(), value).expect_err("a violation");
    assert_eq!(wrong(Value::object([("name", "x")])), "argument 0.id: expected it to be there");
    assert_eq!(wrong(Value::object([("id", 1), ("x", 1)])), "argument 0.x: expected no such property");
    assert_eq!(
        wrong(Value::object([("id", 1), ("__proto__", 1)])),
        "argument 0.__proto__: expected no such property"
    );
    assert_eq!(wrong(Value::array([1])), "argument 0: expected an object");
    assert_eq!(wrong(Value::object([("id", 10)])), "argument 0.id: expected a whole number from 0 to 9");
}

#[test]
fn arrays_have_their_elements_and_no_holes() {
    let rule = || Rule::list(Rule::integer(0, 9), 1, 3);
    assert_eq!(check(rule(), Value::array([1, 2])), Ok(()));
    assert_eq!(check(rule(), Value::array([1, 2, 3, 4])), expected("an array of 1 to 3 elements"));
    assert_eq!(
        check(rule(), Value::array([1, 10])),
        Err("argument 0[1]: expected a whole number from 0 to 9".to_owned())
    );
    let mut holes = Value::array([1]);
    holes.set("2", 1);
    assert_eq!(check(rule(), holes), expected("no holes"));
    let mut extra = Value::array([1]);
    extra.set("x", 1);
    assert_eq!(check(rule(), extra), Err("argument 0.x: expected no such property".to_owned()));
}

#[test]
fn arguments_are_counted() {
    let schema = Schema::arguments([Rule::boolean(), Rule::boolean().optional()]).expect("a schema");
    let count =
        |count| schema.check(vec![true.into(); count].as_slice()).map_err(|violation| violation.to_string());
    assert_eq!((count(1), count(2)), (Ok(()), Ok(())));
    for wrong in [0, 3] {
        assert_eq!(count(wrong), Err("expected 1 to 2 arguments".to_owned()));
    }
    let mut hole = Value::array([true]);
    hole.set("1", true);
    hole.remove("0");
    assert!(schema.check(hole.root()).is_err());
    assert!(schema.check([true.into(), Value::UNDEFINED].as_slice()).is_ok());
}

#[test]
fn data_is_bounded_and_circles_end() {
    let mut graph = Graph::new();
    let (object, map) = (graph.object(), graph.map());
    graph.set(object, "map", map);
    graph.entry(map, object, object);
    let circle = graph.finish(object);
    let error = check(Rule::data(), circle).expect_err("too deep");
    assert!(error.ends_with("expected at most 32 levels"), "{error}");
    assert_eq!(check(Rule::data(), Value::object([("a", Value::array([1, 2]))])), Ok(()));
    assert_eq!(check(Rule::data(), Value::function(|_| Ok(Value::UNDEFINED))), expected("data"));
    let limits = Limits { depth: 3, values: 10, length: 4 };
    let schema = Schema::with_limits([Rule::data()], limits).expect("a schema");
    let wrong = |value: Value| {
        let violation = schema.check([value].as_slice()).expect_err("a violation");
        violation.expected().clone()
    };
    assert_eq!(wrong(Value::array([0; 10])), Expected::Fewer(10));
    assert_eq!(wrong("12345".into()), Expected::Shorter(4));
    assert_eq!(wrong(Value::bytes([0; 5])), Expected::Shorter(4));
}

#[test]
fn rules_that_contradict_themselves_do_not_compile() {
    let bad = |rule: Rule| Schema::arguments([rule]).expect_err("a bad rule");
    assert!(matches!(bad(Rule::integer(1, 0)), BadRule::EmptyRange { .. }));
    assert!(matches!(bad(Rule::number(f64::NAN, 1.0)), BadRule::EmptyRange { .. }));
    let twice = Rule::object([("a", Rule::boolean()), ("a", Rule::boolean())]);
    assert_eq!(bad(twice), BadRule::NamedTwice("a".to_owned()));
    let many = Rule::object((0..65).map(|number| (number.to_string(), Rule::boolean())));
    assert_eq!(bad(many), BadRule::TooManyProperties);
    let deep = (0..40).fold(Rule::boolean(), |rule, _| Rule::list(rule, 0, 1));
    assert_eq!(bad(deep), BadRule::TooDeep);
    let order = Schema::arguments([Rule::boolean().optional(), Rule::boolean()]);
    assert_eq!(order.expect_err("a bad rule"), BadRule::OptionalBeforeRequired);
}

#[test]
fn s20_no_part_decides_whether_another_one_is_valid() {
    let rule =
        || Rule::object([("a", Rule::integer(0, 1)), ("b", Rule::integer(0, 1)), ("c", Rule::boolean())]);
    for (a, b, c) in [(0, 0, true), (2, 0, true), (0, 2, true), (2, 2, false), (1, 1, false)] {
        let value = Value::object([("a", Value::from(a)), ("b", b.into()), ("c", c.into())]);
        assert_eq!(check(rule(), value).is_ok(), a < 2 && b < 2);
    }
}
