//! Standard output for data, standard error for everything else.

use super::exit::Stop;
use crate::report::Look;
use clap::ValueEnum;
use std::io::{self, IsTerminal, Write};

/// When to use colours and bold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum Color {
    /// On a terminal, unless NO_COLOR is set
    #[default]
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// How a finding is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// A table, for people
    #[default]
    Table,
    /// One document, for programs
    Json,
    /// A table for web pages
    Markdown,
}

impl Format {
    /// How its tables look.
    pub(super) fn look(self, color: Color) -> Look {
        match self {
            Format::Markdown => Look::Markdown,
            Format::Table | Format::Json => Look::Plain { bold: color.on_stdout() },
        }
    }
}

impl Color {
    pub(super) fn on_stdout(self) -> bool {
        match self {
            Color::Always => true,
            Color::Never => false,
            // <https://no-color.org>: present and not empty.
            Color::Auto => {
                io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|set| set.is_empty())
            }
        }
    }
}

/// Writes data to standard output. A reader that has gone (`… | head`) is no error.
pub(super) fn write(text: &str) -> Result<(), Stop> {
    write_bytes(text.as_bytes())
}

/// The same for data that is no text.
pub(super) fn write_bytes(bytes: &[u8]) -> Result<(), Stop> {
    let mut out = io::stdout().lock();
    match out.write_all(bytes).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        outcome => outcome.map_err(Stop::Output),
    }
}

/// Writes a line to standard error.
pub(super) fn warn(line: &str) {
    // There is no third place to complain to.
    let _ = writeln!(io::stderr(), "{line}");
}
