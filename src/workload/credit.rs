//! Credit: how one-way workloads bound what is in flight.
//!
//! The receiver reports on the link's other direction how many messages it has read in all, once for every half window
//! and at the end; the sender stays at most `in_flight` ahead of the last report. With `in_flight=1` every message is
//! acknowledged before the next, so its latency is that of an idle link; a large window costs one small frame for
//! many messages and shows the link's capacity.

/// Bytes of a report: the count, little-endian, seven bits in each. It is text wherever messages have to be.
pub(super) const LEN: usize = 8;

/// The sender's view.
#[derive(Clone, Copy, Debug)]
pub(super) struct Window {
    size: u64,
    credited: u64,
    /// Whether reports may come that are older than what we assume.
    forgiving: bool,
}

impl Window {
    pub(super) fn new(size: u64) -> Window {
        Window { size: size.max(1), credited: 0, forgiving: false }
    }

    /// Whether message number `sent` (from 0) must wait for a report.
    #[inline]
    pub(super) fn is_full(&self, sent: u64) -> bool {
        sent - self.credited >= self.size
    }

    /// Takes a report. A count that goes back or beyond what was `sent` is wrong: answers whether it was right.
    #[inline]
    pub(super) fn take(&mut self, frame: &[u8], sent: u64) -> bool {
        let count = frame.try_into().map(u64::from_le_bytes).ok().map(packed);
        if self.forgiving && count.is_some_and(|count| count <= self.credited) {
            return true;
        }
        let right = count.is_some_and(|count| count > self.credited && count <= sent);
        self.credited = count.filter(|_| right).unwrap_or(sent);
        right
    }

    /// No report came for what was `sent`: it, or the report, is lost.
    pub(super) fn forgive(&mut self, sent: u64) {
        self.credited = self.credited.max(sent);
        self.forgiving = true;
    }

    /// Whether everything that was sent has been reported.
    pub(super) fn is_settled(&self, sent: u64) -> bool {
        self.credited >= sent
    }
}

/// The receiver's view.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reports {
    step: u64,
    total: u64,
    next: u64,
}

impl Reports {
    /// For a window of `size` and `total` messages.
    pub(super) fn new(size: u64, total: u64) -> Reports {
        Reports::after(size.div_ceil(2).max(1), total)
    }

    /// One for every `step` of `total` messages.
    pub(super) fn after(step: u64, total: u64) -> Reports {
        Reports { step, total, next: step.min(total) }
    }

    /// Whether a report is due now that `count` messages have been read.
    #[inline]
    pub(super) fn due(&mut self, count: u64) -> bool {
        if count < self.next {
            return false;
        }
        self.next = (count + self.step).min(self.total.max(count + 1));
        true
    }
}

/// Writes a report.
#[inline]
pub(super) fn write(frame: &mut [u8], count: u64) {
    let spread = (0..LEN).fold(0, |spread, byte| spread | (count >> (7 * byte) & 0x7F) << (8 * byte));
    frame.copy_from_slice(&spread.to_le_bytes());
}

/// The count that [`write`] has spread over the bytes.
#[inline]
fn packed(spread: u64) -> u64 {
    (0..LEN).fold(0, |count, byte| count | (spread >> (8 * byte) & 0x7F) << (7 * byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sender_is_never_stuck_and_never_too_far_ahead() {
        for size in [1, 2, 3, 7, 64] {
            for total in [1, 2, 5, 64, 100] {
                let (mut window, mut reports) = (Window::new(size), Reports::new(size, total));
                let mut read = 0;
                let mut inbox = Vec::new();
                for sent in 0..total {
                    while window.is_full(sent) {
                        // The receiver reads what is there, and must report before it runs out.
                        while read < sent && inbox.is_empty() {
                            read += 1;
                            if reports.due(read) {
                                inbox.push(read);
                            }
                        }
                        let count = inbox.pop().expect("a report");
                        assert!(window.take(&u64::to_le_bytes(count), sent));
                    }
                    assert!(sent - window.credited < size);
                }
                let last = (read + 1..=total).filter(|&count| reports.due(count)).last();
                assert_eq!(last.unwrap_or(read), total, "the end is always reported: {size} {total}");
            }
        }
    }

    #[test]
    fn a_lost_report_is_done_without_and_a_late_one_is_no_fault() {
        let mut window = Window::new(4);
        assert!(window.is_full(4));
        window.forgive(4);
        assert!(!window.is_full(4));
        assert!(window.take(&2u64.to_le_bytes(), 6) && window.take(&6u64.to_le_bytes(), 6));
        assert!(window.is_settled(6));
        assert!(!window.take(&9u64.to_le_bytes(), 8), "nobody can have read what was not sent");
    }

    #[test]
    fn a_wrong_report_is_noticed() {
        let mut window = Window::new(4);
        assert!(window.take(&3u64.to_le_bytes(), 4));
        assert!(!window.take(&2u64.to_le_bytes(), 4));
        let mut window = Window::new(4);
        assert!(!window.take(&9u64.to_le_bytes(), 4));
        assert!(!Window::new(4).take(&[1, 2], 4));
    }
}
