//! `std-mpsc`: bounded channels of the standard library (`std::sync::mpsc::sync_channel`), between threads.

use super::channel::{
    self, Bound, Channel, ChannelInbox, ChannelOutbox, ChannelRx, ChannelTx, NotReceived, NotSent,
};
use super::local::LocalAddress;
use super::{ALL_WAITS, Caps, MAX_FRAME, Result, Spec, Transport, Wait};
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, TrySendError, sync_channel};

/// The transport, and its channel.
#[derive(Debug)]
pub struct StdMpsc;

impl Channel for StdMpsc {
    type Sender<T: Send + 'static> = SyncSender<T>;
    type Receiver<T: Send + 'static> = Receiver<T>;

    fn bounded<T: Send + 'static>(slots: usize) -> (SyncSender<T>, Receiver<T>) {
        sync_channel(slots)
    }

    #[inline]
    fn try_send<T: Send + 'static>(sender: &SyncSender<T>, value: T) -> std::result::Result<(), NotSent<T>> {
        sender.try_send(value).map_err(|error| match error {
            TrySendError::Full(value) => NotSent::Full(value),
            TrySendError::Disconnected(_) => NotSent::Gone,
        })
    }

    #[inline]
    fn send<T: Send + 'static>(sender: &SyncSender<T>, value: T) -> bool {
        sender.send(value).is_ok()
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
        receiver.recv().ok()
    }
}

impl Transport for StdMpsc {
    const NAME: &'static str = "std-mpsc";
    const CAPS: Caps = Caps {
        about: "bounded channels of the standard library between threads; a frame is a Vec that moves",
        max_frame: MAX_FRAME,
        processes: false,
        waits: ALL_WAITS,
        one_write_broadcast: false,
        ring: false,
        echo: false,
        lossy: false,
    };
    type Address = LocalAddress;
    type Bound = Bound<StdMpsc>;
    type Outbox<W: Wait> = ChannelOutbox<StdMpsc, W>;
    type Inbox<W: Wait> = ChannelInbox<StdMpsc, W>;
    type Tx<W: Wait> = ChannelTx<StdMpsc, W>;
    type Rx<W: Wait> = ChannelRx<StdMpsc, W>;

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
