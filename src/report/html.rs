//! The report: one page that needs nothing but a browser. Charts are drawn here and only hidden, sorted and pointed at there: a
//! plotting library in the page would draw a second time what is drawn for files anyway, and nothing without scripts.

mod cases;
pub(super) mod fuzz;

use super::chart::facet::{DIMENSIONS, Tags};
use super::chart::{Chart, Kind, charts};
use super::verdict::{Answer, noise, verdict};
use crate::plan::variable::word;
use crate::plan::{human_size, not_built_in, transports};
use crate::record::{Environment, Record, Status};
use crate::stats::{Comparison, Summary, summarise};
use cases::{COLUMNS, Row, row};
use minijinja::Environment as Templates;
use serde::Serialize;
use std::collections::BTreeSet;

/// Most rows of a table: a browser still scrolls through so many.
const MOST: usize = 3000;
/// And of the table below a chart.
const MOST_OF_FIGURE: usize = 300;

/// Where records come from.
#[derive(Clone, Debug)]
pub struct Source {
    /// What stood beside each run's records.
    pub environments: Vec<Environment>,
}

impl Source {
    /// In a line: what all of it was measured on, when, and with which seeds.
    pub fn line(&self) -> String {
        self.line_of(&BTreeSet::new())
    }

    /// The same for some of the runs, for captions; for all if none of them left word.
    pub(super) fn line_of(&self, runs: &BTreeSet<String>) -> String {
        let mut of: Vec<&Environment> =
            self.environments.iter().filter(|environment| runs.contains(&environment.run)).collect();
        if of.is_empty() {
            of = self.environments.iter().collect();
        }
        let Some(first) = of.first() else {
            return "It is not known where and when this was measured.".to_owned();
        };
        let hosts: BTreeSet<String> = of.iter().map(|environment| host(environment)).collect();
        let days: BTreeSet<&str> =
            of.iter().map(|environment| environment.started.get(..10).unwrap_or("undated")).collect();
        let seeds: Vec<String> = of.iter().take(3).map(|environment| environment.seed.to_string()).collect();
        let more = if of.len() > 3 { format!(" and {} more", of.len() - 3) } else { String::new() };
        let day = match (days.first(), days.last()) {
            (Some(from), Some(to)) if from != to => format!("{from} to {to}"),
            _ => first.started.get(..10).unwrap_or("undated").to_owned(),
        };
        let seed = if of.len() > 1 { "seeds" } else { "seed" };
        format!(
            "{} · {day} · {seed} {}{more}",
            hosts.into_iter().collect::<Vec<_>>().join("; "),
            seeds.join(", ")
        )
    }

    /// Bytes that one CPU copied in a second, by size: of the first run that measured it.
    pub fn copies(&self) -> &[(usize, f64)] {
        let known = self.environments.iter().map(|environment| environment.host.copies.as_slice());
        known.into_iter().find(|copies| !copies.is_empty()).unwrap_or_default()
    }
}

fn host(environment: &Environment) -> String {
    let host = &environment.host;
    let guest = if host.virtual_machine { ", a virtual machine" } else { "" };
    let kernel: Vec<&str> = host.kernel.split(' ').take(2).collect();
    format!("{}, {} CPUs{guest}, {}", host.cpu, host.cpus.len(), kernel.join(" "))
}

#[derive(Serialize)]
struct Choice {
    value: String,
    label: String,
}

#[derive(Serialize)]
struct Dimension {
    name: &'static str,
    choices: Vec<Choice>,
}

#[derive(Serialize)]
struct Figure {
    id: String,
    title: String,
    about: String,
    source: String,
    attributes: String,
    svg: String,
    header: Vec<String>,
    rows: Vec<FigureRow>,
    rows_left_out: usize,
}

#[derive(Serialize)]
struct FigureRow {
    attributes: String,
    cells: Vec<String>,
}

#[derive(Serialize)]
struct Section {
    id: &'static str,
    heading: &'static str,
    reading: &'static str,
    charts: Vec<Figure>,
    left_out: usize,
}

#[derive(Serialize)]
struct Origin {
    line: String,
    host: String,
    command: String,
    partial: bool,
}

#[derive(Serialize)]
struct Heading {
    name: &'static str,
    word: bool,
}

#[derive(Serialize)]
struct Trouble<'r> {
    what: String,
    case: &'r str,
    reason: &'r str,
    attributes: String,
}

/// What the template takes.
#[derive(Serialize)]
struct Page<'r> {
    title: &'static str,
    sources: Vec<Origin>,
    verdict: Vec<Answer>,
    empty: &'static str,
    noise: Vec<String>,
    dimensions: Vec<Dimension>,
    sections: Vec<Section>,
    columns: Vec<Heading>,
    rows: Vec<Row>,
    rows_left_out: usize,
    troubles: Vec<Trouble<'r>>,
    troubles_left_out: usize,
    /// Whether there are rows that no ipcmark measured.
    foreign: bool,
    css: &'static str,
    theme: &'static str,
    script: &'static str,
    version: &'static str,
}

/// The page. `differences` are of a comparison that shall stand in it, if any.
///
/// # Errors
/// If the template is broken, which a test would have seen.
pub fn html(
    records: &[Record],
    source: &Source,
    differences: &[Comparison],
) -> Result<String, minijinja::Error> {
    render(&templates()?, page(records, source, differences))
}

