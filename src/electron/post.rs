//! What comes to an end's one thread: from its links, its ports and its control channels, in one queue.
//!
//! As in Chromium, links are read by threads of their own, and what they bring waits in a queue without bound: whoever sends never
//! waits for the receiver's code, and two who send to each other cannot lock each other up.

use super::link::{AnyTx, Letter, Wiring};
use super::port::{Place, Token};
use super::script::WebPreferences;
use crate::transport::Peer;
use serde::{Deserialize, Serialize};

/// One link of one of main's hubs: who speaks. A renderer has one alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct LinkId {
    pub(super) hub: u32,
    pub(super) peer: Peer,
}

/// What came.
pub(super) enum Incoming {
    Frame(LinkId, Vec<u8>),
    /// Nothing more comes over that link.
    Gone(LinkId),
    Word(Place, Word),
    Port(Token, News),
}

/// What a port has to say.
pub(super) enum News {
    /// Its link is there.
    Linked(Box<dyn AnyTx>),
    Frame(Vec<u8>),
    /// There may be something in its queue.
    Look,
    /// It is closed.
    Gone,
}

/// What is said over a control channel.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Word {
    /// To a renderer, first of all: who it is.
    Setup(Box<Setup>),
    /// To main: about to connect.
    Here,
    /// To main: these two belong together.
    Pair(Token, Token),
    /// To main: this one is here, and wants its link; whether here is a sandbox.
    Claim(Token, bool),
    /// From main: these two belong together, and are both here.
    Meet(Token, Token),
    /// From main: make a link for it; whether one of its ends is in a sandbox.
    Bind(Token, bool),
    /// To main: the link is made; this leads the other one to it.
    Bound(Token, Letter),
    /// From main: here is the link to the other one, made for a sandbox or not.
    Connect(Token, Letter, bool),
    /// To main: closed before it had a link.
    Shut(Token),
    /// From main: the other one is closed.
    Closed(Token),
}

/// Who a renderer or utility process is.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Setup {
    pub(super) wiring: Wiring,
    pub(super) script: String,
    /// How many frames its window has; none if it is a utility process.
    pub(super) frames: u16,
    pub(super) preferences: WebPreferences,
    pub(super) letter: Letter,
}
