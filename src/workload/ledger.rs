//! Keeps the book of one direction of one link: every message once, in order, unchanged; on a lossy link, what is missing.

use super::stamp::Pattern;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// What went wrong and how often; all but the first two must be 0 ([`clean`](Checks::clean)).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checks {
    /// Messages that were sent.
    pub sent: u64,
    /// Messages that arrived, each counted once, and were as they must be.
    pub received: u64,
    /// Messages that never came.
    pub lost: u64,
    /// Messages that came again.
    pub duplicated: u64,
    /// Messages that came after a later one.
    pub reordered: u64,
    /// Messages that were not as they must be.
    pub corrupt: u64,
}

impl Checks {
    /// Whether all is well.
    pub fn clean(&self) -> bool {
        self.lost == 0 && self.duplicated == 0 && self.reordered == 0 && self.corrupt == 0
    }

    /// Whether all is well on a link that may lose messages, and let one overtake another.
    pub fn clean_but_for_loss(&self) -> bool {
        Checks { lost: 0, reordered: 0, ..*self }.clean()
    }

    /// The part of all messages that arrived: 1 unless some were lost.
    pub fn delivered(&self) -> f64 {
        self.received as f64 / (self.received + self.lost).max(1) as f64
    }

    /// Both together.
    pub fn plus(self, other: Checks) -> Checks {
        Checks {
            sent: self.sent + other.sent,
            received: self.received + other.received,
            lost: self.lost + other.lost,
            duplicated: self.duplicated + other.duplicated,
            reordered: self.reordered + other.reordered,
            corrupt: self.corrupt + other.corrupt,
        }
    }
}

/// The receiver's book.
#[derive(Debug)]
pub struct Ledger {
    pattern: Pattern,
    len: usize,
    /// The sequence number that comes next.
    next: u64,
    checks: Checks,
    /// Numbers passed over; filled only when something is wrong.
    missing: BTreeSet<u64>,
    /// Where a message is copied to before it is looked at.
    private: Option<Vec<u8>>,
}

/// A peer that skips further than this is corrupt, not lossy: the book stays small.
const FURTHEST_SKIP: u64 = 1 << 20;

impl Ledger {
    /// Expects messages of `len` bytes from number 0.
    pub fn new(pattern: Pattern, len: usize) -> Ledger {
        let (checks, missing) = (Checks::default(), BTreeSet::new());
        Ledger { pattern, len, next: 0, checks, missing, private: None }
    }

    /// The same, looking at copies that nobody else can change.
    pub fn of_copies(self) -> Ledger {
        let mut room = vec![1; self.len]; // written, so that no page fault is left for the loop
        room.clear();
        Ledger { private: Some(room), ..self }
    }

    /// Checks one message and enters it. Answers its sequence number, or the expected one if it is corrupt.
    #[inline]
    pub fn enter(&mut self, payload: &[u8]) -> u64 {
        let seen = match &mut self.private {
            Some(room) => {
                room.clear();
                room.extend_from_slice(payload);
                self.pattern.check(room, self.len, self.next)
            }
            None => self.pattern.check(payload, self.len, self.next),
        };
        match seen {
            Some(sequence) if sequence == self.next => {
                self.next += 1;
                self.checks.received += 1;
                sequence
            }
            other => self.enter_irregular(other),
        }
    }

    #[cold]
    fn enter_irregular(&mut self, sequence: Option<u64>) -> u64 {
        match sequence {
            Some(late) if late < self.next => {
                if self.missing.remove(&late) {
                    self.checks.lost -= 1;
                    self.checks.received += 1;
                    self.checks.reordered += 1;
                } else {
                    self.checks.duplicated += 1;
                }
                late
            }
            Some(early) if early - self.next <= FURTHEST_SKIP => {
                self.checks.lost += early - self.next;
                self.missing.extend(self.next..early);
                self.checks.received += 1;
                self.next = early + 1;
                early
            }
            // Its number cannot be trusted; something came in place of the next one.
            _ => {
                self.checks.corrupt += 1;
                self.next += 1;
                self.next - 1
            }
        }
    }

    /// How many messages have been accounted for, in whatever state.
    pub fn passed(&self) -> u64 {
        self.next
    }

    /// Waits no longer for messages before number `until`. One that comes all the same counts as overtaken.
    pub fn give_up(&mut self, until: u64) {
        self.checks.lost += until.saturating_sub(self.next);
        self.missing.extend(self.next..until);
        self.next = self.next.max(until);
    }

    /// Closes the book: of `sent` messages, those after the last one seen are lost.
    pub fn close(mut self, sent: u64) -> Checks {
        self.checks.lost += sent.saturating_sub(self.next);
        self.checks
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workload::stamp::Direction;

    const LEN: usize = 64;

    fn book(order: &[u64], sent: u64) -> Checks {
        let pattern = Pattern::new(3, 0, 0, Direction::Up);
        let mut ledger = Ledger::new(pattern, LEN);
        for &sequence in order {
            let mut payload = [0; LEN];
            pattern.fill(&mut payload, sequence);
            ledger.enter(&payload);
        }
        ledger.close(sent)
    }

    #[test]
    fn a_regular_stream_is_clean() {
        let checks = book(&[0, 1, 2, 3], 4);
        assert_eq!(checks, Checks { received: 4, ..Checks::default() });
        assert!(checks.clean());
    }

    #[test]
    fn each_fault_is_called_by_its_name() {
        assert_eq!(book(&[0, 2, 3], 4), Checks { received: 3, lost: 1, ..Checks::default() });
        assert_eq!(book(&[0, 1], 4), Checks { received: 2, lost: 2, ..Checks::default() });
        assert_eq!(book(&[0, 1, 1, 2], 3), Checks { received: 3, duplicated: 1, ..Checks::default() });
        assert_eq!(book(&[0, 2, 1, 3], 4), Checks { received: 4, reordered: 1, ..Checks::default() });
        assert_eq!(book(&[0, 1 << 50, 2], 3), Checks { received: 2, corrupt: 1, ..Checks::default() });
    }

    #[test]
    fn what_is_given_up_is_lost_unless_it_comes_after_all() {
        let pattern = Pattern::new(3, 0, 0, Direction::Up);
        let mut ledger = Ledger::new(pattern, LEN);
        ledger.give_up(3);
        for sequence in [1, 3] {
            let mut payload = [0; LEN];
            pattern.fill(&mut payload, sequence);
            ledger.enter(&payload);
        }
        let checks = ledger.close(5);
        assert_eq!(checks, Checks { received: 2, lost: 3, reordered: 1, ..Checks::default() });
        assert!(!checks.clean() && checks.clean_but_for_loss());
        assert_eq!(checks.delivered(), 0.4);
    }

    #[test]
    fn a_changed_byte_is_corrupt_and_the_stream_goes_on() {
        let pattern = Pattern::new(3, 0, 0, Direction::Up);
        let mut ledger = Ledger::new(pattern, LEN);
        for sequence in 0..3 {
            let mut payload = [0; LEN];
            pattern.fill(&mut payload, sequence);
            payload[LEN - 1] ^= u8::from(sequence == 1);
            ledger.enter(&payload);
        }
        assert_eq!(ledger.close(3), Checks { received: 2, corrupt: 1, ..Checks::default() });
    }
}
