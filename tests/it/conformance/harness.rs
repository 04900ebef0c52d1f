//! Opens a hub and its scripted renderers, in threads or in processes, and sees to their end.

use super::control::{Control, Go, Part, Role, Word};
use super::door::{Door, Find};
use super::hub::{In, Out};
use super::script::{Actor, Step};
use super::{CHILD, Outcome};
use ipcmark::plan::Placement;
use ipcmark::sys::process::{Ending, Process, own_pid, respawn};
use ipcmark::transport::{Peer, Spec, dispatch};
use libtest_mimic::Failed;
use std::any::Any;
use std::ffi::{OsStr, OsString};
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread::JoinHandle;
use std::time::Duration;

/// No check takes nearly as long: whatever does hangs.
pub(super) const LIMIT: Duration = Duration::from_secs(30);

/// How long nothing must happen until a sender counts as waiting. Too short a time makes a check weaker, never wrong.
pub(super) const QUIET: Duration = Duration::from_millis(10);

/// One transport, wait and placement.
#[derive(Clone, Copy)]
pub(super) struct Rig {
    pub(super) door: &'static dyn Door,
    pub(super) placement: Placement,
}

/// Main's part of a session.
pub(super) struct Hub<'a> {
    pub(super) out: Out,
    pub(super) inbox: In,
    pub(super) renderers: &'a Renderers,
}

impl Rig {
    /// For how many windows to check what differs between one link and several. One is left out for processes, which
    /// are dear to start and whose links are the same.
    pub(super) fn windows(&self, several: usize) -> Vec<usize> {
        if self.placement == Placement::Thread { vec![1, several] } else { vec![several] }
    }

    /// So many bytes, or as many as a frame can have.
    pub(super) fn at_most(&self, len: usize) -> usize {
        len.min(self.door.caps().max_frame)
    }

