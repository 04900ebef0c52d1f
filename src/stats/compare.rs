//! What differs between two sets of records: for each case and metric an effect, its interval, and a verdict.
//!
//! The effect is the ratio of a metric between trials, new over base; it is estimated on the logarithm, where a tenth more and a tenth
//! less are as far from nothing. Trials that ran in one block are pairs; those of two runs are not, and what the host
//! did between the runs is in the effect. Distances are kept apart, and trials during which a CPU was moved are left out.
//!
//! A verdict of *faster* or *slower* takes an interval without nothing in it, an effect past the metric's floor, and a p-value that stays
//! under 5 % when all comparisons of the table are counted (Holm). *Same* takes an interval within the floor.

use super::figure::figure;
use super::median;
use super::ranks::{Shift, holm, paired, unpaired};
use crate::plan::Metric;
use crate::record::{Place, Record, counted};
use std::collections::BTreeMap;

/// The metrics that are compared, and the least effect of each that counts.
pub const COMPARED: [(Metric, f64); 4] =
    [(Metric::P50, 0.02), (Metric::P99, 0.10), (Metric::Messages, 0.02), (Metric::Cpu, 0.02)];

/// How sure intervals are.
const CONFIDENCE: f64 = 0.95;
/// Trials that are said to be needed at most.
const MANY: u64 = 9999;

/// Which trials belong together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pairing {
    /// Those of one number: they ran in one block.
    ByTrial,
    /// None: the sets are of two runs.
    None,
}

/// One metric of one case at one distance.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    /// What both sides call it.
    pub case: String,
    /// How far the ends' CPUs were apart.
    pub place: Place,
    /// The metric.
    pub metric: Metric,
    /// Median over the base's trials.
    pub base: f64,
    /// Median over the new trials.
    pub new: f64,
    /// New over base.
    pub ratio: f64,
    /// What that lies between with 95 % confidence: 0 and infinity where there are too few trials for any bound.
    pub interval: [f64; 2],
    /// The p-value among all comparisons of the table.
    pub p: f64,
    /// Pairs, or trials of the smaller set.
    pub trials: usize,
    /// What is to be thought of it.
    pub verdict: Verdict,
}

/// Fewest pairs with which one of so many comparisons can be told from chance, all of them counted.
pub fn fewest_pairs(comparisons: usize) -> u64 {
    // All pairs on one side: twice the smallest part of all signs.
    let signs = 2.0 * comparisons.max(1) as f64 / (1.0 - CONFIDENCE);
    signs.log2().ceil() as u64
}

/// What is to be thought of a comparison.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Verdict {
    /// New is better, past the floor.
    Faster,
    /// New is worse, past the floor.
    Slower,
    /// They differ by less than the floor.
    Same,
    /// It cannot be told.
    Unresolved {
        /// Half of the interval, as a part of 1; infinite if there is none.
        half: f64,
        /// About so many trials would tell; `None` if no number is known from so few.
        needed: Option<u64>,
    },
}

impl Verdict {
    /// In a word.
    pub fn name(&self) -> &'static str {
        match self {
            Verdict::Faster => "faster",
            Verdict::Slower => "slower",
            Verdict::Same => "same",
            Verdict::Unresolved { .. } => "unresolved",
        }
    }
}

/// A name for what two records have in common; `None` for one that is not to be compared.
pub type Key<'a> = &'a dyn Fn(&Record) -> Option<String>;

/// Comparisons that are judged together.
#[derive(Default)]
pub struct Table(Vec<Found>);

/// A comparison before the others are known.
struct Found {
    case: String,
    place: Place,
    metric: Metric,
    floor: f64,
    base: f64,
    new: f64,
    shift: Shift,
}

impl Table {
    /// Compares what has the same key on both sides, in the order of keys and metrics. What one side alone has is left out.
    pub fn add(&mut self, base: &[&Record], new: &[&Record], key: Key<'_>, pairing: Pairing) {
        let (base, new) = (sides(base, key), sides(new, key));
        for ((case, place), base) in &base {
            let Some(new) = new.get(&(case.clone(), *place)) else { continue };
            let rows = COMPARED.iter().filter_map(|&(metric, floor)| {
                let shift = shift(base, new, metric, pairing)?;
                let (base, new) = (middle(base, metric)?, middle(new, metric)?);
                Some(Found { case: case.clone(), place: *place, metric, floor, base, new, shift })
            });
            self.0.extend(rows);
        }
    }

    /// Judges all of them.
    pub fn judge(self) -> Vec<Comparison> {
        let adjusted = holm(&self.0.iter().map(|found| found.shift.p).collect::<Vec<f64>>());
        let fewest = fewest_pairs(self.0.len());
        let judged = |(found, p): (Found, f64)| Comparison {
            verdict: verdict(&found.shift, p, found.floor, found.metric, fewest),
            case: found.case,
            place: found.place,
            metric: found.metric,
            base: found.base,
            new: found.new,
            ratio: found.shift.estimate.exp(),
            interval: found.shift.interval.map(f64::exp),
            p,
            trials: found.shift.trials,
        };
        self.0.into_iter().zip(adjusted).map(judged).collect()
    }
}

fn shift(base: &[&Record], new: &[&Record], metric: Metric, pairing: Pairing) -> Option<Shift> {
    let log = |record: &&Record| figure(record, metric).filter(|figure| *figure > 0.0).map(f64::ln);
    match pairing {
        Pairing::ByTrial => {
            let pair = |new: &&Record| {
                let base = base.iter().find(|base| base.trial == new.trial)?;
                Some(log(new)? - log(base)?)
            };
            paired(&new.iter().filter_map(pair).collect::<Vec<f64>>(), CONFIDENCE)
        }
        Pairing::None => {
            let of = |side: &[&Record]| side.iter().filter_map(log).collect::<Vec<f64>>();
            unpaired(&of(base), &of(new), CONFIDENCE)
        }
    }
}

