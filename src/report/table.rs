//! Tables: one for each workload, model, wait, pin and distance, so that no column mixes what must not be compared.

use super::figure::{count, megabytes, nanoseconds, nanoseconds_with_range, ratio};
use super::look::{Look, cells, new_table, words};
use crate::plan::variable::{VARIABLES, word};
use crate::plan::{Metric, Model, human_size};
use crate::record::{FloorLine, Place, Record, Status};
use crate::stats::{Spread, Summary, summarise};
use crate::workload::LatencyKind;
use comfy_table::Table;
use std::collections::BTreeMap;
use std::fmt::Write;

/// A figure of a summary, how it is written, and whether less of it is better.
type Column = (&'static str, fn(&Summary<'_>) -> Option<Spread>, fn(f64) -> String, Better);

#[derive(Clone, Copy, PartialEq, Eq)]
enum Better {
    Less,
    More,
}

const COLUMNS: [Column; 9] = [
    (Metric::P50.name(), |s| s.p50, nanoseconds, Better::Less),
    (Metric::P99.name(), |s| s.p99, nanoseconds, Better::Less),
    (Metric::P999.name(), |s| s.p999, nanoseconds, Better::Less),
    (Metric::Max.name(), |s| s.max, nanoseconds, Better::Less),
    (Metric::Messages.name(), |s| s.messages_per_s, count, Better::More),
    (Metric::Bytes.name(), |s| s.bytes_per_s, megabytes, Better::More),
    (Metric::Cpu.name(), |s| s.cpu_ns, nanoseconds, Better::Less),
    (Metric::Switches.name(), |s| s.switches, |n| format!("{n:.2}"), Better::Less),
    ("× floor", |s| s.floor_ratio, ratio, Better::Less),
];

/// All tables of a run, then what failed and what was skipped.
pub fn tables(records: &[Record], look: Look) -> String {
    let summaries = summarise(records);
    // In the order of the settings: trials come in a random one.
    let mut groups: BTreeMap<_, Vec<&Summary<'_>>> = BTreeMap::new();
    for summary in &summaries {
        let case = &summary.example.case;
        groups.entry((case.workload, &case.model, summary.place, title(summary))).or_default().push(summary);
    }
    let mut text = String::new();
    for ((.., title), mut rows) in groups {
        let by_p50 = |row: &&Summary<'_>| row.p50.map_or(f64::INFINITY, |p50| p50.median);
        rows.sort_by(|a, b| by_p50(a).total_cmp(&by_p50(b)));
        let _ =
            writeln!(text, "{}\n{}\n", heading(&words(&title, look), look), table(&rows, look).trim_fmt());
        for line in rows.iter().flat_map(|row| [grouped(row), chosen_copy(row)]).flatten() {
            let _ = writeln!(text, "{}\n", words(&line, look));
        }
    }
    let listed: [(Status, &str); 2] = [(Status::Failed, "failed"), (Status::Skipped, "skipped")];
    for (status, name) in listed {
        let rows: Vec<&Record> = records.iter().filter(|record| record.status == status).collect();
        if !rows.is_empty() {
            let _ = writeln!(
                text,
                "{}\n{}\n",
                heading(&format!("{name}: {}", rows.len()), look),
                reasons(&rows, look)
            );
        }
    }
    let note = "Medians over trials, max the longest of all; in parentheses the range of the trials' medians; * marks the best of a column. \
                The floor is what the hardware or kernel allowed at that moment; it is not subtracted.";
    if !summaries.is_empty() {
        let _ = writeln!(text, "{note}");
    }
    text
}

/// What all rows of a table share.
fn title(summary: &Summary<'_>) -> String {
    let record = summary.example;
    let model = &record.case.model;
    let place = match summary.place {
        Place::One => "",
        Place::Near => " · near",
        Place::Far => " · far",
        Place::Mixed => " · mixed (the CPUs were moved during the trial)",
    };
    let mut title = format!(
        "{} · {} · wait={} · pin={}{place}",
        record.case.workload.name(),
        human_size(model.payload),
        word(model.wait),
        word(model.pin),
    );
    let default = Model::default();
    for variable in VARIABLES.iter().filter(|variable| !["payload", "wait", "pin"].contains(&variable.name)) {
        let value = (variable.get)(model);
        // Placement always: threads must never pass for processes.
        if variable.name == "placement" || value != (variable.get)(&default) {
            let _ = write!(title, " · {}={value}", variable.name);
        }
    }
    let kind = record.latency_ns.as_ref().map(|latency| word(latency.kind)).unwrap_or_default();
    let floor = record.floor.as_ref().map(|floor| format!("; floor: {}", floor.name)).unwrap_or_default();
    format!("{title}   ({kind}{floor})")
}

