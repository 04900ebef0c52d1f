//! The indices of the ring: what is read has been written, and nothing is overwritten before it has been read.

use crate::explore;
use crate::word::Word;
use ipcmark::ring::spsc::index::{ReadIndex, WriteIndex};
use loom::cell::UnsafeCell;
use loom::sync::Arc;
use loom::sync::atomic::AtomicU64;
use loom::thread;
use std::sync::atomic::Ordering;

/// A ring of few places.
type Places = Arc<Vec<Place>>;

/// A place holds one number. It is accessed without any order of its own: what the indices do not order, the model
/// checker mixes up; and the cell beside it fails if one end may still be there when the other comes.
struct Place {
    number: AtomicU64,
    presence: UnsafeCell<()>,
}

fn places(count: usize) -> Places {
    Arc::new(
        (0..count)
            .map(|_| Place { number: AtomicU64::new(u64::MAX), presence: UnsafeCell::new(()) })
            .collect(),
    )
}

fn write(index: &mut WriteIndex<Word>, places: &Places, number: u64, publish: bool) {
    while !index.has_free(1).unwrap() {
        thread::yield_now();
    }
    let place = &places[index.position() as usize % places.len()];
    place.presence.with_mut(|_| place.number.store(number, Ordering::Relaxed)); // ordered by the index
    index.advance(1);
    if publish {
        index.publish();
    }
}

fn read(index: &mut ReadIndex<Word>, places: &Places) -> u64 {
    while index.available().unwrap() == 0 {
        thread::yield_now();
    }
    let place = &places[index.position() as usize % places.len()];
    let number = place.presence.with(|_| place.number.load(Ordering::Relaxed)); // ordered by the index
    index.advance(1);
    index.release();
    number
}

#[test]
fn one_reader_sees_every_number_once() {
    explore(|| {
        let (tail, head, places) = (Word::new(), Word::new(), places(2));
        let mut writer = WriteIndex::new(tail.clone(), vec![(0, head.clone())], 2);
        let mut reader = ReadIndex::new(tail, head, 2, 1);
        let theirs = places.clone();
        let end = thread::spawn(move || (0..4).for_each(|number| write(&mut writer, &theirs, number, true)));
        for number in 0..4 {
            assert_eq!(read(&mut reader, &places), number);
        }
        end.join().unwrap();
    });
}

#[test]
fn a_batch_is_published_whole() {
    explore(|| {
        let (tail, head, places) = (Word::new(), Word::new(), places(2));
        let mut writer = WriteIndex::new(tail.clone(), vec![(0, head.clone())], 2);
        let mut reader = ReadIndex::new(tail, head, 2, 1);
        let theirs = places.clone();
        let end = thread::spawn(move || {
            for number in 0..4 {
                write(&mut writer, &theirs, number, number % 2 == 1);
            }
        });
        for number in 0..4 {
            assert_eq!(read(&mut reader, &places), number);
        }
        end.join().unwrap();
    });
}

#[test]
fn the_slowest_of_two_readers_gates_the_writer() {
    explore(|| {
        let (tail, heads, places) = (Word::new(), [Word::new(), Word::new()], places(1));
        let mut writer = WriteIndex::new(tail.clone(), heads.iter().cloned().enumerate().collect(), 1);
        // Nobody waits: the checker cannot end a model in which two ends spin. Whoever finds nothing tries once more.
        let ends = heads.map(|head| {
            let (mut reader, places) = (ReadIndex::new(tail.clone(), head, 1, 1), places.clone());
            thread::spawn(move || {
                let mut next = 0;
                for _ in 0..2 {
                    if reader.available().unwrap() > 0 {
                        assert_eq!(read(&mut reader, &places), next);
                        next += 1;
                    }
                }
            })
        });
        for number in 0..2 {
            if writer.has_free(1).unwrap() {
                write(&mut writer, &places, number, true);
            }
        }
        for end in ends {
            end.join().unwrap();
        }
    });
}
