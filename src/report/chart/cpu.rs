//! CPU time of a message beside its latency: what waiting awake buys, and what it costs. The waits of one mechanism are joined.

use super::facet::{Tags, facets};
use super::plot::{Mark, Plot, Series};
use super::scale::Axis;
use super::{Chart, Data, Drawn, Figures, Kind, by_transport, largest, style, within};
use crate::plan::variable::word;
use crate::report::figure::nanoseconds;
use crate::stats::Summary;

pub(super) fn charts(data: &Data<'_>) -> Drawn {
    let enough = |group: &[&Summary<'_>]| group.len() > 2;
    largest(facets(&data.summaries, &["wait"]), enough, |facet, group| {
        let has_both = |summary: &&Summary<'_>| {
            summary.p50.is_some() && summary.cpu_ns.is_some_and(|cpu| cpu.median > 0.0)
        };
        let group: Vec<&Summary<'_>> = group.iter().copied().filter(has_both).collect();
        if group.len() < 3 {
            return None;
        }
        let mut figures =
            Figures::new(["transport", "wait", "median latency", "CPU time a message", "trials"]);
        let mut series = Vec::new();
        for (transport, mut group) in by_transport(&group) {
            group.sort_by_key(|summary| word(summary.example.case.model.wait));
            let marks = group.iter().filter_map(|summary| {
                let (p50, cpu) = (summary.p50?, summary.cpu_ns?);
                let wait = word(summary.example.case.model.wait);
                figures.row_of(
                    &summary.example.case,
                    [
                        transport.to_owned(),
                        wait.clone(),
                        nanoseconds(p50.median),
                        nanoseconds(cpu.median),
                        summary.trials.to_string(),
                    ],
                );
                Some(Mark {
                    x: p50.median,
                    y: cpu.median,
                    x_spread: within(&p50),
                    y_spread: within(&cpu),
                    tip: format!(
                        "{transport}, wait={wait}: {} at {} of CPU time",
                        nanoseconds(p50.median),
                        nanoseconds(cpu.median)
                    ),
                    attributes: Tags::of(&summary.example.case).attributes(),
                    // The usual way of waiting needs no word.
                    label: if wait == "block" { String::new() } else { wait },
                    ..Mark::default()
                })
            });
            let marks = marks.collect();
            series.push(Series {
                name: transport.to_owned(),
                style: style(transport),
                marks,
                joined: true,
                ..Series::default()
            });
        }
        let marks = || series.iter().flat_map(|series: &Series| &series.marks);
        let x = marks().flat_map(|mark| mark.x_spread.unwrap_or([mark.x; 2])).collect::<Vec<f64>>();
        let y = marks().flat_map(|mark| mark.y_spread.unwrap_or([mark.y; 2])).collect::<Vec<f64>>();
        let x = Axis::log(x.into_iter(), "median latency", nanoseconds);
        let y = Axis::log(y.into_iter(), "CPU time of all processes for a message", nanoseconds);
        let (body, height) = Plot { x, y, series, rules: Vec::new() }.draw();
        Some(Chart {
            kind: Kind::Cpu,
            number: 0,
            title: facet.title(),
            about: String::new(),
            tags: Tags::of_all(group.iter().map(|summary| summary.example)),
            figures,
            body,
            height,
        })
    })
}
