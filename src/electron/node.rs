//! A renderer's, or utility process's, side: its link, its one thread's loop, the calls that wait.

mod start;

pub(super) use start::run;

use super::Args;
use super::error::Error;
use super::ipc_renderer::{IpcRenderer, RendererEvent};
use super::link::AnyTx;
use super::port::{MessagePort, PortEvent, Ports};
use super::post::{Incoming, LinkId};
use super::script::{Script, Seat, WebPreferences};
use super::table::Listeners;
use super::utility::ParentPort;
use super::wire::{self, Frame, Header, Kind, Malformed};
use crate::codec::Value;
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, VecDeque};
use std::io::Write as _;
use std::rc::Rc;
use std::sync::mpsc::Receiver;

thread_local! {
    /// The renderer that this thread is. `ipcRenderer` itself is only a name for a page, so that a bridge's functions may hold it.
    static NODE: RefCell<Option<Rc<Node>>> = const { RefCell::new(None) };
}

/// The only link that there is here.
const MAIN: LinkId = LinkId { hub: 0, peer: 0 };

/// What to do with an answer.
type Continuation = Box<dyn FnOnce(Result<Value, Error>)>;

enum Call {
    Waiting,
    Then(Continuation),
    Done(Result<Value, Error>),
}

/// What a frame's pages share.
#[derive(Default)]
pub(super) struct FrameSide {
    pub(super) listeners: Listeners<RendererEvent>,
    pub(super) released: Cell<bool>,
}

pub(super) struct Node {
    tx: RefCell<(Box<dyn AnyTx>, Vec<u8>)>,
    incoming: Receiver<Incoming>,
    /// What came while nothing could be dispatched.
    deferred: RefCell<VecDeque<Incoming>>,
    pub(super) frames: Vec<FrameSide>,
    pub(super) preferences: WebPreferences,
    pub(super) context: Cell<u16>,
    /// The page that main wants next.
    next: Cell<u16>,
    calls: RefCell<BTreeMap<u64, (Call, String)>>,
    last_call: Cell<u64>,
    /// Whether a listener is running: it is not to be called again before it has returned.
    busy: Cell<bool>,
    closing: Cell<bool>,
    pub(super) ports: Rc<Ports>,
    pub(super) parent: Listeners<PortEvent>,
}

/// The renderer that this thread is.
pub(super) fn here() -> Result<Rc<Node>, Error> {
    NODE.with_borrow(|node| node.clone()).ok_or(Error::ContextReleased)
}

impl Node {
    /// Page after page.
    fn live(&self, script: &Script) {
        while !self.closing.get() {
            self.context.set(self.next.get());
            script.run(match self.frames.is_empty() {
                true => Seat::Utility(ParentPort::new()),
                false => Seat::Renderer(IpcRenderer::new(0, self.context.get())),
            });
            while self.is_current() {
                if let Some(incoming) = self.next_incoming() {
                    self.dispatch(incoming);
                }
            }
            self.leave_page();
        }
        self.ports.close();
        let _ = self.send(Header::new(Kind::Bye, 0, self.context.get()), &Value::UNDEFINED); // main may be gone
    }

    /// What belonged to a page goes with it: listeners, promises, what a listener that waited has put off.
    fn leave_page(&self) {
        self.frames.iter().for_each(|frame| frame.listeners.remove_all(None));
        self.parent.remove_all(None);
        self.calls.take();
        self.deferred.borrow_mut().retain(|incoming| !matches!(incoming, Incoming::Frame(..)));
    }

    /// Whether the page that runs is still the one to be seen.
    pub(super) fn is_current(&self) -> bool {
        !self.closing.get() && self.next.get() == self.context.get()
    }

    /// The page, or the process, ends.
    pub(super) fn close(&self) {
        self.closing.set(true);
    }

    fn next_incoming(&self) -> Option<Incoming> {
        let deferred = self.deferred.borrow_mut().pop_front();
        deferred.or_else(|| self.receive())
    }

    /// From the queue itself. `None` if the page is to be left.
    fn receive(&self) -> Option<Incoming> {
        self.ports.settle();
        match self.incoming.recv() {
            Ok(Incoming::Gone(_)) | Err(_) => {
                self.close();
                None
            }
            Ok(Incoming::Frame(_, frame)) if frame.first() == Some(&(Kind::Navigate as u8)) => {
                if let Ok(frame) = wire::read(&frame) {
                    self.next.set(frame.header.context);
                }
                None
            }
            Ok(incoming) => Some(incoming),
        }
    }

    fn dispatch(&self, incoming: Incoming) {
        self.busy.set(true);
        let outcome = match incoming {
            Incoming::Frame(_, frame) => self.frame(&frame).unwrap_or_else(|malformed| {
                // Main does not err: rather an end than a guess.
                self.close();
                Err(malformed.to_string().as_str().into())
            }),
            Incoming::Word(_, word) => self.ports.hear(word).map_err(Value::from),
            Incoming::Port(token, news) => self.ports.deliver(token, news),
            Incoming::Gone(_) => Ok(()),
        };
        self.busy.set(false);
        if let Err(thrown) = outcome {
            let _ = writeln!(std::io::stderr(), "Uncaught {thrown}"); // a page's console
        }
    }

