//! How an end learns that its peer has gone, where the link itself does not tell: a pair of sockets beside it.
//!
//! No byte needs to pass. The kernel closes a process's socket with the process, an end closes its own with the last of its
//! halves, and either way the other one hangs up. By then everything that the peer had sent is in the link.

use super::watch::Watch;
use super::{Error, Result};
use crate::sys::fd::Descriptor;
use crate::sys::socket::plain_pair;
use rustix::net::{Shutdown, SocketType, shutdown};
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Main's socket, and a renderer's as part of its address.
pub(super) fn lifeline() -> Result<(OwnedFd, Descriptor)> {
    let (ours, theirs) =
        plain_pair(SocketType::STREAM).map_err(Error::os("making a pair of Unix sockets"))?;
    Ok((ours, Descriptor(theirs)))
}

/// What a renderer writes to its lifeline once it has connected.
const HELLO: &[u8] = b"!";

/// Says on a renderer's lifeline that it has connected.
pub(super) fn greet(line: &Descriptor) -> Result<()> {
    rustix::io::retry_on_intr(|| rustix::io::write(&line.0, HELLO)).map_err(Error::os("greeting main"))?;
    Ok(())
}

/// Waits until every renderer has connected or ended; its lifeline tells which. Not yet timed: the socket is enough, whatever the
/// links' own wait.
pub(super) fn await_all(lines: &[OwnedFd]) -> Result<()> {
    for line in lines {
        rustix::io::retry_on_intr(|| rustix::io::read(line, &mut [0; HELLO.len()]))
            .map_err(Error::os("waiting for a renderer"))?;
    }
    Ok(())
}

/// One peer, as both halves of an end see it. Our own socket is closed with the last clone.
#[derive(Clone, Debug)]
pub(super) struct Lifeline {
    gone: Arc<AtomicBool>,
    /// Whether we ended it ourselves.
    cut: Arc<AtomicBool>,
    socket: Arc<OwnedFd>,
    _watch: Arc<Watch>,
}

impl Lifeline {
    /// Holds one lifeline for each peer, in order. When one has gone, its [`is_gone`](Self::is_gone) says so, and then `wake`
    /// is called with its number: whoever waits for that peer must look again.
    pub(super) fn hold(ends: Vec<OwnedFd>, wake: impl Fn(usize) + Send + 'static) -> Result<Vec<Lifeline>> {
        let gone: Vec<Arc<AtomicBool>> = ends.iter().map(|_| Arc::default()).collect();
        let flags = gone.clone();
        let ends: Vec<Arc<OwnedFd>> = ends.into_iter().map(Arc::new).collect();
        let watch = Arc::new(Watch::over(ends.iter().cloned().enumerate().collect(), move |peer| {
            flags[peer].store(true, Ordering::Release); // SYNC: the Acquire load in is_gone
            wake(peer);
        })?);
        let both = gone.into_iter().zip(ends);
        Ok(both
            .map(|(gone, socket)| Lifeline { gone, cut: Arc::default(), socket, _watch: Arc::clone(&watch) })
            .collect())
    }

    /// Whether the peer has gone. What it sent before can be received.
    #[inline]
    pub(super) fn is_gone(&self) -> bool {
        self.gone.load(Ordering::Acquire) // SYNC: the Release stores in hold and end
    }

    /// Ends a link whose peer broke the protocol: for both ends the other one has gone, and both are woken.
    #[cold]
    pub(super) fn cut(&self) {
        self.cut.store(true, Ordering::Relaxed); // nothing is read after it: there is nothing to order
        self.end();
        // It fails only if the other end has gone already.
        let _ = shutdown(&*self.socket, Shutdown::Both);
    }

    /// Whether [`cut`](Self::cut) has ended it: nothing that comes over the link is looked at any more.
    #[inline]
    pub(super) fn is_cut(&self) -> bool {
        self.cut.load(Ordering::Relaxed) // as in cut
    }

    /// The link itself has told that the peer has gone, perhaps before the lifeline does.
    pub(super) fn end(&self) {
        self.gone.store(true, Ordering::Release); // SYNC: the Acquire load in is_gone
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transport::{Block, Inbox, Outbox, Spec, Transport, Tx};
    use std::time::Duration;

    /// Its address is dropped, as the kernel does when its process ends.
    fn ends_before_it_connects<T: Transport>() {
        let spec = Spec { windows: 2, max_frame: 4096, spin: Duration::ZERO, nt_from: usize::MAX };
        let (bound, mut addresses) = T::bind(&spec).unwrap();
        let (mut tx, _rx) = T::connect::<Block>(addresses.remove(1)).unwrap();
        drop(addresses);
        let (mut outbox, mut inbox) = T::accept::<Block>(bound).unwrap();
        let outcome = inbox.recv(|_, _| ());
        assert!(matches!(outcome, Err(Error::Closed { peer: Some(0) })), "{}: {outcome:?}", T::NAME);
        let outcome = outbox.send_to(0, 9, |bytes| bytes.fill(1));
        assert!(matches!(outcome, Err(Error::Closed { peer: Some(0) })), "{}: {outcome:?}", T::NAME);
        tx.send(9, |bytes| bytes.fill(2)).unwrap();
        inbox.recv(|peer, bytes| assert_eq!((peer, bytes), (1, &[2; 9][..]), "{}", T::NAME)).unwrap();
    }

    #[test]
    fn who_ends_before_it_connects_loses_its_link_alone() {
        ends_before_it_connects::<crate::transport::shm::Shm>();
        ends_before_it_connects::<crate::transport::shm_memfd::ShmMemfd>();
        ends_before_it_connects::<crate::transport::mmap_file::MmapFile>();
        ends_before_it_connects::<crate::transport::eventfd::Eventfd>();
        ends_before_it_connects::<crate::transport::mojo_like::MojoLike>();
    }
}
