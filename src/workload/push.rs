//! `push`: main sends to its renderers in turn, each reads.
//!
//! # Timing
//!
//! `latency = time after the renderer has read the message − time before main began to send it` (of a burst, its first message to
//! that renderer), of every k-th message of a link, k = [`Phase::every`]. `elapsed` runs from before main's first timed send to after the last read.

use super::arrivals::Begin;
use super::credit::{self, Window};
use super::ledger::Checks;
use super::patience::Patience;
use super::stamp::{Direction, Pattern};
use super::tally::{Stamps, Tally};
use super::{Load, Phase, Workload};
use crate::transport::{Inbox, Outbox, Result, Rx, Tx};

/// The sending end.
pub fn main<I: Inbox>(
    load: &Load,
    phase: &Phase,
    outbox: &mut I::Outbox,
    inbox: &mut I,
) -> Result<Vec<Tally>> {
    let totals: Vec<u64> = (0..load.windows).map(|peer| load.total(phase, peer)).collect();
    let patterns: Vec<Pattern> =
        (0..load.windows).map(|peer| load.pattern(phase, peer, Direction::Down)).collect();
    let mut windows = vec![load.window(); load.windows];
    let mut begin: Vec<Begin> = (0..load.windows).map(|peer| load.begin(peer)).collect();
    let mut sent = vec![0; load.windows];
    let mut tallies: Vec<Tally> = totals
        .iter()
        .map(|&total| {
            let checks = Checks { sent: total, ..Checks::default() };
            Tally { checks, stamps: Stamps::with_room_for(total), ..Tally::default() }
        })
        .collect();
    let most = totals.iter().copied().max().unwrap_or(0);
    let mut patience = Patience::default();
    for sequence in 0..most {
        // The first links carry one message more if the number does not divide.
        for peer in (0..load.windows).take_while(|&peer| sequence < totals[peer]) {
            while windows[peer].is_full(sequence) {
                outbox.flush()?;
                let came = take_report(inbox, &mut windows, &sent, &mut tallies);
                if patience.take(came)?.is_none() {
                    windows[peer].forgive(sequence);
                }
            }
            begin[peer].wait();
            if let Some(begun) = begin[peer].next(phase.samples(sequence)) {
                tallies[peer].first_ns.get_or_insert(begun);
                tallies[peer].stamps.push(begun);
            }
            let fill = |payload: &mut [u8]| patterns[peer].fill(payload, sequence);
            if load.completes_batch(sequence) {
                outbox.send_to(peer, load.payload, fill)?;
            } else {
                outbox.post_to(peer, load.payload, fill)?;
            }
            sent[peer] = sequence + 1;
        }
        if patience.is_over() {
            break;
        }
    }
    outbox.flush()?;
    let settled = |windows: &[Window]| (0..load.windows).all(|peer| windows[peer].is_settled(totals[peer]));
    while !settled(&windows) && !patience.is_over() {
        patience.take(take_report(inbox, &mut windows, &sent, &mut tallies))?;
    }
    for (tally, begin) in tallies.iter_mut().zip(begin) {
        tally.lag = begin.lag();
    }
    Ok(tallies)
}

/// Waits for a report from whichever renderer has one.
pub(super) fn take_report<I: Inbox>(
    inbox: &mut I,
    windows: &mut [Window],
    sent: &[u64],
    tallies: &mut [Tally],
) -> Result<()> {
    inbox.recv(|peer, frame| {
        let right = windows[peer].take(frame, sent[peer]);
        tallies[peer].checks.corrupt += u64::from(!right);
    })
}

/// The reading end; a broadcast is read in the same way.
pub fn renderer<T: Tx>(load: &Load, phase: &Phase, peer: usize, tx: &mut T, rx: &mut T::Rx) -> Result<Tally> {
    let share = load.share(phase, peer);
    let total = load.total(phase, peer);
    // All windows read the same broadcast.
    let link = if load.workload == Workload::Broadcast { 0 } else { peer };
    let pattern = load.pattern(phase, link, Direction::Down);
    let mut ledger = load.ledger(pattern);
    let mut reports = load.reports(total);
    let mut stamps = Stamps::with_room_for(share);
    let mut last_ns = None;
    let mut patience = Patience::default();
    while ledger.passed() < total && !patience.is_over() {
        let Some(sequence) = patience.take(rx.recv(|frame| ledger.enter(frame)))? else {
            last_ns = last_ns.max(Some(patience.silent_since(load.clock.now())));
            continue;
        };
        let (sampled, read) = (phase.samples(sequence), ledger.passed());
        if sampled || read == total {
            let now = load.clock.now();
            last_ns = Some(now);
            if sampled {
                stamps.put(phase.place(sequence), now);
            }
        }
        if reports.due(read) {
            tx.send(credit::LEN, |frame| credit::write(frame, read))?;
        }
    }
    Ok(Tally { checks: ledger.close(total), last_ns, stamps, ..Tally::default() })
}
