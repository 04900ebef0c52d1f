//! `kanal`: bounded channels of the crate of that name, between threads.

use super::channel::{
    self, Bound, Channel, ChannelInbox, ChannelOutbox, ChannelRx, ChannelTx, NotReceived, NotSent,
};
use super::local::LocalAddress;
use super::{ALL_WAITS, Caps, MAX_FRAME, Result, Spec, Transport, Wait};
use ::kanal::{Receiver, Sender, bounded};

/// The transport, and its channel.
#[derive(Debug)]
pub struct Kanal;

impl Channel for Kanal {
    type Sender<T: Send + 'static> = Sender<T>;
    type Receiver<T: Send + 'static> = Receiver<T>;

    fn bounded<T: Send + 'static>(slots: usize) -> (Sender<T>, Receiver<T>) {
        bounded(slots)
    }

    #[inline]
    fn try_send<T: Send + 'static>(sender: &Sender<T>, value: T) -> std::result::Result<(), NotSent<T>> {
        let mut value = Some(value);
        match sender.try_send_option(&mut value) {
            Ok(_) => value.map_or(Ok(()), |value| Err(NotSent::Full(value))),
            Err(_) => Err(NotSent::Gone),
        }
    }

    #[inline]
    fn send<T: Send + 'static>(sender: &Sender<T>, value: T) -> bool {
        sender.send(value).is_ok()
    }

    #[inline]
    fn try_recv<T: Send + 'static>(receiver: &mut Receiver<T>) -> std::result::Result<T, NotReceived> {
        match receiver.try_recv() {
            Ok(value) => value.ok_or(NotReceived::Empty),
            Err(_) => Err(NotReceived::Gone),
        }
    }

    #[inline]
    fn recv<T: Send + 'static>(receiver: &mut Receiver<T>) -> Option<T> {
        receiver.recv().ok()
    }
}

impl Transport for Kanal {
    const NAME: &'static str = "kanal";
    const CAPS: Caps = Caps {
        about: "bounded kanal channels between threads; a frame is a Vec that moves",
        max_frame: MAX_FRAME,
        processes: false,
        waits: ALL_WAITS,
        one_write_broadcast: false,
        ring: false,
        echo: false,
        lossy: false,
    };
    type Address = LocalAddress;
    type Bound = Bound<Kanal>;
    type Outbox<W: Wait> = ChannelOutbox<Kanal, W>;
    type Inbox<W: Wait> = ChannelInbox<Kanal, W>;
    type Tx<W: Wait> = ChannelTx<Kanal, W>;
    type Rx<W: Wait> = ChannelRx<Kanal, W>;

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
