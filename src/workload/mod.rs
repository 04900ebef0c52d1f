//! What is timed: `send`, `invoke`, `push`, `broadcast`, `port`, each with its timing formula beside its loop.
//!
//! The loops know endpoints, frames and a clock; they know neither transports by name nor processes. Both ends are told
//! beforehand how many messages a *phase* has, so that nothing but messages (and the credit that `in_flight` asks
//! for) travels while the clock runs. Every message is stamped, filled, and checked in full.
//!
//! On a lossy link ([`Caps::lossy`](crate::transport::Caps::lossy)) the loops go by the numbers that messages bear, not by how
//! many came: what is overdue is given up and counted, has no latency, and never holds a phase for long.

mod arrivals;
mod background;
pub mod broadcast;
mod credit;
mod fault;
pub mod fuzz;
pub mod invoke;
pub mod ledger;
mod patience;
pub mod port;
pub mod push;
pub mod send;
pub mod stamp;
pub mod tally;

pub use arrivals::{Arrivals, read_rate};
pub use fault::{BesideFaulty, Fault, FaultyOutbox, FaultyTx};

use crate::electron::model::{Settings, Topology};
use crate::sys::clock::Clock;
use crate::sys::signal;
use crate::transport::{Inbox, Peer, Result, Rx, Tx};
use arrivals::Begin;
use credit::{Reports, Window};
use ledger::Ledger;
use serde::{Deserialize, Serialize};
use stamp::{Direction, Pattern};
use tally::Tally;

/// The workloads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Workload {
    /// Renderer → main, one way.
    Send,
    /// Renderer → main → renderer.
    Invoke,
    /// Main → one renderer, one way.
    Push,
    /// Main → every renderer, one way.
    Broadcast,
    /// Renderer → renderer → renderer, in pairs.
    Port,
}

/// How whoever reads a frame gets at memory that its sender can still change.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Access {
    /// By a private copy, which stays as it was looked at: what main has to do where it does not trust the renderer.
    #[default]
    Copy,
    /// In place.
    View,
}

/// What a workload's latency means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LatencyKind {
    /// From before the request is sent until the reply has been read.
    RoundTrip,
    /// From before the message is sent until it has been read; both clocks are this host's clock.
    OneWay,
    /// From before the message is sent until the last window has read it.
    LastDelivery,
}

impl Workload {
    /// All of them, in the order of tables.
    pub const ALL: [Workload; 5] =
        [Workload::Invoke, Workload::Send, Workload::Push, Workload::Broadcast, Workload::Port];

    /// What users call it.
    pub fn name(self) -> &'static str {
        match self {
            Workload::Send => "send",
            Workload::Invoke => "invoke",
            Workload::Push => "push",
            Workload::Broadcast => "broadcast",
            Workload::Port => "port",
        }
    }

    /// What it does, in one line.
    pub fn about(self) -> &'static str {
        match self {
            Workload::Send => "renderer to main, one way (ipcRenderer.send)",
            Workload::Invoke => "renderer to main and back (ipcRenderer.invoke)",
            Workload::Push => "main to one renderer, one way (webContents.send)",
            Workload::Broadcast => "main to every renderer (webContents.send to all windows)",
            Workload::Port => "renderer to renderer and back (port.postMessage, answered by another)",
        }
    }

    /// Whether messages come from main, and what renderers send is credit.
    pub fn is_from_main(self) -> bool {
        matches!(self, Workload::Push | Workload::Broadcast)
    }

    /// What its latency means.
    pub fn latency(self) -> LatencyKind {
        match self {
            Workload::Send | Workload::Push => LatencyKind::OneWay,
            Workload::Invoke | Workload::Port => LatencyKind::RoundTrip,
            Workload::Broadcast => LatencyKind::LastDelivery,
        }
    }

    /// Payloads that pass for each message: an invoke carries one each way, a broadcast one to each window.
    pub fn payloads_per_message(self, windows: usize) -> u64 {
        match self {
            Workload::Send | Workload::Push => 1,
            Workload::Invoke | Workload::Port => 2,
            Workload::Broadcast => windows as u64,
        }
    }
}

