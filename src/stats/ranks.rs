//! Rank statistics: what a shift between two sets of trials is, and how sure that is, without believing in any distribution.
//!
//! Paired trials: the Hodges–Lehmann estimate is the median of the Walsh averages of the differences, its interval their order
//! statistics at the exact quantile of Wilcoxon's signed-rank statistic (Hollander, Wolfe and Chicken, *Nonparametric Statistical
//! Methods*, 3rd ed., section 3). Trials that are not paired: the median of all differences between the sets, and the exact
//! quantile of the rank-sum statistic (section 4). Both count the arrangements under which nothing differs; ties take middle ranks.
//! Sets of more than [`EXACT`] trials each that are not paired take the normal approximation instead of the count.

use super::median;

/// Most trials of a set that is not paired for which arrangements are counted.
const EXACT: usize = 64;

/// A shift between two sets.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shift {
    /// The estimate.
    pub estimate: f64,
    /// What it lies between with the confidence asked for; infinite where there are too few trials for any bound.
    pub interval: [f64; 2],
    /// How often chance alone gives a shift as large, in either direction.
    pub p: f64,
    /// Pairs, or trials of the smaller set.
    pub trials: usize,
}

/// The shift of paired differences, at a confidence such as 0.95; `None` without differences.
pub fn paired(differences: &[f64], confidence: f64) -> Option<Shift> {
    let count = differences.len();
    let walsh = (0..count).flat_map(|i| (i..count).map(move |j| (differences[i] + differences[j]) / 2.0));
    let walsh = sorted(walsh.collect());
    let estimate = median(&walsh)?;
    let ranks: Vec<usize> = (1..=count).map(|rank| 2 * rank).collect();
    let interval = bounds(&walsh, &Counts::of_subsets(&ranks), 1.0 - confidence);
    // What does not differ speaks for neither side.
    let differing: Vec<f64> = differences.iter().copied().filter(|&difference| difference != 0.0).collect();
    let ranks = doubled_ranks(&differing.iter().map(|difference| difference.abs()).collect::<Vec<_>>());
    let positive = differing.iter().zip(&ranks).filter(|(difference, _)| **difference > 0.0);
    let statistic = positive.map(|(_, rank)| rank).sum();
    Some(Shift { estimate, interval, p: Counts::of_subsets(&ranks).two_sided(statistic), trials: count })
}

/// The shift from `base` to `new`, two sets that are not paired; `None` if either is empty.
pub fn unpaired(base: &[f64], new: &[f64], confidence: f64) -> Option<Shift> {
    let alpha = 1.0 - confidence;
    let differences = sorted(new.iter().flat_map(|new| base.iter().map(move |base| new - base)).collect());
    let estimate = median(&differences)?;
    let ranks = doubled_ranks(&new.iter().chain(base).copied().collect::<Vec<f64>>());
    let statistic: usize = ranks[..new.len()].iter().sum();
    let trials = base.len().min(new.len());
    if base.len().max(new.len()) <= EXACT {
        let plain: Vec<usize> = (1..=ranks.len()).map(|rank| 2 * rank).collect();
        let interval = bounds(&differences, &Counts::of_choices(&plain, new.len()), alpha);
        let p = Counts::of_choices(&ranks, new.len()).two_sided(statistic);
        return Some(Shift { estimate, interval, p, trials });
    }
    let (base, new) = (base.len() as f64, new.len() as f64);
    let (mean, deviation) = (base * new / 2.0, (base * new * (base + new + 1.0) / 12.0).sqrt());
    let pairs_above = statistic as f64 / 2.0 - new * (new + 1.0) / 2.0;
    let p = 2.0 * tail(((pairs_above - mean).abs() - 0.5).max(0.0) / deviation);
    // As many differences may be left out on each side as the statistic is seldom below.
    let outside = (0..differences.len() / 2)
        .take_while(|&count| tail((mean - count as f64 - 0.5) / deviation) <= alpha / 2.0)
        .count();
    Some(Shift { estimate, interval: inner(&differences, outside), p: p.min(1.0), trials })
}

/// How often a normal variable exceeds `z` ≥ 0 (Abramowitz and Stegun, 26.2.17: within 7.5 × 10⁻⁸).
fn tail(z: f64) -> f64 {
    let t = 1.0 / (1.0 + 0.231_641_9 * z);
    let series = [0.319_381_530, -0.356_563_782, 1.781_477_937, -1.821_255_978, 1.330_274_429];
    let sum = series.iter().rev().fold(0.0, |sum, term| (sum + term) * t);
    sum * (-z * z / 2.0).exp() / (2.0 * std::f64::consts::PI).sqrt()
}

/// The p-values of several questions asked at once, each raised so that one false alarm among all of them is as rare as it would be
/// with one question (Holm, 1979). In the order given.
pub fn holm(p: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p.len()).collect();
    order.sort_by(|&a, &b| p[a].total_cmp(&p[b]));
    let mut adjusted = vec![0.0; p.len()];
    let mut least: f64 = 0.0;
    for (place, index) in order.into_iter().enumerate() {
        least = least.max(p[index] * (p.len() - place) as f64).min(1.0);
        adjusted[index] = least;
    }
    adjusted
}

fn sorted(mut values: Vec<f64>) -> Vec<f64> {
    values.sort_by(f64::total_cmp);
    values
}

/// Twice the rank of each value among all, so that the middle ranks of ties are whole numbers.
pub(super) fn doubled_ranks(values: &[f64]) -> Vec<usize> {
    let order = sorted(values.to_vec());
    let rank = |value: &f64| {
        let below = order.partition_point(|other| other < value);
        let up_to = order.partition_point(|other| other <= value);
        below + up_to + 1
    };
    values.iter().map(rank).collect()
}

