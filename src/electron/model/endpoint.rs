//! Ends of any transport behind one type: what the model is written for once, whatever moves its frames.
//!
//! A virtual call for each frame is nothing beside what the model does to it.

use crate::transport::{Inbox, Outbox, Peer, Result, Rx, Tx};
use std::any::Any;

/// Writes a frame's bytes; called at most once.
pub type Fill<'a> = &'a mut dyn FnMut(&mut [u8]);
/// Reads a frame's bytes; called at most once.
pub type Read<'a> = &'a mut dyn FnMut(&[u8]);

/// [`Tx`] of any transport.
pub trait AnyTx: Send {
    /// As [`Tx::send`].
    fn send(&mut self, len: usize, fill: Fill<'_>) -> Result<()>;
    /// As [`Tx::post`].
    fn post(&mut self, len: usize, fill: Fill<'_>) -> Result<()>;
    /// As [`Tx::flush`].
    fn flush(&mut self) -> Result<()>;
    /// As [`Tx::call`], if `rx` is the other half of the same end; otherwise a send and a receive.
    fn call(&mut self, rx: &mut dyn AnyRx, len: usize, fill: Fill<'_>, read: Read<'_>) -> Result<()>;
}

/// [`Rx`] of any transport.
pub trait AnyRx: Send {
    /// As [`Rx::recv`].
    fn recv(&mut self, read: Read<'_>) -> Result<()>;
    /// As [`Rx::try_recv`]; whether a frame was there.
    fn try_recv(&mut self, read: Read<'_>) -> Result<bool>;
    /// Itself, to be found again by its own type.
    fn as_any(&mut self) -> &mut dyn Any;
}

/// [`Outbox`] of any transport.
pub trait AnyOutbox: Send {
    /// As [`Outbox::send_to`].
    fn send_to(&mut self, peer: Peer, len: usize, fill: Fill<'_>) -> Result<()>;
    /// As [`Outbox::post_to`].
    fn post_to(&mut self, peer: Peer, len: usize, fill: Fill<'_>) -> Result<()>;
    /// As [`Outbox::broadcast`], of bytes that are there.
    fn broadcast(&mut self, frame: &[u8]) -> Result<()>;
    /// As [`Outbox::flush`].
    fn flush(&mut self) -> Result<()>;
    /// As [`Outbox::windows`].
    fn windows(&self) -> usize;
    /// Itself, to be found again by its own type.
    fn as_any(&mut self) -> &mut dyn Any;
}

/// [`Inbox`] of any transport.
pub trait AnyInbox: Send {
    /// As [`Inbox::recv`].
    fn recv(&mut self, read: &mut dyn FnMut(Peer, &[u8])) -> Result<()>;
    /// As [`Inbox::serve`], if `outbox` is the other half of the same end; otherwise a receive and a send.
    fn serve(
        &mut self,
        outbox: &mut dyn AnyOutbox,
        read: &mut dyn FnMut(Peer, &[u8]) -> usize,
        reply: Fill<'_>,
    ) -> Result<()>;
}

impl<T> AnyTx for T
where
    T: Tx,
    T::Rx: 'static,
{
    fn send(&mut self, len: usize, fill: Fill<'_>) -> Result<()> {
        Tx::send(self, len, fill)
    }

    fn post(&mut self, len: usize, fill: Fill<'_>) -> Result<()> {
        Tx::post(self, len, fill)
    }

    fn flush(&mut self) -> Result<()> {
        Tx::flush(self)
    }

    fn call(&mut self, rx: &mut dyn AnyRx, len: usize, fill: Fill<'_>, read: Read<'_>) -> Result<()> {
        match rx.as_any().downcast_mut::<T::Rx>() {
            Some(rx) => Tx::call(self, rx, len, fill, read),
            None => {
                Tx::send(self, len, fill)?;
                rx.recv(read)
            }
        }
    }
}

impl<T: Rx + 'static> AnyRx for T {
    fn recv(&mut self, read: Read<'_>) -> Result<()> {
        Rx::recv(self, read)
    }

    fn try_recv(&mut self, read: Read<'_>) -> Result<bool> {
        Ok(Rx::try_recv(self, read)?.is_some())
    }

    fn as_any(&mut self) -> &mut dyn Any {
        self
    }
}

impl<T: Outbox + 'static> AnyOutbox for T {
    fn send_to(&mut self, peer: Peer, len: usize, fill: Fill<'_>) -> Result<()> {
        Outbox::send_to(self, peer, len, fill)
    }

    fn post_to(&mut self, peer: Peer, len: usize, fill: Fill<'_>) -> Result<()> {
        Outbox::post_to(self, peer, len, fill)
    }

    fn broadcast(&mut self, frame: &[u8]) -> Result<()> {
        Outbox::broadcast(self, frame.len(), |bytes| bytes.copy_from_slice(frame))
    }

    fn flush(&mut self) -> Result<()> {
        Outbox::flush(self)
    }

    fn windows(&self) -> usize {
        Outbox::windows(self)
    }

    fn as_any(&mut self) -> &mut dyn Any {
        self
    }
}

impl<T> AnyInbox for T
where
    T: Inbox,
    T::Outbox: 'static,
{
    fn recv(&mut self, read: &mut dyn FnMut(Peer, &[u8])) -> Result<()> {
        Inbox::recv(self, read)
    }

    fn serve(
        &mut self,
        outbox: &mut dyn AnyOutbox,
        read: &mut dyn FnMut(Peer, &[u8]) -> usize,
        reply: Fill<'_>,
    ) -> Result<()> {
        match outbox.as_any().downcast_mut::<T::Outbox>() {
            Some(outbox) => {
                Inbox::serve(self, outbox, |peer, frame| (read(peer, frame), ()), |(), bytes| reply(bytes))
            }
            None => {
                let (peer, len) = Inbox::recv(self, |peer, frame| (peer, read(peer, frame)))?;
                outbox.send_to(peer, len, reply)
            }
        }
    }
}
