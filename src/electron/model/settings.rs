//! The parts of the model, as values.

use super::frame::Outgoing;
use crate::codec::Codec;
use crate::electron::bridge::Isolation;
use crate::electron::policy::Policy;
use crate::electron::wire::Kind;
use serde::{Deserialize, Serialize};

/// What the value of a message looks like to the page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Shape {
    /// A `Uint8Array`.
    #[default]
    Bytes,
    /// One string of ASCII.
    String,
    /// An object with a few fields, one of which holds the text.
    Record,
    /// An array of `{i, text}`, 32 letters each.
    Records,
    /// Objects in objects, eight to each, with 32 letters at every leaf.
    Tree,
}

/// The buffers that a serialised message passes through at each end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Copies {
    /// Serialised into a fresh buffer that is handed over; main reads a private copy, a renderer reads in place (Electron since
    /// electron#52920).
    #[default]
    One,
    /// Serialised into a buffer that grows, copied to a fresh one that is handed over, copied out to a third (Electron before).
    Three,
    /// Serialised into a buffer that is kept, and read in place at both ends: main trusts the renderer.
    InPlace,
}

/// How a message reaches all windows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Broadcast {
    /// Serialised and sent for each window, as `webContents.send` in a loop does.
    #[default]
    PerWindow,
    /// Serialised once, sent for each window.
    SerialiseOnce,
    /// Serialised once and written once, if the transport can.
    OneWrite,
}

/// Which way messages between two renderers go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Topology {
    /// Over a link of their own.
    #[default]
    Direct,
    /// To main, which hands each on.
    Brokered,
    /// Over a link of their own that carries many ports, of which each frame names one.
    Port,
}

/// The parts that are between a workload and its transport. By default there is nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// What the value of a message looks like.
    pub shape: Shape,
    /// How it becomes bytes.
    pub codec: Codec,
    /// The buffers that those pass through.
    pub copies: Copies,
    /// Whether the page and its preload have worlds of their own.
    pub isolation: Isolation,
    /// What is checked, and where.
    pub policy: Policy,
    /// Threads that a round trip passes through: see [`hops`](super::hops).
    pub hops: u8,
    /// How a message reaches all windows.
    pub broadcast: Broadcast,
    /// Which way messages between two renderers go.
    pub topology: Topology,
    /// How much of its time, in percent, main's loop has other work: see [`tasks`](super::tasks).
    pub main_busy: u8,
}

impl Settings {
    /// Whether the transport's own ends are all that there is.
    pub fn is_bare(&self) -> bool {
        // Two hops are the link's own, there and back; a bare broadcast is the transport's; who hands a frame on adds nothing to it.
        let hops = if self.hops == 2 { 0 } else { self.hops };
        let topology = if self.topology == Topology::Brokered { Topology::Direct } else { self.topology };
        Settings { hops, topology, ..*self } == Settings::default()
    }

    /// Bytes of the longest frame that carries a payload of so many.
    pub fn max_frame(&self, payload: usize) -> usize {
        if self.is_bare() {
            return payload;
        }
        let mut out = Outgoing::new(self);
        let arguments = out.arguments(out.value(payload, |bytes| bytes.fill(b'a')));
        // Numbers in a payload's place may be longer in one message than in another.
        out.encode(Kind::Invoke, None, &arguments).map_or(payload, <[u8]>::len) + 64
    }
}
