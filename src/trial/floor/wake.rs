//! Waking somebody who sleeps in the kernel, and being woken.

use super::{Ends, Readings, WARM_UP, timed_rounds, with_partner};
use crate::sys::futex;
use rustix::event::{EventfdFlags, eventfd};
use rustix::pipe::{PipeFlags, pipe_with};
use std::io;
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// By what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Wake {
    Futex,
    Eventfd,
    Pipe,
    Socket,
}

/// All of them.
pub(super) const ALL: [Wake; 4] = [Wake::Futex, Wake::Eventfd, Wake::Pipe, Wake::Socket];

impl Wake {
    pub(super) fn name(self) -> &'static str {
        match self {
            Wake::Futex => "futex",
            Wake::Eventfd => "eventfd",
            Wake::Pipe => "pipe",
            Wake::Socket => "Unix socket",
        }
    }

    /// Two threads wake each other `rounds` times.
    pub(in super::super) fn round_trip(self, ends: &Ends, rounds: u32) -> io::Result<Readings> {
        match self {
            Wake::Futex => futex_round_trip(ends, rounds),
            Wake::Eventfd => {
                let [there, back] = [eventfd(0, EventfdFlags::CLOEXEC)?, eventfd(0, EventfdFlags::CLOEXEC)?];
                descriptor_round_trip(ends, rounds, [&there, &there], [&back, &back])
            }
            Wake::Pipe => {
                let (there, back) = (pipe_with(PipeFlags::CLOEXEC)?, pipe_with(PipeFlags::CLOEXEC)?);
                descriptor_round_trip(ends, rounds, [&there.0, &there.1], [&back.0, &back.1])
            }
            Wake::Socket => {
                let (ours, theirs) = UnixStream::pair()?;
                descriptor_round_trip(ends, rounds, [&theirs, &ours], [&ours, &theirs])
            }
        }
    }
}

/// Round trips that the cost of a wake-up is taken from.
const WAKE_UPS: u32 = 100;

/// What waking somebody on another CPU takes until it runs: half of a futex round trip between the first two CPUs that we
/// may use. Measured once in a process, in some 5 ms; zero if there is one CPU.
pub(in super::super) fn wake_up() -> Duration {
    static COST: OnceLock<Duration> = OnceLock::new();
    let measure = || {
        let cpus = crate::sys::cpu::allowed().ok()?;
        let ends = [vec![*cpus.first()?], vec![*cpus.get(1)?]];
        // On a thread of its own, since measuring pins it.
        let round_trip = std::thread::spawn(move || futex_round_trip(&ends, WAKE_UPS)).join().ok()?.ok()?;
        Some(Duration::from_nanos(round_trip.median() as u64 / 2))
    };
    *COST.get_or_init(|| measure().unwrap_or_default())
}

fn futex_round_trip(ends: &Ends, rounds: u32) -> io::Result<Readings> {
    let word = AtomicU32::new(0);
    let set_and_wake = |value: u32| {
        word.store(value, Ordering::Release); // SYNC: the Acquire load in wait_for
        futex::wake(&word, 1);
    };
    let wait_for = |value: u32| loop {
        let now = word.load(Ordering::Acquire); // SYNC: the Release store in set_and_wake
        if now == value {
            return;
        }
        futex::wait(&word, now, None);
    };
    let ping = || {
        timed_rounds(rounds, |round| {
            set_and_wake(2 * round + 1);
            wait_for(2 * round + 2);
        })
    };
    let pong = || {
        for round in 0..rounds + WARM_UP {
            wait_for(2 * round + 1);
            set_and_wake(2 * round + 2);
        }
    };
    with_partner(ends, ping, pong)
}

/// Eight bytes, what an eventfd takes, there and back; of each way, the end to read from and the end to write to.
fn descriptor_round_trip<D: AsFd + Sync>(
    ends: &Ends,
    rounds: u32,
    there: [&D; 2],
    back: [&D; 2],
) -> io::Result<Readings> {
    // Descriptors of this process with room for eight bytes: neither call can fail.
    let write = |fd: &D| {
        let _ = rustix::io::write(fd, &1u64.to_ne_bytes());
    };
    let read = |fd: &D| {
        let _ = rustix::io::read(fd, &mut [0; 8]);
    };
    let ping = || {
        timed_rounds(rounds, |_| {
            write(there[1]);
            read(back[0]);
        })
    };
    let pong = || {
        for _ in 0..rounds + WARM_UP {
            read(there[0]);
            write(back[1]);
        }
    };
    with_partner(ends, ping, pong)
}
