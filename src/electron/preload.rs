//! The preload: runs before the page, and is the only one that has the raw way to main.
//!
//! The page gets [`Preload::api`] through the [bridge](super::bridge): three functions, of which each knows its channels. Nothing
//! that a page has leads to the raw way: a [`Preload`] does not give it back, and the functions do not carry it.

use super::bridge::{BridgeError, ContextBridge};
use super::policy::{Checks, Refusal, Verb};
use crate::codec::{Function, Value};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The raw way to main, Electron's `ipcRenderer`: what a page must never have.
pub trait RawIpc: Send + Sync + 'static {
    /// Sends to main.
    ///
    /// # Errors
    /// What it throws.
    fn send(&self, channel: &str, arguments: Vec<Value>) -> Result<(), Value>;

    /// Asks main, and waits for the answer.
    ///
    /// # Errors
    /// What it throws.
    fn invoke(&self, channel: &str, arguments: Vec<Value>) -> Result<Value, Value>;

    /// Calls `listener` with an event and the arguments of each message from main.
    fn on(&self, channel: &str, listener: Function);

    /// Calls it no more.
    fn off(&self, channel: &str, listener: &Function);
}

/// What a page gets whose preload exposes the raw way itself: its methods belong to its prototype, which no bridge copies, so there is
/// nothing to copy.
pub fn raw_as_value() -> Value {
    Value::object::<&str, Value>([])
}

/// A preload that passes what its checks allow.
#[derive(Debug)]
pub struct Preload<R> {
    gate: Arc<Gate<R>>,
}

/// What one function of the API does with its channel and the other arguments.
type Body<R> = fn(&Arc<Gate<R>>, &str, Vec<Value>) -> Result<Value, Value>;

#[derive(Debug)]
struct Gate<R> {
    raw: R,
    checks: Arc<Checks>,
    refused: AtomicU64,
}

impl<R: RawIpc> Preload<R> {
    /// A preload that takes the raw way for itself.
    pub fn new(raw: R, checks: Arc<Checks>) -> Preload<R> {
        Preload { gate: Arc::new(Gate { raw, checks, refused: AtomicU64::new(0) }) }
    }

    /// Messages and subscriptions that were refused: nothing of them reached the raw way.
    pub fn refused(&self) -> u64 {
        self.gate.refused.load(Ordering::Relaxed)
    }

    /// Sends for the page.
    ///
    /// # Errors
    /// A [`Refusal`] as JavaScript sees it, or what the raw way throws.
    pub fn send(&self, channel: &str, arguments: Vec<Value>) -> Result<(), Value> {
        self.gate.send(channel, arguments)
    }

    /// Asks for the page.
    ///
    /// # Errors
    /// As [`Preload::send`].
    pub fn invoke(&self, channel: &str, arguments: Vec<Value>) -> Result<Value, Value> {
        self.gate.invoke(channel, arguments)
    }

    /// Calls the page's `callback` with the arguments of each message, without the event: that leads to the raw way.
    /// The answer is a function that ends this subscription and no other.
    ///
    /// # Errors
    /// As [`Preload::send`].
    pub fn on(&self, channel: &str, callback: &Function) -> Result<Function, Value> {
        self.gate.on(channel, callback)
    }

    /// What a page shall have: `send`, `invoke` and `on`. There is no `removeAllListeners`: listeners of others are not a page's to
    /// remove.
    pub fn api(&self) -> Value {
        let gate = &self.gate;
        let function = |body: Body<R>| {
            let gate = Arc::clone(gate);
            Value::function(move |mut arguments| {
                let channel = match arguments.first() {
                    Some(channel) if channel.as_str().is_some() => arguments.remove(0),
                    _ => return Err(Value::error("TypeError", NO_CHANNEL)),
                };
                body(&gate, channel.as_str().unwrap_or_default(), arguments)
            })
        };
        Value::object([
            ("send", function(|gate, channel, rest| gate.send(channel, rest).map(Value::from))),
            ("invoke", function(|gate, channel, rest| gate.invoke(channel, rest))),
            ("on", function(Gate::on_value)),
        ])
    }

    /// Gives the page the API under a name.
    ///
    /// # Errors
    /// As [`ContextBridge::expose_in_main_world`].
    pub fn expose(&self, bridge: &mut ContextBridge, name: &str) -> Result<(), BridgeError> {
        bridge.expose_in_main_world(name, self.api())
    }
}

/// What is said of a call whose first argument is no string.
pub const NO_CHANNEL: &str = "The first argument must be a channel's name";

/// What is said of a subscription without a function.
pub const NO_CALLBACK: &str = "The second argument must be a function";

impl<R: RawIpc> Gate<R> {
    /// Counts what is refused.
    fn judged(&self, outcome: Result<(), Refusal>) -> Result<(), Value> {
        outcome.map_err(|refusal| {
            self.refused.fetch_add(1, Ordering::Relaxed);
            refusal.into()
        })
    }

    fn send(&self, channel: &str, arguments: Vec<Value>) -> Result<(), Value> {
        self.judged(self.checks.in_preload(Verb::Send, channel, &arguments))?;
        self.raw.send(channel, arguments)
    }

    fn invoke(&self, channel: &str, arguments: Vec<Value>) -> Result<Value, Value> {
        self.judged(self.checks.in_preload(Verb::Invoke, channel, &arguments))?;
        self.raw.invoke(channel, arguments)
    }

    fn on(self: &Arc<Gate<R>>, channel: &str, callback: &Function) -> Result<Function, Value> {
        self.judged(self.checks.channel(Verb::Receive, channel))?;
        let callback = callback.clone();
        let listener = Function::new(move |arguments| callback.call(arguments.into_iter().skip(1).collect()));
        self.raw.on(channel, listener.clone());
        let (gate, channel) = (Arc::clone(self), channel.to_owned());
        Ok(Function::new(move |_| {
            gate.raw.off(&channel, &listener);
            Ok(Value::UNDEFINED)
        }))
    }

    fn on_value(self: &Arc<Gate<R>>, channel: &str, arguments: Vec<Value>) -> Result<Value, Value> {
        match arguments.first().and_then(Value::as_function) {
            Some(callback) => self.on(channel, callback).map(Value::from),
            None => Err(Value::error("TypeError", NO_CALLBACK)),
        }
    }
}

#[cfg(test)]
mod tests;
