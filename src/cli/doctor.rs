//! `ipcmark doctor`: the host, the clock, what there is to measure with; and proofs that figures can be trusted here.

use super::choice::Choice;
use super::equals::Equals;
use super::exit::{Exit, Stop};
use super::output;
use super::proofs::{self, Comparisons, Stall};
use super::run::seconds;
use crate::plan::{Case, Listed, Model, Pin, Placement, Plan, human_size, not_built_in, transports};
use crate::record::{Host, fresh_seed};
use crate::sys::clock::Clock;
use crate::sys::limits::Limits;
use crate::sys::signal::Interrupt;
use crate::trial::{self, cpus};
use crate::workload::Workload;
use clap::{Args as ClapArgs, ValueEnum};
use serde_json::{Value, json};
use std::path::PathBuf;
use std::time::Duration;

#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    /// Compare one thing with itself so many times, and count how often a difference is found
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=10_000), conflicts_with_all = ["inject", "stall"])]
    aa: Option<u64>,
    /// Compare each case of a suite with itself, with --aa: of this file, or of the default suite
    #[arg(long, value_name = "SUITE.toml", num_args = 0..=1, requires = "aa")]
    suite: Option<Option<PathBuf>>,
    /// Slow one side down by this much, and count how often that is found
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u64).range(1..=100), conflicts_with = "stall")]
    inject: Option<u64>,
    /// How often, with --inject
    #[arg(long, value_name = "N", default_value_t = 40, value_parser = clap::value_parser!(u64).range(1..=10_000), requires = "inject")]
    tries: u64,
    /// Pairs of trials in each comparison
    #[arg(long, value_name = "N", default_value_t = 15, value_parser = clap::value_parser!(u64).range(6..=1000))]
    trials: u64,
    /// Measured part of a trial
    #[arg(long, value_name = "SECONDS", default_value = "0.05", value_parser = seconds)]
    time: Duration,
    /// Halt the reader for 100 ms, and show what an open and a closed loop say of it
    #[arg(long)]
    stall: bool,
    /// Seed of the order of trials
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(..1 << 48))]
    seed: Option<u64>,
    /// How to show it
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people
    #[default]
    Text,
    /// For programs
    Json,
}

pub(super) fn execute(args: &Args) -> Result<Exit, Stop> {
    let interrupt = Interrupt::listen()?;
    let comparisons = |count, percent| Comparisons {
        count,
        trials: args.trials,
        time: args.time,
        percent,
        seed: args.seed.unwrap_or_else(fresh_seed),
    };
    let (text, document) = match (args.aa, args.inject) {
        (Some(count), _) if args.suite.is_some() => args.whole_suite(count, &interrupt)?,
        (Some(count), _) => comparisons(count, 0).run(&interrupt)?,
        (_, Some(percent)) => comparisons(args.tries, percent).run(&interrupt)?,
        _ if args.stall => Stall::run(&interrupt)?,
        _ => facts(&comparisons(1, 0), &interrupt)?,
    };
    output::write(&match args.format {
        Format::Text => text,
        Format::Json => document.to_string() + "\n",
    })?;
    Ok(interrupt.exit_code().map_or(Exit::Ok, Exit::Interrupted))
}

impl Args {
    /// A suite with itself, so many times.
    fn whole_suite(&self, count: u64, interrupt: &Interrupt) -> Result<(String, Value), Stop> {
        let suite = Choice::default().suite(self.suite.as_ref().and_then(Option::as_deref))?;
        let plan = Plan::new(&suite.groups, None, cpus())?;
        let seed = self.seed.unwrap_or_else(fresh_seed);
        Equals { plan: &plan, count, trials: self.trials, time: self.time, seed }.run(interrupt)
    }
}

/// A transport, and whether a link of it works here.
struct Link {
    name: &'static str,
    about: &'static str,
    /// Why it does not.
    trouble: Option<String>,
}

/// Opens one link and passes a few messages: whatever a transport needs is there, or the kernel says what is not.
fn link(listed: Listed, interrupt: &Interrupt) -> Link {
    let placement = if listed.caps.processes { Placement::Process } else { Placement::Thread };
    let model = Model { placement, pin: Pin::Same, ..Model::default() };
    let case = Case { transport: listed.name.to_owned(), workload: Workload::Invoke, model };
    let outcome = match Plan::skip_reason(&case, cpus()) {
        Some(reason) => Err(reason),
        None => trial::verify(&case, 4, 1, interrupt).map(drop).map_err(|failure| failure.to_string()),
    };
    Link { name: listed.name, about: listed.caps.about, trouble: outcome.err() }
}

