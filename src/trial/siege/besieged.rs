//! Main's halves with a hostile renderer among the others.

use crate::sys::clock::Clock;
use crate::sys::process::{Process, readable};
use crate::sys::signal::Interrupt;
use crate::transport::{Error, Inbox, Outbox, Peer, Result};
use std::io;
use std::os::fd::AsFd;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// How long main waits for the hostile renderer to take what it is sent, and how often that is looked at. A broadcast may wait for an honest one
/// as well: then the hostile one is ended for no reason of its own.
const PATIENCE: Duration = Duration::from_millis(30);
const TICK: Duration = Duration::from_millis(5);

/// What main has seen of the hostile renderer.
#[derive(Clone, Debug, Default)]
pub(in crate::trial) struct Witness(Arc<Mutex<Option<String>>>);

impl Witness {
    /// Why its link ended, if it did.
    pub(in crate::trial) fn ended(&self) -> Option<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn end(&self, why: String) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(why); // what comes after it follows from it
    }
}

/// An inbox that serves the hostile renderer by itself, and shows the others alone.
#[derive(Debug)]
pub(in crate::trial) struct Besieged<I> {
    inbox: I,
    max_frame: usize,
    siege: Arc<Besieger>,
    /// Its frames, by their bytes, so that all of them are looked at.
    sum: u64,
}

/// The outbox beside it. The hostile renderer gets what all get.
#[derive(Debug)]
pub(in crate::trial) struct BesiegedOutbox<O> {
    outbox: O,
    siege: Arc<Besieger>,
}

/// What both know of the hostile renderer.
#[derive(Debug)]
struct Besieger {
    peer: Peer,
    witness: Witness,
    /// When main, which is one thread, began to send to it; 0 while it does not.
    since: AtomicU64,
}

/// Whose turn it was.
enum Turn<R> {
    Honest(R),
    Hostile,
}

/// Around these halves. The hostile process is ended when it lets main wait for too long.
pub(in crate::trial) fn besiege<I: Inbox>(
    outbox: I::Outbox,
    inbox: I,
    hostile: Peer,
    process: Process,
    max_frame: usize,
    witness: Witness,
) -> io::Result<(BesiegedOutbox<I::Outbox>, Besieged<I>)> {
    let siege = Arc::new(Besieger { peer: hostile, witness, since: AtomicU64::new(0) });
    let (looked_at, never) = (Arc::clone(&siege), Interrupt::never()?);
    std::thread::Builder::new().name("besieged-patience".to_owned()).spawn(move || {
        while !readable(never.as_fd(), TICK) {
            let since = looked_at.since.load(Ordering::Relaxed); // a time alone
            if since != 0 && Clock::system().now().saturating_sub(since) > PATIENCE.as_nanos() as u64 {
                process.kill();
                return;
            }
        }
    })?;
    let outbox = BesiegedOutbox { outbox, siege: Arc::clone(&siege) };
    Ok((outbox, Besieged { inbox, max_frame, siege, sum: 0 }))
}

impl Besieger {
    /// Whether an error is the hostile renderer's end.
    fn is_its_end(&self, error: &Error) -> bool {
        let of = match error {
            Error::Broken { peer, .. } => Some(*peer),
            Error::Closed { peer } => *peer,
            _ => None,
        };
        if of != Some(self.peer) {
            return false;
        }
        self.witness.end(error.to_string());
        true
    }

    fn begin(&self) {
        self.since.store(Clock::system().now(), Ordering::Relaxed); // a time alone
    }

    fn end(&self) {
        self.since.store(0, Ordering::Relaxed); // a time alone
    }
}

impl<O: Outbox> Outbox for BesiegedOutbox<O> {
    fn send_to(&mut self, peer: Peer, len: usize, fill: impl FnOnce(&mut [u8])) -> Result<()> {
        self.outbox.send_to(peer, len, fill)
    }

    fn broadcast(&mut self, len: usize, fill: impl Fn(&mut [u8])) -> Result<()> {
        self.siege.begin();
        let sent = self.outbox.broadcast(len, fill);
        self.siege.end();
        match sent {
            Err(error) if self.siege.is_its_end(&error) => Ok(()),
            sent => sent,
        }
    }

    fn windows(&self) -> usize {
        self.outbox.windows() - 1
    }
}

impl<I: Inbox> Inbox for Besieged<I> {
    type Outbox = BesiegedOutbox<I::Outbox>;

    fn recv<R>(&mut self, read: impl FnOnce(Peer, &[u8]) -> R) -> Result<R> {
        let mut read = Some(read);
        loop {
            let Besieged { inbox, max_frame, siege, sum } = self;
            let turn = inbox.recv(|peer, frame| match read.take_if(|_| peer != siege.peer) {
                Some(read) => Turn::Honest(read(peer, frame)),
                None => {
                    look_at(frame, *max_frame, sum);
                    Turn::Hostile
                }
            });
            match turn {
                Ok(Turn::Honest(result)) => return Ok(result),
                Ok(Turn::Hostile) => {}
                Err(error) if self.siege.is_its_end(&error) => {}
                Err(error) => return Err(error),
            }
        }
    }

    fn serve<S>(
        &mut self,
        outbox: &mut BesiegedOutbox<I::Outbox>,
        read: impl FnOnce(Peer, &[u8]) -> (usize, S),
        reply: impl FnOnce(S, &mut [u8]),
    ) -> Result<()> {
        let (mut read, mut reply) = (Some(read), Some(reply));
        loop {
            let Besieged { inbox, max_frame, siege, sum } = self;
            let mut honest = false;
            let served = inbox.serve(
                &mut outbox.outbox,
                |peer, frame| match read.take_if(|_| peer != siege.peer) {
                    Some(read) => {
                        honest = true;
                        let (len, state) = read(peer, frame);
                        (len, Some(state))
                    }
                    None => {
                        look_at(frame, *max_frame, sum);
                        siege.begin();
                        (frame.len(), None)
                    }
                },
                |state, bytes| match state.and_then(|state| Some((reply.take()?, state))) {
                    Some((reply, state)) => reply(state, bytes),
                    None => bytes.fill(6),
                },
            );
            self.siege.end();
            match served {
                Ok(()) if honest => return Ok(()),
                Ok(()) => {}
                Err(error) if self.siege.is_its_end(&error) => {}
                Err(error) => return Err(error),
            }
        }
    }
}

/// Reads all of a frame, whatever it is; one that is longer than any may be would have been handed over by a faulty transport.
fn look_at(frame: &[u8], max_frame: usize, sum: &mut u64) {
    assert!(frame.len() <= max_frame, "a frame of {} bytes, at most {max_frame} fit", frame.len());
    *sum = frame.iter().fold(*sum, |sum, byte| sum.wrapping_add(u64::from(*byte)));
}
