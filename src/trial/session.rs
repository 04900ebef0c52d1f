//! The supervisor's handle on one open case: its processes, what they say, and the watch over them.

use super::calibrate::Calibration;
use super::child::{self, Role};
use super::control::{FromMain, Setup, ToMain};
use super::failure::Failure;
use super::floor::wake::wake_up;
use super::phase_result::PhaseResult;
use super::pins::{Pins, spin_budget};
use super::trouble::Trouble;
use super::{Probe, phase};
use crate::plan::{Case, Placement, transport};
use crate::sys::clock::Clock;
use crate::sys::control::Control;
use crate::sys::cpu::allowed;
use crate::sys::fd::Descriptor;
use crate::sys::leftovers::{ScratchDir, names_of, sweep_of};
use crate::sys::process::{Ending, Process, adopt_orphans, reap_group};
use crate::sys::signal::Interrupt;
use crate::workload::Load;
use crate::workload::stamp::mix;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::process::Pid;
use std::collections::BTreeSet;
use std::io;
use std::os::unix::net::UnixDatagram;
use std::path::PathBuf;
use std::time::Duration;

/// An open case: main and renderers are connected and wait for phases.
///
/// It belongs to the thread that opened it: the kernel ends a trial's processes when that thread ends. Dropping it ends
/// and reaps them at once.
#[derive(Debug)]
pub struct Session {
    main: Process,
    renderers: Vec<Process>,
    pids: BTreeSet<u32>,
    calibration: Option<Calibration>,
    control: Control,
    reports: UnixDatagram,
    interrupt: Interrupt,
    timeout: Duration,
    phases: u64,
    /// Whether lost messages are a finding and not a fault.
    lossy: bool,
    /// Transports that make names for a moment make them here.
    scratch: ScratchDir,
}

/// How long main may take to notice that a renderer has died before it is ended as well.
const NOTICE: Duration = Duration::from_millis(400);

impl Session {
    /// Starts a case's processes and connects them.
    ///
    /// # Errors
    /// See [`Failure`]; nothing is left behind.
    pub fn open(
        case: &Case,
        seed: u64,
        timeout: Duration,
        interrupt: &Interrupt,
    ) -> Result<Session, Failure> {
        Session::open_troubled(case, seed, timeout, Trouble::default(), interrupt)
    }

