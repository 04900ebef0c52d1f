//! The table of all cases: one row a case and distance.

use crate::plan::variable::word;
use crate::plan::{Preset, human_size};
use crate::report::chart::facet::Tags;
use crate::report::figure::{count, megabytes, nanoseconds, nanoseconds_with_range, ratio};
use crate::stats::{Spread, Summary};
use serde::Serialize;

#[derive(Serialize)]
pub(super) struct Cell {
    text: String,
    sort: String,
    word: bool,
}

#[derive(Serialize)]
pub(super) struct Row {
    attributes: String,
    cells: Vec<Cell>,
}

/// A column: its name, whether it holds words, and its cell.
pub(super) type Column = (&'static str, bool, for<'a> fn(&Summary<'a>) -> Cell);

pub(super) const COLUMNS: [Column; 18] = [
    ("transport", true, |s| words(&s.example.case.transport)),
    ("workload", true, |s| words(s.example.case.workload.name())),
    ("payload", false, |s| {
        number(s.example.case.model.payload as f64, human_size(s.example.case.model.payload))
    }),
    ("wait", true, |s| words(&word(s.example.case.model.wait))),
    ("pin", true, |s| words(&word(s.example.case.model.pin))),
    ("CPUs", true, |s| words(&word(s.place))),
    ("windows", false, |s| {
        number(s.example.case.model.windows as f64, s.example.case.model.windows.to_string())
    }),
    ("preset", true, |s| words(Preset::of(&s.example.case.model).map_or("other", |preset| preset.name))),
    ("p50", false, |s| cell(s.p50, |spread| nanoseconds_with_range(spread.median, spread.low, spread.high))),
    ("p99", false, |s| cell(s.p99, |spread| nanoseconds(spread.median))),
    ("p99.9", false, |s| cell(s.p999, |spread| nanoseconds(spread.median))),
    ("max", false, |s| s.max.map_or_else(none, |spread| number(spread.max, nanoseconds(spread.max)))),
    ("messages/s", false, |s| cell(s.messages_per_s, |spread| count(spread.median))),
    ("MB/s", false, |s| cell(s.bytes_per_s, |spread| megabytes(spread.median))),
    ("CPU/msg", false, |s| cell(s.cpu_ns, |spread| nanoseconds(spread.median))),
    ("switches/msg", false, |s| cell(s.switches, |spread| format!("{:.2}", spread.median))),
    ("× floor", false, |s| cell(s.floor_ratio, |spread| ratio(spread.median))),
    ("trials", false, |s| {
        let dirty = if s.dirty > 0 { format!(" ({} disturbed)", s.dirty) } else { String::new() };
        number(s.trials as f64, format!("{}{dirty}", s.trials))
    }),
];

pub(super) fn row(summary: &Summary<'_>) -> Row {
    Row {
        attributes: Tags::of(&summary.example.case).attributes(),
        cells: COLUMNS.iter().map(|(_, _, cell)| cell(summary)).collect(),
    }
}

fn words(text: &str) -> Cell {
    Cell { text: text.to_owned(), sort: String::new(), word: true }
}

fn number(value: f64, text: String) -> Cell {
    Cell { text, sort: value.to_string(), word: false }
}

fn none() -> Cell {
    Cell { text: "–".to_owned(), sort: String::new(), word: false }
}

fn cell(spread: Option<Spread>, write: fn(&Spread) -> String) -> Cell {
    spread.map_or_else(none, |spread| number(spread.median, write(&spread)))
}
