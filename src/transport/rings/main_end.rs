//! Main's end: opens both halves, and knows which renderers live.

use super::{Common, Hub, Link, RingInbox, RingOutbox, Shape, is_gone};
use crate::transport::watch::Watch;
use crate::transport::{Peer, Result, Wait};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Opens both halves; every renderer has connected.
pub(super) fn open<W: Wait>(
    hub: Hub,
    links: Vec<Link>,
    shape: Shape,
) -> Result<(RingOutbox<W>, RingInbox<W>)> {
    let (hub, links) = (Arc::new(hub), Arc::<[Link]>::from(links));
    let dead = Arc::new(AtomicU64::new(0));
    // SYNC: the Release store in renderer_end::open
    let pids: Vec<u32> = links.iter().map(|link| link.flags.pid.load(Ordering::Acquire)).collect();
    let watch = {
        let (hub, dead) = (Arc::clone(&hub), Arc::clone(&dead));
        Arc::new(Watch::start(&pids, move |peer| {
            dead.fetch_or(1 << peer, Ordering::Release); // SYNC: the Acquire load in is_dead
            hub.ready.set(peer);
            hub.inbox_bell.ring();
            hub.outbox_bell.ring();
        })?)
    };
    let outbox = RingOutbox::new(
        Arc::clone(&hub),
        Peers { links: Arc::clone(&links), dead: Arc::clone(&dead) },
        Common::new(&shape, Arc::clone(&watch)),
        shape.nt_from,
    );
    let inbox = RingInbox::new(&hub, Peers { links, dead }, Common::new(&shape, watch));
    Ok((outbox, inbox))
}

/// The links, and whose renderer has died.
#[derive(Debug)]
pub(super) struct Peers {
    pub(super) links: Arc<[Link]>,
    /// Set by the watch alone.
    dead: Arc<AtomicU64>,
}

impl Peers {
    #[inline]
    pub(super) fn is_gone(&self, peer: Peer) -> bool {
        is_gone(&self.links[peer].flags.renderer_gone) || self.dead.load(Ordering::Acquire) & (1 << peer) != 0 // SYNC: the Watch in open
    }
}
