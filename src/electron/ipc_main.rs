//! `ipcMain`, and what is like it: `webContents.ipc`, `frame.ipc`.

use super::Args;
use super::error::Error;
use super::event::Event;
use super::reply::Reply;
use super::table::{Handlers, ListenerId, Listeners, Outcome};
use crate::codec::Value;
use std::fmt;
use std::rc::Rc;
use std::sync::Arc;

/// `ipcMain`. Of the same class are `webContents.ipc` and `frame.ipc`, which hear what comes from one window or frame, and hear it
/// first.
///
/// Listeners and handlers are two tables: `send` never comes to a handler, `invoke` never to a listener.
#[derive(Clone)]
pub struct IpcMain(Rc<Tables>);

#[derive(Default)]
struct Tables {
    listeners: Listeners<Event>,
    handlers: Handlers<Event, Reply>,
}

impl fmt::Debug for IpcMain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "IpcMain({:?})", self.event_names())
    }
}

impl IpcMain {
    /// It has a listener for `error`: an event of that name without one is thrown, and any renderer could send it.
    pub(super) fn new() -> IpcMain {
        let ipc = IpcMain(Rc::default());
        ipc.on("error", |_, _| {});
        ipc
    }

    /// `ipcMain.on`, `addListener`: listeners are called in the order in which they came. One that throws keeps the message from all
    /// behind it.
    pub fn on<O: Outcome>(
        &self,
        channel: &str,
        listener: impl FnMut(&Event, &Args) -> O + 'static,
    ) -> ListenerId {
        self.0.listeners.add(channel, false, listener)
    }

    /// `ipcMain.once`: for one message.
    pub fn once<O: Outcome>(
        &self,
        channel: &str,
        listener: impl FnMut(&Event, &Args) -> O + 'static,
    ) -> ListenerId {
        self.0.listeners.add(channel, true, listener)
    }

    /// `ipcMain.off`, `removeListener`: whether there was that one.
    pub fn off(&self, channel: &str, id: ListenerId) -> bool {
        self.0.listeners.remove(channel, id)
    }

    /// `ipcMain.removeAllListeners([channel])`. Without a channel this takes the app's own guard for `error` away as well.
    pub fn remove_all_listeners(&self, channel: Option<&str>) {
        self.0.listeners.remove_all(channel);
    }

    /// `ipcMain.eventNames()`: the channels that have listeners.
    pub fn event_names(&self) -> Vec<String> {
        self.0.listeners.names()
    }

    /// `ipcMain.listenerCount(channel)`
    pub fn listener_count(&self, channel: &str) -> usize {
        self.0.listeners.count(channel)
    }

    /// `ipcMain.handle`: answers `invoke`, at once. An `Err` is what it throws: see [`Reply::answer`].
    ///
    /// # Errors
    /// [`Error::SecondHandler`]
    pub fn handle(
        &self,
        channel: &str,
        handler: impl FnMut(&Event, Args) -> Result<Value, Value> + 'static,
    ) -> Result<(), Error> {
        self.set(channel, false, at_once(handler))
    }

    /// `ipcMain.handleOnce`: for one `invoke`. It is away before it is called.
    ///
    /// # Errors
    /// [`Error::SecondHandler`]
    pub fn handle_once(
        &self,
        channel: &str,
        handler: impl FnMut(&Event, Args) -> Result<Value, Value> + 'static,
    ) -> Result<(), Error> {
        self.set(channel, true, at_once(handler))
    }

    /// `ipcMain.handle` with a function that answers later: an async one. The reply may go to another thread.
    ///
    /// # Errors
    /// [`Error::SecondHandler`]
    pub fn handle_later(
        &self,
        channel: &str,
        handler: impl FnMut(&Event, Args, Reply) + 'static,
    ) -> Result<(), Error> {
        self.set(channel, false, handler)
    }

    /// [`handle_later`](Self::handle_later) for one `invoke`: another handler may be set while it has not answered.
    ///
    /// # Errors
    /// [`Error::SecondHandler`]
    pub fn handle_once_later(
        &self,
        channel: &str,
        handler: impl FnMut(&Event, Args, Reply) + 'static,
    ) -> Result<(), Error> {
        self.set(channel, true, handler)
    }

    fn set(
        &self,
        channel: &str,
        once: bool,
        mut handler: impl FnMut(&Event, Args, Reply) + 'static,
    ) -> Result<(), Error> {
        let name: Arc<str> = channel.into();
        self.0.handlers.set(channel, once, move |event, args, reply| handler(event, args, reply.named(&name)))
    }

    /// `ipcMain.removeHandler`: nothing happens if there is none.
    pub fn remove_handler(&self, channel: &str) {
        self.0.handlers.remove(channel);
    }

    /// Forgets everybody.
    pub(super) fn clear(&self) {
        self.0.listeners.remove_all(None);
        self.0.handlers.clear();
    }

    /// Calls the listeners; whether there was one.
    pub(super) fn emit(&self, channel: &str, event: &Event, args: &Args) -> Result<bool, Value> {
        let heard = self.0.listeners.emit(channel, event, args)?;
        if !heard && channel == "error" {
            return Err(Value::error("Error", "Unhandled error. ([object Object])"));
        }
        Ok(heard)
    }

    /// Calls the handler, or gives back what it would have got.
    pub(super) fn call(
        &self,
        channel: &str,
        event: &Event,
        args: Args,
        reply: Reply,
    ) -> Result<(), (Args, Reply)> {
        self.0.handlers.call(channel, event, args, reply)
    }
}

fn at_once(mut handler: impl FnMut(&Event, Args) -> Result<Value, Value>) -> impl FnMut(&Event, Args, Reply) {
    move |event, args, reply| reply.answer(handler(event, args))
}
