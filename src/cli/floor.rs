//! `ipcmark floor`: what this machine allows.

use super::exit::{Exit, Stop};
use super::output::{self, Color, Format};
use crate::report::floors;
use crate::trial::measure_floors;
use clap::Args as ClapArgs;

#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    /// How to show it
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

pub(super) fn execute(args: &Args) -> Result<Exit, Stop> {
    let lines = measure_floors()?;
    output::write(&match args.format {
        Format::Table | Format::Markdown => floors(&lines, args.format.look(Color::Never)),
        Format::Json => serde_json::to_string(&lines).map_err(std::io::Error::from)? + "\n",
    })?;
    Ok(Exit::Ok)
}
