//! What main's listeners and handlers are told of a message besides its arguments.

use super::Args;
use super::contents::WebContents;
use super::error::Error;
use super::frame::WebFrameMain;
use super::port::MessagePort;
use super::reply::Reply;
use super::wire::Kind;
use crate::codec::Value;
use std::cell::RefCell;
use std::rc::Rc;

/// `IpcMainEvent` and `IpcMainInvokeEvent`. Who sent the message is known from the link that it came by; nothing in the message can
/// change it.
#[derive(Clone, Debug)]
pub struct Event {
    pub(super) verb: Kind,
    pub(super) sender: WebContents,
    pub(super) frame: u16,
    pub(super) context: u16,
    pub(super) ports: Vec<MessagePort>,
    /// Where a renderer is blocked until there is one.
    pub(super) awaited: Option<Rc<RefCell<Option<Reply>>>>,
}

impl Event {
    /// `event.sender`. What is sent to it goes to its main frame, which need not be the sender.
    pub fn sender(&self) -> &WebContents {
        &self.sender
    }

    /// `event.senderFrame`: `None` once the frame has gone on to another page, or is gone.
    pub fn sender_frame(&self) -> Option<WebFrameMain> {
        self.frame_as_sent().filter(|frame| !frame.detached())
    }

    /// The frame, even if it is gone or shows another page by now: for what a page says while it is left (`event.senderFrame` with
    /// `detached` set).
    pub fn frame_as_sent(&self) -> Option<WebFrameMain> {
        WebFrameMain::of(&self.sender, self.frame, self.context)
    }

    /// `event.processId`
    pub fn process_id(&self) -> u32 {
        self.sender.process_id()
    }

    /// `event.frameId`
    pub fn frame_id(&self) -> u16 {
        self.frame
    }

    /// `event.ports`: those that were posted with the message.
    pub fn ports(&self) -> &[MessagePort] {
        &self.ports
    }

    /// `event.reply(channel, …args)`: to the very frame that sent. Whether it is still there; if not, nothing happens.
    ///
    /// # Errors
    /// [`Error::NoReply`] for what came by `invoke` or `postMessage`. The type documentation has a `reply` for the latter; the code never
    /// adds one.
    pub fn reply(&self, channel: &str, args: impl Into<Args>) -> Result<bool, Error> {
        if !matches!(self.verb, Kind::Send | Kind::Sync) {
            return Err(Error::NoReply);
        }
        match self.sender_frame() {
            Some(frame) => {
                frame.send(channel, args);
                Ok(true)
            }
            None => Ok(false),
        }
    }

    /// `event.returnValue = value`: sent at once, and the first one counts. To be set later, from a clone of the event; until then the
    /// renderer is blocked. Nothing happens where nobody waits for it.
    ///
    /// # Errors
    /// For a value that cannot be cloned; another may be set.
    pub fn return_value(&self, value: impl Into<Value>) -> Result<(), Error> {
        let Some(awaited) = &self.awaited else { return Ok(()) };
        let mut reply = awaited.borrow_mut();
        if let Some(waiting) = &mut *reply {
            match waiting.attempt(&value.into()) {
                Ok(()) | Err(Error::Gone) => *reply = None,
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}
