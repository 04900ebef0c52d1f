//! The sending end of one direction.

use super::line::{CHUNK, HEAD, LINE, Line, Long, SHORT, runs};
use crate::transport::{Error, Peer, Result, check_len};
use ::rtrb::{Consumer, Producer};
use std::hint::spin_loop;

/// The sending end of one direction. Short frames are written into a chunk of its own, which is published with one
/// store: rtrb's own chunks cannot be kept from one frame to the next.
#[derive(Debug)]
pub(super) struct Sender {
    lines: Producer<Line>,
    longs: Producer<Long>,
    empties: Consumer<Vec<u8>>,
    /// A buffer that came by the opposite direction.
    spare: Option<Vec<u8>>,
    /// The first `held` lines wait to be published. There is room for all of it in the ring while any do, so that
    /// publishing never waits.
    chunk: Box<[Line; CHUNK]>,
    held: usize,
    /// Where in the chunk the head of a run is that may grow.
    run: Option<usize>,
    published: u64,
    max_frame: usize,
    /// Whom a hub's sender reaches.
    peer: Option<Peer>,
}

impl Sender {
    pub(super) fn new(
        lines: Producer<Line>,
        longs: Producer<Long>,
        empties: Consumer<Vec<u8>>,
        max_frame: usize,
        peer: Option<Peer>,
    ) -> Sender {
        Sender {
            lines,
            longs,
            empties,
            spare: None,
            chunk: Box::new([Line::EMPTY; CHUNK]),
            held: 0,
            run: None,
            published: 0,
            max_frame,
            peer,
        }
    }

    /// Sends a frame, after those that have been posted. If none have, one that fits into its head is written where it
    /// goes: copied just after it was written, it would wait for its own stores.
    #[inline]
    pub(super) fn send(&mut self, len: usize, fill: impl FnOnce(&mut [u8])) -> Result<()> {
        if self.held == 0 && len <= HEAD {
            check_len(len, self.max_frame)?;
            self.wait_for_room()?;
            if let Ok(mut slot) = self.lines.write_chunk(1) {
                if let [line] = slot.as_mut_slices().0 {
                    fill(&mut line.begin(len)[..len]);
                }
                slot.commit_all();
                self.published += 1;
            }
            return Ok(());
        }
        self.post(len, fill)?;
        self.flush();
        Ok(())
    }

    /// Holds a short frame back until the chunk is full, or the next flush; sends a long one.
    #[inline]
    pub(super) fn post(&mut self, len: usize, fill: impl FnOnce(&mut [u8])) -> Result<()> {
        check_len(len, self.max_frame)?;
        if len > SHORT {
            return self.send_long(len, fill);
        }
        if self.held + 2 > CHUNK {
            self.flush();
        }
        if self.held == 0 {
            self.wait_for_room()?;
        }
        if runs(len) {
            let head = self.run_of(len);
            self.chunk[head].count_one();
            fill(&mut self.chunk[self.held].0[..len]);
        } else {
            self.run = None;
            let head = self.chunk[self.held].begin(len);
            if len <= HEAD {
                fill(&mut head[..len]);
            } else {
                let mut whole = [0; SHORT];
                fill(&mut whole[..len]);
                head.copy_from_slice(&whole[..HEAD]);
                self.held += 1;
                self.chunk[self.held].0.copy_from_slice(&whole[HEAD..]);
            }
        }
        self.held += 1;
        Ok(())
    }

    /// Publishes what is held.
    #[inline]
    pub(super) fn flush(&mut self) {
        if self.held != 0 {
            // There is room: it was waited for, and this thread alone takes it.
            let _ = self.lines.push_entire_slice(&self.chunk[..self.held]);
            self.published += self.held as u64;
            self.held = 0;
            self.run = None;
        }
    }

    /// The head of the run that a frame of `len` bytes belongs to.
    #[inline]
    fn run_of(&mut self, len: usize) -> usize {
        match self.run {
            Some(head) if self.chunk[head].takes(len) => head,
            _ => {
                let head = self.held;
                self.chunk[head].begin(len);
                self.run = Some(head);
                self.held += 1;
                head
            }
        }
    }

    /// A long frame is published at once: its buffer is what its receiver waits for, not the store.
    #[inline]
    fn send_long(&mut self, len: usize, fill: impl FnOnce(&mut [u8])) -> Result<()> {
        self.flush();
        while self.longs.is_full() {
            self.check_live()?;
            spin_loop();
        }
        self.check_live()?;
        let mut buffer = self.buffer(len);
        fill(&mut buffer[..len]);
        // There is room, as in `flush`.
        let _ = self.longs.push(Long { at: self.published, len, buffer });
        Ok(())
    }

    /// Waits for room for a whole chunk.
    #[inline]
    fn wait_for_room(&self) -> Result<()> {
        self.check_live()?;
        while self.lines.cached_slots() < CHUNK && self.lines.slots() < CHUNK {
            spin_loop();
            self.check_live()?;
        }
        Ok(())
    }

    #[inline]
    fn check_live(&self) -> Result<()> {
        if self.lines.is_abandoned() { Err(Error::Closed { peer: self.peer }) } else { Ok(()) }
    }

    /// A buffer of at least `len` bytes. Buffers grow and never shrink, so that none is cleared twice.
    #[inline]
    fn buffer(&mut self, len: usize) -> Vec<u8> {
        match self.spare.take().or_else(|| self.empties.pop().ok()) {
            None => vec![0; len],
            Some(mut buffer) => {
                if buffer.len() < len {
                    buffer.resize(len, 0);
                }
                buffer
            }
        }
    }

    /// Takes a buffer for the next long frame; answers it if there is one already.
    #[inline]
    pub(super) fn keep(&mut self, buffer: Vec<u8>) -> Option<Vec<u8>> {
        match &self.spare {
            None => {
                self.spare = Some(buffer);
                None
            }
            Some(_) => Some(buffer),
        }
    }
}

impl Drop for Sender {
    fn drop(&mut self) {
        self.flush();
    }
}

const _: () = assert!(SHORT - HEAD == LINE && SHORT <= u8::MAX as usize);
