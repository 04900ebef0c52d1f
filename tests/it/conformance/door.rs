//! One transport and one wait behind plain trait objects: the checks are compiled once, not for every pair.

use super::Outcome;
use super::control::{Control, Letter};
use ipcmark::sys::fd::pack;
use ipcmark::transport::{
    Caps, Error, Inbox, Outbox, Peer, Result, Rx, Spec, Transport, Tx, Use, Wait, WaitKind,
};
use std::any::Any;
use std::marker::PhantomData;

/// Writes a frame.
pub(super) type Fill<'a> = &'a dyn Fn(&mut [u8]);

/// Looks at a request and answers the length of the reply and what writes it.
pub(super) type Answer<'a> = &'a mut dyn FnMut(Peer, &[u8]) -> (usize, Box<dyn Fn(&mut [u8])>);

/// A transport, with the wait that its ends shall have.
pub(super) trait Door: Sync {
    fn name(&self) -> &'static str;
    fn wait(&self) -> WaitKind;
    fn caps(&self) -> Caps;
    /// Makes a hub to which nobody has connected, and an address for each renderer.
    fn bind(&self, spec: &Spec) -> Outcome<(Accept, Vec<Letter>)>;
    /// Connects to the address that comes as the next word.
    fn connect(&self, control: &Control) -> Outcome<(Box<dyn AnyTx>, Box<dyn AnyRx>)>;
}

/// Waits for the renderers of a hub, and opens it.
pub(super) type Accept = Box<dyn FnOnce() -> Result<(Box<dyn AnyOutbox>, Box<dyn AnyInbox>)> + Send>;

/// The door to `T` and `W`.
pub(super) fn door<T: Transport, W: Wait>() -> &'static dyn Door {
    &Of::<T, W>(PhantomData)
}

/// Finds a door by name, for [`dispatch`](ipcmark::transport::dispatch).
pub(super) struct Find;

impl Use for Find {
    type Output = &'static dyn Door;

    fn with<T: Transport, W: Wait>(self) -> &'static dyn Door {
        door::<T, W>()
    }
}

struct Of<T, W>(PhantomData<fn() -> (T, W)>);

impl<T: Transport, W: Wait> Door for Of<T, W> {
    fn name(&self) -> &'static str {
        T::NAME
    }

    fn wait(&self) -> WaitKind {
        W::KIND
    }

    fn caps(&self) -> Caps {
        T::CAPS
    }

    fn bind(&self, spec: &Spec) -> Outcome<(Accept, Vec<Letter>)> {
        let (bound, addresses) = T::bind(spec)?;
        let letters = addresses.iter().map(pack).collect::<std::io::Result<_>>()?;
        let accept: Accept = Box::new(|| {
            let (outbox, inbox) = T::accept::<W>(bound)?;
            Ok((Box::new(outbox), Box::new(inbox)))
        });
        Ok((accept, letters))
    }

    fn connect(&self, control: &Control) -> Outcome<(Box<dyn AnyTx>, Box<dyn AnyRx>)> {
        let (tx, rx) = T::connect::<W>(control.hear()?)?;
        Ok((Box::new(tx), Box::new(rx)))
    }
}

