//! The hostile renderer.

use super::Havoc;
use crate::sys::process::readable;
use crate::sys::sabotage::{SharedMemory, descriptors_since, send_with};
use crate::sys::signal::Interrupt;
use crate::transport::{Rx, Tx};
use crate::workload::stamp::Direction;
use crate::workload::{Load, Phase};
use rustix::fs::{FallocateFlags, Mode, OFlags};
use rustix::net::{SendFlags, Shutdown};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::io::{self, stderr};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// What it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Tactic {
    /// Changes the words at the fronts of its shared memory: indices, flags, bells, bits.
    Words,
    /// Changes anything in its shared memory: headers of frames, lengths, padding, payloads.
    Bytes,
    /// Turns one word to and fro as fast as it can, then another.
    Race,
    /// Copies stretches of its shared memory, and a little later puts them back as they were; sends another window's messages twice.
    Replay,
    /// Sends large and small frames as fast as it can, and reads none.
    Flood,
    /// Sends what another window would send.
    Forge,
    /// Writes into its sockets and event counters, empties and fills them, shuts them.
    Descriptors,
    /// Shrinks, grows and empties the memory of its descriptors.
    Resize,
}

impl Tactic {
    /// All of them.
    pub const ALL: [Tactic; 8] = [
        Tactic::Words,
        Tactic::Bytes,
        Tactic::Race,
        Tactic::Replay,
        Tactic::Flood,
        Tactic::Forge,
        Tactic::Descriptors,
        Tactic::Resize,
    ];

    /// Whether it writes into shared memory.
    pub fn changes_memory(self) -> bool {
        matches!(self, Tactic::Words | Tactic::Bytes | Tactic::Race | Tactic::Replay)
    }

    /// Whether there is something to attack: memory that is shared, or memory whose descriptor a renderer is given. Memory that has a
    /// name can be resized by whoever opens it: that it cannot is not promised (SECURITY.md).
    pub fn is_for(self, transport: &str) -> bool {
        let by_descriptor = ["shm-memfd", "eventfd", "mojo-like"].contains(&transport);
        match self {
            Tactic::Resize => by_descriptor,
            _ if self.changes_memory() => by_descriptor || ["shm", "mmap-file"].contains(&transport),
            _ => true,
        }
    }

    /// Whether this is what came of it. One that was ended had let main wait.
    pub fn has_been_tried(self, havoc: Option<Havoc>) -> bool {
        havoc.is_none_or(|havoc| match self {
            Tactic::Flood | Tactic::Forge => havoc.frames > 0,
            _ => havoc.changes > 0,
        })
    }
}

/// Changes between two breaths: the others shall have some of the CPUs.
const BURST: usize = 64;
const BREATH: Duration = Duration::from_micros(100);

/// Counts what is done while it is done.
#[derive(Debug, Default)]
struct Counts {
    changes: AtomicU64,
    frames: AtomicU64,
    resized: AtomicU64,
}

/// Adds one; nothing is ordered by these counts.
fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

/// A renderer that has turned hostile. Its threads end with its process.
#[derive(Debug)]
pub(in crate::trial) struct Attacker {
    counts: Arc<Counts>,
}

impl Attacker {
    /// Begins. `kept` are the descriptors that came with its address.
    pub(in crate::trial) fn begin<X: Tx + 'static>(
        (tactic, transport): (Tactic, &str),
        load: Load,
        phase: Phase,
        kept: Vec<(String, OwnedFd)>,
        (tx, rx): (X, X::Rx),
    ) -> io::Result<Attacker>
    where
        X::Rx: 'static,
    {
        let counts = Arc::<Counts>::default();
        let memory = SharedMemory::since(&BTreeSet::new())?;
        let seed = load.key ^ phase.number;
        let doing = Arc::clone(&counts);
        // Where the kernel does not refuse it, main has to be prepared: SECURITY.md says what others do.
        let passes_itself = transport == "mojo-like";
        thread("hostile-memory", move || match tactic {
            Tactic::Words | Tactic::Bytes | Tactic::Race => havoc(tactic, &memory, seed, &doing),
            Tactic::Replay => replay(&memory, seed, &doing),
            Tactic::Descriptors | Tactic::Resize => meddle(tactic, &kept, passes_itself, seed, &doing),
            Tactic::Flood | Tactic::Forge => Ok(()),
        })?;
        let sent = Arc::clone(&counts);
        thread("hostile-traffic", move || traffic(tactic, &load, &phase, tx, rx, &sent))?;
        Ok(Attacker { counts })
    }

    /// What it has done so far.
    pub(in crate::trial) fn havoc(&self) -> Havoc {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed); // counts alone
        let Counts { changes, frames, resized } = &*self.counts;
        Havoc { changes: read(changes), frames: read(frames), resized: read(resized) }
    }
}

