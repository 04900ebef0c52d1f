//! Main's receiving half over one descriptor a link: reads the one link directly, or waits for whichever of several is readable,
//! and serves them in turns.

use super::fd_wait::{FdWait, Readiness};
use super::{Error, Peer, Result};
use std::collections::VecDeque;
use std::os::fd::AsFd;

/// What reads one link.
pub(super) trait Source: AsFd {
    /// What it knows of a frame that is all here.
    type Found;

    /// The frame at the front, if all of it is here.
    fn complete(&mut self) -> Result<Option<Self::Found>>;

    /// Reads what there is, waiting if `wait` says so. Answers whether anything came.
    fn fill(&mut self, wait: bool, peer: Option<Peer>) -> Result<bool>;
}

/// All links of a hub.
#[derive(Debug)]
pub(super) struct Round<S> {
    /// `None` once a peer's end has been reported.
    links: Vec<Option<S>>,
    /// Only with several links: one is waited for by reading.
    readiness: Option<Readiness>,
    /// Links that may have frames, in the order of their turns.
    turns: VecDeque<Peer>,
}

impl<S: Source> Round<S> {
    pub(super) fn new(links: Vec<S>, wait: FdWait) -> Result<Round<S>> {
        let readiness = if links.len() > 1 { Some(Readiness::new(wait)?) } else { None };
        for (peer, link) in links.iter().enumerate() {
            if let Some(readiness) = &readiness {
                readiness.add(link, peer)?;
            }
        }
        Ok(Round { links: links.into_iter().map(Some).collect(), readiness, turns: VecDeque::new() })
    }

    /// Waits for a frame, and has `take` take it from its link. A link that breaks the protocol is reported once and is
    /// not read again; the others go on.
    #[inline]
    pub(super) fn recv<R>(&mut self, take: impl FnOnce(Peer, &mut S, S::Found) -> Result<R>) -> Result<R> {
        let (peer, found) = self.next()?;
        let link = self.links[peer].as_mut().ok_or(Error::Closed { peer: Some(peer) })?;
        let result = take(peer, link, found).map_err(|error| self.end(peer, error))?;
        if self.turns.len() > 1 {
            self.turns.rotate_left(1); // the others' turn
        }
        Ok(result)
    }

    /// The next link with a complete frame, and what is known of the frame.
    #[inline]
    fn next(&mut self) -> Result<(Peer, S::Found)> {
        loop {
            let Some(&peer) = self.turns.front() else {
                self.wait()?;
                continue;
            };
            if let Some(link) = &mut self.links[peer] {
                let found = link.complete().map_err(|error| self.end(peer, error))?;
                if let Some(found) = found {
                    return Ok((peer, found));
                }
            }
            self.turns.pop_front();
        }
    }

    /// Reads at least once from at least one link, and gives those links their turns.
    fn wait(&mut self) -> Result<()> {
        let Some(readiness) = &self.readiness else {
            let link = self.links[0].as_mut().ok_or(Error::Closed { peer: Some(0) })?;
            link.fill(true, Some(0)).map_err(|error| error.of(0))?;
            self.turns.push_back(0);
            return Ok(());
        };
        if self.links.iter().all(Option::is_none) {
            return Err(Error::Closed { peer: None });
        }
        let first = self.turns.len();
        readiness.wait(&mut self.turns)?;
        for turn in first..self.turns.len() {
            let peer = self.turns[turn];
            let Some(link) = &mut self.links[peer] else { continue };
            // Readable now, so this does not wait even where the descriptor would; where the sender could have taken it back, the
            // descriptor does not either.
            match link.fill(true, Some(peer)) {
                Err(Error::Overdue) => {} // it was an error of the socket that made it readable
                outcome => drop(outcome.map_err(|error| self.end(peer, error))?),
            }
        }
        Ok(())
    }

    /// Stops reading a link, for this reason.
    #[cold]
    fn end(&mut self, peer: Peer, reason: Error) -> Error {
        if let (Some(link), Some(readiness)) = (self.links[peer].take(), &self.readiness) {
            readiness.remove(&link);
        }
        reason.of(peer)
    }
}
