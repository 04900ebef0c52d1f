//! A full link makes the sender wait; nothing is lost, and nothing fails.

use super::Outcome;
use super::frames::Lens;
use super::harness::{Hub, Rig, until_stuck};
use super::script::Step;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

const LEN: usize = 60_000;
/// 15 MB: more than any link holds (TCP: `tcp_wmem`, 4 MiB, and what its reader's window takes).
const FRAMES: u64 = 250;

/// A renderer sends, main reads later.
pub(super) fn up(rig: &Rig) -> Outcome {
    let lens = Lens::Fixed(LEN);
    let script = |_| vec![Step::Here, Step::Send(FRAMES, lens.clone()), Step::Here];
    rig.run(1, LEN, script, |mut hub| {
        hub.renderers.is_here(0)?;
        // Time enough to fill any link; a slow renderer makes the check weaker, never wrong.
        for _ in 0..3 {
            ensure!(hub.renderers.is_silent(0), "all of {FRAMES} frames were sent before one was received");
        }
        hub.inbox.expect(FRAMES, &lens)?;
        hub.renderers.is_here(0)
    })
}

/// Main sends, the renderer reads later.
pub(super) fn down(rig: &Rig) -> Outcome {
    let lens = Lens::Fixed(LEN);
    rig.run(
        1,
        LEN,
        |_| vec![Step::Go, Step::Recv(FRAMES, lens.clone())],
        |hub| {
            let Hub { mut out, inbox: _inbox, renderers } = hub;
            let (sent, done) = (AtomicU64::new(0), AtomicBool::new(false));
            std::thread::scope(|scope| {
                let sender = scope.spawn(|| {
                    let outcome = (0..FRAMES).try_for_each(|_| {
                        out.send(0, &lens)?;
                        sent.fetch_add(1, Ordering::Relaxed); // a number to look at
                        Ok::<_, ipcmark::transport::Error>(())
                    });
                    done.store(true, Ordering::Relaxed); // joined before anything else is looked at
                    outcome
                });
                until_stuck(&sent, || done.load(Ordering::Relaxed));
                let early = sent.load(Ordering::Relaxed);
                renderers.go(0)?;
                sender.join().map_err(|_| "the sender panicked")??;
                ensure!(early < FRAMES, "all of {FRAMES} frames were sent before one was received");
                Ok(())
            })
        },
    )
}
