//! `ipcmark verify` by itself: every case once, for a few messages, looking only at whether they arrive as they must.

use super::super::choice::Choice;
use super::super::exit::{Exit, Stop};
use super::super::output;
use super::super::progress::Progress;
use super::Args;
use crate::plan::{Axes, Case, Group, Placement, Plan, transports};
use crate::report::{Look, count, new_table};
use crate::sys::leftovers;
use crate::sys::signal::Interrupt;
use crate::trial::{self, Failure, cpus};
use crate::workload::Workload;
use crate::workload::ledger::Checks;

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

/// What came of the cases of a transport.
#[derive(Default)]
struct Tally {
    passed: u64,
    failed: u64,
    skipped: u64,
    checks: Checks,
}

/// Every case once. The table says how many messages were looked at, and what was wrong with them.
pub(super) fn cases(args: &Args, seed: u64, interrupt: &Interrupt) -> Result<Exit, Stop> {
    let groups = groups(&args.choice)?;
    let plan = Plan::new(&groups, args.choice.filter.as_deref(), cpus())?;
    leftovers::sweep();
    let progress = Progress::new(plan.runnable().count() as u64, args.no_progress);
    // In the order of the plan.
    let mut tallies: Vec<(&str, Tally)> = Vec::new();
    for planned in &plan.cases {
        let case = &planned.case;
        if tallies.last().is_none_or(|(name, _)| *name != case.transport) {
            let place = tallies.iter().position(|(name, _)| *name == case.transport);
            let known = place.map(|place| tallies.remove(place));
            tallies.push(known.unwrap_or((&case.transport, Tally::default())));
        }
        let Some((_, tally)) = tallies.last_mut() else { continue };
        if planned.skip.is_some() {
            tally.skipped += 1;
            continue;
        }
        let id = case.id();
        progress.next(&id);
        match verify(case, args.messages, seed, interrupt) {
            Ok(checks) => {
                tally.passed += 1;
                tally.checks = tally.checks.plus(checks);
            }
            Err(Failure::Interrupted) => break,
            Err(failure) => {
                tally.failed += 1;
                if let Failure::Wrong { checks, .. } = &failure {
                    tally.checks = tally.checks.plus(*checks);
                }
                progress.say(&format!("failed: {id}: {failure}"));
            }
        }
        progress.done();
    }
    drop(progress);
    let sum = |of: fn(&Tally) -> u64| tallies.iter().map(|(_, tally)| of(tally)).sum::<u64>();
    let (passed, failed, skipped) = (sum(|t| t.passed), sum(|t| t.failed), sum(|t| t.skipped));
    let checked = count(sum(|t| t.checks.received) as f64);
    output::write(&format!(
        "{}\n\n{passed} passed, {failed} failed, {skipped} skipped; seed {seed}; {checked} messages checked\n",
        table(&tallies)
    ))?;
    Ok(match interrupt.exit_code() {
        Some(code) => Exit::Interrupted(code),
        None if failed > 0 => Exit::Failed,
        None if passed == 0 => {
            let why = plan.cases.iter().find_map(|planned| planned.skip.as_deref()).unwrap_or_default();
            output::warn(&format!("nothing could be checked here: {why}"));
            Exit::NotComparable
        }
        None => Exit::Ok,
    })
}

fn table(tallies: &[(&str, Tally)]) -> String {
    let mut table = new_table(
        Look::Plain { bold: false },
        ["transport", "passed", "failed", "skipped", "messages", "lost", "doubled", "reordered", "corrupt"],
        1..,
    );
    for (name, Tally { passed, failed, skipped, checks }) in tallies {
        let mut row = vec![(*name).to_owned()];
        row.extend([passed, failed, skipped].map(ToString::to_string));
        row.push(count(checks.received as f64));
        let wrong = [checks.lost, checks.duplicated, checks.reordered, checks.corrupt];
        row.extend(wrong.map(|number| number.to_string()));
        table.add_row(row);
    }
    table.trim_fmt()
}

/// Every message must arrive, and processes must be processes.
fn verify(case: &Case, messages: u64, seed: u64, interrupt: &Interrupt) -> Result<Checks, Failure> {
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
    Ok(checks)
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
