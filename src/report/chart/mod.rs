//! Charts from records: each a picture in SVG, its figures as a table, and the tags that a page filters it by.

mod cpu;
mod distance;
pub(super) mod facet;
mod forest;
mod heat;
mod load;
pub(super) mod payload;
mod percentiles;
mod plot;
mod rows;
mod scale;
mod standalone;
pub(super) mod svg;
mod timeline;
mod waterfall;
mod windows;

pub use forest::forest;

use crate::plan::transports;
use crate::record::{CaseRow, Record};
use crate::stats::{Spread, Summary, summarise};
use facet::{Facet, Tags};
use std::collections::BTreeMap;

/// Most charts of one kind: a page with more is read by nobody.
const MOST: usize = 40;

/// What charts there are, in the order of a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Latency by size of message.
    Latency,
    /// Bytes in a second by size.
    Throughput,
    /// Who is how far from the best, by size.
    Heat,
    /// The whole distribution.
    Percentiles,
    /// What a message costs in CPU time beside its latency.
    Cpu,
    /// Latency by number of windows.
    Windows,
    /// Latency by offered load.
    Load,
    /// The layers of a model.
    Waterfall,
    /// Differences with their intervals.
    Forest,
    /// What it means where the CPUs are.
    Distance,
    /// All trials in their order.
    Timeline,
}

impl Kind {
    /// All of them.
    pub const ALL: [Kind; 11] = [
        Kind::Latency,
        Kind::Throughput,
        Kind::Heat,
        Kind::Percentiles,
        Kind::Cpu,
        Kind::Windows,
        Kind::Load,
        Kind::Waterfall,
        Kind::Forest,
        Kind::Distance,
        Kind::Timeline,
    ];

    /// Names its files and its place on a page.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Latency => "latency",
            Kind::Throughput => "throughput",
            Kind::Heat => "heat",
            Kind::Percentiles => "percentiles",
            Kind::Cpu => "cpu",
            Kind::Windows => "windows",
            Kind::Load => "load",
            Kind::Waterfall => "waterfall",
            Kind::Forest => "forest",
            Kind::Distance => "distance",
            Kind::Timeline => "timeline",
        }
    }

    /// How to read it.
    pub fn reading(self) -> &'static str {
        match self {
            Kind::Latency | Kind::Throughput | Kind::Windows => {
                "Marks are medians over trials; lines through them span the 95 % interval of that median, or all trials where there are fewer than six."
            }
            Kind::Heat => {
                "Median latency as a multiple of the fastest at the same size; hatched is what was not or cannot be measured, with its reason."
            }
            Kind::Percentiles => {
                "Further right is rarer: each step to the next nine is ten times as rare. Lines are all trials together, bands span the single trials. A line ends where fewer than ten latencies lie beyond."
            }
            Kind::Cpu => {
                "Nearer to the lower left is better. Lines join the ways in which one mechanism waits; a mark without a word blocks. Lines through marks span 95 % intervals of the medians, or all trials where there are fewer than six."
            }
            Kind::Load => {
                "Latency counts from the moment a message was due, so that waiting in a queue is in it. Marks are medians over trials, lines through them span the 95 % interval of that median, or all trials where there are fewer than six; hollow ones: less than 95 % of the offer got through."
            }
            Kind::Waterfall => {
                "From the top: the link alone, then one layer more at a time, each bar what it adds (median of differences between trials of one block). Grey bars are not told from nothing."
            }
            Kind::Forest => {
                "Lines are exact 95 % intervals; the shaded band is what counts as no difference. Hollow marks are not resolved."
            }
            Kind::Distance => {
                "Filled: the two CPUs were near (a cache line went there and back in under 150 ns). Hollow: the host had moved them apart. It is the same mechanism; compare within one distance only."
            }
            Kind::Timeline => {
                "Each mark is a trial as a multiple of its case's median. Hollow ones were disturbed by the host; a stretch that is all above or below the line is the host, not the transports."
            }
        }
    }

    /// As a heading.
    pub fn heading(self) -> &'static str {
        match self {
            Kind::Latency => "Latency by size of message",
            Kind::Throughput => "Throughput by size of message",
            Kind::Heat => "Who is how far from the best",
            Kind::Percentiles => "The whole distribution of latencies",
            Kind::Cpu => "What a message costs in CPU time",
            Kind::Windows => "More windows",
            Kind::Load => "Offered load",
            Kind::Waterfall => "Where the time goes",
            Kind::Forest => "Differences",
            Kind::Distance => "Where the CPUs are",
            Kind::Timeline => "All trials in their order",
        }
    }
}

/// The figures of a chart.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Figures {
    /// Names of the columns.
    pub header: Vec<String>,
    /// A row for each mark: its tags as attributes, its cells.
    pub rows: Vec<(String, Vec<String>)>,
}

impl Figures {
    fn new<const N: usize>(header: [&str; N]) -> Figures {
        Figures { header: header.map(str::to_owned).to_vec(), ..Figures::default() }
    }

    fn row<const N: usize>(&mut self, row: [String; N]) {
        self.rows.push((String::new(), row.to_vec()));
    }

    /// A row that a page can filter.
    fn row_of<const N: usize>(&mut self, case: &CaseRow, row: [String; N]) {
        self.rows.push((Tags::of(case).attributes(), row.to_vec()));
    }
}

