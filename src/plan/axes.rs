//! A group of cases: the product of a few lists.

use super::case::{Case, Model};
use super::error::ConfigError;
use super::preset::{PRESETS, Preset};
use super::variable::{VARIABLES, Variable};
use crate::workload::Workload;

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
    fn an_override_replaces_one_axis_and_a_repetition_is_refused() {
        let base = axes(&[("payload", &["64", "128"]), ("pin", &["same"])]);
        let result = base.overridden_by(&axes(&[("payload", &["1"])]));
        assert_eq!(result, axes(&[("pin", &["same"]), ("payload", &["1"])]));
        let mut twice = base;
        assert!(twice.add("pin", vec!["cross".into()]).unwrap_err().to_string().contains("twice"));
    }
}
