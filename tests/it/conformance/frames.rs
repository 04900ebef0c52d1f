//! What passes over the links: lengths at which mechanisms change their ways, and contents that are checked in full.

use ipcmark::transport::Peer;
use ipcmark::workload::stamp::{Direction, Pattern, mix};
use serde::{Deserialize, Serialize};

/// Largest frame of most checks.
pub(super) const MAX: usize = 2 << 20;

/// Around nothing, the words of the pattern, a cache line, a page, a pipe's buffer, a packet, and the largest.
const LENGTHS: [usize; 25] = [
    0,
    1,
    7,
    8,
    9,
    15,
    16,
    17,
    63,
    64,
    65,
    4095,
    4096,
    4097,
    65_535,
    65_536,
    65_537,
    131_067,
    131_068,
    131_069,
    262_144,
    1 << 20,
    (1 << 20) + 1,
    MAX - 1,
    MAX,
];

/// How long the frames of one direction of one link are.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) enum Lens {
    /// Each of these in turn.
    Listed(Vec<usize>),
    /// As the number of the frame says: mostly short, now and then up to so long.
    Mixed(usize),
    /// All the same.
    Fixed(usize),
}

impl Lens {
    /// Every critical length up to `max`, and `max`.
    pub(super) fn critical(max: usize) -> Lens {
        let mut list: Vec<usize> = LENGTHS.into_iter().filter(|&len| len < max).collect();
        list.push(max);
        Lens::Listed(list)
    }

    /// How many frames are a full round of lengths.
    pub(super) fn round(&self) -> u64 {
        match self {
            Lens::Listed(list) => list.len() as u64,
            Lens::Mixed(_) | Lens::Fixed(_) => 64,
        }
    }

    /// Length of frame `sequence`.
    pub(super) fn at(&self, sequence: u64) -> usize {
        match self {
            Lens::Listed(list) => list[(sequence % self.round()) as usize],
            Lens::Mixed(max) => {
                let random = mix(sequence);
                let cap = if random.is_multiple_of(16) { *max } else { (*max).min(300) };
                (random >> 8) as usize % (cap + 1)
            }
            Lens::Fixed(len) => *len,
        }
    }

    /// Length of the reply to request `sequence`: long ones to short ones, and short ones to long ones.
    pub(super) fn reply(&self, sequence: u64) -> usize {
        match self {
            Lens::Listed(list) => list[list.len() - 1 - (sequence % self.round()) as usize],
            _ => self.at(sequence + 1),
        }
    }
}

const KEY: u64 = 0x1DC3_A2C4;

/// Contents from renderer `peer` to main.
pub(super) fn up(peer: Peer) -> Pattern {
    Pattern::new(KEY, 0, peer, Direction::Up)
}

/// Contents from main to renderers: the same for all, since a broadcast is.
pub(super) fn down() -> Pattern {
    Pattern::new(KEY, 0, 0, Direction::Down)
}

/// Writes frame `sequence`; the link must offer exactly `len` bytes.
pub(super) fn fill(pattern: Pattern, len: usize, sequence: u64) -> impl Fn(&mut [u8]) {
    move |bytes| {
        assert_eq!(bytes.len(), len, "`fill` was offered a buffer of another length");
        pattern.fill(bytes, sequence);
    }
}

/// Whether `bytes` are all of frame `sequence` and nothing else; the text says what is wrong.
pub(super) fn check(pattern: Pattern, bytes: &[u8], len: usize, sequence: u64) -> Result<(), String> {
    if pattern.check(bytes, len, sequence) == Some(sequence) {
        return Ok(());
    }
    if bytes.len() != len {
        return Err(format!("frame {sequence} has {} bytes, not {len}", bytes.len()));
    }
    let mut wanted = vec![0; len];
    pattern.fill(&mut wanted, sequence);
    let at = wanted.iter().zip(bytes).position(|(wanted, got)| wanted != got).unwrap_or(len);
    let head = bytes.first_chunk().map(|head| u64::from_le_bytes(*head));
    Err(format!("frame {sequence} of {len} bytes differs from byte {at} on; its head says {head:?}"))
}

/// Whether `bytes` are all of frame `next` or of a later one, whose number is the answer: those between were lost.
pub(super) fn check_later(pattern: Pattern, bytes: &[u8], lens: &Lens, next: u64) -> Result<u64, String> {
    let sequence = u64::from_le_bytes(*bytes.first_chunk().ok_or("a frame without a number")?);
    if sequence < next {
        return Err(format!("frame {sequence} when {next} or a later one was to come"));
    }
    check(pattern, bytes, lens.at(sequence), sequence).map(|()| sequence)
}

/// Where operation `number` of main's mixed sending goes: to one window, or, `None`, to all.
pub(super) fn target(number: u64, windows: usize) -> Option<Peer> {
    let random = mix(number ^ KEY);
    (!random.is_multiple_of(4)).then(|| (random >> 8) as usize % windows)
}
