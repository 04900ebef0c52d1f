//! `ipcmark run --resume DIR`: what a run that was broken off asked for, and what it has.

use super::exit::Stop;
use super::run::Args;
use super::{Cli, Command};
use crate::plan::Plan;
use crate::record::{Environment, Record, Status, read_run};
use clap::Parser;
use std::path::Path;

/// A run that was broken off.
pub(super) struct Broken {
    /// What it was started with.
    pub(super) args: Args,
    pub(super) environment: Environment,
    pub(super) records: Vec<Record>,
}

impl Broken {
    /// Reads what is in a run's directory.
    ///
    /// # Errors
    /// If there is no run, if another command made it, or if host or build are not what they were: the trials would be no
    /// trials of one run.
    pub(super) fn read(directory: &Path) -> Result<Broken, Stop> {
        let what = || directory.display().to_string();
        let wrong = |why: String| Stop::Content { what: what(), why };
        let run = read_run(directory).map_err(|error| wrong(error.to_string()))?;
        if let Some(fault) = run.faults.iter().find(|fault| !fault.is_cut_short()) {
            return Err(wrong(fault.to_string()));
        }
        let environment =
            run.environment.ok_or_else(|| wrong("no environment.json says how it was run".to_owned()))?;
        let mut differences =
            environment.differences(&Environment::capture(&environment.run, environment.seed));
        if environment.version != env!("CARGO_PKG_VERSION") {
            differences.push(format!("version is {} and {}", environment.version, env!("CARGO_PKG_VERSION")));
        }
        if !differences.is_empty() {
            return Err(Stop::NotComparable(format!(
                "{}: cannot be completed here: {}",
                what(),
                differences.join("; ")
            )));
        }
        let args = match Cli::try_parse_from(&environment.command) {
            Ok(Cli { command: Some(Command::Run(args)), .. }) => args,
            Ok(Cli { command: None, run }) => Args { suite: None, flags: run },
            _ => return Err(wrong(format!("`{}` was no run", environment.command.join(" ")))),
        };
        Ok(Broken { args, environment, records: run.records })
    }

    /// Whether the plan is still the one that the records are of.
    ///
    /// # Errors
    /// Names a case that the plan no longer has.
    pub(super) fn check(&self, plan: &Plan) -> Result<(), Stop> {
        let planned = |record: &&Record| {
            let skipped = record.status == Status::Skipped;
            plan.cases.iter().any(|case| case.case.id() == record.case.id && case.skip.is_some() == skipped)
        };
        match self.records.iter().find(|record| !planned(record)) {
            None => Ok(()),
            Some(record) => Err(Stop::Content {
                what: record.case.id.clone(),
                why: "the run has it, and its suite or this program no longer does".to_owned(),
            }),
        }
    }
}