    /// The same with trouble on purpose.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn open_troubled(
        case: &Case,
        seed: u64,
        timeout: Duration,
        trouble: Trouble,
        interrupt: &Interrupt,
    ) -> Result<Session, Failure> {
        adopt_orphans()?;
        let cpus = allowed()?;
        let caps = transport(&case.transport).map_err(|error| Failure::Failed(error.to_string()))?.caps;
        // The hostile one is none of those that the load is for.
        let windows = case.model.windows - usize::from(trouble.hostile.is_some());
        let (ours, theirs) = Control::pair()?;
        let (reports, reports_in) = UnixDatagram::pair()?;
        reports.set_nonblocking(true)?;
        let scratch = ScratchDir::create()?;
        let padding = (mix(seed) % 4096) as usize;
        let main = child::spawn(Role::Main, theirs, padding, Some(scratch.path().as_os_str()))?;
        let mut session = Session {
            main,
            renderers: Vec::new(),
            pids: BTreeSet::new(),
            control: ours,
            reports,
            interrupt: interrupt.clone(),
            timeout,
            calibration: None,
            phases: 0,
            lossy: caps.lossy,
            scratch,
        };
        session.say(&ToMain::Setup(Box::new(Setup {
            transport: case.transport.clone(),
            wait: case.model.wait,
            placement: case.model.placement,
            load: Load {
                workload: case.workload,
                payload: case.model.payload,
                in_flight: case.model.in_flight,
                windows,
                active: case.model.active_windows().min(windows),
                batch: case.model.batch,
                arrivals: case.model.load,
                copy_out: case.copies_out(caps.ring),
                background: case.model.background,
                handicap_ns: trouble.handicap.as_nanos() as u64,
                fault: trouble.fault,
                storm_hz: trouble.storm_hz,
                key: seed,
                echo: caps.echo,
                settings: case.model.settings(),
                clock: Clock::system(),
            },
            pins: Pins::new(case, &cpus, mix(seed ^ 1)),
            spin: spin_budget(case, cpus.len(), wake_up),
            copy: case.model.copy,
            sandbox: case.model.sandbox,
            padding,
            outlive: trouble.outlive,
            hostile: trouble.hostile,
            reports: Descriptor(reports_in.into()),
        })))?;
        match session.hear()? {
            FromMain::Spawned(pids) if case.model.placement == Placement::Process => {
                for (peer, pid) in pids.into_iter().enumerate() {
                    session.hold(peer, pid)?;
                }
                if trouble.hostile.is_some() {
                    session.renderers.pop(); // the last one may end as it likes
                }
            }
            FromMain::Spawned(_) => {}
            other => return Err(unexpected(&other)),
        }
        match session.hear()? {
            FromMain::Ready { pids, calibration } => {
                session.pids = pids.into_iter().collect();
                session.calibration = calibration;
            }
            other => return Err(unexpected(&other)),
        }
        Ok(session)
    }

    /// Holds a renderer that main has started. Who has ended can be held until it is reaped, and is noticed through its report or its link.
    fn hold(&mut self, peer: usize, pid: u32) -> Result<(), Failure> {
        match Pid::from_raw(pid.cast_signed()).map_or(Err(Errno::SRCH.into()), Process::hold) {
            Ok(process) => self.renderers.push(process),
            // Main has reaped it, as it does when it fails, and says why.
            Err(error) if Errno::from_io_error(&error) == Some(Errno::SRCH) => {
                let unheld = || Failure::Failed(format!("renderer {peer} (pid {pid}) cannot be held"));
                return Err(self.hear().err().unwrap_or_else(unheld));
            }
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }

    /// Passes `messages` timed messages, after `lead` untimed ones on each link, taking one sample for `every`
    /// (a power of two).
    ///
    /// # Errors
    /// Also if a message came twice or changed or, unless the transport may lose messages, was lost or came out of order.
    pub fn run(&mut self, messages: u64, lead: u64, every: u64) -> Result<PhaseResult, Failure> {
        self.phases += 1;
        self.say(&ToMain::Run(phase(self.phases, messages, lead, every)))?;
        let report = match self.hear()? {
            FromMain::Done(report) => report,
            other => return Err(unexpected(&other)),
        };
        let checks = report.checks;
        let clean = if self.lossy { checks.clean_but_for_loss() } else { checks.clean() };
        if !clean {
            return Err(Failure::Wrong { checks, processes: self.processes() });
        }
        Ok(PhaseResult {
            elapsed_ns: report.elapsed_ns,
            latency: report.latency.0,
            lag: report.lag.map(|lag| lag.0),
            checks,
            main: report.main,
            renderers: report.renderers,
            siege: report.siege,
        })
    }

    /// Looks at the host from main's place, between phases.
    ///
    /// # Errors
    /// See [`Failure`].
    pub fn probe(&mut self) -> Result<Probe, Failure> {
        self.say(&ToMain::Probe)?;
        match self.hear()? {
            FromMain::Probed(probe) => Ok(probe),
            other => Err(unexpected(&other)),
        }
    }

    /// Number of distinct processes among main and renderers.
    pub fn processes(&self) -> usize {
        self.pids.len()
    }

    /// What was found of the ways to move bytes, if the case leaves the choice open and has a ring to make it for.
    pub fn calibration(&self) -> Option<Calibration> {
        self.calibration
    }

    /// Main's process number.
    pub fn main_pid(&self) -> u32 {
        self.main.pid().as_raw_nonzero().get().cast_unsigned()
    }

    /// The renderers' process numbers; none if they are threads.
    pub fn renderer_pids(&self) -> Vec<u32> {
        self.renderers.iter().map(|process| process.pid().as_raw_nonzero().get().cast_unsigned()).collect()
    }

    /// What main still has names for in the places that all processes share. Once all are connected nothing is found by a name any more.
    pub fn names(&self) -> Vec<PathBuf> {
        names_of(self.main.pid(), self.scratch.path())
    }

    /// Ends the case in good order: every process says goodbye and is reaped.
    ///
    /// # Errors
    /// If one does not end, or not well.
    pub fn close(self) -> Result<(), Failure> {
        self.say(&ToMain::Quit)?;
        match self.main.reap(self.timeout) {
            Some(Ending::Code(0)) => Ok(()),
            Some(ending) => Err(Failure::Failed(self.with_reports(&format!("main {ending} at the end")))),
            None => Err(Failure::Failed("main does not end".to_owned())),
        }
    }

    fn say(&self, message: &ToMain) -> Result<(), Failure> {
        self.control.send(message).or_else(|error| match error.kind() {
            // Main is gone: what it said before, or how it ended, is the better reason.
            io::ErrorKind::BrokenPipe => Ok(()),
            _ => Err(error.into()),
        })
    }

    /// Waits for main's next message, and for everything that can keep it from coming.
    fn hear(&mut self) -> Result<FromMain, Failure> {
        let clock = Clock::system();
        let mut deadline = clock.now() + self.timeout.as_nanos() as u64;
        let mut dead_renderer = None;
        loop {
            let left = deadline.saturating_sub(clock.now());
            let ready = self.wait(Duration::from_nanos(left), dead_renderer.is_some())?;
            if ready.interrupt {
                return Err(Failure::Interrupted);
            }
            if ready.control {
                return match self.control.recv() {
                    Ok(FromMain::Failed(reason)) => Err(Failure::Failed(self.with_reports(&reason))),
                    Ok(message) => Ok(message),
                    Err(_) => Err(self.main_is_gone()),
                };
            }
            if let Some(index) = ready.renderer {
                dead_renderer = Some(index);
                deadline = deadline.min(clock.now() + NOTICE.as_nanos() as u64);
            } else if ready.report {
                // A renderer that failed by itself: main notices, or is ended.
                dead_renderer.get_or_insert(usize::MAX);
                deadline = deadline.min(clock.now() + NOTICE.as_nanos() as u64);
            } else if clock.now() >= deadline {
                return Err(self.gave_up(dead_renderer));
            }
        }
    }

    fn wait(&self, limit: Duration, renderer_is_dead: bool) -> Result<Ready, Failure> {
        let mut fds =
            vec![PollFd::new(&self.interrupt, PollFlags::IN), PollFd::new(&self.control, PollFlags::IN)];
        if !renderer_is_dead {
            fds.push(PollFd::new(&self.reports, PollFlags::IN));
            fds.extend(self.renderers.iter().map(|process| PollFd::new(process, PollFlags::IN)));
        }
        let timeout = Timespec { tv_sec: limit.as_secs() as i64, tv_nsec: i64::from(limit.subsec_nanos()) };
        match poll(&mut fds, Some(&timeout)) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(io::Error::from(error).into()),
        }
        let is_ready = |index: usize| fds.get(index).is_some_and(|fd| !fd.revents().is_empty());
        Ok(Ready {
            interrupt: is_ready(0),
            control: is_ready(1),
            report: is_ready(2),
            renderer: (3..fds.len()).find(|&index| is_ready(index)).map(|index| index - 3),
        })
    }

    /// The control socket closed without a word.
    fn main_is_gone(&self) -> Failure {
        let ending = self.main.reap(NOTICE).map_or("closed its control socket".to_owned(), |e| e.to_string());
        let pid = self.main.pid().as_raw_nonzero();
        Failure::Failed(self.with_reports(&format!("main (pid {pid}) {ending}")))
    }

    /// Time is over.
    fn gave_up(&self, dead_renderer: Option<usize>) -> Failure {
        let Some(index) = dead_renderer else {
            return Failure::Failed(
                self.with_reports(&format!("hung: nothing heard for {:?}", self.timeout)),
            );
        };
        // Ended first, so that its renderers become ours and can say how they ended.
        self.main.kill();
        self.main.reap(NOTICE);
        let died = self.renderers.get(index).map(|process| {
            let ending = process.reap(NOTICE).unwrap_or(Ending::Unknown);
            format!(
                "renderer {index} (pid {}) {ending}, and main did not notice",
                process.pid().as_raw_nonzero()
            )
        });
        Failure::Failed(self.with_reports(&died.unwrap_or_else(|| "a renderer failed".to_owned())))
    }

    /// Adds what other processes of the trial reported.
    fn with_reports(&self, reason: &str) -> String {
        let mut text = reason.to_owned();
        let mut buffer = [0; 4096];
        while let Ok(len) = self.reports.recv(&mut buffer) {
            text.push_str("; ");
            text.push_str(&String::from_utf8_lossy(&buffer[..len]));
        }
        text
    }
}

struct Ready {
    interrupt: bool,
    control: bool,
    report: bool,
    renderer: Option<usize>,
}

impl Drop for Session {
    fn drop(&mut self) {
        self.main.kill();
        self.renderers.iter().for_each(Process::kill); // which would live on if they were to outlive it
        if self.main.reap(Duration::from_secs(2)).is_some() {
            // Its renderers die with it, and are ours now: also those that it had no time to tell of.
            reap_group(self.main.pid());
            // Killed between a name and the last window that opens it; a pair's own link is named by a renderer.
            self.renderers.iter().chain([&self.main]).for_each(|process| sweep_of(process.pid()));
        }
    }
}

fn unexpected(message: &FromMain) -> Failure {
    Failure::Failed(format!("main said something unexpected: {message:?}"))
}
