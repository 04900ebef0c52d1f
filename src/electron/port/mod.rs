//! Message ports: `MessageChannelMain`, `MessagePortMain` and their like in renderers.
//!
//! A channel's two ports begin in one place. When one of them is sent away, nothing else moves yet; once both have been put to
//! use, wherever they are by then, main leads them to each other (`broker.rs`) and they have a link of their own, over which main
//! hears nothing. A port that is sent on after that leaves its link behind, in a relay (`relay.rs`).

mod broker;
mod meet;
mod message_port;
mod parcel;
mod relay;
mod table;

pub use message_port::{MessageChannel, MessagePort, PortEvent};
pub use parcel::{Parcel, Token};

pub(super) use broker::{Broker, Place};
pub(super) use table::Ports;
