//! How quiet the host was around a trial, and how far apart its CPUs were.

use serde::{Deserialize, Serialize};

/// How far the CPUs of the ends are apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Place {
    /// They share a CPU, or it is not known.
    One,
    /// A cache line goes there and back in under 150 ns.
    Near,
    /// It takes longer.
    Far,
}

/// Round trip of a cache line between the CPUs of the ends, around the trial.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Distance {
    /// Before, in nanoseconds.
    pub before_ns: f64,
    /// After.
    pub after_ns: f64,
    /// Whether they differ by more than 30 %: the host moved a CPU meanwhile.
    pub mixed: bool,
}

impl Distance {
    pub(super) fn new(before_ns: f64, after_ns: f64) -> Distance {
        let mixed = before_ns.max(after_ns) > 1.3 * before_ns.min(after_ns);
        Distance { before_ns, after_ns, mixed }
    }

    /// Near or far, by the mean of both readings.
    pub fn place(&self) -> Place {
        if (self.before_ns + self.after_ns) / 2.0 < 150.0 { Place::Near } else { Place::Far }
    }
}

/// How quiet the host was.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Noise {
    /// Whether any of the rest is beyond its limit.
    pub dirty: bool,
    /// Clock ticks that the hypervisor took away, over all CPUs.
    pub steal_ticks: u64,
    /// Time of a fixed loop around the trial, as a multiple of the run's median so far.
    pub sentinel_ratio: f64,
    /// `None` if the ends share a CPU.
    #[serde(default)]
    pub distance: Option<Distance>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_distance_is_near_far_and_perhaps_mixed() {
        assert_eq!(Distance::new(61.0, 60.0).place(), Place::Near);
        assert_eq!(Distance::new(330.0, 340.0).place(), Place::Far);
        assert!(!Distance::new(330.0, 340.0).mixed);
        assert!(Distance::new(60.0, 330.0).mixed);
    }
}
