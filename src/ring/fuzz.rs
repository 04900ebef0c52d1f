//! What must hold for whatever a peer writes into shared memory: the bodies of fuzz targets. The input says what the other end does to
//! the words and bytes, and what this end does in between.

use super::blocks::{Pool, WORD};
use super::call::{Answerer, Caller, Reply};
use super::ready::{ReadyBits, ReadyLinks};
use super::shared::{Block, LINE, Word};
use super::spsc::{Consumer, HEADER, Producer, Ready, max_frame};
use crate::sys::segment::{Backing, Segment};
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// Bytes of the ring, small enough that a script goes round it.
const CAPACITY: usize = 512;
/// Where the ring's bytes begin.
const DATA: usize = 1024;
const LEN: usize = 4096;

/// What is left of an input, taken as numbers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Script<'a>(pub(crate) &'a [u8]);

impl<'a> Script<'a> {
    /// The next step; `None` at the end.
    pub(crate) fn step(&mut self) -> Option<u8> {
        let (&first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(first)
    }

    /// A byte; 0 at the end, as for all numbers.
    pub(crate) fn byte(&mut self) -> u8 {
        self.step().unwrap_or(0)
    }

    /// Two bytes.
    pub(crate) fn short(&mut self) -> u16 {
        u16::from_le_bytes([self.byte(), self.byte()])
    }

    /// Eight bytes.
    pub(crate) fn word(&mut self) -> u64 {
        u64::from_le_bytes(std::array::from_fn(|_| self.byte()))
    }

    /// So many bytes, or as many as there are.
    pub(crate) fn take(&mut self, len: usize) -> &'a [u8] {
        let (taken, rest) = self.0.split_at(len.min(self.0.len()));
        self.0 = rest;
        taken
    }
}

thread_local! {
    /// Made once for a thread: making memory takes longer than a case.
    static MEMORY: Arc<Segment> = Arc::new(Segment::create(Backing::Memfd, LEN).expect("memory to fuzz in"));
}

/// The memory, all zero.
fn memory() -> Arc<Segment> {
    let memory = MEMORY.with(Arc::clone);
    (0..LEN).step_by(8).for_each(|offset| set(&memory, offset, 0));
    memory
}

/// What the other end does to a word. One thread plays both ends, so nothing is to be ordered.
fn set(memory: &Arc<Segment>, offset: usize, value: u64) {
    memory.u64_at(offset).store(value, Ordering::Relaxed);
}

/// A word somewhere in the ring's bytes.
fn set_any(memory: &Arc<Segment>, script: &mut Script<'_>) {
    let offset = DATA + script.byte() as usize % (CAPACITY / 8) * 8;
    set(memory, offset, script.word());
}

/// A hostile producer: every frame lies within what it published and within the block, or the ring is corrupt. Whether there was one.
///
/// # Panics
/// If that does not hold.
pub fn consumer(bytes: &[u8]) -> bool {
    const TAIL: usize = 0;
    const HEAD: usize = LINE;
    let memory = memory();
    let block = Block::new(&memory, DATA, CAPACITY);
    let mut consumer = Consumer::new(Word::u64(&memory, TAIL), Word::u64(&memory, HEAD), block);
    let (mut script, mut read, mut published) = (Script(bytes), false, 0u64);
    while let Some(step) = script.step() {
        match step % 6 {
            0 => set(&memory, TAIL, script.word()),
            1 => {
                published = published.wrapping_add(16 * u64::from(script.byte() % 40));
                set(&memory, TAIL, published);
            }
            2 => set_any(&memory, &mut script),
            3 => {
                let kind = u64::from(script.byte() % 8 == 0) << 32; // a pad, now and then
                let at = consumer.position() as usize % CAPACITY;
                set(&memory, DATA + at, kind | u64::from(script.byte()));
            }
            _ => {
                let before = consumer.position();
                let Ok(found) = consumer.peek() else { return read };
                let Some(ready) = found else { continue };
                let at = consumer.position();
                assert!(at >= before && at.is_multiple_of(HEADER as u64));
                assert!(ready.len <= max_frame(CAPACITY));
                // What was looked at is not looked at again.
                set(&memory, DATA + at as usize % CAPACITY, u64::from(u32::MAX));
                let Ready { len, .. } = ready;
                assert_eq!(consumer.pop(ready, <[u8]>::to_vec).len(), len);
                assert!(consumer.position() - at <= (HEADER + len).next_multiple_of(HEADER) as u64);
                if step > 127 && consumer.release() {
                    let head = memory.u64_at(HEAD).load(Ordering::Relaxed); // one thread
                    assert_eq!(head, consumer.position());
                }
                read = true;
            }
        }
    }
    read
}

/// Hostile consumers: the producer never has more under way than the block holds, or the ring is corrupt. Whether something was written.
///
/// # Panics
/// If that does not hold.
pub fn producer(bytes: &[u8]) -> bool {
    const TAIL: usize = 0;
    const HEADS: [usize; 2] = [LINE, 2 * LINE];
    let memory = memory();
    let mut script = Script(bytes);
    let nt_from = [usize::MAX, 0, 200][script.byte() as usize % 3];
    let heads = HEADS.iter().enumerate().map(|(name, &at)| (name, Word::u64(&memory, at))).collect();
    let block = Block::new(&memory, DATA, CAPACITY);
    let mut producer = Producer::new(Word::u64(&memory, TAIL), heads, block, nt_from);
    let mut written = false;
    while let Some(step) = script.step() {
        let head = HEADS[step as usize / 6 % 2];
        let tail = memory.u64_at(TAIL).load(Ordering::Relaxed); // one thread
        match step % 6 {
            0 => set(&memory, head, script.word()),
            1 => HEADS.iter().for_each(|&head| set(&memory, head, tail)),
            2 => set(&memory, head, tail.wrapping_sub(u64::from(script.byte()) * 16)),
            3 if step > 240 => producer.forget(usize::from(step / 6 % 2)),
            _ => {
                let len = usize::from(script.short()) % (max_frame(CAPACITY) + 1);
                let Ok(room) = producer.has_room(len) else { return written };
                if room {
                    producer.push(1, len, step > 127, |frame| {
                        assert_eq!(frame.len(), len);
                        frame.fill(step);
                    });
                    written = true;
                } else {
                    assert!(!producer.holds(), "what waits for room has been published");
                }
                if step % 2 == 0 {
                    producer.publish();
                }
                let published = memory.u64_at(TAIL).load(Ordering::Relaxed); // one thread
                assert!(published >= tail && published <= producer.position());
                assert!(producer.position() - published <= CAPACITY as u64);
            }
        }
    }
    written
}

