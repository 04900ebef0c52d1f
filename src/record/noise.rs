//! How quiet the host was around a trial.

use crate::trial::Distance;
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
    /// `None` if the ends share a CPU.
    #[serde(default)]
    pub distance: Option<Distance>,
}
