//! What a run needs and may not have: room on a disk, descriptors, memory, calls that nobody interrupts, a clock that is right. And
//! what others may not have: its names.

mod disk;
mod limits;
mod names;
mod storm;

use libtest_mimic::Trial;

pub(crate) fn tests() -> Vec<Trial> {
    [disk::tests(), limits::tests(), names::tests(), storm::tests()].into_iter().flatten().collect()
}
