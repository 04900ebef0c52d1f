//! `iceoryx2`: the crate of that name, samples lent in shared memory (publish-subscribe), between processes.
//!
//! Each link has a service each way; each end that sleeps has a listener of the crate's event service, which senders
//! notify after each frame unless all spin. What a sender writes to is cleared by the crate before, since the loan that is
//! not needs unsafe code of its user. Its thread-safe flavour is used, since halves move between threads.
//!
//! A full link makes the sender wait as the crate does: it yields, and after a while sleeps for moments. The crate does not
//! notice by itself that a process has died; our watch does, and has it cleaned up by the crate.
//!
//! Everything that it names lies in `/dev/shm` under one of our names, for the sweep of a later start.

use super::watch::Watch;
use super::{ALL_WAITS, Caps, Error, Inbox, MAX_FRAME, Outbox, Peer, Result, Rx, Spec, Transport, Tx, Wait};
use super::{WaitKind, check_len};
use crate::ring::wait::Budget;
use crate::sys::leftovers::{SHM_DIR, fresh_name, remove_family};
use crate::sys::process::own_pid;
use ::iceoryx2::node::Node;
use ::iceoryx2::port::listener::Listener;
use ::iceoryx2::port::notifier::Notifier;
use ::iceoryx2::port::publisher::Publisher;
use ::iceoryx2::port::subscriber::Subscriber;
use ::iceoryx2::port::update_connections::UpdateConnections;
use ::iceoryx2::port::{BackpressureAction, BackpressureInfo};
use ::iceoryx2::prelude::{
    BackpressureStrategy, Config, EventId, FileName, LogLevel, NodeBuilder, Path, PortFactory as _,
    SemanticString, SignalHandlingMode, ipc_threadsafe::Service, set_log_level,
};
use ::iceoryx2::sample::Sample;
use ::iceoryx2::service::port_factory::event::PortFactory as Events;
use ::iceoryx2::service::port_factory::publish_subscribe::PortFactory as Frames;
use serde::{Deserialize, Serialize};
use std::fmt::Display;
use std::io;
use std::marker::PhantomData;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// The transport.
#[derive(Debug)]
pub struct Iceoryx2;

/// Names of a hub's services, and whose they are.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Address {
    name: String,
    peer: Peer,
    windows: usize,
    main_pid: u32,
    max_frame: usize,
    spin: Duration,
}

/// Main's ends, before anybody has connected.
#[derive(Debug)]
pub struct Bound {
    downs: Vec<Sender>,
    ups: Vec<Receiver>,
    bell: Listener<Service>,
    address: Address,
    site: Site,
    gone: Arc<AtomicU64>,
}

/// Names the crate's errors, which are of many types.
fn failed<E: Display>(doing: &'static str) -> impl Fn(E) -> Error {
    move |error| Error::Os { doing, source: io::Error::other(error.to_string()) }
}

/// A node of the crate, whose files bear the hub's name. The last one to go takes what the crate keeps for the next.
#[derive(Debug)]
struct Site {
    node: Option<Node<Service>>,
    name: String,
    config: Config,
}

/// The end of the name of the directory that has an entry for each node.
const NODES: &str = ".nodes";

impl Site {
    fn new(name: &str) -> Result<Site> {
        let config = Site::config(name)?;
        set_log_level(LogLevel::Fatal);
        let node = NodeBuilder::new().config(&config).signal_handling_mode(SignalHandlingMode::Disabled);
        let node = node.create().map_err(failed("creating an iceoryx2 node"))?;
        Ok(Site { node: Some(node), name: name.to_owned(), config })
    }

    fn config(name: &str) -> Result<Config> {
        fn text<T: SemanticString<N>, const N: usize>(text: &str) -> Result<T> {
            T::new(text.as_bytes()).map_err(|_| Error::Corrupt("a hub's name"))
        }
        let mut config = Config::default();
        let global = &mut config.global;
        global.prefix = text::<FileName, _>(&format!("{name}."))?;
        global.set_root_path(&text::<Path, _>(SHM_DIR)?);
        global.node.directory = text(&format!("{name}{NODES}"))?;
        global.service.directory = text(&format!("{name}.services"))?;
        // Our watch looks for the dead, and only for those of this hub.
        global.node.cleanup_dead_nodes_on_creation = false;
        global.node.cleanup_dead_nodes_on_destruction = false;
        global.service.cleanup_dead_nodes_on_open = false;
        Ok(config)
    }

