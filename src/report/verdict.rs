//! What a run says, in sentences: who is fastest, by how much, how sure that is, and from which size on shared memory pays.

use super::chart::payload::Crossover;
use super::figure::{about, count, nanoseconds, ratio};
use crate::plan::human_size;
use crate::plan::{Model, Pin, Placement, Preset, variable::word};
use crate::record::{Place, Record, Status};
use crate::stats::{Spread, Summary};
use crate::workload::Workload;
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt;

/// Most questions that are answered: the rest is in charts and tables.
const MOST: usize = 6;
/// Trials from which on differences of a few percent can be told.
const ENOUGH: usize = 6;

/// A question and what the records say to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Answer {
    question: String,
    answer: String,
    /// What weakens it.
    caution: String,
}

impl fmt::Display for Answer {
    /// As an item of a list in Markdown.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}: **{}**", self.question, self.answer)?;
        if self.caution.is_empty() { Ok(()) } else { write!(out, " ({})", self.caution) }
    }
}

/// Answers, the most asked first.
pub(super) fn verdict(summaries: &[Summary<'_>]) -> Vec<Answer> {
    let most = summaries.iter().map(|summary| summary.trials).max().unwrap_or(0);
    // A distance that the host chose for a moment alone says nothing.
    let counts = |summary: &&Summary<'_>| {
        summary.place != Place::Mixed && summary.p50.is_some() && 2 * summary.trials > most
    };
    let mut questions: BTreeMap<Question, Vec<&Summary<'_>>> = BTreeMap::new();
    for summary in summaries.iter().filter(counts) {
        questions.entry(Question::of(summary)).or_default().push(summary);
    }
    let asked = questions.iter().filter(|(_, group)| group.len() > 1);
    let mut answers: Vec<Answer> = asked.take(MOST).map(|(question, group)| question.answer(group)).collect();
    answers.extend(crossovers(summaries));
    answers
}

/// What is asked: the smallest and plainest first, as the order of the fields says.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Question {
    far_from_default: usize,
    workload: Workload,
    payload: usize,
    pin: String,
    place: Place,
    model: Model,
}

impl Question {
    fn of(summary: &Summary<'_>) -> Question {
        let case = &summary.example.case;
        let default = Model { payload: case.model.payload, pin: case.model.pin, ..Model::default() };
        let differing = crate::plan::variable::VARIABLES
            .iter()
            .filter(|variable| (variable.get)(&case.model) != (variable.get)(&default));
        Question {
            far_from_default: differing.count(),
            workload: case.workload,
            payload: case.model.payload,
            pin: word(case.model.pin),
            place: summary.place,
            model: case.model.clone(),
        }
    }

    /// As the beginning of a sentence.
    fn words(&self) -> String {
        let model = &self.model;
        let waits = match word(model.wait).as_str() {
            "block" => "that sleep while they wait".to_owned(),
            "spin" => "that never sleep".to_owned(),
            _ => "that look for a moment and then sleep".to_owned(),
        };
        let ends = if model.placement == Placement::Process { "processes" } else { "threads" };
        let place = match (model.pin, self.place) {
            (Pin::Same, _) => "on one CPU".to_owned(),
            (Pin::Cross, Place::Near | Place::Far) => format!("on two CPUs ({})", word(self.place)),
            (Pin::Cross, _) => "on two CPUs".to_owned(),
            (Pin::Free, _) => "wherever the scheduler puts them".to_owned(),
        };
        let windows =
            if model.windows > 1 { format!(" with {} windows", model.windows) } else { String::new() };
        let preset = Preset::of(model).map_or("other layers", |preset| preset.name);
        let layers = if preset == "bare" { String::new() } else { format!(", {preset}") };
        let flight =
            if model.in_flight > 1 { format!(", {} in flight", model.in_flight) } else { String::new() };
        format!(
            "{} of {} between {ends} {waits}, {place}{windows}{layers}{flight}",
            word(self.workload),
            human_size(self.payload)
        )
    }

    /// Whether what counts is how many pass, not how long one takes: a sender that runs ahead fills the queue that it waits in.
    fn is_stream(&self) -> bool {
        self.workload != Workload::Invoke && self.model.in_flight > 1
    }

