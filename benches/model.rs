//! What the layers of the Electron model cost by themselves, without a message: a copy between worlds, a look into the
//! whitelist, a sender's origin, a schema.
//!
//! Published for Electron's own bridge, on Linux x64 in a release build, on hardware that is not named (pull requests 52918 and 52923 of
//! electron/electron; before → after): a call there and back that brings two numbers and a small object 1.18 → 0.88 µs; a
//! result of 100 × {i, text} 134 → 121 µs; of 400 items with nested meta 757 → 684 µs. They include V8's calls and its garbage
//! collection, and share strings between worlds where ours copies them. They stand here for the order of magnitude: what is
//! compared is measured side by side, and these were not.

use criterion::{BatchSize, Bencher, BenchmarkId, Criterion};
use ipcmark::codec::{Codec, Value};
use ipcmark::electron::bridge::{ContextBridge, Isolation};
use ipcmark::electron::model::{Copies, Settings, main_end, renderer};
use ipcmark::electron::policy::{Channels, Checks, Origins, Policy, Rules, Sender, Verb, Whitelist};
use ipcmark::electron::schema::{Rule, Schema, Schemas};
use ipcmark::transport::crossbeam::Crossbeam;
use ipcmark::transport::{Block, Inbox, Rx, Spec, Transport, Tx};
use std::hint::black_box;
use std::time::Duration;

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    bridge(&mut criterion);
    whitelist(&mut criterion);
    sender(&mut criterion);
    schema(&mut criterion);
    whole(&mut criterion);
    criterion.final_summary();
}

fn small() -> Value {
    Value::array([Value::from(1), 2.into(), Value::object([("ok", Value::from(true)), ("sum", 3.into())])])
}

fn records() -> Value {
    let record = |i: i32| Value::object([("i", Value::from(i)), ("text", format!("item number {i}").into())]);
    Value::array([Value::array((0..100).map(record))])
}

fn nested() -> Value {
    let item = |i: i32| {
        let meta = Value::object([("at", Value::from(i)), ("tags", Value::array(["a", "b"]))]);
        Value::object([("id", Value::from(i)), ("text", format!("item number {i}").into()), ("meta", meta)])
    };
    Value::array([Value::array((0..400).map(item))])
}

fn bytes() -> Value {
    Value::array([Value::bytes(vec![7; 1 << 20])])
}

/// One direction; the source is cloned and the copy dropped outside the time.
fn bridge(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("bridge copy");
    let crossing = ContextBridge::new(Isolation::Bridge).to_page();
    let shapes = [
        ("two numbers and a small object", small()),
        ("100 records", records()),
        ("400 nested", nested()),
        ("1 MiB of bytes", bytes()),
    ];
    for (name, value) in shapes {
        for (isolation, level) in [("bridge", Isolation::Bridge), ("bridge-freeze", Isolation::BridgeFreeze)]
        {
            group.bench_with_input(BenchmarkId::new(name, isolation), &value, |bencher, value| {
                bencher.iter_batched(
                    || value.clone(),
                    |value| level.pass_arguments(crossing, value).expect("a copy"),
                    BatchSize::SmallInput,
                );
            });
        }
    }
    let echo = Value::function(|mut arguments| Ok(arguments.pop().unwrap_or_default()));
    let proxy = crossing.pass(echo).expect("a proxy");
    let proxy = proxy.as_function().expect("a function");
    group.bench_function("empty call", |bencher| bencher.iter(|| proxy.call(Vec::new())));
    group.finish();
}

const HOME: Sender<'_> = Sender { window: 0, main_frame: true, url: "https://app.example/index.html" };

fn checks(policy: Policy) -> Checks {
    let record = Rule::object([("i", Rule::integer(0, 1_000_000)), ("text", Rule::text(0, 100))]);
    let list = Schema::arguments([Rule::list(record, 0, 1000)]).expect("a schema");
    let flag = Rule::object([("ok", Rule::boolean()), ("sum", Rule::integer(0, 100))]);
    let number = || Rule::number(0.0, 100.0);
    let add = Schema::arguments([number(), number(), flag]).expect("a schema");
    let channels = (0..50).map(|number| format!("channel:{number}")).chain(["add".into(), "list".into()]);
    Checks::new(
        policy,
        Rules {
            whitelist: Whitelist { invoke: Channels::new(channels), ..Whitelist::default() },
            origins: Origins::new(["app://bundle", "https://app.example"]).expect("origins"),
            schemas: Schemas::new([("add", add), ("list", list)]),
        },
    )
}