/// A hostile other end of a call: what is read is no longer than a frame may be, or the place is corrupt. Whether anything was read.
///
/// # Panics
/// If that does not hold.
pub fn call(bytes: &[u8]) -> bool {
    const BULK: usize = 128;
    let memory = memory();
    let mut script = Script(bytes);
    let start = script.byte();
    let max = [200, 64, 40, 1000][start as usize / 2 % 4];
    let mut caller = Caller::new(&memory, 0, BULK, max);
    let mut answerer = Answerer::new(&memory, 0, BULK, max);
    let (asks, mut turn, mut waits, mut read) = (start % 2 == 0, 0u64, false, false);
    while let Some(step) = script.step() {
        match step % 4 {
            0 => set(&memory, 0, script.word()),
            // The other end's next turn, with some length.
            1 => set(&memory, 0, ((turn + 1) << 32) | (u64::from(script.short()) % (max as u64 + 8))),
            2 if step > 200 => set(&memory, 0, (turn + 1) << 32 | u64::from(u32::MAX)),
            _ if asks && !waits => {
                caller.ask(usize::from(script.short()) % (max + 1), |bytes| bytes.fill(step));
                (turn, waits) = (turn + 1, true);
            }
            _ if asks => {
                let Ok(found) = caller.poll() else { return read };
                let Some(reply) = found else { continue };
                let len = caller.take(reply, <[u8]>::to_vec).map(|bytes| bytes.len());
                assert!(len.is_none_or(|len| len <= max));
                assert!(len.map_or(Reply::Elsewhere, Reply::Here) == reply);
                (turn, waits, read) = (turn + 1, false, true);
            }
            _ => {
                let Ok(found) = answerer.poll() else { return read };
                let Some(len) = found else { continue };
                assert!(len <= max && answerer.read(len, <[u8]>::to_vec).len() == len);
                if step > 127 {
                    answerer.decline();
                } else {
                    answerer.reply(usize::from(script.short()) % (max + 1), |bytes| bytes.fill(step));
                }
                (turn, read) = (turn + 2, true);
            }
        }
    }
    read
}

/// A hostile word of ready bits: only links that there are get looked at, each at most twice in one go. Whether one had something.
///
/// # Panics
/// If that does not hold.
pub fn ready(bytes: &[u8]) -> bool {
    let memory = memory();
    let mut script = Script(bytes);
    let count = usize::from(script.byte() % 64) + 1;
    let bits = ReadyBits::new(Word::u64(&memory, 0));
    let mut links = ReadyLinks::new(bits.clone(), count);
    let mut any = false;
    while let Some(step) = script.step() {
        match step % 3 {
            0 => set(&memory, 0, script.word()),
            1 => bits.set(usize::from(script.byte()) % 64),
            _ => {
                let (mut looks, full) = ([0; 64], script.word());
                let doubt = step > 127;
                let found = links.find(doubt, |link| {
                    assert!(link < count);
                    looks[link] += 1;
                    assert!(looks[link] <= 2, "{link} again and again");
                    (full >> link & 1 == 1).then_some(link)
                });
                assert!(found.is_none_or(|link| link < count));
                assert!(
                    !doubt || found.is_some() == (full & (u64::MAX >> (64 - count)) != 0),
                    "not all were looked at"
                );
                any |= found.is_some();
            }
        }
    }
    any
}

/// A hostile list of blocks: a block that is taken or named lies in the pool and holds no more than it can, and nobody waits for one.
/// Whether one was read.
///
/// # Panics
/// If that does not hold.
pub fn blocks(bytes: &[u8]) -> bool {
    const SIZE: usize = 64;
    const COUNT: u32 = 8;
    let memory = memory();
    let pool = Pool::new(&memory, DATA, SIZE, COUNT);
    pool.free_all();
    let (mut script, mut copy, mut read) = (Script(bytes), Vec::new(), false);
    let mut named = 1;
    while let Some(step) = script.step() {
        match step % 6 {
            0 => set(&memory, DATA + SIZE * usize::from(script.byte() % COUNT as u8), script.word()),
            1 => set_any(&memory, &mut script),
            2 => named = script.word() as u32,
            3 => named = u32::from(script.byte()) % (COUNT + 1),
            4 => {
                let Some(block) = pool.reserve() else { continue };
                let len = usize::from(script.byte()) % (SIZE - WORD + 1);
                named = block.fill(len, |bytes| bytes.fill(step));
                assert!(named > 0 && named < COUNT);
            }
            _ => {
                let Ok(block) = pool.adopt(named) else { continue };
                let len = block.len();
                assert!(len <= SIZE - WORD);
                if step > 127 {
                    block.copy_to(&mut copy);
                    assert!(copy.len() == len && copy.capacity() < 2 * SIZE);
                } else {
                    block.read(|bytes| assert_eq!(bytes.len(), len));
                }
                read = true;
            }
        }
    }
    read
}
