//! A link whose memory is changed while nobody uses it: one thread has both ends in its hands, so that what is tried is the same for the
//! same seed.

use super::attack::{any_value, any_word};
use crate::sys::sabotage::SharedMemory;
use crate::transport::{
    Error, Inbox, Outbox, Result, Rx, Spec, Transport, Tx, Use, Wait, WaitKind, dispatch,
};
use std::sync::atomic::Ordering;
use std::time::Duration;

/// Largest frame.
const MAX: usize = 4096;
/// Rounds for which a link is used, whatever becomes of it: as many as fit into a ring without an end telling the other what it has
/// read. What a hostile end says of that is spoilt here, and who waits for room would wait for ever, in the one thread there is.
const ROUNDS: usize = 48;
/// Most frames that main takes from the hostile link until it has seen an honest one.
const TURNS: usize = 10_000;

/// What came of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AtRest {
    /// Words that were changed.
    pub changes: u64,
    /// Links that ended by it.
    pub ended: u64,
    /// Frames that came over the hostile link all the same.
    pub frames: u64,
}

/// Changes one word after the other of a hostile link's memory, has main look, and an honest link used, until `goes_on` says no.
///
/// # Errors
/// What should not have been, in words.
///
/// # Panics
/// If main reads what is not there: that is what is looked for.
pub fn at_rest(
    transport: &str,
    seed: u64,
    goes_on: impl FnMut(u64) -> bool,
) -> std::result::Result<AtRest, String> {
    let siege = Siege { rng: fastrand::Rng::with_seed(seed), goes_on, done: AtRest::default() };
    dispatch(transport, WaitKind::Block, siege).ok_or("unknown transport")?.map_err(|error| error.to_string())
}

struct Siege<G> {
    rng: fastrand::Rng,
    goes_on: G,
    done: AtRest,
}

/// How a link fared.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Link {
    Lives,
    Ended,
}

impl Link {
    fn and(self, other: Link) -> Link {
        if self == Link::Lives { other } else { self }
    }
}

impl<G: FnMut(u64) -> bool> Use for Siege<G> {
    type Output = std::result::Result<AtRest, Box<dyn std::error::Error>>;

    fn with<T: Transport, W: Wait>(mut self) -> Self::Output {
        while (self.goes_on)(self.done.changes) {
            let spec = Spec { windows: 2, max_frame: MAX, spin: Duration::ZERO, nt_from: usize::MAX };
            let (bound, mut addresses) = T::bind(&spec)?;
            let honest = addresses.pop().ok_or("no address")?;
            let before = SharedMemory::addresses()?;
            let hostile = T::connect::<W>(addresses.pop().ok_or("no address")?)?;
            let memory = SharedMemory::since(&before)?;
            let honest = T::connect::<W>(honest)?;
            let (outbox, inbox) = T::accept::<W>(bound)?;
            self.besiege(&memory, hostile, honest, outbox, inbox)?;
        }
        Ok(self.done)
    }
}

impl<G: FnMut(u64) -> bool> Siege<G> {
    /// Until the hostile link ends, or it has been enough.
    fn besiege<X: Tx, I: Inbox>(
        &mut self,
        memory: &SharedMemory,
        (mut tx, mut rx): (X, X::Rx),
        (mut honest_tx, mut honest_rx): (X, X::Rx),
        mut outbox: I::Outbox,
        mut inbox: I,
    ) -> std::result::Result<(), Box<dyn std::error::Error>> {
        let mut link = Link::Lives;
        for _ in 0..ROUNDS {
            if link == Link::Ended || !(self.goes_on)(self.done.changes) {
                break;
            }
            let rng = &mut self.rng;
            // Something is there to be spoilt. What the hostile end cannot send, because it has spoilt its own words, is its own harm.
            let lens = [0, 8, 56, 57, 1000, MAX];
            let sent = tx.send(lens[rng.usize(..lens.len())], |bytes| bytes.fill(3));
            for _ in 0..rng.usize(1..4) {
                if let Some(word) = any_word(memory, rng.u8(..4) > 0, rng) {
                    word.store(any_value(word.load(Ordering::Relaxed), rng), Ordering::Relaxed); // one thread
                    self.done.changes += 1;
                }
            }
            honest_tx.send(MAX, |bytes| bytes.fill(1))?;
            link = self.serve(&mut inbox)?;
            link = link.and(self.send(&mut outbox)?);
            if honest_rx.recv(|bytes| bytes != [2; MAX])? {
                return Err("an honest window read what main had not sent".into());
            }
            // Room for what main sends next: whoever does not read makes others wait, which is another attack.
            let drained = loop {
                match rx.try_recv(<[u8]>::len) {
                    Ok(Some(_)) => {}
                    outcome => break outcome.is_ok(),
                }
            };
            if sent.is_err() || !drained {
                link = Link::Ended;
            }
        }
        self.done.ended += u64::from(link == Link::Ended);
        Ok(())
    }

    /// Main sends to both, in one of two ways.
    fn send<O: Outbox>(&mut self, outbox: &mut O) -> std::result::Result<Link, Box<dyn std::error::Error>> {
        let sent = if self.rng.bool() {
            outbox.broadcast(MAX, |bytes| bytes.fill(2))
        } else {
            let sent = outbox.send_to(0, MAX, |bytes| bytes.fill(4));
            outbox.send_to(1, MAX, |bytes| bytes.fill(2))?;
            sent
        };
        match sent {
            Ok(()) => Ok(Link::Lives),
            Err(Error::Broken { peer: 0, .. } | Error::Closed { peer: Some(0) }) => Ok(Link::Ended),
            Err(error) => Err(error.into()),
        }
    }

    /// Main receives until the honest window's frame is there.
    fn serve<I: Inbox>(&mut self, inbox: &mut I) -> std::result::Result<Link, Box<dyn std::error::Error>> {
        let mut link = Link::Lives;
        for _ in 0..TURNS {
            let came: Result<(usize, bool)> =
                inbox.recv(|peer, bytes| (peer, bytes.len() <= MAX && (peer == 0 || bytes == [1; MAX])));
            match came {
                Ok((_, false)) => {
                    return Err("a frame that is longer than may be, or not what was sent".into());
                }
                Ok((1, true)) => return Ok(link),
                Ok(_) => self.done.frames += 1,
                Err(Error::Broken { peer: 0, .. } | Error::Closed { peer: Some(0) }) => link = Link::Ended,
                Err(error) => return Err(error.into()),
            }
        }
        Err(format!("{TURNS} frames of the hostile window before one of another").into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_stands_in_a_link_ends_that_link_at_most() {
        for transport in ["shm", "shm-memfd", "mmap-file", "eventfd", "mojo-like"] {
            let done = at_rest(transport, 5, |changes| changes < 5_000).unwrap();
            assert!(done.ended > 0 && done.frames > 10, "{transport}: {done:?}");
        }
    }
}
