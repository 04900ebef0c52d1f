//! `eventfd`: a byte ring each way in shared memory, with the kernel's doorbell instead of a futex (`eventfd(2)`).
//!
//! It shows what a doorbell that is a descriptor costs: a thread that sleeps on one can sleep on anything else beside it,
//! which a futex does not offer. Everything else is as cheap as we know how: whoever has work for a sleeper writes to the
//! descriptor, and nobody writes while nobody sleeps. Frames, also calls and broadcasts, go through the rings, so what
//! `shm` saves by answering calls in place and by writing a broadcast once is not in the comparison.
//!
//! ```text
//! hub segment    │ ready bits │ main waits for frames │ main waits for room │
//! link segment   │ up tail, head │ down tail, head │ renderer waits for room │ … for frames │ … up frames │ … down frames
//! ```
//!
//! Each link has event counters of its own, also to wake main by: a renderer that spoils its counters spoils nobody else's. The words of
//! the hub's segment any renderer can write; main does not believe them, and looks again after [`DOUBT`](crate::ring::bell::DOUBT).
//!
//! An end that spins never looks at a doorbell: that would be `shm` under another name, so `spin` is not among the waits.

use super::lifeline::{await_all, greet, lifeline};
use super::{Caps, Error, MAX_FRAME, Result, Spec, Transport, Wait, WaitKind};
use crate::ring::bell::Bell;
use crate::ring::ready::ReadyBits;
use crate::ring::shared::{Block, LINE, Word};
use crate::ring::spsc::{Consumer, Producer, capacity_for};
use crate::sys::fd::Descriptor;
use crate::sys::segment::{Backing, Handle, Segment};
use doorbell::{Doorbell, Event, EventWord};
use rustix::event::{EventfdFlags, eventfd};
use serde::{Deserialize, Serialize};
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

mod doorbell;
mod main_end;
mod renderer_end;

pub use main_end::{EventfdInbox, EventfdOutbox};
pub use renderer_end::{EventfdRx, EventfdTx};

/// The transport.
#[derive(Debug)]
pub struct Eventfd;

/// The segments, the doorbells, and what they were made for.
#[derive(Debug, Serialize, Deserialize)]
pub struct Address {
    hub: Handle,
    link: Handle,
    events: [Descriptor; 4],
    lifeline: Descriptor,
    peer: usize,
    shape: Shape,
}

/// Main's segments and doorbells, before anybody has connected.
#[derive(Debug)]
pub struct Bound {
    shape: Shape,
    hub: Segment,
    links: Vec<(Segment, [OwnedFd; 4])>,
    lifelines: Vec<OwnedFd>,
}

/// Sizes and settings that both ends share.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Shape {
    windows: usize,
    max_frame: usize,
    capacity: usize,
    spin: Duration,
    nt_from: usize,
}

/// Where frames start in a link's segment; everything before is words. A hub's segment has nothing else.
const FRAMES: usize = 4096;

impl Transport for Eventfd {
    const NAME: &'static str = "eventfd";
    const CAPS: Caps = Caps {
        about: "a ring each way in shared memory, eventfd doorbells instead of futexes",
        max_frame: MAX_FRAME,
        processes: true,
        waits: &[WaitKind::Block, WaitKind::Hybrid],
        one_write_broadcast: false,
        ring: true,
        echo: false,
        lossy: false,
        in_parts: false,
    };
    type Address = Address;
    type Bound = Bound;
    type Outbox<W: Wait> = EventfdOutbox<W>;
    type Inbox<W: Wait> = EventfdInbox<W>;
    type Tx<W: Wait> = EventfdTx<W>;
    type Rx<W: Wait> = EventfdRx<W>;

    fn bind(spec: &Spec) -> Result<(Bound, Vec<Address>)> {
        // Room for several frames, so that a sender runs ahead; less for large ones, whose pages are dear.
        let frames = if spec.max_frame <= 1 << 20 && spec.windows <= 8 { 4 } else { 1 };
        let capacity = capacity_for(spec.max_frame * frames).max(256 << 10);
        let shape = Shape {
            windows: spec.windows,
            max_frame: spec.max_frame,
            capacity,
            spin: spec.spin,
            nt_from: spec.nt_from,
        };
        let make =
            |len| Segment::create(Backing::Memfd, len).map_err(Error::os("creating a shared-memory segment"));
        let share = |segment: &Segment| segment.handle().map_err(Error::os("sharing a segment"));
        let hub = make(FRAMES)?;
        let (mut links, mut lifelines, mut addresses) = (Vec::new(), Vec::new(), Vec::new());
        for peer in 0..spec.windows {
            let link = (make(shape.link_len())?, [event()?, event()?, event()?, event()?]);
            let (ours, theirs) = lifeline()?;
            let [inbox, outbox, tx, rx] = &link.1;
            addresses.push(Address {
                hub: share(&hub)?,
                link: share(&link.0)?,
                events: [copy(inbox)?, copy(outbox)?, copy(tx)?, copy(rx)?].map(Descriptor),
                lifeline: theirs,
                peer,
                shape,
            });
            links.push(link);
            lifelines.push(ours);
        }
        Ok((Bound { shape, hub, links, lifelines }, addresses))
    }

