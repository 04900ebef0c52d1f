//! Transports between threads over any bounded channel: what `crossbeam` and its like share.
//!
//! A frame is a `Vec` that moves. All renderers send into one channel, so that main waits on one; each has a channel of its
//! own for the way down.

use super::local::LocalAddress;
use super::{
    ALL_WAITS, Caps, Error, Inbox, MAX_FRAME, Outbox, Peer, Result, Rx, Spec, Transport, Tx, Wait, WaitKind,
    check_len,
};
use crate::ring::wait::Budget;
use std::marker::PhantomData;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// A bounded channel between threads, as its library offers it: all that a transport over it needs.
pub trait Channel: Sized + 'static {
    /// [`Transport::NAME`].
    const NAME: &'static str;
    /// [`Caps::about`].
    const ABOUT: &'static str;
    /// The sending end; many may hold one.
    type Sender<T: Send + 'static>: Clone + Send + 'static;
    /// The receiving end.
    type Receiver<T: Send + 'static>: Send + 'static;

    /// A channel that holds `slots` values.
    fn bounded<T: Send + 'static>(slots: usize) -> (Self::Sender<T>, Self::Receiver<T>);
    /// Sends if there is room at once.
    fn try_send<T: Send + 'static>(sender: &Self::Sender<T>, value: T)
    -> std::result::Result<(), NotSent<T>>;
    /// Sends, sleeping while there is no room; `false` if the receiver is gone.
    fn send<T: Send + 'static>(sender: &Self::Sender<T>, value: T) -> bool;
    /// Receives what is there at once.
    fn try_recv<T: Send + 'static>(receiver: &mut Self::Receiver<T>) -> std::result::Result<T, NotReceived>;
    /// Receives, sleeping while there is nothing; `None` if all senders are gone.
    fn recv<T: Send + 'static>(receiver: &mut Self::Receiver<T>) -> Option<T>;
}

/// Why nothing was sent.
#[derive(Debug)]
pub enum NotSent<T> {
    /// No room; here is the value.
    Full(T),
    /// The receiver is gone.
    Gone,
}

/// Why nothing was received.
#[derive(Debug)]
pub enum NotReceived {
    /// Nothing there.
    Empty,
    /// All senders are gone.
    Gone,
}

/// What goes up: a frame and behind it the renderer's number, as large as what one moves who has no use for that; or
/// nothing, which is word that a renderer has let go.
type Up = Vec<u8>;

/// A renderer's ends, and what it needs to say goodbye.
struct End<C: Channel> {
    up: C::Sender<Up>,
    down: C::Receiver<Vec<u8>>,
    peer: Peer,
    gone: Arc<AtomicU64>,
    spec: Spec,
}

/// Main's ends.
pub struct Bound<C: Channel> {
    up: C::Receiver<Up>,
    downs: Vec<C::Sender<Vec<u8>>>,
    gone: Arc<AtomicU64>,
    spec: Spec,
}

impl<C: Channel> Transport for C {
    const NAME: &'static str = <C as Channel>::NAME;
    const CAPS: Caps = Caps {
        about: C::ABOUT,
        max_frame: MAX_FRAME,
        processes: false,
        waits: ALL_WAITS,
        one_write_broadcast: false,
        ring: false,
        echo: false,
        lossy: false,
        in_parts: false,
    };
    type Address = LocalAddress;
    type Bound = Bound<C>;
    type Outbox<W: Wait> = ChannelOutbox<C, W>;
    type Inbox<W: Wait> = ChannelInbox<C, W>;
    type Tx<W: Wait> = ChannelTx<C, W>;
    type Rx<W: Wait> = ChannelRx<C, W>;

    fn bind(spec: &Spec) -> Result<(Bound<C>, Vec<LocalAddress>)> {
        // About 4 MiB a link, as many frames as a pipe or ring of that size would hold.
        let slots = ((4 << 20) / spec.max_frame.max(64)).clamp(2, 1024);
        let gone = Arc::new(AtomicU64::new(0));
        let (up_in, up) = C::bounded(slots * spec.windows);
        let (mut downs, mut addresses) = (Vec::new(), Vec::new());
        for peer in 0..spec.windows {
            let (down_in, down) = C::bounded(slots);
            downs.push(down_in);
            let end = End::<C> { up: up_in.clone(), down, peer, gone: Arc::clone(&gone), spec: *spec };
            addresses.push(LocalAddress::leave(end));
        }
        Ok((Bound { up, downs, gone, spec: *spec }, addresses))
    }

