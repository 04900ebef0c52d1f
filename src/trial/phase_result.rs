//! What a phase brought.

use super::siege::Siege;
use crate::sys::cpu::Usage;
use crate::workload::ledger::Checks;
use hdrhistogram::Histogram;

/// What one phase brought.
#[derive(Debug)]
pub struct PhaseResult {
    /// From the first timed message's begin to the last one's end.
    pub elapsed_ns: u64,
    /// Latencies of the sampled messages.
    pub latency: Histogram<u64>,
    /// How much later than its moment each of them was sent, in an open loop.
    pub lag: Option<Histogram<u64>>,
    /// What the checks found; clean (but for loss, where the transport may lose messages), or the phase would have failed.
    pub checks: Checks,
    /// Consumption of main.
    pub main: Usage,
    /// Consumption of all renderers.
    pub renderers: Usage,
    /// What a hostile renderer did, where there was one.
    pub siege: Option<Siege>,
}
