//! `ipcRenderer`.

use super::Args;
use super::error::Error;
use super::node::{Node, here};
use super::port::{MessageChannel, MessagePort};
use super::script::WebPreferences;
use super::table::{ListenerId, Outcome};
use super::wire::{Header, Kind};
use crate::codec::Value;
use std::rc::Rc;

/// `IpcRendererEvent`
#[derive(Debug)]
pub struct RendererEvent {
    /// `event.sender`
    pub sender: IpcRenderer,
    /// `event.ports`
    pub ports: Vec<MessagePort>,
}

/// `ipcRenderer`: of one frame, for one page.
///
/// It is a name, which any function may hold and any thread may know; to be used it wants the thread of its page, and the page to be
/// there. Where Electron's verbs throw, these answer an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IpcRenderer {
    frame: u16,
    context: u16,
}

impl IpcRenderer {
    pub(super) fn new(frame: u16, context: u16) -> IpcRenderer {
        IpcRenderer { frame, context }
    }

    fn node(self) -> Result<Rc<Node>, Error> {
        let node = here()?;
        let frame = node.frames.get(usize::from(self.frame));
        let there = node.is_current()
            && node.context.get() == self.context
            && frame.is_some_and(|frame| !frame.released.get());
        if there { Ok(node) } else { Err(Error::ContextReleased) }
    }

    fn header(self, kind: Kind, channel: &str) -> Header<'_> {
        Header { kind, frame: self.frame, context: self.context, channel, call: 0 }
    }

    /// `ipcRenderer.send(channel, …args)`: it does not wait for whoever listens.
    ///
    /// # Errors
    /// [`Error::ContextReleased`], [`Error::NotCloneable`]: then nothing was sent, and more can be.
    pub fn send(self, channel: &str, args: impl Into<Args>) -> Result<(), Error> {
        self.say(Kind::Send, channel, &args.into())
    }

    /// `ipcRenderer.sendToHost(channel, …args)`: to the element that embeds this page, and nobody else.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub fn send_to_host(self, channel: &str, args: impl Into<Args>) -> Result<(), Error> {
        self.say(Kind::Host, channel, &args.into())
    }

    fn say(self, kind: Kind, channel: &str, args: &Args) -> Result<(), Error> {
        let node = self.node()?;
        into_nothing(node.send(self.header(kind, channel), args.array()))
    }

    /// `ipcRenderer.postMessage(channel, message, [transfer])`: one value, and ports, which are ours no longer.
    ///
    /// # Errors
    /// As [`send`](Self::send); and for ports that cannot be sent, after the message has been found to be cloneable.
    pub fn post_message(
        self,
        channel: &str,
        message: impl Into<Value>,
        transfer: &[MessagePort],
    ) -> Result<(), Error> {
        let node = self.node()?;
        into_nothing(node.send_ports(self.header(Kind::Post, channel), &message.into(), transfer))
    }

    /// `ipcRenderer.invoke(channel, …args)`. What goes wrong here is told by the promise, as is what goes wrong in main.
    pub fn invoke(self, channel: &str, args: impl Into<Args>) -> Pending {
        let call =
            self.node().and_then(|node| node.call(self.header(Kind::Invoke, channel), args.into().array()));
        Pending { call: Some(call) }
    }

    /// `ipcRenderer.sendSync(channel, …args)`: blocks until there is a `returnValue`; nothing is dispatched meanwhile. `null` if main is
    /// gone. Where main never sets one, what is returned is `{error: 'reply was never sent'}`, as in Electron.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub fn send_sync(self, channel: &str, args: impl Into<Args>) -> Result<Value, Error> {
        let node = self.node()?;
        let call = match node.call(self.header(Kind::Sync, channel), args.into().array()) {
            Err(Error::Gone) => return Ok(Value::NULL),
            call => call?,
        };
        Ok(match node.wait(call, false) {
            None => Value::NULL,
            Some(Ok(value)) => value,
            Some(Err(Error::Remote { text, .. })) => Value::object([("error", text)]),
            Some(Err(error)) => return Err(error),
        })
    }

    /// `ipcRenderer.on`, `addListener`. A message that nobody listens for is dropped.
    ///
    /// # Errors
    /// [`Error::ContextReleased`]
    pub fn on<O: Outcome>(
        self,
        channel: &str,
        listener: impl FnMut(&RendererEvent, &Args) -> O + 'static,
    ) -> Result<ListenerId, Error> {
        Ok(self.node()?.frames[usize::from(self.frame)].listeners.add(channel, false, listener))
    }

    /// `ipcRenderer.once`: for one message.
    ///
    /// # Errors
    /// [`Error::ContextReleased`]
    pub fn once<O: Outcome>(
        self,
        channel: &str,
        listener: impl FnMut(&RendererEvent, &Args) -> O + 'static,
    ) -> Result<ListenerId, Error> {
        Ok(self.node()?.frames[usize::from(self.frame)].listeners.add(channel, true, listener))
    }

    /// `ipcRenderer.off`, `removeListener`: whether there was that one.
    pub fn off(self, channel: &str, id: ListenerId) -> bool {
        self.node().is_ok_and(|node| node.frames[usize::from(self.frame)].listeners.remove(channel, id))
    }

    /// `ipcRenderer.removeAllListeners([channel])`
    pub fn remove_all_listeners(self, channel: Option<&str>) {
        if let Ok(node) = self.node() {
            node.frames[usize::from(self.frame)].listeners.remove_all(channel);
        }
    }

    /// `ipcRenderer.eventNames()`: none on a fresh page.
    pub fn event_names(self) -> Vec<String> {
        self.node().map_or(Vec::new(), |node| node.frames[usize::from(self.frame)].listeners.names())
    }

    /// `new MessageChannel()`
    ///
    /// # Errors
    /// [`Error::ContextReleased`]
    pub fn message_channel(self) -> Result<MessageChannel, Error> {
        self.node()?.ports.channel()
    }

    /// The `ipcRenderer` of another frame of this window.
    pub fn frame(self, index: u16) -> Option<IpcRenderer> {
        let other = IpcRenderer { frame: index, context: self.context };
        other.node().ok().map(|_| other)
    }

    /// Takes this frame out of its page, as removing an `<iframe>` does. The main frame stays: its window may be closed.
    ///
    /// # Errors
    /// [`Error::ContextReleased`]
    pub fn remove_frame(self) -> Result<(), Error> {
        let node = self.node()?;
        if self.frame != 0 {
            into_nothing(node.send(self.header(Kind::Bye, ""), &Value::UNDEFINED))?;
            let frame = &node.frames[usize::from(self.frame)];
            frame.released.set(true);
            frame.listeners.remove_all(None);
        }
        Ok(())
    }

    /// `process.contextIsolated` and `process.sandboxed`
    pub fn preferences(self) -> WebPreferences {
        here().map_or(WebPreferences::default(), |node| node.preferences)
    }

    /// Dispatches messages until `done` says so after one of them; `false` if the page is left first. A page that returns from its
    /// script does without.
    pub fn run_until(self, done: impl FnMut() -> bool) -> bool {
        self.node().is_ok_and(|node| node.run_until(done))
    }

    /// `window.close()`: the page ends once its script has returned.
    pub fn close_window(self) {
        if let Ok(node) = self.node() {
            node.close();
        }
    }
}

