//! Many checked messages between two threads over one segment: the ring in all its ways, the call, the bell.
//!
//! `IPCMARK_SOAK=10000000 cargo test --release --test soak` passes so many messages through each; without the variable
//! few enough for every day. Both ends share one mapping, so a race detector sees every access of both.

use ipcmark::ring::bell::Bell;
use ipcmark::ring::call::{Answerer, Caller, Reply};
use ipcmark::ring::ready::{ReadyBits, ReadyLinks};
use ipcmark::ring::shared::{Block, LINE, Word};
use ipcmark::ring::spsc::{Consumer, Producer};
use ipcmark::ring::wait::{Block as Blocking, Budget, Hybrid, Wait, wait_for};
use ipcmark::sys::segment::{Backing, Segment};
use ipcmark::workload::ledger::Ledger;
use ipcmark::workload::stamp::{Direction, Pattern, mix};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

const FRAMES: usize = 4096;
const CAPACITY: usize = 16 << 10;
/// Some that share a line with the word, and some that do not.
const LONGEST: usize = 400;

/// Messages for each test.
fn messages() -> u64 {
    match std::env::var("IPCMARK_SOAK") {
        Ok(count) => count.parse().expect("IPCMARK_SOAK is a number of messages"),
        Err(_) => 100_000,
    }
}

fn pattern(direction: Direction) -> Pattern {
    Pattern::new(1, 2, 3, direction)
}

/// Length of a message: any, and the same at both ends.
fn len(sequence: u64) -> usize {
    mix(sequence) as usize % (LONGEST + 1)
}

/// Checks one message as the workloads do, whatever its length.
fn check(direction: Direction, bytes: &[u8], sequence: u64) {
    let found = pattern(direction).check(bytes, len(sequence), sequence);
    assert_eq!(found, Some(sequence), "message {sequence} of {} bytes", bytes.len());
}

fn segment() -> Arc<Segment> {
    Arc::new(Segment::create(Backing::Memfd, FRAMES + CAPACITY).expect("a segment"))
}

/// A queue whose ends wait in the manner of `W`.
fn queue<W: Wait>(nt_from: usize) {
    let segment = segment();
    let word = |line: usize| Word::u64(&segment, line * LINE);
    let bell = |line: usize| Bell::new(Word::u32(&segment, line * LINE));
    let block = || Block::new(&segment, FRAMES, CAPACITY);
    let mut producer = Producer::new(word(0), vec![(0, word(1))], block(), nt_from);
    let mut consumer = Consumer::new(word(0), word(1), block());
    let budget = Budget::new(Duration::from_micros(20));
    let (frames, room) = (bell(2), bell(3));
    let (ring_frames, ring_room) = (frames.clone(), room.clone());
    let total = messages();
    let writer = thread::spawn(move || {
        for sequence in 0..total {
            let len = len(sequence);
            wait_for::<W, _, _>(&room, &budget, || {
                let has_room = producer.has_room(len).expect("a well-behaved consumer");
                if !has_room {
                    ring_frames.ring();
                }
                has_room.then_some(())
            });
            let more = !mix(sequence).is_multiple_of(7);
            producer.push(sequence, len, more, |bytes| pattern(Direction::Up).fill(bytes, sequence));
            if !more {
                producer.publish();
                ring_frames.ring();
            }
        }
        producer.publish();
        ring_frames.ring();
    });
    for sequence in 0..total {
        let ready = wait_for::<W, _, _>(&frames, &budget, || {
            let ready = consumer.peek().expect("a well-behaved producer");
            if ready.is_none() && consumer.release() {
                ring_room.ring();
            }
            ready
        });
        assert_eq!(ready.mark, sequence);
        consumer.pop(ready, |bytes| check(Direction::Up, bytes, sequence));
        if consumer.should_release() && consumer.release() {
            ring_room.ring();
        }
    }
    writer.join().expect("the writer");
}

#[test]
fn queue_past_the_cache() {
    queue::<Hybrid>(0);
}

#[test]
fn queue_of_two_that_sleep() {
    queue::<Blocking>(usize::MAX);
}

#[test]
fn queue_of_two_that_spin_and_sleep() {
    queue::<Hybrid>(4096);
}

/// Spins for a while, then lets others run: tests share the CPUs.
#[derive(Default)]
struct Patience(u32);

impl Patience {
    fn lose(&mut self) {
        self.0 += 1;
        if self.0.is_multiple_of(256) { thread::yield_now() } else { std::hint::spin_loop() }
    }
}

