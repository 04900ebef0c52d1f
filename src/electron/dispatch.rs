//! What main does with a renderer's frames: who is called, in which order.

use super::Args;
use super::app::{Main, Owner};
use super::contents::{Life, RenderProcessGone, WebContents};
use super::event::Event;
use super::ipc_main::IpcMain;
use super::policy::{Refusal, Sender};
use super::port::MessagePort;
use super::post::LinkId;
use super::wire::{self, Frame, Header, Kind, Malformed};
use crate::codec::Value;
use std::cell::RefCell;
use std::rc::Rc;

impl Main {
    /// A frame has come over a link.
    pub(super) fn frame(self: &Rc<Main>, link: LinkId, bytes: &[u8]) {
        let owner = self.links.borrow().get(&link).cloned();
        let outcome = match &owner {
            // Whoever was there is not listened to any more.
            None => Ok(()),
            Some(Owner::Window(contents)) => self.from_window(link, contents, bytes),
            Some(Owner::Utility(child)) => self.from_utility(link, child, bytes),
        };
        if let (Err(malformed), Some(owner)) = (outcome, owner) {
            self.expel(link, &owner, malformed);
        }
    }

    fn from_window(
        self: &Rc<Main>,
        link: LinkId,
        contents: &WebContents,
        bytes: &[u8],
    ) -> Result<(), Malformed> {
        let Frame { header, ports, body } = wire::read(bytes)?;
        let frame = contents.frames().get(usize::from(header.frame)).ok_or(Malformed("frame"))?;
        if !ports.is_empty() && header.kind != Kind::Post {
            return Err(Malformed("ports"));
        }
        if header.kind == Kind::Bye {
            match header.frame {
                0 => self.left(link, contents),
                _ => frame.removed.set(true),
            }
            return Ok(());
        }
        if contents.is_destroyed() {
            if matches!(header.kind, Kind::Invoke | Kind::Sync)
                && let Some(mut reply) = contents.reply_to(header)
            {
                reply.fail("WebContents was destroyed");
            }
            return Ok(());
        }
        let mut event = Event {
            verb: header.kind,
            sender: contents.clone(),
            frame: header.frame,
            context: header.context,
            ports: Vec::new(),
            awaited: None,
        };
        let channel = header.channel;
        let args = match header.kind {
            Kind::Send | Kind::Invoke | Kind::Sync | Kind::Host => wire::args(body)?,
            Kind::Post => {
                let message = wire::value(body)?;
                ports.iter().for_each(|port| self.broker.borrow_mut().received(port.token()));
                event.ports = self.ports.adopt(ports);
                Args::from([message])
            }
            _ => return Err(Malformed("a kind that renderers do not send")),
        };
        if let Err(refusal) = self.admit(&event, channel, &args) {
            self.refuse(&event, header, refusal);
            return Ok(());
        }
        match header.kind {
            Kind::Invoke => self.invoke(&event, header, args),
            Kind::Sync => {
                event.awaited = Some(Rc::new(RefCell::new(contents.reply_to(header))));
                match self.cascade(&event, channel, &args) {
                    Ok(true) => {}
                    Ok(false) => (self.log)(&format!(
                        "WebContents #{} called ipcRenderer.sendSync() with '{channel}' channel without listeners.",
                        contents.id()
                    )),
                    Err(thrown) => self.report(Err(thrown)),
                }
            }
            Kind::Host => {
                self.report(contents.0.on_host.emit("", &channel.to_owned(), &args).map(drop));
            }
            _ => self.report(self.cascade(&event, channel, &args).map(drop)),
        }
        Ok(())
    }

    /// Main's look at a message before anybody hears it: at who sends, then at what is sent.
    fn admit(&self, event: &Event, channel: &str, args: &Args) -> Result<(), Refusal> {
        let contents = &event.sender;
        let url = contents.frames()[usize::from(event.frame)].url.borrow();
        // What a page says while it is left is not the next one's word: main knows no URL for it. (Which page speaks is the renderer's
        // word. Electron has another process for another site; here a window's pages share one, and are one to main.)
        let url = if event.context == contents.context() { &**url } else { "" };
        let sender = Sender { window: contents.id(), main_frame: event.frame == 0, url };
        self.checks.in_main(&sender, channel, args.array().root())
    }

