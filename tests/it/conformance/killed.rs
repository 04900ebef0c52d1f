//! A process that dies without a word: whoever waits for it, to receive or for room, learns of it.

use super::Outcome;
use super::control::{Control, Go, Role, Word};
use super::door::Door;
use super::frames::{Lens, down, fill};
use super::harness::{Child, Hub, QUIET, Renderers, Rig, until_stuck};
use super::script::{Actor, Step};
use ipcmark::sys::sabotage::send_with;
use ipcmark::sys::socket::plain_pair;
use ipcmark::transport::{Error, Peer, Spec};
use rustix::net::SocketType;
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

/// Main waits for a frame; with other renderers, which then work on.
pub(super) fn while_main_receives(rig: &Rig) -> Outcome {
    let lens = Lens::Mixed(5000);
    for windows in [1, 3] {
        let victim = windows - 1;
        let script = |peer| {
            let last = if peer == victim { Step::Send(3, lens.clone()) } else { Step::Go };
            vec![last, Step::Here, Step::Go, Step::Call(10, lens.clone()), Step::Go]
        };
        rig.run(windows, 5000, script, |mut hub| {
            let renderers = hub.renderers;
            std::thread::scope(|scope| {
                let killer = scope.spawn(|| kill_soon(renderers, victim));
                hub.inbox.drain(&[victim], &lens)?;
                killer.join().map_err(|_| "the killer panicked")?
            })?;
            let came = hub.inbox.received()[victim];
            ensure!(came == 3, "{came} of 3 frames that it had sent");
            hub.out.until_closed(victim)?;
            for peer in 0..victim {
                renderers.go(peer)?;
                renderers.is_here(peer)?;
                renderers.go(peer)?;
            }
            hub.inbox.serve_all(&mut hub.out, 10 * victim as u64, &lens)?;
            (0..victim).try_for_each(|peer| renderers.go(peer))?;
            hub.inbox.drain(&Vec::from_iter(0..victim), &lens)?;
            hub.inbox.alone()
        })
        .map_err(|error| format!("{windows} windows: {error}"))?;
    }
    Ok(())
}

fn kill_soon(renderers: &Renderers, peer: Peer) -> Outcome {
    renderers.is_here(peer)?;
    // Time enough for main to be waiting.
    let _ = renderers.is_silent(peer);
    renderers.kill(peer)
}

/// Main waits for room on the link.
pub(super) fn while_main_sends(rig: &Rig) -> Outcome {
    sending(rig, 30_000, &[])
}

/// Main waits for room in the middle of a frame.
pub(super) fn while_main_sends_large(rig: &Rig) -> Outcome {
    sending(rig, 2 << 20, &[])
}

/// The same, while the socket by which main would be told is open still: the renderer has sent it over itself, and main does not read.
pub(super) fn with_its_socket_on_the_way(rig: &Rig) -> Outcome {
    let (socket, _other) = plain_pair(SocketType::STREAM)?;
    let refused = send_with(&socket, b"x", socket.as_fd(), 1).is_err();
    // Without that (before Linux 6.16), only who takes descriptors is prepared for it: SECURITY.md.
    if !refused && rig.door.name() != "mojo-like" {
        return Ok(());
    }
    sending(rig, 30_000, &[Step::OwnSockets])
}

fn sending(rig: &Rig, len: usize, before: &[Step]) -> Outcome {
    let lens = Lens::Fixed(len);
    rig.run(
        1,
        len.max(64 << 10),
        |_| [before, &[Step::Here, Step::Go]].concat(),
        |mut hub| {
            let renderers = hub.renderers;
            renderers.is_here(0)?;
            let outcome = until_killed(renderers, 0, || hub.out.send(0, &lens))?;
            let closed = matches!(outcome, Some(Error::Closed { peer: Some(0) }));
            ensure!(closed, "Closed expected, not {outcome:?}");
            hub.out.until_closed(0)?;
            if !before.is_empty() {
                return Ok(()); // what it has sent is no frame
            }
            hub.inbox.drain(&[0], &lens)?;
            hub.inbox.alone()
        },
    )
}

