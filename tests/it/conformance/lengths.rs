//! Every length arrives unchanged; one that is too long is refused, and the link goes on.

use super::Outcome;
use super::frames::{Lens, MAX};
use super::harness::Rig;
use super::script::Step;

/// Renderer to main, main to one renderer, main to all; one link and several.
pub(super) fn lengths(rig: &Rig) -> Outcome {
    rig.windows(2).into_iter().try_for_each(|windows| all_ways(rig, windows, rig.at_most(MAX / windows)))
}

/// Where a frame is a few bytes, or none.
pub(super) fn tiny(rig: &Rig) -> Outcome {
    [0, 1, 8].into_iter().try_for_each(|max| all_ways(rig, 1, max).and_then(|()| all_calls(rig, 1, max)))
}

/// Request and reply; one link and several.
pub(super) fn calls(rig: &Rig) -> Outcome {
    rig.windows(2).into_iter().try_for_each(|windows| all_calls(rig, windows, rig.at_most(MAX / windows)))
}

/// The largest frame that the transport can be asked to carry, twice: a ring holds one.
pub(super) fn largest(rig: &Rig) -> Outcome {
    let max = rig.door.caps().max_frame;
    let lens = Lens::Fixed(max);
    let script = |_| {
        let refused = Step::Refused { len: max + 1, max };
        vec![
            Step::Send(2, lens.clone()),
            refused,
            Step::Call(1, lens.clone()),
            Step::Recv(2, lens.clone()),
            Step::Stay,
        ]
    };
    rig.run(1, max, script, |mut hub| {
        hub.inbox.expect(2, &lens)?;
        hub.inbox.serve_all(&mut hub.out, 1, &lens)?;
        hub.out.refused(max + 1, max)?;
        hub.out.send(0, &lens)?;
        Ok(hub.out.broadcast(&lens)?)
    })
}

/// Frames after one that was refused.
const AFTER: u64 = 9;

fn all_ways(rig: &Rig, windows: usize, max: usize) -> Outcome {
    let lens = Lens::critical(max);
    let round = lens.round();
    let script = |_| {
        let refused = Step::Refused { len: max + 1, max };
        vec![
            Step::Send(round, lens.clone()),
            refused,
            Step::Send(AFTER, lens.clone()),
            Step::Recv(2 * round, lens.clone()),
            Step::Stay,
        ]
    };
    rig.run(windows, max, script, |mut hub| {
        hub.inbox.expect((round + AFTER) * windows as u64, &lens)?;
        for _ in 0..round {
            (0..windows).try_for_each(|peer| hub.out.send(peer, &lens))?;
        }
        hub.out.refused(max + 1, max)?;
        (0..round).try_for_each(|_| Ok(hub.out.broadcast(&lens)?))
    })
    .map_err(|error| format!("{windows} windows, at most {max} bytes: {error}").into())
}

fn all_calls(rig: &Rig, windows: usize, max: usize) -> Outcome {
    let lens = Lens::critical(max);
    let round = lens.round();
    let script = |_| {
        let refused = Step::Refused { len: max + 1, max };
        vec![Step::Call(round, lens.clone()), refused, Step::Call(AFTER, lens.clone()), Step::Stay]
    };
    rig.run(windows, max, script, |mut hub| {
        hub.inbox.serve_all(&mut hub.out, (round + AFTER) * windows as u64, &lens)
    })
    .map_err(|error| format!("calls, {windows} windows, at most {max} bytes: {error}").into())
}
