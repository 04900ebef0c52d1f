//! Transports of rings over shared memory, whatever backs it: what `shm` and its like share.
//!
//! Each link has a segment with a ring each way, which nobody else has. The hub has one with a ring for broadcasts, which main writes
//! once for all windows, the slowest window gates and renderers can only read, and one with what renderers wake main by. Each half
//! sleeps on a bell of its own:
//!
//! ```text
//! broadcasts     │ tail │ … frames
//! doors          │ inbox bell │ outbox bell │ ready bits
//! link           │ flags │ up tail, head │ down tail, head │ broadcast head │ tx bell │ rx bell │ … up │ … down │ call line │ … bulk
//! ```
//!
//! A `call` does not go through the rings: its request and its reply share one place ([`crate::ring::call`]). Main looks at
//! that place before it looks at the ring, so that whatever the renderer sent before it called comes first.
//!
//! With several windows a renderer sets its bit before it rings the inbox bell, so that main finds ready links without
//! looking at all of them. Any renderer can write the doors, and main does not believe them: a bit that was cleared or a bell that was
//! kept from ringing delays it by [`DOUBT`](crate::ring::bell::DOUBT). Whoever writes into its own link what the
//! protocol does not allow loses that link, and nobody else does. A frame in the down ring carries the broadcast position at which it was sent; a renderer
//! merges the two rings by it, which keeps main's order.

use super::lifeline::{await_all, greet, lifeline};
use super::{ALL_WAITS, Caps, Error, MAX_FRAME, Result, Spec, Wait};
use crate::ring::bell::Bell;
use crate::ring::call::{Answerer, Caller};
use crate::ring::ready::ReadyBits;
use crate::ring::shared::{Block, LINE, Word};
use crate::ring::spsc::{Consumer, Producer, capacity_for};
use crate::ring::wait::Budget;
use crate::sys::fd::Descriptor;
use crate::sys::segment::{Backing, Handle, Segment};
use serde::{Deserialize, Serialize};
use std::marker::PhantomData;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

mod inbox;
mod main_end;
mod outbox;
mod renderer_end;
#[cfg(test)]
mod tests;

pub use inbox::RingInbox;
pub use outbox::RingOutbox;
pub use renderer_end::{RingRx, RingTx};

/// Where frames start in a segment; everything before is words.
const FRAMES: usize = 4096;

/// Bytes of the segment with what renderers wake main by.
const DOORS: usize = 4096;

/// A call's line; its bulk follows in the next one. They have pages of their own: near words that others poll, the
/// hardware's prefetchers take the line away from whoever is about to write it.
const CALL_LINE: usize = 64;