/// A copy of each descriptor that has come since.
pub(in crate::trial) fn kept_since(known: &BTreeSet<i32>) -> io::Result<Vec<(String, OwnedFd)>> {
    descriptors_since(known)
}

fn thread(name: &str, work: impl FnOnce() -> io::Result<()> + Send + 'static) -> io::Result<()> {
    std::thread::Builder::new().name(name.to_owned()).spawn(work).map(drop)
}

/// One word after the other gets a value that somebody might have thought of, or any.
fn havoc(tactic: Tactic, memory: &SharedMemory, seed: u64, counts: &Counts) -> io::Result<()> {
    let (mut rng, never) = (fastrand::Rng::with_seed(seed), Interrupt::never()?);
    loop {
        for _ in 0..BURST {
            let Some(word) = any_word(memory, tactic != Tactic::Bytes, &mut rng) else { return Ok(()) };
            let before = word.load(Ordering::Relaxed); // whatever is there
            let times = if tactic == Tactic::Race { 1000 } else { 1 };
            let value = any_value(before, &mut rng);
            for turn in 0..times {
                word.store(if turn & 1 == 0 { value } else { before }, Ordering::Relaxed); // in no order with anything
                count(&counts.changes);
            }
        }
        readable(never.as_fd(), BREATH);
    }
}

/// One stretch after the other is as it was a moment ago: frames that have been read, positions that have passed.
fn replay(memory: &SharedMemory, seed: u64, counts: &Counts) -> io::Result<()> {
    let (mut rng, never, words) = (fastrand::Rng::with_seed(seed), Interrupt::never()?, memory.words());
    loop {
        let Some(mapping) = rng.choice(0..words.len()) else { return Ok(()) };
        let len = (1 << rng.u8(..11)).min(words[mapping]);
        // Every second time where the control words are.
        let start = if rng.bool() { 0 } else { rng.usize(..=words[mapping] - len) };
        let stretch = || (start..start + len).map(|place| memory.word(mapping, place));
        let then: Vec<u64> = stretch().map(|word| word.load(Ordering::Relaxed)).collect(); // in no order with anything
        readable(never.as_fd(), Duration::from_micros(rng.u64(..500)));
        for (word, before) in stretch().zip(then) {
            word.store(before, Ordering::Relaxed); // as above
            count(&counts.changes);
        }
    }
}

/// A word of shared memory, rather one that is in use; at a mapping's front if `front` says so, where most control words are.
pub(super) fn any_word<'a>(
    memory: &'a SharedMemory,
    front: bool,
    rng: &mut fastrand::Rng,
) -> Option<&'a AtomicU64> {
    /// Control words begin a line.
    const LINE: usize = 64 / 8;
    const FRONT: usize = 4096 / 8;
    const FIRST_FRAMES: usize = (64 << 10) / 8;
    let words = memory.words();
    let mapping = rng.choice(0..words.len())?;
    let len = words[mapping];
    let mut place = 0;
    for _ in 0..8 {
        place = match rng.u8(..3) {
            _ if front => rng.usize(..len.min(FRONT)) / LINE * LINE,
            0 => rng.usize(..len.min(FIRST_FRAMES)),
            1 => len - 1 - rng.usize(..len.min(FRONT * 4)),
            _ => rng.usize(..len),
        };
        if memory.word(mapping, place).load(Ordering::Relaxed) != 0 {
            break; // whatever it is
        }
    }
    Some(memory.word(mapping, place))
}

/// A value that is near what was there, near a limit, or any.
pub(super) fn any_value(before: u64, rng: &mut fastrand::Rng) -> u64 {
    match rng.u8(..10) {
        0 => 0,
        1 => 1,
        2 => u64::MAX,
        3 => u64::from(u32::MAX) + rng.u64(..3),
        4 => 1 << rng.u8(..64),
        5 => before ^ 1 << rng.u8(..64),
        6 => before.wrapping_add(16 << rng.u8(..20)),
        7 => before.wrapping_sub(16 << rng.u8(..20)),
        8 => before.wrapping_add(rng.u64(..1 << 20)) & !0xF,
        _ => rng.u64(..),
    }
}

