//! Main's end of a hub: the way out, which replies from other threads share, and the threads that listen.

use super::error::Error;
use super::link::{AnyInbox, AnyOutbox, HubEnd};
use super::post::{Incoming, LinkId, Word};
use super::wire::{self, Header};
use crate::codec::Value;
use crate::sys::control::{Control, wait_for_any};
use crate::transport::{Error as LinkError, Peer};
use std::collections::BTreeSet;
use std::io::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::thread::Builder;

/// Where lines go that Electron prints to main's console.
pub(super) type Log = Arc<dyn Fn(&str) + Send + Sync>;

/// To standard error.
pub(super) fn console() -> Log {
    Arc::new(|line| {
        let _ = writeln!(std::io::stderr(), "{line}"); // where nobody reads it, nobody is to be told
    })
}

/// Main's way out: a queue without bound, as that of Chromium's IO thread, which writes what is in it. Whoever sends never waits for
/// a renderer that does not read, and handlers may answer from any thread.
pub(super) struct Out {
    frames: Sender<(Peer, Vec<u8>)>,
    /// The longest frame that the link carries.
    max_frame: usize,
    /// A bit for each renderer that was gone when something was written to it.
    gone: Arc<AtomicU64>,
    pub(super) log: Log,
}

impl Out {
    fn new(mut outbox: Box<dyn AnyOutbox>, max_frame: usize, log: Log) -> Result<Arc<Out>, Error> {
        let (frames, waiting) = channel::<(Peer, Vec<u8>)>();
        let gone = Arc::new(AtomicU64::new(0));
        let known = gone.clone();
        let write = move || {
            for (peer, frame) in waiting {
                if outbox.send_to(peer, &frame).is_err() {
                    known.fetch_or(1 << peer, Ordering::Relaxed); // a hint: who sends on is told sooner or later
                }
            }
        };
        thread("io-write").spawn(write).map_err(Error::start)?;
        Ok(Arc::new(Out { frames, max_frame, gone, log }))
    }

    /// Sends what `write` puts into the buffer.
    pub(super) fn send(
        &self,
        peer: Peer,
        write: impl FnOnce(&mut Vec<u8>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let mut frame = Vec::new();
        write(&mut frame)?;
        let (len, max) = (frame.len(), self.max_frame);
        if len > max {
            return Err(LinkError::TooLarge { len, max }.into());
        }
        if self.gone.load(Ordering::Relaxed) & 1 << peer != 0 {
            return Err(Error::Gone);
        }
        self.frames.send((peer, frame)).map_err(|_| Error::Gone)
    }

    /// Sends a header with a value.
    pub(super) fn send_value(&self, peer: Peer, header: Header<'_>, value: &Value) -> Result<(), Error> {
        self.send(peer, |buffer| wire::write(buffer, header, &[], value))
    }
}

/// What is to be heard of a hub's links goes into main's queue, read by two threads however many links there are; a third one
/// writes.
pub(super) fn listen(
    hub: u32,
    (outbox, inbox): HubEnd,
    max_frame: usize,
    controls: Vec<Control>,
    queue: &Sender<Incoming>,
    log: Log,
) -> Result<Arc<Out>, Error> {
    let (frames, words, peers) = (queue.clone(), queue.clone(), controls.len());
    let told = log.clone();
    thread("io").spawn(move || pump(hub, inbox, peers, &frames, &told)).map_err(Error::start)?;
    thread("control").spawn(move || overhear(hub, controls, &words)).map_err(Error::start)?;
    Out::new(outbox, max_frame, log)
}

fn thread(name: &str) -> Builder {
    Builder::new().name(name.to_owned())
}

/// Chromium's IO thread. The copy that a frame gets here is private before anybody looks at it: a renderer could go on writing to
/// shared memory.
fn pump(hub: u32, mut inbox: Box<dyn AnyInbox>, peers: usize, queue: &Sender<Incoming>, log: &Log) {
    let mut live: BTreeSet<Peer> = (0..peers).collect();
    while !live.is_empty() {
        let mut frame = None;
        let told = match inbox.recv(&mut |peer, bytes| frame = Some((peer, bytes.to_vec()))) {
            Ok(()) => frame.map(|(peer, bytes)| Incoming::Frame(LinkId { hub, peer }, bytes)),
            Err(LinkError::Overdue) => None,
            Err(LinkError::Closed { peer: Some(peer) }) => {
                live.remove(&peer);
                Some(Incoming::Gone(LinkId { hub, peer }))
            }
            Err(LinkError::Closed { peer: None }) => break,
            Err(error) => {
                log(&format!("The links of hub {hub} end: {error}"));
                break;
            }
        };
        if told.is_some_and(|told| queue.send(told).is_err()) {
            return;
        }
    }
    for peer in live {
        let _ = queue.send(Incoming::Gone(LinkId { hub, peer }));
    }
}

/// Hears what renderers say of their ports. That one of them is gone is the link's to tell.
fn overhear(hub: u32, controls: Vec<Control>, queue: &Sender<Incoming>) {
    let mut controls: Vec<(Peer, Control)> = controls.into_iter().enumerate().collect();
    while !controls.is_empty() {
        let Ok(ready) = wait_for_any(controls.iter().map(|(_, control)| control)) else { return };
        // From the last one on, so that places before it stay.
        for index in ready.into_iter().rev() {
            let (peer, control) = &controls[index];
            match control.recv::<Word>() {
                Ok(word) => {
                    if queue.send(Incoming::Word(Some(LinkId { hub, peer: *peer }), word)).is_err() {
                        return;
                    }
                }
                Err(_) => drop(controls.remove(index)),
            }
        }
    }
}
