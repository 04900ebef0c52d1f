//! Where a check takes place: an app, and what was told and logged in it.

use super::scripts;
use ipcmark::codec::Value;
use ipcmark::electron::policy::Checks;
use ipcmark::electron::{App, BrowserWindow, Options, Renderers, WindowOptions};
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Nothing takes nearly as long: whatever does hangs.
pub(super) const LIMIT: Duration = Duration::from_secs(20);

pub(super) struct Stage {
    pub(super) app: App,
    pub(super) renderers: Renderers,
    name: &'static str,
    transport: String,
    told: Rc<RefCell<Vec<String>>>,
    logged: Arc<Mutex<Vec<String>>>,
}

impl Stage {
    pub(super) fn new(name: &'static str, transport: &str, renderers: Renderers) -> Stage {
        Stage::with(name, transport, renderers, Checks::default())
    }

    /// Another app of the same kind, whose main checks what comes.
    pub(super) fn anew(&self, checks: Checks) -> Stage {
        Stage::with(self.name, &self.transport, self.renderers, checks)
    }

    fn with(name: &'static str, transport: &str, renderers: Renderers, checks: Checks) -> Stage {
        let logged = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&logged);
        let log = Arc::new(move |line: &str| log.lock().expect("the log").push(line.to_owned()));
        let options = Options { renderers, max_frame: 256 << 10, checks, log, ..Options::new(transport) };
        let app = App::new(&scripts(), options).expect("an app");
        let told = Rc::new(RefCell::new(Vec::new()));
        let tell = Rc::clone(&told);
        app.ipc_main().on("tell", move |_, args| {
            tell.borrow_mut().push(args.text(0).expect("a text").to_owned());
        });
        Stage { app, renderers, name, transport: transport.to_owned(), told, logged }
    }

    /// A window with the check's page.
    pub(super) fn open(&self) -> BrowserWindow {
        self.open_as(self.options())
    }

    pub(super) fn open_as(&self, options: WindowOptions) -> BrowserWindow {
        self.app.open(options).expect("a window")
    }

    /// Options of a window with the check's page.
    pub(super) fn options(&self) -> WindowOptions {
        WindowOptions::raw(self.name)
    }

    /// What main does notes something, as a page tells it.
    pub(super) fn note(&self) -> impl Fn(&str) + Clone + 'static {
        let told = Rc::clone(&self.told);
        move |text| told.borrow_mut().push(text.to_owned())
    }

    /// Dispatches until something holds.
    pub(super) fn until(&self, what: &str, done: impl FnMut() -> bool) {
        assert!(
            self.app.run_until(LIMIT, done),
            "{what}: not in time; told: {:?}, log: {:?}",
            self.told(),
            self.log()
        );
    }

    /// Dispatches until so much has been told.
    pub(super) fn until_told(&self, count: usize) -> Vec<String> {
        self.until("telling", || self.told.borrow().len() >= count);
        self.told()
    }

    /// Opens a window, dispatches until its page has closed it, and answers what was told.
    pub(super) fn play(&self) -> Vec<String> {
        let window = self.open();
        self.until("the window's end", || {
            let crashed = window.web_contents().is_ok_and(|contents| contents.is_crashed());
            assert!(!crashed, "the page failed; told: {:?}, log: {:?}", self.told(), self.log());
            window.is_destroyed()
        });
        self.told()
    }

    pub(super) fn told(&self) -> Vec<String> {
        self.told.borrow().clone()
    }

    pub(super) fn log(&self) -> Vec<String> {
        self.logged.lock().expect("the log").clone()
    }
}

/// `name: message` of an error.
pub(super) fn thrown(name: &str, message: &str) -> Value {
    Value::error(name, message)
}