    /// A message that is as it must be, and is not allowed: whoever waits for an answer gets the refusal, and the link stays.
    fn refuse(&self, event: &Event, header: Header<'_>, refusal: Refusal) {
        (self.log)(&format!("Refused a message of WebContents #{}: {refusal}", event.sender.id()));
        if matches!(header.kind, Kind::Invoke | Kind::Sync)
            && let Some(mut reply) = event.sender.reply_to(header)
        {
            reply.fail(&Value::from(refusal).to_string());
        }
        event.ports.iter().for_each(MessagePort::close);
    }

    /// Those who hear a message, in this order: `ipc-message` of the window's contents, the sending frame's `ipc`, the window's, the
    /// app's. The notes call the second one the main frame's; the code takes the sender's.
    fn cascade(&self, event: &Event, channel: &str, args: &Args) -> Result<bool, Value> {
        let contents = &event.sender;
        let mut heard = false;
        if event.verb != Kind::Post && contents.0.on_message.count("") > 0 {
            heard |= contents.0.on_message.emit("", &(event.clone(), channel.to_owned()), args)?;
        }
        for ipc in self.emitters(event) {
            heard |= ipc.emit(channel, event, args)?;
        }
        Ok(heard)
    }

    fn emitters<'a>(&'a self, event: &'a Event) -> [&'a IpcMain; 3] {
        let contents = &event.sender;
        [&contents.frames()[usize::from(event.frame)].ipc, contents.ipc(), &self.ipc]
    }

    /// The first of the three that has a handler answers.
    fn invoke(&self, event: &Event, header: Header<'_>, args: Args) {
        let Some(reply) = event.sender.reply_to(header) else { return };
        let mut unanswered = Some((args, reply));
        for ipc in self.emitters(event) {
            if let Some((args, reply)) = unanswered.take() {
                unanswered = ipc.call(header.channel, event, args, reply).err();
            }
        }
        if let Some((_, reply)) = unanswered {
            let text = format!("No handler registered for '{}'", header.channel);
            reply.named(&header.channel.into()).reject(&Value::error("Error", &text));
        }
    }

    /// A link has closed.
    pub(super) fn gone(&self, link: LinkId) {
        let Some(owner) = self.forget(link) else { return };
        match owner {
            Owner::Window(contents) => {
                let details = contents.0.connection.take().map(|mut connection| connection.bury());
                if let (Life::Live, Some(details)) = (contents.0.life.get(), details) {
                    self.crashed(&contents, details);
                }
            }
            Owner::Utility(child) => child.ended(self),
        }
    }

    /// A window's page has ended by itself.
    fn left(&self, link: LinkId, contents: &WebContents) {
        self.forget(link);
        // Its reader waits for this, if the page has ended without having been asked to.
        let _ = contents.write(Header::new(Kind::Close, 0, 0), &Value::UNDEFINED, &[]);
        if let Some(mut connection) = contents.0.connection.take() {
            connection.bury();
        }
        self.closed(contents);
    }

    /// Who breaks the protocol is not asked what it meant: its link ends, and no other.
    fn expel(&self, link: LinkId, owner: &Owner, malformed: Malformed) {
        self.forget(link);
        (self.log)(&format!("Terminating {owner:?} for bad IPC message: {malformed}"));
        match owner {
            Owner::Window(contents) => {
                let close = Header::new(Kind::Close, 0, 0);
                let _ = contents.write(close, &Value::UNDEFINED, &[]); // a thread that keeps to the rules ends by it
                if let Some(mut connection) = contents.0.connection.take() {
                    connection.abandon();
                }
                if contents.is_live() {
                    self.crashed(contents, RenderProcessGone { reason: "killed", exit_code: 9 });
                }
            }
            Owner::Utility(child) => {
                child.kill();
                child.ended(self);
            }
        }
    }

    fn forget(&self, link: LinkId) -> Option<Owner> {
        let owner = self.links.borrow_mut().remove(&link)?;
        let words = self.broker.borrow_mut().gone(link);
        words.into_iter().for_each(|(to, word)| self.say(to, word));
        Some(owner)
    }

    fn crashed(&self, contents: &WebContents, details: RenderProcessGone) {
        contents.0.life.set(Life::Crashed);
        self.report(contents.0.on_gone.emit("", &details, &Args::none()).map(drop));
        self.report(self.on_gone.emit("", &(contents.clone(), details), &Args::none()).map(drop));
    }
}
