//! Which floor bounds a case from below.

use super::floor::{Ends, bulk, cache, memory, wake::Wake};
use crate::electron::model::Topology;
use crate::plan::human_size;
use crate::transport::WaitKind;
use crate::workload::{LatencyKind, Load};
use serde::{Deserialize, Serialize};
use std::io;

/// What bounds a case from below, by name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Floor {
    /// What was measured.
    pub name: String,
    /// What of a trial it bounds.
    pub bounds: Bounds,
    /// How long it takes, in nanoseconds.
    pub ns: f64,
}

/// What of a trial a floor bounds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Bounds {
    /// The latency of a message.
    #[default]
    Latency,
    /// The time for each of many messages under way, whose latency is mostly queue.
    Message,
}

impl Bounds {
    /// Whether it is the latency.
    pub fn is_latency(&self) -> bool {
        *self == Bounds::Latency
    }
}

/// Time for one probe of a floor that nobody sleeps in.
const NS: u64 = 2_000_000;
/// Wake-ups in one probe: at most about 5 ms where they are slow.
const WAKE_UPS: u32 = 100;
/// Larger messages are better handed over by one word.
const MOST_LINES: usize = 2;

/// The floor of a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Bound {
    floor: What,
    kind: LatencyKind,
    payload: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum What {
    /// Neither end sleeps: a line, or lines, that go there and back.
    Lines,
    /// Messages are read while later ones are written.
    Stream,
    /// Both ends sleep between messages, on two CPUs.
    FarSleepers,
    /// The same on one.
    Sleepers,
}

impl Bound {
    /// The floor of a load whose ends wait as said, on two CPUs or on one; `None` where nothing that we measure bounds it.
    pub(super) fn of(load: &Load, wait: WaitKind, two_cpus: bool) -> Option<Bound> {
        let kind = load.workload.latency();
        let floor = match (load.under_way(), wait == WaitKind::Block, two_cpus) {
            _ if load.echo => return None, // there is no other end
            // Main stands between the ends: their CPUs are not the ones that the floors are measured on.
            _ if load.settings.topology == Topology::Brokered => return None,
            (1, true, true) => What::FarSleepers,
            (1, _, false) => What::Sleepers,
            (1, false, true) => What::Lines,
            // Several senders may be on several CPUs.
            (_, _, true) if load.active == 1 && kind == LatencyKind::OneWay => What::Stream,
            // Latency is mostly queue then, and the time for each message is not one that we know a floor of.
            _ => return None,
        };
        Some(Bound { floor, kind, payload: load.payload })
    }

    /// Measures it between two CPUs, or on one.
    pub(super) fn measure(self, ends: &Ends) -> io::Result<Floor> {
        let size = human_size(self.payload);
        let floor = |name: String, ns| Floor { name, bounds: Bounds::Latency, ns };
        Ok(match self.floor {
            What::Lines if cache::lines_for(self.payload) <= MOST_LINES => {
                let count = cache::lines_for(self.payload);
                let name = if count == 1 { "one" } else { "two" };
                self.share(floor(
                    format!("{name}-line message round trip (owned)"),
                    cache::owned_message_round_trip(ends, count, NS)?,
                ))
            }
            What::Lines => self.share(floor(
                format!("reply in place, {size}"),
                bulk::reply_in_place(ends, self.payload, NS)?.median(),
            )),
            What::Stream => Floor {
                name: format!("streaming, {size} a message"),
                bounds: Bounds::Message,
                ns: bulk::streaming(ends, self.payload, NS)?.median(),
            },
            What::FarSleepers => self.or_copies(self.share(floor(
                "futex round trip".to_owned(),
                Wake::Futex.round_trip(ends, WAKE_UPS)?.median(),
            ))),
            What::Sleepers => {
                let futex = Wake::Futex.round_trip(ends, WAKE_UPS)?.median();
                let eventfd = Wake::Eventfd.round_trip(ends, WAKE_UPS)?.median();
                self.or_copies(
                    self.share(floor("futex or eventfd round trip".to_owned(), futex.min(eventfd))),
                )
            }
        })
    }

    /// A message one way takes half of a round trip.
    fn share(self, round_trip: Floor) -> Floor {
        match self.kind {
            LatencyKind::RoundTrip => round_trip,
            LatencyKind::OneWay | LatencyKind::LastDelivery => {
                Floor { name: format!("half a {}", round_trip.name), ns: round_trip.ns / 2.0, ..round_trip }
            }
        }
    }

