//! The ready bits: a reader that looks only at links whose bits are set misses nothing, also when it sleeps between looks.

use crate::explore;
use crate::word::{Bed, Word};
use ipcmark::ring::atomic::Atomic;
use ipcmark::ring::bell::Bell;
use ipcmark::ring::ready::{ReadyBits, ReadyLinks};
use loom::thread;
use std::sync::atomic::Ordering;

/// What stands for a ring: its position.
fn publish(ring: &Word, value: u64, bits: &ReadyBits<Word>, link: usize, bell: &Bell<Bed>) {
    ring.store(value, Ordering::Release); // SYNC: the Acquire load in read
    bits.set(link);
    bell.ring_fenced();
}

/// Reads until every ring has come to its value, as main does that sleeps whenever it finds nothing.
fn read(rings: &[Word; 2], until: [u64; 2], bits: ReadyBits<Word>, bell: &Bell<Bed>) {
    let (mut links, mut read) = (ReadyLinks::new(bits, 2), [0; 2]);
    while read != until {
        let mut find = || {
            links.find(false, |link| {
                let position = rings[link].load(Ordering::Acquire); // SYNC: the Release store in publish
                (position > read[link]).then_some((link, position))
            })
        };
        if let Some((link, position)) = find().or_else(|| bell.sleep_unless(find)) {
            read[link] = position;
        }
    }
}

/// One busy link of two: the reader takes its bit, then watches it.
#[test]
fn a_link_that_publishes_again_is_found_again() {
    explore(|| {
        let (rings, word, bed) = ([Word::new(), Word::new()], Word::new(), Bed::new());
        let (ring, bits, bell) = (rings[1].clone(), ReadyBits::new(word.clone()), Bell::new(bed.clone()));
        let writer = thread::spawn(move || (1..=2).for_each(|value| publish(&ring, value, &bits, 1, &bell)));
        read(&rings, [0, 2], ReadyBits::new(word), &Bell::new(bed));
        writer.join().unwrap();
    });
}

/// Two links, the second of which publishes again while its bit is still set: the reader ends by watching the first, and must
/// have seen all of the second by then.
#[test]
fn what_comes_while_the_bit_is_set_is_found() {
    explore(|| {
        let (rings, word, bed) = ([Word::new(), Word::new()], Word::new(), Bed::new());
        let writers = [0, 1].map(|link| {
            let (ring, bits, bell) =
                (rings[link].clone(), ReadyBits::new(word.clone()), Bell::new(bed.clone()));
            thread::spawn(move || {
                (0..=link as u64).for_each(|value| publish(&ring, value + 1, &bits, link, &bell))
            })
        });
        read(&rings, [1, 2], ReadyBits::new(word), &Bell::new(bed));
        writers.into_iter().for_each(|writer| writer.join().unwrap());
    });
}
