//! The integration tests, one program: children of trials and of the conformance suite are re-executions of it.

mod cli;
mod conformance;
mod electron;
mod electron_layers;
mod fuzz;
mod lifecycle;
mod records;
mod report;
mod resources;
mod support;
mod tidy;

use libtest_mimic::{Arguments, Trial};
use std::process::ExitCode;

fn main() -> ExitCode {
    ipcmark::enter_if_child();
    if let Some(code) = conformance::enter_if_child() {
        return code;
    }
    if let Some(code) = electron_layers::enter_if_child() {
        return code;
    }
    electron::enter_if_child();
    let tests = [
        conformance::tests(),
        electron_layers::tests(),
        electron::tests(),
        fuzz::tests(),
        tidy::tests(),
        cli::tests(),
        lifecycle::tests(),
        records::tests(),
        report::tests(),
        resources::tests(),
    ];
    libtest_mimic::run(&Arguments::from_args(), tests.into_iter().flatten().collect()).exit_code()
}

/// A test that fails by panicking.
pub(crate) fn test(name: &str, body: impl FnOnce() + Send + 'static) -> Trial {
    Trial::test(name, move || {
        body();
        Ok(())
    })
}
