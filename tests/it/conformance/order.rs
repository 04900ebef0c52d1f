//! Frames arrive in order and exactly once, whoever else sends meanwhile; nobody is left waiting for ever.

use super::Outcome;
use super::frames::{Lens, target};
use super::harness::{Hub, Rig};
use super::hub::Came;
use super::script::Step;

/// Three renderers send at once.
pub(super) fn order(rig: &Rig) -> Outcome {
    const FRAMES: u64 = 2000;
    let lens = Lens::Mixed(9000);
    rig.run(
        3,
        9000,
        |_| vec![Step::Send(FRAMES, lens.clone()), Step::Stay],
        |mut hub| hub.inbox.expect(3 * FRAMES, &lens),
    )
}

/// One link, both directions at once, each half in a thread of its own at both ends.
pub(super) fn order_one(rig: &Rig) -> Outcome {
    const FRAMES: u64 = 3000;
    let lens = Lens::Mixed(20_000);
    rig.run(
        1,
        20_000,
        |_| vec![Step::Both(FRAMES, lens.clone()), Step::Stay],
        |hub| {
            let Hub { mut out, mut inbox, .. } = hub;
            std::thread::scope(|scope| {
                let sender = scope.spawn(|| (0..FRAMES).try_for_each(|_| out.send(0, &lens)));
                inbox.expect(FRAMES, &lens)?;
                Ok(sender.join().map_err(|_| "the sending half panicked")??)
            })
        },
    )
}

/// Main mixes frames for one with frames for all.
pub(super) fn mixed(rig: &Rig) -> Outcome {
    const OPERATIONS: u64 = 3000;
    let lens = Lens::Mixed(9000);
    let share = Step::RecvMixed { operations: OPERATIONS, windows: 3, lens: lens.clone() };
    rig.run(
        3,
        9000,
        |_| vec![share.clone(), Step::Stay],
        |mut hub| {
            for number in 0..OPERATIONS {
                match target(number, 3) {
                    Some(peer) => hub.out.send_as(peer, number, &lens)?,
                    None => hub.out.broadcast_as(number, &lens)?,
                }
            }
            Ok(())
        },
    )
}

/// Three renderers send without end: each is heard again and again.
pub(super) fn fairness(rig: &Rig) -> Outcome {
    let lens = Lens::Fixed(1000);
    rig.run(
        3,
        1000,
        |_| vec![Step::SendUntilGo(lens.clone())],
        |mut hub| {
            while hub.inbox.received().iter().any(|&count| count < 200) {
                let came = hub.inbox.recv(&lens)?;
                ensure!(matches!(came, Came::Frame(_)), "{came:?} while all send");
            }
            hub.renderers.go_all()?;
            hub.inbox.drain(&[0, 1, 2], &lens)
        },
    )
}

/// `try_recv` answers that nothing is there, finds what is, and finds the end.
pub(super) fn polling(rig: &Rig) -> Outcome {
    let max = rig.at_most(300_000);
    let lens = Lens::critical(max);
    let round = lens.round();
    let script = |_| {
        let found = Step::TryRecv(round, lens.clone());
        vec![Step::TryNone, Step::Here, found.clone(), Step::TryNone, Step::Here, found, Step::TryClosed]
    };
    rig.run(2, max, script, |mut hub| {
        [0, 1].into_iter().try_for_each(|peer| hub.renderers.is_here(peer))?;
        for _ in 0..round {
            [0, 1].into_iter().try_for_each(|peer| hub.out.send(peer, &lens))?;
        }
        [0, 1].into_iter().try_for_each(|peer| hub.renderers.is_here(peer))?;
        (0..round).try_for_each(|_| Ok(hub.out.broadcast(&lens)?))
    })
}

/// As many windows as a hub may have.
pub(super) fn sixty_four_windows(rig: &Rig) -> Outcome {
    const WINDOWS: usize = 64;
    let lens = Lens::Fixed(100);
    let script = |_| vec![Step::Call(3, lens.clone()), Step::Recv(3, lens.clone()), Step::Go];
    rig.run(WINDOWS, 100, script, |mut hub| {
        hub.inbox.serve_all(&mut hub.out, 3 * WINDOWS as u64, &lens)?;
        (0..3).try_for_each(|_| hub.out.broadcast(&lens))?;
        hub.renderers.go_all()?;
        hub.inbox.drain(&Vec::from_iter(0..WINDOWS), &lens)?;
        hub.inbox.alone()
    })
}
