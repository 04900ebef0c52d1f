//! A hostile renderer among honest ones, for proofs that main and the others bear it.
//!
//! The honest renderers run an ordinary phase, with all its checks. The last one of the trial attacks meanwhile: it changes the
//! memory that it shares with main, its descriptors, its messages. Main serves the honest ones as ever and does with the
//! hostile one what an application would: reads its frames, answers them, sends it what it sends to all, loses its link when
//! the transport says so, and ends the process if it does not take what it is sent.

mod attack;
mod besieged;
mod rest;

pub use attack::Tactic;
pub use rest::{AtRest, at_rest};

pub(super) use attack::{Attacker, kept_since};
pub(super) use besieged::{Witness, besiege};

use serde::{Deserialize, Serialize};

/// What a hostile renderer says that it did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Havoc {
    /// Words of shared memory that it changed, or things that it did to descriptors.
    pub changes: u64,
    /// Frames that its link took.
    pub frames: u64,
    /// How often the kernel let it change the size of shared memory.
    pub resized: u64,
}

/// What a siege brought.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Siege {
    /// `None` if it was ended, because it did not take its answers.
    pub havoc: Option<Havoc>,
    /// Why its link ended, if it did.
    pub ended: Option<String>,
}
