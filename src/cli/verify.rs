//! `ipcmark verify`: every case once, for a few messages, looking only at whether they arrive as they must.

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

#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    #[command(flatten)]
    choice: Choice,
    /// Messages of each case
    #[arg(long, value_name = "N", default_value_t = 40, value_parser = clap::value_parser!(u64).range(1..))]
    messages: u64,
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

pub(super) fn execute(args: &Args) -> Result<Exit, Stop> {
    let groups = groups(&args.choice)?;
    let plan = Plan::new(&groups, args.choice.filter.as_deref(), cpus())?;
    let interrupt = Interrupt::listen()?;
    leftovers::sweep();
    let seed = fresh_seed();
    let progress = Progress::new(plan.runnable().count() as u64, args.no_progress);
    let (mut passed, mut failed) = (0, 0);
    for case in plan.runnable() {
        let id = case.id();
        progress.next(&id);
        match verify(case, args.messages, seed, &interrupt) {
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