/// What can be done to descriptors, by what they are.
fn meddle(
    tactic: Tactic,
    kept: &[(String, OwnedFd)],
    passes_itself: bool,
    seed: u64,
    counts: &Counts,
) -> io::Result<()> {
    let (mut rng, never) = (fastrand::Rng::with_seed(seed), Interrupt::never()?);
    // Not at once: its link shall have been used.
    loop {
        readable(never.as_fd(), Duration::from_millis(rng.u64(1..5)));
        for (name, file) in kept {
            match tactic {
                Tactic::Resize if name.starts_with("/memfd:") => resize(file, counts),
                Tactic::Descriptors if name.contains("[eventfd]") => spoil_counter(file, &mut rng),
                Tactic::Descriptors if name.starts_with("pipe:") || name.contains("/ipcmark-") => {
                    if rng.bool() { take_back(file) } else { spoil_stream(file, passes_itself, &mut rng) }
                }
                Tactic::Descriptors if name.starts_with("socket:") => {
                    spoil_stream(file, passes_itself, &mut rng)
                }
                _ => continue,
            }
            count(&counts.changes);
        }
    }
}

fn resize(file: &OwnedFd, counts: &Counts) {
    for len in [0, 1, 1 << 40] {
        if rustix::fs::ftruncate(file, len).is_ok() {
            count(&counts.resized);
        }
    }
    // Not a change of size: the same as writing zeros.
    let _ = rustix::fs::fallocate(file, FallocateFlags::PUNCH_HOLE | FallocateFlags::KEEP_SIZE, 0, 1 << 16);
}

/// The flags belong to all who have the counter.
fn spoil_counter(file: &OwnedFd, rng: &mut fastrand::Rng) {
    let _ = rustix::io::ioctl_fionbio(file, true);
    let _ = match rng.u8(..3) {
        0 => rustix::io::read(file, &mut [0; 8]),
        1 => rustix::io::write(file, &(u64::MAX - 1).to_ne_bytes()),
        _ => rustix::io::write(file, &1u64.to_ne_bytes()),
    };
    let _ = rustix::io::ioctl_fionbio(file, rng.bool());
}

/// Reads what it has written itself, so that a reader that was told of it finds nothing.
fn take_back(file: &OwnedFd) {
    let path = format!("/proc/self/fd/{}", file.as_raw_fd());
    if let Ok(again) = rustix::fs::open(path, OFlags::RDONLY | OFlags::NONBLOCK, Mode::empty()) {
        let _ = rustix::io::read(&again, &mut [0; 4096]);
    }
}

fn spoil_stream(file: &OwnedFd, passes_itself: bool, rng: &mut fastrand::Rng) {
    let len = rng.usize(1..64);
    let mut bytes: Vec<u8> = std::iter::repeat_with(|| rng.u8(..)).take(len).collect();
    if rng.bool() {
        let huge = any_value(0, rng).to_le_bytes();
        bytes.splice(..0, huge);
    }
    if rng.u8(..20) == 0 {
        let _ = rustix::net::shutdown(file, if rng.bool() { Shutdown::Write } else { Shutdown::Both });
    } else if rng.u8(..4) == 0 {
        let stderr = stderr();
        let passed = if passes_itself && rng.bool() { file.as_fd() } else { stderr.as_fd() };
        let _ = send_with(file, &bytes, passed, rng.usize(1..8));
    } else if rustix::net::send(file, &bytes, SendFlags::DONTWAIT | SendFlags::NOSIGNAL).is_err() {
        let _ = rustix::io::ioctl_fionbio(file, true);
        let _ = rustix::io::write(file, &bytes);
    }
}

/// Uses its link until it ends.
fn traffic<X: Tx>(
    tactic: Tactic,
    load: &Load,
    phase: &Phase,
    mut tx: X,
    mut rx: X::Rx,
    counts: &Counts,
) -> io::Result<()> {
    let (mut rng, never) = (fastrand::Rng::with_seed(load.key), Interrupt::never()?);
    let victim = load.pattern(phase, 0, Direction::Up);
    let mut sequence = 0;
    loop {
        let sent = match tactic {
            Tactic::Forge => tx.send(load.payload, |bytes| victim.fill(bytes, sequence)),
            Tactic::Replay => tx.send(load.payload, |bytes| victim.fill(bytes, sequence / 2)),
            Tactic::Flood => tx.send(rng.usize(..=load.max_frame()), |bytes| bytes.fill(7)),
            _ if rng.u8(..4) == 0 => {
                let len = rng.usize(..=load.max_frame());
                tx.call(&mut rx, len, |bytes| bytes.fill(9), <[u8]>::len).map(drop)
            }
            _ => tx.send(rng.usize(..=load.max_frame().min(512)), |bytes| bytes.fill(8)),
        };
        sequence += 1;
        match sent {
            Ok(()) => count(&counts.frames),
            Err(_) => return Ok(()), // its link has ended; the other thread goes on
        }
        if tactic != Tactic::Flood {
            while matches!(rx.try_recv(<[u8]>::len), Ok(Some(_))) {}
            if sequence.is_multiple_of(BURST as u64) {
                readable(never.as_fd(), BREATH);
            }
        }
    }
}
