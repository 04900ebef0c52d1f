//! `send`: renderers send, main reads.
//!
//! # Timing
//!
//! `latency = time after main has read the message − time before the renderer began to send it` (of a burst, its first message),
//! of every k-th message, k = [`Phase::every`]. `elapsed` runs from before the first timed send of any renderer to after the last read.

use super::credit::{self, Reports};
use super::ledger::{Checks, Ledger};
use super::patience::Patience;
use super::stamp::Direction;
use super::tally::{Stamps, Tally};
use super::{Load, Phase};
use crate::transport::{Inbox, Outbox, Result, Rx, Tx};

/// The sending end.
pub fn renderer<T: Tx>(load: &Load, phase: &Phase, peer: usize, tx: &mut T, rx: &mut T::Rx) -> Result<Tally> {
    let pattern = load.pattern(phase, peer, Direction::Up);
    let share = load.share(phase, peer);
    let total = load.total(phase, peer);
    let mut window = load.window();
    let mut begin = load.begin(peer);
    let mut stamps = Stamps::with_room_for(share);
    let mut checks = Checks { sent: total, ..Checks::default() };
    let mut first_ns = None;
    let mut patience = Patience::default();
    for sequence in 0..total {
        while window.is_full(sequence) {
            tx.flush()?;
            match patience.take(rx.recv(|frame| window.take(frame, sequence)))? {
                Some(right) => checks.corrupt += u64::from(!right),
                None => window.forgive(sequence),
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
            tx.send(load.payload, fill)?;
        } else {
            tx.post(load.payload, fill)?;
        }
    }
    tx.flush()?;
    while !window.is_settled(total) && !patience.is_over() {
        let right = patience.take(rx.recv(|frame| window.take(frame, total)))?;
        checks.corrupt += u64::from(right == Some(false));
    }
    Ok(Tally { checks, first_ns, stamps, lag: begin.lag(), ..Tally::default() })
}

/// The reading end.
pub fn main<I: Inbox>(
    load: &Load,
    phase: &Phase,
    outbox: &mut I::Outbox,
    inbox: &mut I,
) -> Result<Vec<Tally>> {
    struct Link {
        ledger: Ledger,
        reports: Reports,
        stamps: Stamps,
        total: u64,
    }
    let mut links: Vec<Link> = (0..load.windows)
        .map(|peer| {
            let share = load.share(phase, peer);
            let total = load.total(phase, peer);
            Link {
                ledger: load.ledger(load.pattern(phase, peer, Direction::Up)),
                reports: load.reports(total),
                stamps: Stamps::with_room_for(share),
                total,
            }
        })
        .collect();
    let mut left: u64 = links.iter().map(|link| link.total).sum();
    let mut last_ns = 0;
    let mut patience = Patience::default();
    while left > 0 && !patience.is_over() {
        let came = inbox.recv(|peer, frame| {
            let ledger = &mut links[peer].ledger;
            let before = ledger.passed();
            (peer, ledger.enter(frame), ledger.passed() - before)
        });
        let Some((peer, sequence, passed)) = patience.take(came)? else {
            last_ns = patience.silent_since(load.clock.now()).max(last_ns);
            continue;
        };
        left = left.saturating_sub(passed);
        let link = &mut links[peer];
        let sampled = phase.samples(sequence);
        if sampled || left == 0 {
            last_ns = load.clock.now();
            if sampled {
                link.stamps.put(phase.place(sequence), last_ns);
            }
        }
        let read = link.ledger.passed();
        if link.reports.due(read) {
            outbox.send_to(peer, credit::LEN, |frame| credit::write(frame, read))?;
        }
    }
    let tally = |link: Link| {
        let checks = link.ledger.close(link.total);
        Tally { checks, last_ns: Some(last_ns), stamps: link.stamps, ..Tally::default() }
    };
    Ok(links.into_iter().map(tally).collect())
}
