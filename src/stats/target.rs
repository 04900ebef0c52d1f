//! Whether a suite's targets were reached.
//!
//! A ratio is of one trial: its figure over its own floor, or over the other case's figure in the trial of the same number,
//! which ran in the same block, minutes apart at most. Trials in which the host moved a CPU, and pairs at different
//! distances, compare nothing and are left out.

use super::figure::figure;
use super::summary::Spread;
use crate::plan::{Against, Metric, Target};
use crate::record::{Bounds, Place, Record, Status, counted};
use std::collections::BTreeMap;

/// What came of a target for one of its cases.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict<'a> {
    /// The target.
    pub target: &'a Target,
    /// The case's name.
    pub case: &'a str,
    /// Its ratio at each distance that occurred, or why there is none.
    pub outcome: Result<Vec<Reading>, String>,
}

/// A target's ratio at one distance.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reading {
    /// How far the ends' CPUs were apart.
    pub place: Place,
    /// The ratio, over trials.
    pub ratio: Spread,
    /// Number of trials.
    pub trials: usize,
    /// Whether the median is as it shall be.
    pub reached: bool,
}

/// Holds records against targets.
pub fn judge<'a>(targets: &'a [Target], records: &[Record]) -> Vec<Verdict<'a>> {
    let each = |target: &'a Target| {
        target.cases.iter().map(move |case| Verdict { target, case, outcome: outcome(target, case, records) })
    };
    targets.iter().flat_map(each).collect()
}

fn outcome(target: &Target, case: &str, records: &[Record]) -> Result<Vec<Reading>, String> {
    let trials = trials_of(case, records)?;
    let others = match &target.against {
        Against::Floor => None,
        Against::Case(other) => Some(trials_of(other, records)?),
    };
    let mut ratios: BTreeMap<Place, Vec<f64>> = BTreeMap::new();
    let mut reason = None;
    for trial in &trials {
        let ratio = match &others {
            None => over_floor(trial, target.metric),
            Some(others) => over_other(trial, others, target.metric),
        };
        match ratio {
            Ok((place, ratio)) => ratios.entry(place).or_default().push(ratio),
            Err(why) => reason = Some(why),
        }
    }
    let readings: Vec<Reading> = ratios
        .into_iter()
        .filter_map(|(place, ratios)| {
            let trials = ratios.len();
            let ratio = Spread::of(ratios.into_iter().map(Some).collect())?;
            Some(Reading { place, ratio, trials, reached: target.limit.is_reached_by(ratio.median) })
        })
        .collect();
    match reason {
        Some(reason) if readings.is_empty() => Err(reason),
        _ => Ok(readings),
    }
}

/// The trials of a case that count; why there are none.
fn trials_of<'r>(case: &str, records: &'r [Record]) -> Result<Vec<&'r Record>, String> {
    let all = records.iter().filter(|record| record.case.id == case);
    let trials = counted(all.clone());
    if !trials.is_empty() {
        return Ok(trials);
    }
    Err(match all.max_by_key(|record| record.order) {
        None => format!("{case} was not run"),
        Some(record) => {
            let what = if record.status == Status::Failed { "failed" } else { "was skipped" };
            format!("{case} {what}: {}", record.reason.as_deref().unwrap_or("no reason given"))
        }
    })
}

/// A trial's figure, if its ends stayed where they were.
fn figure_at(trial: &Record, metric: Metric) -> Result<(Place, f64), String> {
    if trial.noise.and_then(|noise| noise.distance).is_some_and(|distance| distance.mixed) {
        return Err("the distance changed during the trials".to_owned());
    }
    let figure = figure(trial, metric).filter(|figure| figure.is_finite());
    Ok((trial.place(), figure.ok_or_else(|| format!("no trial has enough samples for {}", metric.name()))?))
}

/// A trial that takes less than so much of its floor says nothing but that the floor was disturbed.
const LOWEST: f64 = 0.8;

