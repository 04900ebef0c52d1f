//! `ipcmark verify`: every case once, for a few messages, looking only at whether they arrive as they must; and trouble on demand.

mod faults;
mod hostile;
mod kill;
mod signals;
mod soak;

use super::choice::Choice;
use super::exit::{Exit, Stop};
use super::output;
use super::progress::Progress;
use crate::plan::{Axes, Case, Group, Placement, Plan, transports};
use crate::record::fresh_seed;
use crate::sys::leftovers;
use crate::sys::signal::Interrupt;
use crate::trial::{self, Failure, cpus};
use crate::workload::Workload;
use clap::Args as ClapArgs;
use faults::faults;
use hostile::hostile;
use kill::Kills;
use signals::signals;
use soak::soak;
use std::time::Duration;

#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    #[command(flatten)]
    choice: Choice,
    /// Messages of each case
    #[arg(long, value_name = "N", default_value_t = 40, value_parser = clap::value_parser!(u64).range(1..))]
    messages: u64,
    /// Kill main or a renderer so many times in each family of transports, at random moments; and halt readers for two seconds
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=1_000_000), conflicts_with = "soak")]
    kill: Option<u64>,
    /// Run a mixed load for so long (30s, 30m, 2h), and see whether memory, descriptors or latencies creep
    #[arg(long, value_name = "TIME", value_parser = duration)]
    soak: Option<Duration>,
    /// Let a renderer drop, double, swap, change or withhold a message, and see that the checks find it
    #[arg(long, conflicts_with_all = ["kill", "soak"])]
    faults: bool,
    /// For so long (60, 60s, 10m), let one renderer of three attack main and the others over each transport that shares memory
    #[arg(long, value_name = "SECONDS", value_parser = duration, conflicts_with_all = ["kill", "soak", "faults"])]
    hostile: Option<Duration>,
    /// Run this program so many times and stop it at random moments: by SIGINT, SIGTERM, SIGHUP, SIGINT twice, a reader that goes
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=1_000_000), conflicts_with_all = ["kill", "soak", "faults", "hostile"])]
    signals: Option<u64>,
    /// Seed of what is random
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(..1 << 48))]
    seed: Option<u64>,
    /// No progress bar
    #[arg(long)]
    no_progress: bool,
}

/// What is varied unless a flag says otherwise: every wait and placement; payloads that carry no stamp, part of one,
/// a line, more than a pipe's page; one window and several; one in flight and several; nothing between the ends, and all that
/// Electron has there.
const GROUPS: [&[(&str, &[&str])]; 3] = [
    &[
        ("placement", &["process", "thread"]),
        ("wait", &["block", "hybrid", "spin"]),
        ("payload", &["0", "7", "64", "65537"]),
    ],
    &[
        ("placement", &["process", "thread"]),
        ("wait", &["block"]),
        ("windows", &["4"]),
        ("in_flight", &["8"]),
    ],
    &[(PRESET, &["electron-hardened"]), ("placement", &["process", "thread"]), ("wait", &["block"])],
];
const PRESET: &str = "preset";

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
    let kills = args.kill.unwrap_or(0) * kill::FAMILIES.len() as u64;
    let progress = Progress::new(args.signals.unwrap_or(kills), args.no_progress);
    let (text, good) = match (args.kill, args.soak, args.hostile, args.signals) {
        (Some(count), ..) => {
            let only = args.choice.transports()?;
            Kills { count, only: &only, seed, interrupt: &interrupt }.run(&progress)?
        }
        (_, Some(time), ..) => soak(time, seed, &interrupt, &progress)?,
        (_, _, Some(time), _) => hostile(time, &args.choice.transports()?, seed, &interrupt, &progress)?,
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

/// The value below or at which this part of sorted ones lies.
fn nearest_rank(sorted: &[u64], part: f64) -> Option<u64> {
    let place = ((sorted.len() as f64 * part).ceil() as usize).max(1) - 1;
    sorted.get(place).copied()
}

/// Every case once.
fn cases(args: &Args, seed: u64, interrupt: &Interrupt) -> Result<Exit, Stop> {
    let groups = groups(&args.choice)?;
    let plan = Plan::new(&groups, args.choice.filter.as_deref(), cpus())?;
    leftovers::sweep();
    let progress = Progress::new(plan.runnable().count() as u64, args.no_progress);
    let (mut passed, mut failed) = (0, 0);
    for case in plan.runnable() {
        let id = case.id();
        progress.next(&id);
        match verify(case, args.messages, seed, interrupt) {
            Ok(()) => passed += 1,
            Err(Failure::Interrupted) => break,
            Err(failure) => {
                failed += 1;
                progress.say(&format!("failed: {id}: {failure}"));
            }
        }
        progress.done();
    }
    drop(progress);
    let skipped = plan.cases.iter().filter(|planned| planned.skip.is_some()).count();
    output::write(&format!("{passed} passed, {failed} failed, {skipped} skipped\n"))?;
    Ok(match interrupt.exit_code() {
        Some(code) => Exit::Interrupted(code),
        None if failed > 0 => Exit::Failed,
        None => Exit::Ok,
    })
}

/// Every message must arrive, and processes must be processes.
fn verify(case: &Case, messages: u64, seed: u64, interrupt: &Interrupt) -> Result<(), Failure> {
    let (checks, processes) = trial::verify(case, messages, seed, interrupt)?;
    let wanted = match case.model.placement {
        Placement::Process => 1 + case.model.windows,
        Placement::Thread => 1,
    };
    if processes != wanted {
        return Err(Failure::Failed(format!("{processes} processes took part, {wanted} should have")));
    }
    if checks.sent == 0 || checks.received == 0 {
        return Err(Failure::Failed("no message was checked".to_owned()));
    }
    Ok(())
}

fn groups(choice: &Choice) -> Result<Vec<Group>, Stop> {
    let (names, workloads, chosen) = (choice.transports()?, choice.workloads()?, choice.axes()?);
    let all = || transports().iter().map(|listed| listed.name.to_owned()).collect();
    let names: Vec<String> = if names.is_empty() { all() } else { names };
    let workloads = if workloads.is_empty() { Workload::ALL.to_vec() } else { workloads };
    let mut groups = Vec::new();
    for axes_of_group in GROUPS {
        let mut axes = Axes::default();
        for &(name, values) in axes_of_group {
            if name == PRESET {
                values.iter().try_for_each(|value| axes.add_preset(value))?;
            } else {
                axes.add(name, values.iter().map(ToString::to_string).collect())?;
            }
        }
        let axes = axes.overridden_by(&chosen);
        groups.push(Group { transports: names.clone(), workloads: workloads.clone(), axes });
    }
    Ok(groups)
}
