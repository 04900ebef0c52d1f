//! Many lines that another CPU reads: answered in the place where they lie, or streamed past the cache.

use super::{Ends, Readings, with_partner};
use crate::ring::copy::stream;
use crate::ring::turns::{End, Turns};
use crate::sys::clock::Clock;
use crate::sys::wide::widest;
use std::hint::black_box;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};

/// Larger sizes are measured with so many bytes and taken in proportion: mapping them would take longer than looking, and
/// out of the cache a byte costs no less.
const MOST: usize = 4 << 20;

/// What is measured for a size, and how many times it goes into it.
fn measured(size: usize) -> (usize, f64) {
    if size <= MOST { (size, 1.0) } else { (MOST, size as f64 / MOST as f64) }
}

/// Whether a floor has been looked at for long enough: a few readings would be those of whatever interrupted them.
fn enough(readings: usize, spent_ns: u64, ns: u64) -> bool {
    readings > 0 && spent_ns >= if readings < 16 { 20 * ns } else { ns }
}

/// A request and its reply of `size` bytes in one buffer that two CPUs own in turns, for about `ns`.
///
/// Each end reads every byte where it lies and writes every byte over it, without a buffer of its own: copies would take longer
/// than an app that makes its message in place. The reply takes no line away from anybody: its reader has just read them all.
pub(in super::super) fn reply_in_place(ends: &Ends, size: usize, ns: u64) -> io::Result<Readings> {
    let (size, times) = measured(size);
    let mut turns = Turns::new(size);
    let [mut caller, mut answerer] = turns.ends();
    let over = AtomicBool::new(false);
    let ping = || {
        let clock = Clock::system();
        let mut readings = Vec::new();
        caller.take(|shared| shared.fill(black_box(1)));
        // A few rounds for the caches, and for the answerer to arrive.
        let (mut begin, mut last, mut round) = (0, 0, 0);
        loop {
            let ended = caller.take(|shared| {
                black_box(sum(shared));
                let now = clock.now();
                match round {
                    0..2 => {}
                    2 => begin = now,
                    _ => readings.push((now - last) as f64 * times),
                }
                last = now;
                round += 1;
                let ended = enough(readings.len(), now - begin, ns);
                over.store(ended, Ordering::Relaxed); // the turn orders it
                if !ended {
                    shared.fill(black_box(1));
                }
                ended
            });
            if ended {
                return Readings::sorted(readings);
            }
        }
    };
    let pong = || {
        let answer = |shared: &mut [u8]| {
            if over.load(Ordering::Relaxed) {
                return false;
            }
            black_box(sum(shared));
            shared.fill(black_box(2));
            true
        };
        while answerer.take(answer) {}
    };
    with_partner(ends, ping, pong)
}

/// Bytes between two hand-overs: enough that neither the word nor the fence counts.
const SLOT: usize = 32 << 10;
/// Slots in the ring.
const SLOTS: usize = 8;

/// The time for each of many messages of `size` bytes, one way, for about `ns`: the writer copies a buffer of its own into a
/// ring by non-temporal stores and hands over many small messages at once; the reader reads every byte where it lies.
pub(in super::super) fn streaming(ends: &Ends, size: usize, ns: u64) -> io::Result<Readings> {
    let (size, times) = measured(size.max(1));
    let messages = SLOT.div_ceil(size);
    let mut slots: Vec<Turns> = (0..SLOTS).map(|_| Turns::new(messages * size)).collect();
    let (mut writers, mut readers): (Vec<End<'_>>, Vec<End<'_>>) =
        slots.iter_mut().map(Turns::ends).map(|[writer, reader]| (writer, reader)).unzip();
    let over = AtomicBool::new(false);
    let ping = || {
        let clock = Clock::system();
        let own = vec![1; messages * size];
        let mut readings = Vec::new();
        let (mut begin, mut last, mut lap) = (0, 0, 0);
        loop {
            for writer in &mut writers {
                writer.take(|slot| stream(slot, black_box(&own)));
            }
            // The first lap fills the ring, the second waits for the reader to arrive.
            let now = clock.now();
            match lap {
                0..2 => {}
                2 => begin = now,
                _ => readings.push((now - last) as f64 * times / (SLOTS * messages) as f64),
            }
            last = now;
            lap += 1;
            if enough(readings.len(), now - begin, ns) {
                break;
            }
        }
        writers[0].take(|_| over.store(true, Ordering::Relaxed)); // the turn orders it
        Readings::sorted(readings)
    };
    let pong = || {
        for reader in (0..readers.len()).cycle() {
            let ended = readers[reader].take(|slot| {
                black_box(sum(slot));
                over.load(Ordering::Relaxed)
            });
            if ended {
                break;
            }
        }
    };
    with_partner(ends, ping, pong)
}

/// Looks at every byte.
fn sum(bytes: &[u8]) -> u64 {
    widest(|| sum_of(bytes))
}

#[inline(always)]
fn sum_of(bytes: &[u8]) -> u64 {
    let (words, rest) = bytes.as_chunks::<8>();
    let words = words.iter().fold(0, |sum: u64, word| sum.wrapping_add(u64::from_ne_bytes(*word)));
    rest.iter().fold(words, |sum, &byte| sum.wrapping_add(u64::from(byte)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_is_looked_at() {
        let mut bytes = [0; 37];
        for at in 0..bytes.len() {
            bytes[at] = 1;
            assert_ne!(sum(&bytes), 0, "{at}");
            bytes[at] = 0;
        }
    }

    #[test]
    fn sizes_beyond_the_cache_are_taken_in_proportion() {
        assert_eq!(measured(1 << 20), (1 << 20, 1.0));
        assert_eq!(measured(64 << 20), (MOST, 16.0));
    }
}
