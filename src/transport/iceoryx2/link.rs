//! One direction of a link, from both ends, and how an end waits.

use super::site::{Site, failed};
use crate::ring::wait::Budget;
use crate::sys::loan::send_lent;
use crate::transport::lifeline::Lifeline;
use crate::transport::{Peer, Result, Wait, WaitKind, check_len};
use ::iceoryx2::port::listener::Listener;
use ::iceoryx2::port::notifier::Notifier;
use ::iceoryx2::port::publisher::Publisher;
use ::iceoryx2::port::subscriber::Subscriber;
use ::iceoryx2::port::update_connections::UpdateConnections;
use ::iceoryx2::port::{BackpressureAction, BackpressureInfo, SendError};
use ::iceoryx2::prelude::{BackpressureStrategy, ipc_threadsafe::Service};
use ::iceoryx2::sample::Sample;
use std::sync::{Arc, OnceLock};

/// The sending end of one direction.
#[derive(Debug)]
pub(super) struct Sender {
    port: Publisher<Service, [u8], ()>,
    /// The receiver's.
    bell: Notifier<Service>,
    max_frame: usize,
    /// The receiver, once there is one.
    lifeline: Arc<OnceLock<Lifeline>>,
}

impl Sender {
    /// The end that sends to `to`, or to main.
    pub(super) fn new(
        site: &Site,
        (way, peer): (&str, Peer),
        to: Option<Peer>,
        max_frame: usize,
    ) -> Result<Sender> {
        let lifeline = Arc::<OnceLock<Lifeline>>::default();
        let receiver = Arc::clone(&lifeline);
        let retry = move |_: &BackpressureInfo| match receiver.get().is_some_and(Lifeline::is_gone) {
            true => BackpressureAction::DiscardDataAndFail,
            false => BackpressureAction::Retry,
        };
        let service = site.frames(way, peer)?;
        let port = service.publisher_builder().initial_max_slice_len(max_frame.max(1));
        let port =
            port.max_loaned_samples(1).backpressure_strategy(BackpressureStrategy::RetryUntilDelivered);
        let port = port.set_backpressure_handler(retry).create();
        let bell = site.bell(to)?.notifier_builder().create();
        Ok(Sender {
            port: port.map_err(failed("creating an iceoryx2 publisher"))?,
            bell: bell.map_err(failed("creating an iceoryx2 notifier"))?,
            max_frame,
            lifeline,
        })
    }

    /// Names the receiver.
    pub(super) fn hold(&self, lifeline: Lifeline) {
        // It is held once.
        let _ = self.lifeline.set(lifeline);
    }

    /// Sends a frame; `false` if the receiver is gone.
    #[inline]
    pub(super) fn send<W: Wait>(&self, len: usize, fill: impl FnOnce(&mut [u8])) -> Result<bool> {
        check_len(len, self.max_frame)?;
        if self.lifeline.get().is_some_and(Lifeline::is_gone) {
            return Ok(false);
        }
        match send_lent(&self.port, len, fill) {
            // How many it reached.
            Ok(0) | Err(SendError::UnableToDeliver) => return Ok(false),
            sent => sent.map_err(failed("sending an iceoryx2 sample"))?,
        };
        if W::KIND != WaitKind::Spin {
            ring(&self.bell);
        }
        Ok(true)
    }
}

/// Wakes whoever listens.
#[inline]
pub(super) fn ring(bell: &Notifier<Service>) {
    // A bell that has rung already, or is gone, needs none; there is no other error.
    let _ = bell.notify();
}

/// The receiving end of one direction.
#[derive(Debug)]
pub(super) struct Receiver {
    port: Subscriber<Service, [u8], ()>,
}

/// A frame as the crate lends it.
pub(super) type Frame = Sample<Service, [u8], ()>;

impl Receiver {
    pub(super) fn new(site: &Site, (way, peer): (&str, Peer)) -> Result<Receiver> {
        let port = site.frames(way, peer)?.subscriber_builder().create();
        Ok(Receiver { port: port.map_err(failed("creating an iceoryx2 subscriber"))? })
    }

    /// Takes notice of the sender, whose frames are kept from then on, also when it goes.
    pub(super) fn meet(&self) -> Result<()> {
        self.port.update_connections().map_err(failed("connecting to an iceoryx2 publisher"))
    }

    /// A frame if there is one.
    #[inline]
    pub(super) fn take(&self) -> Result<Option<Frame>> {
        self.port.receive().map_err(failed("receiving an iceoryx2 sample"))
    }

    /// Looks once for a frame of a peer; `Err` with `gone()` only if nothing is left to receive.
    #[inline]
    pub(super) fn look(
        &self,
        lifeline: &Lifeline,
        gone: impl FnOnce() -> crate::transport::Error,
    ) -> Result<Option<Frame>> {
        if let Some(frame) = self.take()? {
            return Ok(Some(frame));
        }
        if !lifeline.is_gone() {
            return Ok(None);
        }
        // It may have sent something between the look and its end.
        self.take()?.map(Some).ok_or_else(gone)
    }
}

/// Looks in the manner of `W` until something is found; `bell` rings after whatever `look` looks for is there.
#[inline]
pub(super) fn wait_for<W: Wait, T>(
    bell: &Listener<Service>,
    budget: &Budget,
    mut look: impl FnMut() -> Result<Option<T>>,
) -> Result<T> {
    let mut look = || look().transpose();
    loop {
        let found = match W::KIND {
            WaitKind::Block => look(),
            WaitKind::Hybrid => budget.spin(&mut look),
            WaitKind::Spin => loop {
                if let Some(found) = look() {
                    return found;
                }
                std::hint::spin_loop();
            },
        };
        if let Some(found) = found {
            return found;
        }
        // It fails when its process is stopped and goes on (`EINTR` on a socket with a time-out, signal(7)), and the crate
        // calls that an internal failure like any other: the next look tells.
        let _ = bell.blocking_wait_one();
    }
}
