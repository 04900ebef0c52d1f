//! Latency and throughput by the size of a message, with what copying alone allows, and the size from which shared memory is the
//! fastest.

use super::facet::{Tags, facets};
use super::plot::{Mark, Plot, Rule, Series};
use super::scale::Axis;
use super::{Chart, Data, Drawn, Figures, Kind, by_transport, largest, style, within};
use crate::plan::human_size;
use crate::report::figure::{about as approximate, nanoseconds, rate};
use crate::stats::{Spread, Summary};
use crate::workload::Workload;
use std::cmp::Ordering;
use std::collections::BTreeSet;

/// Who passes messages by memory that both ends see, and who by a socket of the kernel.
const SHARED: [&str; 4] = ["shm", "shm-memfd", "mmap-file", "eventfd"];
const SOCKETS: [&str; 5] = ["uds-stream", "uds-seqpacket", "uds-dgram", "tcp", "tcp-nagle"];

pub(super) fn latency(data: &Data<'_>) -> Drawn {
    sizes(data, Kind::Latency, |summary| summary.p50)
}

pub(super) fn throughput(data: &Data<'_>) -> Drawn {
    sizes(data, Kind::Throughput, |summary| summary.bytes_per_s.filter(|spread| spread.median > 0.0))
}

fn sizes(data: &Data<'_>, kind: Kind, figure: fn(&Summary<'_>) -> Option<Spread>) -> Drawn {
    let enough = |group: &[&Summary<'_>]| {
        group.iter().map(|summary| summary.example.case.model.payload).collect::<BTreeSet<_>>().len() > 1
    };
    largest(facets(&data.summaries, &["payload"]), enough, |facet, group| {
        let group: Vec<&Summary<'_>> = group
            .iter()
            .copied()
            .filter(|summary| size(summary) > 0.0 && figure(summary).is_some())
            .collect();
        let sizes: BTreeSet<usize> = group.iter().map(|summary| summary.example.case.model.payload).collect();
        if sizes.len() < 2 {
            return None;
        }
        let write: fn(f64) -> String = if kind == Kind::Latency { nanoseconds } else { rate };
        let mut figures = Figures::new(["transport", "payload", "median", "from", "to", "trials"]);
        let mut all = Vec::new();
        for (transport, mut group) in by_transport(&group) {
            group.sort_by_key(|summary| summary.example.case.model.payload);
            let marks = group.iter().filter_map(|summary| {
                let spread = figure(summary)?;
                let payload = human_size(summary.example.case.model.payload);
                let [from, to] = [spread.low, spread.high].map(write);
                figures.row_of(
                    &summary.example.case,
                    [
                        transport.to_owned(),
                        payload.clone(),
                        write(spread.median),
                        from.clone(),
                        to.clone(),
                        summary.trials.to_string(),
                    ],
                );
                Some(Mark {
                    x: size(summary),
                    y: spread.median,
                    y_spread: within(&spread),
                    tip: format!(
                        "{transport}, {payload}: {} ({from} to {to}, {} trials)",
                        write(spread.median),
                        summary.trials
                    ),
                    attributes: Tags::of(&summary.example.case).attributes(),
                    ..Mark::default()
                })
            });
            let marks = marks.collect();
            all.push(Series {
                name: transport.to_owned(),
                style: style(transport),
                marks,
                joined: true,
                ..Series::default()
            });
        }
        let at: Vec<f64> = sizes.iter().map(|size| *size as f64).collect();
        let y = if kind == Kind::Latency { "median latency" } else { "payload a second" };
        let values =
            all.iter().flat_map(|series| &series.marks).flat_map(|mark| mark.y_spread.unwrap_or([mark.y; 2]));
        let mut values: Vec<f64> = values.collect();
        let (mut rules, mut about) = (Vec::new(), String::new());
        if kind == Kind::Latency {
            let (rule, words) = crossover(&group);
            rules.extend(rule);
            about = words;
        } else if let Some(roof) = roof(data.copies, &at) {
            values.extend(roof.iter().map(|point| point.1));
            rules.push(Rule::Along(roof, "one CPU's memory copy".to_owned()));
            about = "The dashed line is what one CPU copies from cache to cache by itself.".to_owned();
        }
        let x = Axis::log_at(&at, "bytes of a message", |at| human_size(at as usize));
        let (body, height) =
            Plot { x, y: Axis::log(values.into_iter(), y, write), series: all, rules }.draw();
        Some(Chart {
            kind,
            number: 0,
            title: facet.title(),
            about,
            tags: Tags::of_all(group.iter().map(|summary| summary.example)),
            figures,
            body,
            height,
        })
    })
}

fn size(summary: &Summary<'_>) -> f64 {
    summary.example.case.model.payload as f64
}

