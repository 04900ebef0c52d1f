//! What goes on beside an `invoke` that is timed: renderers that take no part invoke main all the while, one call after the
//! other, with payloads of their own size. Main reads and checks them in the order in which they come, so that a timed call
//! waits behind them as a keystroke does behind an upload.
//!
//! Main answers each with one byte, which says whether to go on.

use super::ledger::{Checks, Ledger};
use super::stamp::Direction;
use super::tally::Tally;
use super::{Load, Phase};
use crate::transport::{Error, Peer, Result, Tx};

const GO_ON: u8 = b'g';
const STOP: u8 = b's';

impl Load {
    /// Whether a renderer takes no part but keeps main busy.
    #[inline]
    pub(super) fn is_background(&self, peer: Peer) -> bool {
        self.background > 0 && peer >= self.active
    }

    fn background_ledger(&self, phase: &Phase, peer: Peer) -> Ledger {
        let pattern = self.pattern(phase, peer, Direction::Up);
        let ledger = Ledger::new(pattern, self.background);
        if self.copy_out { ledger.of_copies() } else { ledger }
    }
}

/// The asking end: until main says stop.
pub(super) fn renderer<T: Tx>(
    load: &Load,
    phase: &Phase,
    peer: Peer,
    tx: &mut T,
    rx: &mut T::Rx,
) -> Result<Tally> {
    let pattern = load.pattern(phase, peer, Direction::Up);
    for sequence in 0.. {
        let fill = |payload: &mut [u8]| pattern.fill(payload, sequence);
        match tx.call(rx, load.background, fill, |reply| reply.first().copied())? {
            Some(GO_ON) => {}
            Some(STOP) => break,
            _ => return Err(Error::Corrupt("an answer to a call in the background")),
        }
    }
    Ok(Tally::default()) // none of them is counted
}

/// Main's books of all of them, and how many are still at it.
pub(super) struct Background {
    first: Peer,
    ledgers: Vec<Ledger>,
    left: usize,
}

impl Background {
    pub(super) fn new(load: &Load, phase: &Phase) -> Background {
        let peers = (0..load.windows).filter(|&peer| load.is_background(peer));
        let ledgers: Vec<Ledger> = peers.map(|peer| load.background_ledger(phase, peer)).collect();
        Background { first: load.active, left: ledgers.len(), ledgers }
    }

    /// Whether one of them is still at it.
    pub(super) fn is_on(&self) -> bool {
        self.left > 0
    }

    /// Enters a request; answers what to say.
    pub(super) fn take(&mut self, peer: Peer, request: &[u8], stop: bool) -> u8 {
        self.ledgers[peer - self.first].enter(request);
        if stop {
            self.left -= 1;
            STOP
        } else {
            GO_ON
        }
    }

    /// Whether all was well.
    pub(super) fn close(self) -> Result<()> {
        let close = |ledger: Ledger| {
            let passed = ledger.passed();
            ledger.close(passed)
        };
        let checks = self.ledgers.into_iter().map(close).fold(Checks::default(), Checks::plus);
        if checks.clean() { Ok(()) } else { Err(Error::Corrupt("a call in the background")) }
    }
}
