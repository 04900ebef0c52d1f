//! `flume`: bounded channels of the crate of that name, between threads.

use super::channel::{Channel, NotReceived, NotSent};
use ::flume::{Receiver, Sender, TryRecvError, TrySendError, bounded};

/// The transport, and its channel.
#[derive(Debug)]
pub struct Flume;

impl Channel for Flume {
    const NAME: &'static str = "flume";
    const ABOUT: &'static str = "bounded flume channels between threads; a frame is a Vec that moves";
    type Sender<T: Send + 'static> = Sender<T>;
    type Receiver<T: Send + 'static> = Receiver<T>;

    fn bounded<T: Send + 'static>(slots: usize) -> (Sender<T>, Receiver<T>) {
        bounded(slots)
    }

    #[inline]
    fn try_send<T: Send + 'static>(sender: &Sender<T>, value: T) -> Result<(), NotSent<T>> {
        sender.try_send(value).map_err(|error| match error {
            TrySendError::Full(value) => NotSent::Full(value),
            TrySendError::Disconnected(_) => NotSent::Gone,
        })
    }

    #[inline]
    fn send<T: Send + 'static>(sender: &Sender<T>, value: T) -> bool {
        sender.send(value).is_ok()
    }

    #[inline]
    fn try_recv<T: Send + 'static>(receiver: &mut Receiver<T>) -> Result<T, NotReceived> {
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
