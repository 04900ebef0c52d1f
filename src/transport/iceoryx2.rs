//! `iceoryx2`: the crate of that name, samples lent in shared memory (publish-subscribe), between processes.
//!
//! Each link has a publish-subscribe service each way. A frame is written into a sample that the crate lends, and read where
//! it was written. An end that sleeps does so on a listener of the crate's event service, one for each end, and whoever
//! sends notifies it after each frame; where all spin, nobody is notified. The crate's thread-safe flavour is used, since
//! halves move between threads.
//!
//! A full link makes the sender wait as the crate does, whatever the link's own wait: it yields, and after a while sleeps
//! for moments (its `AdaptiveWait`). The crate does not notice by itself that a process has died: a lifeline does
//! (`lifeline.rs`), and when an end goes it has the crate clean up after the dead.
//!
//! `broadcast` writes once for each window. One publisher can reach all of them at once, but then frames for all and frames
//! for one would come through two services, and the crate keeps no order between those.
//!
//! Everything that the crate names lies in `/dev/shm` under one of our names, for the sweep of a later start.

use super::lifeline::{Lifeline, lifeline};
use super::{ALL_WAITS, Caps, Error, MAX_FRAME, Result, Spec, Transport, Wait};
use crate::ring::wait::Budget;
use crate::sys::fd::Descriptor;
use crate::sys::leftovers::fresh_name;
use ::iceoryx2::port::listener::Listener;
use ::iceoryx2::prelude::ipc_threadsafe::Service;
use link::{Receiver, Sender, ring};
use main_end::Links;
use rustix::io::{read, retry_on_intr, write};
use serde::{Deserialize, Serialize};
use site::{Site, failed};
use std::marker::PhantomData;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::Duration;

mod link;
mod main_end;
mod renderer_end;
mod site;

pub use main_end::{IceoryxInbox, IceoryxOutbox};
pub use renderer_end::{IceoryxRx, IceoryxTx};

/// The transport.
#[derive(Debug)]
pub struct Iceoryx2;

/// Names of a hub's services, and which of them are this link's.
#[derive(Debug, Serialize, Deserialize)]
pub struct Address {
    hub: Shape,
    peer: usize,
    lifeline: Descriptor,
}

/// Main's ports, before anybody has connected.
#[derive(Debug)]
pub struct Bound {
    hub: Shape,
    downs: Vec<Sender>,
    ups: Vec<Receiver>,
    bell: Listener<Service>,
    lifelines: Vec<OwnedFd>,
    site: Site,
}

/// Names and sizes that both ends share.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Shape {
    name: String,
    windows: usize,
    max_frame: usize,
    spin: Duration,
}

/// What passes over a lifeline: a renderer greets once its ports are there, and main answers once it has met them. Before
/// that, what a renderer sends would go with it.
const HELLO: &[u8] = b"!";

impl Transport for Iceoryx2 {
    const NAME: &'static str = "iceoryx2";
    const CAPS: Caps = Caps {
        about: "iceoryx2 publish-subscribe: samples lent in shared memory, its event service to sleep",
        max_frame: MAX_FRAME,
        processes: true,
        waits: ALL_WAITS,
        one_write_broadcast: false,
        ring: false,
        echo: false,
        lossy: false,
        in_parts: false,
    };
    type Address = Address;
    type Bound = Bound;
    type Outbox<W: Wait> = IceoryxOutbox<W>;
    type Inbox<W: Wait> = IceoryxInbox<W>;
    type Tx<W: Wait> = IceoryxTx<W>;
    type Rx<W: Wait> = IceoryxRx<W>;

