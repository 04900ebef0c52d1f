//! A look at the host between phases: how far the CPUs are apart now, what bounds the case now, how fast a CPU is now.

use super::bound::{Bound, Floor};
use super::control::Setup;
use super::floor::cache;
use crate::sys::clock::Clock;
use crate::transport::WaitKind;
use serde::{Deserialize, Serialize};
use std::hint::black_box;

/// One look.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Probe {
    /// Round trip of a cache line between the CPUs of the ends, in nanoseconds; `None` if they share one.
    pub distance_ns: Option<f64>,
    /// What bounds this case at this moment.
    pub floor: Option<Floor>,
    /// Time of a fixed loop on main's CPU, in nanoseconds.
    pub sentinel_ns: u64,
}

/// Length of the probe of the distance.
const DISTANCE_NS: u64 = 1_500_000;

/// Takes a look from main's place; renderers sleep meanwhile.
pub(super) fn take(setup: &Setup) -> Probe {
    let sentinel_ns = sentinel();
    let pair = setup.pins.pair();
    let ends = match pair {
        Some([main, other]) => [vec![main], vec![other]],
        None => [setup.pins.main.clone(), setup.pins.main.clone()],
    };
    let distance_ns = pair.and_then(|_| cache::distance(&ends, DISTANCE_NS).ok());
    // Who may not spin at all sleeps.
    let wait = match setup.wait {
        WaitKind::Hybrid if setup.spin.is_zero() => WaitKind::Block,
        wait => wait,
    };
    let floor = Bound::of(&setup.load, wait, pair.is_some()).and_then(|bound| bound.measure(&ends).ok());
    // The floors pin this thread; where main is free it must be so again.
    let _ = crate::sys::cpu::restrict(&setup.pins.main);
    Probe { distance_ns, floor, sentinel_ns }
}

/// A fixed loop of about 5 ms that touches no memory: if it takes longer than usual, the CPU is slower than usual.
fn sentinel() -> u64 {
    let clock = Clock::system();
    let begin = clock.now();
    let mut word = black_box(1u64);
    for _ in 0..3_000_000 {
        word = word.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
    }
    black_box(word);
    clock.now() - begin
}
