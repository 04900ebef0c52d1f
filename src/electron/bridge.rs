//! The contextBridge: what a page and its preload give to each other is copied from one world into the other.
//!
//! A world is a JavaScript context of the window; both run on one thread. The rules are those of Electron
//! (`shell/renderer/api/electron_api_context_bridge.cc`), in its order:
//!
//! 1. Deeper than [`MAX_DEPTH`] is an error. An array costs one level, an object two; the test comes before all others, so that
//!    a primitive can be too deep.
//! 2. Primitives, symbols and BigInts pass as they are.
//! 3. What was met before in this call is the same copy again. An object is known before its properties are copied, an array
//!    only after its elements: an object may hold itself, an array that does is too deep.
//! 4. A function becomes a proxy that copies its arguments there and its result back; a proxy that comes home becomes the function
//!    it stands for.
//! 5. An Error becomes a new `Error` with the message and nothing else, each time it is met.
//! 6. An array is copied element by element; holes become `undefined`.
//! 7. A plain object gets the own properties, without a prototype. One called `__proto__` is one like others.
//! 8. Everything else is cloned by a round trip through [`codec::v8`](crate::codec::v8): Dates, Maps, Sets, buffers and views.
//!
//! What differs: V8 shares the characters of strings between worlds, while here a string within an object is copied with it (one
//! that is passed by itself is not). A promise has no form among values: [`Crossing::settle`] is what its proxy does once it is
//! settled. Properties whose names are symbols, and DOM objects, are not modelled.

mod copy;

use crate::codec::{Error, Function, Value};
use copy::Copier;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

/// Levels that are copied (Electron, `kMaxRecursion`).
pub const MAX_DEPTH: usize = 1000;

/// What is said of a value that is too deep.
pub const TOO_DEEP: &str =
    "Electron contextBridge recursion depth exceeded.  Nested objects deeper than 1000 are not supported.";

/// What is said when a name is exposed that the page's world has already.
pub const NAME_TAKEN: &str = "Cannot bind an API on top of an existing property on the window object";

/// What is said when something is exposed although there is one world only.
pub const NOT_ISOLATED: &str = "contextBridge API can only be used when contextIsolation is enabled";

/// Why something did not cross.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BridgeError {
    /// Objects in objects in objects.
    #[error("{TOO_DEEP}")]
    TooDeep,
    /// It cannot be cloned.
    #[error(transparent)]
    Clone(#[from] Error),
    /// The page's world has that name.
    #[error("{NAME_TAKEN}")]
    NameTaken,
    /// There is one world only.
    #[error("{NOT_ISOLATED}")]
    NotIsolated,
}

impl From<BridgeError> for Value {
    /// What JavaScript would see thrown.
    fn from(error: BridgeError) -> Value {
        let name = if error == BridgeError::TooDeep { "TypeError" } else { "Error" };
        Value::error(name, &error.to_string())
    }
}

/// How a page and its preload are kept apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd, Ord, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Isolation {
    /// Not at all: both have the same objects.
    #[default]
    Off,
    /// What passes is copied.
    Bridge,
    /// What passes is copied, and the copy frozen; Electron itself freezes what is exposed, not what calls carry.
    BridgeFreeze,
}

impl Isolation {
    /// Passes one value.
    ///
    /// # Errors
    /// As [`Crossing::pass`].
    #[inline]
    pub fn pass(self, crossing: Crossing, value: Value) -> Result<Value, BridgeError> {
        self.through(value, |value| crossing.pass(value))
    }

    /// Passes the arguments of a call, which are the elements of an array.
    ///
    /// # Errors
    /// As [`Crossing::pass_arguments`].
    #[inline]
    pub fn pass_arguments(self, crossing: Crossing, arguments: Value) -> Result<Value, BridgeError> {
        self.through(arguments, |arguments| crossing.pass_arguments(&arguments))
    }

    fn through(
        self,
        value: Value,
        pass: impl FnOnce(Value) -> Result<Value, BridgeError>,
    ) -> Result<Value, BridgeError> {
        match self {
            Isolation::Off => Ok(value),
            Isolation::Bridge => pass(value),
            Isolation::BridgeFreeze => pass(value).map(|mut copy| {
                copy.deep_freeze();
                copy
            }),
        }
    }
}