/// What stays the same for all phases of a trial.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Load {
    /// Which workload.
    pub workload: Workload,
    /// Bytes of one message.
    pub payload: usize,
    /// Outstanding invokes, or the credit window of one-way messages, for each link.
    pub in_flight: u64,
    /// Renderers.
    pub windows: usize,
    /// Those that take part, the first ones; the others are connected and idle. A broadcast reaches all.
    pub active: usize,
    /// One-way messages that are handed over together.
    pub batch: u64,
    /// When messages begin.
    pub arrivals: Arrivals,
    /// Whether a frame is copied out before it is looked at.
    pub copy_out: bool,
    /// Bytes of the invokes with which renderers that take no part keep main busy; 0 for none.
    pub background: usize,
    /// What main waits before it writes a reply, in nanoseconds: a delay that is known, for a comparison to find.
    pub handicap_ns: u64,
    /// What a renderer, or main where it sends by itself, does to one of its frames, for the checks to find.
    pub fault: Option<Fault>,
    /// How often in a second signals interrupt the calls of each process; 0 for never.
    pub storm_hz: u32,
    /// Patterns are derived from it: a frame of another trial is not taken for one of this.
    pub key: u64,
    /// Whether each end hears itself (the null transport), so that a reply bears the request's pattern.
    pub echo: bool,
    /// What is between the loops and the transport.
    pub settings: Settings,
    /// The host's clock.
    pub clock: Clock,
}

/// One uninterrupted stretch of messages.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Phase {
    /// Differs for each phase of a trial.
    pub number: u64,
    /// Messages that are timed, over all links.
    pub messages: u64,
    /// Messages before those on each link: sent and checked, not timed. They absorb the ends' entry into their loops.
    pub lead: u64,
    /// One sample for this many messages, a power of two: of an invoke the mean of the group, of a one-way message every
    /// n-th.
    pub every: u64,
}

impl Phase {
    /// Whether message number `sequence` of a link is a sample: the first timed one, and every n-th from there.
    #[inline]
    pub fn samples(&self, sequence: u64) -> bool {
        sequence >= self.lead && (sequence - self.lead) & (self.every - 1) == 0
    }

    /// Which sample, from 0, message number `sequence` is.
    #[inline]
    pub fn place(&self, sequence: u64) -> u64 {
        sequence.saturating_sub(self.lead) >> self.every.trailing_zeros()
    }
}

/// In an open loop a report comes for so many messages: it only keeps the window from filling.
const MOST_UNREPORTED: u64 = 1 << 13;

/// Most one-way samples in a phase and link: both ends keep each as a time of eight bytes.
pub const MAX_SAMPLES: u64 = 1 << 16;

impl Load {
    /// One renderer, one message at a time, nothing between the loops and the transport.
    pub fn one(workload: Workload, payload: usize, clock: Clock) -> Load {
        Load {
            workload,
            payload,
            in_flight: 1,
            windows: 1,
            active: 1,
            batch: 1,
            arrivals: Arrivals::Closed,
            copy_out: false,
            background: 0,
            handicap_ns: 0,
            fault: None,
            storm_hz: 0,
            key: 1,
            echo: false,
            settings: Settings::default(),
            clock,
        }
    }

    /// Timed messages of one link; of a pair of renderers, its first one's.
    pub fn share(&self, phase: &Phase, peer: usize) -> u64 {
        let part = |links: usize, link: usize| {
            let (links, link) = (links as u64, link as u64);
            phase.messages / links + u64::from(link < phase.messages % links)
        };
        match self.workload {
            Workload::Broadcast => phase.messages,
            Workload::Port if port::asks(peer) => part(self.windows / 2, peer / 2),
            Workload::Port => 0,
            _ if peer >= self.active => 0,
            _ => part(self.active, peer),
        }
    }

    /// Messages of one link, timed or not.
    pub fn total(&self, phase: &Phase, peer: usize) -> u64 {
        let idle = match self.workload {
            Workload::Broadcast => false,
            Workload::Port => !port::asks(peer),
            _ => peer >= self.active,
        };
        if idle { 0 } else { phase.lead + self.share(phase, peer) }
    }

