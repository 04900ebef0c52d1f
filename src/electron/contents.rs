//! `WebContents`: a window's inside, as main sees it.

use super::Args;
use super::app::Main;
use super::body::Connection;
use super::error::Error;
use super::event::Event;
use super::frame::{FrameState, WebFrameMain};
use super::ipc_main::IpcMain;
use super::port::MessagePort;
use super::reply::Reply;
use super::table::{ListenerId, Listeners, Outcome};
use super::window::WindowOptions;
use super::wire::{self, Header, Kind};
use crate::codec::Value;
use std::cell::{Cell, RefCell};
use std::fmt;
use std::rc::{Rc, Weak};

/// `WebContents`.
#[derive(Clone)]
pub struct WebContents(pub(super) Rc<Inner>);

pub(super) struct Inner {
    id: u32,
    pub(super) main: Weak<Main>,
    pub(super) options: WindowOptions,
    pub(super) connection: RefCell<Option<Connection>>,
    context: Cell<u16>,
    pub(super) life: Cell<Life>,
    frames: Vec<FrameState>,
    ipc: IpcMain,
    pub(super) on_message: Listeners<(Event, String)>,
    pub(super) on_host: Listeners<String>,
    pub(super) on_gone: Listeners<RenderProcessGone>,
    pub(super) on_closed: Listeners<()>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Life {
    Live,
    /// Its process is gone; the window is not.
    Crashed,
    Destroyed,
}

/// `render-process-gone`'s details.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RenderProcessGone {
    /// `clean-exit`, `abnormal-exit`, `killed` or `crashed`.
    pub reason: &'static str,
    /// The process's exit code, or the signal that ended it.
    pub exit_code: i32,
}

impl fmt::Debug for WebContents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WebContents({}, {:?})", self.0.id, self.0.life.get())
    }
}

impl PartialEq for WebContents {
    fn eq(&self, other: &WebContents) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

impl WebContents {
    pub(super) fn new(
        id: u32,
        main: Weak<Main>,
        options: WindowOptions,
        connection: Connection,
    ) -> WebContents {
        let urls = std::iter::once(&options.url).chain(&options.frames);
        let frames = urls.map(|url| FrameState::new(url)).collect();
        WebContents(Rc::new(Inner {
            id,
            main,
            options,
            connection: RefCell::new(Some(connection)),
            context: Cell::new(0),
            life: Cell::new(Life::Live),
            frames,
            ipc: IpcMain::new(),
            on_message: Listeners::default(),
            on_host: Listeners::default(),
            on_gone: Listeners::default(),
            on_closed: Listeners::default(),
        }))
    }

    /// `webContents.id`
    pub fn id(&self) -> u32 {
        self.0.id
    }

    /// `webContents.ipc`: hears what comes from this window, after the frame's own and before the app's.
    pub fn ipc(&self) -> &IpcMain {
        &self.0.ipc
    }

    /// `webContents.mainFrame`
    pub fn main_frame(&self) -> WebFrameMain {
        WebFrameMain::main(self)
    }

    /// One of its frames, 0 being the main frame, as long as it is there.
    pub fn frame(&self, index: u16) -> Option<WebFrameMain> {
        WebFrameMain::of(self, index, self.context())
            .filter(|_| !self.0.frames[usize::from(index)].removed.get())
    }

    /// `webContents.getOSProcessId()`: 0 once it is gone.
    pub fn process_id(&self) -> u32 {
        self.0.connection.borrow().as_ref().map_or(0, Connection::pid)
    }

    /// `webContents.isDestroyed()`: false while only its process has crashed.
    pub fn is_destroyed(&self) -> bool {
        self.0.life.get() == Life::Destroyed
    }

    /// `webContents.isCrashed()`
    pub fn is_crashed(&self) -> bool {
        self.0.life.get() == Life::Crashed
    }

    /// `webContents.send(channel, …args)`: to the main frame. See [`WebFrameMain::send`].
    ///
    /// # Errors
    /// [`Error::Destroyed`]
    pub fn send(&self, channel: &str, args: impl Into<Args>) -> Result<(), Error> {
        self.check()?.main_frame().send(channel, args);
        Ok(())
    }

    /// `webContents.sendToFrame(frameId, channel, …args)`: whether there is that frame.
    ///
    /// # Errors
    /// [`Error::Destroyed`]
    pub fn send_to_frame(&self, frame: u16, channel: &str, args: impl Into<Args>) -> Result<bool, Error> {
        let Some(frame) = self.check()?.frame(frame).filter(|_| self.is_live()) else { return Ok(false) };
        frame.send(channel, args);
        Ok(true)
    }