#[test]
fn calls() {
    let segment = segment();
    let place = |bulk| (FRAMES, FRAMES + bulk, LONGEST);
    let (line, bulk, max) = place(64);
    let mut answerer = Answerer::new(&segment, line, bulk, max);
    let mut caller = Caller::new(&segment, line, bulk, max);
    let total = messages();
    let server = thread::spawn(move || {
        let mut patience = Patience::default();
        for sequence in 0..total {
            let asked = loop {
                match answerer.poll().expect("a well-behaved caller") {
                    Some(len) => break len,
                    None => patience.lose(),
                }
            };
            answerer.read(asked, |bytes| check(Direction::Up, bytes, sequence));
            answerer.reply(len(sequence), |bytes| pattern(Direction::Down).fill(bytes, sequence));
        }
    });
    let mut patience = Patience::default();
    for sequence in 0..total {
        caller.ask(len(sequence), |bytes| pattern(Direction::Up).fill(bytes, sequence));
        let reply = loop {
            match caller.poll().expect("a well-behaved answerer") {
                Some(reply) => break reply,
                None => patience.lose(),
            }
        };
        assert_eq!(reply, Reply::Here(len(sequence)));
        caller.take(reply, |bytes| check(Direction::Down, bytes, sequence));
    }
    server.join().expect("the server");
}

#[test]
fn broadcast_to_three() {
    const READERS: usize = 3;
    let segment = segment();
    let word = |line: usize| Word::u64(&segment, line * LINE);
    let block = || Block::new(&segment, FRAMES, CAPACITY);
    let heads = (0..READERS).map(|reader| (reader, word(1 + reader))).collect();
    let mut producer = Producer::new(word(0), heads, block(), usize::MAX);
    let total = messages() / READERS as u64;
    let readers: Vec<_> = (0..READERS)
        .map(|reader| {
            let mut consumer = Consumer::new(word(0), word(1 + reader), block());
            thread::spawn(move || {
                let mut ledger = Ledger::new(pattern(Direction::Down), LONGEST);
                while ledger.passed() < total {
                    match consumer.peek().expect("a well-behaved producer") {
                        Some(ready) => {
                            consumer.pop(ready, |bytes| ledger.enter(bytes));
                            if consumer.should_release() {
                                consumer.release();
                            }
                        }
                        None => {
                            consumer.release();
                            thread::yield_now(); // there may be fewer CPUs than readers
                        }
                    }
                }
                let checks = ledger.close(total);
                assert!(checks.clean() && checks.received == total, "{checks:?}");
            })
        })
        .collect();
    for sequence in 0..total {
        while !producer.has_room(LONGEST).expect("well-behaved consumers") {
            thread::yield_now();
        }
        producer.push(0, LONGEST, false, |bytes| pattern(Direction::Down).fill(bytes, sequence));
        producer.publish();
    }
    for reader in readers {
        reader.join().expect("a reader");
    }
}

/// Three writers, and a reader that sleeps whenever no link is ready.
#[test]
fn three_links_by_their_ready_bits() {
    const LINKS: usize = 3;
    const BLOCK: usize = 4 << 10;
    let segment = segment();
    let word = |line: usize| Word::u64(&segment, line * LINE);
    let bell = Bell::new(Word::u32(&segment, 31 * LINE));
    let bits = ReadyBits::new(word(30));
    let block = |link: usize| Block::new(&segment, FRAMES + link * BLOCK, BLOCK);
    let total = messages() / LINKS as u64;
    let writers: Vec<_> = (0..LINKS)
        .map(|link| {
            let mut producer =
                Producer::new(word(2 * link), vec![(0, word(2 * link + 1))], block(link), usize::MAX);
            let (bits, bell) = (bits.clone(), bell.clone());
            thread::spawn(move || {
                for sequence in 0..total {
                    let len = len(sequence);
                    while !producer.has_room(len).expect("a well-behaved consumer") {
                        bits.set(link); // a pad may have been published
                        bell.ring_fenced();
                        thread::yield_now();
                    }
                    producer.push(sequence, len, false, |bytes| pattern(Direction::Up).fill(bytes, sequence));
                    producer.publish();
                    bits.set(link);
                    bell.ring_fenced();
                }
            })
        })
        .collect();
    let consumer = |link: usize| Consumer::new(word(2 * link), word(2 * link + 1), block(link));
    let mut consumers: Vec<_> = (0..LINKS).map(consumer).collect();
    let mut links = ReadyLinks::new(bits, LINKS);
    let (mut read, budget) = ([0; LINKS], Budget::new(Duration::ZERO));
    while read.iter().sum::<u64>() < total * LINKS as u64 {
        let (link, ready) = wait_for::<Blocking, _, _>(&bell, &budget, || {
            links.find(false, |link| {
                let ready = consumers[link].peek().expect("a well-behaved producer");
                if ready.is_none() {
                    consumers[link].release();
                }
                ready.map(|ready| (link, ready))
            })
        });
        assert_eq!(ready.mark, read[link]);
        consumers[link].pop(ready, |bytes| check(Direction::Up, bytes, read[link]));
        if consumers[link].should_release() {
            consumers[link].release();
        }
        read[link] += 1;
    }
    for writer in writers {
        writer.join().expect("a writer");
    }
}