    /// Threads are connected by having their ends.
    fn accept<W: Wait>(bound: Bound<C>) -> Result<(ChannelOutbox<C, W>, ChannelInbox<C, W>)> {
        let Bound { up, downs, gone, spec } = bound;
        let outbox = ChannelOutbox { downs, max_frame: spec.max_frame, waiter: Waiter::new(&spec) };
        Ok((
            outbox,
            ChannelInbox { up, gone, reported: 0, windows: spec.windows, waiter: Waiter::new(&spec) },
        ))
    }

    fn connect<W: Wait>(address: LocalAddress) -> Result<(ChannelTx<C, W>, ChannelRx<C, W>)> {
        let End { up, down, peer, gone, spec } = address.take::<End<C>>()?;
        let tx = ChannelTx { up, peer, gone, max_frame: spec.max_frame, waiter: Waiter::new(&spec) };
        Ok((tx, ChannelRx { down, waiter: Waiter::new(&spec) }))
    }
}

/// Sends and receives in the manner of `W`.
struct Waiter<C, W> {
    budget: Budget,
    types: PhantomData<fn() -> (C, W)>,
}

impl<C: Channel, W: Wait> Waiter<C, W> {
    fn new(spec: &Spec) -> Self {
        Waiter { budget: Budget::new(spec.spin), types: PhantomData }
    }

    /// `false` if the other side is gone.
    #[inline]
    fn send<T: Send + 'static>(&self, channel: &C::Sender<T>, message: T) -> bool {
        if W::KIND == WaitKind::Block {
            return C::send(channel, message); // as by hand: it looks for room itself before it sleeps
        }
        let mut message = Some(message);
        let mut attempt = || match C::try_send(channel, message.take()?) {
            Ok(()) => Some(true),
            Err(NotSent::Gone) => Some(false),
            Err(NotSent::Full(back)) => {
                message = Some(back);
                None
            }
        };
        let tried = self.patiently(&mut attempt);
        // Nothing is left of it only if the attempt has spoken.
        tried.unwrap_or_else(|| message.is_some_and(|message| C::send(channel, message)))
    }

    /// `None` if the other side is gone. `quit` is asked before it sleeps: if so, nothing is waited for.
    #[inline]
    fn recv<T: Send + 'static>(
        &self,
        channel: &mut C::Receiver<T>,
        mut quit: impl FnMut() -> bool,
    ) -> Option<T> {
        if W::KIND == WaitKind::Block {
            return if quit() { C::try_recv(channel).ok() } else { C::recv(channel) };
        }
        let mut attempt = || match C::try_recv(channel) {
            Ok(message) => Some(Some(message)),
            Err(NotReceived::Gone) => Some(None),
            Err(NotReceived::Empty) => quit().then_some(None),
        };
        self.patiently(&mut attempt).unwrap_or_else(|| C::recv(channel))
    }

    /// Attempts as often as `W` does before it sleeps: never, for a while, for ever.
    #[inline]
    fn patiently<R>(&self, mut attempt: impl FnMut() -> Option<R>) -> Option<R> {
        match W::KIND {
            WaitKind::Block => None,
            WaitKind::Hybrid => self.budget.spin(attempt),
            WaitKind::Spin => loop {
                if let Some(outcome) = attempt() {
                    return Some(outcome);
                }
                std::hint::spin_loop();
            },
        }
    }
}

/// A renderer's sending half.
pub struct ChannelTx<C: Channel, W> {
    up: C::Sender<Up>,
    peer: Peer,
    gone: Arc<AtomicU64>,
    max_frame: usize,
    waiter: Waiter<C, W>,
}

impl<C: Channel, W: Wait> Tx for ChannelTx<C, W> {
    type Rx = ChannelRx<C, W>;

