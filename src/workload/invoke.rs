//! `invoke`: a renderer asks, main answers with as many bytes.
//!
//! # Timing
//!
//! One outstanding invoke: `sample = (end of the k-th call − end of the one before the group) / k`, with k =
//! [`Phase::every`]; the end of one is the start of the next, so one clock reading serves each group. Several: each
//! sampled call is timed from before its send to after its reply has been read. `elapsed` runs from before the
//! first timed call to the end of the last, over all renderers.

use super::ledger::Ledger;
use super::stamp::{Direction, Pattern};
use super::tally::{Encoded, Tally, new_histogram};
use super::{Load, Phase};
use crate::transport::{Inbox, Result, Rx, Tx};
use hdrhistogram::Histogram;

/// The asking end.
pub fn renderer<T: Tx>(load: &Load, phase: &Phase, peer: usize, tx: &mut T, rx: &mut T::Rx) -> Result<Tally> {
    let up = Pattern::new(load.key, phase.number, peer, Direction::Up);
    let down = if load.echo { up } else { Pattern::new(load.key, phase.number, peer, Direction::Down) };
    let mut asker = Asker {
        load,
        phase,
        total: load.total(phase, peer),
        up,
        replies: Ledger::new(down, load.payload),
        latency: new_histogram(),
        first_ns: None,
    };
    let last_ns = if load.in_flight <= 1 { asker.one_by_one(tx, rx)? } else { asker.pipelined(tx, rx)? };
    let mut checks = asker.replies.close(asker.total);
    checks.sent += asker.total;
    Ok(Tally {
        checks,
        last_ns: asker.first_ns.map(|_| last_ns),
        first_ns: asker.first_ns,
        latency: Some(Encoded(asker.latency)),
        ..Tally::default()
    })
}

struct Asker<'a> {
    load: &'a Load,
    phase: &'a Phase,
    total: u64,
    up: Pattern,
    replies: Ledger,
    latency: Histogram<u64>,
    first_ns: Option<u64>,
}

impl Asker<'_> {
    fn one_by_one<T: Tx>(&mut self, tx: &mut T, rx: &mut T::Rx) -> Result<u64> {
        let Asker { load, phase, total, up, replies, latency, first_ns } = self;
        let (clock, len) = (load.clock, load.payload);
        let mut call = |sequence: u64| {
            tx.call(rx, len, |payload| up.fill(payload, sequence), |reply| replies.enter(reply)).map(drop)
        };
        for sequence in 0..phase.lead.min(*total) {
            call(sequence)?;
        }
        let mut begin = clock.now();
        let mut sequence = phase.lead;
        if sequence < *total {
            *first_ns = Some(begin);
        }
        while sequence < *total {
            let group = phase.every.min(*total - sequence);
            for _ in 0..group {
                call(sequence)?;
                sequence += 1;
            }
            let end = clock.now();
            latency.saturating_record(((end - begin) / group).max(1));
            begin = end;
        }
        Ok(begin)
    }

    fn pipelined<T: Tx>(&mut self, tx: &mut T, rx: &mut T::Rx) -> Result<u64> {
        let Asker { load, phase, total, up, replies, latency, first_ns } = self;
        let (clock, len) = (load.clock, load.payload);
        // When each outstanding call began; 0 where it is not sampled.
        let mut begun = vec![0; load.in_flight.next_power_of_two() as usize];
        let slot = |sequence: u64| sequence as usize & (load.in_flight.next_power_of_two() as usize - 1);
        let (mut sent, mut answered) = (0, 0);
        let mut take = |begun: &[u64], reply: &[u8], answered: &mut u64| {
            replies.enter(reply);
            let begin = begun[slot(*answered)];
            if begin != 0 {
                latency.saturating_record((clock.now() - begin).max(1));
            }
            *answered += 1;
        };
        while answered < *total {
            while sent < *total && sent - answered < load.in_flight {
                // Taken before each send: main is never left waiting for room while we wait for room ourselves.
                while answered < sent && rx.try_recv(|reply| take(&begun, reply, &mut answered))?.is_some() {}
                begun[slot(sent)] = if phase.samples(sent) { clock.now() } else { 0 };
                if sent == phase.lead {
                    *first_ns = Some(begun[slot(sent)]);
                }
                tx.send(len, |payload| up.fill(payload, sent))?;
                sent += 1;
            }
            if answered < sent {
                rx.recv(|reply| take(&begun, reply, &mut answered))?;
            }
        }
        Ok(clock.now())
    }
}

/// The answering end.
pub fn main<I: Inbox>(
    load: &Load,
    phase: &Phase,
    outbox: &mut I::Outbox,
    inbox: &mut I,
) -> Result<Vec<Tally>> {
    let pattern = |peer, direction| Pattern::new(load.key, phase.number, peer, direction);
    let mut requests: Vec<Ledger> =
        (0..load.windows).map(|peer| Ledger::new(pattern(peer, Direction::Up), load.payload)).collect();
    let replies: Vec<Pattern> = (0..load.windows).map(|peer| pattern(peer, Direction::Down)).collect();
    let calls = |peer| load.total(phase, peer);
    let total: u64 = (0..load.windows).map(calls).sum();
    for _ in 0..total {
        inbox.serve(
            outbox,
            |peer, request| (load.payload, (peer, requests[peer].enter(request))),
            |(peer, sequence), reply| replies[peer].fill(reply, sequence),
        )?;
    }
    // Requests are counted by their renderer; here only what was wrong with them.
    let tally = |(peer, ledger): (usize, Ledger)| {
        let checks = ledger.close(calls(peer));
        Tally { checks: super::ledger::Checks { received: 0, ..checks }, ..Tally::default() }
    };
    Ok(requests.into_iter().enumerate().map(tally).collect())
}
