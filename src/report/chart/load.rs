//! Latency by offered load: flat while a link keeps up, and then upright.

use super::facet::{Facet, Tags};
use super::plot::{Mark, Plot, Rule, Series};
use super::scale::Axis;
use super::{Chart, Data, Figures, Kind};
use crate::record::{CaseRow, Record, Status};
use crate::report::figure::{count, nanoseconds};
use crate::stats::{LoadRow, knee, load_row};
use std::collections::BTreeMap;

const QUANTILES: [&str; 3] = ["p50", "p99", "p99.9"];

pub(super) fn charts(data: &Data<'_>) -> Vec<Chart> {
    let mut links: BTreeMap<(String, Facet), BTreeMap<String, &CaseRow>> = BTreeMap::new();
    let open = |record: &&Record| record.status == Status::Ok && record.offered.is_some();
    for record in data.records.iter().filter(open) {
        let case = &record.case;
        let facet = Facet::of(case, None, &["load"]);
        links.entry((case.transport.clone(), facet)).or_default().insert(case.id.clone(), case);
    }
    let mut charts = Vec::new();
    for ((transport, facet), cases) in links {
        let mut rows: Vec<(LoadRow, &CaseRow)> =
            cases.into_iter().filter_map(|(id, case)| Some((load_row(data.records, &id)?, case))).collect();
        rows.sort_by(|a, b| a.0.offered.unwrap_or(0.0).total_cmp(&b.0.offered.unwrap_or(0.0)));
        if rows.len() > 1 {
            charts.push(chart(&transport, &facet, &rows));
        }
    }
    charts
}

fn chart(transport: &str, facet: &Facet, rows: &[(LoadRow, &CaseRow)]) -> Chart {
    let mut figures = Figures::new(["offered", "achieved", "p50", "p99", "p99.9", "trials"]);
    let mut series = QUANTILES.iter().enumerate().map(|(style, name)| Series {
        name: (*name).to_owned(),
        style,
        joined: true,
        ..Series::default()
    });
    let mut series: Vec<Series> = series.by_ref().collect();
    for (row, case) in rows {
        let offered = row.offered.unwrap_or(row.achieved);
        let cell = |quantile: Option<f64>| quantile.map_or("–".to_owned(), nanoseconds);
        let [p50, p99, p999] = row.quantiles.map(cell);
        figures.row([count(offered), count(row.achieved), p50, p99, p999, row.trials.to_string()]);
        for (series, quantile) in series.iter_mut().zip(row.quantiles) {
            let Some(quantile) = quantile else { continue };
            series.marks.push(Mark {
                x: offered,
                y: quantile,
                tip: format!(
                    "{} at {}/s offered, {}/s achieved: {}",
                    series.name,
                    count(offered),
                    count(row.achieved),
                    nanoseconds(quantile)
                ),
                attributes: Tags::of(case).attributes(),
                // What does not get through is another thing than what does.
                hollow: row.achieved < 0.95 * offered,
                ..Mark::default()
            });
        }
    }
    let plain: Vec<LoadRow> = rows.iter().map(|(row, _)| *row).collect();
    let knee = knee(&plain).and_then(|last| plain[last].offered);
    let (rules, words) = match knee {
        Some(rate) => (
            vec![Rule::Upright(rate, format!("keeps up until {}/s", count(rate)))],
            format!("{transport} keeps up until {} messages a second.", count(rate)),
        ),
        None => (Vec::new(), "No knee within these rates.".to_owned()),
    };
    let x = rows.iter().filter_map(|(row, _)| row.offered);
    let y = series.iter().flat_map(|series| &series.marks).map(|mark| mark.y);
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
        title: format!("{transport} · {}", facet.title()),
        about: words,
        tags: Tags::of_all(rows.iter().map(|(_, case)| *case)),
        figures,
        body,
        height,
    }
}
