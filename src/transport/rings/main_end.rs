//! Main's end: opens both halves, and knows which renderers live.

use super::{Common, Hub, Link, RingInbox, RingOutbox, Shape, is_gone};
use crate::transport::lifeline::Lifeline;
use crate::transport::{Peer, Result, Wait};
use std::os::fd::OwnedFd;
use std::sync::Arc;

/// Opens both halves; every renderer has connected.
pub(super) fn open<W: Wait>(
    hub: Hub,
    links: Vec<Link>,
    lifelines: Vec<OwnedFd>,
    shape: Shape,
) -> Result<(RingOutbox<W>, RingInbox<W>)> {
    let (hub, links) = (Arc::new(hub), Arc::<[Link]>::from(links));
    let woken = Arc::clone(&hub);
    let lifelines = Lifeline::hold(lifelines, move |peer| {
        woken.ready.set(peer);
        woken.inbox_bell.wake();
        woken.outbox_bell.wake();
    })?;
    let peers = Peers { links, lifelines: lifelines.into() };
    let outbox = RingOutbox::new(Arc::clone(&hub), peers.clone(), Common::new(&shape), shape.nt_from);
    let inbox = RingInbox::new(&hub, peers, Common::new(&shape));
    Ok((outbox, inbox))
}

/// The links, and which renderers have gone.
#[derive(Clone, Debug)]
pub(super) struct Peers {
    pub(super) links: Arc<[Link]>,
    lifelines: Arc<[Lifeline]>,
}

impl Peers {
    #[inline]
    pub(super) fn is_gone(&self, peer: Peer) -> bool {
        is_gone(&self.links[peer].flags.renderer_gone) || self.lifelines[peer].is_gone()
    }

    /// Whether [`cut`](Self::cut) has ended the link.
    #[inline]
    pub(super) fn is_cut(&self, peer: Peer) -> bool {
        self.lifelines[peer].is_cut()
    }

    /// Ends a link whose renderer broke the protocol.
    pub(super) fn cut(&self, peer: Peer) {
        self.lifelines[peer].cut();
    }
}
