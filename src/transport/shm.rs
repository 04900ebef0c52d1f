//! `shm`: rings in POSIX shared memory, over the crate `shared_memory` (`shm_overview(7)`).

use super::rings::{self, Address, Bound, RingInbox, RingOutbox, RingRx, RingTx};
use super::{Caps, Result, Spec, Transport, Wait};
use crate::sys::segment::Backing;

/// The transport.
#[derive(Debug)]
pub struct Shm;

impl Transport for Shm {
    const NAME: &'static str = "shm";
    const CAPS: Caps = rings::caps("rings in POSIX shared memory (crate shared_memory), futex bells");
    type Address = Address;
    type Bound = Bound;
    type Outbox<W: Wait> = RingOutbox<W>;
    type Inbox<W: Wait> = RingInbox<W>;
    type Tx<W: Wait> = RingTx<W>;
    type Rx<W: Wait> = RingRx<W>;

    fn bind(spec: &Spec) -> Result<(Bound, Vec<Address>)> {
        rings::bind(spec, Backing::Named)
    }

    fn accept<W: Wait>(bound: Bound) -> Result<(RingOutbox<W>, RingInbox<W>)> {
        rings::accept(bound)
    }

    fn connect<W: Wait>(address: Address) -> Result<(RingTx<W>, RingRx<W>)> {
        rings::connect(address)
    }
}
