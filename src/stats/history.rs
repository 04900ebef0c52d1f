//! Many runs of the same cases: where a figure changed for good.
//!
//! A run is one point: the median over its trials. A change point is where the ranks before and after differ most, by the rank-sum
//! statistic at every place (Pettitt, 1979), and where shuffled series seldom show as much; then each side is looked at by itself.
//! What differs between runs (the host's mood) is in the noise that way, as it is not within a run. It informs and decides nothing.

use super::figure::figure;
use super::median;
use super::ranks::doubled_ranks;
use crate::plan::Metric;
use crate::record::{Place, Record, counted};
use std::collections::BTreeMap;

/// Fewest runs on each side of a change.
const SIDE: usize = 3;
/// Shuffled series that a change is held against, and how many of them may show as much.
const SHUFFLES: usize = 1999;
const CHANCE: f64 = 0.05;

/// A figure of a case over runs.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// The case.
    pub case: String,
    /// How far the ends' CPUs were apart.
    pub place: Place,
    /// The figure.
    pub metric: Metric,
    /// Which run, and its figure, in the order of time.
    pub points: Vec<(usize, f64)>,
    /// Where it changed, in the order of time.
    pub changes: Vec<Change>,
}

/// A place where a figure changed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Change {
    /// The first point that is different, among the series' points.
    pub at: usize,
    /// Median from there to the next change over that from the last change to here.
    pub ratio: f64,
}

/// The series of all cases over runs that are in the order of time; `metrics` with the least change that counts.
pub fn history(runs: &[Vec<Record>], metrics: &[(Metric, f64)]) -> Vec<Series> {
    let mut series: BTreeMap<(String, Place, Metric), Vec<(usize, f64)>> = BTreeMap::new();
    for (number, run) in runs.iter().enumerate() {
        let mut figures: BTreeMap<(String, Place, Metric), Vec<f64>> = BTreeMap::new();
        for record in counted(run) {
            for (metric, figure) in metrics.iter().filter_map(|&(m, _)| Some((m, figure(record, m)?))) {
                figures.entry((record.case.id.clone(), record.place(), metric)).or_default().push(figure);
            }
        }
        for (key, mut figures) in figures {
            figures.sort_by(f64::total_cmp);
            series.entry(key).or_default().extend(median(&figures).map(|figure| (number, figure)));
        }
    }
    let least =
        |wanted| metrics.iter().find(|(metric, _)| *metric == wanted).map_or(0.0, |(_, least)| *least);
    let series = series.into_iter().map(|((case, place, metric), points)| {
        let figures: Vec<f64> = points.iter().map(|(_, figure)| *figure).collect();
        Series { case, place, metric, changes: changes(&figures, least(metric)), points }
    });
    series.collect()
}

/// Where a series changed by more than `least`, as a part of 1.
fn changes(figures: &[f64], least: f64) -> Vec<Change> {
    let mut places = Vec::new();
    split(figures, 0, &mut places);
    places.sort_unstable();
    let level = |from: usize, to: usize| {
        let mut part = figures[from..to].to_vec();
        part.sort_by(f64::total_cmp);
        median(&part).unwrap_or(f64::NAN)
    };
    // What is too little to count joins its sides before the next one is looked at.
    let mut changes: Vec<Change> = Vec::new();
    for (index, &at) in places.iter().enumerate() {
        let before = changes.last().map_or(0, |change| change.at);
        let after = places.get(index + 1).copied().unwrap_or(figures.len());
        let ratio = level(at, after) / level(before, at);
        if ratio.ln().abs() > least.ln_1p() {
            changes.push(Change { at, ratio });
        }
    }
    changes
}

