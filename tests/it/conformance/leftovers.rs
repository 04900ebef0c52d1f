//! After the ends are dropped nothing is left of them; after a crash, nothing that the next start does not sweep.

use super::Outcome;
use super::control::{Control, Go, Role, Word};
use super::door::Door;
use super::frames::Lens;
use super::harness::{Child, LIMIT, Rig};
use super::script::Step;
use ipcmark::plan::Placement;
use ipcmark::sys::clock::Clock;
use ipcmark::sys::leftovers::{SHM_DIR, ScratchDir, sweep};
use ipcmark::sys::process::own_pid;
use ipcmark::transport::Spec;
use std::fs::{read_dir, read_link, read_to_string};
use std::path::Path;
use std::time::Duration;

const SPEC: Spec = Spec { windows: 2, max_frame: 4096, spin: Duration::ZERO, nt_from: usize::MAX };

/// A process of its own uses links and looks at itself; afterwards its names are gone as well.
pub(super) fn nothing_is_left(rig: &Rig) -> Outcome {
    let scratch = ScratchDir::create()?;
    let role = Role::Hermit { placement: rig.placement };
    let mut hermit = Child::spawn(rig.door, role, Some(scratch.path().as_os_str()))?;
    hermit.finish()?;
    let left = names_of(hermit.pid()?, scratch.path())?;
    ensure!(left.is_empty(), "it ended and left {left:?}");
    Ok(())
}

/// What the process of [`nothing_is_left`] does.
pub(super) fn hermit(rig: &Rig) -> Outcome {
    // The first use may open what a library keeps for the life of the process.
    use_links(rig)?;
    let before = Held::now()?;
    use_links(rig)?;
    let after = Held::now()?;
    ensure!(before.same_numbers(&after), "before: {before:?}; after: {after:?}");
    // A thread that was joined shows for a moment longer.
    let clock = Clock::system();
    let deadline = clock.now() + LIMIT.as_nanos() as u64 / 2;
    while read_dir("/proc/self/task")?.count() > 1 {
        ensure!(clock.now() < deadline, "a thread is left");
        std::thread::yield_now();
    }
    let left = names_of(own_pid().as_raw_nonzero().get(), &std::env::temp_dir())?;
    ensure!(left.is_empty(), "left while the process lives: {left:?}");
    let children = rustix::process::waitpid(None, rustix::process::WaitOptions::NOHANG);
    ensure!(matches!(children, Err(rustix::io::Errno::CHILD)), "children not reaped: {children:?}");
    Ok(())
}

/// Links that are used and closed, links that nobody connects to, and a renderer that is killed.
fn use_links(rig: &Rig) -> Outcome {
    let lens = Lens::Fixed(100);
    if rig.door.caps().echo {
        return rig.run(2, 4096, |_| vec![Step::Echo(5, lens.clone())], |_| Ok(()));
    }
    drop(rig.door.bind(&SPEC)?);
    rig.run(
        2,
        4096,
        |_| vec![Step::Call(5, lens.clone()), Step::Go],
        |mut hub| {
            hub.inbox.serve_all(&mut hub.out, 10, &lens)?;
            hub.renderers.go_all()?;
            hub.inbox.drain(&[0, 1], &lens)
        },
    )?;
    if rig.placement == Placement::Process {
        rig.run(
            2,
            4096,
            |_| vec![Step::Here, Step::Go],
            |mut hub| {
                hub.renderers.is_here(1)?;
                hub.renderers.kill(1)?;
                hub.inbox.drain(&[1], &lens)?;
                hub.renderers.go(0)
            },
        )?;
    }
    Ok(())
}

/// Main dies before its renderers have connected: what it named is swept.
pub(super) fn crash(rig: &Rig) -> Outcome {
    let scratch = ScratchDir::create()?;
    let binder = Child::spawn(rig.door, Role::Binder, Some(scratch.path().as_os_str()))?;
    binder.is_here()?;
    binder.kill()?;
    sweep();
    // The directory for temporary files is its parent's, and goes with that.
    let left: Vec<_> = names_of(binder.pid()?, scratch.path())?;
    ensure!(left.iter().all(|name| name.starts_with(scratch.path())), "not swept: {left:?}");
    Ok(())
}

/// What the process of [`crash`] does.
pub(super) fn binder(door: &dyn Door, control: &Control) -> Outcome {
    let _links = door.bind(&SPEC)?;
    control.say(&Word::Here)?;
    control.hear::<Go>().map(|Go| ())
}

/// What a process has in `/dev/shm`, and what is in a directory that only it uses.
fn names_of(pid: i32, scratch: &Path) -> Outcome<Vec<std::path::PathBuf>> {
    let ours = format!("ipcmark-{pid}-");
    let shared =
        read_dir(SHM_DIR)?.flatten().filter(|entry| entry.file_name().to_string_lossy().starts_with(&ours));
    Ok(shared.chain(read_dir(scratch)?.flatten()).map(|entry| entry.path()).collect())
}

/// What this process holds of the kernel.
#[derive(Debug)]
struct Held {
    descriptors: Vec<String>,
    mappings: Vec<String>,
}

impl Held {
    fn now() -> Outcome<Held> {
        let descriptors = read_dir("/proc/self/fd")?.flatten();
        Ok(Held {
            descriptors: descriptors
                .map(|entry| read_link(entry.path()).unwrap_or_default().display().to_string())
                .collect(),
            mappings: read_to_string("/proc/self/maps")?
                .lines()
                .filter(|line| line.contains(SHM_DIR))
                .map(str::to_owned)
                .collect(),
        })
    }

    fn same_numbers(&self, other: &Held) -> bool {
        let numbers = |held: &Held| (held.descriptors.len(), held.mappings.len());
        numbers(self) == numbers(other)
    }
}
