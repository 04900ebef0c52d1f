//! `ipcmark report`: what was measured, for people and for other programs.

use super::compare::Reading;
use super::exit::{Exit, Stop};
use super::output;
use crate::plan::ConfigError;
use crate::record::{Record, runs_in};
use crate::report::{self, Look};
use clap::Args as ClapArgs;
use std::path::{Path, PathBuf};

#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    /// Runs: their directories, directories that hold them, or files of records
    #[arg(required = true, value_name = "DIR")]
    runs: Vec<PathBuf>,
    /// The tables, for web pages
    #[arg(long, value_name = "FILE")]
    markdown: Option<PathBuf>,
    /// One trial a line
    #[arg(long, value_name = "FILE")]
    csv: Option<PathBuf>,
    /// Bencher Metric Format
    #[arg(long, value_name = "FILE")]
    bencher: Option<PathBuf>,
    /// For github-action-benchmark, as `customSmallerIsBetter`
    #[arg(long, value_name = "FILE")]
    github: Option<PathBuf>,
    #[command(flatten)]
    reading: Reading,
}

/// What a file is made with.
type Make = fn(&[Record]) -> String;

pub(super) fn execute(args: &Args) -> Result<Exit, Stop> {
    let wanted: [(&Option<PathBuf>, Make); 4] = [
        (&args.markdown, |records| report::tables(records, Look::Markdown)),
        (&args.csv, report::csv),
        (&args.bencher, |records| report::bencher(records).to_string() + "\n"),
        (&args.github, |records| report::github(records).to_string() + "\n"),
    ];
    if wanted.iter().all(|(file, _)| file.is_none()) {
        return Err(ConfigError::new("say what to write, as in --markdown FILE; - is standard output").into());
    }
    let mut notes = Vec::new();
    let records = args.records(&mut notes)?;
    for (file, make) in wanted {
        if let Some(file) = file {
            write(file, &make(&records))?;
        }
    }
    notes.iter().for_each(|note| output::warn(note));
    Ok(Exit::Ok)
}

impl Args {
    /// The records of all runs.
    fn records(&self, notes: &mut Vec<String>) -> Result<Vec<Record>, Stop> {
        let (mut records, mut first) = (Vec::new(), None);
        for place in &self.runs {
            let found = runs_in(place)
                .map_err(|source| Stop::Place { what: format!("runs in {}", place.display()), source })?;
            for directory in found {
                let run = self.reading.read(&directory, notes)?;
                if let Some(environment) = run.environment {
                    self.reading.same(
                        first.get_or_insert_with(|| environment.clone()),
                        &environment,
                        notes,
                    )?;
                }
                records.extend(run.records);
            }
        }
        if records.is_empty() {
            let names: Vec<String> = self.runs.iter().map(|run| run.display().to_string()).collect();
            let why = "no run in it; a run is a directory with records.jsonl".to_owned();
            return Err(Stop::Content { what: names.join(", "), why });
        }
        Ok(records)
    }
}

/// Writes a file, or to standard output if it is called `-`.
fn write(file: &Path, text: &str) -> Result<(), Stop> {
    if file.as_os_str() == "-" {
        return Ok(output::write(text)?);
    }
    std::fs::write(file, text).map_err(|source| Stop::Place { what: file.display().to_string(), source })
}
