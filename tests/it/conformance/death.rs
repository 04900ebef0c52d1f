//! An end that lets go in good order: what it sent arrives, and then the other side learns of it, once.

use super::Outcome;
use super::frames::Lens;
use super::harness::{Hub, Rig};
use super::hub::Came;
use super::script::Step;
use ipcmark::transport::Error;

const LENS: Lens = Lens::Mixed(5000);
const MAX: usize = 60_000;

/// Short frames that any link holds while nobody reads.
const HELD: u64 = 4;

/// How many frames an end sends before it goes.
fn frames(peer: usize) -> u64 {
    [150, 0, 5][peer]
}

/// Renderers send and go; main hears all, then each end once, and can send to none.
pub(super) fn renderers_leave(rig: &Rig) -> Outcome {
    for windows in rig.windows(3) {
        rig.run(
            windows,
            MAX,
            |peer| vec![Step::Send(frames(peer), LENS)],
            |mut hub| {
                hub.inbox.drain(&Vec::from_iter(0..windows), &LENS)?;
                for (peer, &came) in hub.inbox.received().iter().enumerate() {
                    ensure!(came == frames(peer), "{came} of {} frames of renderer {peer}", frames(peer));
                }
                hub.inbox.alone()?;
                (0..windows).try_for_each(|peer| hub.out.until_closed(peer))
            },
        )?;
    }
    Ok(())
}

/// Renderers send and go; main finds out by sending to them, and hears all the same what they had sent.
pub(super) fn last_words(rig: &Rig) -> Outcome {
    let lens = Lens::Fixed(100);
    for windows in rig.windows(2) {
        rig.run(
            windows,
            MAX,
            |_| vec![Step::Send(HELD, lens.clone())],
            |mut hub| {
                (0..windows).try_for_each(|peer| hub.out.until_closed(peer))?;
                hub.inbox.drain(&Vec::from_iter(0..windows), &lens)?;
                let received = hub.inbox.received();
                ensure!(received.iter().all(|&count| count == HELD), "{received:?} of {HELD} frames arrived");
                hub.inbox.alone()
            },
        )?;
    }
    Ok(())
}

/// One renderer of three goes; the others work on, and broadcasts still reach them.
pub(super) fn one_leaves(rig: &Rig) -> Outcome {
    let lens = Lens::Fixed(1000);
    let script = |peer| match peer {
        1 => vec![Step::Send(3, lens.clone())],
        _ => vec![
            Step::Call(20, lens.clone()),
            Step::Recv(5, lens.clone()),
            Step::Call(20, lens.clone()),
            Step::Stay,
        ],
    };
    rig.run(3, MAX, script, |mut hub| {
        answer_until(&mut hub, 40, &lens)?;
        hub.out.until_closed(1)?;
        for _ in 0..5 {
            let outcome = hub.out.broadcast(&lens);
            let named = matches!(outcome, Err(Error::Closed { peer: Some(1) }));
            ensure!(named, "a broadcast that misses renderer 1 answers {outcome:?}");
        }
        answer_until(&mut hub, 80, &lens)
    })
}

/// Answers renderers 0 and 2 until so many frames of them came; meanwhile 1 may send and go.
fn answer_until(hub: &mut Hub<'_>, total: u64, lens: &Lens) -> Outcome {
    while hub.inbox.received()[0] + hub.inbox.received()[2] < total {
        match hub.inbox.recv(lens)? {
            Came::Frame(1) | Came::Closed(Some(1)) => {}
            Came::Frame(peer) => hub.out.send(peer, lens)?,
            Came::Closed(peer) => return Err(format!("Closed, {peer:?}, but only 1 has gone").into()),
        }
    }
    Ok(())
}

/// Main sends and goes; renderers hear all, then the end, and cannot send.
pub(super) fn main_leaves(rig: &Rig) -> Outcome {
    for windows in rig.windows(3) {
        let script = |peer| [vec![Step::Recv(frames(peer), LENS)], Step::closed().to_vec()].concat();
        rig.run(windows, MAX, script, |mut hub| {
            for peer in 0..windows {
                (0..frames(peer)).try_for_each(|_| hub.out.send(peer, &LENS))?;
            }
            Ok(())
        })?;
    }
    Ok(())
}

/// Main goes while renderers wait for it: one for a frame, one for room.
pub(super) fn main_leaves_waiters(rig: &Rig) -> Outcome {
    let lens = Lens::Fixed(MAX);
    let script = |peer| match peer {
        0 => [vec![Step::Here], Step::closed().to_vec()].concat(),
        _ => vec![Step::Here, Step::SendUntilClosed(lens.clone())],
    };
    rig.run(2, MAX, script, |mut hub| {
        [0, 1].into_iter().try_for_each(|peer| hub.renderers.is_here(peer))?;
        hub.inbox.expect(1, &lens)?;
        // Time enough for both to be waiting.
        let _ = (hub.renderers.is_silent(0), hub.renderers.is_silent(1));
        Ok(())
    })
}

/// Whoever goes has not read what it was sent: what it sent itself arrives all the same.
pub(super) fn unread(rig: &Rig) -> Outcome {
    let lens = Lens::Fixed(100);
    for windows in rig.windows(2) {
        rig.run(
            windows,
            MAX,
            |_| vec![Step::Go, Step::Send(50, lens.clone())],
            |mut hub| {
                for peer in 0..windows {
                    (0..5).try_for_each(|_| hub.out.send(peer, &lens))?;
                    hub.renderers.go(peer)?;
                }
                hub.inbox.drain(&Vec::from_iter(0..windows), &lens)?;
                let received = hub.inbox.received();
                ensure!(received.iter().all(|&count| count == 50), "{received:?} of 50 frames arrived");
                Ok(())
            },
        )
        .map_err(|error| format!("renderers go, {windows} windows: {error}"))?;
        let script = |_| {
            let sent = Step::Send(HELD, lens.clone());
            [vec![sent, Step::Here, Step::Go, Step::Recv(HELD, lens.clone())], Step::closed().to_vec()]
                .concat()
        };
        rig.run(windows, MAX, script, |hub| {
            let Hub { mut out, inbox, renderers } = hub;
            for peer in 0..windows {
                renderers.is_here(peer)?;
                (0..HELD).try_for_each(|_| out.send(peer, &lens))?;
            }
            drop((out, inbox));
            renderers.go_all()
        })
        .map_err(|error| format!("main goes, {windows} windows: {error}"))?;
    }
    Ok(())
}

/// All go at about the same time, again and again: no frame comes after its sender's end, and none is lost.
pub(super) fn leave_together(rig: &Rig) -> Outcome {
    let rounds = if rig.placement == ipcmark::plan::Placement::Thread { 20 } else { 1 };
    for round in 0..rounds {
        let frames = |peer: usize| (round + peer as u64) % 3;
        rig.run(
            3,
            64,
            |peer| vec![Step::Go, Step::Send(frames(peer), Lens::Fixed(64))],
            |mut hub| {
                hub.renderers.go_all()?;
                hub.inbox.drain(&[0, 1, 2], &Lens::Fixed(64))?;
                for (peer, &came) in hub.inbox.received().iter().enumerate() {
                    ensure!(came == frames(peer), "{came} of {} frames of renderer {peer}", frames(peer));
                }
                hub.inbox.alone()
            },
        )?;
    }
    Ok(())
}