fn split(figures: &[f64], offset: usize, places: &mut Vec<usize>) {
    if figures.len() < 2 * SIDE {
        return;
    }
    let mut ranks: Vec<f64> = doubled_ranks(figures).into_iter().map(|twice| twice as f64 / 2.0).collect();
    let found = widest(&ranks);
    let at = place(figures, &ranks, found);
    // The same figures give the same answer.
    let mut rng = fastrand::Rng::with_seed(figures.len() as u64);
    let as_much = (0..SHUFFLES)
        .filter(|_| {
            rng.shuffle(&mut ranks);
            widest(&ranks) >= found
        })
        .count();
    if (as_much + 1) as f64 / (SHUFFLES + 1) as f64 > CHANCE {
        return;
    }
    places.push(offset + at);
    split(&figures[..at], offset, places);
    split(&figures[at..], offset + at, places);
}

/// By how many standard deviations the ranks before and after differ, at each place that leaves enough on both sides.
fn apart(ranks: &[f64]) -> impl Iterator<Item = (usize, f64)> {
    let count = ranks.len() as f64;
    let mut sum: f64 = ranks.iter().take(SIDE - 1).sum();
    (SIDE..=ranks.len() - SIDE).map(move |at| {
        sum += ranks[at - 1];
        let before = at as f64;
        let deviation = (before * (count - before) * (count + 1.0) / 12.0).sqrt();
        (at, (sum - before * (count + 1.0) / 2.0).abs() / deviation)
    })
}

fn widest(ranks: &[f64]) -> f64 {
    apart(ranks).map(|(_, apart)| apart).fold(0.0, f64::max)
}

/// The place where they differ that much; of several, the one where the figures themselves differ most.
fn place(figures: &[f64], ranks: &[f64], found: f64) -> usize {
    let mean = |part: &[f64]| part.iter().sum::<f64>() / part.len() as f64;
    let gap = |at: usize| (mean(&figures[..at]) - mean(&figures[at..])).abs();
    let places = apart(ranks).filter(|(_, apart)| *apart >= found - 1e-9).map(|(at, _)| at);
    places.max_by(|&a, &b| gap(a).total_cmp(&gap(b))).unwrap_or(SIDE)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Figures of some noise at levels, each for so many runs.
    fn levels(levels: &[(usize, f64)], seed: u64) -> Vec<f64> {
        let mut rng = fastrand::Rng::with_seed(seed);
        let runs = levels.iter().flat_map(|&(count, level)| std::iter::repeat_n(level, count));
        runs.map(|level| level * (1.0 + 0.02 * rng.f64())).collect()
    }

    #[test]
    fn steps_are_found_where_they_are() {
        let found = changes(&levels(&[(8, 100.0), (7, 120.0), (9, 90.0)], 1), 0.02);
        assert_eq!(found.iter().map(|change| change.at).collect::<Vec<_>>(), [8, 15]);
        assert!((found[0].ratio - 1.2).abs() < 0.02 && (found[1].ratio - 0.75).abs() < 0.02, "{found:?}");
    }

    #[test]
    fn ranks_that_cannot_tell_leave_it_to_the_figures() {
        // The seventh is the largest of its level: ranks are as far apart before it as after it.
        let mut figures: Vec<f64> = (0..7).map(|n| 100.0 + f64::from(n) / 10.0).collect();
        figures.extend((0..6).map(|n| 120.0 + f64::from(n) / 10.0));
        assert_eq!(changes(&figures, 0.02).iter().map(|change| change.at).collect::<Vec<_>>(), [7]);
    }

    #[test]
    fn small_steps_and_short_series_are_none() {
        assert_eq!(changes(&levels(&[(12, 100.0), (12, 103.0)], 2), 0.05), []);
        assert_eq!(changes(&levels(&[(2, 100.0), (2, 200.0)], 3), 0.02), []);
    }

    #[test]
    fn noise_alone_seldom_changes() {
        let alarms = (0..100).filter(|&seed| !changes(&levels(&[(20, 100.0)], seed), 0.0).is_empty()).count();
        assert!(alarms <= 10, "{alarms} in 100 at 1 in 20");
    }
}
