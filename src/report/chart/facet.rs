//! What the marks of a chart share: charts never mix waits, pins, distances or layers, only what they are about.

use crate::plan::variable::{VARIABLES, word};
use crate::plan::{Model, Preset, human_size};
use crate::record::{CaseRow, Place, Record};
use crate::stats::Summary;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

/// What a page can be filtered by; the transport is what charts compare, so it is none of them.
pub(in crate::report) const DIMENSIONS: [&str; 6] =
    ["workload", "wait", "pin", "windows", "payload", "preset"];

/// Values that something has in each dimension, and the runs that it is of.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in crate::report) struct Tags {
    values: BTreeMap<&'static str, BTreeSet<String>>,
    pub(in crate::report) runs: BTreeSet<String>,
}

impl Tags {
    pub(in crate::report) fn of(case: &CaseRow) -> Tags {
        let mut tags = Tags::default();
        tags.add(case);
        tags
    }

    pub(super) fn of_all<'a>(records: impl IntoIterator<Item = &'a Record>) -> Tags {
        let mut tags = Tags::default();
        for record in records {
            tags.add(&record.case);
            if !tags.runs.contains(&record.run) {
                tags.runs.insert(record.run.clone());
            }
        }
        tags
    }

    fn add(&mut self, case: &CaseRow) {
        for name in DIMENSIONS {
            let value = match name {
                "workload" => case.workload.name().to_owned(),
                "preset" => Preset::of(&case.model).map_or("other", |preset| preset.name).to_owned(),
                name => variable(&case.model, name),
            };
            self.values.entry(name).or_default().insert(value);
        }
    }

    /// The values in a dimension.
    pub(in crate::report) fn values(&self, name: &str) -> impl Iterator<Item = &String> {
        self.values.get(name).into_iter().flatten()
    }

    /// As attributes of an element: ` data-wait="block spin"`.
    pub(in crate::report) fn attributes(&self) -> String {
        let mut text = String::new();
        for (name, values) in &self.values {
            let values: Vec<&str> = values.iter().map(String::as_str).collect();
            let _ = write!(text, " data-{name}=\"{}\"", super::svg::escape(&values.join(" ")));
        }
        text
    }
}

/// A value of a model by the name of its variable.
pub(super) fn variable(model: &Model, name: &str) -> String {
    VARIABLES
        .iter()
        .find(|variable| variable.name == name)
        .map(|variable| (variable.get)(model))
        .unwrap_or_default()
}

/// What a group of summaries shares.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::report) struct Facet {
    workload: String,
    place: Option<Place>,
    /// Each variable's value, in the order of variables.
    values: Vec<(&'static str, String)>,
}

impl Facet {
    /// Of a case at a distance, without the variables that differ within the group.
    pub(super) fn of(case: &CaseRow, place: Option<Place>, without: &[&str]) -> Facet {
        let kept = VARIABLES.iter().filter(|variable| !without.contains(&variable.name));
        let values = kept.map(|variable| (variable.name, (variable.get)(&case.model))).collect();
        Facet { workload: case.workload.name().to_owned(), place, values }
    }

    /// In words: what differs from the usual is named, placement, wait and pin always.
    pub(in crate::report) fn title(&self) -> String {
        let default = Model::default();
        let mut parts = vec![self.workload.clone()];
        for (name, value) in &self.values {
            let part = match *name {
                "payload" => value.parse().map_or_else(|_| value.clone(), human_size),
                "wait" | "pin" => format!("{name}={value}"),
                _ if *value == variable(&default, name) => continue,
                _ => format!("{name}={value}"),
            };
            parts.push(part);
        }
        if let Some(place) = self.place.filter(|place| *place != Place::One) {
            parts.push(format!("CPUs {}", word(place)));
        }
        parts.join(" · ")
    }
}

/// Summaries in groups that share all but the transport and `without`. Mixed distances are left out, and those that the host chose for less
/// than a third of a case's trials: single trials beside medians of many mislead.
pub(in crate::report) fn facets<'s, 'r>(
    summaries: &'s [Summary<'r>],
    without: &[&str],
) -> BTreeMap<Facet, Vec<&'s Summary<'r>>> {
    let mut groups: BTreeMap<Facet, Vec<&Summary<'_>>> = BTreeMap::new();
    let mut trials: BTreeMap<&str, usize> = BTreeMap::new();
    for summary in summaries {
        *trials.entry(&summary.example.case.id).or_default() += summary.trials;
    }
    let often = |summary: &&Summary<'_>| 3 * summary.trials >= trials[summary.example.case.id.as_str()];
    for summary in summaries.iter().filter(|summary| summary.place != Place::Mixed).filter(often) {
        let facet = Facet::of(&summary.example.case, Some(summary.place), without);
        groups.entry(facet).or_default().push(summary);
    }
    groups
}