    /// Opens a hub with `windows` renderers, of which each plays its script, and runs main's part. Fails if any of them
    /// does.
    pub(super) fn run(
        &self,
        windows: usize,
        max_frame: usize,
        script: impl Fn(Peer) -> Vec<Step>,
        main: impl FnOnce(Hub<'_>) -> Outcome,
    ) -> Outcome {
        let spec = Spec { windows, max_frame, spin: Duration::from_micros(20), nt_from: usize::MAX };
        self.run_spec(spec, script, main)
    }

    /// [`run`](Self::run) with every setting said.
    pub(super) fn run_spec(
        &self,
        spec: Spec,
        script: impl Fn(Peer) -> Vec<Step>,
        main: impl FnOnce(Hub<'_>) -> Outcome,
    ) -> Outcome {
        let windows = spec.windows;
        let (accept, addresses) = self.door.bind(&spec)?;
        ensure!(addresses.len() == windows, "{} addresses for {windows} windows", addresses.len());
        let mut renderers = Renderers(Vec::new());
        for (peer, address) in addresses.into_iter().enumerate() {
            let renderer = Child::start(self, Role::Renderer { peer, script: script(peer) })?;
            renderer.control.pass(address)?;
            renderers.0.push(renderer);
        }
        let (outbox, inbox) = accept()?;
        let hub = Hub { out: Out::new(outbox), inbox: In::new(inbox, windows), renderers: &renderers };
        let mut failures: Vec<String> =
            main(hub).err().iter().map(|error| format!("main: {error}")).collect();
        for (peer, renderer) in renderers.0.iter_mut().enumerate() {
            failures.extend(renderer.finish().err().iter().map(|error| format!("renderer {peer}: {error}")));
        }
        if failures.is_empty() { Ok(()) } else { Err(failures.join("; ").into()) }
    }
}

/// All renderers of a hub.
#[derive(Debug)]
pub(super) struct Renderers(Vec<Child>);

impl Renderers {
    /// Tells one to go on.
    pub(super) fn go(&self, peer: Peer) -> Outcome {
        self.0[peer].control.say(&Go)
    }

    /// Tells all to go on.
    pub(super) fn go_all(&self) -> Outcome {
        (0..self.0.len()).try_for_each(|peer| self.go(peer))
    }

    /// Waits until one has come to a [`Step::Here`].
    pub(super) fn is_here(&self, peer: Peer) -> Outcome {
        self.0[peer].is_here()
    }

    /// Waits until one has counted its frames.
    pub(super) fn count(&self, peer: Peer) -> Outcome<u64> {
        match self.0[peer].control.hear()? {
            Word::Counted(count) => Ok(count),
            other => Err(format!("renderer {peer} was to count, and says {other:?}").into()),
        }
    }

    /// Whether one says nothing for a while.
    pub(super) fn is_silent(&self, peer: Peer) -> bool {
        self.0[peer].control.is_silent(QUIET)
    }

    /// Ends one, which is a process, at once.
    pub(super) fn kill(&self, peer: Peer) -> Outcome {
        self.0[peer].kill()
    }
}

/// Something that plays a role: a process, or a thread that is a renderer.
#[derive(Debug)]
pub(super) struct Child {
    pub(super) control: Control,
    body: Body,
    killed: AtomicBool,
}

#[derive(Debug)]
enum Body {
    /// `None` once joined.
    Thread(Option<JoinHandle<()>>),
    Process(Process),
}

impl Child {
    /// Starts it where renderers are to run.
    fn start(rig: &Rig, role: Role) -> Outcome<Child> {
        if rig.placement == Placement::Process {
            return Child::spawn(rig.door, role, None);
        }
        let (ours, theirs) = UnixStream::pair()?;
        let control = Control::new(ours);
        control.say(&part(rig.door, role))?;
        let body = move || perform(&Control::new(theirs));
        let thread = std::thread::Builder::new().name("renderer".to_owned()).spawn(body)?;
        Ok(Child { control, body: Body::Thread(Some(thread)), killed: AtomicBool::new(false) })
    }

    /// Starts it as a process, with a directory of its own for temporary files if it shall have one. It ends when this
    /// thread does.
    pub(super) fn spawn(door: &dyn Door, role: Role, scratch: Option<&OsStr>) -> Outcome<Child> {
        let (ours, theirs) = UnixStream::pair()?;
        let control = Control::new(ours);
        control.say(&part(door, role))?;
        let parent = OsString::from(own_pid().as_raw_nonzero().to_string());
        let mut environment = vec![(CHILD.as_ref(), parent.as_os_str())];
        environment.extend(scratch.map(|path| ("TMPDIR".as_ref(), path)));
        let process = respawn(theirs.into(), &environment)?;
        Ok(Child { control, body: Body::Process(process), killed: AtomicBool::new(false) })
    }

    /// Its process number.
    pub(super) fn pid(&self) -> Outcome<i32> {
        match &self.body {
            Body::Process(process) => Ok(process.pid().as_raw_nonzero().get()),
            Body::Thread(_) => Err("a thread has no process of its own".into()),
        }
    }

    pub(super) fn is_here(&self) -> Outcome {
        match self.control.hear()? {
            Word::Here => Ok(()),
            Word::Done(Err(reason)) => Err(reason.into()),
            other => Err(format!("Here expected, not {other:?}").into()),
        }
    }

    pub(super) fn kill(&self) -> Outcome {
        let Body::Process(process) = &self.body else { return Err("a thread cannot be killed".into()) };
        self.killed.store(true, Ordering::Relaxed); // read by `finish`, which has it alone
        process.kill();
        match process.reap(LIMIT) {
            Some(Ending::Signal(9)) => Ok(()),
            other => Err(format!("it was killed, and ended as {other:?}").into()),
        }
    }

    /// Waits until it is through. Whoever waits for a word will get none.
    pub(super) fn finish(&mut self) -> Outcome {
        if *self.killed.get_mut() {
            return Ok(());
        }
        self.control.hang_up();
        let verdict = loop {
            match self.control.hear() {
                Ok(Word::Done(verdict)) => break verdict,
                Ok(Word::Here | Word::Counted(_)) => {}
                Err(error) => break Err(format!("it ended without a word ({error})")),
            }
        };
        match &mut self.body {
            Body::Thread(thread) => {
                thread.take().map(JoinHandle::join).transpose().map_err(|panic| text_of(&*panic))?;
            }
            Body::Process(process) => {
                let ending = process.reap(LIMIT);
                ensure!(ending == Some(Ending::Code(0)), "{verdict:?}, ended as {ending:?}");
            }
        }
        Ok(verdict?)
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        // Already reaped if all went well.
        if let Body::Process(process) = &self.body {
            process.kill();
            process.reap(LIMIT);
        }
    }
}

fn part(door: &dyn Door, role: Role) -> Part {
    Part { transport: door.name().to_owned(), wait: door.wait(), role }
}

/// What a child does, in whichever place: hears what it is, is that, and says how it went.
pub(super) fn perform(control: &Control) {
    let verdict = control.hear::<Part>().and_then(|part| {
        let door = dispatch(&part.transport, part.wait, Find).ok_or("no such transport")?;
        match part.role {
            Role::Renderer { peer, script } => {
                let (tx, rx) = door.connect(control)?;
                Actor::new(tx, rx, peer, control).play(&script)
            }
            Role::Main { frames, lens } => super::killed::main_part(door, control, frames, &lens),
            Role::Binder => super::leftovers::binder(door, control),
            Role::Hermit { placement } => super::leftovers::hermit(&Rig { door, placement }),
        }
    });
    // Nobody listens if the test has failed.
    let _ = control.say(&Word::Done(verdict.map_err(|error| error.to_string())));
}

/// Waits until nothing has moved for a while, or `done`.
pub(super) fn until_stuck(progress: &AtomicU64, done: impl Fn() -> bool) {
    let (_open, silent) = channel::<()>();
    let (mut seen, mut times) = (u64::MAX, 0);
    while !done() && times < 3 {
        let now = progress.load(Ordering::Relaxed); // a number to look at
        times = if now == seen { times + 1 } else { 0 };
        seen = now;
        let _ = silent.recv_timeout(QUIET);
    }
}

/// Runs a check so that a hang fails it.
pub(super) fn guarded(check: impl FnOnce() -> Outcome + Send + 'static) -> Result<(), Failed> {
    let (done, outcome) = channel();
    let thread = std::thread::Builder::new().name("check".to_owned()).spawn(move || {
        let outcome = check().map_err(|error| error.to_string());
        // Nobody listens once the check counts as hanging.
        let _ = done.send(outcome);
    })?;
    match outcome.recv_timeout(LIMIT) {
        Err(RecvTimeoutError::Timeout) => Err(format!("hangs: nothing came of it in {LIMIT:?}").into()),
        Err(RecvTimeoutError::Disconnected) => {
            Err(thread.join().map_or_else(|panic| text_of(&*panic), |()| "no outcome".to_owned()).into())
        }
        // Joined, so that what it held is gone before the next check begins.
        Ok(outcome) => thread.join().map_err(|panic| text_of(&*panic)).and(outcome).map_err(Failed::from),
    }
}

fn text_of(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str).or(panic.downcast_ref::<&str>().copied());
    format!("panicked: {}", text.unwrap_or("no text"))
}
