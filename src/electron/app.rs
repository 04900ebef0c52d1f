//! `app`, and main's one thread: whatever comes from renderers, ports and utility processes is dispatched here.

use super::Args;
use super::body::Connection;
use super::contents::{Life, RenderProcessGone, WebContents};
use super::error::Error;
use super::hub::{Log, console};
use super::ipc_main::IpcMain;
use super::link::{Door, Wiring};
use super::policy::Checks;
use super::port::{Broker, MessageChannel, Place, Ports};
use super::post::{Incoming, LinkId, Word};
use super::script::Scripts;
use super::start::Member;
use super::table::{ListenerId, Listeners, Outcome};
use super::utility::UtilityProcess;
use super::window::{BrowserWindow, WindowOptions};
use crate::codec::Value;
use crate::transport::WaitKind;
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::fmt;
use std::rc::Rc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

/// Where renderers run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Renderers {
    /// In threads of this process.
    Threads,
    /// In processes of their own.
    Processes,
}

/// What an app is made over.
#[derive(Clone)]
pub struct Options {
    /// The transport's name.
    pub transport: String,
    /// How its ends wait.
    pub wait: WaitKind,
    /// Where renderers run.
    pub renderers: Renderers,
    /// The longest frame that a link carries, in bytes.
    pub max_frame: usize,
    /// How long `hybrid` spins before it sleeps.
    pub spin: Duration,
    /// What main asks of every message of a window before anybody hears it: nothing, by default.
    pub checks: Checks,
    /// Gets the lines that Electron prints to main's console: standard error's, by default.
    pub log: Log,
}

impl Options {
    /// Over a transport, with renderers in processes, sleeping ends and frames of up to a mebibyte.
    pub fn new(transport: &str) -> Options {
        Options {
            transport: transport.to_owned(),
            wait: WaitKind::Block,
            renderers: Renderers::Processes,
            max_frame: 1 << 20,
            spin: Duration::ZERO,
            checks: Checks::default(),
            log: console(),
        }
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Options({}, {:?}, {:?})", self.transport, self.wait, self.renderers)
    }
}

/// `app`, of which there may be several in one program.
///
/// It lives on the thread that made it. Dropping the last handle on it ends all renderers.
#[derive(Clone, Debug)]
pub struct App(pub(super) Rc<Main>);

/// Who is at the other end of a link.
#[derive(Clone, Debug)]
pub(super) enum Owner {
    Window(WebContents),
    Utility(UtilityProcess),
}

pub(super) struct Main {
    pub(super) scripts: Scripts,
    pub(super) renderers: Renderers,
    pub(super) wiring: Wiring,
    pub(super) door: Box<dyn Door>,
    pub(super) checks: Checks,
    pub(super) log: Log,
    pub(super) ipc: IpcMain,
    pub(super) links: RefCell<BTreeMap<LinkId, Owner>>,
    pub(super) windows: RefCell<BTreeMap<u32, WebContents>>,
    pub(super) ports: Rc<Ports>,
    pub(super) broker: RefCell<Broker>,
    pub(super) queue: Sender<Incoming>,
    incoming: Receiver<Incoming>,
    pub(super) next_hub: Cell<u32>,
    next_window: Cell<u32>,
    quitting: Cell<bool>,
    on_ready: Listeners<()>,
    on_all_closed: Listeners<()>,
    pub(super) on_gone: Listeners<(WebContents, RenderProcessGone)>,
}

impl fmt::Debug for Main {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Main({:?})", self.wiring)
    }
}

