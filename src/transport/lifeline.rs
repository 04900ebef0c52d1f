//! How an end learns that its peer has gone, where the link itself does not tell: a pair of sockets beside it.
//!
//! No byte needs to pass. The kernel closes a process's socket with the process, an end closes its own with the last of its
//! halves, and either way the other one hangs up. By then everything that the peer had sent is in the link.

use super::watch::Watch;
use super::{Error, Result};
use crate::sys::fd::Descriptor;
use rustix::net::{AddressFamily, SocketFlags, SocketType, socketpair};
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Main's socket, and a renderer's as part of its address.
pub(super) fn lifeline() -> Result<(OwnedFd, Descriptor)> {
    let (ours, theirs) = socketpair(AddressFamily::UNIX, SocketType::STREAM, SocketFlags::CLOEXEC, None)
        .map_err(Error::os("making a pair of Unix sockets"))?;
    Ok((ours, Descriptor(theirs)))
}

/// One peer, as both halves of an end see it. Our own socket is closed with the last clone.
#[derive(Clone, Debug)]
pub(super) struct Lifeline {
    gone: Arc<AtomicBool>,
    _watch: Arc<Watch>,
}

impl Lifeline {
    /// Holds one lifeline for each peer, in order. When one has gone, its [`is_gone`](Self::is_gone) says so, and then `wake`
    /// is called with its number: whoever waits for that peer must look again.
    pub(super) fn hold(ends: Vec<OwnedFd>, wake: impl Fn(usize) + Send + 'static) -> Result<Vec<Lifeline>> {
        let gone: Vec<Arc<AtomicBool>> = ends.iter().map(|_| Arc::default()).collect();
        let flags = gone.clone();
        let watch = Arc::new(Watch::over(ends.into_iter().enumerate().collect(), move |peer| {
            flags[peer].store(true, Ordering::Release); // SYNC: the Acquire load in is_gone
            wake(peer);
        })?);
        Ok(gone.into_iter().map(|gone| Lifeline { gone, _watch: Arc::clone(&watch) }).collect())
    }

    /// Whether the peer has gone. What it sent before can be received.
    #[inline]
    pub(super) fn is_gone(&self) -> bool {
        self.gone.load(Ordering::Acquire) // SYNC: the Release stores in hold and end
    }

    /// The link itself has told that the peer has gone, perhaps before the lifeline does.
    pub(super) fn end(&self) {
        self.gone.store(true, Ordering::Release); // SYNC: the Acquire load in is_gone
    }
}
