//! `crossbeam`: bounded channels of the crate `crossbeam-channel`, between threads. A frame is a `Vec` that moves.

use super::local::LocalAddress;
use super::{ALL_WAITS, Caps, Error, Inbox, MAX_FRAME, Outbox, Peer, Result, Rx, Spec, Transport, Tx, Wait};
use super::{WaitKind, check_len};
use crate::ring::wait::Budget;
use crossbeam_channel::{Receiver, Sender, TryRecvError, TrySendError, bounded};
use std::marker::PhantomData;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The transport.
#[derive(Debug)]
pub struct Crossbeam;

/// What goes up: a frame, or word that a renderer has let go.
type Up = (Peer, Option<Vec<u8>>);

/// A renderer's ends, and what it needs to say goodbye.
#[derive(Debug)]
struct End {
    up: Sender<Up>,
    down: Receiver<Vec<u8>>,
    peer: Peer,
    gone: Arc<AtomicU64>,
    spec: Spec,
}

/// Main's ends.
#[derive(Debug)]
pub struct Bound {
    up: Receiver<Up>,
    downs: Vec<Sender<Vec<u8>>>,
    gone: Arc<AtomicU64>,
    spec: Spec,
}

impl Transport for Crossbeam {
    const NAME: &'static str = "crossbeam";
    const CAPS: Caps = Caps {
        about: "bounded crossbeam channels between threads; a frame is a Vec that moves",
        max_frame: MAX_FRAME,
        processes: false,
        waits: ALL_WAITS,
        one_write_broadcast: false,
        echo: false,
    };
    type Address = LocalAddress;
    type Bound = Bound;
    type Outbox<W: Wait> = CrossbeamOutbox<W>;
    type Inbox<W: Wait> = CrossbeamInbox<W>;
    type Tx<W: Wait> = CrossbeamTx<W>;
    type Rx<W: Wait> = CrossbeamRx<W>;

    fn bind(spec: &Spec) -> Result<(Bound, Vec<LocalAddress>)> {
        // About 4 MiB a link, as many frames as a pipe or ring of that size would hold.
        let slots = ((4 << 20) / spec.max_frame.max(64)).clamp(2, 1024);
        let gone = Arc::new(AtomicU64::new(0));
        let (up_in, up) = bounded(slots * spec.windows);
        let (mut downs, mut addresses) = (Vec::new(), Vec::new());
        for peer in 0..spec.windows {
            let (down_in, down) = bounded(slots);
            downs.push(down_in);
            let end = End { up: up_in.clone(), down, peer, gone: Arc::clone(&gone), spec: *spec };
            addresses.push(LocalAddress::leave(end));
        }
        Ok((Bound { up, downs, gone, spec: *spec }, addresses))
    }

    fn accept<W: Wait>(bound: Bound) -> Result<(CrossbeamOutbox<W>, CrossbeamInbox<W>)> {
        let Bound { up, downs, gone, spec } = bound;
        let waiter = Waiter::<W>::new(&spec);
        let outbox = CrossbeamOutbox { downs, max_frame: spec.max_frame, waiter: Waiter::new(&spec) };
        Ok((outbox, CrossbeamInbox { up, gone, reported: 0, windows: spec.windows, waiter }))
    }

    fn connect<W: Wait>(address: LocalAddress) -> Result<(CrossbeamTx<W>, CrossbeamRx<W>)> {
        let End { up, down, peer, gone, spec } = address.take()?;
        let tx = CrossbeamTx { up, peer, gone, max_frame: spec.max_frame, waiter: Waiter::new(&spec) };
        Ok((tx, CrossbeamRx { down, waiter: Waiter::new(&spec) }))
    }
}

/// Sends and receives in the manner of `W`.
#[derive(Debug)]
struct Waiter<W> {
    budget: Budget,
    wait: PhantomData<fn() -> W>,
}

impl<W: Wait> Waiter<W> {
    fn new(spec: &Spec) -> Self {
        Waiter { budget: Budget::new(spec.spin), wait: PhantomData }
    }

    /// `Err` hands the message back: the other side is gone.
    #[inline]
    fn send<T>(&self, channel: &Sender<T>, message: T) -> std::result::Result<(), T> {
        let mut message = Some(message);
        let mut attempt = || match channel.try_send(message.take()?) {
            Ok(()) => Some(Ok(())),
            Err(TrySendError::Disconnected(back)) => Some(Err(back)),
            Err(TrySendError::Full(back)) => {
                message = Some(back);
                None
            }
        };
        let tried = match W::KIND {
            WaitKind::Block => None,
            WaitKind::Hybrid => self.budget.spin(&mut attempt),
            WaitKind::Spin => loop {
                if let Some(outcome) = attempt() {
                    return outcome;
                }
                std::hint::spin_loop();
            },
        };
        match (tried, message) {
            (Some(outcome), _) => outcome,
            (None, Some(message)) => channel.send(message).map_err(|error| error.0),
            (None, None) => Ok(()),
        }
    }