    /// Messages that may be under way on each link.
    pub fn under_way(&self) -> u64 {
        self.arrivals.under_way(self.in_flight)
    }

    /// The sender's credit.
    fn window(&self) -> Window {
        Window::new(self.under_way())
    }

    /// When the receiver of `total` messages reports: of a burst once it has all of it.
    fn reports(&self, total: u64) -> Reports {
        match self.arrivals {
            Arrivals::Closed => Reports::new(self.in_flight, total),
            Arrivals::Burst(count) => Reports::after(count, total),
            Arrivals::Open { .. } => Reports::after(MOST_UNREPORTED.min(total), total),
        }
    }

    /// Lets signals interrupt this process's calls from now on, if that was asked for.
    ///
    /// # Errors
    /// If the system refuses a handler or a timer.
    pub fn storm(&self) -> std::io::Result<()> {
        if self.storm_hz == 0 { Ok(()) } else { signal::storm(self.storm_hz) }
    }

    /// Waits for as long as main is to be slowed down.
    #[inline]
    fn handicap(&self) {
        if self.handicap_ns > 0 {
            let until = self.clock.now() + self.handicap_ns;
            while self.clock.now() < until {
                std::hint::spin_loop();
            }
        }
    }

    /// The moments from which the latencies of a link's messages count.
    fn begin(&self, peer: Peer) -> Begin {
        Begin::new(self.arrivals, self.clock, self.key ^ peer as u64)
    }

    /// The book of what one end hears on a link.
    fn ledger(&self, pattern: Pattern) -> Ledger {
        let ledger = Ledger::new(pattern, self.payload);
        if self.copy_out { ledger.of_copies() } else { ledger }
    }

    /// Whether a one-way message of this number hands over those posted before it.
    #[inline]
    pub fn completes_batch(&self, sequence: u64) -> bool {
        self.batch <= 1 || (sequence + 1).is_multiple_of(self.batch)
    }

    /// Largest frame that the link must carry: the payload, or a credit.
    pub fn max_frame(&self) -> usize {
        self.settings.max_frame(self.payload.max(credit::LEN).max(self.background))
    }

    /// What messages of one link and direction hold.
    pub fn pattern(&self, phase: &Phase, peer: usize, direction: Direction) -> Pattern {
        let pattern = Pattern::new(self.key, phase.number, peer, direction);
        if self.settings.shape.is_text() { pattern.text() } else { pattern }
    }
}

/// A renderer's part of a phase.
pub fn renderer<T: Tx>(load: &Load, phase: &Phase, peer: usize, tx: &mut T, rx: &mut T::Rx) -> Result<Tally>
where
    T::Rx: Rx,
{
    match load.workload {
        Workload::Send => send::renderer(load, phase, peer, tx, rx),
        Workload::Invoke if load.background > 0 && peer >= load.active => {
            background::renderer(load, phase, peer, tx, rx)
        }
        Workload::Invoke => invoke::renderer(load, phase, peer, tx, rx),
        Workload::Port if port::asks(peer) => port::asker(load, phase, peer, tx, rx),
        Workload::Port => port::answerer(load, phase, peer, tx, rx),
        Workload::Push | Workload::Broadcast => push::renderer(load, phase, peer, tx, rx),
    }
}

/// Main's part of a phase: a tally for each link.
pub fn main<I: Inbox>(
    load: &Load,
    phase: &Phase,
    outbox: &mut I::Outbox,
    inbox: &mut I,
) -> Result<Vec<Tally>> {
    match load.workload {
        Workload::Send => send::main(load, phase, outbox, inbox),
        Workload::Invoke => invoke::main(load, phase, outbox, inbox),
        Workload::Port if load.settings.topology == Topology::Brokered => {
            port::broker(load, phase, outbox, inbox)
        }
        Workload::Port => Ok(Vec::new()), // it goes past main
        Workload::Push => push::main(load, phase, outbox, inbox),
        Workload::Broadcast => broadcast::main(load, phase, outbox, inbox),
    }
}
