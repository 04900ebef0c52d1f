//! The protocols of `ipcmark::ring` under a model checker (loom): every order in which two ends may run, and every value
//! that the memory model lets a load see, up to a bound on preemptions.
//!
//! The code is the shipped code, over the checker's words instead of a segment's. What stands for
//! the bytes is loaded and stored without any order of its own, so an ordering that is too weak shows here on any machine.

mod bell;
mod blocks;
mod call;
mod queue;
mod ready;
mod turns;
mod word;

/// Explores a model. Three preemptions show every known kind of such mistake, and end in seconds.
fn explore(model: impl Fn() + Send + Sync + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(3);
    builder.check(model);
}
