//! Latency by offered load: flat while a link keeps up, and then upright.

use super::facet::{Facet, Tags};
use super::plot::{Mark, Plot, Rule, Series};
use super::scale::Axis;
use super::{Chart, Data, Figures, Kind};
use crate::plan::variable::word;
use crate::record::{Place, Record, counted};
use crate::report::figure::{count, nanoseconds};
use crate::stats::{Knee, LoadRow, knee, load_row};
use crate::workload::Arrivals;
use std::collections::BTreeMap;

const QUANTILES: [&str; 3] = ["p50", "p99", "p99.9"];

/// A link: its transport, all else that its rates share, whether messages come at random, and where its CPUs were.
type Link = (String, Facet, bool, Place);

pub(super) fn charts(data: &Data<'_>) -> Vec<Chart> {
    let mut links: BTreeMap<Link, BTreeMap<String, &Record>> = BTreeMap::new();
    let mut closed: BTreeMap<(String, Facet), &Record> = BTreeMap::new();
    for record in counted(data.records).into_iter().filter(|record| record.place() != Place::Mixed) {
        let case = &record.case;
        let (transport, facet) = (case.transport.clone(), Facet::of(case, None, &["load"]));
        match case.model.load {
            Arrivals::Open { poisson, .. } => {
                let link = (transport, facet, poisson, record.place());
                links.entry(link).or_default().insert(case.id.clone(), record);
            }
            Arrivals::Closed => drop(closed.insert((transport, facet), record)),
            Arrivals::Burst { .. } => {}
        }
    }
    let mut charts = Vec::new();
    for (link, cases) in links {
        let row = |id: &str| load_row(data.records, id, link.3);
        let mut rows: Vec<(LoadRow, &Record)> =
            cases.into_iter().filter_map(|(id, record)| Some((row(&id)?, record))).collect();
        rows.sort_by(|a, b| a.0.offered.unwrap_or(0.0).total_cmp(&b.0.offered.unwrap_or(0.0)));
        if rows.len() > 1 {
            let closed = closed.get(&(link.0.clone(), link.1.clone()));
            charts.push(chart(&link, &rows, closed.and_then(|record| row(&record.case.id))));
        }
    }
    charts
}

fn chart(
    (transport, facet, poisson, place): &Link,
    rows: &[(LoadRow, &Record)],
    closed: Option<LoadRow>,
) -> Chart {
    let mut figures = Figures::new(["offered", "achieved", "p50", "p99", "p99.9", "trials"]);
    let mut series = QUANTILES.iter().enumerate().map(|(style, name)| Series {
        name: (*name).to_owned(),
        style,
        joined: true,
        ..Series::default()
    });
    let mut series: Vec<Series> = series.by_ref().collect();
    for (row, record) in rows {
        let offered = row.offered.unwrap_or(row.achieved);
        let cell = |quantile: Option<f64>| quantile.map_or("–".to_owned(), nanoseconds);
        let [p50, p99, p999] = row.quantiles.map(cell);
        figures.row_of(
            &record.case,
            [count(offered), count(row.achieved), p50, p99, p999, row.trials.to_string()],
        );
        for ((series, quantile), spread) in series.iter_mut().zip(row.quantiles).zip(row.spreads) {
            let Some(quantile) = quantile else { continue };
            series.marks.push(Mark {
                x: offered,
                y: quantile,
                y_spread: spread.filter(|[low, high]| low < high),
                tip: format!(
                    "{} at {}/s offered, {}/s achieved: {}",
                    series.name,
                    count(offered),
                    count(row.achieved),
                    nanoseconds(quantile)
                ),
                attributes: Tags::of(&record.case).attributes(),
                // What does not get through is another thing than what does.
                hollow: row.achieved < 0.95 * offered,
                ..Mark::default()
            });
        }
    }
    let plain: Vec<LoadRow> = rows.iter().map(|(row, _)| *row).collect();
    let (mut rules, mut words) = match knee(&plain) {
        Knee::After(last) => {
            let rate = plain[last].offered.unwrap_or_default();
            let words = format!("{transport} keeps up until {} messages a second.", count(rate));
            (vec![Rule::Upright(rate, format!("keeps up until {}/s", count(rate)))], words)
        }
        Knee::Beyond => (Vec::new(), format!("{transport} keeps up with every one of these rates.")),
        Knee::Before => {
            (Vec::new(), format!("{transport} does not keep up even with the lowest of these rates."))
        }
    };
    let ends = [rows.first(), rows.last()].map(|row| row.and_then(|(row, _)| row.offered));
    if let (Some(p99), [Some(from), Some(to)]) = (closed.and_then(|row| row.quantiles[1]), ends) {
        rules.push(Rule::Along(vec![(from, p99), (to, p99)], "p99 of a closed loop".to_owned()));
        words.push_str(&format!(
            " A closed loop, which waits for each answer before it asks again, would have said {} at p99, whatever the load.",
            nanoseconds(p99)
        ));
    }
    let x = rows.iter().filter_map(|(row, _)| row.offered);
    let y =
        series.iter().flat_map(|series| &series.marks).flat_map(|mark| mark.y_spread.unwrap_or([mark.y; 2]));
    let x = Axis::log(x.collect::<Vec<_>>().into_iter(), "messages a second that were offered", count);
    let y = Axis::log(
        y.collect::<Vec<_>>().into_iter(),
        "latency from the moment a message was due",
        nanoseconds,
    );
    let (body, height) = Plot { x, y, series, rules }.draw();
    Chart {
        kind: Kind::Load,
        number: 0,
        title: format!(
            "{transport} · {}{}{}",
            facet.title(),
            if *poisson { " · arrivals at random" } else { "" },
            if *place == Place::One { String::new() } else { format!(" · CPUs {}", word(*place)) }
        ),
        about: words,
        tags: Tags::of_all(rows.iter().map(|(_, record)| *record)),
        figures,
        body,
        height,
    }
}
