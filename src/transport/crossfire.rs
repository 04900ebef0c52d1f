//! `crossfire`: bounded channels of the crate of that name in their blocking form, between threads.
//!
//! Both ways are of its `mpsc` flavour: the way up has many senders.

use super::channel::{Channel, NotReceived, NotSent};
use ::crossfire::mpsc::{Array, bounded_blocking};
use ::crossfire::{MTx, Rx, TryRecvError, TrySendError};

/// The transport, and its channel.
#[derive(Debug)]
pub struct Crossfire;

impl Channel for Crossfire {
    const NAME: &'static str = "crossfire";
    const ABOUT: &'static str = "bounded crossfire channels between threads; a frame is a Vec that moves";
    type Sender<T: Send + 'static> = MTx<Array<T>>;
    type Receiver<T: Send + 'static> = Rx<Array<T>>;

    fn bounded<T: Send + 'static>(slots: usize) -> (MTx<Array<T>>, Rx<Array<T>>) {
        bounded_blocking(slots)
    }

    #[inline]
    fn try_send<T: Send + 'static>(sender: &MTx<Array<T>>, value: T) -> Result<(), NotSent<T>> {
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
    fn try_recv<T: Send + 'static>(receiver: &mut Rx<Array<T>>) -> Result<T, NotReceived> {
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
