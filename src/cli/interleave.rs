//! Two programs by turns: pairs of trials that saw the host at nearly the same moment.
//!
//! Each trial is a program's own `run` of one case. A pair's order is drawn, and each order comes as often as the other; the
//! cases of a round come in a fresh order. A case is done when its interval is narrow or its pairs are used up, and
//! never because of what it shows. What differs is measured again with fresh pairs, and stands only if it differs there too.

use super::choice::Choice;
use super::compare::refs;
use super::confirm::{confirm, is_told};
use super::exit::{Exit, Stop};
use super::output;
use super::run::seconds;
use crate::plan::variable::VARIABLES;
use crate::plan::{Case, Metric, Model, Plan};
use crate::record::{Environment, Record, Status, Store, fresh_seed, run_id};
use crate::stats::{COMPARED, Comparison, Pairing, Table, fewest_pairs};
use crate::sys::clock::Clock;
use crate::sys::leftovers::ScratchDir;
use crate::sys::program;
use crate::sys::signal::Interrupt;
use crate::trial::cpus;
use clap::Args as ClapArgs;
use std::collections::BTreeSet;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How pairs of trials by two programs are taken.
#[derive(Clone, Debug, ClapArgs)]
pub(super) struct Turns {
    /// Most pairs of trials of each case, with --bin
    #[arg(long, value_name = "N", default_value_t = 30, value_parser = clap::value_parser!(u64).range(6..=1000), requires = "bin")]
    pairs: u64,
    /// Measured part of a trial, with --bin
    #[arg(long, value_name = "SECONDS", default_value = "0.1", value_parser = seconds, requires = "bin")]
    time: Duration,
    /// No new pairs after this time, with --bin
    #[arg(long, value_name = "SECONDS", default_value = "240", value_parser = seconds, requires = "bin")]
    budget: Duration,
    /// Where the records of --bin are kept [default: results/<id>]
    #[arg(long, value_name = "DIR", requires = "bin")]
    out: Option<PathBuf>,
    /// Seed of the order, with --bin
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(..1 << 48), requires = "bin")]
    seed: Option<u64>,
}

/// Half of an interval that is narrow enough.
const NARROW: f64 = 0.02;
/// What a trial takes beside its measured part: the program's start, warm-up, probes.
const BESIDE: Duration = Duration::from_millis(450);

/// Runs `base` and the present program by turns; answers how they differ, and whether the user stopped it.
pub(super) fn run(
    base: &Path,
    choice: &Choice,
    turns: &Turns,
    notes: &mut Vec<String>,
) -> Result<(Vec<Comparison>, Exit), Stop> {
    check(base)?;
    let suite = choice.suite(None)?;
    let plan = Plan::new(&suite.groups, choice.filter.as_deref(), cpus())?;
    let cases: Vec<&Case> = plan.runnable().collect();
    let mut pairs = Pairs::open(base, turns)?;
    let fewest = turns.fewest(cases.len());
    let most = (turns.time + BESIDE) * 2 * (turns.pairs * cases.len() as u64) as u32;
    output::warn(&format!(
        "{} cases, {fewest} to {} pairs each: at most {:.0} s, and half as long again for what differs",
        cases.len(),
        turns.pairs,
        most.min(turns.budget).as_secs_f64()
    ));
    let mut rows = pairs.measure(&cases, fewest..=turns.pairs, turns.budget)?.judge();
    let differ: BTreeSet<&str> =
        rows.iter().filter(|row| is_told(row)).map(|row| row.case.as_str()).collect();
    let again: Vec<&Case> = cases.into_iter().filter(|case| differ.contains(case.id().as_str())).collect();
    if !again.is_empty() && pairs.interrupt.exit_code().is_none() {
        let second =
            pairs.measure(&again, turns.fewest(again.len())..=turns.pairs, turns.budget / 2)?.judge();
        let confirmed = confirm(&mut rows, &again, &second);
        notes.push(format!("measured again with fresh pairs: {confirmed}"));
    }
    let exit = pairs.exit();
    notes.extend(pairs.finish(matches!(exit, Exit::Interrupted(_)))?);
    Ok((rows, exit))
}

