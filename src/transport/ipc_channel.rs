//! `ipc-channel`: the crate of the Servo browser, typed channels over Unix sockets.
//!
//! A frame travels as a byte string that the crate serialises (postcard), the way its users send buffers. Main waits
//! on a receiver set when there are several renderers.
//!
//! One limit is the crate's own: a sender whose reader dies in the middle of a frame of more than about 200 KB waits for
//! ever, since the sender itself holds the reading end of the channel that such a frame travels in. A trial ends by the
//! supervisor's watch then. Another: a call that a signal breaks off, and that its handler does not let the kernel restart, is an error
//! of the link; the crate repeats only its waits on several channels, and a frame in several parts cannot be sent again from here.

use super::{ALL_WAITS, Caps, Error, Inbox, MAX_FRAME, Outbox, Peer, Result, Rx, Spec, Transport, Tx, Wait};
use super::{WaitKind, check_len};
use crate::ring::wait::Budget;
use crate::sys::limits::spare_descriptors;
use ::ipc_channel::ipc::{
    self, IpcOneShotServer, IpcReceiver, IpcReceiverSet, IpcSelectionResult, IpcSender,
};
use ::ipc_channel::{IpcError, TryRecvError, TrySelectError};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::collections::VecDeque;
use std::fs::{Permissions, set_permissions};
use std::io;
use std::marker::PhantomData;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

/// The transport.
#[derive(Debug)]
pub struct IpcChannel;

/// What one hand-shake opens, and some: the crate panics where descriptors do not arrive for want of numbers.
const DESCRIPTORS: usize = 10;

/// Where a renderer reports, and what it reports with: its ends' other ends.
type Hello = (IpcReceiver<Frame>, IpcSender<Frame>);

/// A renderer's address: the name of a server that takes one connection.
#[derive(Debug, Serialize, Deserialize)]
pub struct Address {
    server: String,
    max_frame: usize,
    spin: Duration,
}

/// One waiting server for each renderer.
pub struct Bound {
    spec: Spec,
    servers: Vec<IpcOneShotServer<Hello>>,
}

impl Transport for IpcChannel {
    const NAME: &'static str = "ipc-channel";
    const CAPS: Caps = Caps {
        about: "the crate ipc-channel, a typed channel each way",
        max_frame: MAX_FRAME,
        processes: true,
        waits: ALL_WAITS,
        one_write_broadcast: false,
        ring: false,
        echo: false,
        lossy: false,
        in_parts: true,
    };
    type Address = Address;
    type Bound = Bound;
    type Outbox<W: Wait> = IpcOutbox;
    type Inbox<W: Wait> = IpcInbox<W>;
    type Tx<W: Wait> = IpcTx<W>;
    type Rx<W: Wait> = IpcRx<W>;

    fn bind(spec: &Spec) -> Result<(Bound, Vec<Address>)> {
        let (mut servers, mut addresses) = (Vec::new(), Vec::new());
        for _ in 0..spec.windows {
            let (server, name) = IpcOneShotServer::new().map_err(Error::os("making a one-shot server"))?;
            // The crate leaves its directory to the process's mask, which may let others in.
            Path::new(&name)
                .parent()
                .map_or(Ok(()), |directory| set_permissions(directory, Permissions::from_mode(0o700)))
                .map_err(Error::os("keeping others out of a server's directory"))?;
            servers.push(server);
            addresses.push(Address { server: name, max_frame: spec.max_frame, spin: spec.spin });
        }
        Ok((Bound { spec: *spec, servers }, addresses))
    }

    fn accept<W: Wait>(bound: Bound) -> Result<(IpcOutbox, IpcInbox<W>)> {
        let Bound { spec, servers } = bound;
        let (mut downs, mut ups) = (Vec::new(), Vec::new());
        for (peer, server) in servers.into_iter().enumerate() {
            spare_descriptors(DESCRIPTORS).map_err(Error::os("making room for channels"))?;
            let (_, (up, down)) = server.accept().map_err(closed(Some(peer)))?;
            ups.push(up);
            downs.push(down);
        }
        Ok((IpcOutbox { downs, max_frame: spec.max_frame }, IpcInbox::new(ups, &spec)?))
    }

