//! Transports by sizes: how many times slower than the fastest at that size.

use super::facet::{Facet, Tags, facets};
use super::plot::WIDTH;
use super::svg::{Anchor, Svg};
use super::{Chart, Data, Drawn, Figures, Kind, largest};
use crate::plan::human_size;
use crate::record::{Record, Status};
use crate::report::figure::{nanoseconds, ratio};
use crate::stats::Summary;
use std::collections::{BTreeMap, BTreeSet};

const ROW: f64 = 28.0;
const TOP: f64 = 26.0;
/// Up to how many times the best a colour goes; the last one goes on.
const STEPS: [f64; 5] = [1.05, 1.5, 2.5, 5.0, 10.0];

pub(super) fn charts(data: &Data<'_>) -> Drawn {
    let mut skipped: BTreeMap<Facet, Vec<&Record>> = BTreeMap::new();
    for record in data.records.iter().filter(|record| record.status != Status::Ok) {
        skipped.entry(Facet::of(&record.case, None, &["payload"])).or_default().push(record);
    }
    largest(
        facets(&data.summaries, &["payload"]),
        |_| true,
        |facet, group| {
            let of_any_place =
                group.first().map(|summary| Facet::of(&summary.example.case, None, &["payload"]));
            let skipped = of_any_place.and_then(|facet| skipped.get(&facet)).map_or(&[][..], Vec::as_slice);
            chart(facet, group, skipped)
        },
    )
}

fn chart(facet: &Facet, group: &[&Summary<'_>], skipped: &[&Record]) -> Option<Chart> {
    let p50 = |transport: &str, size: usize| {
        let of = |summary: &&&Summary<'_>| {
            let case = &summary.example.case;
            case.transport == transport && case.model.payload == size
        };
        let summary = group.iter().find(of)?;
        Some((*summary, summary.p50?))
    };
    let cases =
        group.iter().map(|summary| &summary.example.case).chain(skipped.iter().map(|record| &record.case));
    let sizes: BTreeSet<usize> = cases.clone().map(|case| case.model.payload).collect();
    let names: BTreeSet<&str> = cases.map(|case| case.transport.as_str()).collect();
    if sizes.len() < 2 || names.len() < 2 {
        return None;
    }
    let bests: BTreeMap<usize, f64> = sizes
        .iter()
        .filter_map(|&size| {
            let all = names.iter().filter_map(|name| Some(p50(name, size)?.1.median));
            Some((size, all.min_by(f64::total_cmp)?))
        })
        .collect();
    let mut names: Vec<&str> = names.into_iter().collect();
    // The one that is near the best most of the time comes first; who has nothing, last.
    let far = |name: &str| {
        let ratios =
            sizes.iter().filter_map(|size| Some((p50(name, *size)?.1.median / bests.get(size)?).ln()));
        let ratios: Vec<f64> = ratios.collect();
        if ratios.is_empty() { f64::INFINITY } else { ratios.iter().sum::<f64>() / ratios.len() as f64 }
    };
    names.sort_by(|a, b| far(a).total_cmp(&far(b)));

    let longest = names.iter().map(|name| name.chars().count()).max().unwrap_or(0);
    let left = (20.0 + 7.0 * longest as f64).min(WIDTH / 2.0);
    let cell = ((WIDTH - left - 12.0) / sizes.len() as f64).min(120.0);
    let mut figures = Figures::new(["transport", "payload", "median", "× best", "reason"]);
    let mut svg = Svg::default();
    for (column, size) in sizes.iter().enumerate() {
        svg.text("tick", (left + cell * (column as f64 + 0.5), 17.0), Anchor::Middle, &human_size(*size));
    }
    for (row, name) in names.iter().enumerate() {
        let y = TOP + ROW * row as f64;
        svg.text("row", (left - 9.0, y + 18.0), Anchor::End, name);
        for (column, &size) in sizes.iter().enumerate() {
            let x = left + cell * column as f64;
            let payload = human_size(size);
            let (corner, inner) = ((x + 1.0, y + 1.0), (cell - 2.0, ROW - 2.0));
            match p50(name, size).zip(bests.get(&size)) {
                Some(((summary, spread), best)) => {
                    let times = spread.median / best;
                    let step = STEPS.iter().position(|most| times <= *most).unwrap_or(STEPS.len());
                    let tip = format!(
                        "{name}, {payload}: {}, {} the best",
                        nanoseconds(spread.median),
                        ratio(times)
                    );
                    svg.open("mark", &Tags::of(&summary.example.case).attributes(), &tip);
                    svg.rect(&format!("h{step}"), corner, inner);
                    svg.text("cell", (x + cell / 2.0, y + 18.0), Anchor::Middle, &ratio(times));
                    svg.close();
                    figures.row_of(
                        &summary.example.case,
                        [
                            (*name).to_owned(),
                            payload,
                            nanoseconds(spread.median),
                            ratio(times),
                            String::new(),
                        ],
                    );
                }
                None => {
                    let reason = skipped
                        .iter()
                        .find(|record| record.case.transport == *name && record.case.model.payload == size);
                    let reason = reason
                        .and_then(|record| record.reason.as_deref())
                        .unwrap_or("not measured, or not at this distance");
                    svg.open("mark", "", &format!("{name}, {payload}: {reason}"));
                    svg.rect("none", corner, inner);
                    for part in 0..((inner.0 / 10.0) as u32) {
                        let x = corner.0 + 10.0 * f64::from(part);
                        svg.line("hatch", (x, y + ROW - 1.0), (x + 8.0, y + 1.0));
                    }
                    svg.close();
                    figures.row([
                        (*name).to_owned(),
                        payload,
                        "–".to_owned(),
                        "–".to_owned(),
                        reason.to_owned(),
                    ]);
                }
            }
        }
    }
    Some(Chart {
        kind: Kind::Heat,
        number: 0,
        title: facet.title(),
        about: String::new(),
        tags: Tags::of_all(group.iter().map(|summary| summary.example)),
        figures,
        height: TOP + ROW * names.len() as f64 + 8.0,
        body: svg.0,
    })
}
