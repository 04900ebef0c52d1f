//! What will be run: suite file + variables + flags → cases in order, and skips, each with its reason.

mod axes;
mod case;
mod error;
pub mod fuzz;
mod layers;
mod metric;
mod nearest;
mod preset;
mod reader;
mod size;
mod skip;
mod suite;
mod target;
pub mod variable;

pub use axes::{Axes, Group};
pub use case::{Case, CopyWay, Model, Pin, Placement, Sandbox};
pub use error::ConfigError;
pub use layers::{Layer, bare, layers};
pub use metric::Metric;
pub use nearest::nearest;
pub use preset::{PRESETS, Preset};
pub use size::{human_size, parse_size};
pub use suite::Suite;
pub use target::{Against, Limit, Target};

use crate::transport::{Caps, ON_DEMAND, OnDemand, Transport, Visit, visit_all};
use crate::workload::Workload;
use std::collections::BTreeSet;
use wildmatch::WildMatch;

/// The suite that runs when none is named.
pub const DEFAULT_SUITE: &str = include_str!("../../suites/default.toml");

/// A transport as the plan knows it.
#[derive(Clone, Copy, Debug)]
pub struct Listed {
    /// What users call it.
    pub name: &'static str,
    /// What it can do.
    pub caps: Caps,
}

/// Every transport, in the order of the list.
pub fn transports() -> Vec<Listed> {
    struct Names(Vec<Listed>);
    impl Visit for Names {
        fn visit<T: Transport>(&mut self) {
            self.0.push(Listed { name: T::NAME, caps: T::CAPS });
        }
    }
    let mut names = Names(Vec::new());
    visit_all(&mut names);
    names.0
}

/// A transport that exists, but not in this program.
#[derive(Clone, Debug)]
pub struct NotBuiltIn {
    /// What users call it.
    pub name: &'static str,
    /// What it is, in one line.
    pub about: &'static str,
    /// The command that builds a program with it.
    pub enable: String,
}

/// The transports that this program was built without, in the order of the list.
pub fn not_built_in() -> Vec<NotBuiltIn> {
    let built = transports();
    ON_DEMAND
        .iter()
        .filter(|absent| built.iter().all(|listed| listed.name != absent.name))
        .map(|&OnDemand { name, about }| NotBuiltIn {
            name,
            about,
            enable: format!("cargo build --release --features {name}"),
        })
        .collect()
}

/// A transport by its name.
///
/// # Errors
/// Says how to build it in if that is all it lacks; names the nearest one if there is none.
pub fn transport(name: &str) -> Result<Listed, ConfigError> {
    let (built, absent) = (transports(), not_built_in());
    if let Some(listed) = built.iter().find(|listed| listed.name == name) {
        return Ok(*listed);
    }
    Err(match absent.iter().find(|absent| absent.name == name) {
        Some(NotBuiltIn { enable, .. }) => {
            ConfigError::new(format!("{name} is not built in; `{enable}` makes an ipcmark with it"))
        }
        None => {
            let built = built.iter().map(|listed| listed.name);
            ConfigError::unknown("transport", name, built.chain(absent.iter().map(|absent| absent.name)))
        }
    })
}

/// A workload by its name; errors as [`transport`].
pub fn workload(name: &str) -> Result<Workload, ConfigError> {
    let known = Workload::ALL.iter();
    known
        .clone()
        .find(|workload| workload.name() == name)
        .copied()
        .ok_or_else(|| ConfigError::unknown("workload", name, known.map(|workload| workload.name())))
}

/// A case in a plan.
#[derive(Clone, Debug)]
pub struct Planned {
    /// What.
    pub case: Case,
    /// Why it will not be run, if so.
    pub skip: Option<String>,
}

/// The cases of a run.
#[derive(Clone, Debug)]
pub struct Plan {
    /// In the order of the suite, each case once.
    pub cases: Vec<Planned>,
}

