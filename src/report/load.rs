//! What a link does under an offered load, as a table.

use super::figure::{count, nanoseconds};
use super::look::{Look, new_table};
use super::table::heading;
use crate::stats::{Knee, LoadRow, knee};
use serde_json::{Value, json};

/// The rows of ascending rates, the knee marked; under them the closed loop, whose latencies leave out the wait for one's turn.
pub fn load_table(title: &str, rows: &[LoadRow], closed: Option<LoadRow>, look: Look) -> String {
    let mut table = new_table(
        look,
        ["offered/s", "achieved/s", "p50", "p99", "p99.9", "max", "lag p99", "trials", ""],
        ..8,
    );
    let knee = knee(rows);
    let time = |ns: Option<f64>| ns.map_or_else(|| "–".to_owned(), nanoseconds);
    let mut add = |row: &LoadRow, offered: String, note: &str| {
        let [p50, p99, p999] = row.quantiles.map(time);
        let (achieved, trials) = (count(row.achieved), row.trials.to_string());
        let row = [offered, achieved, p50, p99, p999, time(Some(row.max)), time(row.lag_p99), trials];
        table.add_row(row.into_iter().chain([note.to_owned()]));
    };
    for (index, row) in rows.iter().enumerate() {
        add(
            row,
            row.offered.map_or_else(String::new, count),
            if knee == Knee::After(index) { "◀ knee" } else { "" },
        );
    }
    if let Some(row) = &closed {
        add(row, "closed loop".to_owned(), "");
    }
    let words = if knee == Knee::Before { "it does not keep up even with the lowest rate\n" } else { "" };
    format!("{}\n{}\n{words}", heading(title, look), table.trim_fmt())
}

/// The same as a document.
pub fn load_json(title: &str, rows: &[LoadRow], closed: Option<LoadRow>) -> Value {
    let row = |row: &LoadRow| {
        let [p50, p99, p999] = row.quantiles;
        json!({ "offered_per_s": row.offered, "achieved_per_s": row.achieved, "p50_ns": p50, "p99_ns": p99, "p999_ns": p999,
                "max_ns": row.max, "lag_p99_ns": row.lag_p99, "trials": row.trials })
    };
    let (knee, keeps_up) = match knee(rows) {
        Knee::Beyond => (None, "with every rate"),
        Knee::After(index) => (rows.get(index).and_then(|row| row.offered), "until the knee"),
        Knee::Before => (None, "with none"),
    };
    let steps: Vec<Value> = rows.iter().map(row).collect();
    json!({ "case": title, "steps": steps, "knee_per_s": knee, "keeps_up": keeps_up, "closed": closed.as_ref().map(row) })
}
