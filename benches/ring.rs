//! The ring by itself, between two threads on two CPUs, beside the crate `rtrb` doing the same work.
//!
//! Every message is filled and compared in full at both ends, as in a trial. `cargo bench --bench ring`; what transport,
//! processes and sleeping add is in the other benches.

use criterion::{Criterion, Throughput};
use ipcmark::ring::call::{Answerer, Caller, Reply};
use ipcmark::ring::shared::{Block, LINE, Word};
use ipcmark::ring::spsc::{Consumer, Producer};
use ipcmark::sys::clock::Clock;
use ipcmark::sys::cpu::{allowed, restrict};
use ipcmark::sys::segment::{Backing, Segment};
use ipcmark::workload::stamp::{Direction, Pattern};
use rtrb::RingBuffer;
use std::hint::spin_loop;
use std::io::Write;
use std::sync::{Arc, Barrier};
use std::time::Duration;

/// Where frames start in a segment; everything before is words.
const FRAMES: usize = 4096;

/// Messages that are handed over at once.
const BATCH: u64 = 256;

/// What a message of `rtrb` is: a cache line of its own, which is the best for it.
#[derive(Clone, Copy)]
#[repr(align(64))]
struct Slot([u8; 64]);

fn main() {
    let cpus = allowed().expect("the CPUs we may use");
    let &[near, far, ..] = cpus.as_slice() else {
        let _ = writeln!(std::io::stderr(), "ring: skipped: it needs two CPUs");
        return;
    };
    restrict(&[near]).expect("a CPU of our own");
    let mut criterion = Criterion::default().configure_from_args();
    one_way(&mut criterion, far, 64, &[("one by one", 1, usize::MAX), ("256 at once", BATCH, usize::MAX)]);
    one_way(&mut criterion, far, 64, &[("256 at once, past the cache", BATCH, 0)]);
    rtrb_one_way(&mut criterion, far);
    one_way(&mut criterion, far, 64 << 10, &[("memcpy", 1, usize::MAX), ("past the cache", 1, 0)]);
    for len in [56, 4 << 10, 64 << 10] {
        call(&mut criterion, far, len);
    }
    rtrb_there_and_back(&mut criterion, far);
    criterion.final_summary();
}

fn up() -> Pattern {
    Pattern::new(1, 2, 0, Direction::Up)
}

fn down() -> Pattern {
    Pattern::new(1, 2, 0, Direction::Down)
}

/// Runs both ends at once, `there` on the CPU `far`; answers how long `here` took.
fn timed(far: usize, here: impl FnOnce(), there: impl FnOnce() + Send) -> Duration {
    let (start, clock) = (Barrier::new(2), Clock::system());
    std::thread::scope(|scope| {
        scope.spawn(|| {
            restrict(&[far]).expect("a CPU of our own");
            start.wait();
            there();
        });
        start.wait();
        let begin = clock.now();
        here();
        Duration::from_nanos(clock.now() - begin)
    })
}

fn spin<T>(mut poll: impl FnMut() -> Option<T>) -> T {
    loop {
        match poll() {
            Some(found) => return found,
            None => spin_loop(),
        }
    }
}

/// Messages of `len` bytes through our ring, so many at once, from `nt_from` bytes on past the cache.
fn one_way(criterion: &mut Criterion, far: usize, len: usize, ways: &[(&str, u64, usize)]) {
    let mut group = criterion.benchmark_group(format!("one way, {len} B"));
    group.throughput(Throughput::Bytes(len as u64));
    for &(name, batch, nt_from) in ways {
        let capacity = (4 * len).next_power_of_two().max(256 << 10);
        let segment = Arc::new(Segment::create(Backing::Memfd, FRAMES + capacity).expect("a segment"));
        let word = |line: usize| Word::u64(&segment, line * LINE);
        let block = || Block::new(&segment, FRAMES, capacity);
        let mut producer = Producer::new(word(0), vec![(0, word(1))], block(), nt_from);
        let mut consumer = Consumer::new(word(0), word(1), block());
        group.bench_function(format!("ring, {name}"), |bencher| {
            bencher.iter_custom(|iters| {
                let write = || {
                    for sequence in 0..iters {
                        spin(|| producer.has_room(len).expect("a good reader").then_some(()));
                        let last = (sequence + 1) % batch == 0;
                        producer.push(0, len, !last, |bytes| up().fill(bytes, sequence));
                        if last {
                            producer.publish();
                        }
                    }
                    producer.publish();
                };
                let read = || {
                    for sequence in 0..iters {
                        let ready = spin(|| {
                            let ready = consumer.peek().expect("a good writer");
                            if ready.is_none() {
                                consumer.release();
                            }
                            ready
                        });
                        consumer.pop(ready, |bytes| {
                            assert_eq!(up().check(bytes, len, sequence), Some(sequence));
                        });
                        if consumer.should_release() {
                            consumer.release();
                        }
                    }
                };
                timed(far, read, write)
            });
        });
    }
    group.finish();
}