    fn bind(spec: &Spec) -> Result<(Bound, Vec<Address>)> {
        let Spec { windows, max_frame, spin, .. } = *spec;
        let hub =
            Shape { name: fresh_name().map_err(Error::os("naming a service"))?, windows, max_frame, spin };
        let site = Site::new(&hub)?;
        let bell = listen(&site, None)?;
        let (mut downs, mut ups) = (Vec::new(), Vec::new());
        let (mut lifelines, mut addresses) = (Vec::new(), Vec::new());
        for peer in 0..windows {
            downs.push(Sender::new(&site, ("down", peer), Some(peer), max_frame)?);
            ups.push(Receiver::new(&site, ("up", peer))?);
            let (ours, theirs) = lifeline()?;
            lifelines.push(ours);
            addresses.push(Address { hub: hub.clone(), peer, lifeline: theirs });
        }
        Ok((Bound { hub, downs, ups, bell, lifelines, site }, addresses))
    }

    fn accept<W: Wait>(bound: Bound) -> Result<(IceoryxOutbox<W>, IceoryxInbox<W>)> {
        let Bound { hub, downs, ups, bell, lifelines, site } = bound;
        for (peer, line) in lifelines.iter().enumerate() {
            hear(line, Some(peer))?;
            ups[peer].meet()?;
            greet(line)?;
        }
        let lifelines = watch(&site, None, lifelines)?;
        for (down, lifeline) in downs.iter().zip(&lifelines) {
            down.hold(lifeline.clone());
        }
        let site = Arc::new(site);
        let outbox = IceoryxOutbox { downs, _site: Arc::clone(&site), wait: PhantomData };
        let links = Links { ups, lifelines, reported: 0, next: 0 };
        let budget = Budget::new(hub.spin);
        Ok((outbox, IceoryxInbox { links, bell, budget, _site: site, wait: PhantomData }))
    }

    fn connect<W: Wait>(address: Address) -> Result<(IceoryxTx<W>, IceoryxRx<W>)> {
        let Address { hub, peer, lifeline: Descriptor(line) } = address;
        let site = Site::new(&hub)?;
        let bell = listen(&site, Some(peer))?;
        let down = Receiver::new(&site, ("down", peer))?;
        let up = Sender::new(&site, ("up", peer), None, hub.max_frame)?;
        greet(&line)?;
        hear(&line, None)?;
        let lifelines = watch(&site, Some(peer), vec![line])?;
        let [lifeline] = lifelines.try_into().map_err(|_| Error::Corrupt("number of lifelines"))?;
        up.hold(lifeline.clone());
        let site = Arc::new(site);
        let tx = IceoryxTx { up, _site: Arc::clone(&site), wait: PhantomData };
        let budget = Budget::new(hub.spin);
        Ok((tx, IceoryxRx { down, bell, budget, lifeline, _site: site, wait: PhantomData }))
    }
}

/// Where a renderer, or main, sleeps.
fn listen(site: &Site, whose: Option<usize>) -> Result<Listener<Service>> {
    site.bell(whose)?.listener_builder().create().map_err(failed("creating an iceoryx2 listener"))
}

/// Rings the bell of a renderer, or main's, when somebody at the other ends of `lines` has gone.
fn watch(site: &Site, whose: Option<usize>, lines: Vec<OwnedFd>) -> Result<Vec<Lifeline>> {
    let bell = site.bell(whose)?.notifier_builder().create();
    let bell = bell.map_err(failed("creating an iceoryx2 notifier"))?;
    Lifeline::hold(lines, move |_| ring(&bell))
}

fn greet(line: &OwnedFd) -> Result<()> {
    match retry_on_intr(|| write(line, HELLO)) {
        // It is gone already: whoever looks next will be told.
        Err(rustix::io::Errno::PIPE) => Ok(()),
        outcome => outcome.map(drop).map_err(Error::os("greeting")),
    }
}

fn hear(line: &OwnedFd, peer: Option<usize>) -> Result<()> {
    match retry_on_intr(|| read(line, &mut [0; HELLO.len()])) {
        Ok(0) | Err(rustix::io::Errno::CONNRESET) => Err(Error::Closed { peer }),
        outcome => outcome.map(drop).map_err(Error::os("waiting for a greeting")),
    }
}
