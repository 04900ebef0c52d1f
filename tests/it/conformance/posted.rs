//! What is posted arrives with the next flush, keeps its place among what is sent, and is not lost when a half is dropped;
//! over rings by plain stores and by stores past the cache.

use super::Outcome;
use super::frames::{Lens, target};
use super::harness::{Hub, Rig};
use super::script::Step;
use ipcmark::transport::Spec;
use std::time::Duration;

const MAX: usize = 9000;

/// Every way of moving bytes that a transport knows.
fn specs(rig: &Rig, windows: usize) -> impl Iterator<Item = Spec> {
    let spec = Spec { windows, max_frame: MAX, spin: Duration::from_micros(20), nt_from: usize::MAX };
    let ways: &[usize] = if rig.door.caps().ring { &[usize::MAX, 0, 4096] } else { &[usize::MAX] };
    ways.iter().map(move |&nt_from| Spec { nt_from, ..spec })
}

/// Batches, then some that a call hands over, then some that only the end of the half does.
pub(super) fn up(rig: &Rig) -> Outcome {
    const WINDOWS: u64 = 2;
    let lens = Lens::Mixed(MAX);
    for spec in specs(rig, WINDOWS as usize) {
        let post = |count, batch| Step::Post { count, batch, lens: lens.clone() };
        let script = |_| {
            let (turn, call) = (Step::Go, Step::Call(1, lens.clone()));
            vec![post(700, 7), Step::Here, turn.clone(), post(5, 6), call, turn, post(5, 6)]
        };
        rig.run_spec(spec, script, |mut hub| {
            hub.inbox.expect(WINDOWS * 700, &lens)?;
            for peer in 0..spec.windows {
                hub.renderers.is_here(peer)?;
                hub.renderers.go(peer)?;
                hub.inbox.expect(5, &lens)?;
                hub.inbox.serve_all(&mut hub.out, 1, &lens)?;
            }
            hub.renderers.go_all()?;
            hub.inbox.drain(&[0, 1], &lens)?;
            ensure!(hub.inbox.received() == [711; 2], "{:?} came, 711 of each sent", hub.inbox.received());
            Ok(())
        })?;
    }
    Ok(())
}

/// Frames for one and frames for all, posted and sent; what is posted last is handed over by a flush.
pub(super) fn down(rig: &Rig) -> Outcome {
    const OPERATIONS: u64 = 1500;
    let lens = Lens::Mixed(MAX);
    for spec in specs(rig, 3) {
        let share = Step::RecvMixed { operations: OPERATIONS, windows: 3, lens: lens.clone() };
        let script = |_| vec![share.clone(), Step::Stay];
        rig.run_spec(spec, script, |hub| {
            let Hub { mut out, .. } = hub;
            for number in 0..OPERATIONS {
                let to = target(number, 3);
                match (number % 11, to) {
                    (0, Some(peer)) => out.send_as(peer, number, &lens)?,
                    (0, None) => out.broadcast_as(number, &lens)?,
                    _ => out.post_as(to, number, &lens)?,
                }
            }
            out.flush()?;
            Ok(())
        })?;
    }
    Ok(())
}
