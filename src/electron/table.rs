//! Who listens: the listeners of a channel in the order in which they came, its one handler, and what is called when.

use super::Args;
use super::error::Error;
use crate::codec::Value;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

/// Names one listener, to take exactly it away again: what the function itself is to JavaScript.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ListenerId(u64);

/// What a listener may answer: nothing, or what it throws.
pub trait Outcome {
    /// As a result.
    fn outcome(self) -> Result<(), Value>;
}

impl Outcome for () {
    fn outcome(self) -> Result<(), Value> {
        Ok(())
    }
}

impl<E: Into<Value>> Outcome for Result<(), E> {
    fn outcome(self) -> Result<(), Value> {
        self.map_err(Into::into)
    }
}

type Body<E> = RefCell<dyn FnMut(&E, &Args) -> Result<(), Value>>;

struct Listener<E> {
    id: ListenerId,
    once: bool,
    body: Rc<Body<E>>,
}

struct Channel<E> {
    /// The names are told in the order in which they first came.
    since: u64,
    listeners: Vec<Listener<E>>,
}

/// Listeners by channel: Node's `EventEmitter`, for events of type `E`.
///
/// Whoever is called may change the table: those who were there when the message came are called, as in Node.
pub struct Listeners<E> {
    channels: RefCell<BTreeMap<Box<str>, Channel<E>>>,
    next: RefCell<u64>,
}

impl<E> Default for Listeners<E> {
    fn default() -> Self {
        Listeners { channels: RefCell::default(), next: RefCell::new(0) }
    }
}

impl<E> Listeners<E> {
    /// Adds one behind the others.
    pub fn add<O: Outcome>(
        &self,
        channel: &str,
        once: bool,
        mut listener: impl FnMut(&E, &Args) -> O + 'static,
    ) -> ListenerId {
        let number = self.next.replace_with(|next| *next + 1);
        let id = ListenerId(number);
        let body: Rc<Body<E>> =
            Rc::new(RefCell::new(move |event: &E, args: &Args| listener(event, args).outcome()));
        let mut channels = self.channels.borrow_mut();
        let entry = Channel { since: number, listeners: Vec::new() };
        channels.entry(channel.into()).or_insert(entry).listeners.push(Listener { id, once, body });
        id
    }

    /// Takes one away; whether it was there.
    pub fn remove(&self, channel: &str, id: ListenerId) -> bool {
        let mut channels = self.channels.borrow_mut();
        let Some(entry) = channels.get_mut(channel) else { return false };
        let before = entry.listeners.len();
        entry.listeners.retain(|listener| listener.id != id);
        let removed = entry.listeners.len() < before;
        if entry.listeners.is_empty() {
            channels.remove(channel);
        }
        removed
    }

    /// Takes all of a channel away, or all there are.
    pub fn remove_all(&self, channel: Option<&str>) {
        let mut channels = self.channels.borrow_mut();
        match channel {
            Some(channel) => drop(channels.remove(channel)),
            None => channels.clear(),
        }
    }

    /// The channels that have listeners.
    pub fn names(&self) -> Vec<String> {
        let channels = self.channels.borrow();
        let mut names: Vec<_> =
            channels.iter().map(|(name, entry)| (entry.since, name.to_string())).collect();
        names.sort_unstable();
        names.into_iter().map(|(_, name)| name).collect()
    }

    /// How many a channel has.
    pub fn count(&self, channel: &str) -> usize {
        self.channels.borrow().get(channel).map_or(0, |entry| entry.listeners.len())
    }

    /// Calls a channel's listeners, one after the other; whether there was one.
    ///
    /// # Errors
    /// What a listener throws. Those behind it are not called.
    pub fn emit(&self, channel: &str, event: &E, args: &Args) -> Result<bool, Value> {
        let listeners: Listening<E> =
            match self.channels.borrow().get(channel).map(|entry| &entry.listeners[..]) {
                None => return Ok(false),
                // One is the rule: nothing is allocated for it.
                Some([one]) => Listening::One(one.once.then_some(one.id), Rc::clone(&one.body)),
                Some(many) => Listening::Many(
                    many.iter().map(|one| (one.once.then_some(one.id), Rc::clone(&one.body))).collect(),
                ),
            };
        let call = |once: Option<ListenerId>, body: &Body<E>| {
            // Away before it is called, and not called by an emit within the call.
            if once.is_none_or(|id| self.remove(channel, id)) {
                (body.borrow_mut())(event, args)
            } else {
                Ok(())
            }
        };
        match listeners {
            Listening::One(once, body) => call(once, &body)?,
            Listening::Many(many) => many.iter().try_for_each(|(once, body)| call(*once, body))?,
        }
        Ok(true)
    }
}

enum Listening<E> {
    One(Option<ListenerId>, Rc<Body<E>>),
    Many(Vec<(Option<ListenerId>, Rc<Body<E>>)>),
}

/// What answers an `invoke`: the event, the arguments, and the way to answer, now or later.
type Handling<E, R> = RefCell<dyn FnMut(&E, Args, R)>;

struct Handler<E, R> {
    once: bool,
    body: Rc<Handling<E, R>>,
}

/// One handler for each channel, for events of type `E` and answers through an `R`.
pub struct Handlers<E, R>(RefCell<BTreeMap<Box<str>, Handler<E, R>>>);

impl<E, R> Default for Handlers<E, R> {
    fn default() -> Self {
        Handlers(RefCell::default())
    }
}

impl<E, R> Handlers<E, R> {
    /// Sets the handler.
    ///
    /// # Errors
    /// [`Error::SecondHandler`] if there is one.
    pub fn set(
        &self,
        channel: &str,
        once: bool,
        handler: impl FnMut(&E, Args, R) + 'static,
    ) -> Result<(), Error> {
        let mut table = self.0.borrow_mut();
        if table.contains_key(channel) {
            return Err(Error::SecondHandler(channel.to_owned()));
        }
        table.insert(channel.into(), Handler { once, body: Rc::new(RefCell::new(handler)) });
        Ok(())
    }

    /// Takes it away, if there is one.
    pub fn remove(&self, channel: &str) {
        self.0.borrow_mut().remove(channel);
    }

    /// Takes all of them away.
    pub fn clear(&self) {
        // Outside of the borrow: what a handler holds may have a table of its own to look at.
        drop(self.0.take());
    }

    /// Lets the handler answer through `reply`, which comes back if there is none. One that is to be called once is away before it
    /// is called.
    pub fn call(&self, channel: &str, event: &E, args: Args, reply: R) -> Result<(), (Args, R)> {
        let body = {
            let mut table = self.0.borrow_mut();
            match table.get(channel) {
                None => return Err((args, reply)),
                Some(handler) if handler.once => table.remove(channel).map(|handler| handler.body),
                Some(handler) => Some(Rc::clone(&handler.body)),
            }
        };
        if let Some(body) = body {
            (body.borrow_mut())(event, args, reply);
        }
        Ok(())
    }
}