    fn frame(&self, bytes: &[u8]) -> Result<Result<(), Value>, Malformed> {
        let Frame { header, ports, body } = wire::read(bytes)?;
        let value = wire::value(body)?;
        match header.kind {
            Kind::Reply | Kind::ReplyError => {
                self.settle(header, value);
                Ok(Ok(()))
            }
            Kind::Port => {
                let event = PortEvent { data: value, ports: self.ports.adopt(ports) };
                Ok(self.parent.emit("", &event, &Args::none()).map(drop))
            }
            Kind::Message | Kind::PostMessage => {
                let args = match header.kind {
                    Kind::Message => Args::from_array(value).ok_or(Malformed("arguments"))?,
                    _ => Args::from([value]),
                };
                let frame = self.frames.get(usize::from(header.frame)).ok_or(Malformed("frame"))?;
                let sender = IpcRenderer::new(header.frame, self.context.get());
                let event = RendererEvent { sender, ports: self.ports.adopt(ports) };
                let heard = frame.listeners.emit(header.channel, &event, &args);
                Ok(heard.and_then(|heard| match header.channel {
                    // There is no guard as in main.
                    "error" if !heard => Err(Value::error("Error", "Unhandled error. ([object Object])")),
                    _ => Ok(()),
                }))
            }
            _ => Err(Malformed("a kind that main does not send")),
        }
    }

    /// An answer has come.
    fn settle(&self, header: Header<'_>, value: Value) {
        let mut calls = self.calls.borrow_mut();
        // A promise that nobody holds, or of a page that is left.
        let Some((call, channel)) = calls.get_mut(&header.call) else { return };
        let outcome = match header.kind {
            Kind::Reply => Ok(value),
            _ => Err(Error::Remote { channel: std::mem::take(channel), text: value.to_string() }),
        };
        match std::mem::replace(call, Call::Waiting) {
            Call::Waiting => *call = Call::Done(outcome),
            Call::Then(then) => {
                calls.remove(&header.call);
                drop(calls);
                then(outcome);
            }
            // A second answer: main does not give one.
            Call::Done(first) => *call = Call::Done(first),
        }
    }

    /// Sends a header with a value.
    pub(super) fn send(&self, header: Header<'_>, value: &Value) -> Result<(), Error> {
        self.send_with(|buffer| wire::write(buffer, header, &[], value))
    }

    /// Sends a header with a value and ports.
    pub(super) fn send_ports(
        &self,
        header: Header<'_>,
        value: &Value,
        transfer: &[MessagePort],
    ) -> Result<(), Error> {
        self.send_with(|buffer| self.ports.write(buffer, header, transfer, value, |_| {}))
    }

    pub(super) fn send_with(
        &self,
        write: impl FnOnce(&mut Vec<u8>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let mut halves = self.tx.borrow_mut();
        let (tx, buffer) = &mut *halves;
        write(buffer)?;
        Ok(tx.send(buffer)?)
    }

    /// Sends a request whose answer is to be waited for.
    pub(super) fn call(&self, header: Header<'_>, value: &Value) -> Result<u64, Error> {
        let call = self.last_call.get() + 1;
        self.last_call.set(call);
        self.calls.borrow_mut().insert(call, (Call::Waiting, header.channel.to_owned()));
        let sent = self.send(Header { call, ..header }, value);
        if sent.is_err() {
            self.forget(call);
        }
        sent.map(|()| call)
    }

    /// Nobody waits for it any more.
    pub(super) fn forget(&self, call: u64) {
        self.calls.borrow_mut().remove(&call);
    }

    /// What is done with the answer once it is there.
    pub(super) fn then(&self, call: u64, then: Continuation) {
        let mut calls = self.calls.borrow_mut();
        match calls.remove(&call) {
            Some((Call::Done(outcome), _)) => {
                drop(calls);
                then(outcome);
            }
            Some((_, channel)) => drop(calls.insert(call, (Call::Then(then), channel))),
            None => {}
        }
    }

    fn answer(&self, call: u64) -> Option<Result<Value, Error>> {
        let mut calls = self.calls.borrow_mut();
        match calls.remove(&call)? {
            (Call::Done(outcome), _) => Some(outcome),
            waiting => {
                calls.insert(call, waiting);
                None
            }
        }
    }

    /// Waits for an answer. Other messages are dispatched meanwhile if `dispatching`, and no listener is running; otherwise they wait
    /// their turn. `None` if the page is left first.
    pub(super) fn wait(&self, call: u64, dispatching: bool) -> Option<Result<Value, Error>> {
        let dispatching = dispatching && !self.busy.get();
        loop {
            if let Some(outcome) = self.answer(call) {
                return Some(outcome);
            }
            if !self.is_current() {
                return None;
            }
            if dispatching {
                self.next_incoming().into_iter().for_each(|incoming| self.dispatch(incoming));
            } else if let Some(incoming) = self.receive() {
                match incoming {
                    Incoming::Frame(_, frame) if answers(&frame, call) => self.dispatch_answer(&frame),
                    other => self.deferred.borrow_mut().push_back(other),
                }
            }
        }
    }

    fn dispatch_answer(&self, frame: &[u8]) {
        if self.frame(frame).is_err() {
            self.close();
        }
    }

    /// Dispatches until `done` says so after some message; `false` if the page is left first. Only from outside of listeners.
    pub(super) fn run_until(&self, mut done: impl FnMut() -> bool) -> bool {
        loop {
            if done() {
                return true;
            }
            if self.busy.get() || !self.is_current() {
                return false;
            }
            self.next_incoming().into_iter().for_each(|incoming| self.dispatch(incoming));
        }
    }
}

fn answers(frame: &[u8], call: u64) -> bool {
    wire::read(frame).is_ok_and(|frame| {
        matches!(frame.header.kind, Kind::Reply | Kind::ReplyError) && frame.header.call == call
    })
}