fn over_floor(trial: &Record, metric: Metric) -> Result<(Place, f64), String> {
    let (place, figure) = figure_at(trial, metric)?;
    let floor = trial.floor.as_ref().ok_or("no floor that is measured bounds it")?;
    if floor.ratio < LOWEST {
        return Err(format!("its floor ({}) was disturbed: the trials were faster", floor.name));
    }
    match (floor.bounds, metric) {
        (Bounds::Latency, metric) if metric.is_latency() => Ok((place, figure / floor.ns)),
        // The floor is a time, the figure a rate.
        (Bounds::Message, Metric::Messages) => Ok((place, figure * floor.ns / 1e9)),
        (Bounds::Latency, _) => Err(format!("its floor ({}) bounds latencies", floor.name)),
        (Bounds::Message, _) => Err(format!("its floor ({}) bounds messages/s", floor.name)),
    }
}

fn over_other(trial: &Record, others: &[&Record], metric: Metric) -> Result<(Place, f64), String> {
    let (place, figure) = figure_at(trial, metric)?;
    let other = others.iter().find(|other| other.trial == trial.trial);
    let (other_place, base) =
        figure_at(other.ok_or("the cases were not both run in any one trial")?, metric)?;
    let place = match (place, other_place) {
        (ours, theirs) if ours == theirs => ours,
        // An end that shares its CPU is as far as ever.
        (ours, Place::One) => ours,
        (Place::One, theirs) => theirs,
        _ => return Err("the cases were never at the same distance in one trial".to_owned()),
    };
    if base == 0.0 {
        return Err(format!("the other case's {} is 0", metric.name()));
    }
    Ok((place, figure / base))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Limit;
    use serde_json::{Value, json};

    /// A trial whose median, floor and distance are as said; a distance of 0 is one CPU.
    fn trial(case: &str, trial: u64, p50: u64, floor_ns: f64, distance_ns: [f64; 2]) -> Record {
        let [before_ns, after_ns] = distance_ns;
        let distance = match before_ns {
            0.0 => Value::Null,
            _ => {
                json!({ "before_ns": before_ns, "after_ns": after_ns, "mixed": after_ns > 1.3 * before_ns })
            }
        };
        let record = json!({
            "schema": 1, "run": "r", "trial": trial, "seed": 1, "status": "ok",
            "case": { "id": case, "transport": "shm", "workload": "invoke", "model": {} },
            "latency_ns": { "kind": "round-trip", "count": 10, "min": 1, "p50": p50, "max": 9, "mean": 1.0, "histogram": "" },
            "throughput": { "messages_per_s": 1e9 / p50.max(1) as f64, "bytes_per_s": 1.0 },
            "floor": { "name": "made up", "ns": floor_ns, "ratio": 1.0 },
            "noise": { "dirty": false, "steal_ticks": 0, "sentinel_ratio": 1.0, "distance": distance },
        });
        serde_json::from_value(record).unwrap()
    }

    const NEAR: [f64; 2] = [60.0, 60.0];
    const FAR: [f64; 2] = [330.0, 330.0];
    const MIXED: [f64; 2] = [60.0, 330.0];
    const ONE: [f64; 2] = [0.0, 0.0];

    fn target(metric: Metric, against: Against, limit: Limit) -> [Target; 1] {
        [Target { name: "t".into(), cases: vec!["a".into()], metric, against, limit }]
    }

    fn only(targets: &[Target], records: &[Record]) -> Result<Vec<Reading>, String> {
        judge(targets, records).remove(0).outcome
    }

    #[test]
    fn each_distance_is_judged_by_its_own_trials() {
        let records = [
            trial("a", 0, 100, 100.0, NEAR),
            trial("a", 1, 130, 100.0, NEAR),
            trial("a", 2, 120, 100.0, NEAR),
            trial("a", 3, 400, 200.0, FAR),
            trial("a", 4, 900, 100.0, MIXED),
            trial("b", 0, 900, 100.0, NEAR),
        ];
        let readings = only(&target(Metric::P50, Against::Floor, Limit::AtMost(1.25)), &records).unwrap();
        let spread = |median, min, max| Spread { median, min, max, low: min, high: max };
        let wanted = [
            Reading { place: Place::Near, ratio: spread(1.2, 1.0, 1.3), trials: 3, reached: true },
            Reading { place: Place::Far, ratio: spread(2.0, 2.0, 2.0), trials: 1, reached: false },
        ];
        assert_eq!(readings, wanted);
    }

    #[test]
    fn cases_are_compared_trial_by_trial_at_one_distance() {
        let against = || Against::Case("b".into());
        let mut records = vec![
            trial("a", 0, 100, 1.0, NEAR),
            trial("a", 1, 400, 1.0, FAR),
            trial("a", 2, 400, 1.0, FAR),
            trial("b", 2, 800, 1.0, FAR),
            trial("b", 1, 50, 1.0, NEAR),
            trial("b", 0, 400, 1.0, NEAR),
        ];
        let readings = only(&target(Metric::P50, against(), Limit::AtMost(0.4)), &records).unwrap();
        let ratios: Vec<_> =
            readings.iter().map(|r| (r.place, r.ratio.median, r.trials, r.reached)).collect();
        assert_eq!(ratios, [(Place::Near, 0.25, 1, true), (Place::Far, 0.5, 1, false)]);
        let readings = only(&target(Metric::Messages, against(), Limit::AtLeast(4.0)), &records).unwrap();
        assert_eq!((readings[0].ratio.median, readings[0].reached), (4.0, true));
        // Ends on one CPU have no distance: the other's counts.
        records[5] = trial("b", 0, 200, 1.0, ONE);
        let readings = only(&target(Metric::P50, against(), Limit::AtMost(1.0)), &records).unwrap();
        assert_eq!((readings[0].place, readings[0].ratio.median), (Place::Near, 0.5));
    }

    #[test]
    fn a_stream_is_held_against_its_floor_by_its_rate() {
        let mut record = trial("a", 0, 250, 200.0, FAR);
        let messages = target(Metric::Messages, Against::Floor, Limit::AtLeast(0.8));
        let p50 = target(Metric::P50, Against::Floor, Limit::AtMost(2.0));
        let reason = only(&messages, std::slice::from_ref(&record)).unwrap_err();
        assert_eq!(reason, "its floor (made up) bounds latencies");
        record.floor.as_mut().unwrap().bounds = Bounds::Message;
        let readings = only(&messages, std::slice::from_ref(&record)).unwrap();
        assert_eq!((readings[0].ratio.median, readings[0].reached), (0.8, true));
        assert_eq!(only(&p50, &[record]).unwrap_err(), "its floor (made up) bounds messages/s");
    }

    #[test]
    fn what_was_not_measured_says_why() {
        let floor = target(Metric::P50, Against::Floor, Limit::AtMost(1.0));
        let other = target(Metric::P50, Against::Case("b".into()), Limit::AtMost(1.0));
        let p99 = target(Metric::P99, Against::Floor, Limit::AtMost(1.0));
        let ours = trial("a", 0, 100, 1.0, NEAR);
        let ended = |status, reason: &str| Record {
            status,
            reason: Some(reason.into()),
            ..trial("b", 0, 1, 1.0, NEAR)
        };
        let mut fast = ours.clone();
        fast.floor.as_mut().unwrap().ratio = 0.5;
        let bare = Record { floor: None, ..ours.clone() };
        for (target, records, reason) in [
            (&floor, vec![], "a was not run"),
            (&other, vec![ours.clone()], "b was not run"),
            (&other, vec![ours.clone(), ended(Status::Skipped, "no CPU")], "b was skipped: no CPU"),
            (&other, vec![ours.clone(), ended(Status::Failed, "hung")], "b failed: hung"),
            (
                &other,
                vec![ours.clone(), trial("b", 1, 1, 1.0, NEAR)],
                "the cases were not both run in any one trial",
            ),
            (
                &other,
                vec![ours.clone(), trial("b", 0, 1, 1.0, FAR)],
                "the cases were never at the same distance in one trial",
            ),
            (&other, vec![ours.clone(), trial("b", 0, 0, 1.0, NEAR)], "the other case's p50 is 0"),
            (&floor, vec![trial("a", 0, 1, 1.0, MIXED)], "the distance changed during the trials"),
            (&floor, vec![fast], "its floor (made up) was disturbed: the trials were faster"),
            (&floor, vec![bare], "no floor that is measured bounds it"),
            (&p99, vec![ours.clone()], "no trial has enough samples for p99"),
        ] {
            assert_eq!(only(target, &records), Err(reason.to_owned()));
        }
    }
}
