//! The ports themselves.

use super::table::Ports;
use super::{Parcel, Token};
use crate::codec::Value;
use crate::electron::error::Error;
use crate::electron::link::AnyTx;
use crate::electron::post::{Incoming, News, Word};
use crate::electron::table::{ListenerId, Listeners, Outcome};
use crate::electron::wire::{self, Header, Kind, Malformed};
use crate::transport::Error as LinkError;
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::fmt;
use std::rc::{Rc, Weak};

/// What a port's listeners are told.
#[derive(Debug)]
pub struct PortEvent {
    /// What was posted.
    pub data: Value,
    /// The ports that came with it.
    pub ports: Vec<MessagePort>,
}

/// `MessageChannelMain`, or a renderer's `MessageChannel`: two ports, and what is posted to one comes out of the other.
#[derive(Debug)]
pub struct MessageChannel {
    /// One.
    pub port1: MessagePort,
    /// The other.
    pub port2: MessagePort,
}

/// `MessagePortMain`, or a renderer's `MessagePort`.
///
/// What comes waits until the port is started. Where Electron closes a port that the garbage collector finds, this one lives until it
/// is closed, or either end is.
#[derive(Clone)]
pub struct MessagePort(pub(super) Rc<Inner>);

pub(super) struct Inner {
    pub(super) token: Token,
    pub(super) home: Weak<Ports>,
    pub(super) state: RefCell<State>,
    started: Cell<bool>,
    /// The other one is gone, but what it posted has not been heard.
    pub(super) gone: Cell<bool>,
    /// Of a relay: the port that goes on with whatever comes.
    pub(super) onward: RefCell<Option<MessagePort>>,
    /// To be closed as soon as what it has is on its link.
    pub(super) last: Cell<bool>,
    pub(super) incoming: RefCell<VecDeque<Vec<u8>>>,
    on_message: Listeners<PortEvent>,
    on_close: Listeners<()>,
}

pub(super) enum State {
    /// The other one is here as well.
    Local(Weak<Inner>),
    /// The other one is elsewhere, or was; what is posted waits for a link.
    Apart {
        outgoing: Vec<Vec<u8>>,
        used: bool,
        claimed: bool,
    },
    Linked(Box<dyn AnyTx>),
    /// Sent away, or closed.
    Neutered,
}

impl fmt::Debug for MessagePort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = match *self.0.state.borrow() {
            State::Local(_) => "Local",
            State::Apart { .. } => "Apart",
            State::Linked(_) => "Linked",
            State::Neutered => "Neutered",
        };
        write!(f, "MessagePort({state})")
    }
}

impl PartialEq for MessagePort {
    /// Whether they are one and the same.
    fn eq(&self, other: &MessagePort) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

impl MessagePort {
    pub(super) fn new(token: Token, home: &Rc<Ports>, state: State, incoming: Vec<Vec<u8>>) -> MessagePort {
        MessagePort(Rc::new(Inner {
            token,
            home: Rc::downgrade(home),
            state: RefCell::new(state),
            started: Cell::new(false),
            gone: Cell::new(false),
            onward: RefCell::default(),
            last: Cell::new(false),
            incoming: RefCell::new(incoming.into()),
            on_message: Listeners::default(),
            on_close: Listeners::default(),
        }))
    }

    /// `port.on('message', …)`. It does not start the port; a renderer's `onmessage` does: call [`start`](Self::start) too.
    pub fn on_message<O: Outcome>(&self, mut listener: impl FnMut(&PortEvent) -> O + 'static) -> ListenerId {
        self.0.on_message.add("", false, move |event, _| listener(event))
    }

    /// `port.on('close', …)`: either end was closed, or the other one is gone. The notes speak of the other end alone; the code tells
    /// both.
    pub fn on_close<O: Outcome>(&self, mut listener: impl FnMut() -> O + 'static) -> ListenerId {
        self.0.on_close.add("", false, move |(), _| listener())
    }

    /// `port.off`: takes a listener away.
    pub fn off(&self, id: ListenerId) {
        let _ = self.0.on_message.remove("", id) || self.0.on_close.remove("", id);
    }

    /// `port.start()`: what waits is delivered, and from now on all that comes. Once is enough.
    pub fn start(&self) {
        if self.is_neutered() || self.0.started.replace(true) {
            return;
        }
        self.use_it();
        if let Some(home) = self.0.home.upgrade() {
            for _ in 0..self.0.incoming.borrow().len() {
                home.tell(Incoming::Port(self.0.token, News::Look));
            }
            if self.0.gone.get() {
                home.tell(Incoming::Port(self.0.token, News::Gone));
            }
        }
    }

