//! What differs is measured a second time, and stands only if it differs there too.

use crate::plan::Case;
use crate::stats::{Comparison, Difference};
use std::collections::BTreeSet;
use std::fmt;

/// Whether a difference is told.
pub(super) fn is_told(row: &Comparison) -> bool {
    matches!(row.verdict, Difference::Faster | Difference::Slower)
}

/// What came of what was measured a second time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Confirmed {
    /// Differences that were found again.
    pub(super) told: usize,
    /// Differences that were not, and are taken back.
    pub(super) left: usize,
    /// Differences at a distance that the host did not offer again: they stand as they were.
    pub(super) elsewhere: usize,
}

impl fmt::Display for Confirmed {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Confirmed { told, left, elsewhere } = self;
        write!(out, "{told} differences were found again, {left} were not")?;
        match elsewhere {
            0 => Ok(()),
            _ => write!(out, ", {elsewhere} could not be measured again: the host had moved the CPUs"),
        }
    }
}

/// Takes back what was measured `again` and not found so a second time.
pub(super) fn confirm(rows: &mut [Comparison], again: &[&Case], second: &[Comparison]) -> Confirmed {
    let again: BTreeSet<String> = again.iter().map(|case| case.id()).collect();
    let mut confirmed = Confirmed::default();
    for row in rows.iter_mut().filter(|row| is_told(row) && again.contains(&row.case)) {
        let same = |other: &&Comparison| {
            (other.case.as_str(), other.place, other.metric) == (row.case.as_str(), row.place, row.metric)
        };
        match second.iter().find(same) {
            None => confirmed.elsewhere += 1,
            Some(other) if other.verdict == row.verdict => confirmed.told += 1,
            Some(_) => {
                confirmed.left += 1;
                let [low, high] = row.interval;
                let half = (high / low).sqrt() - 1.0;
                row.verdict = Difference::Unresolved { half, needed: Some(2 * row.trials as u64) };
            }
        }
    }
    confirmed
}
