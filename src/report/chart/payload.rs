//! Latency and throughput by the size of a message, with what copying alone allows, and the size from which shared memory is the
//! fastest.

use super::facet::{Tags, facets};
use super::plot::{Mark, Plot, Rule, Series};
use super::scale::Axis;
use super::{Chart, Data, Figures, Kind, by_transport, style, within};
use crate::plan::human_size;
use crate::report::figure::{about as approximate, nanoseconds, rate};
use crate::stats::{Spread, Summary};
use std::collections::BTreeSet;

/// Who passes messages by memory that both ends see, and who by a socket of the kernel.
const SHARED: [&str; 4] = ["shm", "shm-memfd", "mmap-file", "eventfd"];
const SOCKETS: [&str; 5] = ["uds-stream", "uds-seqpacket", "uds-dgram", "tcp", "tcp-nagle"];

pub(super) fn latency(data: &Data<'_>) -> Vec<Chart> {
    sizes(data, Kind::Latency, |summary| summary.p50)
}

pub(super) fn throughput(data: &Data<'_>) -> Vec<Chart> {
    sizes(data, Kind::Throughput, |summary| summary.bytes_per_s.filter(|spread| spread.median > 0.0))
}

fn sizes(data: &Data<'_>, kind: Kind, figure: fn(&Summary<'_>) -> Option<Spread>) -> Vec<Chart> {
    let mut charts = Vec::new();
    for (facet, group) in facets(&data.summaries, &["payload"]) {
        let group: Vec<&Summary<'_>> =
            group.into_iter().filter(|summary| size(summary) > 0.0 && figure(summary).is_some()).collect();
        let sizes: BTreeSet<usize> = group.iter().map(|summary| summary.example.case.model.payload).collect();
        if sizes.len() < 2 {
            continue;
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
                figures.row([
                    transport.to_owned(),
                    payload.clone(),
                    write(spread.median),
                    from.clone(),
                    to.clone(),
                    summary.trials.to_string(),
                ]);
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
        charts.push(Chart {
            kind,
            number: 0,
            title: facet.title(),
            about,
            tags: Tags::of_all(group.iter().map(|summary| &summary.example.case)),
            figures,
            body,
            height,
        });
    }
    charts
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
fn best(group: &[&Summary<'_>], names: &[&str], payload: usize) -> Option<f64> {
    let of = |summary: &&&Summary<'_>| {
        let case = &summary.example.case;
        case.model.payload == payload && names.contains(&case.transport.as_str())
    };
    group.iter().filter(of).filter_map(|summary| Some(summary.p50?.median)).min_by(f64::total_cmp)
}

/// From which size on shared memory is faster than any socket, as a line and in words.
fn crossover(group: &[&Summary<'_>]) -> (Option<Rule>, String) {
    match Crossover::of(group) {
        Crossover::Unknown => (None, String::new()),
        Crossover::Always(gain) => (
            None,
            format!(
                "Shared memory is faster than the fastest socket at every size here ({gain:.1} times at the largest)."
            ),
        ),
        Crossover::Never => {
            (None, "Shared memory is at no size faster than the fastest socket here.".to_owned())
        }
        Crossover::Between { below, above, at } => (
            Some(Rule::Upright(at, format!("crossover about {}", approximate(at)))),
            format!(
                "Shared memory overtakes the fastest socket between {} and {} (the line is where their medians would meet).",
                human_size(below),
                human_size(above)
            ),
        ),
        Crossover::Mixed => {
            (None, "Shared memory and the fastest socket overtake each other several times.".to_owned())
        }
    }
}

/// Where shared memory begins to pay.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::report) enum Crossover {
    /// One of them was not measured, or only at one size.
    Unknown,
    /// At every size; how many times faster at the largest.
    Always(f64),
    Never,
    /// Slower at `below`, faster at `above`, equal at `at` if what lies between is straight on logarithmic axes.
    Between {
        below: usize,
        above: usize,
        at: f64,
    },
    Mixed,
}

impl Crossover {
    /// Of summaries that share all but transport and payload.
    pub(in crate::report) fn of(group: &[&Summary<'_>]) -> Crossover {
        let sizes: BTreeSet<usize> = group.iter().map(|summary| summary.example.case.model.payload).collect();
        let gains: Vec<(usize, f64)> = sizes
            .into_iter()
            .filter_map(|size| {
                Some((size, (best(group, &SOCKETS, size)? / best(group, &SHARED, size)?).ln()))
            })
            .collect();
        let (Some(first), Some(last)) = (gains.first(), gains.last()) else { return Crossover::Unknown };
        let turns: Vec<&[(usize, f64)]> =
            gains.windows(2).filter(|pair| (pair[0].1 > 0.0) != (pair[1].1 > 0.0)).collect();
        match turns.as_slice() {
            _ if gains.len() < 2 => Crossover::Unknown,
            [] if first.1 > 0.0 => Crossover::Always(last.1.exp()),
            [] => Crossover::Never,
            [[below, above]] if below.1 <= 0.0 => {
                let part = -below.1 / (above.1 - below.1);
                let [low, high] = [below.0, above.0].map(|size| (size as f64).ln());
                Crossover::Between { below: below.0, above: above.0, at: (low + part * (high - low)).exp() }
            }
            _ => Crossover::Mixed,
        }
    }
}
