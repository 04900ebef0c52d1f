//! Inputs made from others: always the same ones for the same seed and corpus.

use fastrand::Rng;

/// Longest input that is made of shorter ones.
const LONGEST: usize = 4096;
/// Most bytes that one change adds.
const PIECE: usize = 64;
/// Numbers at which something often ends.
const EDGES: [u64; 12] =
    [0, 1, 16, 127, 128, 255, 256, 1 << 16, i32::MAX as u64, u32::MAX as u64, i64::MAX as u64, u64::MAX];

/// Changes bytes of a corpus: bits, numbers, pieces lost, doubled and exchanged.
#[derive(Debug)]
pub struct Mutator<'c> {
    corpus: &'c [Vec<u8>],
    random: Rng,
    input: Vec<u8>,
}

impl<'c> Mutator<'c> {
    /// Over a corpus of at least one input.
    pub fn new(corpus: &'c [Vec<u8>], seed: u64) -> Mutator<'c> {
        Mutator { corpus, random: Rng::with_seed(seed), input: Vec::new() }
    }

    /// The next input: one of the corpus with one to four changes.
    pub fn next_input(&mut self) -> &[u8] {
        let from = self.random.usize(0..self.corpus.len());
        self.input.clear();
        self.input.extend_from_slice(&self.corpus[from]);
        for _ in 0..self.random.usize(1..=4) {
            self.change();
        }
        self.input.truncate(LONGEST.max(self.corpus[from].len()));
        &self.input
    }

    fn change(&mut self) {
        let Mutator { corpus, random, input } = self;
        let at = random.usize(0..=input.len());
        let end = (at + random.usize(1..=PIECE)).min(input.len());
        match random.u8(0..10) {
            0 => input.truncate(at.max(1)),
            1 => input.insert(at, random.u8(..)),
            2 if at < end => input[at] = random.u8(..),
            3 if at < end => input[at] ^= 1 << random.u8(0..8),
            4 => drop(input.drain(at..end)),
            5 => {
                let piece = input[at..end].to_vec();
                input.splice(at..at, piece);
            }
            6 => {
                // A number of one, two, four or eight bytes.
                let bytes = EDGES[random.usize(0..EDGES.len())].to_le_bytes();
                let len = (1 << random.usize(0..4)).min(input.len() - at);
                input[at..at + len].copy_from_slice(&bytes[..len]);
            }
            7 => {
                let digits = EDGES[random.usize(0..EDGES.len())].to_string();
                input.splice(at..at, digits.bytes());
            }
            _ => {
                let other = &corpus[random.usize(0..corpus.len())];
                let from = random.usize(0..=other.len());
                let to = (from + random.usize(1..=PIECE)).min(other.len());
                let over = if random.bool() { at } else { end };
                input.splice(at..over, other[from..to].iter().copied());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_makes_the_same_inputs_and_another_seed_others() {
        let corpus = [b"one".to_vec(), b"two and more".to_vec(), Vec::new()];
        let inputs = |seed| {
            let mut mutator = Mutator::new(&corpus, seed);
            (0..200).map(|_| mutator.next_input().to_vec()).collect::<Vec<_>>()
        };
        assert_eq!(inputs(1), inputs(1));
        assert_ne!(inputs(1), inputs(2));
        let mut different = inputs(1);
        different.sort();
        different.dedup();
        assert!(different.len() > 100, "{} different inputs", different.len());
    }
}
