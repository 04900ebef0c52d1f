//! The door: children go their own way, everybody else meets the command line.

use clap::Parser;
use ipcmark::cli::Cli;
use std::process::ExitCode;

fn main() -> ExitCode {
    ipcmark::enter_if_child();
    ExitCode::from(Cli::parse().execute().code())
}
