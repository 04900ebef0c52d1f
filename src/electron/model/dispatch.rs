//! Who hears a message: main's handlers by channel, a page's ports by number.

use super::checked::channels;
use crate::codec::Value;
use crate::transport::{Error, Peer, Result};
use std::collections::BTreeMap;

type Handler = Box<dyn FnMut(Peer, Value) -> Value + Send>;

/// Listeners, of which the one that is called hands its arguments on to the workload.
fn hand_on<K>(key: K) -> (K, Handler) {
    (key, Box::new(|_, arguments| arguments))
}

/// Main's handlers.
pub(super) struct Dispatch(BTreeMap<Box<str>, Handler>);

impl Dispatch {
    pub(super) fn new() -> Dispatch {
        Dispatch(channels().map(hand_on).collect())
    }

    /// Calls the channel's handler.
    pub(super) fn handle(&mut self, peer: Peer, channel: &str, arguments: Value) -> Result<Value> {
        let Some(handler) = self.0.get_mut(channel) else {
            return Err(Error::Corrupt("a channel that nobody handles"));
        };
        Ok(handler(peer, arguments))
    }
}

/// The port of everything that is timed.
pub(super) const PORT: u64 = 7;
/// Ports that two pages of an app of middling size have between them.
const PORTS: u64 = 50;

/// A page's ends of ports.
pub(super) struct Ports(BTreeMap<u64, Handler>);

impl Ports {
    pub(super) fn new() -> Ports {
        Ports((0..PORTS).map(hand_on).collect())
    }

    /// Calls the port's listener.
    pub(super) fn handle(&mut self, port: u64, arguments: Value) -> Result<Value> {
        let listener = self.0.get_mut(&port).ok_or(Error::Corrupt("a port that nobody has"))?;
        Ok(listener(0, arguments))
    }
}
