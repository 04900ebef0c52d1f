//! `ipcmark floor`: what this machine allows.

use super::exit::{Exit, Stop};
use super::output;
use crate::report::{Look, floors};
use crate::trial::measure_floors;
use clap::{Args as ClapArgs, ValueEnum};

#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    /// How to show it
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people
    #[default]
    Table,
    /// For programs
    Json,
    /// For web pages
    Markdown,
}

pub(super) fn execute(args: &Args) -> Result<Exit, Stop> {
    let lines = measure_floors()?;
    output::write(&match args.format {
        Format::Table => floors(&lines, Look::Plain { bold: false }),
        Format::Markdown => floors(&lines, Look::Markdown),
        Format::Json => serde_json::to_string(&lines).map_err(std::io::Error::from)? + "\n",
    })?;
    Ok(Exit::Ok)
}
