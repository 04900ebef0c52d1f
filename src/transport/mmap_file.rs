//! `mmap-file`: the rings of `shm` in mapped files of the directory for temporary files (`mmap(2)`).
//!
//! On a disk the kernel writes changed pages back now and then, and the next store to such a page faults once.

use super::rings::{self, Address, Bound, RingInbox, RingOutbox, RingRx, RingTx};
use super::{Caps, Result, Spec, Transport, Wait};
use crate::sys::segment::Backing;

/// The transport.
#[derive(Debug)]
pub struct MmapFile;

impl Transport for MmapFile {
    const NAME: &'static str = "mmap-file";
    const CAPS: Caps = rings::caps("the rings of shm in mapped temporary files");
    type Address = Address;
    type Bound = Bound;
    type Outbox<W: Wait> = RingOutbox<W>;
    type Inbox<W: Wait> = RingInbox<W>;
    type Tx<W: Wait> = RingTx<W>;
    type Rx<W: Wait> = RingRx<W>;

    fn bind(spec: &Spec) -> Result<(Bound, Vec<Address>)> {
        rings::bind(spec, Backing::File)
    }

    fn accept<W: Wait>(bound: Bound) -> Result<(RingOutbox<W>, RingInbox<W>)> {
        rings::accept(bound)
    }

    fn connect<W: Wait>(address: Address) -> Result<(RingTx<W>, RingRx<W>)> {
        rings::connect(address)
    }
}