    /// `None` means that the other side is gone. `quit` is asked whenever the channel was found empty.
    #[inline]
    fn recv<T>(&self, channel: &Receiver<T>, mut quit: impl FnMut() -> bool) -> Option<T> {
        let mut attempt = || match channel.try_recv() {
            Ok(message) => Some(Some(message)),
            Err(TryRecvError::Disconnected) => Some(None),
            Err(TryRecvError::Empty) => quit().then_some(None),
        };
        let tried = match W::KIND {
            WaitKind::Block => attempt(),
            WaitKind::Hybrid => self.budget.spin(&mut attempt),
            WaitKind::Spin => loop {
                if let Some(outcome) = attempt() {
                    return outcome;
                }
                std::hint::spin_loop();
            },
        };
        tried.unwrap_or_else(|| channel.recv().ok())
    }
}

/// A renderer's sending half.
#[derive(Debug)]
pub struct CrossbeamTx<W> {
    up: Sender<Up>,
    peer: Peer,
    gone: Arc<AtomicU64>,
    max_frame: usize,
    waiter: Waiter<W>,
}

impl<W: Wait> Tx for CrossbeamTx<W> {
    type Rx = CrossbeamRx<W>;

    #[inline]
    fn send(&mut self, len: usize, fill: impl FnOnce(&mut [u8])) -> Result<()> {
        let frame = new_frame(len, self.max_frame, fill)?;
        self.waiter.send(&self.up, (self.peer, Some(frame))).map_err(|_| Error::Closed { peer: None })
    }
}

impl<W> Drop for CrossbeamTx<W> {
    fn drop(&mut self) {
        // The channel is shared, so its end says nothing of this link. If it is full, main is busy with it and looks at
        // the bit once it has run empty; if not, the word itself wakes main.
        self.gone.fetch_or(1 << self.peer, Ordering::Release); // SYNC: the Acquire load in CrossbeamInbox::recv
        let _ = self.up.try_send((self.peer, None));
    }
}

/// A renderer's receiving half.
#[derive(Debug)]
pub struct CrossbeamRx<W> {
    down: Receiver<Vec<u8>>,
    waiter: Waiter<W>,
}

impl<W: Wait> Rx for CrossbeamRx<W> {
    #[inline]
    fn recv<R>(&mut self, read: impl FnOnce(&[u8]) -> R) -> Result<R> {
        let frame = self.waiter.recv(&self.down, || false).ok_or(Error::Closed { peer: None })?;
        Ok(read(&frame))
    }

    fn try_recv<R>(&mut self, read: impl FnOnce(&[u8]) -> R) -> Result<Option<R>> {
        match self.down.try_recv() {
            Ok(frame) => Ok(Some(read(&frame))),
            Err(TryRecvError::Empty) => Ok(None),
            Err(TryRecvError::Disconnected) => Err(Error::Closed { peer: None }),
        }
    }
}

/// Main's sending half.
#[derive(Debug)]
pub struct CrossbeamOutbox<W> {
    downs: Vec<Sender<Vec<u8>>>,
    max_frame: usize,
    waiter: Waiter<W>,
}

impl<W: Wait> Outbox for CrossbeamOutbox<W> {
    #[inline]
    fn send_to(&mut self, peer: Peer, len: usize, fill: impl FnOnce(&mut [u8])) -> Result<()> {
        let frame = new_frame(len, self.max_frame, fill)?;
        self.waiter.send(&self.downs[peer], frame).map_err(|_| Error::Closed { peer: Some(peer) })
    }

    fn windows(&self) -> usize {
        self.downs.len()
    }
}

/// Main's receiving half.
#[derive(Debug)]
pub struct CrossbeamInbox<W> {
    up: Receiver<Up>,
    /// Renderers that have let go, a bit each.
    gone: Arc<AtomicU64>,
    /// Those whose end has been reported.
    reported: u64,
    windows: usize,
    waiter: Waiter<W>,
}

impl<W: Wait> Inbox for CrossbeamInbox<W> {
    type Outbox = CrossbeamOutbox<W>;

    #[inline]
    fn recv<R>(&mut self, read: impl FnOnce(Peer, &[u8]) -> R) -> Result<R> {
        loop {
            let unreported = || self.gone.load(Ordering::Acquire) & !self.reported; // SYNC: the Release in drop
            match self.waiter.recv(&self.up, || unreported() != 0) {
                Some((peer, Some(frame))) => return Ok(read(peer, &frame)),
                Some((_, None)) => {} // its bit is set: seen when the channel runs empty
                None if unreported() != 0 => {
                    // What it sent before it went may have come since the channel was found empty.
                    if let Ok((peer, Some(frame))) = self.up.try_recv() {
                        return Ok(read(peer, &frame));
                    }
                    let peer = unreported().trailing_zeros() as Peer;
                    self.reported |= 1 << peer;
                    return Err(Error::Closed { peer: Some(peer) });
                }
                None => return Err(Error::Closed { peer: (self.windows == 1).then_some(0) }),
            }
        }
    }
}

#[inline]
fn new_frame(len: usize, max: usize, fill: impl FnOnce(&mut [u8])) -> Result<Vec<u8>> {
    check_len(len, max)?;
    let mut frame = vec![0; len];
    fill(&mut frame);
    Ok(frame)
}
