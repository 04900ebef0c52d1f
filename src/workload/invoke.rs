//! `invoke`: a renderer asks, main answers with as many bytes.
//!
//! # Timing
//!
//! One outstanding invoke: `sample = (end of the k-th call − end of the one before the group) / k`, with k =
//! [`Phase::every`]; the end of one is the start of the next, so one clock reading serves each group. Several: each
//! sampled call is timed from before its send to after its reply has been read. A call whose reply is lost has no latency,
//! nor has its group. `elapsed` runs from before the
//! first timed call to the end of the last, over all renderers.

use super::ledger::{Checks, Ledger};
use super::patience::Patience;
use super::stamp::{Direction, Pattern};
use super::tally::{Encoded, Tally, new_histogram};
use super::{Load, Phase};
use crate::transport::{Inbox, Result, Rx, Tx};
use hdrhistogram::Histogram;

/// The asking end.
pub fn renderer<T: Tx>(load: &Load, phase: &Phase, peer: usize, tx: &mut T, rx: &mut T::Rx) -> Result<Tally> {
    let up = load.pattern(phase, peer, Direction::Up);
    let down = if load.echo { up } else { load.pattern(phase, peer, Direction::Down) };
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
        let mut patience = Patience::default();
        // Answers whether the reply came.
        let mut call = |sequence: u64, patience: &mut Patience| -> Result<bool> {
            let fill = |payload: &mut [u8]| up.fill(payload, sequence);
            let mut came = tx.call(rx, len, fill, |reply| replies.enter(reply));
            loop {
                match patience.take(came)? {
                    Some(_) if replies.passed() > sequence => return Ok(true),
                    // A reply to an earlier call, which was given up.
                    Some(_) => came = rx.recv(|reply| replies.enter(reply)),
                    None => {
                        replies.give_up(sequence + 1);
                        return Ok(false);
                    }
                }
            }
        };
        for sequence in 0..phase.lead.min(*total) {
            if !patience.is_over() {
                call(sequence, &mut patience)?;
            }
        }
        let mut begin = clock.now();
        let mut sequence = phase.lead;
        if sequence < *total {
            *first_ns = Some(begin);
        }
        while sequence < *total && !patience.is_over() {
            let group = phase.every.min(*total - sequence);
            let mut whole = true;
            for _ in 0..group {
                whole &= call(sequence, &mut patience)?;
                sequence += 1;
                if patience.is_over() {
                    break;
                }
            }
            let end = clock.now();
            if whole {
                latency.saturating_record(((end - begin) / group).max(1));
            }
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
        let mut sent = 0;
        let mut take = |begun: &[u64], replies: &mut Ledger, reply: &[u8]| {
            let before = replies.passed();
            let sequence = replies.enter(reply);
            let begin = begun[slot(sequence)];
            if begin != 0 && replies.passed() > before {
                latency.saturating_record((clock.now() - begin).max(1));
            }
        };
        let mut patience = Patience::default();
        while replies.passed() < *total && !patience.is_over() {
            while sent < *total && sent - replies.passed() < load.in_flight {
                // Taken before each send: main is never left waiting for room while we wait for room ourselves.
                while replies.passed() < sent && rx.try_recv(|reply| take(&begun, replies, reply))?.is_some()
                {
                }
                begun[slot(sent)] = if phase.samples(sent) { clock.now() } else { 0 };
                if sent == phase.lead {
                    *first_ns = Some(begun[slot(sent)]);
                }
                tx.send(len, |payload| up.fill(payload, sent))?;
                sent += 1;
            }
            if replies.passed() < sent {
                let came = rx.recv(|reply| take(&begun, replies, reply));
                if patience.take(came)?.is_none() {
                    replies.give_up(sent);
                }
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
    let pattern = |peer, direction| load.pattern(phase, peer, direction);
    let mut requests: Vec<Ledger> =
        (0..load.windows).map(|peer| Ledger::new(pattern(peer, Direction::Up), load.payload)).collect();
    let replies: Vec<Pattern> = (0..load.windows).map(|peer| pattern(peer, Direction::Down)).collect();
    let calls = |peer| load.total(phase, peer);
    let mut left: u64 = (0..load.windows).map(calls).sum();
    let mut patience = Patience::default();
    while left > 0 && !patience.is_over() {
        let served = inbox.serve(
            outbox,
            |peer, request| {
                let ledger = &mut requests[peer];
                let before = ledger.passed();
                let sequence = ledger.enter(request);
                left = left.saturating_sub(ledger.passed() - before);
                (load.payload, (peer, sequence))
            },
            |(peer, sequence), reply| replies[peer].fill(reply, sequence),
        );
        patience.take(served)?;
    }
    // Requests are counted by their renderer, and a lost one by the reply that it misses; here only what else was wrong.
    let tally = |(peer, ledger): (usize, Ledger)| {
        let checks = ledger.close(calls(peer));
        Tally { checks: Checks { received: 0, lost: 0, ..checks }, ..Tally::default() }
    };
    Ok(requests.into_iter().enumerate().map(tally).collect())
}
