//! ipcmark: what does each way of moving a message cost in an app built like Electron?
//!
//! One main process, N renderer processes, messages by `send`, `invoke`, `push` and `broadcast`; one harness runs the same
//! loops over shared memory, pipes, sockets and in-process channels, checks every message, and reports latency,
//! throughput and CPU cost. Rooms, from the top; imports only go down:
//!
//! | room | holds |
//! |---|---|
//! | [`fuzz`] | what must hold for any bytes, target by target |
//! | [`cli`] | the commands |
//! | [`report`] | records → tables and exports |
//! | [`stats`] | records → figures |
//! | [`record`] | the row, its file, the fingerprint of the host |
//! | [`trial`] | one case in fresh processes |
//! | [`plan`] | suites, variables, cases, skips |
//! | [`workload`] | the timed loops |
//! | [`electron`] | Electron's interface over any transport |
//! | [`codec`] | values ↔ bytes |
//! | [`transport`] | the contract, the one list, a file for each mechanism |
//! | [`ring`] | lock-free rings over shared bytes |
//! | [`sys`] | the only door to the operating system |
//!
//! Data flows one way: suite → plan → trial → record → stats → report.
//!
//! A program that runs trials calls [`enter_if_child`] first in `main`:
//!
//! ```no_run
//! use ipcmark::plan::{Case, Model};
//! use ipcmark::sys::signal::Interrupt;
//! use ipcmark::trial::{self, Settings};
//! use ipcmark::workload::Workload;
//! use std::time::Duration;
//!
//! ipcmark::enter_if_child();
//! let case = Case { transport: "pipe".into(), workload: Workload::Invoke, model: Model::default() };
//! let settings = Settings::new(Duration::from_millis(200));
//! let measured = trial::run(&case, &settings, 1, &Interrupt::never()?).expect("a trial");
//! println!("{} round trips, median {} ns", measured.messages, measured.latency.value_at_quantile(0.5));
//! # Ok::<(), std::io::Error>(())
//! ```

pub mod cli;
pub mod codec;
pub mod electron;
pub mod fuzz;
pub mod plan;
pub mod record;
pub mod report;
#[allow(unsafe_code, reason = "lends bytes of shared memory in place")]
pub mod ring;
pub mod stats;
#[allow(unsafe_code, reason = "the only door to the operating system")]
pub mod sys;
pub mod transport;
pub mod trial;
pub mod workload;

pub use trial::enter_if_child;
