//! `tokio`: bounded channels of `tokio::sync::mpsc`, between threads.
//!
//! The threads are plain ones, as with the other channels, and sleep in `blocking_send` and `blocking_recv`: what a
//! runtime's own threads and tasks would cost is another question.

use super::channel::{Channel, NotReceived, NotSent};
use ::tokio::sync::mpsc::error::{TryRecvError, TrySendError};
use ::tokio::sync::mpsc::{Receiver, Sender, channel as bounded};

/// The transport, and its channel.
#[derive(Debug)]
pub struct Tokio;

impl Channel for Tokio {
    const NAME: &'static str = "tokio";
    const ABOUT: &'static str =
        "bounded tokio mpsc channels between threads, without a runtime; a frame is a Vec that moves";
    type Sender<T: Send + 'static> = Sender<T>;
    type Receiver<T: Send + 'static> = Receiver<T>;

    fn bounded<T: Send + 'static>(slots: usize) -> (Sender<T>, Receiver<T>) {
        bounded(slots)
    }

    #[inline]
    fn try_send<T: Send + 'static>(sender: &Sender<T>, value: T) -> Result<(), NotSent<T>> {
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
    fn try_recv<T: Send + 'static>(receiver: &mut Receiver<T>) -> Result<T, NotReceived> {
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
