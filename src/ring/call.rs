//! A call: request and reply in one place, handed over by one word that lies in the payload's own line.
//!
//! ```text
//! line   word: turn in the high 32 bits, length in the low │ up to 56 bytes
//! bulk   a longer request or reply, from the start of a line
//! even turn: the caller's   odd turn: the answerer's
//! ```
//!
//! A request of at most 56 bytes and its reply are one cache line that goes there and back; a large reply overwrites
//! lines that the answerer has just read, instead of taking back lines that its peer still holds. Whoever waits asks for
//! the line *in order to write it* (`prefetchw` on x86-64), so that it owns the line when it answers: one transfer for each
//! direction (the idea of the CAS-polled event of the crate `raw_sync`).

use super::atomic::Atomic;
use super::line::prefetch_write;
use super::shared::{Area, Word};
use super::spsc::Corrupt;
use crate::sys::segment::Segment;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// In place of a length: the reply does not come here.
const ELSEWHERE: u32 = u32::MAX;

/// Bytes that fit beside the word.
const BESIDE: usize = 56;

/// Whose turn it is: the part of the place that orders memory, generic so that a model checker can try it.
#[derive(Debug)]
pub struct Turns<A> {
    word: A,
    /// Private: the turn by our own count.
    turn: u32,
}

impl<A: Atomic<Value = u64>> Turns<A> {
    /// At the beginning: the caller's turn.
    pub fn new(word: A) -> Self {
        Turns { word, turn: 0 }
    }

    /// Looks once whether the other end has moved; answers what it left.
    #[inline]
    pub fn poll(&self) -> Result<Option<u32>, Corrupt> {
        let word = self.word.load(Ordering::Acquire); // SYNC: the Release store in pass
        let (turn, left) = ((word >> 32) as u32, word as u32);
        if turn == self.turn {
            Ok(None)
        } else if turn == self.turn.wrapping_add(1) {
            Ok(Some(left))
        } else {
            Err(Corrupt("turn of a call"))
        }
    }

    /// Hands the place over and leaves word. `taken` is how many turns have passed since we last did.
    #[inline]
    pub fn pass(&mut self, taken: u32, left: u32) {
        self.turn = self.turn.wrapping_add(taken);
        self.word.store(u64::from(self.turn) << 32 | u64::from(left), Ordering::Release); // SYNC: the load in poll
    }

    /// Takes the turn that [`poll`](Self::poll) found.
    #[inline]
    pub fn take(&mut self) {
        self.turn = self.turn.wrapping_add(1);
    }
}

/// The place, as both ends see it.
#[derive(Debug)]
struct Place {
    turns: Turns<Word<AtomicU64>>,
    beside: Area,
    bulk: Area,
}

impl Place {
    /// The line at `line`, a multiple of 64, and `max_frame` bytes at `bulk`.
    fn new(segment: &Arc<Segment>, line: usize, bulk: usize, max_frame: usize) -> Place {
        Place {
            turns: Turns::new(Word::u64(segment, line)),
            beside: Area::new(segment, line + 8, BESIDE),
            bulk: Area::new(segment, bulk, max_frame),
        }
    }

    /// Where so many bytes lie.
    #[inline]
    fn bytes(&self, len: usize) -> &Area {
        if len <= BESIDE { &self.beside } else { &self.bulk }
    }

    /// Looks once whether the other end has moved; answers the length it left.
    #[inline]
    fn poll(&self) -> Result<Option<u32>, Corrupt> {
        prefetch_write(&self.turns.word);
        match self.turns.poll()? {
            Some(len) if len != ELSEWHERE && len as usize > self.bulk.len() => {
                Err(Corrupt("length of a call"))
            }
            found => Ok(found),
        }
    }
}

/// The end that asks.
#[derive(Debug)]
pub struct Caller(Place);

/// Where a reply is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reply {
    /// In the place; this many bytes.
    Here(usize),
    /// It is sent as a frame.
    Elsewhere,
}

impl Caller {
    /// The asking end of the place with its line at `line`, a multiple of 64, and `max_frame` bytes at `bulk`.
    pub fn new(segment: &Arc<Segment>, line: usize, bulk: usize, max_frame: usize) -> Caller {
        Caller(Place::new(segment, line, bulk, max_frame))
    }

    /// Asks; the last reply has been taken.
    #[inline]
    pub fn ask(&mut self, len: usize, fill: impl FnOnce(&mut [u8])) {
        // SAFETY: the turn is ours: the answerer has passed the place to us, or nobody has used it yet.
        unsafe { self.0.bytes(len).lend_mut(len, fill) };
        self.0.turns.pass(1, len as u32);
    }

