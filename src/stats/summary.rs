//! The trials of one case, at one distance, in one line of figures.

use super::figure::figure;
use crate::plan::{CopyWay, Metric};
use crate::record::{Place, Record, counted};
use crate::workload::ledger::Checks;
use std::collections::{BTreeMap, BTreeSet};

/// A figure over trials: the unit of statistics is the trial, so this is the median of trials and their range.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spread {
    /// Median over trials.
    pub median: f64,
    /// Smallest trial.
    pub min: f64,
    /// Largest trial.
    pub max: f64,
    /// Lower end of the median's interval, see [`median_interval`].
    pub low: f64,
    /// Upper end of it.
    pub high: f64,
}

impl Spread {
    /// Of the trials that have the figure; `None` unless all of them do, so that no trial is left out in silence.
    pub(super) fn of(figures: Vec<Option<f64>>) -> Option<Spread> {
        let mut figures = figures.into_iter().collect::<Option<Vec<f64>>>()?;
        figures.sort_by(f64::total_cmp);
        let [low, high] = median_interval(&figures)?;
        Some(Spread { median: median(&figures)?, min: *figures.first()?, max: *figures.last()?, low, high })
    }
}

/// The median of sorted figures.
pub fn median(sorted: &[f64]) -> Option<f64> {
    let middle = sorted.len() / 2;
    match sorted.len() {
        0 => None,
        len if len % 2 == 1 => Some(sorted[middle]),
        _ => Some((sorted[middle - 1] + sorted[middle]) / 2.0),
    }
}

/// What the median of all trials there could be lies between: the 95 % interval by order statistics (binomial, exact up to 1,000 figures and
/// by the normal approximation above), at least that sure; of fewer than six figures, for which there is none, all of them. `None` without
/// figures.
pub fn median_interval(sorted: &[f64]) -> Option<[f64; 2]> {
    let count = sorted.len();
    let outside = if count > 1000 {
        ((count as f64 - 1.96 * (count as f64).sqrt()) / 2.0) as usize
    } else {
        // How likely it is that so few of them lie on one side of the median.
        let (mut part, mut below, mut outside) = (0.5f64.powi(count as i32), 0.0, 0);
        for few in 0..count / 2 {
            below += part;
            if below > 0.025 {
                break;
            }
            outside = few + 1;
            part *= (count - few) as f64 / (few + 1) as f64;
        }
        outside
    };
    let outside = outside.max(1) - 1;
    Some([*sorted.get(outside)?, *sorted.get(count - 1 - outside)?])
}

/// One case at one distance.
#[derive(Clone, Debug)]
pub struct Summary<'a> {
    /// Any of its records, for the case's settings.
    pub example: &'a Record,
    /// How far the CPUs of the ends were apart.
    pub place: Place,
    /// Trials that count.
    pub trials: usize,
    /// How many of them were disturbed.
    pub dirty: usize,
    /// How many stand for a disturbed one.
    pub repeated: usize,
    /// Messages that were lost, over all these trials, where the transport may lose them.
    pub lost: u64,
    /// And those that arrived.
    pub received: u64,
    /// Median latency, in nanoseconds.
    pub p50: Option<Spread>,
    /// 99 % latency.
    pub p99: Option<Spread>,
    /// 99.9 % latency.
    pub p999: Option<Spread>,
    /// Longest latency.
    pub max: Option<Spread>,
    /// Messages in a second.
    pub messages_per_s: Option<Spread>,
    /// Payload bytes in a second.
    pub bytes_per_s: Option<Spread>,
    /// CPU time of all sides for one message, in nanoseconds.
    pub cpu_ns: Option<Spread>,
    /// Context switches for one message.
    pub switches: Option<Spread>,
    /// What the floor of the moment bounds as a multiple of it.
    pub floor_ratio: Option<Spread>,
    /// Where `copy=auto` had a choice: what a message took by plain and by non-temporal stores when both were tried, in
    /// nanoseconds.
    pub calibration: Option<[Spread; 2]>,
    /// Trials in which that choice was non-temporal stores.
    pub nt_trials: usize,
}