    fn node(&self) -> Result<&Node<Service>> {
        self.node.as_ref().ok_or(Error::Corrupt("a node that is gone"))
    }

    fn frames(&self, way: &str, address: &Address) -> Result<Frames<Service, [u8], ()>> {
        let name = format!("{way}/{}", address.peer);
        let name = name.as_str().try_into().map_err(failed("naming an iceoryx2 service"))?;
        let service = self.node()?.service_builder(&name).publish_subscribe::<[u8]>();
        // About 4 MiB a link, as many frames as a pipe or ring of that size would hold.
        let slots = ((4 << 20) / address.max_frame.max(64)).clamp(2, 1024);
        let service = service.enable_safe_overflow(false).history_size(0).subscriber_max_buffer_size(slots);
        let service = service.subscriber_max_borrowed_samples(1).max_publishers(1).max_subscribers(1);
        service.max_nodes(2).open_or_create().map_err(failed("opening an iceoryx2 service"))
    }

    /// The bell of a renderer, or main's.
    fn events(&self, whose: Option<Peer>, address: &Address) -> Result<Events<Service>> {
        let name = whose.map_or("main".to_owned(), |peer| format!("renderer/{peer}"));
        let name = name.as_str().try_into().map_err(failed("naming an iceoryx2 service"))?;
        let service = self.node()?.service_builder(&name).event();
        // Whoever rings, and the watch.
        let service =
            service.max_listeners(1).max_notifiers(address.windows + 2).max_nodes(address.windows + 1);
        let service = service.notifier_dropped_event(EventId::new(0));
        service.open_or_create().map_err(failed("opening an iceoryx2 event service"))
    }

    /// Watches the processes behind links `first` and following; the dead are cleaned up and marked in `gone`, and the
    /// bell rings.
    fn watch(
        &self,
        first: Peer,
        pids: &[u32],
        gone: &Arc<AtomicU64>,
        bell: Notifier<Service>,
    ) -> Result<Watch> {
        let (config, gone) = (self.config.clone(), Arc::clone(gone));
        Watch::start(pids, move |index| {
            Node::<Service>::try_cleanup_dead_nodes(&config);
            gone.fetch_or(1 << (first + index), Ordering::Release); // SYNC: the Acquire load in is_gone
            // It fails only if nobody listens any more.
            let _ = bell.notify();
        })
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.node = None;
        let directory = format!("{SHM_DIR}/{}{NODES}", self.name);
        // Other nodes are there still unless it is empty.
        if std::fs::remove_dir(directory).is_ok() {
            remove_family(&self.name);
        }
    }
}

fn is_gone(gone: &AtomicU64, peer: Peer) -> bool {
    gone.load(Ordering::Acquire) & (1 << peer) != 0 // SYNC: the Release in Site::watch
}

/// The sending end of one direction, and the bell of its receiver.
#[derive(Debug)]
struct Sender {
    port: Publisher<Service, [u8], ()>,
    /// Goes after the port: that it goes rings the bell.
    bell: Notifier<Service>,
    max_frame: usize,
}

impl Sender {
    fn new(
        site: &Site,
        way: &str,
        address: &Address,
        to: Option<Peer>,
        gone: &Arc<AtomicU64>,
    ) -> Result<Sender> {
        let (peer, gone) = (address.peer, Arc::clone(gone));
        let retry = move |_: &BackpressureInfo| match is_gone(&gone, peer) {
            true => BackpressureAction::DiscardDataAndFail,
            false => BackpressureAction::Retry,
        };
        let service = site.frames(way, address)?;
        let port = service.publisher_builder().initial_max_slice_len(address.max_frame.max(HELLO));
        let port =
            port.max_loaned_samples(1).backpressure_strategy(BackpressureStrategy::RetryUntilDelivered);
        let port = port.set_backpressure_handler(retry).create();
        let bell = site.events(to, address)?.notifier_builder().create();
        Ok(Sender {
            port: port.map_err(failed("creating an iceoryx2 publisher"))?,
            bell: bell.map_err(failed("creating an iceoryx2 notifier"))?,
            max_frame: address.max_frame,
        })
    }