fn middle(side: &[&Record], metric: Metric) -> Option<f64> {
    let mut figures: Vec<f64> = side.iter().filter_map(|record| figure(record, metric)).collect();
    figures.sort_by(f64::total_cmp);
    median(&figures)
}

/// The trials that count, by key and distance.
fn sides<'r>(records: &[&'r Record], key: Key<'_>) -> BTreeMap<(String, Place), Vec<&'r Record>> {
    let mut sides: BTreeMap<_, Vec<&Record>> = BTreeMap::new();
    for record in counted(records.iter().copied()) {
        let moved = record.noise.and_then(|noise| noise.distance).is_some_and(|distance| distance.mixed);
        if let Some(key) = key(record).filter(|_| !moved) {
            sides.entry((key, record.place())).or_default().push(record);
        }
    }
    sides
}

fn verdict(shift: &Shift, p: f64, floor: f64, metric: Metric, fewest: u64) -> Verdict {
    let (floor, [low, high]) = (floor.ln_1p(), shift.interval);
    let apart = (low > 0.0 || high < 0.0) && p <= 1.0 - CONFIDENCE;
    if apart && shift.estimate.abs() > floor {
        let less = shift.estimate < 0.0;
        return if less == metric.less_is_better() { Verdict::Faster } else { Verdict::Slower };
    }
    if low > -floor && high < floor {
        return Verdict::Same;
    }
    let half = (high - low) / 2.0;
    // The interval shrinks with the root of the trials; it has to leave nothing out, or to fit into the floor.
    let effect = shift.estimate.abs();
    let room = if effect > floor { effect } else { (floor - effect).max(floor / 10.0) };
    let needed = (shift.trials as f64 * (half / room).powi(2)).ceil();
    let least = fewest.max(shift.trials as u64 + 1);
    let known = half.is_finite().then(|| (needed as u64).max(least).min(MANY));
    Verdict::Unresolved { half: half.exp_m1(), needed: known }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn trial(case: &str, trial: u64, p50: f64) -> Record {
        let record = json!({
            "schema": 1, "run": "r", "trial": trial, "seed": 1, "status": "ok",
            "case": { "id": case, "transport": "shm", "workload": "invoke", "model": {} },
            "latency_ns": { "kind": "round-trip", "count": 10, "min": 1, "p50": p50 as u64, "max": 9, "mean": 1.0, "histogram": "" },
        });
        serde_json::from_value(record).unwrap()
    }

    /// Trials of some noise, and of a drift that both sides share.
    fn trials(count: u64, level: f64, salt: u64) -> Vec<Record> {
        let noise = |n: u64| fastrand::Rng::with_seed(n ^ salt << 32).f64() * 0.01;
        let drift = |n: u64| (n % 7) as f64 * 0.05;
        (0..count).map(|n| trial("a", n, 1e6 * level * (1.0 + drift(n) + noise(n)))).collect()
    }

    fn add(table: &mut Table, base: &[Record], new: &[Record], name: &str, pairing: Pairing) {
        let refs = |records| <&[Record]>::into_iter(records).collect::<Vec<&Record>>();
        table.add(&refs(base), &refs(new), &|_| Some(name.to_owned()), pairing);
    }

    fn judged(base: &[Record], new: &[Record], pairing: Pairing) -> Comparison {
        let mut table = Table::default();
        add(&mut table, base, new, "a", pairing);
        let mut all = table.judge();
        assert_eq!(all.len(), 1, "one metric has figures");
        all.remove(0)
    }

    #[test]
    fn pairs_find_what_drift_hides_from_two_runs() {
        let base = trials(15, 1.0, 1);
        let (slower, faster) = (trials(15, 1.05, 2), trials(15, 0.95, 3));
        let found = judged(&base, &slower, Pairing::ByTrial);
        assert_eq!(found.verdict, Verdict::Slower, "{found:?}");
        assert!(found.interval[0] > 1.04 && found.interval[1] < 1.06, "{found:?}");
        assert_eq!(judged(&base, &faster, Pairing::ByTrial).verdict, Verdict::Faster);
        let apart = judged(&base, &slower, Pairing::None);
        assert!(matches!(apart.verdict, Verdict::Unresolved { needed: Some(_), .. }), "{apart:?}");
    }

    #[test]
    fn what_differs_little_is_the_same_and_what_is_seldom_tried_is_unresolved() {
        let base = trials(15, 1.0, 1);
        assert_eq!(judged(&base, &trials(15, 1.0, 4), Pairing::ByTrial).verdict, Verdict::Same);
        let few = judged(&base[..4], &trials(4, 2.0, 5), Pairing::ByTrial);
        assert!(
            matches!(few.verdict, Verdict::Unresolved { needed: None, half } if half.is_infinite()),
            "{few:?}"
        );
    }

    #[test]
    fn one_of_many_is_found_only_if_it_would_be_among_all() {
        let mut table = Table::default();
        let (base, new) = (trials(6, 1.0, 1), trials(6, 1.5, 2));
        for name in ["a", "b", "c"] {
            add(&mut table, &base, &new, name, Pairing::ByTrial);
        }
        // Six pairs are worth 1 in 32; of three such questions, none.
        let needs = |row: &Comparison| matches!(row.verdict, Verdict::Unresolved { needed: Some(7), .. });
        assert!(table.judge().iter().all(needs));
        assert_eq!([1, 3, 48].map(fewest_pairs), [6, 7, 11]);
    }
}
