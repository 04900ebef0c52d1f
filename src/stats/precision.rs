//! How well a case's median is known from the trials so far: what decides when enough have been measured, whatever they show.

use super::figure::figure;
use super::ranks::paired;
use crate::plan::Metric;
use crate::record::{Place, Record, counted};
use std::collections::BTreeMap;

/// Half of the 95 % interval of the trials' median latency, as a part of 1: the exact signed-rank interval of its logarithm. Of trials at
/// several distances it is that of the distance that most were at. `None` where there are too few for any bound.
pub fn precision<'r>(trials: impl IntoIterator<Item = &'r Record> + Clone) -> Option<f64> {
    let mut places: BTreeMap<Place, Vec<f64>> = BTreeMap::new();
    for trial in counted(trials) {
        let median = figure(trial, Metric::P50).filter(|median| *median > 0.0)?;
        places.entry(trial.place()).or_default().push(median.ln());
    }
    let most = places.into_values().max_by_key(Vec::len)?;
    let [low, high] = paired(&most, 0.95)?.interval;
    Some(((high - low) / 2.0).exp_m1()).filter(|half| half.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn trials(medians: &[u64]) -> Vec<Record> {
        let trial = |p50: &u64| {
            serde_json::from_value(json!({
                "schema": 1, "run": "r", "trial": 0, "seed": 1, "status": "ok",
                "case": { "id": "a", "transport": "shm", "workload": "invoke", "model": {} },
                "latency_ns": { "kind": "round-trip", "count": 10, "min": 1, "p50": p50, "max": 9, "mean": 1.0, "histogram": "" },
            }))
            .unwrap()
        };
        medians.iter().map(trial).collect()
    }

    #[test]
    fn six_trials_bound_a_median_and_five_do_not() {
        assert_eq!(precision(&trials(&[100, 101, 102, 103, 104])), None);
        // The interval of six is all of them: 100 to 110.
        let half = precision(&trials(&[100, 101, 102, 103, 104, 110])).unwrap();
        assert!((half - (1.1f64.sqrt() - 1.0)).abs() < 1e-9, "{half}");
    }
}
