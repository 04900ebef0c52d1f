//! What a run says, in sentences: who is fastest, by how much, how sure that is, and from which size on shared memory pays.

use super::chart::facet::{Facet, facets};
use super::chart::is_canary;
use super::chart::payload::{Crossover, crosses};
use super::figure::{count, nanoseconds, ratio};
use crate::plan::human_size;
use crate::plan::{Model, Pin, Placement, Preset, variable::word};
use crate::record::{Place, Record, Status};
use crate::stats::{Spread, Summary};
use crate::workload::Workload;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
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
    let mut questions: BTreeMap<Question, Vec<&Summary<'_>>> = BTreeMap::new();
    // A distance that the host chose for a moment alone says nothing: `facets` leaves those out.
    for group in facets(summaries, &[]).into_values() {
        let speaks = |summary: &&Summary<'_>| summary.p50.is_some() && !is_canary(summary);
        for summary in group.into_iter().filter(speaks) {
            questions.entry(Question::of(summary)).or_default().push(summary);
        }
    }
    let sizes = sizes(questions.keys());
    let asked = questions.iter().filter(|(question, group)| {
        let kept = sizes.get(&question.any_size()).is_some_and(|sizes| sizes.contains(&question.payload));
        group.len() > 1 && kept
    });
    let mut answers: Vec<Answer> = asked.take(MOST).map(|(question, group)| question.answer(group)).collect();
    answers.extend(crossovers(summaries));
    answers
}

/// Of many sizes, the least, the middle one and the largest are asked about.
fn sizes<'q>(questions: impl Iterator<Item = &'q Question>) -> BTreeMap<Question, BTreeSet<usize>> {
    let mut sizes: BTreeMap<Question, BTreeSet<usize>> = BTreeMap::new();
    for question in questions {
        sizes.entry(question.any_size()).or_default().insert(question.payload);
    }
    for sizes in sizes.values_mut().filter(|sizes| sizes.len() > 3) {
        let all: Vec<usize> = sizes.iter().copied().collect();
        *sizes = [all[0], all[all.len() / 2], all[all.len() - 1]].into();
    }
    sizes
}

/// What weakens an answer.
fn caution(group: &[&Summary<'_>]) -> String {
    let trials = group.iter().map(|summary| summary.trials).min().unwrap_or(0);
    let runs: BTreeSet<&str> = group.iter().map(|summary| summary.example.run.as_str()).collect();
    let mut cautions = Vec::new();
    if trials < ENOUGH {
        cautions.push(format!("{trials} trials: factors, not percents"));
    }
    if runs.len() > 1 {
        cautions.push(format!("of {} runs at different times", runs.len()));
    }
    cautions.join("; ")
}

/// What is asked: the smallest and plainest first, as the order of the fields says.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Question {
    far_from_default: usize,
    /// Calls are asked about first.
    is_no_call: bool,
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
            is_no_call: case.workload != Workload::Invoke,
            workload: case.workload,
            payload: case.model.payload,
            pin: word(case.model.pin),
            place: summary.place,
            model: case.model.clone(),
        }
    }

    /// The same, whatever the size.
    fn any_size(&self) -> Question {
        Question { payload: 0, model: Model { payload: 0, ..self.model.clone() }, ..self.clone() }
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
        Answer { question: self.words(), answer, caution: caution(group) }
    }
}

/// From which size on shared memory is faster than sockets, for each way of running the same workload.
fn crossovers(summaries: &[Summary<'_>]) -> Vec<Answer> {
    let groups = facets(summaries, &["payload"]);
    let answer = |(facet, group): (&Facet, &Vec<&Summary<'_>>)| {
        let concerned: Vec<&Summary<'_>> = group.iter().copied().filter(|summary| crosses(summary)).collect();
        let answer = Crossover::of(&concerned).words()?;
        let question = format!(
            "Is shared memory faster than the fastest socket, and from which size on? ({})",
            facet.title()
        );
        Some(Answer { question, answer, caution: caution(&concerned) })
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
    let jumped = count(&|record| record.noise.is_some_and(|noise| noise.clock_jumped()));
    if jumped > 0 {
        sentences.push(format!(
            "In {jumped} of {} trials a clock jumped: their lengths by the clock that timed them and by the kernel's differ by more than 0.2 %.",
            trials.len()
        ));
    }
    let mut runs: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for record in &trials {
        runs.entry(&record.case.id).or_default().insert(&record.run);
    }
    let several = runs.values().filter(|runs| runs.len() > 1).count();
    if several > 0 {
        sentences.push(format!(
            "{several} cases were measured by several runs; of each the run with the most cases is shown, the others are in the files alone."
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
