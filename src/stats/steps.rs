//! What each layer of a model adds: differences between trials of one block, which ran within moments of each other.

use super::figure::figure;
use super::ranks::paired;
use super::summary::Spread;
use crate::plan::Metric;
use crate::record::{Record, counted};

/// What separates two cases, in nanoseconds of a message's median latency.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Step {
    /// The later case.
    pub total: Spread,
    /// What it takes more than the earlier one, trial by trial.
    pub added: Spread,
    /// What that lies between with 95 % confidence; `None` where there are too few trials for any bound.
    pub interval: Option<[f64; 2]>,
    /// Trials of both that count.
    pub trials: usize,
}

/// The step from one case to another; `None` unless both were measured in one block, at one distance.
pub fn step(records: &[Record], from: &str, to: &str) -> Option<Step> {
    let of = |id: &str| -> Vec<&Record> {
        counted(records).into_iter().filter(|record| record.case.id == id).collect()
    };
    let (earlier, later) = (of(from), of(to));
    let pairs: Vec<(f64, f64)> = later
        .into_iter()
        .filter_map(|later| {
            let earlier =
                *earlier.iter().find(|earlier| earlier.trial == later.trial && earlier.run == later.run)?;
            let moved =
                |record: &Record| record.noise.and_then(|noise| noise.distance).is_some_and(|d| d.mixed);
            let same = earlier.place() == later.place() && !moved(earlier) && !moved(later);
            let (earlier, later) = (figure(earlier, Metric::P50)?, figure(later, Metric::P50)?);
            same.then_some((later, later - earlier))
        })
        .collect();
    let spread = |figure: fn(&(f64, f64)) -> f64| Spread::of(pairs.iter().map(figure).map(Some).collect());
    let shift = paired(&pairs.iter().map(|pair| pair.1).collect::<Vec<f64>>(), 0.95)?;
    let interval = Some(shift.interval).filter(|interval| interval[0].is_finite());
    Some(Step { total: spread(|pair| pair.0)?, added: spread(|pair| pair.1)?, interval, trials: pairs.len() })
}
