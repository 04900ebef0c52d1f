//! `tokio`: bounded channels of `tokio::sync::mpsc`, between threads.
//!
//! The threads are plain ones, as with the other channels, and sleep in `blocking_send` and `blocking_recv`: what a
//! runtime's own threads and tasks would cost is another question.

use super::channel::{
    self, Bound, Channel, ChannelInbox, ChannelOutbox, ChannelRx, ChannelTx, NotReceived, NotSent,
};
use super::local::LocalAddress;
use super::{ALL_WAITS, Caps, MAX_FRAME, Result, Spec, Transport, Wait};
use ::tokio::sync::mpsc::error::{TryRecvError, TrySendError};
use ::tokio::sync::mpsc::{Receiver, Sender, channel as bounded};

/// The transport, and its channel.
#[derive(Debug)]
pub struct Tokio;

impl Channel for Tokio {
    type Sender<T: Send + 'static> = Sender<T>;
    type Receiver<T: Send + 'static> = Receiver<T>;

    fn bounded<T: Send + 'static>(slots: usize) -> (Sender<T>, Receiver<T>) {
        bounded(slots)
    }

    #[inline]
    fn try_send<T: Send + 'static>(sender: &Sender<T>, value: T) -> std::result::Result<(), NotSent<T>> {
        sender.try_send(value).map_err(|error| match error {
            TrySendError::Full(value) => NotSent::Full(value),
            TrySendError::Closed(_) => NotSent::Gone,
        })
    }

    #[inline]
    fn send<T: Send + 'static>(sender: &Sender<T>, value: T) -> bool {
        sender.blocking_send(value).is_ok()
    }

    #[inline]
    fn try_recv<T: Send + 'static>(receiver: &mut Receiver<T>) -> std::result::Result<T, NotReceived> {
        receiver.try_recv().map_err(|error| match error {
            TryRecvError::Empty => NotReceived::Empty,
            TryRecvError::Disconnected => NotReceived::Gone,
        })
    }

    #[inline]
    fn recv<T: Send + 'static>(receiver: &mut Receiver<T>) -> Option<T> {
        receiver.blocking_recv()
    }
}

impl Transport for Tokio {
    const NAME: &'static str = "tokio";
    const CAPS: Caps = Caps {
        about: "bounded tokio mpsc channels between threads, without a runtime; a frame is a Vec that moves",
        max_frame: MAX_FRAME,
        processes: false,
        waits: ALL_WAITS,
        one_write_broadcast: false,
        ring: false,
        echo: false,
        lossy: false,
    };
    type Address = LocalAddress;
    type Bound = Bound<Tokio>;
    type Outbox<W: Wait> = ChannelOutbox<Tokio, W>;
    type Inbox<W: Wait> = ChannelInbox<Tokio, W>;
    type Tx<W: Wait> = ChannelTx<Tokio, W>;
    type Rx<W: Wait> = ChannelRx<Tokio, W>;

    fn bind(spec: &Spec) -> Result<(Self::Bound, Vec<LocalAddress>)> {
        Ok(channel::bind(spec))
    }

    fn accept<W: Wait>(bound: Self::Bound) -> Result<(Self::Outbox<W>, Self::Inbox<W>)> {
        Ok(channel::accept(bound))
    }

    fn connect<W: Wait>(address: LocalAddress) -> Result<(Self::Tx<W>, Self::Rx<W>)> {
        channel::connect(address)
    }
}
