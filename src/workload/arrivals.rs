//! When messages begin.
//!
//! In a closed loop each begins once there is room for it: what it would have waited for, had it come earlier, is not in its
//! latency. In bursts many begin at one moment, and the latency of each counts from there: the last one's is that of the queue. In an
//! open loop each has its moment beforehand, and its latency counts from that moment, however late it is sent: what one slow
//! message does to those behind it is in theirs (Tene, *How NOT to Measure Latency*: coordinated omission).

use super::tally::{Encoded, new_histogram};
use crate::sys::clock::Clock;
use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// Most messages of a burst.
const LONGEST: u64 = 10_000;
/// Most messages that are begun in a second: one is not shorter than a few readings of the clock.
const FASTEST: u64 = 10_000_000;
/// Messages that may be under way on a link to which they come whether or not it keeps up.
const MOST_UNDER_WAY: u64 = 1 << 16;

/// When messages begin.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum Arrivals {
    /// As soon as `in_flight` allows.
    #[default]
    Closed,
    /// So many at once on each link; the next as many when all of them are done.
    Burst(u64),
    /// At moments that are fixed beforehand, whether or not the link keeps up.
    Open {
        /// On each link, in a second.
        rate: u64,
        /// Whether the gaps are as if each came by chance (exponential), and not all the same.
        poisson: bool,
    },
}

/// What is none of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "neither `closed`, nor `burst:N` with N from 2 to {LONGEST}, nor `open:RATE`, as in open:10k/s or open:10k/s:poisson"
)]
pub struct BadArrivals;

impl FromStr for Arrivals {
    type Err = BadArrivals;

    fn from_str(text: &str) -> Result<Arrivals, BadArrivals> {
        let burst =
            || text.strip_prefix("burst:")?.parse().ok().filter(|count| (2..=LONGEST).contains(count));
        let open = || {
            let rate = text.strip_prefix("open:")?;
            let (rate, poisson) = rate.strip_suffix(":poisson").map_or((rate, false), |rate| (rate, true));
            Some(Arrivals::Open { rate: read_rate(rate)?, poisson })
        };
        match text {
            "closed" => Ok(Arrivals::Closed),
            _ => burst().map(Arrivals::Burst).or_else(open).ok_or(BadArrivals),
        }
    }
}

/// Reads messages in a second: `250`, `10k`, `1.5M/s`.
pub fn read_rate(text: &str) -> Option<u64> {
    let text = text.strip_suffix("/s").unwrap_or(text);
    let (number, unit) = match text.strip_suffix(['k', 'K']) {
        Some(number) => (number, 1e3),
        None => text.strip_suffix('M').map_or((text, 1.0), |number| (number, 1e6)),
    };
    let rate = (number.parse::<f64>().ok()? * unit).round();
    (1.0..=FASTEST as f64).contains(&rate).then_some(rate as u64)
}

impl fmt::Display for Arrivals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Arrivals::Closed => f.write_str("closed"),
            Arrivals::Burst(count) => write!(f, "burst:{count}"),
            Arrivals::Open { rate, poisson } => {
                write!(f, "open:{rate}/s{}", if *poisson { ":poisson" } else { "" })
            }
        }
    }
}

impl From<Arrivals> for String {
    fn from(arrivals: Arrivals) -> String {
        arrivals.to_string()
    }
}

impl TryFrom<String> for Arrivals {
    type Error = BadArrivals;

    fn try_from(text: String) -> Result<Arrivals, BadArrivals> {
        text.parse()
    }
}

impl Arrivals {
    /// Messages of a burst; 1 where there are none.
    pub fn burst(self) -> u64 {
        match self {
            Arrivals::Burst(count) => count,
            Arrivals::Closed | Arrivals::Open { .. } => 1,
        }
    }

    /// Messages that may be under way at once on each link, where a closed loop has `in_flight`.
    pub fn under_way(self, in_flight: u64) -> u64 {
        match self {
            Arrivals::Closed => in_flight,
            Arrivals::Burst(count) => count,
            Arrivals::Open { .. } => MOST_UNDER_WAY,
        }
    }

    /// Whether messages come whether or not the link keeps up.
    pub fn is_open(self) -> bool {
        matches!(self, Arrivals::Open { .. })
    }
}

/// The moments from which the latencies of one link's messages count.
#[derive(Clone, Debug)]
pub(super) struct Begin {
    clock: Clock,
    burst: u64,
    /// Messages of this burst that are still to begin.
    left: u64,
    begun_ns: u64,
    schedule: Option<Schedule>,
}

/// An open loop's moments.
#[derive(Clone, Debug)]
struct Schedule {
    gap_ns: f64,
    chance: Option<fastrand::Rng>,
    /// When the next message is to begin; it keeps the parts of a nanosecond, which add up.
    due_ns: f64,
    /// How much later than that sampled messages were sent.
    lag: Histogram<u64>,
}

