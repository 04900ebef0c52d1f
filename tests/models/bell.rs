//! The bell: whoever sleeps is woken. A lost wake-up is a deadlock, which the model checker reports.

use crate::explore;
use crate::word::{Bed, Word};
use ipcmark::ring::atomic::Atomic;
use ipcmark::ring::bell::Bell;
use loom::thread;
use std::sync::atomic::Ordering;

/// Sleeps until the word has come to `value`, as an end that blocks does.
fn wait_for(work: &Word, bell: &Bell<Bed>, value: u64) {
    let poll = || (work.load(Ordering::Acquire) >= value).then_some(()); // SYNC: the Release stores of the ringers
    while poll().or_else(|| bell.sleep_unless(poll)).is_none() {}
}

#[test]
fn no_wake_up_is_lost() {
    explore(|| {
        let (work, bed) = (Word::new(), Bed::new());
        let (theirs, bell) = (work.clone(), Bell::new(bed.clone()));
        let ringer = thread::spawn(move || {
            for value in 1..=2 {
                theirs.store(value, Ordering::Release); // SYNC: the Acquire load in wait_for
                bell.ring();
            }
        });
        let bell = Bell::new(bed);
        (1..=2).for_each(|value| wait_for(&work, &bell, value));
        ringer.join().unwrap();
    });
}

#[test]
fn two_that_wake_each_other_both_wake() {
    explore(|| {
        let (work, beds) = (Word::new(), [Bed::new(), Bed::new()]);
        let side = |own: usize| {
            let (work, own_bell) = (work.clone(), Bell::new(beds[own].clone()));
            let other_bell = Bell::new(beds[1 - own].clone());
            move || {
                let value = own as u64;
                wait_for(&work, &own_bell, value);
                work.store(value + 1, Ordering::Release); // SYNC: the Acquire load in wait_for
                other_bell.ring();
                if own == 0 {
                    wait_for(&work, &own_bell, 2);
                }
            }
        };
        let other = thread::spawn(side(1));
        side(0)();
        other.join().unwrap();
    });
}

#[test]
fn all_that_sleep_are_woken() {
    explore(|| {
        let (work, beds) = (Word::new(), [Bed::new(), Bed::new()]);
        let sleepers = beds.clone().map(|bed| {
            let work = work.clone();
            thread::spawn(move || wait_for(&work, &Bell::new(bed), 1))
        });
        work.store(1, Ordering::Release); // SYNC: the Acquire load in wait_for
        Bell::ring_all(beds.map(Bell::new).iter());
        sleepers.into_iter().for_each(|sleeper| sleeper.join().unwrap());
    });
}

/// A hostile end says that the sleeper is awake, and ends; what tells of its end wakes all the same.
#[test]
fn who_ends_wakes_whatever_the_word_says() {
    explore(|| {
        let (work, bed) = (Word::new(), Bed::new());
        let (theirs, word) = (work.clone(), bed.clone());
        let hostile = thread::spawn(move || {
            word.store(0, Ordering::Relaxed); // AWAKE, which nobody has been
            theirs.store(1, Ordering::Release); // SYNC: the Acquire load in wait_for
            Bell::new(word).wake();
        });
        wait_for(&work, &Bell::new(bed), 1);
        hostile.join().unwrap();
    });
}
