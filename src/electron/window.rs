//! `BrowserWindow`.

use super::contents::{Life, WebContents};
use super::error::Error;
use super::script::WebPreferences;
use super::table::{ListenerId, Outcome};
use super::wire::{Header, Kind};
use crate::codec::Value;

/// `BrowserWindowConstructorOptions`, as far as they concern messages.
#[derive(Clone, Debug, Default)]
pub struct WindowOptions {
    /// The name of its script: preload and page.
    pub script: String,
    /// Where its main frame is.
    pub url: String,
    /// Where its other frames are: they have the numbers from 1 on.
    pub frames: Vec<String>,
    /// `webPreferences`
    pub preferences: WebPreferences,
}

impl WindowOptions {
    /// A window with one frame.
    pub fn new(script: &str) -> WindowOptions {
        WindowOptions { script: script.to_owned(), url: "app://index".to_owned(), ..WindowOptions::default() }
    }

    /// A window whose page gets `ipcRenderer` itself ([`Scripts::raw`](super::Scripts::raw)): without context isolation.
    pub fn raw(script: &str) -> WindowOptions {
        let preferences = WebPreferences { context_isolation: false, ..WebPreferences::default() };
        WindowOptions { preferences, ..WindowOptions::new(script) }
    }
}

/// `BrowserWindow`.
#[derive(Clone, Debug, PartialEq)]
pub struct BrowserWindow(pub(super) WebContents);

impl BrowserWindow {
    /// `win.id`
    pub fn id(&self) -> u32 {
        self.0.id()
    }

    /// `win.webContents`
    ///
    /// # Errors
    /// [`Error::Destroyed`]
    pub fn web_contents(&self) -> Result<&WebContents, Error> {
        self.0.check()
    }

    /// `win.isDestroyed()`
    pub fn is_destroyed(&self) -> bool {
        self.0.is_destroyed()
    }

    /// `win.close()`: asks the page to end. It is gone once `closed` is told.
    pub fn close(&self) {
        if self.0.is_live() {
            // Who cannot hear it is gone already.
            let _ = self.0.write(Header::new(Kind::Close, 0, self.0.context()), &Value::UNDEFINED, &[]);
        } else {
            self.destroy();
        }
    }

    /// `win.destroy()`: it is gone at once, and nothing that comes from it is heard any more.
    pub fn destroy(&self) {
        let live = self.0.is_live();
        if self.0.is_destroyed() {
            return;
        }
        self.0.0.life.set(Life::Destroyed);
        if live {
            let _ = self.0.write(Header::new(Kind::Close, 0, self.0.context()), &Value::UNDEFINED, &[]);
        }
        if let Some(main) = self.0.0.main.upgrade() {
            main.closed(&self.0);
        }
    }

    /// `win.on('closed', …)`
    pub fn on_closed<O: Outcome>(&self, mut listener: impl FnMut() -> O + 'static) -> ListenerId {
        self.0.0.on_closed.add("", false, move |(), _| listener())
    }
}
