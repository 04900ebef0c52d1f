//! When messages begin.
//!
//! In a closed loop each begins once there is room for it: what it would have waited for, had it come earlier, is not in its
//! latency. In bursts many begin at one moment, and the latency of each counts from there: the last one's is that of the queue.

use crate::sys::clock::Clock;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// Most messages of a burst.
const LONGEST: u64 = 10_000;

/// When messages begin.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum Arrivals {
    /// As soon as `in_flight` allows.
    #[default]
    Closed,
    /// So many at once on each link; the next as many when all of them are done.
    Burst(u64),
}

/// What is none of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("neither `closed` nor `burst:N` with N from 2 to {LONGEST}")]
pub struct BadArrivals;

impl FromStr for Arrivals {
    type Err = BadArrivals;

    fn from_str(text: &str) -> Result<Arrivals, BadArrivals> {
        let burst =
            || text.strip_prefix("burst:")?.parse().ok().filter(|count| (2..=LONGEST).contains(count));
        match text {
            "closed" => Ok(Arrivals::Closed),
            _ => burst().map(Arrivals::Burst).ok_or(BadArrivals),
        }
    }
}

impl fmt::Display for Arrivals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Arrivals::Closed => f.write_str("closed"),
            Arrivals::Burst(count) => write!(f, "burst:{count}"),
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
    /// Messages of a burst; 1 in a closed loop.
    pub fn burst(self) -> u64 {
        match self {
            Arrivals::Closed => 1,
            Arrivals::Burst(count) => count,
        }
    }
}

/// The moments from which the latencies of one link's messages count.
#[derive(Clone, Copy, Debug)]
pub(super) struct Begin {
    clock: Clock,
    burst: u64,
    /// Messages of this burst that are still to begin.
    left: u64,
    begun_ns: u64,
}

impl Begin {
    pub(super) fn new(arrivals: Arrivals, clock: Clock) -> Begin {
        Begin { clock, burst: arrivals.burst(), left: 0, begun_ns: 0 }
    }

    /// The moment of the next message, which is about to be sent; only a sampled one has to have it.
    #[inline]
    pub(super) fn next(&mut self, sampled: bool) -> Option<u64> {
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
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrivals_are_written_as_they_are_read() {
        for text in ["closed", "burst:2", "burst:10000"] {
            assert_eq!(text.parse::<Arrivals>().unwrap().to_string(), text);
        }
        for text in ["", "burst", "burst:", "burst:0", "burst:1", "burst:10001", "burst:-3", "open"] {
            assert_eq!(text.parse::<Arrivals>(), Err(BadArrivals), "{text}");
        }
    }

    #[test]
    fn all_of_a_burst_begin_at_one_moment() {
        let mut begin = Begin::new(Arrivals::Burst(3), Clock::monotonic());
        let moments: Vec<u64> = (0..7).map(|_| begin.next(true).unwrap()).collect();
        assert!(moments[0] == moments[1] && moments[1] == moments[2]);
        assert!(moments[3] > moments[2] && moments[3] == moments[5] && moments[6] > moments[5]);
        let mut begin = Begin::new(Arrivals::Closed, Clock::monotonic());
        assert!(begin.next(true) < begin.next(true) && begin.next(false).is_none());
    }
}
