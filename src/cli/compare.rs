//! `ipcmark compare`: two runs, two settings within a run, or two programs.

use super::choice::Choice;
use super::exit::{Exit, Stop};
use super::interleave::{self, Turns};
use super::output::{self, Color, Format};
use crate::plan::ConfigError;
use crate::plan::variable::Variable;
use crate::record::{Environment, LoadError, Record, Run, Status, counted, read_run};
use crate::report::{comparison, comparison_json, tally};
use crate::stats::{Comparison, Pairing, Table};
use clap::Args as ClapArgs;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    /// Records that are the base: a file, or a run's directory
    #[arg(required_unless_present_any = ["within", "bin"], conflicts_with_all = ["within", "bin"])]
    base: Option<PathBuf>,
    /// Records that are held against them
    #[arg(required_unless_present_any = ["within", "bin"], conflicts_with_all = ["within", "bin"])]
    new: Option<PathBuf>,
    /// Compare settings within one run, whose trials are pairs
    #[arg(long, value_name = "DIR", conflicts_with = "bin")]
    within: Option<PathBuf>,
    /// What is compared within the run: `transport`, or a variable
    #[arg(long, value_name = "WHAT", default_value = "transport", requires = "within")]
    by: String,
    /// The value that the others are held against [default: the first one in the run]
    #[arg(long, value_name = "VALUE", requires = "within")]
    against: Option<String>,
    /// Run this program and the present one by turns, and compare them
    #[arg(long, value_name = "PROGRAM")]
    bin: Option<PathBuf>,
    #[command(flatten)]
    choice: Choice,
    #[command(flatten)]
    turns: Turns,
    #[command(flatten)]
    reading: Reading,
    /// What to print on standard output
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// When to use bold
    #[arg(long, value_enum, default_value_t)]
    color: Color,
}

/// What is made of files that are not quite what they should be.
#[derive(Clone, Copy, Debug, ClapArgs)]
pub(super) struct Reading {
    /// Compare what different hosts, kernels or builds measured
    #[arg(long)]
    force: bool,
    /// Use the records that can be read of a file with faults
    #[arg(long)]
    keep_going: bool,
}

pub(super) fn execute(args: &Args) -> Result<Exit, Stop> {
    let mut notes = Vec::new();
    let (rows, exit) = match (&args.within, &args.bin, &args.base, &args.new) {
        (Some(directory), ..) => (within(args, directory, &mut notes)?, Exit::Ok),
        (_, Some(program), ..) => interleave::run(program, &args.choice, &args.turns, &mut notes)?,
        (_, _, Some(base), Some(new)) => (two_runs(base, new, args.reading, &mut notes)?.rows, Exit::Ok),
        _ => unreachable!("clap asks for both"),
    };
    let look = args.format.look(args.color);
    output::write(&match args.format {
        Format::Json => comparison_json(&rows, &notes).to_string() + "\n",
        // A comment for a pull request is read without standard error.
        Format::Markdown => {
            let notes: Vec<String> = notes.iter().map(|note| format!("* {note}\n")).collect();
            format!("{}{}\n\n{}", comparison(&rows, look), tally(&rows), notes.concat())
        }
        Format::Table => format!("{}{}\n", comparison(&rows, look), tally(&rows)),
    })?;
    if args.format != Format::Markdown {
        notes.iter().for_each(|note| output::warn(note));
    }
    Ok(exit)
}

/// What two runs say of each other.
pub(super) struct TwoRuns {
    pub(super) rows: Vec<Comparison>,
    /// The records that were held against the base.
    pub(super) new: Vec<Record>,
    /// Cases that counted in the base and failed in the new run.
    pub(super) failed: Vec<String>,
    /// Cases that counted in the base and of which the new run has no trial, or none at the same distance.
    pub(super) missing: Vec<String>,
}

/// The cases of the base of which the new run says nothing: those that failed, and those that are not there.
fn lost(base: &[Record], new: &[Record], rows: &[Comparison]) -> [Vec<String>; 2] {
    let compared: BTreeSet<&str> = rows.iter().map(|row| row.case.as_str()).collect();
    let of_base: BTreeSet<&str> = counted(base).into_iter().map(|record| record.case.id.as_str()).collect();
    let failed: BTreeSet<&str> = new
        .iter()
        .filter(|record| record.status == Status::Failed)
        .map(|record| record.case.id.as_str())
        .collect();
    let names = |cases: Vec<&str>| cases.into_iter().map(str::to_owned).collect();
    let missing = of_base.iter().filter(|case| !compared.contains(**case) && !failed.contains(**case));
    [names(of_base.intersection(&failed).copied().collect()), names(missing.copied().collect())]
}

