//! Records as files: what is written is read, also years later, by stricter and by older readers.

mod golden;
mod javascript;
mod reading;
mod round_trip;
mod store;

use libtest_mimic::Trial;
use std::path::PathBuf;

pub(crate) fn tests() -> Vec<Trial> {
    [golden::tests(), javascript::tests(), reading::tests(), round_trip::tests(), store::tests()]
        .into_iter()
        .flatten()
        .collect()
}

/// A file that was written once and must be understood for ever.
fn golden(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name)
}