    /// Looks once for the reply.
    #[inline]
    pub fn poll(&self) -> Result<Option<Reply>, Corrupt> {
        let found = self.0.poll()?;
        Ok(found.map(|len| if len == ELSEWHERE { Reply::Elsewhere } else { Reply::Here(len as usize) }))
    }

    /// Takes the reply that [`poll`](Self::poll) found.
    #[inline]
    pub fn take<R>(&mut self, reply: Reply, read: impl FnOnce(&[u8]) -> R) -> Option<R> {
        self.0.turns.take();
        match reply {
            // SAFETY: the turn is ours; the answerer writes nothing before we ask again.
            Reply::Here(len) => Some(unsafe { self.0.bytes(len).lend(len, read) }),
            Reply::Elsewhere => None,
        }
    }
}

/// The end that answers.
#[derive(Debug)]
pub struct Answerer(Place);

impl Answerer {
    /// The answering end of the same place.
    pub fn new(segment: &Arc<Segment>, line: usize, bulk: usize, max_frame: usize) -> Answerer {
        Answerer(Place::new(segment, line, bulk, max_frame))
    }

    /// Looks once for a request; answers its length.
    #[inline]
    pub fn poll(&self) -> Result<Option<usize>, Corrupt> {
        match self.0.poll()? {
            Some(ELSEWHERE) => Err(Corrupt("length of a request")),
            found => Ok(found.map(|len| len as usize)),
        }
    }

    /// Lends the request that [`poll`](Self::poll) found. The turn stays ours.
    #[inline]
    pub fn read<R>(&self, len: usize, read: impl FnOnce(&[u8]) -> R) -> R {
        // SAFETY: the turn is ours; the caller writes nothing before we pass it.
        unsafe { self.0.bytes(len).lend(len, read) }
    }

    /// Overwrites the request with the reply.
    #[inline]
    pub fn reply(&mut self, len: usize, fill: impl FnOnce(&mut [u8])) {
        // SAFETY: the turn is ours.
        unsafe { self.0.bytes(len).lend_mut(len, fill) };
        self.0.turns.pass(2, len as u32);
    }

    /// Gives the place back without a reply: it will come as a frame.
    #[inline]
    pub fn decline(&mut self) {
        self.0.turns.pass(2, ELSEWHERE);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::segment::Backing;

    fn ends(max: usize) -> (Arc<Segment>, Caller, Answerer) {
        let segment = Arc::new(Segment::create(Backing::Named, 4096).unwrap());
        let ends = (Caller::new(&segment, 0, 128, max), Answerer::new(&segment, 0, 128, max));
        (segment, ends.0, ends.1)
    }

    #[test]
    fn a_reply_overwrites_its_request() {
        let (_segment, mut caller, mut answerer) = ends(100);
        for round in 0..10u8 {
            assert_eq!(answerer.poll(), Ok(None));
            caller.ask(100, |bytes| bytes.fill(round));
            assert_eq!(caller.poll(), Ok(None));
            let len = answerer.poll().unwrap().unwrap();
            answerer.read(len, |bytes| assert_eq!(bytes, [round; 100]));
            answerer.reply(3, |bytes| bytes.fill(round + 1));
            let reply = caller.poll().unwrap().unwrap();
            assert_eq!(caller.take(reply, <[u8]>::to_vec), Some(vec![round + 1; 3]));
        }
        caller.ask(0, |_| ());
        assert_eq!(answerer.poll(), Ok(Some(0)));
        answerer.decline();
        assert_eq!(caller.poll(), Ok(Some(Reply::Elsewhere)));
        assert_eq!(caller.take(Reply::Elsewhere, |_| ()), None);
        assert_eq!(answerer.poll(), Ok(None));
    }

    #[test]
    fn hostile_words_are_refused() {
        let (segment, caller, answerer) = ends(100);
        for word in [1 << 32 | 101, 2 << 32 | 1, u64::MAX] {
            segment.u64_at(0).store(word, Ordering::Relaxed); // one thread
            assert!(answerer.poll().is_err(), "{word:x}");
            assert!(caller.poll().is_err(), "{word:x}");
        }
        segment.u64_at(0).store(1 << 32 | u64::from(ELSEWHERE), Ordering::Relaxed); // one thread
        assert!(answerer.poll().is_err(), "no request is elsewhere");
    }

    #[test]
    fn what_fits_beside_the_word_may_still_be_longer_than_a_frame() {
        let (segment, _caller, answerer) = ends(40);
        segment.u64_at(0).store(1 << 32 | 40, Ordering::Relaxed); // one thread
        assert_eq!(answerer.poll(), Ok(Some(40)));
        segment.u64_at(0).store(1 << 32 | 41, Ordering::Relaxed); // one thread
        assert!(answerer.poll().is_err());
    }
}
