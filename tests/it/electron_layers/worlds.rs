//! What holds of every copy between worlds, whatever is copied.

use crate::test;
use ipcmark::codec::{Ref, Value};
use ipcmark::electron::bridge::{Crossing, World};
use libtest_mimic::Trial;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

pub(crate) fn tests() -> Vec<Trial> {
    vec![
        test("electron_layers::cb_a_copy_equals_its_source", copies_equal_their_sources),
        test("electron_layers::cb_a_copy_shares_nothing_with_its_source", copies_share_nothing),
    ]
}

/// Plain data: what a bridge copies without a change.
fn data() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::UNDEFINED),
        Just(Value::NULL),
        any::<bool>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        vec(any::<u8>(), 0..20).prop_map(Value::bytes),
        (0..1_000_000_000u32).prop_map(|time| Value::date(time.into())),
    ];
    leaf.prop_recursive(5, 60, 8, |inner| {
        let names = prop_oneof!["[a-c]{0,2}", Just("__proto__".to_owned()), "[0-9]{1,2}"];
        prop_oneof![
            vec(inner.clone(), 0..8).prop_map(Value::array),
            vec((names, inner), 0..8).prop_map(Value::object),
        ]
    })
}

fn run(property: impl Fn(Value) -> Result<(), TestCaseError>) {
    let mut runner = TestRunner::new_with_rng(
        Config { failure_persistence: None, ..Config::default() },
        proptest::test_runner::TestRng::deterministic_rng(proptest::test_runner::RngAlgorithm::ChaCha),
    );
    runner.run(&data(), property).expect("it holds");
}

fn crossing() -> Crossing {
    Crossing::new(World::fresh(), World::fresh())
}

fn copies_equal_their_sources() {
    run(|value| {
        prop_assert_eq!(crossing().pass(value.clone()), Ok(value.clone()));
        let arguments = Value::array([value.clone(), value]);
        prop_assert_eq!(crossing().pass_arguments(&arguments), Ok(arguments));
        Ok(())
    });
}

fn copies_share_nothing() {
    run(|value| {
        let source = Value::array([value]);
        let mut copy = crossing().pass_arguments(&source).expect("plain data");
        let before = source.clone();
        overwrite(&mut copy);
        prop_assert_eq!(&source, &before);
        prop_assert!(!alike(source.root(), copy.root()));
        Ok(())
    });
}

/// Changes what can be changed at the top.
fn overwrite(value: &mut Value) {
    value.set("0", "overwritten");
    value.push("more");
}

/// Whether two values have an object in common.
fn alike(one: Ref<'_>, other: Ref<'_>) -> bool {
    one.is_same_object(other)
        || one.elements().zip(other.elements()).any(|((_, one), (_, other))| alike(one, other))
        || one.props().zip(other.props()).any(|((_, one), (_, other))| alike(one, other))
}
