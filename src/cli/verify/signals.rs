//! `ipcmark verify --signals N`: this program runs itself, is asked to stop at a random moment, and must do so at once: with what it has
//! measured saved, nobody left, and the terminal as it was.

use super::super::exit::Stop;
use super::super::progress::Progress;
use super::nearest_rank;
use crate::record::{Environment, read_run};
use crate::report::{Look, nanoseconds, new_table};
use crate::sys::clock::Clock;
use crate::sys::leftovers::ScratchDir;
use crate::sys::process::{Ending, adopt_orphans, readable};
use crate::sys::program::{Started, children_left};
use crate::sys::signal::Interrupt;
use crate::sys::terminal::Terminal;
use rustix::pipe::{PipeFlags, fcntl_setpipe_size, pipe_with};
use rustix::process::Signal;
use std::fs::read_dir;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;
use std::time::Duration;

/// What is run: about a second, most of which goes into starting and ending trials.
const RUN: [&str; 12] = [
    "run",
    "--transport",
    "pipe,shm",
    "--workload",
    "invoke,broadcast",
    "--set",
    "pin=free",
    "--trials",
    "3",
    "--time",
    "0.02",
    "--out",
];
/// How many records it has if nothing stops it.
const RECORDS: usize = 12;
/// The latest moment of a signal. Some come when all is over.
const MOMENTS_US: u64 = 1_200_000;
/// What the user is promised, between the signal and the end; and as much for children to be gone.
const LATEST: Duration = Duration::from_secs(1);
/// A run that nothing stops may take longer.
const UNDISTURBED: Duration = Duration::from_secs(60);

/// What is done to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Deed {
    /// It gets a signal.
    Once(Signal),
    /// It gets SIGINT while nobody reads what it prints, so that it does not come to its end, and again after so long.
    Twice(Duration),
    /// Whoever reads its standard output and standard error goes.
    Unread,
}

const DEEDS: [(&str, Deed); 5] = [
    ("SIGINT", Deed::Once(Signal::INT)),
    ("SIGTERM", Deed::Once(Signal::TERM)),
    ("SIGHUP", Deed::Once(Signal::HUP)),
    ("SIGINT twice", Deed::Twice(Duration::from_millis(100))),
    ("reader gone", Deed::Unread),
];

/// So many tries, each with the next of these by turns. Answers a table, and whether all went as it must.
pub(super) fn signals(
    tries: u64,
    seed: u64,
    interrupt: &Interrupt,
    progress: &Progress,
) -> Result<(String, bool), Stop> {
    adopt_orphans()?; // what a run leaves behind becomes ours, and is seen
    let mut rng = fastrand::Rng::with_seed(seed);
    let (mut took, mut wrong) = ([const { Vec::new() }; DEEDS.len()], [0; DEEDS.len()]);
    let mut faults = Vec::new();
    for number in 0..tries as usize {
        let at = number % DEEDS.len();
        let (name, deed) = DEEDS[at];
        let moment = Duration::from_micros(rng.u64(..MOMENTS_US));
        progress.next(&format!("{name} after {moment:?}"));
        let seen = attempt(deed, moment)?;
        if interrupt.exit_code().is_some() {
            break;
        }
        took[at].extend(seen.took);
        wrong[at] += u64::from(!seen.faults.is_empty());
        faults.extend(seen.faults.iter().map(|fault| format!("{name} after {moment:?}: {fault}\n")));
        progress.done();
    }
    let mut table = new_table(
        Look::Plain { bold: false },
        ["signal", "tries", "ended after: p50", "p99", "longest", "wrong"],
        1..,
    );
    for (((name, deed), took), wrong) in DEEDS.iter().zip(&mut took).zip(wrong) {
        took.sort_unstable();
        let rank = |part| nearest_rank(took, part).map_or("–".to_owned(), |ns| nanoseconds(ns as f64));
        let times = match deed {
            Deed::Unread => ["–", "–", "–"].map(str::to_owned), // it goes on to its end
            _ => [rank(0.5), rank(0.99), rank(1.0)],
        };
        table.add_row(
            [vec![(*name).to_owned(), took.len().to_string()], times.to_vec(), vec![wrong.to_string()]]
                .concat(),
        );
    }
    let good = faults.is_empty();
    Ok((format!("{}\n{}", table.trim_fmt(), faults.concat()), good))
}

/// What was seen of one try.
struct Seen {
    /// From the signal to the end, in nanoseconds.
    took: Option<u64>,
    faults: Vec<String>,
}

