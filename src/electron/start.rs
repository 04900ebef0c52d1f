//! How renderers come and go: their start with a hub of their own, their end.

use super::app::{Main, Owner, Renderers};
use super::body::{Body, Connection};
use super::contents::{Life, WebContents};
use super::error::Error;
use super::hub::listen;
use super::node;
use super::post::{Incoming, LinkId, Setup, Word};
use super::script::{NURSERY, WebPreferences};
use super::window::WindowOptions;
use super::wire::{Header, Kind};
use crate::codec::Value;
use crate::sys::control::Control;
use std::sync::mpsc::Receiver;
use std::time::Duration;

/// How long renderers may take to end when the app does.
const PATIENCE: Duration = Duration::from_secs(2);

/// Who is to be started.
pub(super) struct Member {
    script: String,
    /// None is a utility process.
    frames: u16,
    preferences: WebPreferences,
}

impl Member {
    pub(super) fn window(options: &WindowOptions) -> Member {
        let frames = 1 + options.frames.len() as u16;
        Member { script: options.script.clone(), frames, preferences: options.preferences }
    }

    pub(super) fn utility(script: &str) -> Member {
        Member { script: script.to_owned(), frames: 0, preferences: WebPreferences::UTILITY }
    }
}

impl Main {
    /// Starts some, with one hub for them, and waits until they are connected.
    pub(super) fn start(&self, members: &[Member]) -> Result<Vec<Connection>, Error> {
        if !(1..=64).contains(&members.len()) {
            return Err(Error::Start(format!("a hub for {}", members.len())));
        }
        members.iter().try_for_each(|member| self.scripts.get(&member.script)?.suits(&member.preferences))?;
        let (accept, letters) = self.door.bind(&self.wiring.spec(members.len()))?;
        let hub = self.next_hub.replace(self.next_hub.get() + 1);
        let (mut bodies, mut controls) = (Vec::new(), Vec::new());
        for (member, letter) in members.iter().zip(letters) {
            let (ours, theirs) = Control::pair().map_err(Error::start)?;
            let body = self.body(theirs)?;
            bodies.push(body);
            let Member { ref script, frames, preferences } = *member;
            let wiring = self.wiring.clone();
            let setup = Box::new(Setup { wiring, script: script.clone(), frames, preferences, letter });
            let here = ours.send(&Word::Setup(setup)).and_then(|()| ours.recv::<Word>());
            // Before it is there, nobody may wait for it.
            if !matches!(here, Ok(Word::Here)) {
                return Err(Error::Start(format!("`{script}` did not start")));
            }
            controls.push(ours);
        }
        let copies =
            controls.iter().map(Control::try_clone).collect::<Result<_, _>>().map_err(Error::start)?;
        let (halves, max_frame) = (accept().map_err(Error::start)?, self.wiring.max_frame);
        let out = listen(hub, halves, max_frame, copies, &self.queue, self.log.clone())?;
        let connect = |(peer, (body, control))| Connection {
            out: out.clone(),
            link: LinkId { hub, peer },
            control,
            body,
        };
        Ok(bodies.into_iter().zip(controls).enumerate().map(connect).collect())
    }

    fn body(&self, control: Control) -> Result<Body, Error> {
        match self.renderers {
            Renderers::Processes => {
                NURSERY.spawn("renderer", control, &[], false).map(Body::Process).map_err(Error::start)
            }
            Renderers::Threads => {
                let scripts = self.scripts.clone();
                let body = move || {
                    let _ = node::run(control, &scripts, Renderers::Threads); // its control channel's end says it
                };
                let thread = std::thread::Builder::new().name("renderer".to_owned()).spawn(body);
                thread.map(|thread| Body::Thread(Some(thread))).map_err(Error::start)
            }
        }
    }

    /// A new renderer for a window whose last one is gone.
    pub(super) fn revive(&self, contents: &WebContents) -> Result<(), Error> {
        let connection = self.start(&[Member::window(&contents.0.options)])?.pop().ok_or(Error::Gone)?;
        self.links.borrow_mut().insert(connection.link, Owner::Window(contents.clone()));
        contents.0.connection.replace(Some(connection));
        contents.0.life.set(Life::Live);
        Ok(())
    }

    /// Ends everybody, and waits for them: not for ever.
    pub(super) fn end_all(&self, incoming: &Receiver<Incoming>) {
        let close = Header::new(Kind::Close, 0, 0);
        for owner in self.links.borrow().values() {
            let connection = match owner {
                Owner::Window(contents) => &contents.0.connection,
                Owner::Utility(child) => child.connection(),
            };
            for Connection { out, link, .. } in connection.borrow().iter() {
                let _ = out.send_value(link.peer, close, &Value::UNDEFINED); // who is gone needs no word
            }
        }
        while !self.links.borrow().is_empty() {
            let link = match incoming.recv_timeout(PATIENCE) {
                Ok(Incoming::Gone(link)) => link,
                Ok(Incoming::Frame(link, frame)) if frame.first() == Some(&(Kind::Bye as u8)) => link,
                Ok(_) => continue,
                Err(_) => break,
            };
            if let Some(owner) = self.links.borrow_mut().remove(&link)
                && let Some(mut connection) = take(&owner)
            {
                connection.bury();
            }
        }
        for owner in self.links.borrow().values() {
            take(owner).iter_mut().for_each(Connection::abandon);
        }
    }
}

fn take(owner: &Owner) -> Option<Connection> {
    match owner {
        Owner::Window(contents) => contents.0.connection.take(),
        Owner::Utility(child) => child.connection().take(),
    }
}
