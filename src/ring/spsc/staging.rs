//! Frames that wait in the producer's own cache until they are published together.

use super::HEADER;
use crate::ring::copy;

/// Bytes after which a batch is published unasked: a part of what the nearest caches hold.
const FULL: usize = 32 << 10;

/// The frames, laid out as in the ring.
#[derive(Debug)]
pub(super) struct Staging {
    /// From so many bytes on, a batch or a single frame is written past the cache. `usize::MAX`: nothing is staged.
    nt_from: usize,
    /// Initialised once and used again: its first `used` bytes count.
    bytes: Vec<u8>,
    used: usize,
}

impl Staging {
    pub(super) fn new(nt_from: usize) -> Staging {
        Staging { nt_from, bytes: Vec::new(), used: 0 }
    }

    /// Whether a frame goes here: after others that do, and where it may become part of a batch worth streaming or is
    /// one itself. What will not be streamed is better written in place.
    #[inline]
    pub(super) fn wants(&self, need: usize, more: bool) -> bool {
        self.nt_from != usize::MAX && (self.used > 0 || more || need >= self.nt_from)
    }

    #[inline]
    pub(super) fn push(&mut self, header: [u64; 2], len: usize, need: usize, fill: impl FnOnce(&mut [u8])) {
        let end = self.used + need;
        if end > self.bytes.len() {
            self.bytes.resize(end.next_multiple_of(4096), 0);
        }
        let frame = &mut self.bytes[self.used..end];
        frame[..8].copy_from_slice(&header[0].to_ne_bytes());
        frame[8..HEADER].copy_from_slice(&header[1].to_ne_bytes());
        fill(&mut frame[HEADER..HEADER + len]);
        self.used = end;
    }

    #[inline]
    pub(super) fn is_full(&self) -> bool {
        self.used >= FULL
    }

    /// What waits, if anything does.
    #[inline]
    pub(super) fn frames(&self) -> Option<Frames<'_>> {
        (self.used > 0).then(|| Frames { bytes: &self.bytes[..self.used], stream: self.used >= self.nt_from })
    }

    pub(super) fn clear(&mut self) {
        self.used = 0;
    }
}

/// A batch on its way.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frames<'a> {
    bytes: &'a [u8],
    stream: bool,
}

impl Frames<'_> {
    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Writes all of them to `block`, which is as long.
    #[inline]
    pub(super) fn write_to(&self, block: &mut [u8]) {
        if self.stream { copy::stream(block, self.bytes) } else { block.copy_from_slice(self.bytes) }
    }
}
