//! What can go wrong on a link.

use super::{OVERDUE, Peer};
use crate::ring::spsc::Corrupt;
use crate::sys::advice::explained;
use std::io;

/// What the fallible operations of a transport answer.
pub type Result<T> = std::result::Result<T, Error>;

/// What can go wrong on a link.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The other end is gone: it died, or dropped its halves.
    #[error("{}", closed(*peer))]
    Closed {
        /// Which renderer, where main is the one that noticed; `None` if main is gone.
        peer: Option<Peer>,
    },
    /// The frame is longer than the link carries; nothing was sent.
    #[error("a frame of {len} bytes, at most {max} fit")]
    TooLarge {
        /// Bytes asked for.
        len: usize,
        /// Bytes that fit.
        max: usize,
    },
    /// Nothing came for [`OVERDUE`] on a link that may lose frames. Waiting may go on.
    #[error("nothing came for {OVERDUE:?} on a link that may lose frames")]
    Overdue,
    /// The peer wrote what the protocol does not allow.
    #[error("the peer broke the protocol: {0}")]
    Corrupt(&'static str),
    /// A renderer did, and its link has ended; the others go on.
    #[error("renderer {peer} broke the protocol: {what}")]
    Broken {
        /// Which renderer.
        peer: Peer,
        /// What was not allowed.
        what: &'static str,
    },
    /// The operating system refused.
    #[error("{doing}: {}", explained(source))]
    Os {
        /// What was being done.
        doing: &'static str,
        /// What the system said.
        source: io::Error,
    },
}

fn closed(peer: Option<Peer>) -> String {
    match peer {
        Some(peer) => format!("renderer {peer} closed its link"),
        None => "main closed the link".to_owned(),
    }
}

impl Error {
    /// Says which renderer it was, where a hub knows.
    pub(crate) fn of(self, peer: Peer) -> Error {
        match self {
            Error::Corrupt(what) => Error::Broken { peer, what },
            other => other,
        }
    }

    /// For `map_err`: names what was being done.
    pub(crate) fn os<E: Into<io::Error>>(doing: &'static str) -> impl Fn(E) -> Error {
        move |source| Error::Os { doing, source: source.into() }
    }
}

impl From<Corrupt> for Error {
    fn from(Corrupt(field): Corrupt) -> Error {
        Error::Corrupt(field)
    }
}