/// How many arrangements have each sum of (doubled) ranks, as parts of all of them.
struct Counts(Vec<f64>);

impl Counts {
    /// Every subset of the ranks is as likely as any other: the signs of differences.
    fn of_subsets(ranks: &[usize]) -> Counts {
        let mut parts = vec![0.0; ranks.iter().sum::<usize>() + 1];
        parts[0] = 1.0;
        for &rank in ranks {
            for sum in (0..parts.len()).rev() {
                let with = if sum >= rank { parts[sum - rank] } else { 0.0 };
                parts[sum] = (parts[sum] + with) / 2.0;
            }
        }
        Counts(parts)
    }

    /// Every choice of so many of the ranks is as likely as any other: who of all belongs to one set.
    fn of_choices(ranks: &[usize], chosen: usize) -> Counts {
        let most: usize = ranks.iter().sum();
        // By how many have been chosen, then by their sum; scaled by the number of choices at the end.
        let mut parts = vec![vec![0.0; most + 1]; chosen + 1];
        parts[0][0] = 1.0;
        for &rank in ranks {
            for count in (1..=chosen).rev() {
                let (fewer, these) = parts.split_at_mut(count);
                for sum in rank..=most {
                    these[0][sum] += fewer[count - 1][sum - rank];
                }
            }
        }
        let last = parts.swap_remove(chosen);
        let all: f64 = last.iter().sum();
        Counts(last.into_iter().map(|part| part / all).collect())
    }

    /// How often a sum is as far from the middle as this one, on either side.
    fn two_sided(&self, sum: usize) -> f64 {
        let below: f64 = self.0.iter().take(sum + 1).sum();
        let above: f64 = self.0.iter().skip(sum).sum();
        (2.0 * below.min(above)).min(1.0)
    }

    /// The sums that occur where there are no ties (each rank twice a whole number), from the least, with how often at most that.
    fn cumulated(&self) -> impl Iterator<Item = f64> {
        let least = self.0.iter().position(|&part| part > 0.0).unwrap_or(0);
        self.0.iter().skip(least).step_by(2).scan(0.0, |sum, part| {
            *sum += part;
            Some(*sum)
        })
    }
}

/// The order statistics of sorted averages, or differences, outside of which the shift lies no more often than `alpha`.
fn bounds(values: &[f64], counts: &Counts, alpha: f64) -> [f64; 2] {
    // As many as may be left out on each side: the statistic is the number of averages (differences) above the true shift.
    let outside = counts.cumulated().take_while(|&cumulated| cumulated <= alpha / 2.0).count();
    inner(values, outside)
}

/// The bounds that leave out so many of sorted values on each side; none if that is none.
fn inner(values: &[f64], outside: usize) -> [f64; 2] {
    match outside {
        0 => [f64::NEG_INFINITY, f64::INFINITY],
        outside => [values[outside - 1], values[values.len() - outside]],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    /// Written by `scripts/stats/values.py`.
    fn scipy(of: &str) -> Vec<Value> {
        let all: Value = serde_json::from_str(include_str!("../../tests/vectors/stats/ranks.json")).unwrap();
        all[of].as_array().unwrap().clone()
    }

    fn numbers(list: &Value) -> Vec<f64> {
        list.as_array().unwrap().iter().map(|number| number.as_f64().unwrap()).collect()
    }

    fn agrees(shift: Shift, case: &Value) {
        let near = |ours: f64, theirs: f64| (ours - theirs).abs() < 1e-9;
        assert!(near(shift.estimate, case["estimate"].as_f64().unwrap()), "{shift:?} {case}");
        assert!(near(shift.p, case["p"].as_f64().unwrap()), "{shift:?} {case}");
        match &case["interval"] {
            Value::Null => assert_eq!(shift.interval, [f64::NEG_INFINITY, f64::INFINITY], "{case}"),
            Value::Array(bounds) => {
                for (ours, theirs) in shift.interval.into_iter().zip(bounds) {
                    assert!(near(ours, theirs.as_f64().unwrap()), "{shift:?} {case}");
                }
            }
            _ => {} // with ties there is none to compare with
        }
    }

    #[test]
    fn shifts_are_those_of_scipy() {
        for case in scipy("paired") {
            agrees(paired(&numbers(&case["differences"]), 0.95).unwrap(), &case);
        }
        for case in scipy("unpaired") {
            agrees(unpaired(&numbers(&case["base"]), &numbers(&case["new"]), 0.95).unwrap(), &case);
        }
        assert!(paired(&[], 0.95).is_none() && unpaired(&[1.0], &[], 0.95).is_none());
    }

    #[test]
    fn several_questions_are_asked_as_holm_says() {
        for case in scipy("holm") {
            let ours = holm(&numbers(&case["p"]));
            for (ours, theirs) in ours.iter().zip(numbers(&case["adjusted"])) {
                assert!((ours - theirs).abs() < 1e-12, "{case}");
            }
        }
    }

    #[test]
    fn the_approximation_of_large_sets_is_near_the_count() {
        let set = |shift: f64| (0..EXACT).map(|i| (i * 37 % 101) as f64 + shift).collect::<Vec<_>>();
        for shift in [0.0, 5.0, 20.0] {
            let (base, new) = (set(0.0), set(shift + 0.5));
            let exact = unpaired(&base, &new, 0.95).unwrap();
            // One trial more makes it too many to count.
            let more: Vec<f64> = base.iter().copied().chain([50.0]).collect();
            let near = unpaired(&more, &new, 0.95).unwrap();
            assert!((exact.p - near.p).abs() < 0.05, "{exact:?} {near:?}");
            for (a, b) in exact.interval.into_iter().zip(near.interval) {
                assert!((a - b).abs() <= 2.0, "{exact:?} {near:?}");
            }
        }
    }
}
