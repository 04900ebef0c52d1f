//! Main's handlers by channel.

use super::checked::channels;
use crate::codec::Value;
use crate::transport::{Error, Peer, Result};
use std::collections::BTreeMap;

type Handler = Box<dyn FnMut(Peer, Value) -> Value + Send>;

/// The handlers, of which the one that is called hands its arguments on to the workload.
pub(super) struct Dispatch(BTreeMap<Box<str>, Handler>);

impl Dispatch {
    pub(super) fn new() -> Dispatch {
        Dispatch(channels().map(|channel| (channel, Box::new(|_, arguments| arguments) as Handler)).collect())
    }

    /// Calls the channel's handler.
    pub(super) fn handle(&mut self, peer: Peer, channel: &str, arguments: Value) -> Result<Value> {
        let Some(handler) = self.0.get_mut(channel) else {
            return Err(Error::Corrupt("a channel that nobody handles"));
        };
        Ok(handler(peer, arguments))
    }
}
