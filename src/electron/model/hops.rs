//! Threads between a page, or a handler, and the link: what Chromium's processes have between their main and their IO threads.
//!
//! ```text
//! hops   renderer's main │ its IO │ link │ main's IO │ main's UI     one way; a reply comes back the same way
//! 0, 2                 ────────────────────────────▶                 the link's own two crossings
//! 4                    ──────────────────▶ ────────▶                 reads on the IO thread, writes from where one is: a MessagePort
//! 6                    ───────▶ ─────────▶ ────────▶                 writes on the IO thread as well: ipcRenderer.invoke
//! ```
//!
//! The count is that of a round trip and has the link's two crossings in it. Reading and writing have a thread each here, where
//! Chromium has one for both that sleeps in `epoll_wait`; a frame is handed over as a task is, through a queue that wakes its reader,
//! in a buffer of its own.
//! A main that has other work ([`tasks`](super::tasks)) has that queue, and the thread that reads for it, whatever the hops.

use super::tasks::Tasks;
use crate::transport::{Error, Inbox, Outbox, Peer, Result, Rx, Tx};
use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, unbounded};
use std::sync::Arc;
use std::thread::Builder;

/// Where a frame goes, among main's windows.
enum To {
    One(Peer),
    All,
}

/// A sending half whose frames an IO thread writes.
pub struct HopTx(Sender<Vec<u8>>);

/// A receiving half whose frames an IO thread reads.
pub struct HopRx(Receiver<Result<Vec<u8>>>);

/// [`HopTx`] for main.
pub struct HopOutbox {
    frames: Sender<(To, Vec<u8>)>,
    windows: usize,
}

/// [`HopRx`] for main: the queue of its loop, and what else that has to do.
pub struct HopInbox {
    frames: Receiver<Result<(Peer, Vec<u8>)>>,
    tasks: Option<Arc<Tasks>>,
}

fn start(name: &str, body: impl FnOnce() + Send + 'static) -> Result<()> {
    // Not joined: it ends with its half, or with the link.
    Builder::new().name(name.to_owned()).spawn(body).map(drop).map_err(Error::os("starting an IO thread"))
}

/// A buffer with a frame that `fill` writes.
fn filled(len: usize, fill: impl FnOnce(&mut [u8])) -> Vec<u8> {
    let mut frame = vec![0; len];
    fill(&mut frame);
    frame
}

impl HopTx {
    /// Gives `tx` to an IO thread.
    ///
    /// # Errors
    /// If no thread can be started.
    pub fn new<T: Tx + 'static>(mut tx: T) -> Result<HopTx> {
        let (sender, frames) = unbounded::<Vec<u8>>();
        start("io-write", move || {
            for frame in frames {
                if tx.send(frame.len(), |bytes| bytes.copy_from_slice(&frame)).is_err() {
                    return; // the next send finds nobody
                }
            }
        })?;
        Ok(HopTx(sender))
    }
}

impl HopRx {
    /// Gives `rx` to an IO thread.
    ///
    /// # Errors
    /// If no thread can be started.
    pub fn new<R: Rx + 'static>(mut rx: R) -> Result<HopRx> {
        let (sender, frames) = unbounded();
        start("io-read", move || {
            loop {
                let frame = rx.recv(<[u8]>::to_vec);
                let over = frame.is_err();
                if sender.send(frame).is_err() || over {
                    return;
                }
            }
        })?;
        Ok(HopRx(frames))
    }
}

impl HopOutbox {
    /// Gives `outbox` to an IO thread.
    ///
    /// # Errors
    /// If no thread can be started.
    pub fn new<O: Outbox + 'static>(mut outbox: O) -> Result<HopOutbox> {
        let windows = outbox.windows();
        let (sender, frames) = unbounded::<(To, Vec<u8>)>();
        start("io-write", move || {
            for (to, frame) in frames {
                let fill = |bytes: &mut [u8]| bytes.copy_from_slice(&frame);
                let sent = match to {
                    To::One(peer) => outbox.send_to(peer, frame.len(), fill),
                    To::All => outbox.broadcast(frame.len(), fill),
                };
                if sent.is_err() {
                    return;
                }
            }
        })?;
        Ok(HopOutbox { frames: sender, windows })
    }

    fn hand_over(&self, to: To, frame: Vec<u8>) -> Result<()> {
        self.frames.send((to, frame)).map_err(|_| Error::Closed { peer: None })
    }
}

impl HopInbox {
    /// Gives `inbox` to an IO thread.
    ///
    /// # Errors
    /// If no thread can be started.
    pub(super) fn new<I: Inbox + 'static>(mut inbox: I, tasks: Option<Arc<Tasks>>) -> Result<HopInbox> {
        let (sender, frames) = unbounded();
        start("io-read", move || {
            loop {
                let frame = inbox.recv(|peer, frame| (peer, frame.to_vec()));
                // One window's end is not the others'; a hub without windows says so without a number.
                let over = matches!(frame, Err(Error::Closed { peer: None }));
                if sender.send(frame).is_err() || over {
                    return;
                }
            }
        })?;
        Ok(HopInbox { frames, tasks })
    }

    /// The next frame, after the tasks that are due before it comes.
    fn next(&self) -> Result<(Peer, Vec<u8>)> {
        let Some(tasks) = &self.tasks else {
            return self.frames.recv().or_else(|_| gone())?;
        };
        loop {
            tasks.run_due();
            match self.frames.recv_timeout(tasks.idle()) {
                Ok(frame) => return frame,
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return gone(),
            }
        }
    }
}

fn gone<T>() -> Result<T> {
    Err(Error::Closed { peer: None })
}

impl Tx for HopTx {
    type Rx = HopRx;

    fn send(&mut self, len: usize, fill: impl FnOnce(&mut [u8])) -> Result<()> {
        self.0.send(filled(len, fill)).or_else(|_| gone())
    }
}

impl Rx for HopRx {
    fn recv<R>(&mut self, read: impl FnOnce(&[u8]) -> R) -> Result<R> {
        self.0.recv().or_else(|_| gone())?.map(|frame| read(&frame))
    }

    fn try_recv<R>(&mut self, read: impl FnOnce(&[u8]) -> R) -> Result<Option<R>> {
        match self.0.try_recv() {
            Ok(frame) => frame.map(|frame| Some(read(&frame))),
            Err(crossbeam_channel::TryRecvError::Empty) => Ok(None),
            Err(crossbeam_channel::TryRecvError::Disconnected) => gone(),
        }
    }
}

impl Outbox for HopOutbox {
    fn send_to(&mut self, peer: Peer, len: usize, fill: impl FnOnce(&mut [u8])) -> Result<()> {
        self.hand_over(To::One(peer), filled(len, fill))
    }

    fn windows(&self) -> usize {
        self.windows
    }

    fn broadcast(&mut self, len: usize, fill: impl Fn(&mut [u8])) -> Result<()> {
        self.hand_over(To::All, filled(len, fill))
    }
}

impl Inbox for HopInbox {
    type Outbox = HopOutbox;

    fn recv<R>(&mut self, read: impl FnOnce(Peer, &[u8]) -> R) -> Result<R> {
        self.next().map(|(peer, frame)| read(peer, &frame))
    }
}