/// Measures what two runs have shown of some cases again, by turns, and takes back what is not found so too. Answers whether the
/// user stopped it.
pub(super) fn again(
    base: &Path,
    cases: &[Case],
    turns: &Turns,
    rows: &mut [Comparison],
    notes: &mut Vec<String>,
) -> Result<Exit, Stop> {
    let mut pairs = Pairs::open(base, turns)?;
    let cases: Vec<&Case> = cases.iter().collect();
    let second = pairs.measure(&cases, turns.fewest(cases.len())..=turns.pairs, turns.budget)?.judge();
    notes.push(format!("measured again by turns: {}", confirm(rows, &cases, &second)));
    let exit = pairs.exit();
    notes.extend(pairs.finish(matches!(exit, Exit::Interrupted(_)))?);
    Ok(exit)
}

impl Turns {
    /// Fewest pairs of each of so many cases that can tell anything.
    fn fewest(&self, cases: usize) -> u64 {
        fewest_pairs(COMPARED.len() * cases).min(self.pairs)
    }
}

/// Whether a file is a program of this name.
///
/// # Errors
/// Says what it is not.
pub(super) fn check(program: &Path) -> Result<(), Stop> {
    let what = || program.display().to_string();
    let ended =
        program::run(program, &["--version"]).map_err(|source| Stop::Place { what: what(), source })?;
    let answer = String::from_utf8_lossy(&ended.stdout);
    if ended.code == Some(0) && answer.starts_with("ipcmark ") {
        return Ok(());
    }
    let why = "this is not an ipcmark: `--version` does not answer with that name".to_owned();
    Err(Stop::Content { what: what(), why })
}

/// Both programs, and what they have brought home.
struct Pairs {
    /// The base, and the program that runs.
    programs: [PathBuf; 2],
    stores: [Store; 2],
    time: Duration,
    seed: u64,
    order: u64,
    scratch: ScratchDir,
    interrupt: Interrupt,
    directory: PathBuf,
    /// Trials without a result.
    failed: u64,
}

impl Pairs {
    fn open(base: &Path, turns: &Turns) -> Result<Pairs, Stop> {
        let (run, seed) = (run_id(), turns.seed.unwrap_or_else(fresh_seed));
        let directory = turns.out.clone().unwrap_or_else(|| Path::new("results").join(&run));
        let store = |side: &str| {
            let place = directory.join(side);
            let made = Store::create(&place, Environment::capture(&format!("{run}-{side}"), seed));
            made.map_err(|source| Stop::Place {
                what: format!("results directory {}", place.display()),
                source,
            })
        };
        Ok(Pairs {
            programs: [base.to_owned(), PathBuf::from("/proc/self/exe")],
            stores: [store("base")?, store("new")?],
            time: turns.time,
            seed,
            order: 0,
            scratch: ScratchDir::create()?,
            interrupt: Interrupt::listen()?,
            directory,
            failed: 0,
        })
    }

    /// Takes pairs of each case until its interval is narrow, or there are as many as are wanted, or time is up.
    fn measure(
        &mut self,
        cases: &[&Case],
        count: RangeInclusive<u64>,
        budget: Duration,
    ) -> Result<Table, Stop> {
        let clock = Clock::system();
        let begin = clock.now();
        let over = |clock: &Clock| clock.now() - begin >= budget.as_nanos() as u64;
        let mut rng = fastrand::Rng::with_seed(self.seed ^ self.order);
        let mut sides: [Vec<Record>; 2] = [Vec::new(), Vec::new()];
        let mut open: Vec<&Case> = cases.to_vec();
        // A case that fails once is not tried again and again.
        let mut broken: BTreeSet<String> = BTreeSet::new();
        for pair in 0..*count.end() {
            rng.shuffle(&mut open);
            for case in &open {
                for side in turn(self.seed, pair) {
                    if self.interrupt.exit_code().is_some() {
                        return Ok(table(&sides));
                    }
                    match self.trial(side, case, pair) {
                        Ok(record) => sides[side].push(record),
                        // Ctrl-C reaches the program under way as well.
                        Err(_) if self.interrupt.exit_code().is_some() => return Ok(table(&sides)),
                        Err(stop) => {
                            output::warn(&format!("failed: {stop}"));
                            self.failed += 1;
                            broken.insert(case.id());
                        }
                    }
                }
            }
            open.retain(|case| !broken.contains(&case.id()));
            if pair + 1 >= *count.start() {
                let rows = table(&sides).judge();
                open.retain(|case| !is_narrow(&rows, &case.id()));
            }
            if open.is_empty() || over(&clock) {
                break;
            }
        }
        Ok(table(&sides))
    }