/// The segments, and what they were made for.
#[derive(Debug, Serialize, Deserialize)]
pub struct Address {
    broadcasts: Handle,
    doors: Handle,
    link: Handle,
    lifeline: Descriptor,
    peer: usize,
    shape: Shape,
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

/// Main's segments, before anybody has connected.
#[derive(Debug)]
pub struct Bound {
    shape: Shape,
    broadcasts: Segment,
    doors: Segment,
    links: Vec<Segment>,
    lifelines: Vec<OwnedFd>,
}

/// What such a transport can do.
pub const fn caps(about: &'static str) -> Caps {
    Caps {
        about,
        max_frame: MAX_FRAME,
        processes: true,
        waits: ALL_WAITS,
        one_write_broadcast: true,
        ring: true,
        echo: false,
        lossy: false,
        in_parts: false,
    }
}

/// [`Transport::bind`](super::Transport::bind) over segments of this kind.
///
/// # Errors
/// If there is no room for them, or no descriptors are left.
pub fn bind(spec: &Spec, backing: Backing) -> Result<(Bound, Vec<Address>)> {
    let shape = Shape::new(spec);
    let make = |len| Segment::create(backing, len).map_err(Error::os("creating a shared-memory segment"));
    let broadcasts = Segment::create_to_be_read(backing, FRAMES + shape.capacity)
        .map_err(Error::os("creating a shared-memory segment"))?;
    let doors = make(DOORS)?;
    let links = (0..spec.windows).map(|_| make(shape.link_len())).collect::<Result<Vec<_>>>()?;
    let share = |segment: &Segment| segment.handle().map_err(Error::os("sharing a segment"));
    let (mut lifelines, mut addresses) = (Vec::new(), Vec::new());
    for (peer, link) in links.iter().enumerate() {
        let (ours, theirs) = lifeline()?;
        lifelines.push(ours);
        let (broadcasts, doors) = (share(&broadcasts)?, share(&doors)?);
        addresses.push(Address { broadcasts, doors, link: share(link)?, lifeline: theirs, peer, shape });
    }
    Ok((Bound { shape, broadcasts, doors, links, lifelines }, addresses))
}

/// [`Transport::accept`](super::Transport::accept).
///
/// # Errors
/// If a renderer ends before it has connected, or the kernel refuses a thread for noticing deaths.
pub fn accept<W: Wait>(bound: Bound) -> Result<(RingOutbox<W>, RingInbox<W>)> {
    let Bound { shape, mut broadcasts, mut doors, mut links, lifelines } = bound;
    await_all(&lifelines)?;
    links.iter_mut().chain([&mut broadcasts, &mut doors]).for_each(Segment::unlink);
    let hub = Hub::new(&Arc::new(broadcasts), &Arc::new(doors), &shape).doubted(&shape);
    let links = links.into_iter().map(|segment| Link::new(Arc::new(segment), &shape)).collect();
    main_end::open(hub, links, lifelines, shape)
}

/// [`Transport::connect`](super::Transport::connect).
///
/// # Errors
/// If a segment is gone or not what main made.
pub fn connect<W: Wait>(address: Address) -> Result<(RingTx<W>, RingRx<W>)> {
    let Address { broadcasts, doors, link, lifeline, peer, shape } = address;
    let opening = Error::os("opening a shared-memory segment");
    let broadcasts = Segment::open_to_read(broadcasts, FRAMES + shape.capacity).map_err(&opening)?;
    let doors = Segment::open(doors, DOORS).map_err(&opening)?;
    let link = Segment::open(link, shape.link_len()).map_err(&opening)?;
    greet(&lifeline)?;
    let hub = Hub::new(&Arc::new(broadcasts), &Arc::new(doors), &shape);
    renderer_end::open(hub, Link::new(Arc::new(link), &shape), lifeline.0, peer, shape)
}

impl Shape {
    fn new(spec: &Spec) -> Shape {
        // Room for several frames, so that a sender runs ahead; less for large ones, whose pages are dear.
        let frames = match (spec.max_frame, spec.windows) {
            (..=1_048_576, ..=8) => 4,
            (..=8_388_608, _) => 2,
            _ => 1,
        };
        let capacity = capacity_for(spec.max_frame * frames).max(256 << 10);
        Shape {
            windows: spec.windows,
            max_frame: spec.max_frame,
            capacity,
            spin: spec.spin,
            nt_from: spec.nt_from,
        }
    }

    /// Bytes of a link's segment.
    fn link_len(&self) -> usize {
        self.call_offset() + CALL_LINE + self.max_frame.next_multiple_of(LINE)
    }

    fn call_offset(&self) -> usize {
        FRAMES + 2 * self.capacity
    }

    /// Whether a single link spares the ready bits.
    fn alone(&self) -> bool {
        self.windows == 1
    }
}

/// The places of the hub's segments.
#[derive(Debug)]
struct Hub {
    broadcast_tail: Word<AtomicU64>,
    /// Main's alone to write.
    broadcasts: Arc<Segment>,
    capacity: usize,
    inbox_bell: Bell,
    outbox_bell: Bell,
    /// Set for a link that has frames, or whose renderer has gone.
    ready: ReadyBits,
}

impl Hub {
    fn new(broadcasts: &Arc<Segment>, doors: &Arc<Segment>, shape: &Shape) -> Hub {
        Hub {
            broadcast_tail: Word::u64(broadcasts, 0),
            broadcasts: Arc::clone(broadcasts),
            capacity: shape.capacity,
            inbox_bell: Bell::new(Word::u32(doors, 0)),
            outbox_bell: Bell::new(Word::u32(doors, LINE)),
            ready: ReadyBits::new(Word::u64(doors, 2 * LINE)),
        }
    }