fn whitelist(criterion: &mut Criterion) {
    let checks = checks(Policy::Whitelist);
    let mut group = criterion.benchmark_group("whitelist of 52");
    for (name, channel) in [("allowed", "add"), ("refused", "adds")] {
        group.bench_function(name, |bencher| {
            bencher.iter(|| checks.channel(Verb::Invoke, black_box(channel)).is_ok());
        });
    }
    group.finish();
}

fn sender(criterion: &mut Criterion) {
    let checks = checks(Policy::Sender);
    let nothing = Value::array::<Value>([]);
    criterion.bench_function("sender", |bencher| {
        bencher.iter(|| checks.in_main(black_box(&HOME), "add", nothing.root()).is_ok());
    });
}

/// The sender's check is in it, as in the policy.
fn schema(criterion: &mut Criterion) {
    let checks = checks(Policy::ValidateMain);
    let mut group = criterion.benchmark_group("validate-main");
    for (name, channel, value) in
        [("two numbers and a small object", "add", small()), ("100 records", "list", records())]
    {
        group.bench_function(name, |bencher| {
            bencher.iter(|| checks.in_main(&HOME, channel, black_box(value.root())).expect("valid"));
        });
    }
    group.finish();
}

/// A whole invoke of 64 bytes through everything that the model has in one thread: what two ends do whose link is a channel, and no
/// thread is woken. What is above the bare link is the layers' own.
fn whole(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("invoke of 64 bytes over a channel within one thread");
    let none = Settings::default();
    let dispatch = Settings { copies: Copies::InPlace, ..none };
    let page = Settings { isolation: Isolation::Bridge, policy: Policy::Sender, ..none };
    let hardened = Settings { isolation: Isolation::BridgeFreeze, policy: Policy::ValidateBoth, ..none };
    let cloned = Settings { codec: Codec::StructuredClone, ..page };
    for (name, settings) in [
        ("bare", none),
        ("dispatch", dispatch),
        ("dispatch, bridge, whitelist, sender", page),
        ("dispatch, bridge-freeze, validate-both", hardened),
        ("dispatch, bridge, whitelist, sender, structured clone", cloned),
    ] {
        let spec = Spec { windows: 1, max_frame: 4096, spin: Duration::ZERO, nt_from: usize::MAX };
        let (bound, mut addresses) = Crossbeam::bind(&spec).expect("channels");
        let (tx, rx) = Crossbeam::connect::<Block>(addresses.remove(0)).expect("a link");
        let (outbox, inbox) = Crossbeam::accept::<Block>(bound).expect("a hub");
        if settings.is_bare() {
            let (mut link, mut hub) = ((tx, rx), (outbox, inbox));
            group.bench_function(name, |bencher| invoke(bencher, &mut link, &mut hub));
        } else {
            let mut link = renderer::ends(renderer::link(tx, rx, &settings).expect("no thread"), &settings);
            let mut hub =
                main_end::ends(main_end::hub(outbox, inbox, &settings).expect("no thread"), &settings);
            group.bench_function(name, |bencher| invoke(bencher, &mut link, &mut hub));
        }
    }
    group.finish();
}

fn invoke<T: Tx, I: Inbox>(bencher: &mut Bencher<'_>, link: &mut (T, T::Rx), hub: &mut (I::Outbox, I)) {
    let ((tx, rx), (outbox, inbox)) = (link, hub);
    bencher.iter(|| {
        tx.send(64, |bytes| bytes.fill(b'a')).expect("room");
        let answer = inbox.serve(outbox, |_, request| (request.len(), ()), |(), reply| reply.fill(b'b'));
        answer.expect("a request");
        rx.recv(|reply| assert_eq!(black_box(reply).len(), 64)).expect("a reply");
    });
}
