//! Processes that are killed, stopped, orphaned or interrupted: told in time, nobody and nothing left behind.

mod command;
mod hostile;
mod kill;
mod leftovers;
mod loss;
mod sandbox;
mod variables;

use libtest_mimic::Trial;

pub(crate) fn tests() -> Vec<Trial> {
    let parts = [
        hostile::tests,
        kill::tests,
        command::tests,
        leftovers::tests,
        loss::tests,
        sandbox::tests,
        variables::tests,
    ];
    parts.into_iter().flat_map(|tests| tests()).collect()
}
