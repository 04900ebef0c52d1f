//! Cache lines that go there and back: one alone, one or a few with a message in them, and one for each direction.
//!
//! How one polls matters as much as the distance. Whoever polls by plain loads gets the line to read, and must fetch it
//! once more to answer in it; whoever polls as if to write (a compare-and-swap that fails, or `prefetchw`) owns it when the
//! token comes.

use super::{Ends, Readings, batches, with_partner};
use crate::ring::line::prefetch_write;
use std::hint::spin_loop;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};

/// How a waiter looks at the word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Poll {
    /// By plain loads.
    Load,
    /// By a compare-and-swap that changes nothing.
    Exchange,
    /// By a load behind a `prefetchw`.
    Prefetch,
    /// The same at half the rate: a look delays whoever is about to write.
    PrefetchSlowly,
}

/// Waits until the word is not `seen` any more; answers what it is.
#[inline]
fn wait_past(word: &AtomicU64, seen: u64, poll: Poll) -> u64 {
    loop {
        let now = match poll {
            // SYNC: the Release stores of the other end
            Poll::Load => word.load(Ordering::Acquire),
            // SYNC: the same; either outcome answers what the word was
            Poll::Exchange => match word.compare_exchange(seen, seen, Ordering::Acquire, Ordering::Acquire) {
                Ok(now) | Err(now) => now,
            },
            Poll::Prefetch | Poll::PrefetchSlowly => {
                prefetch_write(word);
                word.load(Ordering::Acquire) // SYNC: the same
            }
        };
        if now != seen {
            return now;
        }
        spin_loop();
        if poll == Poll::PrefetchSlowly {
            spin_loop();
        }
    }
}

/// A line, and its neighbour that is fetched with it: a word and what fits beside it.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Line {
    word: AtomicU64,
    beside: [AtomicU64; 7],
}

/// Says that there are no more rounds.
const OVER: u64 = u64::MAX;

/// Rounds between two readings of the clock.
const BATCH: usize = 64;

/// One round after another for about `ns`: `ping` begins a round and waits for its answer, `pong` waits for one and
/// answers it. Both are told what they saw last and answer what they see.
fn rounds(
    ends: &Ends,
    ns: u64,
    over: &AtomicU64,
    mut ping: impl FnMut(u64) -> u64,
    mut pong: impl FnMut(u64) -> u64 + Send,
) -> io::Result<Readings> {
    let ping = || {
        let mut token = 0;
        let mut round = || token = ping(token);
        // The first answer shows that the partner has arrived.
        (0..1_000).for_each(|_| round());
        let readings = batches(ns, BATCH, round);
        over.store(OVER, Ordering::Release); // SYNC: wait_past in the partner
        readings
    };
    let pong = || {
        let mut token = 0;
        while token != OVER {
            token = pong(token);
        }
    };
    with_partner(ends, ping, pong)
}

/// A word that goes there and back in one line, for about `ns`. Polled by loads it is what is usually called the distance
/// of two CPUs.
pub(in super::super) fn token_round_trip(ends: &Ends, poll: Poll, ns: u64) -> io::Result<Readings> {
    let line = Line::default();
    let word = &line.word;
    let ping = |token| {
        word.store(token + 1, Ordering::Release); // SYNC: wait_past in pong
        wait_past(word, token + 1, poll)
    };
    let pong = |token| {
        let seen = wait_past(word, token, poll);
        if seen == OVER {
            return OVER;
        }
        word.store(seen + 1, Ordering::Release); // SYNC: wait_past in ping
        seen + 1
    };
    rounds(ends, ns, word, ping, pong)
}

/// How far the two CPUs are apart, in nanoseconds.
pub(in super::super) fn distance(ends: &Ends, ns: u64) -> io::Result<f64> {
    Ok(token_round_trip(ends, Poll::Load, ns)?.median())
}

impl Line {
    /// Fills what is beside the word, and then hands the line over.
    #[inline]
    fn pass(&self, token: u64) {
        self.beside.iter().for_each(|word| word.store(token, Ordering::Relaxed));
        self.word.store(token, Ordering::Release); // SYNC: wait_past in the other end
    }

    /// Reads what is beside the word; 0 if all of it is as it was passed.
    #[inline]
    fn read(&self, token: u64) -> u64 {
        self.beside.iter().fold(0, |wrong, word| wrong | (word.load(Ordering::Relaxed) ^ token))
    }
}

/// Waits until every line holds another token than `seen`, and reads them; answers the token, and in `wrong` what was not as
/// it was passed.
#[inline]
fn take(lines: &[Line], seen: u64, poll: Poll, wrong: &mut u64) -> u64 {
    let mut token = seen;
    for line in lines {
        token = wait_past(&line.word, seen, poll);
        if token == OVER {
            break;
        }
        *wrong |= line.read(token);
    }
    token
}

/// A message and its reply through the lines `there` and `back`, written and read in full, for about `ns`.
fn message(ends: &Ends, there: &[Line], back: &[Line], poll: Poll, ns: u64) -> io::Result<Readings> {
    // In the same lines an answer follows on our own token; in others, on the last answer.
    let same = std::ptr::eq(there, back);
    let (mut wrong, mut wrong_there) = (0, 0);
    let ping = |token| {
        there.iter().for_each(|line| line.pass(token + 1));
        take(back, if same { token + 1 } else { token }, poll, &mut wrong)
    };
    let pong = |token: u64| {
        let seen = take(there, if same { token } else { token.saturating_sub(1) }, poll, &mut wrong_there);
        if seen == OVER {
            return OVER;
        }
        back.iter().for_each(|line| line.pass(seen + 1));
        seen + 1
    };
    let readings = rounds(ends, ns, &there[0].word, ping, pong)?;
    if wrong | wrong_there != 0 {
        return Err(io::Error::other("a message in a cache line did not arrive as it was sent"));
    }
    Ok(readings)
}

/// Bytes of a message that fit into a line beside its word.
const BESIDE: usize = 56;

/// How many lines hold a message, each with a word of its own.
pub(in super::super) fn lines_for(payload: usize) -> usize {
    payload.div_ceil(BESIDE).max(1)
}

/// A message and its reply in `count` lines, each of which also holds a word that hands it over.
pub(super) fn message_round_trip(ends: &Ends, count: usize, poll: Poll, ns: u64) -> io::Result<Readings> {
    let lines: Vec<Line> = std::iter::repeat_with(Line::default).take(count).collect();
    message(ends, &lines, &lines, poll, ns)
}

/// The same in the best of the ways to own the lines that one waits for.
pub(in super::super) fn owned_message_round_trip(ends: &Ends, count: usize, ns: u64) -> io::Result<f64> {
    let ways = [Poll::Exchange, Poll::Prefetch, Poll::PrefetchSlowly];
    let one = |poll| Ok(message_round_trip(ends, count, poll, ns / ways.len() as u64)?.median());
    ways.into_iter().map(one).try_fold(f64::INFINITY, |best, ns: io::Result<f64>| Ok(best.min(ns?)))
}

/// A message of 56 bytes in one line, and its reply in another: nobody writes where the other writes.
pub(super) fn two_line_round_trip(ends: &Ends, ns: u64) -> io::Result<Readings> {
    message(ends, &[Line::default()], &[Line::default()], Poll::Load, ns)
}
