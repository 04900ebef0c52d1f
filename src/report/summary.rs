//! A run in Markdown: what it says, what weakens that, its tables, and how to repeat it.

use super::html::Source;
use super::look::Look;
use super::published::published;
use super::table::tables;
use super::verdict::{noise, verdict};
use crate::record::Record;
use crate::stats::summarise;
use std::fmt::Write;

/// The whole of it.
pub fn summary(records: &[Record], source: &Source) -> String {
    let mut text = String::new();
    let _ = writeln!(text, "Measured on {}.\n", source.line());
    for answer in verdict(&summarise(records)) {
        let _ = writeln!(text, "* {answer}");
    }
    for sentence in noise(records) {
        let _ = writeln!(text, "\n{sentence}");
    }
    let _ = writeln!(text, "\n{}", tables(records, Look::Markdown));
    let beside = published(records, Look::Markdown);
    if !beside.is_empty() {
        let _ = writeln!(text, "{beside}");
    }
    for environment in &source.environments {
        let _ = writeln!(text, "`{}` ({})\n", environment.command.join(" "), environment.started);
    }
    text
}
