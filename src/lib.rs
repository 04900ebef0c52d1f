//! ipcmark: what does each way of moving a message cost in an app built like Electron?
#[allow(unsafe_code, reason = "the only door to the operating system")]
pub mod sys;
#[allow(unsafe_code, reason = "lends bytes of shared memory in place")]
pub mod ring;
pub mod transport;
pub mod workload;
pub mod plan;
