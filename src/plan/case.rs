//! One point of the matrix: transport × workload × model.

use super::variable::VARIABLES;
use crate::codec::Codec;
use crate::electron::bridge::Isolation;
use crate::electron::model::{Broadcast, Copies, Settings, Shape, Topology};
use crate::electron::policy::Policy;
use crate::transport::WaitKind;
use crate::workload::{Access, Arrivals, Workload};
use serde::{Deserialize, Serialize};

/// Where renderers run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Placement {
    /// Each in a process of its own.
    Process,
    /// Each in a thread of main's process.
    Thread,
}

/// Which CPUs the ends run on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Pin {
    /// Main on one CPU, renderers on the others.
    Cross,
    /// All on one CPU.
    Same,
    /// Wherever the kernel puts them.
    Free,
}

/// How a ring moves bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CopyWay {
    /// As a look at the host before the trial says is faster.
    Auto,
    /// By plain stores, in place.
    Memcpy,
    /// By non-temporal stores, past the cache.
    Nt,
}

/// What a renderer may ask of the kernel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sandbox {
    /// Anything.
    #[default]
    Off,
    /// What its links need, by a filter of system calls.
    Seccomp,
}

/// The settings of the process model; [`VARIABLES`] says what each means.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "VARIABLES documents each, once")]
pub struct Model {
    pub placement: Placement,
    pub windows: usize,
    pub pin: Pin,
    pub wait: WaitKind,
    pub payload: usize,
    pub in_flight: u64,
    pub batch: u64,
    pub copy: CopyWay,
    pub access: Access,
    pub load: Arrivals,
    pub active: usize,
    pub background: usize,
    pub shape: Shape,
    pub codec: Codec,
    pub isolation: Isolation,
    pub policy: Policy,
    pub hops: u8,
    pub copies: Copies,
    pub broadcast: Broadcast,
    pub topology: Topology,
    pub main_busy: u8,
    pub sandbox: Sandbox,
}

impl Default for Model {
    fn default() -> Self {
        Model {
            placement: Placement::Process,
            windows: 1,
            pin: Pin::Cross,
            wait: WaitKind::Block,
            payload: 64,
            in_flight: 1,
            batch: 1,
            copy: CopyWay::Auto,
            access: Access::Copy,
            load: Arrivals::Closed,
            active: 0,
            background: 0,
            shape: Shape::Bytes,
            codec: Codec::Raw,
            isolation: Isolation::Off,
            policy: Policy::None,
            hops: 0,
            copies: Copies::One,
            broadcast: Broadcast::PerWindow,
            topology: Topology::Direct,
            main_busy: 0,
            sandbox: Sandbox::Off,
        }
    }
}

impl Model {
    /// What is between the workload and its transport.
    pub fn settings(&self) -> Settings {
        let Model { shape, codec, isolation, policy, hops, copies, broadcast, topology, main_busy, .. } =
            *self;
        Settings { shape, codec, isolation, policy, hops, copies, broadcast, topology, main_busy }
    }

    /// Renderers that take part.
    pub fn active_windows(&self) -> usize {
        if self.active == 0 { self.windows } else { self.active.min(self.windows) }
    }
}

/// One point of the matrix.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    /// The mechanism.
    pub transport: String,
    /// What is timed.
    pub workload: Workload,
    /// Under which settings.
    pub model: Model,
}

impl Case {
    /// Messages that may be under way on each link.
    pub fn under_way(&self) -> u64 {
        self.model.load.under_way(self.model.in_flight)
    }

    /// Whether the loops look at copies of what they receive: where it lies in a ring, and nothing of the model has copied it.
    pub fn copies_out(&self, ring: bool) -> bool {
        ring && self.model.access == Access::Copy && self.model.settings().is_bare()
    }

    /// Links that carry timed messages of their own, or pairs of renderers.
    pub fn timed_links(&self) -> u64 {
        match self.workload {
            Workload::Broadcast => 1,
            Workload::Port => (self.model.windows / 2).max(1) as u64,
            Workload::Send | Workload::Invoke | Workload::Push => self.model.active_windows() as u64,
        }
    }

    /// Ends that work at the same time, each in a thread of its own.
    pub fn working_ends(&self) -> usize {
        let Model { windows, background, topology, .. } = self.model;
        match self.workload {
            Workload::Port if topology != Topology::Brokered => windows,
            _ if background > 0 => windows + 1,
            _ => self.model.active_windows() + 1,
        }
    }

    /// Its name: transport, workload, payload, wait and pin, then every other variable that is not at its default.
    pub fn id(&self) -> String {
        let default = Model::default();
        let mut id = format!("{}/{}", self.transport, self.workload.name());
        let always = ["payload", "wait", "pin"];
        let named = always.iter().filter_map(|name| VARIABLES.iter().find(|variable| variable.name == *name));
        let changed = VARIABLES
            .iter()
            .filter(|v| !always.contains(&v.name) && (v.get)(&self.model) != (v.get)(&default));
        for variable in named.chain(changed) {
            id.push_str(&format!("/{}={}", variable.name, (variable.get)(&self.model)));
        }
        id
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_says_what_differs() {
        let mut case = Case { transport: "shm".into(), workload: Workload::Invoke, model: Model::default() };
        assert_eq!(case.id(), "shm/invoke/payload=64/wait=block/pin=cross");
        case.model.placement = Placement::Thread;
        case.model.in_flight = 8;
        assert_eq!(case.id(), "shm/invoke/payload=64/wait=block/pin=cross/placement=thread/in_flight=8");
    }
}
