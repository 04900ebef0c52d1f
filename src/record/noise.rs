//! How quiet the host was around a trial.

use crate::sys::cpu::tick_ns;
use crate::trial::{Distance, Measured};
use serde::{Deserialize, Serialize};

/// How quiet the host was.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Noise {
    /// Whether any of the rest is beyond its limit.
    pub dirty: bool,
    /// Clock ticks that the hypervisor took away, over all CPUs.
    pub steal_ticks: u64,
    /// Time of a fixed loop around the trial, as a multiple of the run's median so far.
    pub sentinel_ratio: f64,
    /// How much of the time ends that never sleep had their CPUs, the poorer of the two: less than 1 where somebody else ran
    /// there. `None` if they do sleep.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu_share: Option<f64>,
    /// The trial's length by the clock that times it, as a multiple of its length by the kernel's: 1, unless one of them jumped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clock_ratio: Option<f64>,
    /// `None` if the ends share a CPU.
    #[serde(default)]
    pub distance: Option<Distance>,
}

/// By how much a trial's length may differ by two clocks: the kernel's is set right at 0.05 % of its pace at most (`adjtimex(2)`).
const CLOCK_DRIFT: f64 = 0.002;

impl Noise {
    /// Of a trial, in a run whose sentinel usually takes so long.
    pub(super) fn of(measured: &Measured, usual_sentinel_ns: Option<f64>, cpu_share: Option<f64>) -> Noise {
        let [before, after] = &measured.probes;
        let distance = before.distance_ns.zip(after.distance_ns).map(|(a, b)| Distance::new(a, b));
        let sentinel_ns = (before.sentinel_ns + after.sentinel_ns) as f64 / 2.0;
        let sentinel_ratio = sentinel_ns / usual_sentinel_ns.unwrap_or(sentinel_ns);
        let steal = (measured.steal_ticks * tick_ns()) as f64 / measured.wall_ns.max(1) as f64;
        let noise = Noise {
            dirty: false,
            steal_ticks: measured.steal_ticks,
            sentinel_ratio,
            cpu_share,
            clock_ratio: Some(measured.clock_ratio),
            distance,
        };
        Noise { dirty: noise.is_beyond(steal), ..noise }
    }

    /// Whether one of two clocks jumped during the trial.
    pub fn clock_jumped(&self) -> bool {
        self.clock_ratio.is_some_and(|ratio| (ratio - 1.0).abs() > CLOCK_DRIFT)
    }

    /// Whether anything is beyond its limit; `steal` is the part of the time that the hypervisor took away.
    fn is_beyond(&self, steal: f64) -> bool {
        (self.sentinel_ratio - 1.0).abs() > 0.05
            || steal > 0.01
            || self.clock_jumped()
            || self.cpu_share.is_some_and(|share| share < 0.9)
            || self.distance.is_some_and(|d| d.mixed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_of_them_alone_makes_a_trial_dirty() {
        let quiet = Noise {
            dirty: false,
            steal_ticks: 0,
            sentinel_ratio: 1.02,
            cpu_share: Some(0.99),
            clock_ratio: Some(1.0004),
            distance: Some(Distance::new(60.0, 62.0)),
        };
        assert!(!quiet.is_beyond(0.005));
        assert!(quiet.is_beyond(0.02));
        for noisy in [
            Noise { sentinel_ratio: 0.9, ..quiet },
            Noise { cpu_share: Some(0.8), ..quiet },
            Noise { clock_ratio: Some(1.01), ..quiet },
            Noise { clock_ratio: Some(-3.0), ..quiet },
            Noise { distance: Some(Distance::new(60.0, 330.0)), ..quiet },
        ] {
            assert!(noisy.is_beyond(0.0), "{noisy:?}");
        }
    }
}
