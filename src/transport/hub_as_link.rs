//! A hub with one renderer, seen as a link: what one of two equals has whose other one connected to it.

use super::{Error, Inbox, Outbox, Result, Rx, Tx};
use std::io::ErrorKind;

/// Its sending half.
#[derive(Debug)]
pub struct HubTx<I: Inbox>(pub I::Outbox);

/// Its receiving half.
#[derive(Debug)]
pub struct HubRx<I>(pub I);

impl<I: Inbox> Tx for HubTx<I> {
    type Rx = HubRx<I>;

    #[inline]
    fn send(&mut self, len: usize, fill: impl FnOnce(&mut [u8])) -> Result<()> {
        self.0.send_to(0, len, fill)
    }

    #[inline]
    fn post(&mut self, len: usize, fill: impl FnOnce(&mut [u8])) -> Result<()> {
        self.0.post_to(0, len, fill)
    }

    #[inline]
    fn flush(&mut self) -> Result<()> {
        self.0.flush()
    }
}

impl<I: Inbox> Rx for HubRx<I> {
    #[inline]
    fn recv<R>(&mut self, read: impl FnOnce(&[u8]) -> R) -> Result<R> {
        self.0.recv(|_, frame| read(frame))
    }

    /// Fails: a hub waits for whoever comes, and has no way to look and go on. Who only answers needs none.
    fn try_recv<R>(&mut self, _: impl FnOnce(&[u8]) -> R) -> Result<Option<R>> {
        Err(Error::os("looking into a hub without waiting")(ErrorKind::Unsupported))
    }
}