impl Plan {
    /// Expands groups to cases, keeps those whose name matches `filter`, and finds out what this host cannot run.
    ///
    /// # Errors
    /// If nothing is left, or if the groups make more cases than anybody runs.
    pub fn new(groups: &[Group], filter: Option<&str>, cpus: usize) -> Result<Plan, ConfigError> {
        axes::check_count(groups)?;
        let matcher = filter.map(WildMatch::new);
        let mut seen = BTreeSet::new();
        let mut cases = Vec::new();
        for case in groups.iter().flat_map(Group::cases) {
            let id = case.id();
            if matcher.as_ref().is_none_or(|matcher| matcher.matches(&id)) && seen.insert(id) {
                let skip = Plan::skip_reason(&case, cpus);
                cases.push(Planned { case, skip });
            }
        }
        match (cases.is_empty(), filter) {
            (true, Some(filter)) => Err(ConfigError::new(format!(
                "--filter {filter}: no case has such a name; see `ipcmark list cases`, and put * where anything may stand"
            ))),
            (true, None) => Err(ConfigError::new(
                "no cases: the suite has none for this choice of transports and workloads",
            )),
            (false, _) => Ok(Plan { cases }),
        }
    }

    /// Why a host with so many CPUs cannot run a case; `None` if it can.
    pub fn skip_reason(case: &Case, cpus: usize) -> Option<String> {
        skip::reason(case, cpus)
    }

    /// Cases that will be run.
    pub fn runnable(&self) -> impl Iterator<Item = &Case> {
        self.cases.iter().filter(|planned| planned.skip.is_none()).map(|planned| &planned.case)
    }

    /// The order of one block: every runnable case once, shuffled by the seed, so that drift of the host hits all alike.
    pub fn block(&self, seed: u64, block: u64) -> Vec<&Case> {
        let mut order: Vec<&Case> = self.runnable().collect();
        fastrand::Rng::with_seed(seed ^ block.rotate_left(32)).shuffle(&mut order);
        order
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_suite_is_well_formed_and_blocks_are_shuffled_alike() {
        let suite = Suite::parse(DEFAULT_SUITE, "default.toml").unwrap();
        let plan = Plan::new(&suite.groups, None, 2).unwrap();
        let ids = |block| plan.block(7, block).iter().map(|case| case.id()).collect::<Vec<_>>();
        assert_eq!(ids(0), ids(0));
        assert_ne!(ids(0), ids(1));
        let sorted = |mut ids: Vec<String>| {
            ids.sort();
            ids
        };
        assert_eq!(sorted(ids(0)), sorted(ids(1)));
    }

    #[test]
    fn the_suites_that_come_along_are_well_formed() {
        let limits = Suite::parse(include_str!("../../suites/limits.toml"), "limits.toml").unwrap();
        assert!(!limits.targets.is_empty());
        let plan = Plan::new(&limits.groups, None, 2).unwrap();
        let absent = |case: &Case| not_built_in().iter().any(|absent| absent.name == case.transport);
        let skipped = plan.cases.iter().filter(|planned| planned.skip.is_some());
        assert!(skipped.map(|planned| &planned.case).all(absent), "two CPUs can run all that is built in");
    }

    #[test]
    fn two_cpus_can_run_every_profile() {
        let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/suites/profiles");
        let mut names = Vec::new();
        for entry in std::fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            let text = std::fs::read_to_string(&path).unwrap();
            let suite = Suite::parse(&text, &path.display().to_string()).unwrap();
            assert_eq!(path.file_stem().unwrap().to_str(), Some(suite.name.as_str()));
            assert!(text.contains("# Source: "), "{}", suite.name);
            let plan = Plan::new(&suite.groups, None, 2).unwrap();
            let skipped: Vec<&Planned> = plan.cases.iter().filter(|planned| planned.skip.is_some()).collect();
            assert!(skipped.is_empty(), "{skipped:?}");
            names.push(suite.name);
        }
        assert!(names.len() >= 10, "{names:?}");
    }

    #[test]
    fn a_filter_that_matches_nothing_is_an_error() {
        let suite = Suite::parse(DEFAULT_SUITE, "default.toml").unwrap();
        assert!(Plan::new(&suite.groups, Some("*nothing*"), 2).is_err());
        let plan = Plan::new(&suite.groups, Some("pipe/*"), 2).unwrap();
        assert!(plan.runnable().all(|case| case.transport == "pipe"));
    }
}