    fn connect<W: Wait>(address: Address) -> Result<(IpcTx<W>, IpcRx<W>)> {
        spare_descriptors(DESCRIPTORS).map_err(Error::os("making room for channels"))?;
        let hello: IpcSender<Hello> =
            IpcSender::connect(address.server).map_err(Error::os("connecting to the one-shot server"))?;
        let (up_in, up) = ipc::channel().map_err(Error::os("making a channel"))?;
        let (down_in, down) = ipc::channel().map_err(Error::os("making a channel"))?;
        hello.send((up, down_in)).map_err(closed(None))?;
        let budget = Budget::new(address.spin);
        let tx = IpcTx { up: up_in, max_frame: address.max_frame, wait: PhantomData };
        Ok((tx, IpcRx { down, budget, wait: PhantomData }))
    }
}

/// A frame's bytes, serialised as one byte string.
#[derive(Debug)]
struct Frame(Vec<u8>);

impl Frame {
    fn new(len: usize, max: usize, fill: impl FnOnce(&mut [u8])) -> Result<Frame> {
        check_len(len, max)?;
        let mut bytes = vec![0; len];
        fill(&mut bytes);
        Ok(Frame(bytes))
    }
}

impl Serialize for Frame {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}

impl<'de> Deserialize<'de> for Frame {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        struct Bytes;
        impl de::Visitor<'_> for Bytes {
            type Value = Frame;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("bytes")
            }
            fn visit_bytes<E: de::Error>(self, bytes: &[u8]) -> std::result::Result<Frame, E> {
                Ok(Frame(bytes.to_vec()))
            }
            fn visit_byte_buf<E: de::Error>(self, bytes: Vec<u8>) -> std::result::Result<Frame, E> {
                Ok(Frame(bytes))
            }
        }
        deserializer.deserialize_byte_buf(Bytes)
    }
}

/// What the crate's errors mean to a link.
fn closed(peer: Option<Peer>) -> impl Fn(IpcError) -> Error {
    move |error| match error {
        IpcError::Disconnected => Error::Closed { peer },
        IpcError::SerializationError(_) => Error::Corrupt("a serialised frame"),
        IpcError::Io(source) => match source.kind() {
            io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset => Error::Closed { peer },
            _ => Error::Os { doing: "using an ipc-channel", source },
        },
    }
}

/// A renderer's sending half.
#[derive(Debug)]
pub struct IpcTx<W> {
    up: IpcSender<Frame>,
    max_frame: usize,
    wait: PhantomData<fn() -> W>,
}

impl<W: Wait> Tx for IpcTx<W> {
    type Rx = IpcRx<W>;

    fn send(&mut self, len: usize, fill: impl FnOnce(&mut [u8])) -> Result<()> {
        self.up.send(Frame::new(len, self.max_frame, fill)?).map_err(closed(None))
    }
}

/// A renderer's receiving half.
#[derive(Debug)]
pub struct IpcRx<W> {
    down: IpcReceiver<Frame>,
    budget: Budget,
    wait: PhantomData<fn() -> W>,
}

impl<W: Wait> Rx for IpcRx<W> {
    fn recv<R>(&mut self, read: impl FnOnce(&[u8]) -> R) -> Result<R> {
        recv_one::<W>(&self.down, &self.budget, None).map(|frame| read(&frame.0))
    }

    fn try_recv<R>(&mut self, read: impl FnOnce(&[u8]) -> R) -> Result<Option<R>> {
        match self.down.try_recv() {
            Ok(frame) => Ok(Some(read(&frame.0))),
            Err(TryRecvError::Empty) => Ok(None),
            Err(TryRecvError::IpcError(error)) => Err(closed(None)(error)),
        }
    }
}

fn recv_one<W: Wait>(channel: &IpcReceiver<Frame>, budget: &Budget, peer: Option<Peer>) -> Result<Frame> {
    let mut attempt = || match channel.try_recv() {
        Ok(frame) => Some(Ok(frame)),
        Err(TryRecvError::Empty) => None,
        Err(TryRecvError::IpcError(error)) => Some(Err(error)),
    };
    let tried = match W::KIND {
        WaitKind::Block => None,
        WaitKind::Hybrid => budget.spin(&mut attempt),
        WaitKind::Spin => loop {
            if let Some(outcome) = attempt() {
                break Some(outcome);
            }
            std::hint::spin_loop();
        },
    };
    tried.unwrap_or_else(|| channel.recv()).map_err(closed(peer))
}

