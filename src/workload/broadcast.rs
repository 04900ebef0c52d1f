//! `broadcast`: main sends the same message to every renderer; each reads it as it reads a
//! [`push`](super::push::renderer).
//!
//! # Timing
//!
//! `latency = time after the last window has read the message − time before main began to send it` (of a burst, its first message),
//! of every k-th message, k = [`Phase::every`]. `elapsed` runs from before main's first timed broadcast to after the last read of
//! any window. A message counts once, whatever the number of windows.

use super::ledger::Checks;
use super::patience::Patience;
use super::push::take_report;
use super::stamp::Direction;
use super::tally::{Stamps, Tally};
use super::{Load, Phase};
use crate::transport::{Inbox, Outbox, Result};

/// The sending end.
pub fn main<I: Inbox>(
    load: &Load,
    phase: &Phase,
    outbox: &mut I::Outbox,
    inbox: &mut I,
) -> Result<Vec<Tally>> {
    let total = phase.lead + phase.messages;
    let pattern = load.pattern(phase, 0, Direction::Down);
    let mut windows = vec![load.window(); load.windows];
    let mut begin = load.begin(0);
    let mut sent = vec![0; load.windows];
    let mut tallies: Vec<Tally> = (0..load.windows)
        .map(|_| Tally { checks: Checks { sent: total, ..Checks::default() }, ..Tally::default() })
        .collect();
    let mut stamps = Stamps::with_room_for(phase.messages);
    let mut first_ns = None;
    let mut patience = Patience::default();
    for sequence in 0..total {
        while windows.iter().any(|window| window.is_full(sequence)) {
            outbox.flush()?;
            let came = take_report(inbox, &mut windows, &sent, &mut tallies);
            if patience.take(came)?.is_none() {
                windows.iter_mut().filter(|w| w.is_full(sequence)).for_each(|w| w.forgive(sequence));
            }
        }
        if patience.is_over() {
            break;
        }
        begin.wait();
        if let Some(begun) = begin.next(phase.samples(sequence)) {
            first_ns.get_or_insert(begun);
            stamps.push(begun);
        }
        let fill = |payload: &mut [u8]| pattern.fill(payload, sequence);
        if load.completes_batch(sequence) {
            outbox.broadcast(load.payload, fill)?;
        } else {
            outbox.post_broadcast(load.payload, fill)?;
        }
        sent.fill(sequence + 1);
    }
    outbox.flush()?;
    while windows.iter().any(|window| !window.is_settled(total)) && !patience.is_over() {
        patience.take(take_report(inbox, &mut windows, &sent, &mut tallies))?;
    }
    tallies[0].stamps = stamps;
    tallies[0].first_ns = first_ns;
    tallies[0].lag = begin.lag();
    Ok(tallies)
}
