//! One point of the matrix: transport × workload × model.

use super::variable::VARIABLES;
use crate::codec::Codec;
use crate::electron::bridge::Isolation;
use crate::electron::model::{Broadcast, Copies, Settings, Shape};
use crate::electron::policy::Policy;
use crate::transport::WaitKind;
use crate::workload::Workload;
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
    pub active: usize,
    pub shape: Shape,
    pub codec: Codec,
    pub isolation: Isolation,
    pub policy: Policy,
    pub hops: u8,
    pub copies: Copies,
    pub broadcast: Broadcast,
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
            active: 0,
            shape: Shape::Bytes,
            codec: Codec::Raw,
            isolation: Isolation::Off,
            policy: Policy::None,
            hops: 0,
            copies: Copies::One,
            broadcast: Broadcast::PerWindow,
            sandbox: Sandbox::Off,
        }
    }
}

impl Model {
    /// What is between the workload and its transport.
    pub fn settings(&self) -> Settings {
        let Model { shape, codec, isolation, policy, hops, copies, broadcast, .. } = *self;
        Settings { shape, codec, isolation, policy, hops, copies, broadcast }
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
