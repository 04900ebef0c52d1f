//! Electron's interface for messages between processes, over any transport and wait, with renderers in threads or in processes.
//!
//! | here | in Electron |
//! |---|---|
//! | [`App`] | `app`, `BrowserWindow.getAllWindows`, `utilityProcess.fork` |
//! | [`BrowserWindow`], [`WebContents`], [`WebFrameMain`] | the same |
//! | [`IpcMain`] | `ipcMain`, `webContents.ipc`, `frame.ipc` |
//! | [`IpcRenderer`] | `ipcRenderer` |
//! | [`PreloadWorld`], [`Page`] | a preload script and what it gives to its page; [`preload`], [`bridge`] and [`policy`] are its tools |
//! | [`MessageChannel`], [`MessagePort`] | `MessageChannelMain`, `MessagePortMain`, `MessageChannel`, `MessagePort` |
//! | [`UtilityProcess`], [`ParentPort`] | `UtilityProcess`, `process.parentPort` |
//!
//! What they do, in which order and with which words they fail is Electron's; where its notes and its code differ, the code's, and the
//! item says so. It is a model of how Electron's processes are made, not Electron.
//!
//! A message is delivered at most once, in order along its way: a window's frames share one way to main and one back, over which replies
//! travel as well. (Electron leaves the order between replies and other messages open.) Nobody acknowledges, and no sender waits for a
//! receiver's code. A window whose renderer breaks the protocol loses its link, and no other window notices.
//!
//! From the bottom: [`wire`] is a frame's bytes, [`table`] who listens, `link.rs` any transport as an object, `post.rs` what comes to an
//! end's one thread; above these `app.rs`, `dispatch.rs` and their like are main's side, `node.rs` is a renderer's.
//!
//! ```no_run
//! use ipcmark::electron::{App, Options, Scripts, WindowOptions, enter_if_child};
//!
//! let scripts = Scripts::new().raw("page", |ipc| {
//!     let pong = ipc.invoke("ping", ["hello"]).wait().expect("an answer");
//!     assert_eq!(pong.as_str(), Some("hello"));
//!     ipc.close_window();
//! });
//! enter_if_child(&scripts);
//! let app = App::new(&scripts, Options::new("shm"))?;
//! app.ipc_main().handle("ping", |_, args| Ok(args.value(0)))?;
//! app.open(WindowOptions::raw("page"))?;
//! app.run();
//! # Ok::<(), ipcmark::electron::Error>(())
//! ```

mod app;
mod args;
mod body;
pub mod bridge;
mod contents;
mod dispatch;
mod error;
mod event;
mod frame;
pub mod fuzz;
mod hub;
mod ipc_main;
mod ipc_renderer;
mod link;
pub mod model;
mod node;
mod page;
pub mod policy;
mod port;
mod post;
pub mod preload;
mod reply;
pub mod schema;
mod script;
mod start;
pub mod table;
#[cfg(test)]
mod tests;
mod utility;
mod window;
pub mod wire;

pub use app::{App, Options, Renderers};
pub use args::Args;
pub use contents::{RenderProcessGone, WebContents};
pub use error::Error;
pub use event::Event;
pub use frame::WebFrameMain;
pub use ipc_main::IpcMain;
pub use ipc_renderer::{IpcRenderer, Pending, RendererEvent};
pub use page::{Page, PreloadIpc, PreloadWorld};
pub use port::{MessageChannel, MessagePort, Parcel, PortEvent, Token};
pub use reply::Reply;
pub use script::{Scripts, WebPreferences, enter_if_child};
pub use table::ListenerId;
pub use utility::{ParentPort, UtilityProcess};
pub use window::{BrowserWindow, WindowOptions};