impl Begin {
    /// The moments of a link; `seed` is that of chance.
    pub(super) fn new(arrivals: Arrivals, clock: Clock, seed: u64) -> Begin {
        let schedule = match arrivals {
            Arrivals::Open { rate, poisson } => Some(Schedule {
                gap_ns: 1e9 / rate as f64,
                chance: poisson.then(|| fastrand::Rng::with_seed(seed)),
                due_ns: 0.0,
                lag: new_histogram(),
            }),
            Arrivals::Closed | Arrivals::Burst(_) => None,
        };
        Begin { clock, burst: arrivals.burst(), left: 0, begun_ns: 0, schedule }
    }

    /// Whether the next message may be sent by now.
    #[inline]
    pub(super) fn is_due(&mut self) -> bool {
        let Some(schedule) = &mut self.schedule else { return true };
        let now = self.clock.now();
        if schedule.due_ns == 0.0 {
            schedule.due_ns = now as f64;
        }
        now as f64 >= schedule.due_ns
    }

    /// Waits for the next message's moment. It does not sleep, which would come too late by as much as a wake-up takes.
    #[inline]
    pub(super) fn wait(&mut self) {
        while !self.is_due() {
            std::hint::spin_loop();
        }
    }

    /// The moment of the next message, which is about to be sent; only a sampled one has to have it.
    #[inline]
    pub(super) fn next(&mut self, sampled: bool) -> Option<u64> {
        if let Some(schedule) = &mut self.schedule {
            let due = schedule.due_ns as u64;
            // The inverse of the exponential distribution; from 0 on, since `f64` leaves 1 out.
            let gap = schedule.chance.as_mut().map_or(1.0, |chance| -(1.0 - chance.f64()).ln());
            schedule.due_ns += gap * schedule.gap_ns;
            if sampled {
                schedule.lag.saturating_record(self.clock.now().saturating_sub(due).max(1));
            }
            return sampled.then_some(due);
        }
        if self.burst == 1 {
            return sampled.then(|| self.clock.now());
        }
        if self.left == 0 {
            self.left = self.burst;
            self.begun_ns = self.clock.now();
        }
        self.left -= 1;
        sampled.then_some(self.begun_ns)
    }

    /// How late messages were sent, in an open loop.
    pub(super) fn lag(self) -> Option<Encoded> {
        self.schedule.map(|schedule| Encoded(schedule.lag))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrivals_are_written_as_they_are_read() {
        for text in ["closed", "burst:2", "burst:10000", "open:250/s", "open:10000/s:poisson"] {
            assert_eq!(text.parse::<Arrivals>().unwrap().to_string(), text);
        }
        for text in [
            "",
            "burst",
            "burst:",
            "burst:0",
            "burst:1",
            "burst:10001",
            "burst:-3",
            "open",
            "open:0",
            "open:11M",
            "open:1/m",
        ] {
            assert_eq!(text.parse::<Arrivals>(), Err(BadArrivals), "{text}");
        }
    }

    #[test]
    fn all_of_a_burst_begin_at_one_moment() {
        assert_eq!(["10k", "1.5M/s", "7"].map(read_rate), [Some(10_000), Some(1_500_000), Some(7)]);
        let mut begin = Begin::new(Arrivals::Burst(3), Clock::monotonic(), 1);
        let moments: Vec<u64> = (0..7).map(|_| begin.next(true).unwrap()).collect();
        assert!(moments[0] == moments[1] && moments[1] == moments[2]);
        assert!(moments[3] > moments[2] && moments[3] == moments[5] && moments[6] > moments[5]);
        let mut begin = Begin::new(Arrivals::Closed, Clock::monotonic(), 1);
        assert!(begin.next(true) < begin.next(true) && begin.next(false).is_none());
    }

    #[test]
    fn an_open_loop_keeps_its_moments_however_late_it_is() {
        let open = |poisson| Arrivals::Open { rate: 1_000_000, poisson };
        let mut begin = Begin::new(open(false), Clock::monotonic(), 1);
        begin.wait();
        let first = begin.next(true).unwrap();
        let late: Vec<u64> = (0..5).map(|_| begin.next(true).unwrap() - first).collect();
        assert_eq!(late, [1000, 2000, 3000, 4000, 5000], "nobody has waited for them");
        assert_eq!(begin.lag().unwrap().0.len(), 6);
        let mut begin = Begin::new(open(true), Clock::monotonic(), 1);
        begin.wait();
        let first = begin.next(true).unwrap();
        let last = (0..10_000).filter_map(|_| begin.next(true)).last().unwrap();
        let mean = (last - first) as f64 / 10_000.0;
        assert!((950.0..1050.0).contains(&mean), "{mean}");
    }
}
