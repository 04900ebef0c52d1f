//! `ipcmark report`: what was measured, for people and for other programs.

use super::compare::{Reading, differences};
use super::exit::{Exit, Stop};
use super::output;
use crate::plan::ConfigError;
use crate::record::{Environment, Record, runs_in};
use crate::report::{self, Source};
use crate::stats::Comparison;
use crate::sys::file::write_whole;
use clap::Args as ClapArgs;
use std::path::{Path, PathBuf};

#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    /// Runs: their directories, directories that hold them, or files of records
    #[arg(required = true, value_name = "DIR")]
    runs: Vec<PathBuf>,
    /// One page with everything, for a browser, without a network [default: report.html beside the records of a single run]
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Each chart as a file, in this directory
    #[arg(long, value_name = "DIR")]
    svg: Option<PathBuf>,
    /// What the runs say, and their tables, in Markdown
    #[arg(long, value_name = "FILE")]
    markdown: Option<PathBuf>,
    /// One trial a line
    #[arg(long, value_name = "FILE")]
    csv: Option<PathBuf>,
    /// All records in one document
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// A histogram log for each case, in this directory, for tools that read HdrHistogram
    #[arg(long, value_name = "DIR")]
    hdr: Option<PathBuf>,
    /// Bencher Metric Format
    #[arg(long, value_name = "FILE")]
    bencher: Option<PathBuf>,
    /// For github-action-benchmark, as `customSmallerIsBetter`
    #[arg(long, value_name = "FILE")]
    github: Option<PathBuf>,
    /// A run to compare with: differences stand in the page and among the charts
    #[arg(long, value_name = "DIR")]
    base: Option<PathBuf>,
    #[command(flatten)]
    reading: Reading,
}

/// What runs left.
struct Runs {
    records: Vec<Record>,
    source: Source,
    /// What the records of the base say of them.
    differences: Vec<Comparison>,
}

/// What a file is made with.
type Make = fn(&Runs) -> Result<String, Stop>;

pub(super) fn execute(args: &Args) -> Result<Exit, Stop> {
    let mut notes = Vec::new();
    let runs = args.read(&mut notes)?;
    let beside = args.wants_nothing().then(|| args.beside()).transpose()?;
    let wanted: [(Option<&PathBuf>, Make); 6] = [
        (args.html.as_ref().or(beside.as_ref()), page),
        (args.markdown.as_ref(), |runs| Ok(report::summary(&runs.records, &runs.source))),
        (args.csv.as_ref(), |runs| Ok(report::csv(&runs.records))),
        (args.json.as_ref(), |runs| Ok(serde_json::json!({ "records": runs.records }).to_string() + "\n")),
        (args.bencher.as_ref(), |runs| Ok(report::bencher(&runs.records).to_string() + "\n")),
        (args.github.as_ref(), |runs| Ok(report::github(&runs.records).to_string() + "\n")),
    ];
    for (file, make) in wanted {
        if let Some(file) = file {
            write(file, &make(&runs)?)?;
        }
    }
    if let Some(directory) = &args.svg {
        let (mut charts, left_out) = report::charts(&runs.records, runs.source.copies());
        charts.extend(report::forest(&runs.differences, &runs.records));
        let files = charts.iter().map(|chart| (format!("{}.svg", chart.name()), chart.svg(&runs.source)));
        notes.push(format!("{} charts in {}", charts.len(), directory.display()));
        notes.extend(
            left_out
                .iter()
                .map(|(kind, count)| format!("{count} charts more of `{}` are left out", kind.name())),
        );
        write_all(directory, files)?;
    }
    if let Some(directory) = &args.hdr {
        write_all(directory, report::hdr_logs(&runs.records).into_iter())?;
    }
    notes.extend(beside.map(|file| format!("written: {}", file.display())));
    notes.iter().for_each(|note| output::warn(note));
    Ok(Exit::Ok)
}

fn page(runs: &Runs) -> Result<String, Stop> {
    report::html(&runs.records, &runs.source, &runs.differences)
        .map_err(|error| std::io::Error::other(error).into())
}

impl Args {
    fn wants_nothing(&self) -> bool {
        let files = [
            &self.html,
            &self.svg,
            &self.markdown,
            &self.csv,
            &self.json,
            &self.hdr,
            &self.bencher,
            &self.github,
        ];
        files.iter().all(|file| file.is_none())
    }

    /// Where the page goes if nobody says.
    fn beside(&self) -> Result<PathBuf, Stop> {
        match self.runs.as_slice() {
            [run] if run.is_dir() => Ok(run.join("report.html")),
            _ => Err(ConfigError::new("say what to write, as in --html FILE; - is standard output").into()),
        }
    }

    /// All runs.
    fn read(&self, notes: &mut Vec<String>) -> Result<Runs, Stop> {
        let (mut records, mut environments) = (Vec::new(), Vec::<Environment>::new());
        for place in &self.runs {
            let found = runs_in(place)
                .map_err(|source| Stop::Place { what: format!("runs in {}", place.display()), source })?;
            for directory in found {
                let run = self.reading.read(&directory, notes)?;
                if let Some(environment) = run.environment {
                    let first = environments.first().cloned().unwrap_or_else(|| environment.clone());
                    self.reading.same(&first, &environment, notes)?;
                    environments.push(environment);
                }
                records.extend(run.records);
            }
        }
        if records.is_empty() {
            let names: Vec<String> = self.runs.iter().map(|run| run.display().to_string()).collect();
            let why = "no run in it; a run is a directory with records.jsonl".to_owned();
            return Err(Stop::Content { what: names.join(", "), why });
        }
        let differences = match &self.base {
            None => Vec::new(),
            Some(base) => {
                let run = self.reading.read(base, notes)?;
                self.reading.hosts(run.environment.as_ref(), environments.first(), notes)?;
                differences(&run.records, &records).ok_or_else(|| {
                    Stop::NotComparable(format!("{} shares no case with these runs", base.display()))
                })?
            }
        };
        Ok(Runs { records, source: Source { environments }, differences })
    }
}

/// Writes a file, or to standard output if it is called `-`.
fn write(file: &Path, text: &str) -> Result<(), Stop> {
    if file.as_os_str() == "-" {
        return output::write(text);
    }
    write_whole(file, text.as_bytes())
        .map_err(|source| Stop::Place { what: file.display().to_string(), source })
}

fn write_all(directory: &Path, files: impl Iterator<Item = (String, String)>) -> Result<(), Stop> {
    std::fs::create_dir_all(directory)
        .map_err(|source| Stop::Place { what: directory.display().to_string(), source })?;
    for (name, text) in files {
        write(&directory.join(name), &text)?;
    }
    Ok(())
}
