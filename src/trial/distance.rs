//! How far two CPUs are apart at the moment: hypervisors move them.

use serde::{Deserialize, Serialize};

/// How far the CPUs of the ends are apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Place {
    /// They share a CPU, or nobody knows.
    One,
    /// A cache line goes there and back in under 150 ns.
    Near,
    /// It takes longer.
    Far,
    /// The host moved a CPU meanwhile.
    Mixed,
}

/// Round trip of a cache line between the CPUs of the ends, around what was measured.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Distance {
    /// Before it, in nanoseconds.
    pub before_ns: f64,
    /// After it.
    pub after_ns: f64,
    /// Whether they differ by more than 30 %: the host moved a CPU meanwhile.
    pub mixed: bool,
}

impl Distance {
    /// Of two readings, in nanoseconds.
    pub fn new(before_ns: f64, after_ns: f64) -> Distance {
        let mixed = before_ns.max(after_ns) > 1.3 * before_ns.min(after_ns);
        Distance { before_ns, after_ns, mixed }
    }

    /// Near or far by the mean of both readings, if they agree.
    pub fn place(&self) -> Place {
        if self.mixed {
            return Place::Mixed;
        }
        if (self.before_ns + self.after_ns) / 2.0 < 150.0 { Place::Near } else { Place::Far }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_distance_is_near_far_and_perhaps_mixed() {
        assert_eq!(Distance::new(61.0, 60.0).place(), Place::Near);
        assert_eq!(Distance::new(330.0, 340.0).place(), Place::Far);
        assert!(!Distance::new(330.0, 340.0).mixed);
        assert_eq!(Distance::new(60.0, 330.0).place(), Place::Mixed);
    }
}