    /// Sends a frame; `false` if the receiver is gone.
    #[inline]
    fn send(&self, ring: bool, len: usize, fill: impl FnOnce(&mut [u8])) -> Result<bool> {
        let mut sample = self.port.loan_slice(len).map_err(failed("borrowing an iceoryx2 sample"))?;
        fill(sample.payload_mut());
        // It answers how many it reached, and fails if the watch has cut its waiting short.
        let sent = matches!(sample.send(), Ok(1..));
        if ring && sent {
            // It fails only if nobody listens any more.
            let _ = self.bell.notify();
        }
        Ok(sent)
    }
}

/// The receiving end of one direction.
#[derive(Debug)]
struct Receiver {
    port: Subscriber<Service, [u8], ()>,
    service: Frames<Service, [u8], ()>,
    gone: Arc<AtomicU64>,
    peer: Peer,
}

/// What one look at a link finds.
enum Look {
    Frame(Sample<Service, [u8], ()>),
    Nothing,
    /// Nothing, and nothing will come.
    Gone,
}

impl Receiver {
    fn new(site: &Site, way: &str, address: &Address, gone: &Arc<AtomicU64>) -> Result<Receiver> {
        let service = site.frames(way, address)?;
        let port =
            service.subscriber_builder().create().map_err(failed("creating an iceoryx2 subscriber"))?;
        Ok(Receiver { port, service, gone: Arc::clone(gone), peer: address.peer })
    }

    #[inline]
    fn look(&self) -> Result<Look> {
        if let Some(sample) = self.receive()? {
            return Ok(Look::Frame(sample));
        }
        if self.service.dynamic_config().number_of_publishers() > 0 && !is_gone(&self.gone, self.peer) {
            return Ok(Look::Nothing);
        }
        // What it sent before it went may have come since.
        Ok(self.receive()?.map_or(Look::Gone, Look::Frame))
    }

    #[inline]
    fn receive(&self) -> Result<Option<Sample<Service, [u8], ()>>> {
        self.port.receive().map_err(failed("receiving an iceoryx2 sample"))
    }
}

/// Looks in the manner of `W` until something is found; `bell` rings when there may be.
#[inline]
fn wait_for<W: Wait, T>(
    bell: &Listener<Service>,
    budget: &Budget,
    mut look: impl FnMut() -> Option<Result<T>>,
) -> Result<T> {
    loop {
        let found = match W::KIND {
            WaitKind::Block => look(),
            WaitKind::Hybrid => budget.spin(&mut look),
            WaitKind::Spin => loop {
                if let Some(found) = look() {
                    return found;
                }
                std::hint::spin_loop();
            },
        };
        if let Some(found) = found {
            return found;
        }
        bell.blocking_wait_one().map_err(failed("listening to iceoryx2 events"))?;
    }
}

/// What both halves of an end keep.
#[derive(Debug)]
struct Common {
    _watch: Watch,
    _site: Site,
}

/// Bytes of the first frame of a link: the renderer's process.
const HELLO: usize = 4;

/// A renderer's sending half.
#[derive(Debug)]
pub struct IceoryxTx<W> {
    up: Sender,
    _common: Arc<Common>,
    wait: PhantomData<fn() -> W>,
}

impl<W: Wait> Tx for IceoryxTx<W> {
    type Rx = IceoryxRx<W>;

    #[inline]
    fn send(&mut self, len: usize, fill: impl FnOnce(&mut [u8])) -> Result<()> {
        check_len(len, self.up.max_frame)?;
        let sent = self.up.send(W::KIND != WaitKind::Spin, len, fill)?;
        if sent { Ok(()) } else { Err(Error::Closed { peer: None }) }
    }
}

