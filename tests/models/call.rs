//! A call's place: the bytes belong to whoever has the turn.

use crate::explore;
use crate::word::Word;
use ipcmark::ring::call::Turns;
use loom::sync::Arc;
use loom::sync::atomic::AtomicU64;
use loom::thread;
use std::sync::atomic::Ordering;

#[test]
fn request_and_reply_share_their_bytes() {
    explore(|| {
        let (word, place) = (Word::new(), Arc::new(AtomicU64::new(0)));
        let (mut answerer, theirs) = (Turns::new(word.clone()), place.clone());
        let end = thread::spawn(move || {
            for round in 0..2 {
                let left = loop {
                    match answerer.poll().unwrap() {
                        Some(left) => break left,
                        None => thread::yield_now(),
                    }
                };
                assert_eq!((theirs.load(Ordering::Relaxed), left), (10 * round, 7)); // ordered by the turns
                theirs.store(10 * round + 1, Ordering::Relaxed); // ordered by the turns
                answerer.pass(2, 8);
            }
        });
        let mut caller = Turns::new(word);
        for round in 0..2 {
            place.store(10 * round, Ordering::Relaxed); // ordered by the turns
            caller.pass(1, 7);
            while caller.poll().unwrap().is_none() {
                thread::yield_now();
            }
            caller.take();
            assert_eq!(place.load(Ordering::Relaxed), 10 * round + 1); // ordered by the turns
        }
        end.join().unwrap();
    });
}