    fn answer(&self, group: &[&Summary<'_>]) -> Answer {
        let figure =
            |summary: &Summary<'_>| if self.is_stream() { summary.messages_per_s } else { summary.p50 };
        let mut all: Vec<(&str, Spread)> = group
            .iter()
            .filter_map(|summary| Some((summary.example.case.transport.as_str(), figure(summary)?)))
            .collect();
        let trials = group.iter().map(|summary| summary.trials).min().unwrap_or(0);
        let better = |a: &Spread, b: &Spread| {
            if self.is_stream() { b.median.total_cmp(&a.median) } else { a.median.total_cmp(&b.median) }
        };
        all.sort_by(|a, b| better(&a.1, &b.1));
        let Some(((name, best), rest)) = all.split_first() else {
            return Answer {
                question: self.words(),
                answer: "nothing was measured".to_owned(),
                caution: String::new(),
            };
        };
        let overlaps = |spread: &Spread| spread.low <= best.high && best.low <= spread.high;
        let (like_it, others): (Vec<_>, Vec<_>) = rest.iter().partition(|(_, spread)| overlaps(spread));
        let mut answer = if self.is_stream() {
            format!("{name} passes most, {} messages a second", count(best.median))
        } else {
            format!("{name} is fastest, {}", nanoseconds(best.median))
        };
        if !like_it.is_empty() {
            let names: Vec<&str> = like_it.iter().map(|(name, _)| *name).collect();
            answer.push_str(&format!(" (not to be told from {})", names.join(", ")));
        }
        if !others.is_empty() {
            let times =
                others.iter().map(|(name, spread)| format!("{name} {}", ratio(spread.median / best.median)));
            let takes = if self.is_stream() { "the others pass of that" } else { "the others take" };
            answer.push_str(&format!("; {takes} {}", times.collect::<Vec<_>>().join(", ")));
        }
        let caution =
            if trials < ENOUGH { format!("{trials} trials: factors, not percents") } else { String::new() };
        Answer { question: self.words(), answer, caution }
    }
}

/// From which size on shared memory is faster than sockets, for each way of running the same workload.
fn crossovers(summaries: &[Summary<'_>]) -> Vec<Answer> {
    let mut groups: BTreeMap<(Workload, Model, Place), Vec<&Summary<'_>>> = BTreeMap::new();
    for summary in summaries.iter().filter(|summary| summary.place != Place::Mixed) {
        let case = &summary.example.case;
        let of_any_size = Model { payload: 0, ..case.model.clone() };
        groups.entry((case.workload, of_any_size, summary.place)).or_default().push(summary);
    }
    let answer = |((workload, model, place), group): (&(Workload, Model, Place), &Vec<&Summary<'_>>)| {
        let place = if *place == Place::One { String::new() } else { format!(", CPUs {}", word(*place)) };
        let question = format!(
            "From which size on is shared memory faster than sockets? ({}, wait={}, pin={}{place})",
            word(*workload),
            word(model.wait),
            word(model.pin)
        );
        let answer = match Crossover::of(group) {
            Crossover::Unknown | Crossover::Mixed => return None,
            Crossover::Always(_) => "at every size measured".to_owned(),
            Crossover::Never => "at none of the sizes measured".to_owned(),
            Crossover::Between { below, above, at } => format!(
                "crossover about {} (between {} and {})",
                about(at),
                human_size(below),
                human_size(above)
            ),
        };
        Some(Answer { question, answer, caution: String::new() })
    };
    groups.iter().filter_map(answer).take(MOST).collect()
}

/// What a reader must know of the noise before believing a figure.
pub(super) fn noise(records: &[Record]) -> Vec<String> {
    let trials: Vec<&Record> = records.iter().filter(|record| record.status == Status::Ok).collect();
    let count = |what: &dyn Fn(&Record) -> bool| trials.iter().filter(|record| what(record)).count();
    let (dirty, repeated) = (count(&Record::is_dirty), count(&|record| record.repeats.is_some()));
    let mut sentences = Vec::new();
    if dirty > 0 {
        sentences.push(format!(
            "{dirty} of {} trials were disturbed by the host{}; they are hollow in the timeline.",
            trials.len(),
            if repeated > 0 { format!(", {repeated} of them were measured again") } else { String::new() }
        ));
    }
    let [near, far, mixed] =
        [Place::Near, Place::Far, Place::Mixed].map(|place| count(&|record| record.place() == place));
    if near > 0 && far > 0 {
        sentences.push(format!(
            "The host moved the CPUs: {near} trials ran with them near, {far} with them far apart, {mixed} while they moved. Compare within one distance."
        ));
    }
    sentences
}
