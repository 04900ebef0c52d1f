//! `utilityProcess`: a process without windows, which speaks through ports alone.

use super::Args;
use super::app::Main;
use super::body::Connection;
use super::error::Error;
use super::node::here;
use super::port::{MessagePort, PortEvent};
use super::post::{LinkId, Word};
use super::table::{ListenerId, Listeners, Outcome};
use super::wire::{self, Frame, Header, Kind, Malformed};
use crate::codec::Value;
use std::cell::RefCell;
use std::fmt;
use std::rc::{Rc, Weak};

/// `UtilityProcess`, main's hold on one.
#[derive(Clone)]
pub struct UtilityProcess(Rc<Inner>);

struct Inner {
    main: Weak<Main>,
    connection: RefCell<Option<Connection>>,
    on_message: Listeners<()>,
    on_exit: Listeners<i32>,
}

impl fmt::Debug for UtilityProcess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "UtilityProcess({:?})", self.pid())
    }
}

impl UtilityProcess {
    pub(super) fn new(main: &Rc<Main>, connection: Connection) -> UtilityProcess {
        UtilityProcess(Rc::new(Inner {
            main: Rc::downgrade(main),
            connection: RefCell::new(Some(connection)),
            on_message: Listeners::default(),
            on_exit: Listeners::default(),
        }))
    }

    /// `child.postMessage(message, [transfer])`. Nothing happens once it has ended.
    ///
    /// # Errors
    /// For a message that cannot be cloned, and for ports that cannot be sent.
    pub fn post_message(&self, message: impl Into<Value>, transfer: &[MessagePort]) -> Result<(), Error> {
        let connection = self.0.connection.borrow();
        let (Some(Connection { out, link, .. }), Some(main)) = (connection.as_ref(), self.0.main.upgrade())
        else {
            return Ok(());
        };
        let sending = |token| main.broker.borrow_mut().sending(token, *link);
        let (header, message) = (Header::new(Kind::Port, 0, 0), message.into());
        match out.send(link.peer, |buffer| main.ports.write(buffer, header, transfer, &message, sending)) {
            Err(Error::Gone) => Ok(()),
            outcome => outcome,
        }
    }

    /// `child.on('message', …)`: gets the bare value.
    pub fn on_message<O: Outcome>(&self, mut listener: impl FnMut(&Value) -> O + 'static) -> ListenerId {
        self.0.on_message.add("", false, move |(), args| listener(&args.value(0)))
    }

    /// `child.on('exit', …)`: gets the exit code.
    pub fn on_exit<O: Outcome>(&self, mut listener: impl FnMut(i32) -> O + 'static) -> ListenerId {
        self.0.on_exit.add("", false, move |code, _| listener(*code))
    }

    /// `child.pid`: `None` once it has ended.
    pub fn pid(&self) -> Option<u32> {
        self.0.connection.borrow().as_ref().map(Connection::pid)
    }

    /// `child.kill()`: false if it has ended.
    pub fn kill(&self) -> bool {
        let connection = self.0.connection.borrow();
        let Some(connection) = connection.as_ref() else { return false };
        self.close(); // a thread ends by it
        connection.kill();
        true
    }

    fn close(&self) {
        for Connection { out, link, .. } in self.0.connection.borrow().iter() {
            let _ = out.send_value(link.peer, Header::new(Kind::Close, 0, 0), &Value::UNDEFINED); // it may be gone
        }
    }

    pub(super) fn connection(&self) -> &RefCell<Option<Connection>> {
        &self.0.connection
    }

    pub(super) fn say(&self, word: &Word) {
        self.0.connection.borrow().iter().for_each(|at| at.say(word));
    }

    pub(super) fn ended(&self, main: &Main) {
        let connection = self.0.connection.take();
        if let Some(details) = connection.map(|mut connection| connection.bury()) {
            main.report(self.0.on_exit.emit("", &details.exit_code, &Args::none()).map(drop));
        }
    }
}

impl Main {
    pub(super) fn from_utility(
        self: &Rc<Main>,
        link: LinkId,
        child: &UtilityProcess,
        bytes: &[u8],
    ) -> Result<(), Malformed> {
        let Frame { header, ports, body } = wire::read(bytes)?;
        match header.kind {
            Kind::Bye => {
                child.close(); // as for a page that ends by itself
                self.gone(link);
                Ok(())
            }
            // `parentPort.postMessage` takes no ports.
            Kind::Port if ports.is_empty() => {
                let args = Args::from([wire::value(body)?]);
                self.report(child.0.on_message.emit("", &(), &args).map(drop));
                Ok(())
            }
            _ => Err(Malformed("a kind that utility processes do not send")),
        }
    }
}

/// `process.parentPort`: a utility process's way to main.
#[derive(Clone, Copy, Debug)]
pub struct ParentPort(());

impl ParentPort {
    pub(super) fn new() -> ParentPort {
        ParentPort(())
    }

    /// `parentPort.postMessage(value)`. It takes no ports.
    ///
    /// # Errors
    /// For a message that cannot be cloned.
    pub fn post_message(self, message: impl Into<Value>) -> Result<(), Error> {
        match here()?.send(Header::new(Kind::Port, 0, 0), &message.into()) {
            Err(Error::Gone) => Ok(()),
            outcome => outcome,
        }
    }

    /// `parentPort.on('message', …)`: gets value and ports.
    ///
    /// # Errors
    /// On any other thread than that of the script.
    pub fn on_message<O: Outcome>(
        self,
        mut listener: impl FnMut(&PortEvent) -> O + 'static,
    ) -> Result<ListenerId, Error> {
        Ok(here()?.parent.add("", false, move |event, _| listener(event)))
    }

    /// Ends the process once its script has returned.
    ///
    /// # Errors
    /// On any other thread than that of the script.
    pub fn exit(self) -> Result<(), Error> {
        here().map(|node| node.close())
    }
}
