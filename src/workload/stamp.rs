//! What a payload holds: its sequence number, a check of the head, and a pattern that depends on both.
//!
//! ```text
//! bytes 0..8   sequence number                     (as much of it as fits into a shorter payload)
//! bytes 8..16  check of key, sequence and length   (from 16 bytes on)
//! the rest     words that follow from key and sequence, each different from its neighbours and from
//!              the same place in every other message
//! ```
//!
//! A payload that is to be text has the low five bits of each of those bytes, in the range of the small letters; its sequence number
//! has five bits in a byte, which is enough for 2⁴⁰ messages.
//!
//! The reader compares *every* byte with what it must be. That is stronger than a checksum of the same cost: a line left
//! over from another message, or from the ring's last lap, is always seen.

use crate::sys::wide::widest;

/// Bytes of a sequence number: a shorter payload does not tell which message it is.
pub const NUMBER: usize = 8;

/// From so many bytes on, wider vectors save more than the call that chooses them costs.
const WIDE: usize = 512;

/// The writer's and reader's knowledge of one direction of one link in one phase.
#[derive(Clone, Copy, Debug)]
pub struct Pattern {
    key: u64,
    text: bool,
}

/// What a byte of text keeps, and where text begins: '`', the small letters, and five signs behind them.
const LOW_BITS: u64 = 0x1F1F_1F1F_1F1F_1F1F;
const LETTERS: u64 = 0x6060_6060_6060_6060;

/// Added from word to word: odd, with bits everywhere.
const STEP: u64 = 0x9E37_79B9_7F4A_7C15;

/// Which way a message goes; a request that comes back as a reply is corrupt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Renderer to main.
    Up,
    /// Main to renderer.
    Down,
}

impl Pattern {
    /// The pattern of a trial's `key`, a phase, a link and a direction.
    pub fn new(key: u64, phase: u64, peer: usize, direction: Direction) -> Pattern {
        let link = (peer as u64) << 1 | u64::from(direction == Direction::Down);
        Pattern { key: mix(mix(key ^ mix(phase)) ^ link), text: false }
    }

    /// The same as text: every byte is a printable one of ASCII.
    pub fn text(self) -> Pattern {
        Pattern { text: true, ..self }
    }

    /// Fills the whole of `payload` for message `sequence`.
    #[inline]
    pub fn fill(&self, payload: &mut [u8], sequence: u64) {
        let len = payload.len();
        let base = self.base(sequence);
        let Some((head, rest)) = payload.split_first_chunk_mut::<NUMBER>() else {
            copy_few(payload, self.number(sequence));
            return;
        };
        *head = self.number(sequence).to_le_bytes();
        let body = match rest.split_first_chunk_mut::<8>() {
            Some((check, body)) => {
                *check = self.word(self.check_word(base, len)).to_le_bytes();
                body
            }
            None => rest,
        };
        if len < WIDE && !self.text {
            fill_words(body, base, |word| word);
        } else {
            self.fill_wide(body, base);
        }
    }

    /// Not in line: it would weigh on the loops of small payloads.
    #[inline(never)]
    fn fill_wide(&self, body: &mut [u8], base: u64) {
        if self.text {
            widest(|| fill_words(body, base, as_text));
        } else {
            widest(|| fill_words(body, base, |word| word));
        }
    }

    /// The sequence number that `payload` bears, if all of it is as [`fill`](Self::fill) wrote it for that number and the
    /// length `len`. A payload under eight bytes holds only part of it: `expected` fills in the rest.
    #[inline]
    pub fn check(&self, payload: &[u8], len: usize, expected: u64) -> Option<u64> {
        if payload.len() != len {
            return None;
        }
        let Some((head, rest)) = payload.split_first_chunk::<NUMBER>() else {
            return (differ_in_few(payload, self.number(expected)) == 0).then_some(expected);
        };
        let sequence = self.sequence(u64::from_le_bytes(*head))?;
        let base = self.base(sequence);
        let (wrong, body) = match rest.split_first_chunk::<8>() {
            Some((check, body)) => (u64::from_le_bytes(*check) ^ self.word(self.check_word(base, len)), body),
            None => (0, rest),
        };
        let differ = if len < WIDE && !self.text {
            differ(body, base, |word| word)
        } else {
            self.differ_wide(body, base)
        };
        (wrong | differ == 0).then_some(sequence)
    }

    /// Not in line, as [`fill_wide`](Self::fill_wide) is not.
    #[inline(never)]
    fn differ_wide(&self, body: &[u8], base: u64) -> u64 {
        if self.text {
            widest(|| differ(body, base, as_text))
        } else {
            widest(|| differ(body, base, |word| word))
        }
    }

    /// A sequence number as its payload bears it.
    #[inline]
    fn number(&self, sequence: u64) -> u64 {
        if self.text { number_as_text(sequence) } else { sequence }
    }

    /// The inverse of [`number`](Self::number), if this is one.
    #[inline]
    fn sequence(&self, number: u64) -> Option<u64> {
        if self.text { number_from_text(number) } else { Some(number) }
    }

    #[inline]
    fn word(&self, word: u64) -> u64 {
        if self.text { as_text(word) } else { word }
    }

    #[inline]
    fn base(&self, sequence: u64) -> u64 {
        mix(self.key ^ sequence)
    }

