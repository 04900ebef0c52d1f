//! Faults on purpose: a sending half that does to one frame what no transport may, to see that the checks of the harness find it.

use crate::sys::process::readable;
use crate::sys::signal::Interrupt;
use crate::transport::{Inbox, Outbox, Peer, Result, Tx};
use serde::{Deserialize, Serialize};
use std::os::fd::AsFd;
use std::time::Duration;

/// What is done to a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fault {
    /// It is never sent.
    Drop,
    /// It is sent twice.
    Double,
    /// It is sent after the one that follows it.
    Swap,
    /// One bit in its middle is turned over.
    Flip,
    /// It comes so late that everybody has given up.
    Stall,
}

impl Fault {
    /// All of them.
    pub const ALL: [Fault; 5] = [Fault::Drop, Fault::Double, Fault::Swap, Fault::Flip, Fault::Stall];
}

/// The frame that it happens to, from 1: others have passed well before.
const UNLUCKY: u64 = 100;
/// Longer than a session that looks for faults waits for anything.
const LATE: Duration = Duration::from_secs(30);

/// One fault on one link.
struct Once {
    fault: Fault,
    sent: u64,
    /// A frame that waits for its follower.
    held: Option<Vec<u8>>,
}

impl Once {
    fn new(fault: Fault) -> Once {
        Once { fault, sent: 0, held: None }
    }

    fn send(
        &mut self,
        len: usize,
        fill: impl FnOnce(&mut [u8]),
        mut pass: impl FnMut(&[u8]) -> Result<()>,
    ) -> Result<()> {
        let mut frame = vec![0; len];
        fill(&mut frame);
        self.sent += 1;
        if self.sent != UNLUCKY {
            pass(&frame)?;
            return match self.held.take() {
                Some(held) => pass(&held),
                None => Ok(()),
            };
        }
        match self.fault {
            Fault::Drop => Ok(()),
            Fault::Double => pass(&frame).and_then(|()| pass(&frame)),
            Fault::Swap => {
                self.held = Some(frame);
                Ok(())
            }
            Fault::Flip => {
                frame[len / 2] ^= 1;
                pass(&frame)
            }
            Fault::Stall => {
                if let Ok(never) = Interrupt::never() {
                    readable(never.as_fd(), LATE);
                }
                pass(&frame)
            }
        }
    }
}

/// A renderer's sending half that errs once.
pub struct FaultyTx<X> {
    tx: X,
    once: Once,
}

impl<X: Tx> FaultyTx<X> {
    /// Around a half that does not err.
    pub fn new(tx: X, fault: Fault) -> FaultyTx<X> {
        FaultyTx { tx, once: Once::new(fault) }
    }
}

impl<X: Tx> Tx for FaultyTx<X> {
    type Rx = X::Rx;

    fn send(&mut self, len: usize, fill: impl FnOnce(&mut [u8])) -> Result<()> {
        let FaultyTx { tx, once } = self;
        once.send(len, fill, |frame| tx.send(frame.len(), |bytes| bytes.copy_from_slice(frame)))
    }

    fn flush(&mut self) -> Result<()> {
        self.tx.flush()
    }
}

/// Main's sending half, which errs once: to the first window, also with a broadcast, which goes to one after the other.
pub struct FaultyOutbox<O> {
    outbox: O,
    once: Once,
}

impl<O: Outbox> FaultyOutbox<O> {
    /// Around a half that does not err.
    pub fn new(outbox: O, fault: Fault) -> FaultyOutbox<O> {
        FaultyOutbox { outbox, once: Once::new(fault) }
    }
}

impl<O: Outbox> Outbox for FaultyOutbox<O> {
    fn send_to(&mut self, peer: Peer, len: usize, fill: impl FnOnce(&mut [u8])) -> Result<()> {
        let FaultyOutbox { outbox, once } = self;
        if peer > 0 {
            return outbox.send_to(peer, len, fill);
        }
        once.send(len, fill, |frame| outbox.send_to(peer, frame.len(), |bytes| bytes.copy_from_slice(frame)))
    }

    fn flush(&mut self) -> Result<()> {
        self.outbox.flush()
    }

    fn windows(&self) -> usize {
        self.outbox.windows()
    }
}

/// Main's receiving half beside a [`FaultyOutbox`]; it does not err.
pub struct BesideFaulty<I>(pub I);

impl<I: Inbox> Inbox for BesideFaulty<I> {
    type Outbox = FaultyOutbox<I::Outbox>;

    fn recv<R>(&mut self, read: impl FnOnce(Peer, &[u8]) -> R) -> Result<R> {
        self.0.recv(read)
    }
}
