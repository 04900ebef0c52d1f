//! Any transport and any wait behind plain trait objects, erased once: above this nothing is generic. Handlers are boxed anyway.

use super::error::Error;
use crate::sys::fd::{Descriptor, pack, unpack};
use crate::transport::uds_stream::UdsStream;
use crate::transport::{
    Caps, Error as LinkError, Inbox, Outbox, Peer, Result, Rx, Spec, Transport, Tx, Use, Wait, WaitKind,
    dispatch,
};
use serde::{Deserialize, Serialize};
use std::marker::PhantomData;
use std::time::Duration;

/// [`Tx`] as an object.
pub(super) trait AnyTx: Send {
    fn send(&mut self, frame: &[u8]) -> Result<()>;
}

/// [`Rx`] as an object.
pub(super) trait AnyRx: Send {
    fn recv(&mut self, read: &mut dyn FnMut(&[u8])) -> Result<()>;
}

/// [`Outbox`] as an object.
pub(super) trait AnyOutbox: Send {
    fn send_to(&mut self, peer: Peer, frame: &[u8]) -> Result<()>;
}

/// [`Inbox`] as an object.
pub(super) trait AnyInbox: Send {
    fn recv(&mut self, read: &mut dyn FnMut(Peer, &[u8])) -> Result<()>;
}

impl<X: Tx> AnyTx for X {
    fn send(&mut self, frame: &[u8]) -> Result<()> {
        Tx::send(self, frame.len(), |bytes| bytes.copy_from_slice(frame))
    }
}

impl<X: Rx> AnyRx for X {
    fn recv(&mut self, read: &mut dyn FnMut(&[u8])) -> Result<()> {
        Rx::recv(self, read)
    }
}

impl<X: Outbox> AnyOutbox for X {
    fn send_to(&mut self, peer: Peer, frame: &[u8]) -> Result<()> {
        Outbox::send_to(self, peer, frame.len(), |bytes| bytes.copy_from_slice(frame))
    }
}

impl<X: Inbox> AnyInbox for X {
    fn recv(&mut self, read: &mut dyn FnMut(Peer, &[u8])) -> Result<()> {
        Inbox::recv(self, read)
    }
}

/// Both halves of a link's end.
pub(super) type End = (Box<dyn AnyTx>, Box<dyn AnyRx>);

/// Both halves of a hub.
pub(super) type HubEnd = (Box<dyn AnyOutbox>, Box<dyn AnyInbox>);

/// Waits for those who shall connect.
pub(super) type Accept = Box<dyn FnOnce() -> Result<HubEnd> + Send>;

/// A transport's address, whatever it is made of: it travels over control channels.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Letter {
    bytes: Vec<u8>,
    fds: Vec<Descriptor>,
}

/// Opens hubs and links of one transport and wait.
pub(super) trait Door: Send + Sync {
    fn caps(&self) -> Caps;
    fn bind(&self, spec: &Spec) -> std::result::Result<(Accept, Vec<Letter>), Error>;
    fn connect(&self, letter: Letter) -> std::result::Result<End, Error>;
}

/// How links are made: the same for windows and for ports, in main and in renderers.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Wiring {
    pub(super) transport: String,
    pub(super) wait: WaitKind,
    pub(super) max_frame: usize,
    pub(super) spin: Duration,
}

impl Wiring {
    /// # Errors
    /// If there is no such transport, or none that Electron's IPC could go over.
    pub(super) fn door(&self) -> std::result::Result<Box<dyn Door>, Error> {
        let door = dispatch(&self.transport, self.wait, Open)
            .ok_or_else(|| Error::Start(format!("there is no transport `{}`", self.transport)))?;
        let Caps { echo, lossy, waits, .. } = door.caps();
        if echo || lossy {
            return Err(Error::Start(format!(
                "{} may not deliver, and a promise would wait for ever",
                self.transport
            )));
        }
        if !waits.contains(&self.wait) {
            return Err(Error::Start(format!("{} cannot wait like that", self.transport)));
        }
        Ok(door)
    }

    /// How a port gets its link when one of its ends is in a confined process, which by then opens nothing by a name or a number: as a
    /// pair of sockets.
    pub(super) fn for_confined(&self) -> Wiring {
        Wiring { transport: UdsStream::NAME.to_owned(), ..self.clone() }
    }

    /// What a hub for so many is asked for.
    pub(super) fn spec(&self, windows: usize) -> Spec {
        Spec { windows, max_frame: self.max_frame, spin: self.spin, nt_from: usize::MAX }
    }
}

struct Open;

impl Use for Open {
    type Output = Box<dyn Door>;

    fn with<T: Transport, W: Wait>(self) -> Box<dyn Door> {
        Box::new(Of::<T, W>(PhantomData))
    }
}

struct Of<T, W>(PhantomData<fn() -> (T, W)>);

impl<T: Transport, W: Wait> Door for Of<T, W> {
    fn caps(&self) -> Caps {
        T::CAPS
    }

    fn bind(&self, spec: &Spec) -> std::result::Result<(Accept, Vec<Letter>), Error> {
        let (bound, addresses) = T::bind(spec).map_err(Error::start)?;
        let letters = addresses
            .iter()
            .map(|address| {
                let (bytes, fds) = pack(address).map_err(Error::start)?;
                Ok(Letter { bytes, fds: fds.into_iter().map(Descriptor).collect() })
            })
            .collect::<std::result::Result<_, Error>>()?;
        let accept: Accept = Box::new(|| {
            let (outbox, inbox) = T::accept::<W>(bound)?;
            Ok((Box::new(outbox), Box::new(inbox)))
        });
        Ok((accept, letters))
    }

    fn connect(&self, letter: Letter) -> std::result::Result<End, Error> {
        let fds = letter.fds.into_iter().map(|fd| fd.0).collect();
        let address = unpack(&letter.bytes, fds).map_err(Error::start)?;
        let (tx, rx) = T::connect::<W>(address).map_err(Error::start)?;
        Ok((Box::new(tx), Box::new(rx)))
    }
}

/// A hub with one link, as that link's other end.
pub(super) fn single((outbox, inbox): HubEnd) -> End {
    (Box::new(OneOutbox(outbox)), Box::new(OneInbox(inbox)))
}

struct OneOutbox(Box<dyn AnyOutbox>);

impl AnyTx for OneOutbox {
    fn send(&mut self, frame: &[u8]) -> Result<()> {
        self.0.send_to(0, frame)
    }
}

struct OneInbox(Box<dyn AnyInbox>);

impl AnyRx for OneInbox {
    fn recv(&mut self, read: &mut dyn FnMut(&[u8])) -> Result<()> {
        self.0.recv(&mut |_, frame| read(frame))
    }
}

/// Receives until there is something to say of the end: the copy that each frame gets is private before anybody looks at it (a
/// sender may go on writing to shared memory).
///
/// The half comes back: to drop it is to let go of the link, though the other half may have a last word to say.
pub(super) fn drain(mut rx: Box<dyn AnyRx>, mut heard: impl FnMut(Vec<u8>) -> bool) -> Box<dyn AnyRx> {
    loop {
        let mut frame = None;
        match rx.recv(&mut |bytes| frame = Some(bytes.to_vec())) {
            Ok(()) => {
                if !frame.is_none_or(&mut heard) {
                    return rx;
                }
            }
            Err(LinkError::Overdue) => {}
            Err(_) => return rx,
        }
    }
}
