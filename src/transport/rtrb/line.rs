//! What the rings of one direction carry.
//!
//! A short frame is a *head*, or a head and what follows it:
//!
//! | bytes of the frame | the head holds | lines behind it |
//! |---|---|---|
//! | 0 … 62 | the frame | none |
//! | 63, 64 | how many such frames follow | one a frame, with nothing else in it |
//! | 65 … 126 | the first 62 bytes | one with the rest |
//!
//! So a frame of just a cache line's size, of which many are posted, takes a line and no more.

/// Bytes of a cache line.
pub(super) const LINE: usize = 64;
/// Bytes of a head that are not of a frame.
const WORDS: usize = 2;
/// Bytes of a frame that fit into its head.
pub(super) const HEAD: usize = LINE - WORDS;
/// Bytes of the longest frame that travels in lines.
pub(super) const SHORT: usize = HEAD + LINE;
/// Lines that are published, or given back, at most at once: 256 frames of a line each, and the heads of their runs.
pub(super) const CHUNK: usize = 258;

/// One slot of the ring for short frames.
#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
pub(super) struct Line(pub(super) [u8; LINE]);

/// Whether frames of `len` bytes are lines behind a head that counts them.
#[inline]
pub(super) fn runs(len: usize) -> bool {
    HEAD < len && len <= LINE
}

impl Default for Line {
    fn default() -> Line {
        Line::EMPTY
    }
}

impl Line {
    pub(super) const EMPTY: Line = Line([0; LINE]);

    /// Makes it the head of a frame of `len` bytes, or of a run of none such so far, and answers its place for the
    /// frame's first bytes.
    #[inline]
    pub(super) fn begin(&mut self, len: usize) -> &mut [u8] {
        let [frame_len, count, bytes @ ..] = &mut self.0;
        *frame_len = len as u8; // at most SHORT
        *count = 0;
        bytes
    }

    /// Whether the run that this is the head of can be longer by a frame of `len` bytes.
    #[inline]
    pub(super) fn takes(&self, len: usize) -> bool {
        self.len() == len && self.0[1] != u8::MAX
    }

    /// Counts one more frame of the run that this is the head of.
    #[inline]
    pub(super) fn count_one(&mut self) {
        self.0[1] += 1;
    }

    /// Bytes of a head's frame, or of each of its run.
    #[inline]
    pub(super) fn len(&self) -> usize {
        usize::from(self.0[0])
    }

    /// Frames of a head's run.
    #[inline]
    pub(super) fn count(&self) -> usize {
        usize::from(self.0[1])
    }

    /// A head's place for its frame's first bytes.
    #[inline]
    pub(super) fn bytes(&self) -> &[u8] {
        &self.0[WORDS..]
    }
}

/// A frame of `len` bytes at the beginning of a buffer.
#[derive(Debug)]
pub(super) struct Long {
    /// How many lines were published before it.
    pub(super) at: u64,
    pub(super) len: usize,
    pub(super) buffer: Vec<u8>,
}
