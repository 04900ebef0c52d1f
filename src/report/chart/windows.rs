//! Latency by the number of windows.

use super::facet::{Tags, facets};
use super::plot::{Mark, Plot, Series};
use super::scale::Axis;
use super::{Chart, Data, Drawn, Figures, Kind, by_transport, largest, style, within};
use crate::report::figure::{count, nanoseconds};
use crate::stats::Summary;
use std::collections::BTreeSet;

pub(super) fn charts(data: &Data<'_>) -> Drawn {
    let windows = |summary: &Summary<'_>| summary.example.case.model.windows;
    let enough = |group: &[&Summary<'_>]| {
        group.iter().map(|summary| windows(summary)).collect::<BTreeSet<_>>().len() > 1
    };
    largest(facets(&data.summaries, &["windows"]), enough, |facet, group| {
        let numbers: BTreeSet<usize> = group.iter().map(|summary| windows(summary)).collect();
        if numbers.len() < 2 {
            return None;
        }
        let mut figures =
            Figures::new(["transport", "windows", "median latency", "messages a second", "trials"]);
        let mut series = Vec::new();
        for (transport, mut group) in by_transport(group) {
            group.sort_by_key(|summary| windows(summary));
            let marks = group.iter().filter_map(|summary| {
                let (p50, rate) = (summary.p50?, summary.messages_per_s?);
                let number = windows(summary);
                figures.row_of(
                    &summary.example.case,
                    [
                        transport.to_owned(),
                        number.to_string(),
                        nanoseconds(p50.median),
                        count(rate.median),
                        summary.trials.to_string(),
                    ],
                );
                Some(Mark {
                    x: number as f64,
                    y: p50.median,
                    y_spread: within(&p50),
                    tip: format!(
                        "{transport}, {number} windows: {}, {} messages a second",
                        nanoseconds(p50.median),
                        count(rate.median)
                    ),
                    attributes: Tags::of(&summary.example.case).attributes(),
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
        let at: Vec<f64> = numbers.iter().map(|number| *number as f64).collect();
        let values = series.iter().flat_map(|series: &Series| &series.marks);
        let values = values.flat_map(|mark| mark.y_spread.unwrap_or([mark.y; 2])).collect::<Vec<f64>>();
        let x = Axis::log_at(&at, "windows", |at| at.to_string());
        let y = Axis::log(values.into_iter(), "median latency", nanoseconds);
        let (body, height) = Plot { x, y, series, rules: Vec::new() }.draw();
        Some(Chart {
            kind: Kind::Windows,
            number: 0,
            title: facet.title(),
            about: "A level line costs nothing for a further window.".to_owned(),
            tags: Tags::of_all(group.iter().map(|summary| summary.example)),
            figures,
            body,
            height,
        })
    })
}
