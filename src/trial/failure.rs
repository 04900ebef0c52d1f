//! Why a trial has no result.

use crate::sys::advice::explained;
use crate::workload::ledger::Checks;
use std::fmt;
use std::io;

/// Why there is no result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The trial failed; the text says why.
    Failed(String),
    /// Messages were not as they must be.
    Wrong {
        /// What was found.
        checks: Checks,
        /// Distinct processes among main and renderers.
        processes: usize,
    },
    /// The user asked to stop.
    Interrupted,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Failed(reason) => f.write_str(reason),
            Failure::Wrong { checks, .. } => write!(
                f,
                "integrity: {} lost, {} duplicated, {} reordered, {} corrupt of {}",
                checks.lost, checks.duplicated, checks.reordered, checks.corrupt, checks.sent
            ),
            Failure::Interrupted => f.write_str("interrupted"),
        }
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Failure {
        Failure::Failed(explained(&error))
    }
}