fn templates() -> Result<Templates<'static>, minijinja::Error> {
    let mut templates = Templates::new();
    templates.add_template("page.html", include_str!("assets/page.html"))?;
    Ok(templates)
}

fn render(templates: &Templates<'_>, page: Page<'_>) -> Result<String, minijinja::Error> {
    templates.get_template("page.html")?.render(minijinja::value::Serde(page))
}

fn page<'r>(records: &'r [Record], source: &Source, differences: &[Comparison]) -> Page<'r> {
    let summaries = summarise(records);
    let troubles: Vec<&Record> = records.iter().filter(|record| record.status != Status::Ok).collect();
    Page {
        title: "ipcmark: what does a message cost?",
        sources: source.environments.iter().map(origin).collect(),
        verdict: verdict(&summaries),
        empty: empty(records, &summaries),
        noise: noise(records),
        dimensions: dimensions(records),
        sections: sections(records, source, differences),
        columns: COLUMNS.iter().map(|&(name, word, _)| Heading { name, word }).collect(),
        rows: summaries.iter().take(MOST).map(row).collect(),
        rows_left_out: summaries.len().saturating_sub(MOST),
        troubles: troubles.iter().take(MOST).map(|record| trouble(record)).collect(),
        troubles_left_out: troubles.len().saturating_sub(MOST),
        foreign: summaries.iter().any(|summary| is_foreign(&summary.example.case.transport)),
        css: include_str!("assets/page.css"),
        theme: include_str!("assets/theme.css"),
        script: include_str!("assets/report.js"),
        version: env!("CARGO_PKG_VERSION"),
    }
}

/// Whether a transport is none that this program or its features know.
fn is_foreign(name: &str) -> bool {
    transports().iter().all(|listed| listed.name != name)
        && not_built_in().iter().all(|absent| absent.name != name)
}

fn origin(environment: &Environment) -> Origin {
    let Environment { run, started, seed, profile, version, partial, .. } = environment;
    let (machine, kernel, clock) =
        (host(environment), &environment.host.kernel, &environment.host.clocksource);
    Origin {
        line: format!("run {run} · {machine} · {started} · seed {seed}"),
        host: format!(
            "{machine} · kernel {kernel} · clock source {clock} · {profile} build of version {version}"
        ),
        command: environment.command.join(" "),
        partial: *partial,
    }
}

fn trouble(record: &Record) -> Trouble<'_> {
    Trouble {
        what: word(record.status),
        case: &record.case.id,
        reason: record.reason.as_deref().unwrap_or("no reason given"),
        attributes: Tags::of(&record.case).attributes(),
    }
}

/// All charts, by kind.
fn sections(records: &[Record], source: &Source, differences: &[Comparison]) -> Vec<Section> {
    let (mut all, left_out) = charts(records, source.copies());
    all.extend(super::chart::forest(differences, records));
    let section = |kind: Kind| Section {
        id: kind.name(),
        heading: kind.heading(),
        reading: kind.reading(),
        charts: all.iter().filter(|chart| chart.kind == kind).map(|chart| figure(chart, source)).collect(),
        left_out: left_out.iter().find(|(other, _)| *other == kind).map_or(0, |(_, count)| *count),
    };
    Kind::ALL.into_iter().map(section).filter(|section| !section.charts.is_empty()).collect()
}

/// Why there is no verdict.
fn empty(records: &[Record], summaries: &[Summary<'_>]) -> &'static str {
    match (records.is_empty(), summaries.is_empty()) {
        (true, _) => "There are no records.",
        (_, true) => "No trial counts: all failed or were skipped. The reasons stand below.",
        _ => "Nothing here is measured for two transports alike, so there is nobody to be faster than.",
    }
}

fn figure(chart: &Chart, source: &Source) -> Figure {
    Figure {
        id: chart.name(),
        title: chart.title.clone(),
        about: chart.about.clone(),
        source: source.line_of(&chart.tags.runs),
        attributes: chart.tags.attributes(),
        svg: chart.inline(),
        header: chart.figures.header.clone(),
        rows: chart
            .figures
            .rows
            .iter()
            .take(MOST_OF_FIGURE)
            .map(|(attributes, cells)| FigureRow { attributes: attributes.clone(), cells: cells.clone() })
            .collect(),
        rows_left_out: chart.figures.rows.len().saturating_sub(MOST_OF_FIGURE),
    }
}

/// What the page can be filtered by: dimensions in which something differs.
fn dimensions(records: &[Record]) -> Vec<Dimension> {
    let mut seen = BTreeSet::new();
    let tags: Vec<Tags> = records
        .iter()
        .filter(|record| seen.insert(record.case.id.as_str()))
        .map(|record| Tags::of(&record.case))
        .collect();
    let dimension = |name: &'static str| {
        let values: BTreeSet<&String> = tags.iter().flat_map(|tags| tags.values(name)).collect();
        let mut values: Vec<&String> = values.into_iter().collect();
        values.sort_by_key(|value| value.parse::<u64>().unwrap_or(0));
        let label = |value: &String| match (name, value.parse()) {
            ("payload", Ok(size)) => human_size(size),
            _ => value.clone(),
        };
        Dimension {
            name,
            choices: values
                .iter()
                .map(|value| Choice { value: (*value).clone(), label: label(value) })
                .collect(),
        }
    };
    DIMENSIONS.into_iter().map(dimension).filter(|dimension| dimension.choices.len() > 1).collect()
}
