//! The command line: one file a command.

mod choice;
mod codec;
mod compare;
mod completions;
mod confirm;
mod doctor;
mod equals;
mod exit;
mod explain;
mod floor;
mod gate;
mod history;
mod interleave;
mod list;
mod load;
mod output;
mod progress;
mod proofs;
mod report;
mod resume;
mod run;
mod running;
mod verify;

pub use exit::Exit;

use clap::{Parser, Subcommand};

/// What does each way of moving a message cost in an app built like Electron?
///
/// Without a command, the default suite is run: under a minute on two CPUs.
#[derive(Debug, Parser)]
#[command(name = "ipcmark", version, args_conflicts_with_subcommands = true, max_term_width = 110)]
pub struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    run: run::Flags,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run cases: of a suite file, of flags, or the default suite
    Run(run::Args),
    /// Show what there is
    List(list::Args),
    /// Say what differs between two runs, two settings within a run, or two programs
    Compare(Box<compare::Args>),
    /// Compare two runs and fail if something has become worse
    Gate(Box<gate::Args>),
    /// Write what was measured for people and for other programs
    Report(report::Args),
    /// Show figures over many runs, and where they changed
    History(history::Args),
    /// Say where the time of a message goes: the bare link, then one layer more at a time
    Explain(explain::Args),
    /// Offer messages at fixed rates, and find where a link no longer keeps up
    Load(Box<load::Args>),
    /// Measure what this machine allows
    Floor(floor::Args),
    /// Look at the host, the clock and the noise; prove that equals are found equal, and differences found
    Doctor(doctor::Args),
    /// Run every case once and look only at whether messages arrive as they must; or make trouble and look at who bears it
    Verify(verify::Args),
    /// Read or write the bytes of a structured clone
    Codec(codec::Args),
    /// Write a completion script for a shell to standard output
    Completions(completions::Args),
}

impl Cli {
    /// Does what was asked.
    pub fn execute(self) -> Exit {
        let outcome = match self.command {
            None => run::execute(run::Args { suite: None, flags: self.run }),
            Some(Command::Run(args)) => run::execute(args),
            Some(Command::List(args)) => list::execute(&args),
            Some(Command::Compare(args)) => compare::execute(&args),
            Some(Command::Gate(args)) => gate::execute(&args),
            Some(Command::Report(args)) => report::execute(&args),
            Some(Command::History(args)) => history::execute(&args),
            Some(Command::Explain(args)) => explain::execute(&args),
            Some(Command::Load(args)) => load::execute(&args),
            Some(Command::Floor(args)) => floor::execute(&args),
            Some(Command::Doctor(args)) => doctor::execute(&args),
            Some(Command::Verify(args)) => verify::execute(&args),
            Some(Command::Codec(args)) => codec::execute(&args),
            Some(Command::Completions(args)) => completions::execute(&args),
        };
        outcome.unwrap_or_else(|error| {
            output::warn(&format!("error: {error}"));
            error.exit()
        })
    }
}
