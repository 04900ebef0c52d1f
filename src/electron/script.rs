//! What runs in renderers and utility processes: functions of this program, by name.

use super::app::Renderers;
use super::bridge::BridgeError;
use super::error::Error;
use super::ipc_renderer::IpcRenderer;
use super::node;
use super::page::{Page, PreloadWorld};
use super::utility::ParentPort;
use crate::sys::control::Nursery;
use std::collections::BTreeMap;
use std::io::Write as _;
use std::sync::Arc;

pub(super) static NURSERY: Nursery = Nursery::new(
    "IPCMARK_ELECTRON",
    "this program was started as a renderer but did not become one: call ipcmark::electron::enter_if_child() first in main",
);

type Entry = Arc<dyn Fn(Seat) + Send + Sync>;

/// Where a script finds itself.
pub(super) enum Seat {
    Renderer(IpcRenderer),
    Utility(ParentPort),
}

#[derive(Clone)]
pub(super) struct Script {
    name: String,
    entry: Entry,
    /// Whether the page itself gets `ipcRenderer`.
    raw: bool,
}

impl Script {
    pub(super) fn run(&self, seat: Seat) {
        (self.entry)(seat);
    }

    /// # Errors
    /// If a page would get what its window's preferences keep from it.
    pub(super) fn suits(&self, preferences: &WebPreferences) -> Result<(), Error> {
        match self.raw && preferences.context_isolation {
            true => Err(Error::Start(format!(
                "the page `{}` wants ipcRenderer itself, which contextIsolation keeps from it: see WindowOptions::raw",
                self.name
            ))),
            false => Ok(()),
        }
    }
}

/// The scripts of an app. Renderers in threads and in processes find theirs by its name.
///
/// ```
/// use ipcmark::codec::Value;
/// use ipcmark::electron::Scripts;
///
/// let scripts = Scripts::new().window(
///     "hello",
///     |preload| {
///         let ipc = preload.ipc_renderer();
///         let greet = Value::function(move |whom| Ok(ipc.send("greet", whom)?.into()));
///         preload.give("hello", Value::object([("greet", greet)]))
///     },
///     |page| drop(page.call("hello.greet", ["main"]).expect("a page whose window is open")),
/// );
/// // ipcmark::electron::enter_if_child(&scripts); App::new(&scripts, …)
/// ```
#[derive(Clone, Default)]
pub struct Scripts(BTreeMap<String, Script>);

impl std::fmt::Debug for Scripts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

impl Scripts {
    /// None.
    pub fn new() -> Scripts {
        Scripts::default()
    }

    /// A page with its preload, which runs first and is the only one to have `ipcRenderer`. The page has what the preload gives it; with
    /// context isolation, a copy of that. A preload that throws is told to the console, and the page runs without what it did not give.
    ///
    /// Once both have returned, messages are dispatched until the window closes; when it is reloaded, both begin anew.
    pub fn window(
        self,
        name: &str,
        preload: impl Fn(&mut PreloadWorld) -> Result<(), BridgeError> + Send + Sync + 'static,
        page: impl Fn(&Page) + Send + Sync + 'static,
    ) -> Scripts {
        self.add(name, false, move |seat| {
            if let Seat::Renderer(ipc) = seat {
                let mut world = PreloadWorld::new(ipc);
                if let Err(error) = preload(&mut world) {
                    let _ = writeln!(std::io::stderr(), "Unable to load preload script: {error}"); // a page's console
                }
                page(&world.into_page());
            }
        })
    }

    /// A page that is given `ipcRenderer` itself: `nodeIntegration`. Its window must be without context isolation: see
    /// [`WindowOptions::raw`](super::WindowOptions::raw).
    pub fn raw(self, name: &str, page: impl Fn(IpcRenderer) + Send + Sync + 'static) -> Scripts {
        self.add(name, true, move |seat| {
            if let Seat::Renderer(ipc) = seat {
                page(ipc);
            }
        })
    }

    /// What a utility process runs. Once it has returned, messages are dispatched until main ends it, or it ends itself.
    pub fn utility(self, name: &str, body: impl Fn(ParentPort) + Send + Sync + 'static) -> Scripts {
        self.add(name, false, move |seat| {
            if let Seat::Utility(parent) = seat {
                body(parent);
            }
        })
    }

    fn add(mut self, name: &str, raw: bool, entry: impl Fn(Seat) + Send + Sync + 'static) -> Scripts {
        let script = Script { name: name.to_owned(), entry: Arc::new(entry), raw };
        self.0.insert(name.to_owned(), script);
        self
    }

    /// These and those.
    pub fn and(mut self, others: Scripts) -> Scripts {
        self.0.extend(others.0);
        self
    }

    pub(super) fn get(&self, name: &str) -> Result<&Script, Error> {
        self.0.get(name).ok_or_else(|| Error::Start(format!("there is no script `{name}`")))
    }
}

/// `webPreferences`, as far as they concern messages. The preload is the script's: see [`Scripts::window`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct WebPreferences {
    /// `contextIsolation`: what the preload gives to the page goes through a bridge that copies it, and a page that wants `ipcRenderer`
    /// itself is refused.
    pub context_isolation: bool,
    /// `sandbox`: the renderer's process is confined by [`seccomp`](crate::sys::seccomp) once it is connected, before the preload runs.
    /// A thread is not: it shares its process with those that must not be. A port that gets its link after that has it over a pair of
    /// sockets, whatever the app's transport, which a confined process could not open any more.
    pub sandbox: bool,
}

impl WebPreferences {
    /// A utility process has no page, and is as free as main.
    pub(super) const UTILITY: WebPreferences = WebPreferences { context_isolation: false, sandbox: false };
}

impl Default for WebPreferences {
    fn default() -> Self {
        WebPreferences { context_isolation: true, sandbox: true }
    }
}

/// If this process is a renderer or a utility process of an app, runs its script and exits; returns at once if it is not.
///
/// Call it first in `main` of every program with an app whose renderers are processes: they are re-executions of the very program
/// that runs.
pub fn enter_if_child(scripts: &Scripts) {
    let Some(entered) = NURSERY.enter() else { return };
    let outcome = entered
        .map_err(Error::start)
        .and_then(|(_, control)| node::run(control, scripts, Renderers::Processes));
    #[expect(
        clippy::disallowed_methods,
        reason = "a child ends here, and nothing of the program around it may run"
    )]
    std::process::exit(if outcome.is_ok() { 0 } else { 1 })
}
