//! `WebFrameMain`: one frame of a window, as main sees it.

use super::Args;
use super::contents::WebContents;
use super::error::Error;
use super::ipc_main::IpcMain;
use super::port::MessagePort;
use super::wire::{Header, Kind};
use crate::codec::Value;
use std::cell::{Cell, RefCell};

/// What outlives the pages that a frame shows.
#[derive(Debug)]
pub(super) struct FrameState {
    pub(super) ipc: IpcMain,
    pub(super) url: RefCell<String>,
    pub(super) removed: Cell<bool>,
}

impl FrameState {
    pub(super) fn new(url: &str) -> FrameState {
        FrameState { ipc: IpcMain::new(), url: RefCell::new(url.to_owned()), removed: Cell::new(false) }
    }
}

/// `WebFrameMain`.
#[derive(Clone, Debug, PartialEq)]
pub struct WebFrameMain {
    contents: WebContents,
    index: u16,
    /// The page that it was looked up for.
    context: u16,
}

impl WebFrameMain {
    /// `None` if there never was one.
    pub(super) fn of(contents: &WebContents, index: u16, context: u16) -> Option<WebFrameMain> {
        (usize::from(index) < contents.frames().len()).then(|| WebFrameMain {
            contents: contents.clone(),
            index,
            context,
        })
    }

    /// There always is one.
    pub(super) fn main(contents: &WebContents) -> WebFrameMain {
        WebFrameMain { contents: contents.clone(), index: 0, context: contents.context() }
    }

    fn state(&self) -> &FrameState {
        &self.contents.frames()[usize::from(self.index)]
    }

    /// `frame.ipc`: hears what comes from this frame, before the window's and the app's. It stays when the frame goes on to another
    /// page.
    pub fn ipc(&self) -> &IpcMain {
        &self.state().ipc
    }

    /// `frame.routingId`: its number in its window; the main frame has 0.
    pub fn routing_id(&self) -> u16 {
        self.index
    }

    /// `frame.processId`
    pub fn process_id(&self) -> u32 {
        self.contents.process_id()
    }

    /// `frame.url`: where main has sent it. A renderer has no say in it.
    ///
    /// # Errors
    /// [`Error::FrameDisposed`]
    pub fn url(&self) -> Result<String, Error> {
        if self.is_disposed() { Err(Error::FrameDisposed) } else { Ok(self.state().url.borrow().clone()) }
    }

    /// `frame.origin`: scheme, host and port of the URL; `null`, in letters, for one that has none.
    ///
    /// # Errors
    /// [`Error::FrameDisposed`]
    pub fn origin(&self) -> Result<String, Error> {
        self.url().map(|url| origin(&url))
    }

    /// `frame.top === frame`: the window's main frame?
    pub fn is_main(&self) -> bool {
        self.index == 0
    }

    /// `frame.detached`: the page that it was looked up for has been left, or the frame is gone.
    pub fn detached(&self) -> bool {
        self.is_disposed() || self.context != self.contents.context()
    }

    fn is_disposed(&self) -> bool {
        self.state().removed.get() || !self.contents.is_live()
    }

    /// `frame.send(channel, …args)`. It never fails to the caller: arguments that cannot be cloned and a frame that is gone are told to
    /// the log. The notes say that it throws.
    pub fn send(&self, channel: &str, args: impl Into<Args>) {
        let args = args.into();
        let sent = match self.is_disposed() {
            true => Err(Error::FrameDisposed),
            false => self.contents.write(self.header(Kind::Message, channel), args.array(), &[]),
        };
        let text = match sent {
            Ok(()) | Err(Error::Gone) => return,
            Err(Error::NotCloneable | Error::Codec(_)) => "Failed to serialize arguments".to_owned(),
            Err(error) => error.to_string(),
        };
        self.contents.log(&format!("Error sending from webFrameMain:  Error: {text}"));
    }

    /// `frame.postMessage(channel, message, [transfer])`: one value, and ports.
    ///
    /// # Errors
    /// For a message that cannot be cloned, ports that cannot be sent, and, unlike [`send`](Self::send), for a frame that is gone.
    pub fn post_message(
        &self,
        channel: &str,
        message: impl Into<Value>,
        transfer: &[MessagePort],
    ) -> Result<(), Error> {
        if self.is_disposed() {
            return Err(Error::FrameDisposed);
        }
        match self.contents.write(self.header(Kind::PostMessage, channel), &message.into(), transfer) {
            Err(Error::Gone) => Ok(()),
            outcome => outcome,
        }
    }

    fn header<'a>(&self, kind: Kind, channel: &'a str) -> Header<'a> {
        Header { kind, frame: self.index, context: self.contents.context(), channel, call: 0 }
    }
}

/// As URLs of web pages have it (WHATWG URL, "origin"): opaque for all but those with a host.
fn origin(url: &str) -> String {
    match url.split_once("://") {
        Some((scheme, rest)) if !scheme.eq_ignore_ascii_case("file") => {
            let authority = rest.split(['/', '?', '#', '\\']).next().unwrap_or_default();
            let host = authority.rsplit('@').next().unwrap_or_default();
            format!("{}://{}", scheme.to_ascii_lowercase(), host.to_ascii_lowercase())
        }
        _ => "null".to_owned(),
    }
}
