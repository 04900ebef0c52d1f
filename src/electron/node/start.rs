//! How one begins: it gets its link, starts the threads that listen, and goes into its sandbox.

use super::{FrameSide, MAIN, NODE, Node};
use crate::electron::app::Renderers;
use crate::electron::error::Error;
use crate::electron::link::drain;
use crate::electron::port::Ports;
use crate::electron::post::{Incoming, Setup, Word};
use crate::electron::script::Scripts;
use crate::electron::table::Listeners;
use crate::electron::wire::Kind;
use crate::sys::control::Control;
use crate::sys::sandbox;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::mpsc::channel;

/// Lives as one, from the setup that comes over the control channel to the end. A process whose window is sandboxed is confined before
/// the preload runs.
///
/// # Errors
/// If it could not begin.
pub(in crate::electron) fn run(control: Control, scripts: &Scripts, place: Renderers) -> Result<(), Error> {
    let Ok(Word::Setup(setup)) = control.recv() else { return Err(Error::Gone) };
    let script = scripts.get(&setup.script)?;
    let Setup { wiring, frames, preferences, letter, .. } = *setup;
    let door = wiring.door()?;
    control.send(&Word::Here).map_err(Error::start)?;
    let (tx, rx) = door.connect(letter)?;
    let (queue, incoming) = channel();
    let io = queue.clone();
    let thread = |name: &str| std::thread::Builder::new().name(name.to_owned());
    let (keep, kept) = channel();
    let read = move || {
        // After a close nothing comes. The half is kept until the last word is said, or dropped now if that was before.
        let is_close = |frame: &[u8]| frame.first() == Some(&(Kind::Close as u8));
        let rx = drain(rx, |frame| !is_close(&frame) && io.send(Incoming::Frame(MAIN, frame)).is_ok());
        let _ = keep.send(rx);
        let _ = io.send(Incoming::Gone(MAIN)); // the loop may have ended
    };
    thread("io").spawn(read).map_err(Error::start)?;
    let (words, hears) = (queue.clone(), control.try_clone().map_err(Error::start)?);
    let overhear = move || {
        while let Ok(word) = hears.recv::<Word>() {
            if words.send(Incoming::Word(None, word)).is_err() {
                return;
            }
        }
    };
    thread("control").spawn(overhear).map_err(Error::start)?;
    let confined = preferences.sandbox && place == Renderers::Processes;
    if confined {
        sandbox::confine().map_err(Error::start)?; // its threads as well
    }
    let say = move |word| drop(control.send(&word));
    let node = Rc::new(Node {
        tx: RefCell::new((tx, Vec::new())),
        incoming,
        deferred: RefCell::default(),
        frames: (0..frames).map(|_| FrameSide::default()).collect(),
        preferences,
        context: Cell::new(0),
        next: Cell::new(0),
        calls: RefCell::default(),
        last_call: Cell::new(0),
        busy: Cell::new(false),
        closing: Cell::new(false),
        ports: Ports::new(wiring, confined, queue, say),
        parent: Listeners::default(),
    });
    NODE.set(Some(Rc::clone(&node)));
    node.live(script);
    NODE.take();
    drop((node, kept));
    Ok(())
}
