//! Faults on purpose: a renderer's sending half that does to one frame what no transport may, to see that the checks of the harness find it.

use crate::sys::process::readable;
use crate::sys::signal::Interrupt;
use crate::transport::{Result, Tx};
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

/// A sending half that errs once.
pub struct FaultyTx<X> {
    tx: X,
    fault: Fault,
    sent: u64,
    /// A frame that waits for its follower.
    held: Option<Vec<u8>>,
}

impl<X: Tx> FaultyTx<X> {
    /// Around a half that does not err.
    pub fn new(tx: X, fault: Fault) -> FaultyTx<X> {
        FaultyTx { tx, fault, sent: 0, held: None }
    }

    fn pass(&mut self, frame: &[u8]) -> Result<()> {
        self.tx.send(frame.len(), |bytes| bytes.copy_from_slice(frame))
    }
}

impl<X: Tx> Tx for FaultyTx<X> {
    type Rx = X::Rx;

    fn send(&mut self, len: usize, fill: impl FnOnce(&mut [u8])) -> Result<()> {
        let mut frame = vec![0; len];
        fill(&mut frame);
        self.sent += 1;
        if self.sent != UNLUCKY {
            self.pass(&frame)?;
            return match self.held.take() {
                Some(held) => self.pass(&held),
                None => Ok(()),
            };
        }
        match self.fault {
            Fault::Drop => Ok(()),
            Fault::Double => self.pass(&frame).and_then(|()| self.pass(&frame)),
            Fault::Swap => {
                self.held = Some(frame);
                Ok(())
            }
            Fault::Flip => {
                frame[len / 2] ^= 1;
                self.pass(&frame)
            }
            Fault::Stall => {
                if let Ok(never) = Interrupt::never() {
                    readable(never.as_fd(), LATE);
                }
                self.pass(&frame)
            }
        }
    }

    fn flush(&mut self) -> Result<()> {
        self.tx.flush()
    }
}