/// A renderer's receiving half.
#[derive(Debug)]
pub struct IceoryxRx<W> {
    down: Receiver,
    bell: Listener<Service>,
    budget: Budget,
    _common: Arc<Common>,
    wait: PhantomData<fn() -> W>,
}

impl<W: Wait> Rx for IceoryxRx<W> {
    #[inline]
    fn recv<R>(&mut self, read: impl FnOnce(&[u8]) -> R) -> Result<R> {
        let sample = wait_for::<W, _>(&self.bell, &self.budget, || match self.down.look() {
            Ok(Look::Frame(sample)) => Some(Ok(sample)),
            Ok(Look::Nothing) => None,
            Ok(Look::Gone) => Some(Err(Error::Closed { peer: None })),
            Err(error) => Some(Err(error)),
        })?;
        Ok(read(sample.payload()))
    }

    fn try_recv<R>(&mut self, read: impl FnOnce(&[u8]) -> R) -> Result<Option<R>> {
        match self.down.look()? {
            Look::Frame(sample) => Ok(Some(read(sample.payload()))),
            Look::Nothing => Ok(None),
            Look::Gone => Err(Error::Closed { peer: None }),
        }
    }
}

/// Main's sending half.
#[derive(Debug)]
pub struct IceoryxOutbox<W> {
    downs: Vec<Sender>,
    _common: Arc<Common>,
    wait: PhantomData<fn() -> W>,
}

impl<W: Wait> Outbox for IceoryxOutbox<W> {
    #[inline]
    fn send_to(&mut self, peer: Peer, len: usize, fill: impl FnOnce(&mut [u8])) -> Result<()> {
        let down = &self.downs[peer];
        check_len(len, down.max_frame)?;
        let sent = down.send(W::KIND != WaitKind::Spin, len, fill)?;
        if sent { Ok(()) } else { Err(Error::Closed { peer: Some(peer) }) }
    }

    fn windows(&self) -> usize {
        self.downs.len()
    }
}

/// Main's receiving half.
#[derive(Debug)]
pub struct IceoryxInbox<W> {
    ups: Vec<Receiver>,
    bell: Listener<Service>,
    budget: Budget,
    /// Whose end has been reported, a bit each.
    reported: u64,
    /// Where the next round begins: behind the link that was served last.
    next: Peer,
    _common: Arc<Common>,
    wait: PhantomData<fn() -> W>,
}

impl<W: Wait> Inbox for IceoryxInbox<W> {
    type Outbox = IceoryxOutbox<W>;

    #[inline]
    fn recv<R>(&mut self, read: impl FnOnce(Peer, &[u8]) -> R) -> Result<R> {
        let Self { ups, reported, next, .. } = self;
        let windows = ups.len();
        let (peer, sample) = wait_for::<W, _>(&self.bell, &self.budget, || {
            if reported.count_ones() as usize == windows {
                return Some(Err(Error::Closed { peer: (windows == 1).then_some(0) }));
            }
            for _ in 0..windows {
                let peer = *next;
                *next = if peer + 1 == windows { 0 } else { peer + 1 };
                if *reported & (1 << peer) != 0 {
                    continue;
                }
                match ups[peer].look() {
                    Ok(Look::Frame(sample)) => return Some(Ok((peer, sample))),
                    Ok(Look::Nothing) => {}
                    Ok(Look::Gone) => {
                        *reported |= 1 << peer;
                        return Some(Err(Error::Closed { peer: Some(peer) }));
                    }
                    Err(error) => return Some(Err(error)),
                }
            }
            None
        })?;
        Ok(read(peer, sample.payload()))
    }
}

