//! Trouble on purpose.

use super::siege::Tactic;
use crate::workload::Fault;
use std::time::Duration;

/// What is made to go wrong in a trial, for proofs that it is found.
#[derive(Clone, Copy, Debug, Default)]
pub struct Trouble {
    /// What main waits before each reply to an `invoke`.
    pub handicap: Duration,
    /// What a renderer, or main where it sends by itself, does to one of its frames; only where a layer of the model lies around the link.
    pub fault: Option<Fault>,
    /// What the last renderer does to the others, instead of its part of the workload.
    pub hostile: Option<Tactic>,
    /// Whether renderers live on when main is killed, as far as the kernel goes: their links must tell them.
    pub outlive: bool,
    /// How often in a second signals interrupt the calls of main and of each renderer that is a process; 0 for never.
    pub storm_hz: u32,
}
