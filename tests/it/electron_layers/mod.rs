//! The layers of an Electron app, from outside: a renderer that is confined, worlds that share nothing, a client without a preload, one that
//! writes what main reads.

mod claims;
mod confined;
mod raw_client;
mod toctou;
mod worlds;

use libtest_mimic::Trial;
use std::process::ExitCode;

/// If this process is a child of one of these tests, its part.
pub(crate) fn enter_if_child() -> Option<ExitCode> {
    claims::enter_if_child().or_else(confined::enter_if_child)
}

pub(crate) fn tests() -> Vec<Trial> {
    [claims::tests(), confined::tests(), raw_client::tests(), toctou::tests(), worlds::tests()]
        .into_iter()
        .flatten()
        .collect()
}