/// Sends again and again, and kills `victim` once that does not go on. Answers what went wrong with the sending.
fn until_killed(
    renderers: &Renderers,
    victim: Peer,
    mut send: impl FnMut() -> Result<(), Error>,
) -> Outcome<Option<Error>> {
    let (sent, done) = (AtomicU64::new(0), AtomicBool::new(false));
    std::thread::scope(|scope| {
        let killer = scope.spawn(|| {
            until_stuck(&sent, || done.load(Ordering::Relaxed));
            renderers.kill(victim)
        });
        let outcome = (0..4096).find_map(|_| {
            sent.fetch_add(1, Ordering::Relaxed); // a number to look at
            send().err()
        });
        done.store(true, Ordering::Relaxed); // a number to look at
        killer.join().map_err(|_| "the killer panicked")??;
        Ok(outcome)
    })
}

/// Main waits for the slowest of three windows: the others get every broadcast.
pub(super) fn while_main_broadcasts(rig: &Rig) -> Outcome {
    let lens = Lens::Fixed(30_000);
    let script = |peer| match peer {
        1 => vec![Step::Here, Step::Go],
        _ => vec![Step::RecvUntilClosed(lens.clone())],
    };
    rig.run(3, 64 << 10, script, |hub| {
        let Hub { mut out, inbox, renderers } = hub;
        renderers.is_here(1)?;
        let mut broadcasts = 0;
        let outcome = until_killed(renderers, 1, || {
            broadcasts += 1;
            out.broadcast(&lens)
        })?;
        let again = out.broadcast(&lens).err();
        for outcome in [outcome, again] {
            let named = matches!(outcome, Some(Error::Closed { peer: Some(1) }));
            ensure!(named, "a broadcast that misses renderer 1 answers {outcome:?}");
        }
        drop((out, inbox));
        for peer in [0, 2] {
            let count = renderers.count(peer)?;
            ensure!(count == broadcasts + 1, "{count} of {} broadcasts reached {peer}", broadcasts + 1);
        }
        Ok(())
    })
}

/// A renderer dies in the middle of sending: what is whole arrives, what is not does not.
pub(super) fn while_sending(rig: &Rig) -> Outcome {
    let lens = Lens::Mixed(300_000);
    for windows in [1, 2] {
        let script = |peer| match peer {
            0 => vec![Step::SendUntilGo(lens.clone())],
            _ => vec![Step::Go, Step::Send(20, lens.clone())],
        };
        rig.run(windows, 300_000, script, |mut hub| {
            hub.inbox.expect(50, &lens)?;
            hub.renderers.kill(0)?;
            hub.inbox.drain(&[0], &lens)?;
            (1..windows).try_for_each(|peer| hub.renderers.go(peer))?;
            hub.inbox.drain(&Vec::from_iter(1..windows), &lens)
        })
        .map_err(|error| format!("{windows} windows: {error}"))?;
    }
    Ok(())
}

const FRAMES: u64 = 20;

/// Main dies: its renderer waits for a frame, or for room.
pub(super) fn main_killed(rig: &Rig) -> Outcome {
    let lens = Lens::Mixed(5000);
    for last in Step::closed() {
        let last = match last {
            // Nothing is read over there, so this waits for room before long.
            Step::SendUntilClosed(_) => vec![Step::SendUntilClosed(Lens::Fixed(60_000)), Step::TryClosed],
            last => vec![last, Step::SendUntilClosed(Lens::Fixed(60_000))],
        };
        let script = [vec![Step::Recv(FRAMES, lens.clone())], last].concat();
        let main = Child::spawn(rig.door, Role::Main { frames: FRAMES, lens: lens.clone() }, None)?;
        let (tx, rx) = rig.door.connect(&main.control)?;
        let (control, _deaf) = UnixStream::pair()?;
        let control = Control::new(control);
        std::thread::scope(|scope| {
            let killer = scope.spawn(|| {
                main.is_here()?;
                // Time enough for the renderer to be waiting.
                let _ = main.control.is_silent(3 * QUIET);
                main.kill()
            });
            Actor::new(tx, rx, 0, &control).play(&script)?;
            killer.join().map_err(|_| "the killer panicked")?
        })?;
    }
    Ok(())
}

/// The part of the main that dies.
pub(super) fn main_part(door: &dyn Door, control: &Control, frames: u64, lens: &Lens) -> Outcome {
    let (accept, addresses) = door.bind(&Spec {
        windows: 1,
        max_frame: 60_000,
        spin: Duration::from_micros(20),
        nt_from: usize::MAX,
    })?;
    addresses.into_iter().try_for_each(|address| control.pass(address))?;
    let (mut outbox, _inbox) = accept()?;
    for number in 0..frames {
        let len = lens.at(number);
        outbox.send_to(0, len, &fill(down(), len, number))?;
    }
    control.say(&Word::Here)?;
    control.hear::<Go>().map(|Go| ())
}
