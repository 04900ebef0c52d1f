//! The receiving end of one direction.

use super::line::{CHUNK, HEAD, Line, Long, SHORT, runs};
use super::sender::Sender;
use crate::transport::{Error, Result};
use ::rtrb::{Consumer, Producer};

/// The receiving end of one direction. Lines are read where they are, and those that were there at one look are given
/// back together.
#[derive(Debug)]
pub(super) struct Receiver {
    lines: Consumer<Line>,
    longs: Consumer<Long>,
    empties: Producer<Vec<u8>>,
    /// Lines that are there, of which the first `read` have been read.
    seen: usize,
    read: usize,
    /// Lines given back in all.
    freed: u64,
    /// Of a run that has begun: the bytes of its frames, and how many are left.
    run_len: usize,
    run_left: usize,
    /// How many lines go before the first long frame; more than any there are if none is known.
    long_at: u64,
}

/// What one look at the rings finds.
pub(super) enum Look {
    Frame,
    Nothing,
    /// Nothing, and nothing will come.
    Gone,
}

impl Receiver {
    pub(super) fn new(lines: Consumer<Line>, longs: Consumer<Long>, empties: Producer<Vec<u8>>) -> Receiver {
        Receiver {
            lines,
            longs,
            empties,
            seen: 0,
            read: 0,
            freed: 0,
            run_len: 0,
            run_left: 0,
            long_at: u64::MAX,
        }
    }

    #[inline]
    pub(super) fn look(&mut self) -> Look {
        if self.read != self.seen {
            return Look::Frame;
        }
        // Asked first: what its sender left behind is there by then.
        let gone = self.lines.is_abandoned();
        self.seen = self.lines.slots();
        // A long frame that was sent before one of these lines is seen by now.
        self.look_for_long();
        match self.seen != 0 || self.long_is_next() {
            true => Look::Frame,
            false if gone => Look::Gone,
            false => Look::Nothing,
        }
    }

    #[inline]
    fn look_for_long(&mut self) {
        self.long_at = self.longs.peek().map_or(u64::MAX, |long| long.at);
    }

    /// Whether all lines that go before the first long frame have been read.
    #[inline]
    fn long_is_next(&self) -> bool {
        self.long_at == self.freed + self.read as u64
    }

    /// Lends the frame that a [`look`](Self::look) has found; answers the buffer that it came in, if any.
    #[inline]
    pub(super) fn take<R>(&mut self, read: impl FnOnce(&[u8]) -> R) -> Result<(R, Option<Vec<u8>>)> {
        // No long frame comes within a run.
        if self.run_left == 0 && self.long_is_next() {
            let Long { len, buffer, .. } = self.longs.pop().map_err(|_| Error::Corrupt("an empty ring"))?;
            self.look_for_long();
            return Ok((read(&buffer[..len]), Some(buffer)));
        }
        let chunk = self.lines.read_chunk(self.seen).map_err(|_| Error::Corrupt("an empty ring"))?;
        let (lines, wrapped) = chunk.as_slices();
        let mut line = || {
            let place = self.read;
            self.read += 1;
            lines.get(place).unwrap_or_else(|| &wrapped[place - lines.len()])
        };
        let answer = if self.run_left != 0 {
            self.run_left -= 1;
            read(&line().0[..self.run_len])
        } else {
            let head = line();
            let len = head.len();
            if len <= HEAD {
                read(&head.bytes()[..len])
            } else if runs(len) {
                (self.run_len, self.run_left) = (len, head.count() - 1);
                read(&line().0[..len])
            } else {
                let mut whole = [0; SHORT];
                whole[..HEAD].copy_from_slice(head.bytes());
                whole[HEAD..].copy_from_slice(&line().0);
                read(&whole[..len])
            }
        };
        if self.read == self.seen || self.read >= CHUNK {
            chunk.commit(self.read);
            self.freed += self.read as u64;
            self.seen -= self.read;
            self.read = 0;
        }
        Ok((answer, None))
    }

    /// Gives a buffer back to whoever sent it.
    #[inline]
    pub(super) fn give_back(&mut self, buffer: Option<Vec<u8>>) {
        if let Some(buffer) = buffer {
            // Too many are under way already if there is no room.
            let _ = self.empties.push(buffer);
        }
    }

    /// Leaves a buffer for the answer, or gives it back.
    #[inline]
    pub(super) fn pass_on(&mut self, buffer: Option<Vec<u8>>, answers: &mut Sender) {
        let kept = buffer.and_then(|buffer| answers.keep(buffer));
        self.give_back(kept);
    }
}
