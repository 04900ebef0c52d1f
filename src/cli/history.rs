//! `ipcmark history`: figures over many runs, and where they changed.

use super::compare::Reading;
use super::exit::{Exit, Stop};
use super::output::{self, Color, Format};
use crate::record::{Record, runs_in};
use crate::report::{history_json, history_table};
use crate::stats::{COMPARED, history};
use clap::Args as ClapArgs;
use std::path::PathBuf;

#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    /// Runs: their directories, or directories that hold them
    #[arg(required = true, value_name = "DIR")]
    runs: Vec<PathBuf>,
    #[command(flatten)]
    reading: Reading,
    /// What to print on standard output
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// When to use bold
    #[arg(long, value_enum, default_value_t)]
    color: Color,
}

/// A run and when it began.
struct Dated {
    started: String,
    name: String,
    records: Vec<Record>,
}

pub(super) fn execute(args: &Args) -> Result<Exit, Stop> {
    let mut notes = Vec::new();
    let mut runs: Vec<Dated> = Vec::new();
    let mut first = None;
    for place in &args.runs {
        let found = runs_in(place)
            .map_err(|source| Stop::Place { what: format!("runs in {}", place.display()), source })?;
        for directory in found {
            let run = args.reading.read(&directory, &mut notes)?;
            let Some(environment) = run.environment else {
                notes.push(format!(
                    "left out: {}: no environment.json says when it was run",
                    run.file.display()
                ));
                continue;
            };
            if runs.iter().any(|known| known.name == environment.run) {
                continue; // named twice
            }
            let first = first.get_or_insert_with(|| environment.clone());
            args.reading.same(first, &environment, &mut notes)?;
            runs.push(Dated { started: environment.started, name: environment.run, records: run.records });
        }
    }
    if runs.is_empty() {
        let why = "no run in it; a run is a directory with records.jsonl".to_owned();
        let names: Vec<String> = args.runs.iter().map(|run| run.display().to_string()).collect();
        return Err(Stop::Content { what: names.join(", "), why });
    }
    runs.sort_by(|a, b| (&a.started, &a.name).cmp(&(&b.started, &b.name)));
    let names: Vec<String> = runs.iter().map(|run| run.name.clone()).collect();
    let records: Vec<Vec<Record>> = runs.into_iter().map(|run| run.records).collect();
    let series = history(&records, &COMPARED);
    output::write(&match args.format {
        Format::Json => history_json(&series, &names).to_string() + "\n",
        Format::Table | Format::Markdown => history_table(&series, &names, args.format.look(args.color)),
    })?;
    let changed = series.iter().filter(|row| !row.changes.is_empty()).count();
    notes.push(format!(
        "{} runs, {} series, {changed} with changes: places to look at, no verdicts (`compare` gives those)",
        names.len(),
        series.len()
    ));
    notes.iter().for_each(|note| output::warn(note));
    Ok(Exit::Ok)
}
