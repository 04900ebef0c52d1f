//! `ipcmark completions`: a script for a shell.

use super::exit::{Exit, Stop};
use super::{Cli, output};
use clap::{Args as ClapArgs, CommandFactory};
use clap_complete::{Shell, generate};

#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    /// Which shell
    #[arg(value_enum)]
    shell: Shell,
}

pub(super) fn execute(args: &Args) -> Result<Exit, Stop> {
    let mut script = Vec::new();
    generate(args.shell, &mut Cli::command(), "ipcmark", &mut script);
    output::write(&String::from_utf8_lossy(&script))?;
    Ok(Exit::Ok)
}