/// A sender is never told that nobody is there.
fn into_nothing(sent: Result<(), Error>) -> Result<(), Error> {
    match sent {
        Err(Error::Gone) => Ok(()),
        outcome => outcome,
    }
}

/// The promise of an `invoke`. Who drops it does not want to know.
#[derive(Debug)]
#[must_use = "it says whether it went well"]
pub struct Pending {
    /// `None` once somebody waits for it.
    call: Option<Result<u64, Error>>,
}

impl Pending {
    /// `await`: dispatches other messages until the answer is there. Within a listener, which runs to its end before another is called,
    /// they wait.
    ///
    /// # Errors
    /// [`Error::Remote`] for what went wrong in main. [`Error::ContextReleased`] if the page is left first: in JavaScript nobody would be
    /// there any more to be told.
    pub fn wait(mut self) -> Result<Value, Error> {
        let call = self.call.take().unwrap_or(Err(Error::ContextReleased))?;
        here()?.wait(call, true).unwrap_or(Err(Error::ContextReleased))
    }

    /// `then`: what to do with the answer, in its turn among the messages.
    pub fn then(mut self, continuation: impl FnOnce(Result<Value, Error>) + 'static) {
        match self.call.take() {
            Some(Ok(call)) => {
                if let Ok(node) = here() {
                    node.then(call, Box::new(continuation));
                }
            }
            Some(Err(error)) => continuation(Err(error)),
            None => {}
        }
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        if let Some(Ok(call)) = self.call
            && let Ok(node) = here()
        {
            node.forget(call);
        }
    }
}
