//! The answer to an `invoke` or a `sendSync`.

use super::error::Error;
use super::hub::Out;
use super::wire::{self, Header, Kind};
use crate::codec::Value;
use crate::transport::Peer;
use std::fmt;
use std::sync::Arc;

/// Answers one `invoke` or `sendSync`, now or later, from this thread or another. Who drops it has never answered: the renderer is
/// told `reply was never sent`. There is no time-out.
pub struct Reply {
    /// `None` once it is used.
    to: Option<Arc<Out>>,
    peer: Peer,
    frame: u16,
    context: u16,
    call: u64,
    /// Known where a handler answers: it is named in the log.
    channel: Option<Arc<str>>,
}

impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Reply({:?})", self.channel)
    }
}

impl Reply {
    /// To a request with this header, over the link that it came by.
    pub(super) fn new(to: Arc<Out>, peer: Peer, request: Header<'_>) -> Reply {
        let Header { frame, context, call, .. } = request;
        Reply { to: Some(to), peer, frame, context, call, channel: None }
    }

    pub(super) fn named(mut self, channel: &Arc<str>) -> Reply {
        self.channel = Some(Arc::clone(channel));
        self
    }

    /// What the handler returns or throws.
    ///
    /// Of what is thrown only its text crosses: class and message of an Error, no stack, no other property. What has no text, `undefined`
    /// and `null`, cannot be said at all: `reply was never sent`. The empty text is no error to the renderer, which gets `undefined`.
    /// All three are what Electron's code does.
    pub fn answer(self, outcome: Result<Value, Value>) {
        match outcome {
            Ok(value) => self.resolve(&value),
            Err(thrown) => self.reject(&thrown),
        }
    }

    /// What the handler returns. If that cannot be cloned, it is as if the handler had thrown what says so.
    pub fn resolve(mut self, value: &Value) {
        if let Err(error) = self.attempt(value)
            && error != Error::Gone
        {
            self.reject(&error.into());
        }
    }

    /// What the handler throws.
    pub fn reject(mut self, thrown: &Value) {
        if let (Some(channel), Some(to)) = (&self.channel, &self.to) {
            (to.log)(&format!("Error occurred in handler for '{channel}': {thrown}"));
        }
        if thrown.is_nullish() {
            return; // its text cannot be had, and the drop says that there is no reply
        }
        match thrown.to_string() {
            text if text.is_empty() => self.resolve(&Value::UNDEFINED),
            text => self.fail(&text),
        }
    }

    /// An error's text as it is.
    pub(super) fn fail(&mut self, text: &str) {
        let header = self.header(Kind::ReplyError);
        if let Some(to) = self.to.take() {
            let _ = to.send_value(self.peer, header, &text.into()); // a renderer that is gone waits for nothing
        }
    }

    /// Sends a value; one that cannot be cloned leaves everything as it was.
    pub(super) fn attempt(&mut self, value: &Value) -> Result<(), Error> {
        let header = self.header(Kind::Reply);
        if let Some(to) = &self.to {
            to.send(self.peer, |buffer| wire::write(buffer, header, &[], value))?;
            self.to = None;
        }
        Ok(())
    }

    fn header(&self, kind: Kind) -> Header<'static> {
        Header { kind, frame: self.frame, context: self.context, channel: "", call: self.call }
    }
}

impl Drop for Reply {
    fn drop(&mut self) {
        self.fail("reply was never sent");
    }
}
