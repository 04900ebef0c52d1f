//! The row that a trial leaves, the file it is kept in, and the fingerprint of the host beside it.

mod counted;
mod environment;
pub mod fuzz;
mod id;
mod noise;
mod offered;
mod read;
mod row;
mod store;

/// What this machine allows, and how far its CPUs are apart: taken by the trial room, shown by the report.
pub use crate::trial::{Bounds, Distance, FloorLine, Place};
pub use counted::{counted, place, replaced};
pub use environment::{Environment, Host};
pub use id::{fresh_seed, now_utc, run_id};
pub use noise::Noise;
pub use offered::Offered;
pub(crate) use read::lines;
pub use read::{LoadError, Run, load, read_run, runs_in};
pub use row::{CaseRow, ChecksRow, Cpu, FloorRow, Latency, Record, SCHEMA, Status, Throughput};
pub use store::Store;
