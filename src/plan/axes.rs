//! A group of cases: the product of a few lists.

use super::case::{Case, Model};
use super::error::ConfigError;
use super::preset::{PRESETS, Preset};
use super::variable::{VARIABLES, Variable};
use crate::workload::Workload;

/// Most cases of a suite.
const MOST_CASES: usize = 100_000;

/// Values of variables, each list one axis; presets are one more, which the others stand above.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Axes {
    presets: Vec<&'static str>,
    lists: Vec<(&'static str, Vec<String>)>,
}

impl Axes {
    /// Adds an axis.
    ///
    /// # Errors
    /// An unknown variable, a value that it cannot have, no value, or an axis that is there already.
    pub fn add(&mut self, name: &str, values: Vec<String>) -> Result<(), ConfigError> {
        let variable = Variable::named(name)?;
        if values.is_empty() {
            return Err(ConfigError::new(format!("{name}: no value; it can be {}", variable.values())));
        }
        values.iter().try_for_each(|value| variable.check(value))?;
        if self.lists.iter().any(|(known, _)| *known == variable.name) {
            return Err(ConfigError::new(format!("{name} is given twice; list its values in one place")));
        }
        self.lists.push((variable.name, values));
        Ok(())
    }

    /// Begins with these presets instead of the defaults.
    ///
    /// # Errors
    /// An unknown one.
    pub fn add_preset(&mut self, name: &str) -> Result<(), ConfigError> {
        self.presets.push(Preset::named(name)?.name);
        Ok(())
    }

    /// These axes, with those of `other` in place of any of the same name.
    pub fn overridden_by(&self, other: &Axes) -> Axes {
        let kept = self.lists.iter().filter(|(name, _)| other.lists.iter().all(|(theirs, _)| theirs != name));
        let presets = if other.presets.is_empty() { &self.presets } else { &other.presets };
        Axes { presets: presets.clone(), lists: kept.chain(&other.lists).cloned().collect() }
    }

    /// Every combination, the last axis fastest. A workload between renderers has two unless an axis says how many.
    fn models(&self, workload: Workload) -> Vec<Model> {
        let presets = PRESETS.iter().filter(|preset| self.presets.contains(&preset.name));
        let mut models: Vec<Model> = presets.map(Preset::model).collect();
        if models.is_empty() {
            models.push(Model::default());
        }
        if workload == Workload::Port {
            models.iter_mut().for_each(|model| model.windows = 2);
        }
        for (name, values) in &self.lists {
            let Some(variable) = VARIABLES.iter().find(|variable| variable.name == *name) else { continue };
            models = models
                .iter()
                .flat_map(|model| {
                    values.iter().map(|value| {
                        let mut model = model.clone();
                        variable.set(&mut model, value);
                        model
                    })
                })
                .collect();
        }
        models
    }
}

/// Transports × workloads × axes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// Names of transports.
    pub transports: Vec<String>,
    /// Workloads.
    pub workloads: Vec<Workload>,
    /// Variables that are not at their defaults.
    pub axes: Axes,
}

impl Group {
    /// How many cases [`cases`](Self::cases) makes at most.
    pub(super) fn count(&self) -> usize {
        let lists = self.axes.lists.iter().map(|(_, values)| values.len());
        let parts = [self.transports.len(), self.workloads.len(), self.axes.presets.len().max(1)];
        parts.into_iter().chain(lists).fold(1, usize::saturating_mul)
    }

    /// Every case of the group.
    pub fn cases(&self) -> Vec<Case> {
        let mut cases = Vec::new();
        for &workload in &self.workloads {
            for model in self.axes.models(workload) {
                for transport in &self.transports {
                    cases.push(Case { transport: transport.clone(), workload, model: model.clone() });
                }
            }
        }
        cases
    }
}

/// Refuses groups that make more cases than anybody runs: a few short lists are enough for more than memory holds.
pub(super) fn check_count(groups: &[Group]) -> Result<(), ConfigError> {
    match groups.iter().fold(0, |sum: usize, group| sum.saturating_add(group.count())) {
        0..=MOST_CASES => Ok(()),
        count => Err(ConfigError::new(format!(
            "{count} cases, and a suite has at most {MOST_CASES}: shorten the lists, whose lengths multiply"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn axes(list: &[(&str, &[&str])]) -> Axes {
        let mut axes = Axes::default();
        for (name, values) in list {
            axes.add(name, values.iter().map(ToString::to_string).collect()).unwrap();
        }
        axes
    }

    #[test]
    fn a_group_is_a_product() {
        let group = Group {
            transports: vec!["shm".into(), "pipe".into()],
            workloads: vec![Workload::Invoke],
            axes: axes(&[("payload", &["64", "4KiB", "64KiB"]), ("pin", &["same", "cross"])]),
        };
        assert_eq!(group.cases().len(), 12);
        assert_eq!(group.cases()[0].id(), "shm/invoke/payload=64/wait=block/pin=same");
    }

    #[test]
    fn what_nobody_could_run_is_refused_before_it_is_made() {
        let hundred: Vec<String> = (1..=100).map(|size| size.to_string()).collect();
        let hundred: Vec<&str> = hundred.iter().map(String::as_str).collect();
        let group = |names: &[&str]| Group {
            transports: vec!["shm".into()],
            workloads: vec![Workload::Invoke],
            axes: axes(&names.iter().map(|name| (*name, hundred.as_slice())).collect::<Vec<_>>()),
        };
        assert_eq!(group(&["payload", "in_flight"]).count(), group(&["payload", "in_flight"]).cases().len());
        assert!(check_count(&[group(&["payload", "in_flight"])]).is_ok());
        let error = check_count(&[group(&["payload", "in_flight", "batch"])]).unwrap_err().to_string();
        assert!(error.contains("1000000 cases") && error.contains("at most 100000"), "{error}");
    }

    #[test]
    fn an_override_replaces_one_axis_and_a_repetition_is_refused() {
        let base = axes(&[("payload", &["64", "128"]), ("pin", &["same"])]);
        let result = base.overridden_by(&axes(&[("payload", &["1"])]));
        assert_eq!(result, axes(&[("pin", &["same"]), ("payload", &["1"])]));
        let mut twice = base;
        assert!(twice.add("pin", vec!["cross".into()]).unwrap_err().to_string().contains("twice"));
    }
}