/// What is here, what is missing, and how quiet it is.
fn facts(probe: &Comparisons, interrupt: &Interrupt) -> Result<(String, Value), Stop> {
    let (host, limits, clock) = (Host::capture(), Limits::read(), Clock::system());
    let facts = clock.measure();
    let backwards = proofs::steps_back(clock)?;
    let half = probe.half_width(interrupt)?;
    let mut warnings = Vec::new();
    let mut warn = |bad: bool, text: String| {
        if bad {
            warnings.push(text);
        }
    };
    warn(
        facts.step_ns > 50,
        format!(
            "the clock steps by {} ns: short messages are timed in groups; a kernel that trusts the time-stamp counter (clocksource tsc) does better",
            facts.step_ns
        ),
    );
    warn(
        backwards > 0,
        format!(
            "the clock went back {backwards} times between CPUs: one-way latencies are wrong; use pin=same, or another clocksource"
        ),
    );
    warn(
        host.cpus.len() < 2,
        "one CPU: pin=cross and wait=spin are skipped; give the process more (taskset, cgroup) to have them"
            .to_owned(),
    );
    warn(host.virtual_machine, "a virtual machine: the host moves CPUs, compare within one table".to_owned());
    warn(
        host.governor.as_deref().is_some_and(|governor| governor != "performance"),
        format!(
            "CPU governor {}: set `performance` for steadier figures",
            host.governor.as_deref().unwrap_or("?")
        ),
    );
    warn(
        limits.descriptors < 1024,
        format!("{} descriptors: `ulimit -n 4096` for many windows", limits.descriptors),
    );
    warn(
        limits.shared_memory_free.is_some_and(|free| free < 256 << 20),
        "less than 256 MiB free in /dev/shm: large payloads over shm will fail; mount it larger (`mount -o remount,size=1G /dev/shm`)".to_owned(),
    );
    let resolved = half.map_or("–".to_owned(), |half| format!("±{:.1} %", half * 100.0));
    warn(
        half.is_none_or(|half| half > 0.02),
        format!("noise now: {} trials resolve {resolved}; repeat when it is quieter", probe.trials),
    );
    let links: Vec<Link> = transports().into_iter().map(|listed| link(listed, interrupt)).collect();
    warn(
        links.iter().any(|link| link.trouble.is_some()),
        "transports that do not work here are left out of no table: their cases fail, with the same reason"
            .to_owned(),
    );
    let absent: Vec<_> = not_built_in();
    let gib = |bytes: u64| format!("{:.1} GiB", bytes as f64 / (1u64 << 30) as f64);
    let mut text = format!(
        "host         {} ({}), {} CPUs, {}\nkernel       {}\nclock        {:?}, step {} ns, {:.1} ns a reading; between CPUs it went back {backwards} times\n\
         limits       {} descriptors, {} locked memory, {} free in /dev/shm\n",
        host.name,
        host.cpu,
        host.cpus.len(),
        gib(host.memory_bytes),
        host.kernel,
        clock.source(),
        facts.step_ns,
        facts.cost_ns,
        limits.descriptors,
        limits.locked_memory.map_or("unlimited".to_owned(), |bytes| human_size(bytes as usize)),
        limits.shared_memory_free.map_or("nothing".to_owned(), gib),
    );
    for (number, Link { name, about, trouble }) in links.iter().enumerate() {
        let head = if number == 0 { "transports" } else { "" };
        let here = trouble.as_deref().map_or("works".to_owned(), |why| format!("does NOT work: {why}"));
        text.push_str(&format!("{head:<12} {name:<14} {here} ({about})\n"));
    }
    for other in &absent {
        text.push_str(&format!("             {:<14} is not built in: {}\n", other.name, other.enable));
    }
    text.push_str(&format!(
        "noise        {} pairs of trials resolve {resolved} of a small invoke's median now\n",
        probe.trials
    ));
    text.push_str(&format!(
        "counters     {}\n",
        host.no_counters.as_deref().unwrap_or("cycles, instructions and cache misses are in every record")
    ));
    text.push_str(&format!(
        "sandbox      a filter of system calls, {}\n",
        host.landlock
            .map_or("and no Landlock: the kernel has none, or has it switched off".to_owned(), |version| {
                format!("and no rights to files (Landlock {version})")
            })
    ));
    for warning in &warnings {
        text.push_str(&format!("warning      {warning}\n"));
    }
    let document = json!({
        "host": host, "clock": facts, "clock_steps_back": backwards, "limits": limits,
        "transports": links.iter().map(|link| json!({ "name": link.name, "works": link.trouble.is_none(), "reason": link.trouble })).collect::<Vec<_>>(),
        "not_built_in": absent.iter().map(|other| other.name).collect::<Vec<_>>(),
        "resolves": half, "trials": probe.trials, "warnings": warnings,
    });
    Ok((text, document))
}
