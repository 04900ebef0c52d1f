//! What an open loop offered.

use super::row::CaseRow;
use crate::plan::Case;
use crate::trial::Measured;
use crate::workload::Arrivals;
use serde::{Deserialize, Serialize};

/// What an open loop offered, and how well it kept its moments. What was achieved is the record's throughput.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Offered {
    /// Messages in a second, over all links.
    pub messages_per_s: f64,
    /// How much later than its moment a message was sent, in nanoseconds: the median.
    pub lag_p50_ns: u64,
    /// 99 % of it.
    pub lag_p99_ns: u64,
    /// The longest.
    pub lag_max_ns: u64,
}

impl Offered {
    /// Of a trial; `None` where messages came as the link allowed.
    pub(super) fn of(row: &CaseRow, measured: &Measured) -> Option<Offered> {
        let (Arrivals::Open { rate, .. }, Some(lag)) = (row.model.load, &measured.lag) else { return None };
        let case =
            Case { transport: row.transport.clone(), workload: row.workload, model: row.model.clone() };
        Some(Offered {
            messages_per_s: (rate * case.timed_links()) as f64,
            lag_p50_ns: lag.value_at_quantile(0.5),
            lag_p99_ns: lag.value_at_quantile(0.99),
            lag_max_ns: lag.max(),
        })
    }
}