    #[inline]
    fn check_word(&self, base: u64, len: usize) -> u64 {
        (base ^ len as u64).wrapping_mul(STEP) // the base is well mixed already
    }
}

#[inline(never)]
fn number_as_text(sequence: u64) -> u64 {
    (0..8).fold(LETTERS, |number, byte| number | (sequence >> (5 * byte) & 0x1F) << (8 * byte))
}

#[inline(never)]
fn number_from_text(number: u64) -> Option<u64> {
    let sequence = (0..8).fold(0, |sequence, byte| sequence | (number >> (8 * byte) & 0x1F) << (5 * byte));
    (number & !LOW_BITS == LETTERS).then_some(sequence)
}

/// Eight letters that follow from a word.
#[inline(always)]
fn as_text(word: u64) -> u64 {
    word & LOW_BITS | LETTERS
}

/// The words that follow from `word`, as `form` writes them.
#[inline(always)]
fn fill_words(body: &mut [u8], mut word: u64, form: impl Fn(u64) -> u64) {
    let mut words = body.chunks_exact_mut(8);
    for bytes in &mut words {
        bytes.copy_from_slice(&form(word).to_le_bytes());
        word = word.wrapping_add(STEP);
    }
    copy_few(words.into_remainder(), form(word));
}

/// Not 0 if `body` is not what [`fill_words`] writes.
#[inline(always)]
fn differ(body: &[u8], mut word: u64, form: impl Fn(u64) -> u64) -> u64 {
    let words = body.chunks_exact(8);
    let tail = words.remainder();
    let mut wrong = 0;
    for bytes in words {
        // Collected without a branch, so that the loop is as wide as the CPU allows.
        wrong |= u64::from_le_bytes(bytes.try_into().unwrap_or_default()) ^ form(word);
        word = word.wrapping_add(STEP);
    }
    wrong | differ_in_few(tail, form(word))
}

/// The first bytes of a word: at most seven, for which a call to `memcpy` would cost more than the rest.
#[inline]
fn copy_few(bytes: &mut [u8], word: u64) {
    for (byte, value) in bytes.iter_mut().zip(word.to_le_bytes()) {
        *byte = value;
    }
}

/// Not 0 if at most eight bytes are not the first ones of a word.
#[inline]
fn differ_in_few(bytes: &[u8], word: u64) -> u64 {
    bytes.iter().zip(word.to_le_bytes()).fold(0, |wrong, (&byte, value)| wrong | u64::from(byte ^ value))
}

/// A bijection that spreads every bit (the finaliser of SplitMix64, Steele, Lea and Flood 2014).
#[inline]
pub fn mix(mut word: u64) -> u64 {
    word = (word ^ (word >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    word = (word ^ (word >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    word ^ (word >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const UP: Pattern = Pattern { key: 7, text: false };

    fn filled(len: usize, sequence: u64) -> Vec<u8> {
        filled_by(UP, len, sequence)
    }

    fn filled_by(pattern: Pattern, len: usize, sequence: u64) -> Vec<u8> {
        let mut payload = vec![0xAA; len];
        pattern.fill(&mut payload, sequence);
        payload
    }

    proptest! {
        #[test]
        fn what_was_filled_passes(len in 0usize..300, sequence: u64) {
            prop_assert_eq!(UP.check(&filled(len, sequence), len, sequence), Some(sequence));
        }

        #[test]
        fn text_is_text_and_passes(len in 0usize..1200, sequence in 0u64..1 << 40, at: prop::sample::Index, bit in 0u8..5) {
            let mut payload = filled_by(UP.text(), len, sequence);
            prop_assert!(payload.iter().all(|byte| (0x60..0x80).contains(byte)));
            prop_assert_eq!(UP.text().check(&payload, len, sequence), Some(sequence));
            if len >= 16 {
                payload[at.index(len)] ^= 1 << bit;
                prop_assert_eq!(UP.text().check(&payload, len, sequence), None);
            }
        }

        #[test]
        fn any_flipped_bit_is_seen(len in 16usize..300, sequence: u64, at: prop::sample::Index, bit in 0u8..8) {
            let mut payload = filled(len, sequence);
            payload[at.index(len)] ^= 1 << bit;
            prop_assert_eq!(UP.check(&payload, len, sequence), None);
        }

        #[test]
        fn lines_of_another_message_are_seen(len in 80usize..300, sequence in 1u64..1 << 40, line in 1usize..2) {
            let mut payload = filled(len, sequence);
            let old = filled(len, sequence - 1);
            let range = line * 16..line * 16 + 16;
            payload[range.clone()].copy_from_slice(&old[range]);
            prop_assert_eq!(UP.check(&payload, len, sequence), None);
        }
    }

    #[test]
    fn another_length_link_or_direction_does_not_pass() {
        let payload = filled(64, 5);
        assert_eq!(UP.check(&payload, 65, 5), None);
        for other in [
            Pattern::new(1, 0, 1, Direction::Up),
            Pattern::new(1, 0, 0, Direction::Down),
            Pattern::new(1, 1, 0, Direction::Up),
        ] {
            let mut payload = vec![0; 64];
            Pattern::new(1, 0, 0, Direction::Up).fill(&mut payload, 5);
            assert_eq!(other.check(&payload, 64, 5), None);
        }
    }
}