    /// One trial by one of the programs.
    fn trial(&mut self, side: usize, case: &Case, pair: u64) -> Result<Record, Stop> {
        let order = self.order;
        self.order += 1;
        let out = self.scratch.path().join(order.to_string());
        let arguments = arguments(case, self.time, self.seed ^ order, &out);
        let program = self.programs[side].clone();
        let ended = program::run(&program, &arguments)?;
        let name = if side == 0 { "the base" } else { "the new program" };
        let failed = |why: String| Stop::Content {
            what: format!("{name} ({}): {}", program.display(), case.id()),
            why,
        };
        let line = ended.stdout.split(|&byte| byte == b'\n').find(|line| !line.is_empty());
        let mut record: Record = match line.map(serde_json::from_slice) {
            Some(Ok(record)) => record,
            _ => return Err(failed(format!("no record; it said: {}", ended.complaint))),
        };
        (record.trial, record.order) = (pair, Some(order));
        self.stores[side].append(&record)?;
        std::fs::remove_dir_all(&out)?;
        if record.status != Status::Ok {
            return Err(failed(record.reason.unwrap_or_else(|| "it failed".to_owned())));
        }
        Ok(record)
    }

    /// Whether the user stopped it, or trials failed.
    fn exit(&self) -> Exit {
        match self.interrupt.exit_code() {
            Some(code) => Exit::Interrupted(code),
            None if self.failed > 0 => Exit::Failed,
            None => Exit::Ok,
        }
    }

    fn finish(self, partial: bool) -> Result<Vec<String>, Stop> {
        for store in self.stores {
            store.finish(partial)?;
        }
        let directory = self.directory.display();
        Ok(vec![format!("{} trials; records in {directory}/base and {directory}/new", self.order)])
    }
}

/// Which side comes first in a pair: each order comes once in two pairs.
pub(super) fn turn(seed: u64, pair: u64) -> [usize; 2] {
    let first = fastrand::Rng::with_seed(seed ^ (pair / 2)).bool() ^ pair.is_multiple_of(2);
    if first { [0, 1] } else { [1, 0] }
}

/// Both sides' trials, those of a pair held against each other.
pub(super) fn table(sides: &[Vec<Record>; 2]) -> Table {
    let mut table = Table::default();
    let key = |record: &Record| Some(record.case.id.clone());
    table.add(&refs(&sides[0]), &refs(&sides[1]), &key, Pairing::ByTrial);
    table
}

/// Whether nothing more is to be learnt of a case's median and rate.
fn is_narrow(rows: &[Comparison], case: &str) -> bool {
    let mut of =
        rows.iter().filter(|row| row.case == case && matches!(row.metric, Metric::P50 | Metric::Messages));
    let narrow = |row: &Comparison| (row.interval[1] / row.interval[0]).sqrt() - 1.0 <= NARROW;
    of.clone().next().is_some() && of.all(narrow)
}

/// A program's own command for one trial of a case.
fn arguments(case: &Case, time: Duration, seed: u64, out: &Path) -> Vec<String> {
    let default = Model::default();
    let mut words: Vec<String> = ["run", "--transport", &case.transport, "--workload", case.workload.name()]
        .map(str::to_owned)
        .to_vec();
    for variable in
        VARIABLES.iter().filter(|variable| (variable.get)(&case.model) != (variable.get)(&default))
    {
        words.extend(["--set".to_owned(), format!("{}={}", variable.name, (variable.get)(&case.model))]);
    }
    let seed = seed & ((1 << 48) - 1);
    let rest = [
        ("--trials", "1".to_owned()),
        ("--time", time.as_secs_f64().to_string()),
        ("--seed", seed.to_string()),
    ];
    words.extend(rest.into_iter().flat_map(|(flag, value)| [flag.to_owned(), value]));
    words.extend(["--format", "jsonl", "--no-progress", "--out"].map(str::to_owned));
    words.push(out.display().to_string());
    words
}
