//! `invoke`: a renderer asks, main answers with as many bytes.
//!
//! # Timing
//!
//! One outstanding invoke: `sample = (end of the k-th call − end of the one before the group) / k`, with k =
//! [`Phase::every`]; the end of one is the start of the next, so one clock reading serves each group. Several: each
//! sampled call is timed from before its send to after its reply has been read. A call whose reply is lost has no latency,
//! nor has its group. `elapsed` runs from before the
//! first timed call to the end of the last, over all renderers. In bursts each call of one is timed from before the first
//! of them is sent.

use super::arrivals::Begin;
use super::background::Background;
use super::ledger::{Checks, Ledger};
use super::patience::Patience;
use super::stamp::{Direction, Pattern};
use super::tally::{Encoded, Tally, new_histogram};
use super::{Load, Phase};
use crate::transport::{Inbox, Peer, Result, Rx, Tx};
use hdrhistogram::Histogram;

/// The asking end.
pub fn renderer<T: Tx>(load: &Load, phase: &Phase, peer: usize, tx: &mut T, rx: &mut T::Rx) -> Result<Tally> {
    let mut asker = Asker::new(load, phase, peer);
    let last_ns = if load.under_way() <= 1 { asker.one_by_one(tx, rx)? } else { asker.pipelined(tx, rx)? };
    Ok(asker.tally(last_ns))
}

/// Who asks, whoever answers.
pub(super) struct Asker<'a> {
    load: &'a Load,
    phase: &'a Phase,
    total: u64,
    up: Pattern,
    replies: Ledger,
    latency: Histogram<u64>,
    begin: Begin,
    first_ns: Option<u64>,
}

impl<'a> Asker<'a> {
    pub(super) fn new(load: &'a Load, phase: &'a Phase, peer: usize) -> Asker<'a> {
        let up = load.pattern(phase, peer, Direction::Up);
        let down = if load.echo { up } else { load.pattern(phase, peer, Direction::Down) };
        Asker {
            load,
            phase,
            total: load.total(phase, peer),
            up,
            replies: load.ledger(down),
            latency: new_histogram(),
            begin: load.begin(peer),
            first_ns: None,
        }
    }

    /// What it brings home, if the last reply was read at `last_ns`.
    pub(super) fn tally(self, last_ns: u64) -> Tally {
        let mut checks = self.replies.close(self.total);
        checks.sent += self.total;
        Tally {
            checks,
            last_ns: self.first_ns.map(|_| last_ns),
            first_ns: self.first_ns,
            latency: Some(Encoded(self.latency)),
            lag: self.begin.lag(),
            ..Tally::default()
        }
    }

    fn one_by_one<T: Tx>(&mut self, tx: &mut T, rx: &mut T::Rx) -> Result<u64> {
        let Asker { load, phase, total, up, replies, latency, first_ns, .. } = self;
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

    /// Requests and replies as messages of their own, as many under way as the load allows.
    pub(super) fn pipelined<T: Tx>(&mut self, tx: &mut T, rx: &mut T::Rx) -> Result<u64> {
        let Asker { load, phase, total, up, replies, latency, begin, first_ns } = self;
        let (clock, len) = (load.clock, load.payload);
        // When each outstanding call began; 0 where it is not sampled.
        let slots = load.under_way().next_power_of_two() as usize;
        let mut begun = vec![0; slots];
        let slot = |sequence: u64| sequence as usize & (slots - 1);
        let burst = load.arrivals.burst();
        // No burst begins before all of the one before it is done.
        let (mut sent, mut until) = (0, if burst > 1 { 0 } else { *total });
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
            if replies.passed() >= until {
                until = (sent + burst).min(*total);
            }
            while sent < until && sent - replies.passed() < load.under_way() {
                // Taken before each send: main is never left waiting for room while we wait for room ourselves.
                while replies.passed() < sent && rx.try_recv(|reply| take(&begun, replies, reply))?.is_some()
                {
                }
                if !begin.is_due() {
                    continue;
                }
                let moment = begin.next(phase.samples(sent));
                begun[slot(sent)] = moment.unwrap_or(0);
                if sent == phase.lead {
                    *first_ns = moment;
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

/// What main answers.
enum Answer {
    /// To a renderer that takes part: the reply to its request of that number.
    Payload(Peer, u64),
    /// To one in the background.
    Word(u8),
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
        (0..load.windows).map(|peer| load.ledger(pattern(peer, Direction::Up))).collect();
    let replies: Vec<Pattern> = (0..load.windows).map(|peer| pattern(peer, Direction::Down)).collect();
    let calls = |peer| load.total(phase, peer);
    let mut left: u64 = (0..load.windows).map(calls).sum();
    let mut patience = Patience::default();
    let mut background = Background::new(load, phase);
    while (left > 0 || background.is_on()) && !patience.is_over() {
        let served = inbox.serve(
            outbox,
            |peer, request| {
                if load.is_background(peer) {
                    return (1, Answer::Word(background.take(peer, request, left == 0)));
                }
                let ledger = &mut requests[peer];
                let before = ledger.passed();
                let sequence = ledger.enter(request);
                left = left.saturating_sub(ledger.passed() - before);
                (load.payload, Answer::Payload(peer, sequence))
            },
            |answer, reply| match answer {
                Answer::Payload(peer, sequence) => {
                    load.handicap();
                    replies[peer].fill(reply, sequence);
                }
                Answer::Word(word) => reply.fill(word),
            },
        );
        patience.take(served)?;
    }
    background.close()?;
    // Requests are counted by their renderer, and a lost one by the reply that it misses; here only what else was wrong.
    let tally = |(peer, ledger): (usize, Ledger)| {
        let checks = ledger.close(calls(peer));
        Tally { checks: Checks { received: 0, lost: 0, ..checks }, ..Tally::default() }
    };
    Ok(requests.into_iter().enumerate().map(tally).collect())
}