pub(super) fn heading(title: &str, look: Look) -> String {
    match look {
        Look::Plain { bold: true } => format!("\u{1b}[1m{title}\u{1b}[0m"),
        Look::Plain { bold: false } => title.to_owned(),
        Look::Markdown => format!("### {title}\n"),
    }
}

fn table(rows: &[&Summary<'_>], look: Look) -> Table {
    let names = COLUMNS.iter().map(|(name, ..)| *name);
    // Shown only where there is something to show, and then for every row.
    let lossy = rows.iter().any(|row| row.lost > 0);
    let header = std::iter::once("transport").chain(names).chain(lossy.then_some("lost")).chain(["trials"]);
    let mut table = new_table(look, header, 1..);
    let best: Vec<Option<String>> = COLUMNS.iter().map(|column| best_of(rows, column)).collect();
    for row in rows {
        let mut cells = vec![words(&row.example.case.transport, look)];
        for (column, best) in COLUMNS.iter().zip(&best) {
            let (name, figure, write, _) = column;
            cells.push(match figure(row) {
                None => "–".to_owned(),
                Some(spread) => {
                    let text = write(shown(name, spread));
                    // What reads alike is alike.
                    let star = if best.as_ref() == Some(&text) { " *" } else { "" };
                    match *name {
                        "p50" if row.trials > 1 => {
                            nanoseconds_with_range(spread.median, spread.min, spread.max) + star
                        }
                        _ => text + star,
                    }
                }
            });
        }
        if lossy {
            cells.push(lost(row));
        }
        let notes = [(row.repeated, "repeated"), (row.dirty, "dirty")];
        let notes: Vec<String> = notes
            .iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, what)| format!("{count} {what}"))
            .collect();
        let notes = if notes.is_empty() { String::new() } else { format!(" ({})", notes.join(", ")) };
        cells.push(format!("{}{notes}", row.trials));
        table.add_row(cells);
    }
    table
}

/// How many messages were lost, and which part of all that is.
fn lost(row: &Summary<'_>) -> String {
    match row.lost {
        0 => "0".to_owned(),
        lost => {
            let part = 100.0 * lost as f64 / (lost + row.received) as f64;
            format!("{lost} ({} %)", if part < 0.01 { "< 0.01".to_owned() } else { format!("{part:.2}") })
        }
    }
}

/// How many messages share a sample, if not each has its own.
fn grouped(row: &Summary<'_>) -> Option<String> {
    let latency = row.example.latency_ns.as_ref().filter(|latency| latency.every > 1)?;
    let what = match latency.kind {
        LatencyKind::RoundTrip => "each latency is the mean of",
        LatencyKind::OneWay | LatencyKind::LastDelivery => "one latency is taken in",
    };
    Some(format!("{}: {what} {} messages", row.example.case.transport, latency.every))
}

/// What `copy=auto` came to, if it had a choice.
fn chosen_copy(row: &Summary<'_>) -> Option<String> {
    let [memcpy, nt] = row.calibration?;
    Some(format!(
        "{}: copy=auto chose nt in {} of {} trials (tried before each: memcpy {}, nt {} a message)",
        row.example.case.transport,
        row.nt_trials,
        row.trials,
        nanoseconds(memcpy.median),
        nanoseconds(nt.median),
    ))
}

/// What of a spread a column shows: of the longest latencies the longest.
fn shown(column: &str, spread: Spread) -> f64 {
    if column == Metric::Max.name() { spread.max } else { spread.median }
}

/// The best cell of a column, as it is written; `None` if none is better than another.
fn best_of(rows: &[&Summary<'_>], (name, figure, write, better): &Column) -> Option<String> {
    let mut figures: Vec<f64> =
        rows.iter().filter_map(|row| figure(row)).map(|spread| shown(name, spread)).collect();
    figures.sort_by(f64::total_cmp);
    let [least, most] = [figures.first(), figures.last()].map(|figure| figure.copied().map(write));
    match better {
        _ if least == most => None,
        Better::Less => least,
        Better::More => most,
    }
}

fn reasons(rows: &[&Record], look: Look) -> Table {
    let mut table = new_table(look, ["case", "reason"], ..0);
    for row in rows {
        let reason = row.reason.as_deref().unwrap_or("no reason given");
        table.add_row(cells([row.case.id.as_str(), reason], look));
    }
    table
}

/// The floors of this machine.
pub fn floors(lines: &[FloorLine], look: Look) -> String {
    let mut table = new_table(look, ["floor", "pin", "distance", "median", "min", "max", "MB/s"], 3..);
    for line in lines {
        table.add_row([
            line.name.clone(),
            line.pin.to_owned(),
            line.distance.map_or("–".to_owned(), |distance| word(distance.place())),
            nanoseconds(line.ns),
            nanoseconds(line.min_ns),
            nanoseconds(line.max_ns),
            line.bytes_per_s.map_or("–".to_owned(), megabytes),
        ]);
    }
    table.trim_fmt() + "\n"
}
