//! Where the time of a message goes: the bare link, and what each layer adds.

use super::facet::{Facet, Tags};
use super::rows::{Item, Row, Rows};
use super::scale::Axis;
use super::{Chart, Data, Figures, Kind};
use crate::plan::{Case, bare, layers};
use crate::record::{CaseRow, Status};
use crate::report::figure::nanoseconds;
use crate::report::waterfall;
use crate::stats::{Step, step};
use std::collections::BTreeMap;

/// A waterfall for each case whose layers were all measured: the records of `explain`.
pub(super) fn charts(data: &Data<'_>) -> Vec<Chart> {
    let measured: BTreeMap<&str, &CaseRow> = data
        .records
        .iter()
        .filter(|record| record.status == Status::Ok)
        .map(|record| (record.case.id.as_str(), &record.case))
        .collect();
    let mut charts = Vec::new();
    for row in measured.values() {
        let case = |model| Case { transport: row.transport.clone(), workload: row.workload, model };
        let layers = layers(&row.model);
        let ids: Vec<String> = layers.iter().map(|layer| case(layer.whole.clone()).id()).collect();
        let bottom = case(bare(&row.model)).id();
        if layers.len() < 2 || !ids.iter().chain([&bottom]).all(|id| measured.contains_key(id.as_str())) {
            continue;
        }
        let mut before = bottom.clone();
        let mut rows = Vec::new();
        for (layer, id) in layers.iter().zip(ids) {
            rows.push((layer.name.clone(), step(data.records, &before, &id), None));
            before = id;
        }
        let title = format!("{} · {}", row.transport, Facet::of(row, None, &[]).title());
        let link = step(data.records, &bottom, &bottom);
        charts
            .extend(waterfall_chart(&title, link, &rows).map(|chart| Chart { tags: Tags::of(row), ..chart }));
    }
    charts
}

/// The waterfall of a bare link's latency and the layers above it; `None` if the link was not measured.
pub fn waterfall_chart(title: &str, link: Option<Step>, layers: &[waterfall::Row]) -> Option<Chart> {
    let link = link?;
    let mut figures = Figures::new(["layer", "added", "95 % of added", "median up to here", "trials"]);
    let mut rows = vec![Row {
        label: "bare link".to_owned(),
        items: vec![Item::Bar { from: 0.0, to: link.total.median, style: 7 }],
        value: nanoseconds(link.total.median),
        tip: format!("bare link: {}", nanoseconds(link.total.median)),
        attributes: String::new(),
    }];
    let whole = nanoseconds(link.total.median);
    figures.row(["bare link".to_owned(), "–".to_owned(), "–".to_owned(), whole, link.trials.to_string()]);
    let mut most = link.total.median;
    let signed =
        |ns: f64| if ns < 0.0 { format!("−{}", nanoseconds(-ns)) } else { format!("+{}", nanoseconds(ns)) };
    for (name, step, _) in layers {
        let Some(Step { total, added, interval, trials }) = *step else { continue };
        most = most.max(total.median);
        let words = interval
            .map_or("too few trials".to_owned(), |[low, high]| format!("{} … {}", signed(low), signed(high)));
        let untold = interval.is_some_and(|[low, high]| low <= 0.0 && high >= 0.0);
        figures.row([
            name.clone(),
            signed(added.median),
            words.clone(),
            nanoseconds(total.median),
            trials.to_string(),
        ]);
        rows.push(Row {
            label: name.clone(),
            items: vec![Item::Bar {
                from: total.median - added.median,
                to: total.median,
                style: if untold { 7 } else { usize::from(added.median >= 0.0) },
            }],
            value: signed(added.median),
            tip: format!(
                "{name}: {} ({words}), {} up to here",
                signed(added.median),
                nanoseconds(total.median)
            ),
            attributes: String::new(),
        });
    }
    let x = Axis::linear([most].into_iter(), "median latency", nanoseconds);
    let (body, height) = Rows { x, rows, shade: None, rule: None }.draw();
    Some(Chart {
        kind: Kind::Waterfall,
        number: 1,
        title: title.to_owned(),
        about: String::new(),
        tags: Tags::default(),
        figures,
        body,
        height,
    })
}