impl App {
    /// An app without windows.
    ///
    /// # Errors
    /// For a transport that there is not, that cannot wait or carry renderers as asked, or that may lose messages.
    pub fn new(scripts: &Scripts, options: Options) -> Result<App, Error> {
        let Options { transport, wait, renderers, max_frame, spin, checks, log } = options;
        let mut wiring = Wiring { transport, wait, max_frame, spin };
        let door = wiring.door()?;
        wiring.max_frame = max_frame.min(door.caps().max_frame);
        if renderers == Renderers::Processes && !door.caps().processes {
            return Err(Error::Start(format!("{} does not leave the process", wiring.transport)));
        }
        let (queue, incoming) = channel();
        let to_broker = queue.clone();
        let say = move |word| drop(to_broker.send(Incoming::Word(None, word)));
        Ok(App(Rc::new(Main {
            scripts: scripts.clone(),
            renderers,
            ports: Ports::new(wiring.clone(), false, queue.clone(), say),
            wiring,
            door,
            checks,
            log,
            ipc: IpcMain::new(),
            links: RefCell::default(),
            windows: RefCell::default(),
            broker: RefCell::default(),
            queue,
            incoming,
            next_hub: Cell::new(0),
            next_window: Cell::new(1),
            quitting: Cell::new(false),
            on_ready: Listeners::default(),
            on_all_closed: Listeners::default(),
            on_gone: Listeners::default(),
        })))
    }

    /// `ipcMain`
    pub fn ipc_main(&self) -> &IpcMain {
        &self.0.ipc
    }

    /// `new BrowserWindow(…)`: it is there, and its script runs, when this returns. What is sent to it before its script listens is
    /// dispatched after the script has begun.
    ///
    /// # Errors
    /// If there is no such script, or the system refuses.
    pub fn open(&self, options: WindowOptions) -> Result<BrowserWindow, Error> {
        let mut windows = self.open_all(vec![options])?;
        windows.pop().ok_or(Error::Gone)
    }

    /// Several windows at once: they share a hub.
    ///
    /// # Errors
    /// See [`open`](Self::open); and for more than 64.
    pub fn open_all(&self, options: Vec<WindowOptions>) -> Result<Vec<BrowserWindow>, Error> {
        let main = &self.0;
        let members: Vec<Member> = options.iter().map(Member::window).collect();
        let connections = main.start(&members)?;
        let open = |(options, connection): (WindowOptions, Connection)| {
            let link = connection.link;
            let id = main.next_window.replace(main.next_window.get() + 1);
            let contents = WebContents::new(id, Rc::downgrade(main), options, connection);
            main.links.borrow_mut().insert(link, Owner::Window(contents.clone()));
            main.windows.borrow_mut().insert(id, contents.clone());
            BrowserWindow(contents)
        };
        Ok(options.into_iter().zip(connections).map(open).collect())
    }

    /// `utilityProcess.fork(script)`. What is posted to it before it listens is dispatched after its script has begun.
    ///
    /// # Errors
    /// If there is no such script, or the system refuses.
    pub fn fork(&self, script: &str) -> Result<UtilityProcess, Error> {
        let connection = self.0.start(&[Member::utility(script)])?.pop().ok_or(Error::Gone)?;
        let link = connection.link;
        let child = UtilityProcess::new(&self.0, connection);
        self.0.links.borrow_mut().insert(link, Owner::Utility(child.clone()));
        Ok(child)
    }

    /// `BrowserWindow.getAllWindows()`
    pub fn windows(&self) -> Vec<BrowserWindow> {
        self.0.windows.borrow().values().cloned().map(BrowserWindow).collect()
    }

    /// `new MessageChannelMain()`
    ///
    /// # Errors
    /// If the system has no random numbers.
    pub fn message_channel(&self) -> Result<MessageChannel, Error> {
        self.0.ports.channel()
    }

    /// `app.on('ready', …)`: told once by [`run`](Self::run).
    pub fn on_ready<O: Outcome>(&self, mut listener: impl FnMut() -> O + 'static) -> ListenerId {
        self.0.on_ready.add("", false, move |(), _| listener())
    }

    /// `app.on('window-all-closed', …)`: without a listener the app quits.
    pub fn on_window_all_closed<O: Outcome>(&self, mut listener: impl FnMut() -> O + 'static) -> ListenerId {
        self.0.on_all_closed.add("", false, move |(), _| listener())
    }

