//! The control channel: a Unix socket beside the transport under test, and what is said over it.

use super::calibrate::Calibration;
use super::pins::Pins;
use super::probe::Probe;
use crate::plan::{CopyWay, Placement};
use crate::sys::cpu::Usage;
use crate::sys::fd::{Descriptor, pack, recv_message, send_message, unpack};
use crate::transport::WaitKind;
use crate::workload::ledger::Checks;
use crate::workload::tally::{Encoded, Tally};
use crate::workload::{Load, Phase};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::time::Duration;

/// No message is longer: the stamps of 64 renderers stay below it.
const LIMIT: usize = 128 << 20;

/// One end of a control channel.
#[derive(Debug)]
pub(super) struct Control(UnixStream);

impl Control {
    pub(super) fn new(socket: UnixStream) -> Control {
        Control(socket)
    }

    /// Sends a value with the descriptors in it.
    pub(super) fn send<T: Serialize>(&self, value: &T) -> io::Result<()> {
        let (bytes, fds) = pack(value)?;
        send_message(self.0.as_fd(), &bytes, &fds)
    }

    /// Waits for a value. `UnexpectedEof` means that the other end is gone.
    pub(super) fn recv<T: DeserializeOwned>(&self) -> io::Result<T> {
        let (bytes, fds) = recv_message(self.0.as_fd(), LIMIT)?;
        unpack(&bytes, fds)
    }
}

impl AsFd for Control {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

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
    pub(super) padding: usize,
    /// Where any process of the trial leaves word of why it failed.
    pub(super) reports: Descriptor,
}

/// Supervisor → main.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum ToMain {
    Setup(Setup),
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
    pub(super) checks: Checks,
    pub(super) main: Usage,
    pub(super) renderers: Usage,
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
    pub(super) reports: Descriptor,
}

/// Main → renderer.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum ToRenderer {
    Run(Phase),
    Quit,
}

/// Renderer → main.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum FromRenderer {
    Ready { pid: u32 },
    Started,
    Done { tally: Box<Tally>, usage: Usage },
}
