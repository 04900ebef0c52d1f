//! Main's halves with a memory: which frame is the next on each link, in each direction.

use super::Outcome;
use super::door::{AnyInbox, AnyOutbox, Fill};
use super::frames::{Lens, check, check_later, down, fill, up};
use ipcmark::transport::{Error, Peer};

/// Main's sending half.
pub(super) struct Out {
    end: Box<dyn AnyOutbox>,
    sent: Vec<u64>,
}

impl Out {
    pub(super) fn new(end: Box<dyn AnyOutbox>) -> Self {
        let sent = vec![0; end.windows()];
        Out { end, sent }
    }

    /// Sends the next frame of one link.
    pub(super) fn send(&mut self, peer: Peer, lens: &Lens) -> Result<(), Error> {
        let sequence = self.sent[peer];
        self.send_as(peer, sequence, lens)?;
        self.sent[peer] += 1;
        Ok(())
    }

    /// Sends frame `sequence` on one link.
    pub(super) fn send_as(&mut self, peer: Peer, sequence: u64, lens: &Lens) -> Result<(), Error> {
        let len = lens.at(sequence);
        self.end.send_to(peer, len, &fill(down(), len, sequence))
    }

    /// Sends the next frame of all links, which have had equally many; so they have afterwards, whatever the outcome.
    pub(super) fn broadcast(&mut self, lens: &Lens) -> Result<(), Error> {
        let sequence = self.sent.iter().copied().max().unwrap_or(0);
        self.sent.fill(sequence + 1);
        self.broadcast_as(sequence, lens)
    }

    /// Sends frame `sequence` on all links.
    pub(super) fn broadcast_as(&mut self, sequence: u64, lens: &Lens) -> Result<(), Error> {
        let len = lens.at(sequence);
        self.end.broadcast(len, &fill(down(), len, sequence))
    }

    /// Posts frame `sequence` on one link or, without one, on all.
    pub(super) fn post_as(&mut self, peer: Option<Peer>, sequence: u64, lens: &Lens) -> Result<(), Error> {
        let len = lens.at(sequence);
        let fill = fill(down(), len, sequence);
        match peer {
            Some(peer) => self.end.post_to(peer, len, &fill),
            None => self.end.post_broadcast(len, &fill),
        }
    }

    /// Hands over what was posted.
    pub(super) fn flush(&mut self) -> Result<(), Error> {
        self.end.flush()
    }

    /// Is refused a frame of `len` bytes, in every way of sending.
    pub(super) fn refused(&mut self, len: usize, max: usize) -> Outcome {
        let fill: Fill<'_> = &|_| panic!("`fill` was called for a frame that is too long");
        let outcomes = [
            self.end.send_to(0, len, fill),
            self.end.broadcast(len, fill),
            self.end.post_to(0, len, fill),
            self.end.post_broadcast(len, fill),
        ];
        for outcome in outcomes {
            let refused = matches!(outcome, Err(Error::TooLarge { len: l, max: m }) if (l, m) == (len, max));
            ensure!(refused, "TooLarge expected for {len} bytes of at most {max}, not {outcome:?}");
        }
        Ok(())
    }

    /// Sends to one that is gone until that is noticed; waits for nobody.
    pub(super) fn until_closed(&mut self, peer: Peer) -> Outcome {
        for _ in 0..16_384 {
            match self.send_as(peer, 0, &Lens::Fixed(4096)) {
                Ok(()) => {}
                Err(Error::Closed { peer: Some(named) }) if named == peer => return Ok(()),
                Err(other) => return Err(format!("renderer {peer} closed expected, not {other:?}").into()),
            }
        }
        Err(format!("renderer {peer} is gone, and yet it takes every frame").into())
    }
}

/// What came to main.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Came {
    /// The right frame of one link.
    Frame(Peer),
    /// Word of an end.
    Closed(Option<Peer>),
}

/// Main's receiving half.
pub(super) struct In {
    end: Box<dyn AnyInbox>,
    received: Vec<u64>,
}

impl In {
    pub(super) fn new(end: Box<dyn AnyInbox>, windows: usize) -> Self {
        In { end, received: vec![0; windows] }
    }

    /// How many frames came on each link.
    pub(super) fn received(&self) -> &[u64] {
        &self.received
    }

