//! Fuzz targets: what must hold for any bytes that somebody else may have written. The bodies stand in the rooms that they are about; here
//! are their one list and the mutator, from which the replay in `tests/it/fuzz` and the programs in `fuzz/fuzz_targets` follow.

mod mutate;

pub use mutate::Mutator;

use crate::codec::{self, Codec};
use crate::{electron, plan, record, report, ring, transport, trial, workload};

/// A target.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// Names its program, its corpus and its test.
    pub name: &'static str,
    /// Panics if what must hold does not; answers whether the input was one that gets far.
    pub body: fn(&[u8]) -> bool,
}

const fn target(name: &'static str, body: fn(&[u8]) -> bool) -> Target {
    Target { name, body }
}

/// All of them.
pub const TARGETS: [Target; 20] = [
    target("ring_consumer", ring::fuzz::consumer),
    target("ring_producer", ring::fuzz::producer),
    target("ring_call", ring::fuzz::call),
    target("ring_ready", ring::fuzz::ready),
    target("ring_blocks", ring::fuzz::blocks),
    target("transport_stream", transport::fuzz::stream),
    target("transport_mojo", transport::fuzz::messages),
    target("codec_structured_clone", codec::fuzz::structured_clone),
    target("codec_json", |bytes| codec::fuzz::any_codec(Codec::Json, bytes)),
    target("codec_msgpack", |bytes| codec::fuzz::any_codec(Codec::Msgpack, bytes)),
    target("codec_postcard", |bytes| codec::fuzz::any_codec(Codec::Postcard, bytes)),
    target("codec_tagged", codec::fuzz::tagged),
    target("electron_wire", electron::fuzz::wire),
    target("workload_histogram", workload::fuzz::histogram),
    target("trial_control", trial::fuzz::control),
    target("plan_suite", plan::fuzz::suite),
    target("record_lines", record::fuzz::records),
    target("record_environment", record::fuzz::environment),
    target("report_tables", report::fuzz::tables),
    target("report_page", report::fuzz::page),
];

/// Runs one input of the target of this name.
///
/// # Panics
/// If what must hold does not, or if there is no such target.
pub fn run(name: &str, bytes: &[u8]) -> bool {
    let target = TARGETS.iter().find(|target| target.name == name);
    (target.unwrap_or_else(|| panic!("no fuzz target is called {name}")).body)(bytes)
}
