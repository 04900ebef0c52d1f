//! The codecs, beside a copy of the memory and beside what others have: `serde_json`, and the crate `v8_valueserializer`, which writes
//! and reads the same format.
//!
//! `cargo bench --bench codec`. Criterion measures one after the other; the ratios at the end are measured by turns within one loop, so
//! that a change of the machine's speed meets both sides. They are the median of the turns, with the quartiles.

use criterion::{Criterion, Throughput};
use ipcmark::codec::{Codec, Value};
use ipcmark::electron::model::Shape;
use ipcmark::sys::clock::Clock;
use serde::{Deserialize, Serialize};
use std::hint::black_box;
use std::io::Write;
use v8_valueserializer::{ValueDeserializer, ValueSerializer};

const MIB: usize = 1 << 20;
/// Turns of a ratio, and messages of a turn.
const TURNS: usize = 41;

/// What a program in Rust would declare, if it knew what comes.
#[derive(Serialize, Deserialize)]
struct Record {
    i: f64,
    text: String,
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    each(&mut criterion);
    criterion.final_summary();
    let _ = ratios(&mut std::io::stdout().lock());
}

/// Every codec with every shape that it carries, of 8,000 bytes; bytes of 1 MiB too.
fn each(criterion: &mut Criterion) {
    for (shape, payload) in [Shape::Bytes, Shape::String, Shape::Record, Shape::Records, Shape::Tree]
        .map(|shape| (shape, 8000))
        .into_iter()
        .chain([(Shape::Bytes, MIB)])
    {
        let mut group = criterion.benchmark_group(format!("{shape:?}/{payload}"));
        group.throughput(Throughput::Bytes(payload as u64));
        let value = shape.value(letters(payload));
        for codec in Codec::ALL {
            let mut bytes = Vec::new();
            if codec.encode(&value, &mut bytes).is_err() {
                continue;
            }
            let mut out = Vec::new();
            group.bench_function(format!("{}/encode", codec.name()), |bencher| {
                bencher.iter(|| encode(codec, &value, &mut out));
            });
            group.bench_function(format!("{}/decode", codec.name()), |bencher| {
                bencher.iter(|| decode(codec, &bytes));
            });
        }
        let source = vec![7; payload];
        let mut copy = vec![0; payload];
        group.bench_function("memcpy", |bencher| bencher.iter(|| copy_memory(&mut copy, &source)));
    }
}

/// A payload that is text.
fn letters(len: usize) -> Vec<u8> {
    (b'a'..=b'z').cycle().take(len).collect()
}

fn encode(codec: Codec, value: &Value, out: &mut Vec<u8>) {
    out.clear();
    codec.encode(black_box(value), out).expect("bytes");
    black_box(out);
}

fn decode(codec: Codec, bytes: &[u8]) {
    black_box(codec.decode(black_box(bytes)).expect("a value"));
}

fn copy_memory(copy: &mut [u8], source: &[u8]) {
    black_box(&mut *copy).copy_from_slice(black_box(source));
}

/// Speed of ours over another's: above 1, ours is the faster one.
fn ratios(out: &mut impl Write) -> std::io::Result<()> {
    let clone = Codec::StructuredClone;
    let (bytes, records) = (Shape::Bytes.value(letters(MIB)), Shape::Records.value(letters(3200)));
    let (wire, wire_records) = (written(clone, &bytes), written(clone, &records));
    let json = written(Codec::Json, &records);
    let source = vec![7; MIB];
    let (mut copy, mut buffer) = (vec![0; MIB], Vec::new());
    writeln!(
        out,
        "structured clone's speed as a multiple of another's: median of {TURNS} turns (quartiles)"
    )?;

    let mut ours = || encode(clone, &bytes, &mut buffer);
    line(out, "1 MiB of bytes, encode", "memcpy", 40, &mut ours, || copy_memory(&mut copy, &source))?;
    line(
        out,
        "1 MiB of bytes, decode",
        "memcpy",
        40,
        || decode(clone, &wire),
        || copy_memory(&mut copy, &source),
    )?;

    let mut text = Vec::new();
    let typed: Vec<Record> = serde_json::from_slice(&json).expect("records");
    let untyped: serde_json::Value = serde_json::from_slice(&json).expect("a value");
    let (theirs, heap) = ValueDeserializer::default().read(&wire_records).expect("a value");
    let mut write = |value: &dyn Fn(&mut Vec<u8>)| {
        text.clear();
        value(black_box(&mut text));
    };
    let mut ours = || encode(clone, &records, &mut buffer);
    let name = "100 records, encode";
    line(out, name, "v8_valueserializer", 200, &mut ours, || {
        black_box(ValueSerializer::default().finish(&heap, black_box(&theirs)).expect("bytes"));
    })?;
    line(out, name, "serde_json, a Value", 200, &mut ours, || {
        write(&|text| serde_json::to_writer(text, black_box(&untyped)).expect("JSON"));
    })?;
    line(out, name, "serde_json, a Vec<Record>", 200, &mut ours, || {
        write(&|text| serde_json::to_writer(text, black_box(&typed)).expect("JSON"));
    })?;
    let mut json_buffer = Vec::new();
    line(out, name, "our JSON", 200, &mut ours, || encode(Codec::Json, &records, &mut json_buffer))?;

    let mut ours = || decode(clone, &wire_records);
    let name = "100 records, decode";
    line(out, name, "v8_valueserializer", 200, &mut ours, || {
        black_box(ValueDeserializer::default().read(black_box(&wire_records)).expect("a value"));
    })?;
    line(out, name, "serde_json, a Value", 200, &mut ours, || {
        black_box(serde_json::from_slice::<serde_json::Value>(black_box(&json)).expect("a value"));
    })?;
    line(out, name, "serde_json, a Vec<Record>", 200, &mut ours, || {
        black_box(serde_json::from_slice::<Vec<Record>>(black_box(&json)).expect("records"));
    })?;
    line(out, name, "our JSON", 200, &mut ours, || decode(Codec::Json, &json))
}

fn written(codec: Codec, value: &Value) -> Vec<u8> {
    let mut bytes = Vec::new();
    codec.encode(value, &mut bytes).expect("bytes");
    bytes
}

fn line(
    out: &mut impl Write,
    what: &str,
    other: &str,
    messages: usize,
    mut ours: impl FnMut(),
    mut theirs: impl FnMut(),
) -> std::io::Result<()> {
    let clock = Clock::system();
    let timed = |work: &mut dyn FnMut()| {
        let begin = clock.now();
        (0..messages).for_each(|_| work());
        (clock.now() - begin) as f64 / messages as f64
    };
    timed(&mut ours);
    timed(&mut theirs);
    // By turns, and who begins changes too.
    let mut turns: Vec<(f64, f64)> = (0..TURNS)
        .map(|turn| {
            if turn % 2 == 0 {
                let (one, other) = (timed(&mut ours), timed(&mut theirs));
                (other / one, one)
            } else {
                let (other, one) = (timed(&mut theirs), timed(&mut ours));
                (other / one, one)
            }
        })
        .collect();
    turns.sort_by(|one, other| one.0.total_cmp(&other.0));
    let ratio = |part: usize| turns[part * (TURNS - 1) / 4].0;
    let mut times: Vec<f64> = turns.iter().map(|turn| turn.1).collect();
    times.sort_by(f64::total_cmp);
    writeln!(
        out,
        "  {what:<24} {:>9.0} ns   vs {other:<26} {:>6.2} ({:.2} to {:.2})",
        times[TURNS / 2],
        ratio(2),
        ratio(1),
        ratio(3)
    )
}
