//! A renderer's halves.

use super::link::{Receiver, Sender, wait_for};
use super::site::Site;
use crate::ring::wait::Budget;
use crate::transport::lifeline::Lifeline;
use crate::transport::{Error, Result, Rx, Tx, Wait};
use ::iceoryx2::port::listener::Listener;
use ::iceoryx2::prelude::ipc_threadsafe::Service;
use std::marker::PhantomData;
use std::sync::Arc;

const CLOSED: Error = Error::Closed { peer: None };

/// A renderer's sending half.
#[derive(Debug)]
pub struct IceoryxTx<W> {
    pub(super) up: Sender,
    pub(super) _site: Arc<Site>,
    pub(super) wait: PhantomData<fn() -> W>,
}

impl<W: Wait> Tx for IceoryxTx<W> {
    type Rx = IceoryxRx<W>;

    #[inline]
    fn send(&mut self, len: usize, fill: impl FnOnce(&mut [u8])) -> Result<()> {
        if self.up.send::<W>(len, fill)? { Ok(()) } else { Err(CLOSED) }
    }
}

/// A renderer's receiving half.
#[derive(Debug)]
pub struct IceoryxRx<W> {
    pub(super) down: Receiver,
    pub(super) bell: Listener<Service>,
    pub(super) budget: Budget,
    pub(super) lifeline: Lifeline,
    pub(super) _site: Arc<Site>,
    pub(super) wait: PhantomData<fn() -> W>,
}

impl<W: Wait> Rx for IceoryxRx<W> {
    #[inline]
    fn recv<R>(&mut self, read: impl FnOnce(&[u8]) -> R) -> Result<R> {
        let frame = wait_for::<W, _>(&self.bell, &self.budget, || self.down.look(&self.lifeline, || CLOSED))?;
        Ok(read(frame.payload()))
    }

    #[inline]
    fn try_recv<R>(&mut self, read: impl FnOnce(&[u8]) -> R) -> Result<Option<R>> {
        let frame = self.down.look(&self.lifeline, || CLOSED)?;
        Ok(frame.map(|frame| read(frame.payload())))
    }
}
