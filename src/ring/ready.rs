//! Which of many links are worth a look: a bit for each in one word, so that a reader of 64 links need not touch 64 lines.
//!
//! A writer publishes, looks for its bit, and sets it where it is missing; the reader takes the bits and then looks at the
//! links. Both steps of both are parted by a sequentially consistent fence (Dekker's pattern): a writer that still sees
//! its bit has published what the reader is about to find.

use super::atomic::Atomic;
use super::shared::Word;
use std::sync::atomic::{AtomicU64, Ordering};

/// The word, as its writers hold it.
#[derive(Clone, Debug)]
pub struct ReadyBits<A = Word<AtomicU64>>(A);

impl<A: Atomic<Value = u64>> ReadyBits<A> {
    /// The bits of this word, of which each of up to 64 links has one.
    pub fn new(word: A) -> Self {
        ReadyBits(word)
    }

    /// Says that `link` has something, which has been published. A sequentially consistent fence stands behind it: a bell
    /// may be rung by [`ring_fenced`](super::bell::Bell::ring_fenced).
    #[inline]
    pub fn set(&self, link: usize) {
        A::fence(Ordering::SeqCst); // SYNC: the fences in ReadyLinks::take and in Bell::sleep_unless
        // The word carries no data: the fences order what was published, so these are Relaxed.
        if self.0.load(Ordering::Relaxed) & (1 << link) == 0 {
            self.0.fetch_or(1 << link, Ordering::Relaxed);
            A::fence(Ordering::SeqCst); // SYNC: the fence in Bell::sleep_unless
        }
    }
}

/// The links that one reader looks at, in turns.
#[derive(Debug)]
pub struct ReadyLinks<A = Word<AtomicU64>> {
    bits: ReadyBits<A>,
    /// A bit for every link that there is.
    all: u64,
    /// Links that may have something: taken from the word, and cleared when found empty.
    pending: u64,
    /// At most one link that is looked at every time, as its bit.
    watched: u64,
    /// The link that had the last turn.
    last: usize,
}

impl<A: Atomic<Value = u64>> ReadyLinks<A> {
    /// Of this many links: 1 to 64. A single one is looked at every time, and its writer need not set its bit.
    pub fn new(bits: ReadyBits<A>, links: usize) -> Self {
        let all = u64::MAX >> (64 - links);
        ReadyLinks { bits, all, pending: 0, watched: 0, last: 0 }
    }

    /// Looks once at the links that may have something until `look` finds it, beginning behind the one that had the last turn.
    /// In doubt at all links, whatever the bits say: one of many writers may clear the others' for ever.
    #[inline]
    pub fn find<T>(&mut self, doubt: bool, mut look: impl FnMut(usize) -> Option<T>) -> Option<T> {
        if self.all == 1 {
            return look(0);
        }
        // At every look, so that a busy link cannot keep the others waiting.
        if self.bits.0.load(Ordering::Relaxed) & !(self.pending | self.watched) != 0 {
            self.take();
        }
        if doubt {
            (self.pending, self.watched) = (self.all, 0);
        }
        self.find_pending(&mut look)
    }

    #[inline]
    fn find_pending<T>(&mut self, mut look: impl FnMut(usize) -> Option<T>) -> Option<T> {
        while self.pending != 0 {
            let after = self.pending & (u64::MAX << self.last << 1);
            let link = if after != 0 { after } else { self.pending }.trailing_zeros() as usize;
            if let Some(found) = look(link) {
                self.last = link;
                return Some(found);
            }
            self.pending &= !(1 << link);
            if self.pending == 0 {
                self.watch(link);
            }
        }
        if self.watched == 0 { None } else { look(self.watched.trailing_zeros() as usize) }
    }

    /// Clears the bits before the links are looked at: what comes later sets its bit again.
    fn take(&mut self) {
        let taken = self.bits.0.swap(0, Ordering::Relaxed);
        A::fence(Ordering::SeqCst); // SYNC: the first fence in ReadyBits::set
        // A writer may have written anything: bits of no link, or zeros over the others'.
        self.pending |= taken & self.all | self.watched;
        self.watched = 0;
    }

    /// From here on `link`, the last that had something, is looked at every time, and its bit stays set: its writer then
    /// leaves the word alone, and one busy link among many idle ones moves no line but its own.
    fn watch(&mut self, link: usize) {
        self.watched = 1 << link;
        self.bits.0.fetch_or(self.watched, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::segment::{Backing, Segment};
    use std::sync::Arc;

    fn links(links: usize) -> (ReadyBits, ReadyLinks) {
        let segment = Arc::new(Segment::create(Backing::Named, 4096).unwrap());
        let bits = ReadyBits::new(Word::u64(&segment, 0));
        (bits.clone(), ReadyLinks::new(bits, links))
    }

    #[test]
    fn links_take_turns() {
        let (bits, mut links) = links(64);
        [3, 63, 0].iter().for_each(|&link| bits.set(link));
        let turns: Vec<_> = (0..6).map(|_| links.find(false, Some).unwrap()).collect();
        assert_eq!(turns, [3, 63, 0, 3, 63, 0]);
    }

    #[test]
    fn a_busy_link_does_not_keep_others_waiting() {
        let (bits, mut links) = links(8);
        bits.set(1);
        assert_eq!(links.find(false, Some), Some(1));
        bits.set(0);
        assert_eq!(links.find(false, Some), Some(0));
    }

    #[test]
    fn idle_links_are_not_looked_at_and_the_last_one_is() {
        let (bits, mut links) = links(8);
        assert_eq!(links.find(false, |link| panic!("{link} is idle")), None::<()>);
        bits.set(5);
        assert_eq!(links.find(false, |_| None::<()>), None);
        let mut seen = Vec::new();
        links.find(false, |link| {
            seen.push(link);
            None::<()>
        });
        assert_eq!(seen, [5]);
    }

    /// A hostile writer takes away what others have set.
    #[test]
    fn a_bit_that_was_cleared_by_another_is_found_in_the_end() {
        let (bits, mut links) = links(8);
        let clear = || bits.0.store(0, Ordering::Relaxed); // one thread
        let only = |wanted| move |link| (link == wanted).then_some(link);
        bits.set(3);
        clear();
        assert_eq!(links.find(false, only(3)), None, "believed");
        assert_eq!(links.find(true, only(3)), Some(3), "but not in doubt");
        // Also where another link has something whenever it is looked for.
        bits.set(1);
        assert_eq!(links.find(true, |link| (link == 1 || link == 3).then_some(link)), Some(1));
        clear();
        bits.set(1);
        assert_eq!(links.find(true, |link| (link == 1 || link == 3).then_some(link)), Some(3));
    }

    #[test]
    fn bits_of_no_link_are_not_believed() {
        let (bits, mut links) = links(2);
        bits.set(40);
        bits.set(1);
        assert_eq!(links.find(false, Some), Some(1));
        assert_eq!(links.find(false, Some), Some(1));
    }
}