impl Transport for Iceoryx2 {
    const NAME: &'static str = "iceoryx2";
    const CAPS: Caps = Caps {
        about: "the crate iceoryx2: samples lent in shared memory, its event service to sleep",
        max_frame: MAX_FRAME,
        processes: true,
        waits: ALL_WAITS,
        one_write_broadcast: false,
        echo: false,
    };
    type Address = Address;
    type Bound = Bound;
    type Outbox<W: Wait> = IceoryxOutbox<W>;
    type Inbox<W: Wait> = IceoryxInbox<W>;
    type Tx<W: Wait> = IceoryxTx<W>;
    type Rx<W: Wait> = IceoryxRx<W>;

    fn bind(spec: &Spec) -> Result<(Bound, Vec<Address>)> {
        let name = fresh_name();
        let Spec { windows, max_frame, spin } = *spec;
        let main_pid = own_pid().as_raw_nonzero().get().cast_unsigned();
        let address = Address { name, peer: 0, windows, main_pid, max_frame, spin };
        let site = Site::new(&address.name)?;
        let bell = site.events(None, &address)?.listener_builder().create();
        let bell = bell.map_err(failed("creating an iceoryx2 listener"))?;
        let addresses: Vec<_> = (0..windows).map(|peer| Address { peer, ..address.clone() }).collect();
        let gone = Arc::default();
        let down = |link: &Address| Sender::new(&site, "down", link, Some(link.peer), &gone);
        let downs = addresses.iter().map(down).collect::<Result<_>>()?;
        let up = |link| Receiver::new(&site, "up", link, &gone);
        let ups = addresses.iter().map(up).collect::<Result<_>>()?;
        Ok((Bound { downs, ups, bell, address, site, gone }, addresses))
    }

    fn accept<W: Wait>(bound: Bound) -> Result<(IceoryxOutbox<W>, IceoryxInbox<W>)> {
        let Bound { downs, ups, bell, address, site, gone } = bound;
        let mut pids = Vec::new();
        for up in &ups {
            // Not yet timed: asleep, whatever the links' own wait. A renderer greets when its ends are there.
            let hello = loop {
                match up.receive()? {
                    Some(sample) => break sample,
                    None => drop(bell.blocking_wait_one().map_err(failed("listening to iceoryx2 events"))?),
                }
            };
            let pid = hello.payload().try_into().map_err(|_| Error::Corrupt("a renderer's greeting"))?;
            pids.push(u32::from_le_bytes(pid));
        }
        for down in &downs {
            down.port.update_connections().map_err(failed("connecting to iceoryx2 subscribers"))?;
        }
        let ringer = site.events(None, &address)?.notifier_builder().create();
        let watch = site.watch(0, &pids, &gone, ringer.map_err(failed("creating an iceoryx2 notifier"))?)?;
        let common = Arc::new(Common { _watch: watch, _site: site });
        let budget = Budget::new(address.spin);
        let outbox = IceoryxOutbox { downs, _common: Arc::clone(&common), wait: PhantomData };
        let inbox =
            IceoryxInbox { ups, bell, budget, reported: 0, next: 0, _common: common, wait: PhantomData };
        Ok((outbox, inbox))
    }

    fn connect<W: Wait>(address: Address) -> Result<(IceoryxTx<W>, IceoryxRx<W>)> {
        let site = Site::new(&address.name)?;
        let gone = Arc::default();
        let events = site.events(Some(address.peer), &address)?;
        let bell = events.listener_builder().create().map_err(failed("creating an iceoryx2 listener"))?;
        let down = Receiver::new(&site, "down", &address, &gone)?;
        let up = Sender::new(&site, "up", &address, None, &gone)?;
        let ringer = events.notifier_builder().create().map_err(failed("creating an iceoryx2 notifier"))?;
        let watch = site.watch(address.peer, &[address.main_pid], &gone, ringer)?;
        let pid = own_pid().as_raw_nonzero().get().to_le_bytes();
        up.send(true, HELLO, |bytes| bytes.copy_from_slice(&pid))?;
        let common = Arc::new(Common { _watch: watch, _site: site });
        let budget = Budget::new(address.spin);
        let tx = IceoryxTx { up, _common: Arc::clone(&common), wait: PhantomData };
        Ok((tx, IceoryxRx { down, bell, budget, _common: common, wait: PhantomData }))
    }
}
