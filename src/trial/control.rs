//! What is said over the control channels, beside the transport under test.

use super::calibrate::Calibration;
use super::pins::Pins;
use super::probe::Probe;
use super::siege::{Havoc, Siege, Tactic};
use crate::plan::{CopyWay, Placement, Sandbox};
use crate::sys::cpu::Usage;
use crate::sys::fd::Descriptor;
use crate::transport::WaitKind;
use crate::workload::ledger::Checks;
use crate::workload::tally::{Encoded, Tally};
use crate::workload::{Load, Phase};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// What a trial is, told to main.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Setup {
    pub(super) transport: String,
    pub(super) wait: WaitKind,
    pub(super) placement: Placement,
    pub(super) load: Load,
    pub(super) pins: Pins,
    pub(super) spin: Duration,
    pub(super) copy: CopyWay,
    pub(super) sandbox: Sandbox,
    pub(super) padding: usize,
    /// Whether renderers live on when main dies.
    pub(super) outlive: bool,
    /// Whether the last renderer attacks the others, and how. It comes on top of the load's windows.
    pub(super) hostile: Option<Tactic>,
    /// Where any process of the trial leaves word of why it failed.
    pub(super) reports: Descriptor,
}

/// Supervisor → main.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum ToMain {
    Setup(Box<Setup>),
    Probe,
    Run(Phase),
    Quit,
}

/// Main → supervisor.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum FromMain {
    /// Renderers have been started (none, if they are threads); they may still fail to connect.
    Spawned(Vec<u32>),
    /// All are connected; the processes of all ends.
    Ready {
        pids: Vec<u32>,
        calibration: Option<Calibration>,
    },
    Probed(Probe),
    Done(Box<Report>),
    Failed(String),
}

/// A phase's result.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Report {
    pub(super) elapsed_ns: u64,
    pub(super) latency: Encoded,
    pub(super) lag: Option<Encoded>,
    pub(super) checks: Checks,
    pub(super) main: Usage,
    pub(super) renderers: Usage,
    /// What a hostile renderer did, if there is one.
    pub(super) siege: Option<Siege>,
}

/// What a renderer is, told to it; its address follows as a message of its own.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct RendererSetup {
    pub(super) transport: String,
    pub(super) wait: WaitKind,
    pub(super) placement: Placement,
    pub(super) load: Load,
    pub(super) peer: usize,
    pub(super) cpus: Vec<usize>,
    pub(super) sandbox: Sandbox,
    /// What its link to the other one of its pair is to be like, if it has one.
    pub(super) pair: Option<PairLink>,
    /// Whether it lives on when main dies.
    pub(super) outlive: bool,
    /// Whether it attacks, and how.
    pub(super) hostile: Option<Tactic>,
    pub(super) reports: Descriptor,
}

/// The parts of a [`Spec`](crate::transport::Spec) that main has found out.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct PairLink {
    pub(super) spin: Duration,
    pub(super) nt_from: usize,
}

/// Main → renderer.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum ToRenderer {
    Run(Phase),
    /// To a hostile one: what has it done so far?
    Tell,
    Quit,
}

/// Renderer → main.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum FromRenderer {
    Ready {
        pid: u32,
    },
    Started,
    Done {
        tally: Box<Tally>,
        usage: Usage,
    },
    /// In its place from a hostile one.
    Did(Havoc),
}
