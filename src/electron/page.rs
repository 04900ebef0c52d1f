//! A window's two worlds at work: the preload's, which has `ipcRenderer`, and the page's, which has what the preload gives it.

use super::Args;
use super::bridge::{BridgeError, ContextBridge, Isolation};
use super::ipc_renderer::IpcRenderer;
use super::policy::Checks;
use super::preload::{Preload, RawIpc, raw_as_value};
use super::script::WebPreferences;
use super::table::ListenerId;
use crate::codec::{Function, Ref, Value};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// What a preload script has.
#[derive(Debug)]
pub struct PreloadWorld {
    ipc: IpcRenderer,
    bridge: ContextBridge,
    /// What both worlds have, where they are one.
    shared: BTreeMap<String, Value>,
}

impl PreloadWorld {
    pub(super) fn new(ipc: IpcRenderer) -> PreloadWorld {
        let isolation = if ipc.preferences().context_isolation { Isolation::Bridge } else { Isolation::Off };
        PreloadWorld { ipc, bridge: ContextBridge::new(isolation), shared: BTreeMap::new() }
    }

    /// `ipcRenderer`
    pub fn ipc_renderer(&self) -> IpcRenderer {
        self.ipc
    }

    /// `process.contextIsolated` and `process.sandboxed`
    pub fn preferences(&self) -> WebPreferences {
        self.ipc.preferences()
    }

    /// `contextBridge.exposeInMainWorld(name, api)`
    ///
    /// # Errors
    /// As [`ContextBridge::expose_in_main_world`]; without context isolation always.
    pub fn expose_in_main_world(&mut self, name: &str, api: Value) -> Result<(), BridgeError> {
        self.bridge.expose_in_main_world(name, api)
    }

    /// What preloads do whether or not there is context isolation: with it the API is exposed over the bridge, without it the page has
    /// the very object (`window[name] = api`).
    ///
    /// # Errors
    /// As [`ContextBridge::expose_in_main_world`].
    pub fn give(&mut self, name: &str, api: Value) -> Result<(), BridgeError> {
        match self.bridge.isolation() {
            Isolation::Off => drop(self.shared.insert(name.to_owned(), api)),
            _ => self.expose_in_main_world(name, api)?,
        }
        Ok(())
    }

    /// Gives the page `send`, `invoke` and `on` as far as these checks allow. What they refuse never reaches the link; how often that
    /// was, the preload that is answered counts.
    ///
    /// # Errors
    /// As [`give`](Self::give).
    pub fn guard(&mut self, name: &str, checks: Checks) -> Result<Preload<PreloadIpc>, BridgeError> {
        let preload = Preload::new(PreloadIpc::new(self.ipc), Arc::new(checks));
        self.give(name, preload.api())?;
        Ok(preload)
    }

    pub(super) fn into_page(self) -> Page {
        let PreloadWorld { ipc, bridge, shared } = self;
        Page { ipc, bridge, shared }
    }
}

/// What a page has: the things that its preload gave it, and its window. There is no way from here to `ipcRenderer`.
#[derive(Debug)]
pub struct Page {
    /// For the window's sake alone.
    ipc: IpcRenderer,
    bridge: ContextBridge,
    shared: BTreeMap<String, Value>,
}

impl Page {
    /// `window[name]`: what the preload gave it.
    pub fn global(&self, name: &str) -> Option<&Value> {
        self.bridge.main_world(name).or_else(|| self.shared.get(name))
    }

    /// `window.name.of.function(…args)`
    ///
    /// # Errors
    /// What it throws; a TypeError if there is no such function.
    pub fn call(&self, path: &str, args: impl Into<Args>) -> Result<Value, Value> {
        let mut names = path.split('.');
        let root = names.next().and_then(|name| self.global(name)).map(Value::root);
        let found = names.fold(root, |at, name| at.and_then(|at| at.get(name)));
        match found.and_then(Ref::as_function) {
            Some(function) => function.call(args.into().into_vec()),
            None => Err(Value::error("TypeError", &format!("{path} is not a function"))),
        }
    }

    /// Dispatches messages until `done` says so after one of them; `false` if the page is left first. A page that returns from its
    /// script does without.
    pub fn run_until(&self, done: impl FnMut() -> bool) -> bool {
        self.ipc.run_until(done)
    }

    /// `window.close()`: the page ends once its script has returned.
    pub fn close(&self) {
        self.ipc.close_window();
    }
}

/// `ipcRenderer` as a [`Preload`] uses it: listeners are functions of the preload's world, by which they are found again.
#[derive(Debug)]
pub struct PreloadIpc {
    ipc: IpcRenderer,
    /// A window's worlds have one thread, which its functions, being values, cannot know.
    listeners: Mutex<Vec<(String, Function, ListenerId)>>,
}

impl PreloadIpc {
    /// For one page's preload.
    pub fn new(ipc: IpcRenderer) -> PreloadIpc {
        PreloadIpc { ipc, listeners: Mutex::default() }
    }

    fn listeners(&self) -> impl std::ops::DerefMut<Target = Vec<(String, Function, ListenerId)>> + '_ {
        self.listeners.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl RawIpc for PreloadIpc {
    fn send(&self, channel: &str, arguments: Vec<Value>) -> Result<(), Value> {
        Ok(self.ipc.send(channel, arguments)?)
    }

    fn invoke(&self, channel: &str, arguments: Vec<Value>) -> Result<Value, Value> {
        Ok(self.ipc.invoke(channel, arguments).wait()?)
    }

    /// A page that is left hears nothing more; it is not told so here.
    fn on(&self, channel: &str, listener: Function) {
        let call = listener.clone();
        let heard = self.ipc.on(channel, move |_, args| {
            let event = Value::object([("sender", raw_as_value())]);
            let arguments = std::iter::once(event).chain(args.clone().into_vec());
            call.call(arguments.collect()).map(drop)
        });
        if let Ok(id) = heard {
            self.listeners().push((channel.to_owned(), listener, id));
        }
    }

    fn off(&self, channel: &str, listener: &Function) {
        let found = {
            let mut listeners = self.listeners();
            let found = listeners.iter().position(|(name, one, _)| name == channel && one == listener);
            found.map(|at| listeners.remove(at))
        };
        if let Some((channel, _, id)) = found {
            self.ipc.off(&channel, id);
        }
    }
}