/// The same through `rtrb`: a slot at a time, and in chunks.
fn rtrb_one_way(criterion: &mut Criterion, far: usize) {
    let mut group = criterion.benchmark_group("one way, 64 B");
    group.throughput(Throughput::Bytes(64));
    let filled = |sequence| {
        let mut slot = Slot([0; 64]);
        up().fill(&mut slot.0, sequence);
        slot
    };
    let check = |slot: &Slot, sequence| assert_eq!(up().check(&slot.0, 64, sequence), Some(sequence));
    let (mut producer, mut consumer) = RingBuffer::<Slot>::new(4096);
    group.bench_function("rtrb, one by one", |bencher| {
        bencher.iter_custom(|iters| {
            let write = || {
                for sequence in 0..iters {
                    let slot = filled(sequence);
                    spin(|| producer.push(slot).ok());
                }
            };
            let read = || {
                for sequence in 0..iters {
                    check(&spin(|| consumer.pop().ok()), sequence);
                }
            };
            timed(far, read, write)
        });
    });
    let (mut producer, mut consumer) = RingBuffer::<Slot>::new(4096);
    group.bench_function("rtrb, 256 at once", |bencher| {
        bencher.iter_custom(|iters| {
            let write = || {
                let mut sequence = 0;
                while sequence < iters {
                    let count = BATCH.min(iters - sequence);
                    while producer.slots() < count as usize {
                        spin_loop();
                    }
                    let chunk = producer.write_chunk_uninit(count as usize).expect("as many slots");
                    sequence += chunk.fill_from_iter((sequence..).map(filled)) as u64;
                }
            };
            let read = || {
                let mut sequence = 0;
                while sequence < iters {
                    let count = consumer.slots().min(BATCH as usize);
                    if count == 0 {
                        spin_loop();
                        continue;
                    }
                    for slot in consumer.read_chunk(count).expect("as many slots") {
                        check(&slot, sequence);
                        sequence += 1;
                    }
                }
            };
            timed(far, read, write)
        });
    });
    group.finish();
}

/// A request and its reply of `len` bytes in one place.
fn call(criterion: &mut Criterion, far: usize, len: usize) {
    let mut group = criterion.benchmark_group(format!("there and back, {len} B"));
    group.throughput(Throughput::Bytes(2 * len as u64));
    let segment = Arc::new(Segment::create(Backing::Memfd, 2 * FRAMES + len).expect("a segment"));
    let mut caller = Caller::new(&segment, 0, FRAMES, len);
    let mut answerer = Answerer::new(&segment, 0, FRAMES, len);
    group.bench_function("ring, a call", |bencher| {
        bencher.iter_custom(|iters| {
            let ask = || {
                for sequence in 0..iters {
                    caller.ask(len, |bytes| up().fill(bytes, sequence));
                    let reply = spin(|| caller.poll().expect("a good answerer"));
                    assert_eq!(reply, Reply::Here(len));
                    caller.take(reply, |bytes| {
                        assert_eq!(down().check(bytes, len, sequence), Some(sequence));
                    });
                }
            };
            let answer = || {
                for sequence in 0..iters {
                    let found = spin(|| answerer.poll().expect("a good caller"));
                    answerer.read(found, |bytes| {
                        assert_eq!(up().check(bytes, len, sequence), Some(sequence));
                    });
                    answerer.reply(len, |bytes| down().fill(bytes, sequence));
                }
            };
            timed(far, ask, answer)
        });
    });
    group.finish();
}

/// A request and its reply through two rings of `rtrb`.
fn rtrb_there_and_back(criterion: &mut Criterion, far: usize) {
    let mut group = criterion.benchmark_group("there and back, 56 B");
    group.throughput(Throughput::Bytes(2 * 56));
    let (mut asks, mut asked) = RingBuffer::<Slot>::new(64);
    let (mut answers, mut answered) = RingBuffer::<Slot>::new(64);
    group.bench_function("rtrb, two rings", |bencher| {
        bencher.iter_custom(|iters| {
            let ask = || {
                for sequence in 0..iters {
                    let mut request = Slot([0; 64]);
                    up().fill(&mut request.0[..56], sequence);
                    spin(|| asks.push(request).ok());
                    let reply = spin(|| answered.pop().ok());
                    assert_eq!(down().check(&reply.0[..56], 56, sequence), Some(sequence));
                }
            };
            let answer = || {
                for sequence in 0..iters {
                    let request = spin(|| asked.pop().ok());
                    assert_eq!(up().check(&request.0[..56], 56, sequence), Some(sequence));
                    let mut reply = Slot([0; 64]);
                    down().fill(&mut reply.0[..56], sequence);
                    spin(|| answers.push(reply).ok());
                }
            };
            timed(far, ask, answer)
        });
    });
    group.finish();
}
