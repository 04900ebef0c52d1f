//! A look at the host between phases: how far the CPUs are apart now, what bounds the case now, how fast a CPU is now.

use super::control::Setup;
use super::floor::{futex_round_trip, line_round_trip, memory_copy};
use crate::sys::clock::Clock;
use crate::transport::WaitKind;
use crate::workload::{LatencyKind, Load};
use serde::{Deserialize, Serialize};
use std::hint::black_box;

/// What bounds a case from below, by name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Floor {
    /// What was measured.
    pub name: String,
    /// How long it takes, in nanoseconds.
    pub ns: f64,
}

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

/// Length of the probe of the cache line.
const DISTANCE_NS: u64 = 1_500_000;
/// Wake-ups in the probe of the futex: at most about 5 ms where they are slow.
const WAKE_UPS: u32 = 100;

/// Takes a look from main's place; renderers sleep meanwhile.
pub(super) fn take(setup: &Setup) -> Probe {
    let sentinel_ns = sentinel();
    let pair = setup.pins.pair();
    let ends = match pair {
        Some([main, other]) => [vec![main], vec![other]],
        None => [setup.pins.main.clone(), setup.pins.main.clone()],
    };
    let distance_ns =
        pair.and_then(|_| line_round_trip(&ends, DISTANCE_NS).ok()).map(|readings| readings.median());
    // Whoever never sleeps is bounded by the cache line alone, and so is a sender that may run ahead: its receiver need
    // not sleep, however it waits.
    let sleeps = setup.load.in_flight == 1 && (setup.wait == WaitKind::Block || distance_ns.is_none());
    let round_trip = if sleeps {
        let readings = futex_round_trip(&ends, WAKE_UPS).ok();
        readings.map(|readings| Floor { name: "futex round trip".into(), ns: readings.median() })
    } else {
        distance_ns.map(|ns| Floor { name: "cache-line round trip".into(), ns })
    };
    // Both probes pin this thread; where main is free it must be so again.
    let _ = crate::sys::cpu::restrict(&setup.pins.main);
    let floor = round_trip.map(|floor| bound(floor, &setup.load));
    Probe { distance_ns, floor, sentinel_ns }
}

/// The bound of a workload: a round trip or half of one, or the copy of its payload if that takes longer.
fn bound(round_trip: Floor, load: &Load) -> Floor {
    let (signal, copies) = match load.workload.latency() {
        LatencyKind::RoundTrip => (round_trip, 2),
        LatencyKind::OneWay | LatencyKind::LastDelivery => {
            (Floor { name: format!("half a {}", round_trip.name), ns: round_trip.ns / 2.0 }, 1)
        }
    };
    if load.payload < 4096 {
        return signal; // its copy takes no longer than a few nanoseconds
    }
    let copy = memory_copy(load.payload).median() * f64::from(copies);
    if copy > signal.ns {
        let times = if copies == 2 { "two copies" } else { "one copy" };
        Floor { name: format!("{times} of the payload"), ns: copy }
    } else {
        signal
    }
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
