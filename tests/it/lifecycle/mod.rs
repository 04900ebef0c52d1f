//! Processes that are killed, stopped, orphaned or interrupted: told in time, nobody and nothing left behind.

mod command;
mod kill;
mod leftovers;
mod loss;
mod sandbox;

use libtest_mimic::Trial;

pub(crate) fn tests() -> Vec<Trial> {
    [kill::tests(), command::tests(), leftovers::tests(), loss::tests(), sandbox::tests()]
        .into_iter()
        .flatten()
        .collect()
}