    /// `port.postMessage(message, [transfer])`. Nothing happens, not even for a message that cannot be cloned, on a port that has been
    /// sent away or closed; and nobody hears what is posted to one whose other end is closed.
    ///
    /// # Errors
    /// For a message that cannot be cloned or is longer than a frame may be, and for ports that cannot be sent. All of them stay where
    /// they are then.
    pub fn post_message(&self, message: impl Into<Value>, transfer: &[MessagePort]) -> Result<(), Error> {
        let Some(home) = self.0.home.upgrade().filter(|_| !self.is_neutered()) else { return Ok(()) };
        if let Some(index) = transfer.iter().position(|port| port == self) {
            return Err(Error::PortSource(index));
        }
        let (message, header) = (message.into(), Header::new(Kind::Port, 0, 0));
        let mut frame = Vec::new();
        home.write(&mut frame, header, transfer, &message, |_| {})?;
        let sent = self.carry(frame);
        match sent.map_err(Error::from) {
            Err(Error::Gone) | Ok(()) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Brings a frame on its way to the other end.
    pub(super) fn carry(&self, frame: Vec<u8>) -> Result<(), LinkError> {
        let sent = match &mut *self.0.state.borrow_mut() {
            State::Local(other) => {
                if let (Some(other), Some(home)) = (other.upgrade(), self.0.home.upgrade()) {
                    MessagePort(other).receive(&home, frame);
                }
                Ok(())
            }
            State::Apart { outgoing, .. } => {
                outgoing.push(frame);
                Ok(())
            }
            State::Linked(tx) => tx.send(&frame),
            State::Neutered => Ok(()),
        };
        self.use_it();
        sent
    }

    /// `port.close()`: both ends hear `close`.
    pub fn close(&self) {
        let state = std::mem::replace(&mut *self.0.state.borrow_mut(), State::Neutered);
        let Some(home) = self.0.home.upgrade() else { return };
        match state {
            State::Neutered => return,
            State::Local(other) => {
                if let Some(other) = other.upgrade() {
                    home.tell(Incoming::Port(other.token, News::Gone));
                }
            }
            State::Apart { .. } => home.say(Word::Shut(self.0.token)),
            State::Linked(mut tx) => say_closed(&mut *tx),
        }
        home.tell(Incoming::Port(self.0.token, News::Gone));
    }

    pub(super) fn is_neutered(&self) -> bool {
        matches!(*self.0.state.borrow(), State::Neutered)
    }

    /// From its first use on, a port that is apart wants its link: at the end of the turn, because it may still be sent away within it.
    pub(super) fn use_it(&self) {
        if let State::Apart { used, .. } = &mut *self.0.state.borrow_mut()
            && !std::mem::replace(used, true)
            && let Some(home) = self.0.home.upgrade()
        {
            home.wants_link(self);
        }
    }

    /// Bytes of its parcel.
    pub(super) fn packed_len(&self) -> usize {
        let (incoming, state) = (self.0.incoming.borrow(), self.0.state.borrow());
        let outgoing = if let State::Apart { outgoing, .. } = &*state { outgoing.as_slice() } else { &[] };
        Parcel::len_of(incoming.iter().chain(outgoing))
    }

    /// Takes out of it what travels. It is neutered by that.
    pub(super) fn pack(&self, home: &Ports) -> Parcel {
        let state = std::mem::replace(&mut *self.0.state.borrow_mut(), State::Neutered);
        let outgoing = match state {
            State::Apart { outgoing, .. } => outgoing,
            State::Local(other) => {
                if let Some(other) = other.upgrade().map(MessagePort) {
                    home.say(Word::Pair(self.0.token, other.0.token));
                    *other.0.state.borrow_mut() =
                        State::Apart { outgoing: Vec::new(), used: false, claimed: false };
                    if other.0.started.get() {
                        other.use_it();
                    }
                }
                Vec::new()
            }
            State::Linked(_) | State::Neutered => Vec::new(),
        };
        Parcel { token: self.0.token, incoming: self.0.incoming.take().into(), outgoing }
    }

    /// The link is there: what was posted before goes first.
    pub(super) fn linked(&self, mut tx: Box<dyn AnyTx>) {
        let mut state = self.0.state.borrow_mut();
        match &mut *state {
            State::Apart { outgoing, .. } => {
                for frame in outgoing {
                    let _ = tx.send(frame); // if the other one is gone, the link's other half says so
                }
                *state = match self.0.last.get() {
                    false => State::Linked(tx),
                    true => {
                        say_closed(&mut *tx);
                        State::Neutered
                    }
                };
            }
            // Closed while the link was made.
            _ => say_closed(&mut *tx),
        }
    }

    pub(super) fn came(&self, frame: Vec<u8>) {
        self.0.incoming.borrow_mut().push_back(frame);
    }

    /// Delivers one message, if it may.
    pub(super) fn look(&self, home: &Rc<Ports>) -> Result<(), Value> {
        if !self.0.started.get() || self.is_neutered() {
            return Ok(());
        }
        let Some(frame) = self.0.incoming.borrow_mut().pop_front() else { return Ok(()) };
        match read(home, &frame) {
            Ok(event) => self.0.on_message.emit("", &event, &().into()).map(drop),
            Err(_) => {
                // No recovery from who does not keep the protocol.
                self.close();
                Ok(())
            }
        }
    }

    /// Whether the end has to wait until the port is started and what came before is heard.
    pub(super) fn holds_back(&self) -> bool {
        let holds = !self.0.started.get() && !self.is_neutered() && !self.0.incoming.borrow().is_empty();
        self.0.gone.set(holds);
        holds
    }

    /// The end, told once.
    pub(super) fn ended(&self) -> Result<(), Value> {
        *self.0.state.borrow_mut() = State::Neutered;
        self.0.on_close.emit("", &(), &().into()).map(drop)
    }
}

fn read(home: &Rc<Ports>, frame: &[u8]) -> Result<PortEvent, Malformed> {
    let frame = wire::read(frame)?;
    let data = wire::value(frame.body)?;
    Ok(PortEvent { data, ports: home.adopt(frame.ports) })
}

/// The other end's reader need not wait for the transport to notice.
fn say_closed(tx: &mut dyn AnyTx) {
    let mut frame = Vec::new();
    if wire::begin(&mut frame, Header::new(Kind::PortClose, 0, 0), &[]).is_ok() {
        let _ = tx.send(&frame); // it may be gone itself
    }
}