    fn broadcast_frames(&self) -> Block {
        Block::new(&self.broadcasts, FRAMES, self.capacity)
    }

    /// As main sleeps on it, who believes no renderer; a single one can only keep its own messages from main.
    fn doubted(self, shape: &Shape) -> Hub {
        if shape.alone() {
            return self;
        }
        Hub { inbox_bell: self.inbox_bell.doubted(), outbox_bell: self.outbox_bell.doubted(), ..self }
    }
}

/// A link segment's places.
#[derive(Debug)]
struct Link {
    segment: Arc<Segment>,
    flags: Flags,
    tx_bell: Bell,
    rx_bell: Bell,
    shape: Shape,
}

impl Link {
    fn new(segment: Arc<Segment>, shape: &Shape) -> Link {
        Link {
            flags: Flags::new(&segment),
            tx_bell: Bell::new(Word::u32(&segment, 6 * LINE)),
            rx_bell: Bell::new(Word::u32(&segment, 7 * LINE)),
            shape: *shape,
            segment,
        }
    }

    fn word(&self, line: usize) -> Word<AtomicU64> {
        Word::u64(&self.segment, line * LINE)
    }

    fn up_producer(&self) -> Producer {
        Producer::new(self.word(1), vec![(0, self.word(2))], self.up_frames(), self.shape.nt_from)
    }

    fn up_consumer(&self) -> Consumer {
        Consumer::new(self.word(1), self.word(2), self.up_frames())
    }

    fn down_producer(&self) -> Producer {
        Producer::new(self.word(3), vec![(0, self.word(4))], self.down_frames(), self.shape.nt_from)
    }

    fn down_consumer(&self) -> Consumer {
        Consumer::new(self.word(3), self.word(4), self.down_frames())
    }

    fn up_frames(&self) -> Block {
        Block::new(&self.segment, FRAMES, self.shape.capacity)
    }

    fn caller(&self) -> Caller {
        let line = self.shape.call_offset();
        Caller::new(&self.segment, line, line + CALL_LINE, self.shape.max_frame)
    }

    fn answerer(&self) -> Answerer {
        let line = self.shape.call_offset();
        Answerer::new(&self.segment, line, line + CALL_LINE, self.shape.max_frame)
    }

    fn down_frames(&self) -> Block {
        Block::new(&self.segment, FRAMES + self.shape.capacity, self.shape.capacity)
    }

    fn broadcast_head(&self) -> Word<AtomicU64> {
        self.word(5)
    }
}

/// Words that say who has gone. Each is written once.
#[derive(Clone, Debug)]
struct Flags {
    renderer_gone: Word<AtomicU32>,
    inbox_gone: Word<AtomicU32>,
    outbox_gone: Word<AtomicU32>,
}

impl Flags {
    fn new(segment: &Arc<Segment>) -> Flags {
        let word = |index: usize| Word::u32(segment, 4 * index);
        Flags { renderer_gone: word(0), inbox_gone: word(1), outbox_gone: word(2) }
    }
}

/// Says on a flag that somebody has gone; what it sent before is published before.
fn set_gone(flag: &AtomicU32) {
    flag.store(1, Ordering::Release); // SYNC: the Acquire load in is_gone
}

fn is_gone(flag: &AtomicU32) -> bool {
    flag.load(Ordering::Acquire) != 0 // SYNC: the Release store in set_gone
}

/// What every half has besides its rings.
#[derive(Debug)]
struct Common<W> {
    budget: Budget,
    max_frame: usize,
    alone: bool,
    wait: PhantomData<fn() -> W>,
}

impl<W> Common<W> {
    fn new(shape: &Shape) -> Self {
        let budget = Budget::new(shape.spin);
        Common { budget, max_frame: shape.max_frame, alone: shape.alone(), wait: PhantomData }
    }
}
