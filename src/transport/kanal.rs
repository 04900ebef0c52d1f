//! `kanal`: bounded channels of the crate of that name, between threads.

use super::channel::{Channel, NotReceived, NotSent};
use ::kanal::{Receiver, Sender, bounded};

/// The transport, and its channel.
#[derive(Debug)]
pub struct Kanal;

impl Channel for Kanal {
    const NAME: &'static str = "kanal";
    const ABOUT: &'static str = "bounded kanal channels between threads; a frame is a Vec that moves";
    type Sender<T: Send + 'static> = Sender<T>;
    type Receiver<T: Send + 'static> = Receiver<T>;

    fn bounded<T: Send + 'static>(slots: usize) -> (Sender<T>, Receiver<T>) {
        bounded(slots)
    }

    #[inline]
    fn try_send<T: Send + 'static>(sender: &Sender<T>, value: T) -> Result<(), NotSent<T>> {
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
    fn try_recv<T: Send + 'static>(receiver: &mut Receiver<T>) -> Result<T, NotReceived> {
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
