//! `ipcmark verify`: every case once, for a few messages, looking only at whether they arrive as they must; and trouble on demand.

mod cases;
mod faults;
mod hostile;
mod kill;
mod signals;
mod soak;

use super::choice::Choice;
use super::exit::{Exit, Stop};
use super::output;
use super::progress::Progress;
use crate::plan::ConfigError;
use crate::record::fresh_seed;
use crate::sys::signal::Interrupt;
use cases::cases;
use clap::Args as ClapArgs;
use faults::faults;
use hostile::hostile;
use kill::Kills;
use signals::signals;
use soak::soak;
use std::time::Duration;

/// Mechanisms that die, and can be attacked, in the same way; those in which a renderer shares memory with main first.
const FAMILIES: [(&str, &[&str]); 5] = [
    ("shared memory", &["shm", "shm-memfd", "mmap-file", "eventfd", "mojo-like"]),
    ("pipes", &["pipe", "fifo"]),
    ("sockets", &["uds-stream", "uds-seqpacket", "uds-dgram", "tcp", "tcp-nagle"]),
    ("message queues", &["posix-mq"]),
    ("ipc-channel", &["ipc-channel"]),
];

/// Flags for `verify` by itself: trouble chooses its cases.
const CASES: [&str; 6] = ["workload", "preset", "set", "vary", "filter", "messages"];

#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    #[command(flatten)]
    choice: Choice,
    /// Messages of each case
    #[arg(long, value_name = "N", default_value_t = 40, value_parser = clap::value_parser!(u64).range(1..))]
    messages: u64,
    /// Kill main or a renderer so many times in each family of transports (or of those that --transport names), at random moments; and halt readers
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=1_000_000), conflicts_with = "soak", conflicts_with_all = CASES)]
    kill: Option<u64>,
    /// Run a mixed load for so long (30s, 30m, 2h), and see whether memory, descriptors or latencies creep
    #[arg(long, value_name = "TIME", value_parser = duration, conflicts_with = "transport", conflicts_with_all = CASES)]
    soak: Option<Duration>,
    /// Let a renderer or main drop, double, swap, change or withhold a message, and see that the checks find it
    #[arg(long, conflicts_with_all = ["kill", "soak", "transport"], conflicts_with_all = CASES)]
    faults: bool,
    /// For so long (60, 60s, 10m), let one renderer of three attack main and the others, over each transport that shares memory, or that --transport names; over pipes, sockets and queues a fifth of it
    #[arg(long, value_name = "SECONDS", value_parser = duration, conflicts_with_all = ["kill", "soak", "faults"], conflicts_with_all = CASES)]
    hostile: Option<Duration>,
    /// Run this program so many times and stop it at random moments: by SIGINT, SIGTERM, SIGHUP, SIGINT twice, a reader that goes
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=1_000_000), conflicts_with_all = ["kill", "soak", "faults", "hostile", "transport"], conflicts_with_all = CASES)]
    signals: Option<u64>,
    /// Seed of what is random
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(..1 << 48))]
    seed: Option<u64>,
    /// No progress bar
    #[arg(long)]
    no_progress: bool,
}

/// Reads `90`, `90s`, `30m` or `2h`.
fn duration(text: &str) -> Result<Duration, String> {
    let (number, factor) = match text.char_indices().last() {
        Some((at, 's')) => (&text[..at], 1.0),
        Some((at, 'm')) => (&text[..at], 60.0),
        Some((at, 'h')) => (&text[..at], 3600.0),
        _ => (text, 1.0),
    };
    let seconds =
        number.parse::<f64>().ok().map(|number| number * factor).filter(|s| (0.1..=1e6).contains(s));
    seconds.map(Duration::from_secs_f64).ok_or_else(|| "write a time as in 30s, 30m or 2h".to_owned())
}

pub(super) fn execute(args: &Args) -> Result<Exit, Stop> {
    let interrupt = Interrupt::listen()?;
    let seed = args.seed.unwrap_or_else(fresh_seed);
    let asked =
        args.kill.is_some() || args.soak.is_some() || args.hostile.is_some() || args.signals.is_some();
    if !asked && !args.faults {
        return cases(args, seed, &interrupt);
    }
    let kills = args.kill.unwrap_or(0) * FAMILIES.len() as u64;
    let progress = Progress::new(args.signals.unwrap_or(kills), args.no_progress);
    let (text, good) = match (args.kill, args.soak, args.hostile, args.signals) {
        (Some(count), ..) => {
            let only = of_families(&args.choice)?;
            Kills { count, only: &only, seed, interrupt: &interrupt }.run(&progress)?
        }
        (_, Some(time), ..) => soak(time, seed, &interrupt, &progress)?,
        (_, _, Some(time), _) => hostile(time, &of_families(&args.choice)?, seed, &interrupt, &progress)?,
        (.., Some(tries)) => signals(tries, seed, &interrupt, &progress)?,
        _ => faults(seed, &interrupt, &progress)?,
    };
    drop(progress);
    output::write(&text)?;
    output::warn(&format!("seed {seed}"));
    Ok(match interrupt.exit_code() {
        Some(code) => Exit::Interrupted(code),
        None if good => Exit::Ok,
        None => Exit::Failed,
    })
}

/// The transports that are named, if any are. All of them are of a family.
fn of_families(choice: &Choice) -> Result<Vec<String>, Stop> {
    let only = choice.transports()?;
    let known: Vec<&str> = FAMILIES.iter().flat_map(|(_, names)| names.iter().copied()).collect();
    match only.iter().find(|name| !known.contains(&name.as_str())) {
        None => Ok(only),
        Some(name) => Err(ConfigError::new(format!(
            "`{name}` is neither killed nor besieged: it has no ends in processes, or may lose what it is sent; take of: {}",
            known.join(", ")
        ))
        .in_flag("--transport")
        .into()),
    }
}

/// The value below or at which this part of sorted ones lies.
fn nearest_rank(sorted: &[u64], part: f64) -> Option<u64> {
    let place = ((sorted.len() as f64 * part).ceil() as usize).max(1) - 1;
    sorted.get(place).copied()
}
