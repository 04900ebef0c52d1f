//! What a link does under an offered load: how much of it passes, how late, and where it stops keeping up.

use super::{median, median_interval};
use crate::record::{Latency, Place, Record, counted};
use std::collections::BTreeSet;

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
    /// What each of these medians lies between, see [`median_interval`](super::median_interval).
    pub spreads: [Option<[f64; 2]>; 3],
    /// The longest of all trials.
    pub max: f64,
    /// How much later than its moment a message was sent: 99 %.
    pub lag_p99: Option<f64>,
    /// Number of trials.
    pub trials: usize,
}

/// The distances at which trials of these cases ran; those during which the CPUs moved are left out.
pub fn load_places(records: &[Record], cases: &[String]) -> BTreeSet<Place> {
    let of = |record: &&Record| cases.contains(&record.case.id);
    let places = counted(records).into_iter().filter(of).map(Record::place);
    places.filter(|place| *place != Place::Mixed).collect()
}

/// The row of a case at a distance; `None` if no trial of it counts.
pub fn load_row(records: &[Record], case: &str, place: Place) -> Option<LoadRow> {
    let of = |record: &&Record| record.case.id == case && record.place() == place;
    let trials: Vec<&Record> = counted(records).into_iter().filter(of).collect();
    let sorted = |figure: &dyn Fn(&Record) -> Option<f64>| {
        let mut figures = trials.iter().map(|trial| figure(trial)).collect::<Option<Vec<f64>>>()?;
        figures.sort_by(f64::total_cmp);
        Some(figures)
    };
    let middle = |figure: &dyn Fn(&Record) -> Option<f64>| median(&sorted(figure)?);
    let of: [fn(&Latency) -> Option<u64>; 3] = [|l| l.p50, |l| l.p99, |l| l.p999];
    let quantiles = of.map(|of| sorted(&|trial| Some(of(trial.latency_ns.as_ref()?)? as f64)));
    Some(LoadRow {
        offered: middle(&|trial| Some(trial.offered?.messages_per_s)),
        achieved: middle(&|trial| Some(trial.throughput?.messages_per_s))?,
        quantiles: quantiles.each_ref().map(|figures| median(figures.as_ref()?)),
        spreads: quantiles.each_ref().map(|figures| median_interval(figures.as_ref()?)),
        max: trials
            .iter()
            .filter_map(|trial| trial.latency_ns.as_ref())
            .map(|l| l.max as f64)
            .fold(0.0, f64::max),
        lag_p99: middle(&|trial| Some(trial.offered?.lag_p99_ns as f64)),
        trials: trials.len(),
    })
}

/// How far a link keeps up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Knee {
    /// With every rate.
    Beyond,
    /// Until this one of the rows, and with all before it.
    After(usize),
    /// Not even with the lowest.
    Before,
}

/// How far a link keeps up with rows in ascending order of their rates.
pub fn knee(rows: &[LoadRow]) -> Knee {
    let keeps_up = |row: &LoadRow| {
        let passes = row.offered.is_none_or(|offered| row.achieved >= PASSES * offered);
        let lowest = rows.first().and_then(|first| first.quantiles[1]);
        let in_time = lowest.zip(row.quantiles[1]).is_none_or(|(lowest, p99)| p99 <= LATER * lowest);
        passes && in_time
    };
    match rows.iter().position(|row| !keeps_up(row)) {
        None => Knee::Beyond,
        Some(0) => Knee::Before,
        Some(first_late) => Knee::After(first_late - 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(offered: f64, achieved: f64, p99: f64) -> LoadRow {
        let (quantiles, spreads) = ([Some(1.0), Some(p99), None], [None; 3]);
        LoadRow {
            offered: Some(offered),
            achieved,
            quantiles,
            spreads,
            max: p99,
            lag_p99: Some(1.0),
            trials: 1,
        }
    }

    #[test]
    fn the_knee_is_where_the_offer_no_longer_passes_or_passes_late() {
        let fine = [row(1e3, 1e3, 10.0), row(2e3, 1.99e3, 20.0), row(4e3, 3.9e3, 60.0)];
        assert_eq!(knee(&fine), Knee::Beyond, "it keeps up with all of them");
        assert_eq!(knee(&[fine[0], fine[1], row(4e3, 3e3, 30.0)]), Knee::After(1));
        assert_eq!(knee(&[fine[0], fine[1], row(4e3, 4e3, 101.0), fine[2]]), Knee::After(1));
        assert_eq!(knee(&[row(1e3, 5e2, 10.0), fine[1]]), Knee::Before, "not even the first");
        assert_eq!(knee(&[]), Knee::Beyond);
    }
}