    /// `app.on('render-process-gone', …)`
    pub fn on_render_process_gone<O: Outcome>(
        &self,
        mut listener: impl FnMut(&WebContents, &RenderProcessGone) -> O + 'static,
    ) -> ListenerId {
        self.0.on_gone.add("", false, move |(contents, details), _| listener(contents, details))
    }

    /// `app.quit()`: [`run`](Self::run) returns after the message that is being dispatched.
    pub fn quit(&self) {
        self.0.quitting.set(true);
    }

    /// Says `ready`, dispatches until the app quits, and ends all renderers.
    pub fn run(&self) {
        self.0.report(self.0.on_ready.emit("", &(), &Args::none()).map(drop));
        while self.turn(None) {}
        self.0.end();
    }

    /// Dispatches until `done` says so after some message; false if `limit` passes without a message first, or the app quits.
    pub fn run_until(&self, limit: Duration, mut done: impl FnMut() -> bool) -> bool {
        while !done() {
            if !self.turn(Some(limit)) {
                return false;
            }
        }
        true
    }

    fn turn(&self, limit: Option<Duration>) -> bool {
        self.0.ports.settle();
        if self.0.quitting.get() {
            return false;
        }
        let incoming = match limit {
            None => self.0.incoming.recv().ok(),
            Some(limit) => self.0.incoming.recv_timeout(limit).ok(),
        };
        let Some(incoming) = incoming else { return false };
        self.0.dispatch(incoming);
        true
    }
}

impl Main {
    fn dispatch(self: &Rc<Main>, incoming: Incoming) {
        match incoming {
            Incoming::Frame(link, frame) => self.frame(link, &frame),
            Incoming::Gone(link) => self.gone(link),
            Incoming::Word(from, word) => {
                let answer = self.broker.borrow_mut().hear(from, word);
                answer.into_iter().for_each(|(to, word)| self.say(to, word));
            }
            Incoming::Port(token, news) => self.report(self.ports.deliver(token, news)),
        }
    }

    pub(super) fn say(&self, to: Place, word: Word) {
        let heard = match to {
            None => self.ports.hear(word),
            Some(link) => {
                match self.links.borrow().get(&link) {
                    Some(Owner::Window(contents)) => {
                        contents.0.connection.borrow().iter().for_each(|at| at.say(&word))
                    }
                    Some(Owner::Utility(child)) => child.say(&word),
                    None => {}
                }
                Ok(())
            }
        };
        self.report(heard.map_err(Value::from));
    }

    /// What nobody catches.
    pub(super) fn report(&self, outcome: Result<(), Value>) {
        if let Err(thrown) = outcome {
            (self.log)(&format!("Uncaught Exception:\n{thrown}"));
        }
    }

    /// A window is no more.
    pub(super) fn closed(&self, contents: &WebContents) {
        contents.0.life.set(Life::Destroyed);
        if self.windows.borrow_mut().remove(&contents.id()).is_none() {
            return;
        }
        self.report(contents.0.on_closed.emit("", &(), &Args::none()).map(drop));
        if self.windows.borrow().is_empty() {
            match self.on_all_closed.emit("", &(), &Args::none()) {
                Ok(false) => self.quitting.set(true),
                heard => self.report(heard.map(drop)),
            }
        }
    }
}

impl Main {
    /// Lets go of everybody, and of what listeners hold: this app itself, as a rule.
    fn end(&self) {
        self.ports.close();
        self.end_all(&self.incoming);
        for contents in std::mem::take(&mut *self.windows.borrow_mut()).values() {
            contents.0.life.set(Life::Destroyed);
        }
        self.ipc.clear();
        for listeners in [&self.on_ready, &self.on_all_closed] {
            listeners.remove_all(None);
        }
        self.on_gone.remove_all(None);
    }
}

impl Drop for Main {
    fn drop(&mut self) {
        self.end();
    }
}
