//! A buffer in turns: whoever has the turn sees what the other end wrote, and has not seen its own overwritten.

use crate::explore;
use crate::word::Word;
use ipcmark::ring::atomic::Atomic;
use ipcmark::ring::turns::Turn;
use loom::thread;
use std::sync::atomic::Ordering;

/// Adds one to the buffer in each of two turns; what it finds is the number of turns taken before.
fn two_turns(word: Word, bytes: &Word, after: u64) {
    let mut turn = Turn::new(word, after);
    for round in 0..2 {
        while !turn.is_ours() {
            thread::yield_now();
        }
        assert_eq!(bytes.load(Ordering::Relaxed), 2 * round + after);
        bytes.store(2 * round + after + 1, Ordering::Relaxed);
        turn.pass();
    }
}

#[test]
fn each_end_finds_what_the_other_left() {
    explore(|| {
        let (word, bytes) = (Word::new(), Word::new());
        let (theirs, shared) = (word.clone(), bytes.clone());
        let other = thread::spawn(move || two_turns(theirs, &shared, 1));
        two_turns(word, &bytes, 0);
        other.join().unwrap();
    });
}