/// Reads both runs and compares the cases that they share.
///
/// # Errors
/// [`Stop::NotComparable`] if hosts differ, or no case is in both.
pub(super) fn two_runs(
    base: &Path,
    new: &Path,
    reading: Reading,
    notes: &mut Vec<String>,
) -> Result<TwoRuns, Stop> {
    let (base, new) = (reading.read(base, notes)?, reading.read(new, notes)?);
    reading.hosts(base.environment.as_ref(), new.environment.as_ref(), notes)?;
    notes.push(
        "two runs, one after the other: what the host did meanwhile is in the changes (`--bin` runs two programs by turns)"
            .to_owned(),
    );
    let rows = differences(&base.records, &new.records).ok_or_else(|| {
        let files = format!("{} and {}", base.file.display(), new.file.display());
        Stop::NotComparable(format!("{files} share no case at one distance"))
    })?;
    let [failed, missing] = lost(&base.records, &new.records, &rows);
    let noted =
        [(&failed, "failed in the new run"), (&missing, "not in the new run, or not at the same distance")];
    for (cases, what) in noted {
        notes.extend(cases.iter().map(|case| format!("{case}: {what}")));
    }
    Ok(TwoRuns { rows, new: new.records, failed, missing })
}

/// What differs between the cases that two runs share; `None` if they share none.
pub(super) fn differences(base: &[Record], new: &[Record]) -> Option<Vec<Comparison>> {
    let mut table = Table::default();
    let key = |record: &Record| Some(record.case.id.clone());
    table.add(&refs(base), &refs(new), &key, Pairing::None);
    Some(table.judge()).filter(|rows| !rows.is_empty())
}

pub(super) fn refs(records: &[Record]) -> Vec<&Record> {
    records.iter().collect()
}

impl Reading {
    /// Refuses what different hosts or builds measured, unless that is asked for.
    pub(super) fn same(
        self,
        one: &Environment,
        other: &Environment,
        notes: &mut Vec<String>,
    ) -> Result<(), Stop> {
        let differences = one.differences(other);
        if !differences.is_empty() && !self.force {
            let why =
                format!("not comparable: {}; --force compares them all the same", differences.join("; "));
            return Err(Stop::NotComparable(why));
        }
        for note in differences.into_iter().map(|difference| format!("forced: {difference}")) {
            if !notes.contains(&note) {
                notes.push(note);
            }
        }
        Ok(())
    }

    /// The same for runs of which it may not be known.
    pub(super) fn hosts(
        self,
        one: Option<&Environment>,
        other: Option<&Environment>,
        notes: &mut Vec<String>,
    ) -> Result<(), Stop> {
        match (one, other) {
            (Some(one), Some(other)) => self.same(one, other, notes),
            _ => {
                let note =
                    "no environment.json beside one of them: whether the hosts are the same is not known";
                notes.push(note.to_owned());
                Ok(())
            }
        }
    }

    pub(super) fn read(self, path: &Path, notes: &mut Vec<String>) -> Result<Run, Stop> {
        let run = read_run(path)
            .map_err(|error| Stop::Content { what: "records".to_owned(), why: error.to_string() })?;
        let what = || run.file.display().to_string();
        for fault in &run.faults {
            if !self.keep_going {
                let newer =
                    matches!(fault, LoadError::Line { message, .. } if message.starts_with("schema "));
                let why = format!("{fault}; --keep-going uses the rest");
                return Err(if newer {
                    Stop::NotComparable(why)
                } else {
                    Stop::Content { what: "records".to_owned(), why }
                });
            }
            notes.push(format!("left out: {fault}"));
        }
        if run.records.is_empty() {
            return Err(Stop::Content { what: what(), why: "there are no records in it".to_owned() });
        }
        Ok(run)
    }
}

/// Compares settings within one run: the trials of one block are pairs.
fn within(args: &Args, directory: &Path, notes: &mut Vec<String>) -> Result<Vec<Comparison>, Stop> {
    let run = args.reading.read(directory, notes)?;
    let variable = match args.by.as_str() {
        "transport" => None,
        name => Some(Variable::named(name).map_err(|error| error.in_flag("--by"))?),
    };
    let value = |record: &Record| match variable {
        None => record.case.transport.clone(),
        Some(variable) => (variable.get)(&record.case.model),
    };
    let mut values: Vec<String> = Vec::new();
    for value in run.records.iter().map(value) {
        if !values.contains(&value) {
            values.push(value);
        }
    }
    let against = match &args.against {
        Some(wanted) if values.contains(wanted) => wanted.clone(),
        Some(wanted) => {
            let what = format!("value of {} in this run", args.by);
            return Err(ConfigError::unknown(&what, wanted, values.iter().map(String::as_str))
                .in_flag("--against")
                .into());
        }
        None => values.first().cloned().unwrap_or_default(),
    };
    let of = |wanted: &str| -> Vec<&Record> {
        run.records.iter().filter(|record| value(record) == wanted).collect()
    };
    let mut table = Table::default();
    for other in values.iter().filter(|other| **other != against) {
        let label = |record: &Record| {
            let parts = record.case.id.split('/');
            let rest: Vec<&str> = match variable {
                None => parts.skip(1).collect(),
                Some(variable) => {
                    parts.filter(|part| part.split('=').next() != Some(variable.name)).collect()
                }
            };
            Some(format!("{other} against {against}: {}", rest.join("/")))
        };
        table.add(&of(&against), &of(other), &label, Pairing::ByTrial);
    }
    let rows = table.judge();
    if rows.is_empty() {
        let why = format!("{}: nothing differs by {} alone", run.file.display(), args.by);
        return Err(Stop::NotComparable(why));
    }
    Ok(rows)
}