/// A chart.
#[derive(Clone, Debug)]
pub struct Chart {
    /// What kind.
    pub kind: Kind,
    /// Which of its kind, from 1.
    pub number: usize,
    /// What all of its marks share.
    pub title: String,
    /// What it says in itself, if anything, beside [`Kind::reading`].
    pub about: String,
    /// What it can be found by.
    pub(super) tags: Tags,
    /// Its figures.
    pub figures: Figures,
    body: String,
    height: f64,
}

/// What charts are made of.
struct Data<'r> {
    records: &'r [Record],
    summaries: Vec<Summary<'r>>,
    /// Bytes of a copy, and how many of them one CPU copies in a second.
    copies: &'r [(usize, f64)],
}

/// All charts that records have enough for, in the order of a page; `copies` are what one CPU copies in a second, by size. And for each
/// kind of which there would be too many, how many were left out.
pub fn charts(records: &[Record], copies: &[(usize, f64)]) -> (Vec<Chart>, Vec<(Kind, usize)>) {
    let mut summaries = summarise(records);
    summaries.retain(|summary| !is_canary(summary));
    let data = Data { records, summaries, copies };
    let drawn: [(Kind, Drawn); 10] = [
        (Kind::Latency, payload::latency(&data)),
        (Kind::Throughput, payload::throughput(&data)),
        (Kind::Heat, heat::charts(&data)),
        (Kind::Percentiles, percentiles::charts(&data)),
        (Kind::Cpu, cpu::charts(&data)),
        (Kind::Windows, windows::charts(&data)),
        (Kind::Load, load::charts(&data).into()),
        (Kind::Waterfall, waterfall::charts(&data).into()),
        (Kind::Distance, distance::charts(&data).into()),
        (Kind::Timeline, timeline::charts(&data).into()),
    ];
    let mut kept: Vec<Chart> = Vec::new();
    let mut left_out = Vec::new();
    for (kind, mut drawn) in drawn {
        // What compares most says most.
        drawn.charts.sort_by_key(|chart| std::cmp::Reverse(chart.figures.rows.len()));
        let more = drawn.left_out + drawn.charts.len().saturating_sub(MOST);
        if more > 0 {
            left_out.push((kind, more));
        }
        let numbered = drawn.charts.into_iter().take(MOST).enumerate();
        kept.extend(numbered.map(|(number, chart)| Chart { number: number + 1, ..chart }));
    }
    (kept, left_out)
}

/// Whether a case is only there to show what the host did in a run: tables have it, and nobody is compared with it.
pub(super) fn is_canary(summary: &Summary<'_>) -> bool {
    summary.example.case.transport.ends_with("-canary")
}

/// Charts of a kind, and how many were not even drawn.
struct Drawn {
    charts: Vec<Chart>,
    left_out: usize,
}

impl From<Vec<Chart>> for Drawn {
    fn from(charts: Vec<Chart>) -> Drawn {
        Drawn { charts, left_out: 0 }
    }
}

/// Draws the largest of the groups that have enough for a chart, as many as anybody looks at.
fn largest<'s, 'r>(
    groups: BTreeMap<Facet, Vec<&'s Summary<'r>>>,
    enough: impl Fn(&[&'s Summary<'r>]) -> bool,
    draw: impl Fn(&Facet, &[&'s Summary<'r>]) -> Option<Chart>,
) -> Drawn {
    let mut groups: Vec<_> = groups.into_iter().filter(|(_, group)| enough(group)).collect();
    groups.sort_by_key(|(_, group)| std::cmp::Reverse(group.len()));
    let left_out = groups.len().saturating_sub(MOST);
    let charts = groups.iter().take(MOST).filter_map(|(facet, group)| draw(facet, group)).collect();
    Drawn { charts, left_out }
}

/// The colour and shape of a transport: the same in every chart of every report.
fn style(transport: &str) -> usize {
    /// Those that are mostly compared get the colours that differ most.
    const FIRST: [&str; 8] =
        ["shm", "pipe", "uds-stream", "mojo-like", "tcp", "uds-seqpacket", "ipc-channel", "crossbeam"];
    if let Some(place) = FIRST.iter().position(|first| *first == transport) {
        return place;
    }
    /// What is measured elsewhere: colours apart from those of the transports that it is shown beside.
    const ELSEWHERE: [(&str, usize); 7] = [
        ("chromium-port", 14),
        ("chromium-broadcast", 14),
        ("node-fork-advanced", 12),
        ("node-worker", 15),
        ("node-atomics", 13),
        ("node-fork-json", 9),
        ("node-socket-canary", 15),
    ];
    if let Some((_, style)) = ELSEWHERE.iter().find(|(name, _)| *name == transport) {
        return *style;
    }
    let mut others: Vec<&str> = transports().iter().map(|listed| listed.name).collect();
    others.retain(|name| !FIRST.contains(name));
    let known = others.iter().position(|name| *name == transport);
    // What is measured elsewhere has a name that nobody here knows.
    let strange = || transport.bytes().fold(7usize, |sum, byte| (sum * 31 + usize::from(byte)) % 61);
    FIRST.len() + known.unwrap_or_else(strange)
}

/// What lies within: the exact 95 % interval of the median from six trials on, all trials where there are fewer.
fn within(spread: &Spread) -> Option<[f64; 2]> {
    (spread.low < spread.high).then_some([spread.low, spread.high])
}

/// In the order of names.
fn by_transport<'s, 'r>(group: &[&'s Summary<'r>]) -> BTreeMap<&'r str, Vec<&'s Summary<'r>>> {
    let mut series: BTreeMap<&str, Vec<&Summary<'_>>> = BTreeMap::new();
    for summary in group {
        series.entry(&summary.example.case.transport).or_default().push(summary);
    }
    series
}
