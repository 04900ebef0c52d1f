//! Presets: named bundles of values for the variables of the model.

use super::case::Model;
use super::error::ConfigError;
use super::variable::VARIABLES;

/// A bundle.
#[derive(Debug)]
pub struct Preset {
    /// As users write it.
    pub name: &'static str,
    /// What it stands for, in one line.
    pub about: &'static str,
    /// Variables and their values; all others stay at their defaults.
    pub values: &'static [(&'static str, &'static str)],
}

/// All of them.
pub const PRESETS: &[Preset] = &[
    Preset { name: "bare", about: "the transport alone", values: &[] },
    Preset {
        name: "electron-default",
        about: "ipcRenderer.invoke as Electron has it: structured clone, contextBridge, IO threads, a sandboxed renderer, senders checked",
        values: &[
            ("codec", "structured-clone"),
            ("isolation", "bridge"),
            ("policy", "sender"),
            ("hops", "6"),
            ("sandbox", "seccomp"),
        ],
    },
    Preset {
        name: "electron-hardened",
        about: "the same with what crosses the bridge frozen, and arguments validated at both ends",
        values: &[
            ("codec", "structured-clone"),
            ("isolation", "bridge-freeze"),
            ("policy", "validate-both"),
            ("hops", "6"),
            ("sandbox", "seccomp"),
        ],
    },
    Preset {
        name: "electron-legacy",
        about: "before context isolation: no bridge, no checks, no sandbox, and three buffers for each message",
        values: &[("codec", "structured-clone"), ("hops", "6"), ("copies", "three")],
    },
    Preset {
        name: "electron-41",
        about: "electron-default with the three buffers that a message passed through until Electron 41",
        values: &[
            ("codec", "structured-clone"),
            ("isolation", "bridge"),
            ("policy", "sender"),
            ("hops", "6"),
            ("copies", "three"),
            ("sandbox", "seccomp"),
        ],
    },
    Preset {
        name: "vscode",
        about: "bytes that the app has serialised itself (which is not timed), on one channel, by the crossings and reads of a MessagePort",
        values: &[
            ("codec", "structured-clone"),
            ("isolation", "bridge"),
            ("policy", "whitelist"),
            ("hops", "4"),
            ("sandbox", "seccomp"),
        ],
    },
    Preset {
        name: "ideal-shm",
        about: "the upper bound: ends that never sleep, read in place, and have nothing between them",
        values: &[("wait", "spin"), ("access", "view")],
    },
    Preset {
        name: "in-process",
        about: "the lower bound: renderers that are threads of main",
        values: &[("placement", "thread")],
    },
];

impl Preset {
    /// The preset of this name.
    ///
    /// # Errors
    /// Names the nearest one if there is none.
    pub fn named(name: &str) -> Result<&'static Preset, ConfigError> {
        let found = PRESETS.iter().find(|preset| preset.name == name);
        found.ok_or_else(|| ConfigError::unknown("preset", name, PRESETS.iter().map(|preset| preset.name)))
    }

    /// The preset that a model's layers are those of, whatever is said of waits, sizes, windows and load; `None` if there is none.
    pub fn of(model: &Model) -> Option<&'static Preset> {
        let names: Vec<&str> =
            PRESETS.iter().flat_map(|preset| preset.values).map(|(name, _)| *name).collect();
        let layers =
            || VARIABLES.iter().filter(|variable| variable.name != "wait" && names.contains(&variable.name));
        PRESETS.iter().find(|preset| {
            let own = preset.model();
            layers().all(|variable| (variable.get)(model) == (variable.get)(&own))
        })
    }

    /// Its model.
    pub fn model(&self) -> Model {
        let mut model = Model::default();
        for (name, value) in self.values {
            if let Some(variable) = VARIABLES.iter().find(|variable| variable.name == *name) {
                variable.set(&mut model, value);
            }
        }
        model
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::variable::Variable;

    #[test]
    fn a_model_is_known_by_its_layers() {
        for preset in PRESETS {
            let model = Model { windows: 7, payload: 3, ..preset.model() };
            assert_eq!(Preset::of(&model).map(|found| found.name), Some(preset.name));
        }
        let strange = Model { hops: 2, ..Model::default() };
        assert!(Preset::of(&strange).is_none());
    }

    #[test]
    fn every_preset_is_made_of_values_that_there_are() {
        for preset in PRESETS {
            for (name, value) in preset.values {
                let variable = Variable::named(name).unwrap();
                variable.check(value).unwrap();
                assert_eq!((variable.get)(&preset.model()), *value, "{}", preset.name);
            }
            let default = Model::default();
            let changed = VARIABLES.iter().filter(|v| (v.get)(&preset.model()) != (v.get)(&default)).count();
            assert_eq!(changed, preset.values.len(), "{} names a default", preset.name);
        }
    }
}
