//! What is wrong with a suite or a flag, where, and what would be right.

use super::nearest::nearest;

/// A mistake in what was asked for. Nothing has been measured.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{place}{message}")]
pub struct ConfigError {
    /// `file:line:column: `, or empty where the message names the flag.
    place: String,
    message: String,
}

impl ConfigError {
    /// A mistake that the message describes in full.
    pub fn new(message: impl Into<String>) -> ConfigError {
        ConfigError { place: String::new(), message: message.into() }
    }

    /// A name that is not known, with the nearest that is, or all of them.
    pub fn unknown<'a>(what: &str, name: &str, known: impl Iterator<Item = &'a str> + Clone) -> ConfigError {
        let hint = match nearest(name, known.clone()) {
            Some(near) => format!("did you mean {near}?"),
            None => format!("known: {}", known.collect::<Vec<_>>().join(", ")),
        };
        ConfigError::new(format!("unknown {what} `{name}`; {hint}"))
    }

    /// The same mistake at a byte offset of a file.
    pub(super) fn at(self, file: &str, text: &str, offset: usize) -> ConfigError {
        let before = &text[..offset.min(text.len())];
        let line = before.matches('\n').count() + 1;
        let column = before.chars().rev().take_while(|&c| c != '\n').count() + 1;
        ConfigError { place: format!("{file}:{line}:{column}: "), message: self.message }
    }

    /// The same mistake behind a flag.
    pub fn in_flag(self, flag: &str) -> ConfigError {
        ConfigError { message: format!("{flag}: {}", self.message), ..self }
    }
}
