//! `port`: renderers in pairs, the first of which asks and the other answers with as many bytes, as two pages do that have the
//! ends of a `MessageChannel`.
//!
//! Requests and replies are messages of their own: nobody waits for the one that answers while it sends. They pass main only
//! where that hands them on (`topology=brokered`).
//!
//! # Timing
//!
//! `latency = time after the reply has been read − time before the request was sent` (of a burst, its first request), of every k-th
//! request, k = [`Phase::every`]. `elapsed` runs from before the first timed request to after the last reply, over all pairs.

use super::invoke::Asker;
use super::ledger::Checks;
use super::patience::Patience;
use super::stamp::Direction;
use super::tally::Tally;
use super::{Load, Phase};
use crate::transport::{Inbox, Outbox, Peer, Result, Rx, Tx};

/// Whether a renderer is its pair's first.
pub fn asks(peer: Peer) -> bool {
    peer.is_multiple_of(2)
}

/// The other one of a renderer's pair.
pub fn partner(peer: Peer) -> Peer {
    peer ^ 1
}

/// The asking end.
pub(super) fn asker<T: Tx>(
    load: &Load,
    phase: &Phase,
    peer: Peer,
    tx: &mut T,
    rx: &mut T::Rx,
) -> Result<Tally> {
    let mut asker = Asker::new(load, phase, peer);
    let last_ns = asker.pipelined(tx, rx)?;
    Ok(asker.tally(last_ns))
}

/// The answering end.
pub(super) fn answerer<T: Tx>(
    load: &Load,
    phase: &Phase,
    peer: Peer,
    tx: &mut T,
    rx: &mut T::Rx,
) -> Result<Tally> {
    let asker = partner(peer);
    let mut requests = load.ledger(load.pattern(phase, asker, Direction::Up));
    let replies = load.pattern(phase, asker, Direction::Down);
    let total = load.total(phase, asker);
    let mut patience = Patience::default();
    while requests.passed() < total && !patience.is_over() {
        let Some(sequence) = patience.take(rx.recv(|request| requests.enter(request)))? else { continue };
        tx.send(load.payload, |payload| replies.fill(payload, sequence))?;
    }
    // What is missing is counted once, by the asker.
    let checks = requests.close(total);
    Ok(Tally { checks: Checks { received: 0, lost: 0, ..checks }, ..Tally::default() })
}

/// Main's part where it hands messages on: each to the other one of its sender's pair, unopened.
pub(super) fn broker<I: Inbox>(
    load: &Load,
    phase: &Phase,
    outbox: &mut I::Outbox,
    inbox: &mut I,
) -> Result<Vec<Tally>> {
    let mut left: u64 = (0..load.windows).map(|peer| 2 * load.total(phase, peer)).sum();
    let mut frame = Vec::with_capacity(load.payload);
    let mut patience = Patience::default();
    while left > 0 && !patience.is_over() {
        let came = inbox.recv(|peer, bytes| {
            frame.clear();
            frame.extend_from_slice(bytes);
            peer
        });
        let Some(peer) = patience.take(came)? else { continue };
        left -= 1;
        outbox.send_to(partner(peer), frame.len(), |bytes| bytes.copy_from_slice(&frame))?;
    }
    Ok(Vec::new()) // both ends count
}