    /// Receives the next frame of whichever link.
    pub(super) fn recv(&mut self, lens: &Lens) -> Outcome<Came> {
        let received = &mut self.received;
        let mut frame = Err("`read` was never called".to_owned());
        let outcome = self.end.recv(&mut |peer, bytes| {
            let Some(&sequence) = received.get(peer) else {
                frame = Err(format!("there is no renderer {peer}"));
                return;
            };
            frame = check(up(peer), bytes, lens.at(sequence), sequence).map(|()| peer);
            received[peer] += 1;
        });
        came(outcome, frame)
    }

    /// Receives what comes, each link's frames in order, until all have gone; answers how many came on each.
    pub(super) fn drain_some(&mut self, lens: &Lens) -> Outcome<Vec<u64>> {
        let (mut next, mut came) = (vec![0; self.received.len()], vec![0; self.received.len()]);
        let mut open = came.len();
        while open > 0 {
            let mut frame = Err("`read` was never called".to_owned());
            let outcome = self.end.recv(&mut |peer, bytes| {
                frame = check_later(up(peer), bytes, lens, next[peer]).map(|sequence| (peer, sequence));
            });
            match outcome {
                Ok(()) => {
                    let (peer, sequence) = frame?;
                    (next[peer], came[peer]) = (sequence + 1, came[peer] + 1);
                }
                Err(Error::Closed { .. }) => open -= 1,
                Err(other) => return Err(other.into()),
            }
        }
        Ok(came)
    }

    /// Answers the next call of whichever link.
    fn serve(&mut self, out: &mut Out, lens: &Lens) -> Outcome<Came> {
        let (received, Out { end, sent }) = (&mut self.received, out);
        let mut request = Err("`read` was never called".to_owned());
        let outcome = self.end.serve(&mut **end, &mut |peer, bytes| {
            let sequence = received[peer];
            request = check(up(peer), bytes, lens.at(sequence), sequence).map(|()| peer);
            received[peer] += 1;
            sent[peer] += 1;
            let len = lens.reply(sequence);
            (len, Box::new(fill(down(), len, sent[peer] - 1)))
        });
        came(outcome, request)
    }

    /// Receives so many frames, and no end.
    pub(super) fn expect(&mut self, count: u64, lens: &Lens) -> Outcome {
        for number in 0..count {
            let came = self.recv(lens)?;
            ensure!(matches!(came, Came::Frame(_)), "{came:?} instead of frame {number} of {count}");
        }
        Ok(())
    }

    /// Answers so many calls, and sees no end.
    pub(super) fn serve_all(&mut self, out: &mut Out, count: u64, lens: &Lens) -> Outcome {
        for number in 0..count {
            let came = self.serve(out, lens)?;
            ensure!(matches!(came, Came::Frame(_)), "{came:?} instead of call {number} of {count}");
        }
        Ok(())
    }

    /// Receives until the end of every link in `open` has been reported: once each, and after its last frame.
    pub(super) fn drain(&mut self, open: &[Peer], lens: &Lens) -> Outcome {
        let mut open = open.to_vec();
        while !open.is_empty() {
            match self.recv(lens)? {
                Came::Frame(peer) => {
                    ensure!(open.contains(&peer), "renderer {peer} closed, and then a frame came from it");
                }
                Came::Closed(Some(peer)) => {
                    ensure!(open.contains(&peer), "the end of renderer {peer} is reported again");
                    open.retain(|&other| other != peer);
                }
                Came::Closed(None) => {
                    return Err(format!("all are gone, but {open:?} were not reported").into());
                }
            }
        }
        Ok(())
    }

    /// Finds nobody left, again and again.
    pub(super) fn alone(&mut self) -> Outcome {
        for _ in 0..3 {
            let came = self.recv(&Lens::Fixed(0))?;
            ensure!(matches!(came, Came::Closed(_)), "all are gone, and then {came:?}");
        }
        Ok(())
    }
}

fn came(outcome: Result<(), Error>, frame: Result<Peer, String>) -> Outcome<Came> {
    match outcome {
        Ok(()) => Ok(Came::Frame(frame?)),
        Err(Error::Closed { peer }) => Ok(Came::Closed(peer)),
        Err(other) => Err(other.into()),
    }
}