    /// The copies of the payload, if they take longer than the signal.
    fn or_copies(self, signal: Floor) -> Floor {
        if self.payload < 4096 {
            return signal; // its copy takes no longer than a few nanoseconds
        }
        let (name, copies) = match self.kind {
            LatencyKind::RoundTrip => ("two copies of the payload", 2.0),
            LatencyKind::OneWay | LatencyKind::LastDelivery => ("one copy of the payload", 1.0),
        };
        let ns = memory::copy(self.payload).median() * copies;
        if ns > signal.ns { Floor { name: name.to_owned(), ns, ..signal } } else { signal }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::clock::Clock;
    use crate::workload::Workload;

    fn load(workload: Workload, in_flight: u64) -> Load {
        Load { in_flight, ..Load::one(workload, 64, Clock::monotonic()) }
    }

    #[test]
    fn a_case_is_bounded_by_what_its_ends_do() {
        let of = |workload, in_flight, wait, two| {
            Bound::of(&load(workload, in_flight), wait, two).map(|bound| bound.floor)
        };
        use WaitKind::{Block, Hybrid, Spin};
        use Workload::{Broadcast, Invoke, Send};
        assert_eq!(of(Invoke, 1, Spin, true), Some(What::Lines));
        assert_eq!(of(Invoke, 1, Hybrid, true), Some(What::Lines));
        assert_eq!(of(Invoke, 1, Hybrid, false), Some(What::Sleepers));
        assert_eq!(of(Invoke, 1, Block, false), Some(What::Sleepers));
        assert_eq!(of(Send, 1, Block, true), Some(What::FarSleepers));
        assert_eq!(of(Send, 1, Spin, true), Some(What::Lines));
        assert_eq!(of(Send, 256, Block, true), Some(What::Stream));
        assert_eq!(of(Invoke, 256, Block, true), None);
        assert_eq!(of(Broadcast, 256, Block, true), None);
        assert_eq!(of(Send, 256, Block, false), None);
        let several = Load { active: 2, windows: 2, ..load(Send, 256) };
        assert_eq!(Bound::of(&several, Block, true), None);
        let echo = Load { echo: true, ..load(Invoke, 1) };
        assert_eq!(Bound::of(&echo, Block, true), None);
    }

    #[test]
    fn every_bound_has_a_name_and_is_measured() {
        let one = crate::sys::cpu::allowed().unwrap()[0];
        let floor = |workload, in_flight, wait, two, payload| {
            let load = Load { payload, ..load(workload, in_flight) };
            // On a thread of its own: measuring pins it.
            std::thread::spawn(move || {
                let cpus = crate::sys::cpu::allowed().unwrap();
                let other = if two { *cpus.last().unwrap() } else { one };
                Bound::of(&load, wait, two).unwrap().measure(&[vec![one], vec![other]]).unwrap()
            })
            .join()
            .unwrap()
        };
        let named = |floor: Floor, name: &str| {
            assert_eq!(floor.name, name);
            assert!(floor.ns > 0.0, "{floor:?}");
            floor.bounds
        };
        use Workload::{Invoke, Push, Send};
        let block = floor(Invoke, 1, WaitKind::Block, false, 64);
        assert_eq!(named(block, "futex or eventfd round trip"), Bounds::Latency);
        named(floor(Push, 1, WaitKind::Block, true, 64), "half a futex round trip");
        named(floor(Invoke, 1, WaitKind::Block, false, 4 << 20), "two copies of the payload");
        if crate::sys::cpu::allowed().unwrap().len() > 1 {
            named(floor(Invoke, 1, WaitKind::Spin, true, 56), "one-line message round trip (owned)");
            named(floor(Invoke, 1, WaitKind::Spin, true, 57), "two-line message round trip (owned)");
            named(floor(Invoke, 1, WaitKind::Spin, true, 113), "reply in place, 113B");
            named(floor(Send, 1, WaitKind::Spin, true, 4096), "half a reply in place, 4KiB");
            let stream = floor(Send, 8, WaitKind::Spin, true, 64);
            assert_eq!(named(stream, "streaming, 64B a message"), Bounds::Message);
        }
    }
}
