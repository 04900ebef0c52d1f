//! What runs in renderers and utility processes: functions of this program, by name.

use super::error::Error;
use super::ipc_renderer::IpcRenderer;
use super::node;
use super::utility::ParentPort;
use crate::sys::control::Nursery;
use std::collections::BTreeMap;
use std::sync::Arc;

pub(super) static NURSERY: Nursery = Nursery::new(
    "IPCMARK_ELECTRON",
    "this program was started as a renderer but did not become one: call ipcmark::electron::enter_if_child() first in main",
);

pub(super) type Entry = Arc<dyn Fn(Seat) + Send + Sync>;

/// Where a script finds itself.
pub(super) enum Seat {
    Renderer(IpcRenderer),
    Utility(ParentPort),
}

/// The scripts of an app. Renderers in threads and in processes find theirs by its name.
///
/// ```
/// use ipcmark::electron::Scripts;
///
/// let scripts = Scripts::new().window(
///     "hello",
///     |ipc, _| move |text: &str| ipc.send("greet", [text]),
///     |greet| greet("main").expect("a page whose window is open"),
/// );
/// // ipcmark::electron::enter_if_child(&scripts); App::new(&scripts, …)
/// ```
#[derive(Clone, Default)]
pub struct Scripts(BTreeMap<String, Entry>);

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

    /// A page with its preload: a function that gets the raw `ipcRenderer` and answers what the page sees, and the page, which gets that
    /// and nothing else. Once both have returned, messages are dispatched until the window closes; when it is reloaded, both begin
    /// anew.
    pub fn window<P>(
        mut self,
        name: &str,
        preload: impl Fn(IpcRenderer, &WebPreferences) -> P + Send + Sync + 'static,
        page: impl Fn(P) + Send + Sync + 'static,
    ) -> Scripts {
        let entry: Entry = Arc::new(move |seat| {
            if let Seat::Renderer(ipc) = seat {
                page(preload(ipc, &ipc.preferences()));
            }
        });
        self.0.insert(name.to_owned(), entry);
        self
    }

    /// A page that is given the raw `ipcRenderer`: `nodeIntegration` without isolation.
    pub fn raw(self, name: &str, page: impl Fn(IpcRenderer) + Send + Sync + 'static) -> Scripts {
        self.window(name, |ipc, _| ipc, page)
    }

    /// What a utility process runs. Once it has returned, messages are dispatched until main ends it, or it ends itself.
    pub fn utility(mut self, name: &str, body: impl Fn(ParentPort) + Send + Sync + 'static) -> Scripts {
        let entry: Entry = Arc::new(move |seat| {
            if let Seat::Utility(parent) = seat {
                body(parent);
            }
        });
        self.0.insert(name.to_owned(), entry);
        self
    }

    /// These and those.
    pub fn and(mut self, others: Scripts) -> Scripts {
        self.0.extend(others.0);
        self
    }

    pub(super) fn get(&self, name: &str) -> Result<&Entry, Error> {
        self.0.get(name).ok_or_else(|| Error::Start(format!("there is no script `{name}`")))
    }
}

/// `webPreferences`, as far as they concern messages. They are the preload's to keep: see [`Scripts::window`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct WebPreferences {
    /// `contextIsolation`: what the preload shows to the page goes through a bridge that copies it.
    pub context_isolation: bool,
    /// `sandbox`: the preload has no more than the page but `ipcRenderer`.
    pub sandbox: bool,
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
    let outcome = entered.map_err(Error::start).and_then(|(_, control)| node::run(control, scripts));
    #[expect(
        clippy::disallowed_methods,
        reason = "a child ends here, and nothing of the program around it may run"
    )]
    std::process::exit(if outcome.is_ok() { 0 } else { 1 })
}
