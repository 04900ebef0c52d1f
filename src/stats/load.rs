//! What a link does under an offered load: how much of it passes, how late, and where it stops keeping up.

use super::median;
use crate::record::{Record, counted};

/// A link keeps up while so much of the offer passes …
const PASSES: f64 = 0.95;
/// … and 99 % of the messages take no longer than so many times what they take at the lowest rate.
const LATER: f64 = 10.0;

/// One offered rate: medians over trials. A quantile is `None` where a trial has too few samples for it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LoadRow {
    /// Messages in a second that were offered; `None` for a closed loop, which offers what passes.
    pub offered: Option<f64>,
    /// Messages in a second that passed.
    pub achieved: f64,
    /// Latency from a message's moment, in nanoseconds: the median, 99 %, 99.9 %.
    pub quantiles: [Option<f64>; 3],
    /// The longest of all trials.
    pub max: f64,
    /// How much later than its moment a message was sent: 99 %.
    pub lag_p99: Option<f64>,
    /// Number of trials.
    pub trials: usize,
}

/// The row of a case; `None` if no trial of it counts.
pub fn load_row(records: &[Record], case: &str) -> Option<LoadRow> {
    let of = |record: &&Record| record.case.id == case;
    let trials: Vec<&Record> = counted(records).into_iter().filter(of).collect();
    let middle = |figure: &dyn Fn(&Record) -> Option<f64>| {
        let mut figures = trials.iter().map(|trial| figure(trial)).collect::<Option<Vec<f64>>>()?;
        figures.sort_by(f64::total_cmp);
        median(&figures)
    };
    let quantile = |of: fn(&crate::record::Latency) -> Option<u64>| {
        middle(&|trial| Some(of(trial.latency_ns.as_ref()?)? as f64))
    };
    Some(LoadRow {
        offered: middle(&|trial| Some(trial.offered?.messages_per_s)),
        achieved: middle(&|trial| Some(trial.throughput?.messages_per_s))?,
        quantiles: [quantile(|l| l.p50), quantile(|l| l.p99), quantile(|l| l.p999)],
        max: trials
            .iter()
            .filter_map(|trial| trial.latency_ns.as_ref())
            .map(|l| l.max as f64)
            .fold(0.0, f64::max),
        lag_p99: middle(&|trial| Some(trial.offered?.lag_p99_ns as f64)),
        trials: trials.len(),
    })
}

/// Which of the rows, in ascending order of their rates, is the last one with which the link keeps up, as have all before it;
/// `None` if it does not even with the first, or with every one of them.
pub fn knee(rows: &[LoadRow]) -> Option<usize> {
    let keeps_up = |row: &LoadRow| {
        let passes = row.offered.is_none_or(|offered| row.achieved >= PASSES * offered);
        let lowest = rows.first().and_then(|first| first.quantiles[1]);
        let in_time = lowest.zip(row.quantiles[1]).is_none_or(|(lowest, p99)| p99 <= LATER * lowest);
        passes && in_time
    };
    let first_late = rows.iter().position(|row| !keeps_up(row))?;
    first_late.checked_sub(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(offered: f64, achieved: f64, p99: f64) -> LoadRow {
        let quantiles = [Some(1.0), Some(p99), None];
        LoadRow { offered: Some(offered), achieved, quantiles, max: p99, lag_p99: Some(1.0), trials: 1 }
    }

    #[test]
    fn the_knee_is_where_the_offer_no_longer_passes_or_passes_late() {
        let fine = [row(1e3, 1e3, 10.0), row(2e3, 1.99e3, 20.0), row(4e3, 3.9e3, 60.0)];
        assert_eq!(knee(&fine), None, "it keeps up with all of them");
        assert_eq!(knee(&[fine[0], fine[1], row(4e3, 3e3, 30.0)]), Some(1));
        assert_eq!(knee(&[fine[0], fine[1], row(4e3, 4e3, 101.0), fine[2]]), Some(1));
        assert_eq!(knee(&[row(1e3, 5e2, 10.0), fine[1]]), None, "not even the first");
        assert_eq!(knee(&[]), None);
    }
}
