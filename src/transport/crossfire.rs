//! `crossfire`: bounded channels of the crate of that name in their blocking form, between threads.
//!
//! Both ways are of its `mpsc` flavour: the way up has many senders.

use super::channel::{
    self, Bound, Channel, ChannelInbox, ChannelOutbox, ChannelRx, ChannelTx, NotReceived, NotSent,
};
use super::local::LocalAddress;
use super::{ALL_WAITS, Caps, MAX_FRAME, Result, Spec, Transport, Wait};
use ::crossfire::mpsc::{Array, bounded_blocking};
use ::crossfire::{MTx, Rx, TryRecvError, TrySendError};

/// The transport, and its channel.
#[derive(Debug)]
pub struct Crossfire;

impl Channel for Crossfire {
    type Sender<T: Send + 'static> = MTx<Array<T>>;
    type Receiver<T: Send + 'static> = Rx<Array<T>>;

    fn bounded<T: Send + 'static>(slots: usize) -> (MTx<Array<T>>, Rx<Array<T>>) {
        bounded_blocking(slots)
    }

    #[inline]
    fn try_send<T: Send + 'static>(sender: &MTx<Array<T>>, value: T) -> std::result::Result<(), NotSent<T>> {
        sender.try_send(value).map_err(|error| match error {
            TrySendError::Full(value) => NotSent::Full(value),
            TrySendError::Disconnected(_) => NotSent::Gone,
        })
    }

    #[inline]
    fn send<T: Send + 'static>(sender: &MTx<Array<T>>, value: T) -> bool {
        sender.send(value).is_ok()
    }

    #[inline]
    fn try_recv<T: Send + 'static>(receiver: &mut Rx<Array<T>>) -> std::result::Result<T, NotReceived> {
        receiver.try_recv().map_err(|error| match error {
            TryRecvError::Empty => NotReceived::Empty,
            TryRecvError::Disconnected => NotReceived::Gone,
        })
    }

    #[inline]
    fn recv<T: Send + 'static>(receiver: &mut Rx<Array<T>>) -> Option<T> {
        receiver.recv().ok()
    }
}

impl Transport for Crossfire {
    const NAME: &'static str = "crossfire";
    const CAPS: Caps = Caps {
        about: "bounded crossfire channels between threads; a frame is a Vec that moves",
        max_frame: MAX_FRAME,
        processes: false,
        waits: ALL_WAITS,
        one_write_broadcast: false,
        ring: false,
        echo: false,
        lossy: false,
    };
    type Address = LocalAddress;
    type Bound = Bound<Crossfire>;
    type Outbox<W: Wait> = ChannelOutbox<Crossfire, W>;
    type Inbox<W: Wait> = ChannelInbox<Crossfire, W>;
    type Tx<W: Wait> = ChannelTx<Crossfire, W>;
    type Rx<W: Wait> = ChannelRx<Crossfire, W>;

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