/// [`Tx`] as an object.
pub(super) trait AnyTx: Send {
    fn send(&mut self, len: usize, fill: Fill<'_>) -> Result<()>;
    fn post(&mut self, len: usize, fill: Fill<'_>) -> Result<()>;
    fn flush(&mut self) -> Result<()>;
    /// `rx` is the other half of the same end.
    fn call(
        &mut self,
        rx: &mut dyn AnyRx,
        len: usize,
        fill: Fill<'_>,
        read: &mut dyn FnMut(&[u8]),
    ) -> Result<()>;
}

impl<X: Tx<Rx: 'static>> AnyTx for X {
    fn send(&mut self, len: usize, fill: Fill<'_>) -> Result<()> {
        Tx::send(self, len, fill)
    }

    fn post(&mut self, len: usize, fill: Fill<'_>) -> Result<()> {
        Tx::post(self, len, fill)
    }

    fn flush(&mut self) -> Result<()> {
        Tx::flush(self)
    }

    fn call(
        &mut self,
        rx: &mut dyn AnyRx,
        len: usize,
        fill: Fill<'_>,
        read: &mut dyn FnMut(&[u8]),
    ) -> Result<()> {
        let rx: &mut X::Rx = half(rx.as_any());
        match Tx::call(self, rx, len, fill, &mut *read) {
            Err(Error::Overdue) => AnyRx::recv(rx, read),
            outcome => outcome,
        }
    }
}

/// [`Rx`] as an object.
pub(super) trait AnyRx: Send {
    fn recv(&mut self, read: &mut dyn FnMut(&[u8])) -> Result<()>;
    fn try_recv(&mut self, read: &mut dyn FnMut(&[u8])) -> Result<Option<()>>;
    fn as_any(&mut self) -> &mut dyn Any;
}

impl<X: Rx + 'static> AnyRx for X {
    fn recv(&mut self, read: &mut dyn FnMut(&[u8])) -> Result<()> {
        patiently(|| Rx::recv(self, &mut *read))
    }

    fn try_recv(&mut self, read: &mut dyn FnMut(&[u8])) -> Result<Option<()>> {
        Rx::try_recv(self, read)
    }

    fn as_any(&mut self) -> &mut dyn Any {
        self
    }
}

/// [`Outbox`] as an object.
pub(super) trait AnyOutbox: Send {
    fn send_to(&mut self, peer: Peer, len: usize, fill: Fill<'_>) -> Result<()>;
    fn broadcast(&mut self, len: usize, fill: Fill<'_>) -> Result<()>;
    fn post_to(&mut self, peer: Peer, len: usize, fill: Fill<'_>) -> Result<()>;
    fn post_broadcast(&mut self, len: usize, fill: Fill<'_>) -> Result<()>;
    fn flush(&mut self) -> Result<()>;
    fn windows(&self) -> usize;
    fn as_any(&mut self) -> &mut dyn Any;
}

impl<O: Outbox + 'static> AnyOutbox for O {
    fn send_to(&mut self, peer: Peer, len: usize, fill: Fill<'_>) -> Result<()> {
        Outbox::send_to(self, peer, len, fill)
    }

    fn broadcast(&mut self, len: usize, fill: Fill<'_>) -> Result<()> {
        Outbox::broadcast(self, len, fill)
    }

    fn post_to(&mut self, peer: Peer, len: usize, fill: Fill<'_>) -> Result<()> {
        Outbox::post_to(self, peer, len, fill)
    }

    fn post_broadcast(&mut self, len: usize, fill: Fill<'_>) -> Result<()> {
        Outbox::post_broadcast(self, len, fill)
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

/// [`Inbox`] as an object.
pub(super) trait AnyInbox: Send {
    fn recv(&mut self, read: &mut dyn FnMut(Peer, &[u8])) -> Result<()>;
    /// `outbox` is the other half of the same end.
    fn serve(&mut self, outbox: &mut dyn AnyOutbox, read: Answer<'_>) -> Result<()>;
}

impl<I: Inbox<Outbox: 'static>> AnyInbox for I {
    fn recv(&mut self, read: &mut dyn FnMut(Peer, &[u8])) -> Result<()> {
        patiently(|| Inbox::recv(self, &mut *read))
    }

    fn serve(&mut self, outbox: &mut dyn AnyOutbox, read: Answer<'_>) -> Result<()> {
        let outbox: &mut I::Outbox = half(outbox.as_any());
        patiently(|| Inbox::serve(self, outbox, &mut *read, |fill, bytes| fill(bytes)))
    }
}

/// Goes on waiting on a lossy link: what the checks let through there is never lost.
fn patiently<R>(mut wait: impl FnMut() -> Result<R>) -> Result<R> {
    loop {
        match wait() {
            Err(Error::Overdue) => {}
            outcome => return outcome,
        }
    }
}

fn half<H: 'static>(any: &mut dyn Any) -> &mut H {
    any.downcast_mut().expect("the other half of the same end")
}