    #[inline]
    fn send(&mut self, len: usize, fill: impl FnOnce(&mut [u8])) -> Result<()> {
        check_len(len, self.max_frame)?;
        let mut frame = vec![0; len + 1];
        if let Some((number, bytes)) = frame.split_last_mut() {
            *number = self.peer as u8; // there are at most 64
            fill(bytes);
        }
        let sent = self.waiter.send(&self.up, frame);
        if sent { Ok(()) } else { Err(Error::Closed { peer: None }) }
    }
}

impl<C: Channel, W> Drop for ChannelTx<C, W> {
    fn drop(&mut self) {
        // The channel is shared, so its end says nothing of this link. If it is full, main does not sleep and looks at
        // the bit before it does; if not, the word itself wakes main.
        self.gone.fetch_or(1 << self.peer, Ordering::Release); // SYNC: the Acquire load in ChannelInbox::recv
        let _ = C::try_send(&self.up, Vec::new());
    }
}

/// A renderer's receiving half.
pub struct ChannelRx<C: Channel, W> {
    down: C::Receiver<Vec<u8>>,
    waiter: Waiter<C, W>,
}

impl<C: Channel, W: Wait> Rx for ChannelRx<C, W> {
    #[inline]
    fn recv<R>(&mut self, read: impl FnOnce(&[u8]) -> R) -> Result<R> {
        let frame = self.waiter.recv(&mut self.down, || false).ok_or(Error::Closed { peer: None })?;
        Ok(read(&frame))
    }

    fn try_recv<R>(&mut self, read: impl FnOnce(&[u8]) -> R) -> Result<Option<R>> {
        match C::try_recv(&mut self.down) {
            Ok(frame) => Ok(Some(read(&frame))),
            Err(NotReceived::Empty) => Ok(None),
            Err(NotReceived::Gone) => Err(Error::Closed { peer: None }),
        }
    }
}

/// Main's sending half.
pub struct ChannelOutbox<C: Channel, W> {
    downs: Vec<C::Sender<Vec<u8>>>,
    max_frame: usize,
    waiter: Waiter<C, W>,
}

impl<C: Channel, W: Wait> Outbox for ChannelOutbox<C, W> {
    #[inline]
    fn send_to(&mut self, peer: Peer, len: usize, fill: impl FnOnce(&mut [u8])) -> Result<()> {
        let frame = new_frame(len, self.max_frame, fill)?;
        let sent = self.waiter.send(&self.downs[peer], frame);
        if sent { Ok(()) } else { Err(Error::Closed { peer: Some(peer) }) }
    }

    fn windows(&self) -> usize {
        self.downs.len()
    }
}

/// Main's receiving half.
pub struct ChannelInbox<C: Channel, W> {
    up: C::Receiver<Up>,
    /// Renderers that have let go, a bit each.
    gone: Arc<AtomicU64>,
    /// Those whose end has been reported.
    reported: u64,
    windows: usize,
    waiter: Waiter<C, W>,
}

impl<C: Channel, W: Wait> Inbox for ChannelInbox<C, W> {
    type Outbox = ChannelOutbox<C, W>;

    #[inline]
    fn recv<R>(&mut self, read: impl FnOnce(Peer, &[u8]) -> R) -> Result<R> {
        loop {
            let unreported = || self.gone.load(Ordering::Acquire) & !self.reported; // SYNC: the Release in drop
            let came = self.waiter.recv(&mut self.up, || unreported() != 0);
            match came.as_deref().map(<[u8]>::split_last) {
                Some(Some((&peer, frame))) => return Ok(read(peer.into(), frame)),
                Some(None) => {} // its bit is set: seen before main sleeps
                None => {
                    // What those sent before they went may have come since the channel was found empty. Who goes from
                    // here on has its turn later.
                    let gone = unreported();
                    let left = C::try_recv(&mut self.up);
                    match left.as_deref().map(<[u8]>::split_last) {
                        Ok(Some((&peer, frame))) => return Ok(read(peer.into(), frame)),
                        Ok(None) => {} // there may be more behind it
                        Err(_) if gone != 0 => {
                            let peer = gone.trailing_zeros() as Peer;
                            self.reported |= 1 << peer;
                            return Err(Error::Closed { peer: Some(peer) });
                        }
                        Err(_) => return Err(Error::Closed { peer: (self.windows == 1).then_some(0) }),
                    }
                }
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