/// Main's sending half.
#[derive(Debug)]
pub struct IpcOutbox {
    downs: Vec<IpcSender<Frame>>,
    max_frame: usize,
}

impl Outbox for IpcOutbox {
    fn send_to(&mut self, peer: Peer, len: usize, fill: impl FnOnce(&mut [u8])) -> Result<()> {
        self.downs[peer].send(Frame::new(len, self.max_frame, fill)?).map_err(closed(Some(peer)))
    }

    fn windows(&self) -> usize {
        self.downs.len()
    }
}

/// Main's receiving half.
pub struct IpcInbox<W> {
    ups: Ups,
    budget: Budget,
    wait: PhantomData<fn() -> W>,
}

enum Ups {
    One(IpcReceiver<Frame>),
    Many { set: IpcReceiverSet, peers: Vec<u64>, open: usize, events: VecDeque<IpcSelectionResult> },
}

impl<W: Wait> IpcInbox<W> {
    fn new(mut receivers: Vec<IpcReceiver<Frame>>, spec: &Spec) -> Result<Self> {
        let ups = match receivers.len() {
            1 => Ups::One(receivers.remove(0)),
            open => {
                let mut set = IpcReceiverSet::new().map_err(Error::os("making a receiver set"))?;
                let peers =
                    receivers.into_iter().map(|receiver| set.add(receiver)).collect::<io::Result<_>>();
                let peers = peers.map_err(Error::os("filling a receiver set"))?;
                Ups::Many { set, peers, open, events: VecDeque::new() }
            }
        };
        Ok(IpcInbox { ups, budget: Budget::new(spec.spin), wait: PhantomData })
    }
}

impl<W: Wait> Inbox for IpcInbox<W> {
    type Outbox = IpcOutbox;

    fn recv<R>(&mut self, read: impl FnOnce(Peer, &[u8]) -> R) -> Result<R> {
        match &mut self.ups {
            Ups::One(up) => recv_one::<W>(up, &self.budget, Some(0)).map(|frame| read(0, &frame.0)),
            Ups::Many { set, peers, open, events } => {
                while events.is_empty() {
                    if *open == 0 {
                        return Err(Error::Closed { peer: None });
                    }
                    events.extend(select::<W>(set, &self.budget)?);
                }
                let peer_of = |id| peers.iter().position(|&known| known == id).unwrap_or_default();
                match events.pop_front() {
                    Some(IpcSelectionResult::MessageReceived(id, message)) => {
                        let frame: Frame = message.to().map_err(|_| Error::Corrupt("a serialised frame"))?;
                        Ok(read(peer_of(id), &frame.0))
                    }
                    Some(IpcSelectionResult::ChannelClosed(id)) => {
                        *open -= 1;
                        Err(Error::Closed { peer: Some(peer_of(id)) })
                    }
                    None => unreachable!("the loop above ends with an event"),
                }
            }
        }
    }
}

fn select<W: Wait>(set: &mut IpcReceiverSet, budget: &Budget) -> Result<Vec<IpcSelectionResult>> {
    let mut attempt = || match set.try_select() {
        Ok(events) if events.is_empty() => None,
        Err(TrySelectError::Empty) => None,
        Ok(events) => Some(Ok(events)),
        Err(TrySelectError::IoError(error)) => Some(Err(error)),
    };
    let tried = match W::KIND {
        WaitKind::Block => None,
        WaitKind::Hybrid => budget.spin(&mut attempt),
        WaitKind::Spin => loop {
            if let Some(outcome) = attempt() {
                break Some(outcome);
            }
            std::hint::spin_loop();
        },
    };
    tried.unwrap_or_else(|| set.select()).map_err(Error::os("waiting on a receiver set"))
}

impl<W> std::fmt::Debug for IpcInbox<W> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("IpcInbox")
    }
}

impl std::fmt::Debug for Bound {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Bound({} servers)", self.servers.len())
    }
}