    fn accept<W: Wait>(bound: Bound) -> Result<(EventfdOutbox<W>, EventfdInbox<W>)> {
        let Bound { shape, mut hub, mut links, lifelines } = bound;
        await_all(&lifelines)?;
        hub.unlink();
        links.iter_mut().for_each(|(segment, _)| segment.unlink());
        let (mut inboxes, mut outboxes, mut ends) = (Vec::new(), Vec::new(), Vec::new());
        for (segment, [inbox, outbox, tx, rx]) in links {
            inboxes.push(inbox);
            outboxes.push(outbox);
            ends.push(Link::new(Arc::new(segment), [tx, rx], &shape));
        }
        let hub = Hub::new(Arc::new(hub), [Event::of(inboxes)?, Event::of(outboxes)?]).doubted();
        main_end::open(hub, ends, lifelines, &shape)
    }

    fn connect<W: Wait>(address: Address) -> Result<(EventfdTx<W>, EventfdRx<W>)> {
        let Address { hub, link, events, lifeline, peer, shape } = address;
        let [inbox, outbox, tx, rx] = events.map(|Descriptor(fd)| fd);
        let open =
            |handle, len| Segment::open(handle, len).map_err(Error::os("opening a shared-memory segment"));
        let hub = Hub::new(Arc::new(open(hub, FRAMES)?), [inbox, outbox].map(Event::One));
        let link = Link::new(Arc::new(open(link, shape.link_len())?), [tx, rx], &shape);
        greet(&lifeline)?;
        renderer_end::open(hub, link, lifeline.0, peer, &shape)
    }
}

fn event() -> Result<OwnedFd> {
    eventfd(0, EventfdFlags::CLOEXEC).map_err(Error::os("making an eventfd"))
}

fn copy(event: &OwnedFd) -> Result<OwnedFd> {
    event.try_clone().map_err(Error::os("duplicating an eventfd"))
}

impl Shape {
    /// Bytes of a link's segment.
    fn link_len(&self) -> usize {
        FRAMES + 2 * self.capacity
    }
}

/// What all links share.
#[derive(Debug)]
struct Hub {
    /// Set for a link that has frames, or whose renderer has gone.
    ready: ReadyBits,
    /// Where main waits for frames.
    inbox: Doorbell,
    /// Where main waits for room.
    outbox: Doorbell,
}

impl Hub {
    fn new(segment: Arc<Segment>, [inbox, outbox]: [Event; 2]) -> Hub {
        Hub {
            ready: ReadyBits::new(Word::u64(&segment, 0)),
            inbox: Bell::new(EventWord::new(Word::u32(&segment, LINE), inbox)),
            outbox: Bell::new(EventWord::new(Word::u32(&segment, 2 * LINE), outbox)),
        }
    }

    /// As main sleeps on it, who believes no renderer.
    fn doubted(self) -> Hub {
        Hub { inbox: self.inbox.doubted(), outbox: self.outbox.doubted(), ..self }
    }
}

/// One link's rings and doorbells.
#[derive(Debug)]
struct Link {
    segment: Arc<Segment>,
    capacity: usize,
    /// Where the renderer waits for room.
    tx: Doorbell,
    /// Where it waits for frames.
    rx: Doorbell,
}

impl Link {
    fn new(segment: Arc<Segment>, [tx, rx]: [OwnedFd; 2], shape: &Shape) -> Link {
        let bell =
            |line, event| Bell::new(EventWord::new(Word::u32(&segment, line * LINE), Event::One(event)));
        let (tx, rx) = (bell(4, tx), bell(5, rx));
        Link { tx, rx, capacity: shape.capacity, segment }
    }

    fn up(&self) -> (Word<AtomicU64>, Word<AtomicU64>, Block) {
        self.ring(0, FRAMES)
    }

    fn down(&self) -> (Word<AtomicU64>, Word<AtomicU64>, Block) {
        self.ring(2, FRAMES + self.capacity)
    }

    /// Tail, head and frames of a ring.
    fn ring(&self, line: usize, frames: usize) -> (Word<AtomicU64>, Word<AtomicU64>, Block) {
        let word = |line| Word::u64(&self.segment, line * LINE);
        (word(line), word(line + 1), Block::new(&self.segment, frames, self.capacity))
    }
}

fn producer((tail, head, frames): (Word<AtomicU64>, Word<AtomicU64>, Block), nt_from: usize) -> Producer {
    Producer::new(tail, vec![(0, head)], frames, nt_from)
}

fn consumer((tail, head, frames): (Word<AtomicU64>, Word<AtomicU64>, Block)) -> Consumer {
    Consumer::new(tail, head, frames)
}
