//! A lossy link: nobody waits for room, and what arrives of a flood is in order, unchanged, and arrives once.

use super::Outcome;
use super::frames::Lens;
use super::harness::{Hub, Rig};
use super::script::Step;

const LEN: usize = 60_000;
/// 30 MB on each link: more than a socket's buffer holds unless the host's administrator wishes so.
const FRAMES: u64 = 500;

/// Renderers send while main does not read, and go.
pub(super) fn up(rig: &Rig) -> Outcome {
    let lens = Lens::Fixed(LEN);
    for windows in rig.windows(3) {
        rig.run(
            windows,
            LEN,
            |_| vec![Step::Send(FRAMES, lens.clone()), Step::Here],
            |mut hub| {
                // They come to this point because none of them waits.
                (0..windows).try_for_each(|peer| hub.renderers.is_here(peer))?;
                let came = hub.inbox.drain_some(&lens)?;
                ensure!(came.iter().all(|count| (1..FRAMES).contains(count)), "{came:?} of {FRAMES} came");
                hub.inbox.alone()
            },
        )?;
    }
    Ok(())
}

/// Main sends to each and to all while nobody reads, and goes.
pub(super) fn down(rig: &Rig) -> Outcome {
    let lens = Lens::Fixed(LEN);
    let script = |_| vec![Step::Go, Step::RecvSome(FRAMES, lens.clone())];
    rig.run(3, LEN, script, |hub| {
        let Hub { mut out, inbox, renderers } = hub;
        for number in 0..FRAMES / 2 {
            (0..3).try_for_each(|peer| out.send_as(peer, 2 * number, &lens))?;
            out.broadcast_as(2 * number + 1, &lens)?;
        }
        drop((out, inbox));
        renderers.go_all()?;
        for peer in 0..3 {
            let came = renderers.count(peer)?;
            ensure!((1..FRAMES).contains(&came), "{came} of {FRAMES} came to renderer {peer}");
        }
        Ok(())
    })
}