/// Summarises the trials that count, in the order in which their cases first appear. Where several runs measured a case, it is the one
/// with the most cases that counts: what one run measured side by side is not mixed with what another one did at another time.
pub fn summarise(records: &[Record]) -> Vec<Summary<'_>> {
    let mut groups: BTreeMap<(usize, Place), Vec<&Record>> = BTreeMap::new();
    let mut first_seen: BTreeMap<&str, usize> = BTreeMap::new();
    let mut cases: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (index, record) in records.iter().enumerate() {
        first_seen.entry(&record.case.id).or_insert(index);
        cases.entry(&record.run).or_default().insert(&record.case.id);
    }
    let size = |run: &str| cases.get(run).map_or(0, BTreeSet::len);
    let trials = counted(records);
    let mut chosen: BTreeMap<&str, &str> = BTreeMap::new();
    for record in &trials {
        let run = chosen.entry(&record.case.id).or_insert(&record.run);
        if size(&record.run) > size(run) {
            *run = &record.run;
        }
    }
    for record in trials {
        let id = record.case.id.as_str();
        if chosen.get(id) == Some(&record.run.as_str()) {
            let first = first_seen.get(id).copied().unwrap_or_default();
            groups.entry((first, record.place())).or_default().push(record);
        }
    }
    groups.into_iter().filter_map(|((_, place), trials)| summary(place, &trials)).collect()
}

fn summary<'a>(place: Place, trials: &[&'a Record]) -> Option<Summary<'a>> {
    let spread = |figure: &dyn Fn(&Record) -> Option<f64>| {
        Spread::of(trials.iter().map(|trial| figure(trial)).collect())
    };
    let of = |metric| spread(&|trial| figure(trial, metric));
    let checks = |count: fn(&Checks) -> u64| {
        trials.iter().filter_map(|trial| trial.checks.as_ref()).map(|row| count(&row.checks)).sum()
    };
    Some(Summary {
        example: trials.first()?,
        place,
        trials: trials.len(),
        dirty: trials.iter().filter(|trial| trial.is_dirty()).count(),
        repeated: trials.iter().filter(|trial| trial.repeats.is_some()).count(),
        lost: checks(|checks| checks.lost),
        received: checks(|checks| checks.received),
        p50: of(Metric::P50),
        p99: of(Metric::P99),
        p999: of(Metric::P999),
        max: of(Metric::Max),
        messages_per_s: of(Metric::Messages),
        bytes_per_s: of(Metric::Bytes),
        cpu_ns: of(Metric::Cpu),
        switches: of(Metric::Switches),
        floor_ratio: spread(&|trial| Some(trial.floor.as_ref()?.ratio)),
        calibration: spread(&|trial| Some(trial.calibration?.memcpy_ns))
            .zip(spread(&|trial| Some(trial.calibration?.nt_ns)))
            .map(|(memcpy, nt)| [memcpy, nt]),
        nt_trials: trials
            .iter()
            .filter(|trial| trial.calibration.is_some_and(|tried| tried.chosen() == CopyWay::Nt))
            .count(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_median_of_few() {
        assert_eq!(median(&[]), None);
        assert_eq!(median(&[3.0]), Some(3.0));
        assert_eq!(median(&[1.0, 2.0]), Some(1.5));
        assert_eq!(median(&[1.0, 2.0, 9.0]), Some(2.0));
    }

    #[test]
    fn a_figure_that_one_trial_lacks_is_not_shown() {
        assert_eq!(Spread::of(vec![Some(1.0), None]), None);
        let spread = Spread { median: 1.5, min: 1.0, max: 2.0, low: 1.0, high: 2.0 };
        assert_eq!(Spread::of(vec![Some(2.0), Some(1.0)]), Some(spread));
    }

    #[test]
    fn intervals_of_medians_are_those_of_the_tables() {
        // Ranks of the 95 % interval, as any table of the sign test has them.
        for (count, ranks) in
            [(5, [1, 5]), (6, [1, 6]), (9, [2, 8]), (12, [3, 10]), (15, [4, 12]), (30, [10, 21])]
        {
            let figures: Vec<f64> = (1..=count).map(f64::from).collect();
            assert_eq!(median_interval(&figures), Some(ranks.map(f64::from)), "{count}");
        }
        assert_eq!(median_interval(&[]), None);
    }
}
