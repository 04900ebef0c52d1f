//! A transport without a peer: each end hears itself.

use super::Outcome;
use super::frames::{Lens, MAX};
use super::harness::Rig;
use super::script::Step;

/// A call comes back as it went; one that is too long is refused.
pub(super) fn echo(rig: &Rig) -> Outcome {
    [0, 1, 8, MAX].into_iter().try_for_each(|max| of_at_most(rig, max))
}

/// The same for the largest frame of all.
pub(super) fn largest(rig: &Rig) -> Outcome {
    of_at_most(rig, rig.door.caps().max_frame)
}

fn of_at_most(rig: &Rig, max: usize) -> Outcome {
    let lens = Lens::critical(max);
    let call = Step::Echo(lens.round(), lens);
    let script = |_| vec![call.clone(), Step::Refused { len: max + 1, max }, call.clone()];
    rig.run(2, max, script, |mut hub| hub.out.refused(max + 1, max))
}

/// Whoever waits for a peer learns at once that there is none.
pub(super) fn nobody(rig: &Rig) -> Outcome {
    rig.run(2, 64, |_| vec![Step::TryClosed], |mut hub| hub.inbox.alone())
}