/// What copying alone allows at these sizes.
fn roof(copies: &[(usize, f64)], sizes: &[f64]) -> Option<Vec<(f64, f64)>> {
    let (least, most) = (sizes.first()?, sizes.last()?);
    let inside = copies
        .iter()
        .map(|&(size, rate)| (size as f64, rate))
        .filter(|(size, _)| size >= least && size <= most);
    let points: Vec<(f64, f64)> = inside.collect();
    (points.len() > 1).then_some(points)
}

/// The fastest of some transports at a size.
fn best(group: &[&Summary<'_>], names: &[&str], payload: usize) -> Option<Spread> {
    let of = |summary: &&&Summary<'_>| {
        let case = &summary.example.case;
        case.model.payload == payload && names.contains(&case.transport.as_str())
    };
    let all = group.iter().filter(of).filter_map(|summary| summary.p50);
    all.min_by(|a, b| a.median.total_cmp(&b.median))
}

/// From which size on shared memory is faster than any socket, as a line and in words.
fn crossover(group: &[&Summary<'_>]) -> (Option<Rule>, String) {
    let crossover = Crossover::of(group);
    let rule = match crossover {
        Crossover::Between { at, .. } => {
            Some(Rule::Upright(at, format!("crossover about {}", approximate(at))))
        }
        _ => None,
    };
    let words = crossover.words().map(|words| format!("Shared memory beside the fastest socket: {words}."));
    (rule, words.unwrap_or_default())
}

/// Where shared memory begins to pay: where its interval and that of the fastest socket no longer overlap.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::report) enum Crossover {
    /// One of them was not measured, or only at one size.
    Unknown,
    /// Faster at every size; how many times at the largest.
    Always(f64),
    /// From this size on, and below it they cannot be told apart.
    From(usize),
    /// Faster at none.
    Never,
    /// Slower at `below`, faster at `above`; the medians would meet at `at` if what lies between were straight on logarithmic axes.
    Between { below: usize, above: usize, at: f64 },
    /// They overtake each other more than once.
    Mixed,
}

/// Whether a transport is one of those whose crossover is looked for.
pub(in crate::report) fn crosses(summary: &Summary<'_>) -> bool {
    let name = summary.example.case.transport.as_str();
    SHARED.contains(&name) || SOCKETS.contains(&name)
}

impl Crossover {
    /// Of summaries that share all but transport and payload. Streams have none: what their messages wait in is their own queue.
    pub(in crate::report) fn of(group: &[&Summary<'_>]) -> Crossover {
        let stream = |summary: &&Summary<'_>| {
            let case = &summary.example.case;
            case.workload != Workload::Invoke && case.model.in_flight > 1
        };
        let sizes: BTreeSet<usize> = group.iter().map(|summary| summary.example.case.model.payload).collect();
        let sizes = sizes.into_iter().filter(|size| *size > 0);
        let pairs: Vec<(usize, f64, Ordering)> = sizes
            .filter_map(|size| {
                let (socket, shared) = (best(group, &SOCKETS, size)?, best(group, &SHARED, size)?);
                let told = match () {
                    () if shared.high < socket.low => Ordering::Greater,
                    () if socket.high < shared.low => Ordering::Less,
                    () => Ordering::Equal,
                };
                Some((size, (socket.median / shared.median).ln(), told))
            })
            .collect();
        let (Some(last), false) = (pairs.last(), pairs.len() < 2 || group.iter().any(stream)) else {
            return Crossover::Unknown;
        };
        let told = || pairs.iter().map(|(_, _, told)| *told).filter(|told| *told != Ordering::Equal);
        if !told().is_sorted() {
            return Crossover::Mixed;
        }
        let faster = pairs.iter().find(|(_, _, told)| *told == Ordering::Greater);
        let slower = pairs.iter().rfind(|(_, _, told)| *told == Ordering::Less);
        match (slower, faster) {
            (_, None) => Crossover::Never,
            (None, Some((size, ..))) if *size == pairs[0].0 => Crossover::Always(last.1.exp()),
            (None, Some((size, ..))) => Crossover::From(*size),
            (Some(below), Some(above)) => {
                let part = -below.1 / (above.1 - below.1);
                let [low, high] = [below.0, above.0].map(|size| (size as f64).ln());
                Crossover::Between { below: below.0, above: above.0, at: (low + part * (high - low)).exp() }
            }
        }
    }

    /// In words; `None` where nothing can be said.
    pub(in crate::report) fn words(self) -> Option<String> {
        Some(match self {
            Crossover::Unknown => return None,
            Crossover::Always(gain) => {
                format!("faster at every size measured, {gain:.1} times at the largest")
            }
            Crossover::From(size) => {
                format!("faster from {} on, and not to be told from it below", human_size(size))
            }
            Crossover::Never => "faster at none of the sizes measured".to_owned(),
            Crossover::Between { below, above, at } => {
                format!(
                    "crossover about {} (between {} and {})",
                    approximate(at),
                    human_size(below),
                    human_size(above)
                )
            }
            Crossover::Mixed => "they overtake each other more than once".to_owned(),
        })
    }
}
