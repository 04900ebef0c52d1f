//! ipcmark: what does each way of moving a message cost in an app built like Electron?
pub mod plan;
pub mod record;
#[allow(unsafe_code, reason = "lends bytes of shared memory in place")]
pub mod ring;
pub mod stats;
#[allow(unsafe_code, reason = "the only door to the operating system")]
pub mod sys;
pub mod transport;
pub mod trial;
pub mod workload;

pub use trial::enter_if_child;
