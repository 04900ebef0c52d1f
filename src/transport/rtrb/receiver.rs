//! The receiving end of one direction.

use super::line::{CHUNK, HEAD, Line, Long, SHORT, runs};
use super::sender::Sender;
use crate::transport::{Error, Result};
use ::rtrb::{Consumer, Producer};

/// The receiving end of one direction. What lines are there it takes out of the ring with one store, and reads them
/// in a chunk of its own.
#[derive(Debug)]
pub(super) struct Receiver {
    lines: Consumer<Line>,
    longs: Consumer<Long>,
    empties: Producer<Vec<u8>>,
    /// Lines from `next` to `end` have been taken and not read.
    chunk: Box<[Line; CHUNK]>,
    next: usize,
    end: usize,
    /// Lines taken in all.
    taken: u64,
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
            chunk: Box::new([Line::EMPTY; CHUNK]),
            next: 0,
            end: 0,
            taken: 0,
            run_len: 0,
            run_left: 0,
            long_at: u64::MAX,
        }
    }

    #[inline]
    pub(super) fn look(&mut self) -> Look {
        if self.next != self.end {
            return Look::Frame;
        }
        // Asked first: what its sender left behind is there by then.
        let gone = self.lines.is_abandoned();
        self.refill();
        match self.next != self.end || self.long_is_next() {
            true => Look::Frame,
            false if gone => Look::Gone,
            false => Look::Nothing,
        }
    }

    /// Takes the lines that are there. A long frame that was sent before one of them is seen by then.
    #[inline]
    fn refill(&mut self) {
        self.end = self.lines.pop_partial_slice(self.chunk.as_mut_slice()).0.len();
        self.next = 0;
        self.taken += self.end as u64;
        self.look_for_long();
    }

    #[inline]
    fn look_for_long(&mut self) {
        self.long_at = self.longs.peek().map_or(u64::MAX, |long| long.at);
    }

    /// Whether all lines that go before the first long frame have been read.
    #[inline]
    fn long_is_next(&self) -> bool {
        self.long_at == self.taken - (self.end - self.next) as u64
    }

    /// Lends the frame that a [`look`](Self::look) has found; answers the buffer that it came in, if any.
    #[inline]
    pub(super) fn take<R>(&mut self, read: impl FnOnce(&[u8]) -> R) -> Result<(R, Option<Vec<u8>>)> {
        if self.long_is_next() {
            let Long { len, buffer, .. } = self.longs.pop().map_err(|_| Error::Corrupt("an empty ring"))?;
            self.look_for_long();
            return Ok((read(&buffer[..len]), Some(buffer)));
        }
        if self.run_left == 0 {
            let head = self.advance()?;
            let (len, count) = (self.chunk[head].len(), self.chunk[head].count());
            if !runs(len) {
                return Ok((self.lend(head, len, read)?, None));
            }
            (self.run_len, self.run_left) = (len, count);
        }
        self.run_left -= 1;
        let line = self.advance()?;
        Ok((read(&self.chunk[line].0[..self.run_len]), None))
    }

    /// Lends a frame of `len` bytes that begins in its head.
    #[inline]
    fn lend<R>(&mut self, head: usize, len: usize, read: impl FnOnce(&[u8]) -> R) -> Result<R> {
        if len <= HEAD {
            return Ok(read(&self.chunk[head].bytes()[..len]));
        }
        let mut whole = [0; SHORT];
        whole[..HEAD].copy_from_slice(self.chunk[head].bytes());
        let rest = self.advance()?;
        whole[HEAD..].copy_from_slice(&self.chunk[rest].0);
        Ok(read(&whole[..len]))
    }

    /// Moves past a line that must be there, since it was published with what is read already; answers where it is.
    #[inline]
    fn advance(&mut self) -> Result<usize> {
        if self.next == self.end {
            self.refill();
            if self.end == 0 {
                return Err(Error::Corrupt("a head without its lines"));
            }
        }
        self.next += 1;
        Ok(self.next - 1)
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