/// Runs once, and looks.
fn attempt(deed: Deed, moment: Duration) -> Result<Seen, Stop> {
    let scratch = ScratchDir::create()?;
    let [out, tmp] = ["out", "tmp"].map(|name| scratch.path().join(name));
    std::fs::create_dir(&tmp)?;
    let terminal = Terminal::open()?;
    let (reader, stdout) = pipe_with(PipeFlags::CLOEXEC).map_err(io::Error::from)?;
    // A bar is drawn on a terminal only. One whose reader is to go is a pipe like standard output.
    let stderr = if deed == Deed::Unread { stdout.try_clone()? } else { terminal.side()? };
    let environment = [("TMPDIR".as_ref(), tmp.as_os_str()), ("TERM".as_ref(), "xterm".as_ref())];
    let arguments: Vec<_> = RUN.iter().map(AsRef::as_ref).chain([out.as_os_str()]).collect();
    let (reader, unread) =
        if let Deed::Twice(_) = deed { (None, Some(reader)) } else { (Some(reader), None) };
    if unread.is_some() {
        fill(&stdout)?;
    }
    let started = Started::this(&arguments, &environment, stdout, stderr)?;
    let clock = Clock::system();
    let mut watched = Watched { started: &started, terminal: &terminal, reader, written: Vec::new() };
    let early = watched.wait(moment)?;
    let mut sent = clock.now();
    let ending = match (early, deed) {
        (Some(ending), _) => Some(ending),
        (None, Deed::Once(signal)) => {
            started.signal(signal);
            watched.wait(2 * LATEST)?
        }
        (None, Deed::Twice(apart)) => {
            started.signal(Signal::INT);
            match watched.wait(apart)? {
                None => {
                    sent = clock.now();
                    started.signal(Signal::INT);
                    watched.wait(2 * LATEST)?
                }
                // It had nothing to print yet.
                ended => ended,
            }
        }
        (None, Deed::Unread) => {
            watched.reader = None;
            watched.wait(UNDISTURBED)?
        }
    };
    let took = clock.now() - sent;
    let mut faults = Vec::new();
    match ending {
        None => faults.push(format!("it still runs after {:?}", Duration::from_nanos(took))),
        Some(ending) => faults.extend(judge(deed, early.is_some(), ending, &out)),
    }
    if deed != Deed::Unread && u128::from(took) > LATEST.as_nanos() {
        faults.push(format!("it ended after {}", nanoseconds(took as f64)));
    }
    faults.extend(terminal.left_changed(&watched.written)?.map(str::to_owned));
    drop((watched, unread));
    drop(started);
    if !gone(&clock) {
        faults.push("a child still runs a second later".to_owned());
    }
    // One that is asked a second time, or by what it does not listen to yet, leaves its names to the next start.
    if matches!(ending, Some(Ending::Code(_)))
        && !matches!(deed, Deed::Twice(_))
        && read_dir(&tmp)?.count() > 0
    {
        faults.push("it left temporary files".to_owned());
    }
    Ok(Seen { took: Some(took).filter(|_| early.is_none()), faults })
}

/// Leaves no room in a pipe for whoever writes to it.
fn fill(pipe: &OwnedFd) -> io::Result<()> {
    let len = fcntl_setpipe_size(pipe, 1)?; // one page is the least
    rustix::io::write(pipe, &vec![b'.'; len])?;
    Ok(())
}

/// A run whose output is read as it comes.
struct Watched<'a> {
    started: &'a Started,
    terminal: &'a Terminal,
    reader: Option<OwnedFd>,
    /// To the terminal.
    written: Vec<u8>,
}

impl Watched<'_> {
    /// Reads for so long, or until the run has ended.
    fn wait(&mut self, limit: Duration) -> io::Result<Option<Ending>> {
        let clock = Clock::system();
        let until = clock.now() + limit.as_nanos() as u64;
        loop {
            let left = Duration::from_nanos(until.saturating_sub(clock.now()));
            let ending = self.started.wait(left.min(Duration::from_millis(5)));
            self.written.extend(self.terminal.take()?);
            if let Some(reader) = &self.reader {
                // What it prints is not looked at; no more may stand in the pipe than fits.
                if readable(reader.as_fd(), Duration::ZERO) {
                    rustix::io::read(reader, &mut [0; 65536])?;
                }
            }
            if ending.is_some() || left.is_zero() {
                return Ok(ending);
            }
        }
    }
}

/// Whether all children have gone, a second later at most.
fn gone(clock: &Clock) -> bool {
    let until = clock.now() + LATEST.as_nanos() as u64;
    while children_left() {
        if clock.now() > until {
            return false;
        }
        std::thread::yield_now();
    }
    true
}

/// What is wrong with how it ended, and with what it left.
fn judge(deed: Deed, early: bool, ending: Ending, out: &Path) -> Option<String> {
    let wanted = match deed {
        Deed::Once(signal) => signal.as_raw(),
        Deed::Twice(_) => Signal::INT.as_raw(),
        Deed::Unread => 0,
    };
    let stopped = wanted > 0 && ending == Ending::Code(128 + wanted);
    if !stopped && ending == Ending::Signal(wanted) && !early {
        // Before it listens the system ends it: then it must not have begun.
        return out.exists().then(|| "the signal ended it, and it had begun".to_owned());
    }
    if !stopped && ending != Ending::Code(0) {
        return Some(format!("it {ending}"));
    }
    if stopped && !out.join("environment.json").exists() {
        // The second signal ends it wherever it is, also before its files are there.
        let twice = matches!(deed, Deed::Twice(_));
        return (!twice).then(|| "it was told to stop and left no environment.json".to_owned());
    }
    let run = match read_run(out) {
        Ok(run) => run,
        Err(error) => return Some(error.to_string()),
    };
    let partial = run.environment.as_ref().is_none_or(|Environment { partial, .. }| *partial);
    if let Some(fault) =
        run.faults.first().filter(|fault| !(matches!(deed, Deed::Twice(_)) && fault.is_cut_short()))
    {
        return Some(fault.to_string());
    }
    let whole = run.records.len() >= RECORDS;
    match (stopped, partial) {
        (true, false) if !whole => Some("it is partial and is not marked so".to_owned()),
        (false, true) => Some("it is whole and is marked partial".to_owned()),
        (false, false) if !whole => {
            Some(format!("it ended well with {} records of {RECORDS}", run.records.len()))
        }
        _ => None,
    }
}
