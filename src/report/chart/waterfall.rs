//! Where the time of a message goes: the bare link, and what each layer adds.

use super::facet::{Facet, Tags};
use super::rows::{Item, Row, Rows};
use super::scale::Axis;
use super::{Chart, Data, Figures, Kind, within};
use crate::plan::{Case, bare, layers};
use crate::record::{Record, counted};
use crate::report::figure::nanoseconds;
use crate::report::waterfall;
use crate::stats::{Step, step};
use std::collections::{BTreeMap, BTreeSet};

/// A waterfall for each case whose layers one run measured, all of them: the records of `explain`. Those that are only steps of another one,
/// or a layer alone, have none of their own.
pub(super) fn charts(data: &Data<'_>) -> Vec<Chart> {
    let mut runs: BTreeMap<&str, BTreeMap<&str, &Record>> = BTreeMap::new();
    for record in counted(data.records) {
        runs.entry(&record.run).or_default().insert(&record.case.id, record);
    }
    runs.values().flat_map(|measured| of_run(data, measured)).collect()
}

/// A case with all of its layers: the bare link's case, and each layer's name and case.
struct Whole<'r> {
    record: &'r Record,
    bottom: String,
    chain: Vec<(String, String)>,
}

fn of_run(data: &Data<'_>, measured: &BTreeMap<&str, &Record>) -> Vec<Chart> {
    let mut wholes: Vec<Whole<'_>> = Vec::new();
    let mut parts: BTreeSet<String> = BTreeSet::new();
    for record in measured.values() {
        let row = &record.case;
        let case = |model| Case { transport: row.transport.clone(), workload: row.workload, model }.id();
        let bottom = case(bare(&row.model));
        let layers = layers(&row.model);
        let chain: Vec<(String, String)> =
            layers.iter().map(|layer| (layer.name.clone(), case(layer.whole.clone()))).collect();
        let there =
            chain.iter().map(|(_, id)| id).chain([&bottom]).all(|id| measured.contains_key(id.as_str()));
        if chain.len() < 3 || !there {
            continue;
        }
        parts.extend(chain.iter().rev().skip(1).map(|(_, id)| id.clone()));
        parts.extend(layers.iter().map(|layer| case(layer.alone.clone())).filter(|id| *id != row.id));
        wholes.push(Whole { record, bottom, chain });
    }
    wholes.retain(|whole| !parts.contains(&whole.record.case.id));
    let chart = |Whole { record, bottom, chain }: Whole<'_>| {
        let mut before = bottom.clone();
        let mut rows = Vec::new();
        for (name, id) in chain {
            rows.push((name, step(data.records, &before, &id), None));
            before = id;
        }
        let title = format!("{} · {}", record.case.transport, Facet::of(&record.case, None, &[]).title());
        let link = step(data.records, &bottom, &bottom);
        let chart = waterfall_chart(&title, link, &rows)?;
        Some(Chart { tags: Tags::of_all([record]), ..chart })
    };
    wholes.into_iter().filter_map(chart).collect()
}

/// The waterfall of a bare link's latency and the layers above it; `None` if the link was not measured.
fn waterfall_chart(title: &str, link: Option<Step>, layers: &[waterfall::Row]) -> Option<Chart> {
    let link = link?;
    let mut figures = Figures::new(["layer", "added", "95 % of added", "median up to here", "trials"]);
    let mut rows = vec![Row {
        label: "bare link".to_owned(),
        items: vec![Item::Bar { from: 0.0, to: link.total.median, spread: within(&link.total), style: 7 }],
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
        let untold = interval.is_none_or(|[low, high]| low <= 0.0 && high >= 0.0);
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
                // The interval is of what is added: it stands at the bar's end, from where the bar begins.
                spread: interval.map(|ends| ends.map(|end| total.median - added.median + end)),
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
