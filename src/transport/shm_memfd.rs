//! `shm-memfd`: the rings of `shm` in sealed files without a name, passed as descriptors (`memfd_create(2)`).
//!
//! Nobody else can find them, nothing is left after a crash, and a renderer checks that main cannot shrink them under it.

use super::rings::{self, Address, Bound, RingInbox, RingOutbox, RingRx, RingTx};
use super::{Caps, Result, Spec, Transport, Wait};
use crate::sys::segment::Backing;

/// The transport.
#[derive(Debug)]
pub struct ShmMemfd;

impl Transport for ShmMemfd {
    const NAME: &'static str = "shm-memfd";
    const CAPS: Caps = rings::caps("the rings of shm in sealed memory without a name");
    type Address = Address;
    type Bound = Bound;
    type Outbox<W: Wait> = RingOutbox<W>;
    type Inbox<W: Wait> = RingInbox<W>;
    type Tx<W: Wait> = RingTx<W>;
    type Rx<W: Wait> = RingRx<W>;

    fn bind(spec: &Spec) -> Result<(Bound, Vec<Address>)> {
        rings::bind(spec, Backing::Memfd)
    }

    fn accept<W: Wait>(bound: Bound) -> Result<(RingOutbox<W>, RingInbox<W>)> {
        rings::accept(bound)
    }

    fn connect<W: Wait>(address: Address) -> Result<(RingTx<W>, RingRx<W>)> {
        rings::connect(address)
    }
}
