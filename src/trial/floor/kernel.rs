//! What entering the kernel costs, and giving the CPU to another thread.

use super::{Ends, Readings, batches, timed_rounds, with_partner};
use std::hint::black_box;
use std::io;
use std::sync::atomic::{AtomicU32, Ordering};

/// The cheapest system call that is never answered without entering the kernel.
pub(super) fn system_call() -> Readings {
    batches(2_000_000, 500, || {
        black_box(rustix::process::getppid());
    })
}

/// One switch between two threads of one CPU that give it to each other (`sched_yield(2)`), with the call.
pub(super) fn context_switch(ends: &Ends) -> io::Result<Readings> {
    const ROUNDS: u32 = 400;
    let token = AtomicU32::new(0);
    let wait_for = |value: u32| {
        // SYNC: the Release store of the other thread
        while token.load(Ordering::Acquire) != value {
            std::thread::yield_now();
        }
    };
    let ping = || {
        timed_rounds(ROUNDS, |round| {
            token.store(2 * round + 1, Ordering::Release); // SYNC: wait_for in pong
            wait_for(2 * round + 2);
        })
    };
    let pong = || {
        for round in 0..ROUNDS + super::WARM_UP {
            wait_for(2 * round + 1);
            token.store(2 * round + 2, Ordering::Release); // SYNC: wait_for in ping
        }
    };
    // There and back are two switches.
    let Readings(rounds) = with_partner(ends, ping, pong)?;
    Ok(Readings(rounds.into_iter().map(|ns| ns / 2.0).collect()))
}