    /// `webContents.postMessage(channel, message, [transfer])`: to the main frame.
    ///
    /// # Errors
    /// See [`WebFrameMain::post_message`]; and [`Error::Destroyed`].
    pub fn post_message(
        &self,
        channel: &str,
        message: impl Into<Value>,
        transfer: &[MessagePort],
    ) -> Result<(), Error> {
        self.check()?.main_frame().post_message(channel, message, transfer)
    }

    /// `webContents.on('ipc-message' | 'ipc-message-sync', …)`: all that comes by `send` and `sendSync`, before anybody else hears it,
    /// with its channel.
    pub fn on_ipc_message<O: Outcome>(
        &self,
        mut listener: impl FnMut(&Event, &str, &Args) -> O + 'static,
    ) -> ListenerId {
        self.0
            .on_message
            .add("", false, move |(event, channel): &(Event, String), args| listener(event, channel, args))
    }

    /// What `ipcRenderer.sendToHost` sends: the `ipc-message` event of the `<webview>` element that embeds this. Nobody else hears
    /// it.
    pub fn on_message_to_host<O: Outcome>(
        &self,
        mut listener: impl FnMut(&str, &Args) -> O + 'static,
    ) -> ListenerId {
        self.0.on_host.add("", false, move |channel: &String, args| listener(channel, args))
    }

    /// `webContents.on('render-process-gone', …)`
    pub fn on_render_process_gone<O: Outcome>(
        &self,
        mut listener: impl FnMut(&RenderProcessGone) -> O + 'static,
    ) -> ListenerId {
        self.0.on_gone.add("", false, move |details, _| listener(details))
    }

    /// `webContents.reload()`: the page begins anew, its listeners are gone, its promises never settle. One whose process is gone gets
    /// another. What is set up in main stays.
    ///
    /// # Errors
    /// [`Error::Destroyed`], or why no process could be started.
    pub fn reload(&self) -> Result<(), Error> {
        self.check()?;
        self.0.context.set(self.context().wrapping_add(1));
        match self.0.life.get() {
            Life::Live => {
                match self.write(Header::new(Kind::Navigate, 0, self.context()), &Value::UNDEFINED, &[]) {
                    Err(Error::Gone) => Ok(()), // and soon it is told
                    outcome => outcome,
                }
            }
            _ => self.0.main.upgrade().ok_or(Error::Gone)?.revive(self),
        }
    }

    /// `webContents.loadURL(url)`
    ///
    /// # Errors
    /// See [`reload`](Self::reload).
    pub fn load_url(&self, url: &str) -> Result<(), Error> {
        self.check()?;
        self.0.frames[0].url.replace(url.to_owned());
        self.reload()
    }

    /// `webContents.forcefullyCrashRenderer()`, for one in a process of its own.
    pub fn forcefully_crash_renderer(&self) {
        if let Some(connection) = &*self.0.connection.borrow() {
            connection.kill();
        }
    }

    pub(super) fn frames(&self) -> &[FrameState] {
        &self.0.frames
    }

    pub(super) fn context(&self) -> u16 {
        self.0.context.get()
    }

    pub(super) fn is_live(&self) -> bool {
        self.0.life.get() == Life::Live
    }

    pub(super) fn check(&self) -> Result<&WebContents, Error> {
        if self.is_destroyed() { Err(Error::Destroyed) } else { Ok(self) }
    }

    pub(super) fn log(&self, line: &str) {
        if let Some(main) = self.0.main.upgrade() {
            (main.log)(line);
        }
    }

    pub(super) fn reply_to(&self, request: Header<'_>) -> Option<Reply> {
        let connection = self.0.connection.borrow();
        connection.as_ref().map(|at| Reply::new(at.out.clone(), at.link.peer, request))
    }

    pub(super) fn write(
        &self,
        header: Header<'_>,
        body: &Value,
        transfer: &[MessagePort],
    ) -> Result<(), Error> {
        let connection = self.0.connection.borrow();
        let Some(Connection { out, link, .. }) = connection.as_ref() else { return Err(Error::Gone) };
        out.send(link.peer, |buffer| match transfer {
            [] => wire::write(buffer, header, &[], body),
            ports => {
                let main = self.0.main.upgrade().ok_or(Error::Gone)?;
                let sending = |token| main.broker.borrow_mut().sending(token, *link);
                main.ports.write(buffer, header, ports, body, sending)
            }
        })
    }
}