/// One of a window's worlds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct World(u64);

impl World {
    /// A world unlike all others.
    pub fn fresh() -> World {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        World(NEXT.fetch_add(1, Ordering::Relaxed))
    }
}

/// A way from one world to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Crossing {
    from: World,
    to: World,
}

impl Crossing {
    /// The way between these.
    pub fn new(from: World, to: World) -> Crossing {
        Crossing { from, to }
    }

    /// The way back.
    pub fn back(self) -> Crossing {
        Crossing { from: self.to, to: self.from }
    }

    /// Passes one value: a result, or what is exposed.
    ///
    /// # Errors
    /// [`BridgeError::TooDeep`], or [`BridgeError::Clone`] for a function or symbol within a Map or a Set.
    pub fn pass(self, value: Value) -> Result<Value, BridgeError> {
        copy::pass(self, &mut Vec::new(), value)
    }

    /// Passes the arguments of a call, which are the elements of an array: what two of them share, their copies share.
    ///
    /// # Errors
    /// As [`Crossing::pass`].
    pub fn pass_arguments(self, arguments: &Value) -> Result<Value, BridgeError> {
        Copier::new(self, &mut Vec::new()).pass_each(arguments.root())
    }

    /// Passes the outcome of a promise: what its proxy in the other world is settled with.
    ///
    /// # Errors
    /// The copy of what it was rejected with, or why the outcome does not cross.
    pub fn settle(self, outcome: Result<Value, Value>) -> Result<Value, Value> {
        match outcome {
            Ok(value) => self.pass(value).map_err(Value::from),
            Err(thrown) => Err(self.pass(thrown).unwrap_or_else(Value::from)),
        }
    }

    /// What stands in the other world for a function of this one.
    fn function(self, function: &Function) -> Function {
        if let Some(original) = function.original(self.to.0) {
            return original.clone();
        }
        let target = function.clone();
        Function::proxy(function.clone(), self.from.0, move |arguments| {
            let mut met = Vec::new();
            let back = self.back();
            let pass = |argument| copy::pass(back, &mut met, argument);
            let arguments: Result<Vec<Value>, BridgeError> = arguments.into_iter().map(pass).collect();
            self.settle(target.call(arguments?))
        })
    }
}

/// A window's two worlds, and what the page has got.
#[derive(Debug)]
pub struct ContextBridge {
    isolation: Isolation,
    page: World,
    preload: World,
    exposed: BTreeMap<String, Value>,
}

impl ContextBridge {
    /// A new window's. Without isolation nothing can be exposed.
    pub fn new(isolation: Isolation) -> ContextBridge {
        ContextBridge { isolation, page: World::fresh(), preload: World::fresh(), exposed: BTreeMap::new() }
    }

    /// How its worlds are kept apart.
    pub fn isolation(&self) -> Isolation {
        self.isolation
    }

    /// From the preload's world to the page's.
    pub fn to_page(&self) -> Crossing {
        Crossing::new(self.preload, self.page)
    }

    /// From the page's world to the preload's.
    pub fn to_preload(&self) -> Crossing {
        Crossing::new(self.page, self.preload)
    }

    /// Gives the page a copy of `api` under a name, deep-frozen and for good.
    ///
    /// # Errors
    /// [`BridgeError::NotIsolated`], [`BridgeError::NameTaken`], or why the value does not cross.
    pub fn expose_in_main_world(&mut self, name: &str, api: Value) -> Result<(), BridgeError> {
        if self.isolation == Isolation::Off {
            return Err(BridgeError::NotIsolated);
        }
        if self.exposed.contains_key(name) {
            return Err(BridgeError::NameTaken);
        }
        let mut copy = self.to_page().pass(api)?;
        copy.deep_freeze();
        self.exposed.insert(name.to_owned(), copy);
        Ok(())
    }

    /// What the page has under a name. There is no way to change it.
    pub fn main_world(&self, name: &str) -> Option<&Value> {
        self.exposed.get(name)
    }
}

#[cfg(test)]
mod tests;
