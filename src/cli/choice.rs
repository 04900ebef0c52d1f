//! The flags that choose cases: the same wherever cases are chosen.

use super::exit::Stop;
use crate::plan::{Axes, ConfigError, DEFAULT_SUITE, Group, Suite, transport, transports, workload};
use crate::workload::Workload;
use clap::Args;
use std::path::Path;

/// Which cases.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Cases")]
pub(super) struct Choice {
    /// Only these transports
    #[arg(long, value_name = "A,B", value_delimiter = ',')]
    transport: Vec<String>,
    /// Only these workloads
    #[arg(long, value_name = "A,B", value_delimiter = ',')]
    workload: Vec<String>,
    /// Only these bundles of variables (see `ipcmark list presets`)
    #[arg(long, value_name = "P,Q", value_delimiter = ',')]
    preset: Vec<String>,
    /// One value for a variable of the model (see `ipcmark list variables`)
    #[arg(long, value_name = "VAR=VALUE")]
    set: Vec<String>,
    /// Several values for a variable
    #[arg(long, value_name = "VAR=V1,V2")]
    vary: Vec<String>,
    /// Only cases whose name matches, with * and ?
    #[arg(long, value_name = "GLOB")]
    pub(super) filter: Option<String>,
}

impl Choice {
    /// Whether any flag chooses cases by itself.
    fn is_empty(&self) -> bool {
        let lists = [&self.transport, &self.workload, &self.preset, &self.set, &self.vary];
        lists.iter().all(|list| list.is_empty())
    }

    /// The suite that is meant: a file's, narrowed and overridden by the flags; without a file, all that the flags
    /// describe; without either, the default suite.
    pub(super) fn suite(&self, file: Option<&Path>) -> Result<Suite, Stop> {
        let (names, workloads, axes) = (self.transports()?, self.workloads()?, self.axes()?);
        let mut suite = match file {
            Some(path) => {
                let text = std::fs::read_to_string(path)
                    .map_err(|source| Stop::Place { what: format!("suite {}", path.display()), source })?;
                Suite::parse(&text, &path.display().to_string())?
            }
            None if self.is_empty() => Suite::parse(DEFAULT_SUITE, "suites/default.toml")?,
            None => return Ok(Choice::of_flags(names, workloads, axes)),
        };
        for group in &mut suite.groups {
            group.transports.retain(|name| names.is_empty() || names.contains(name));
            group.workloads.retain(|workload| workloads.is_empty() || workloads.contains(workload));
            group.axes = group.axes.overridden_by(&axes);
        }
        Ok(suite)
    }

    fn of_flags(names: Vec<String>, workloads: Vec<Workload>, axes: Axes) -> Suite {
        let all = || transports().iter().map(|listed| listed.name.to_owned()).collect();
        let group = Group {
            transports: if names.is_empty() { all() } else { names },
            workloads: if workloads.is_empty() { Workload::ALL.to_vec() } else { workloads },
            axes,
        };
        let name = "flags".to_owned();
        Suite {
            name,
            about: String::new(),
            trials: None,
            time: None,
            groups: vec![group],
            targets: Vec::new(),
        }
    }

    pub(super) fn transports(&self) -> Result<Vec<String>, ConfigError> {
        for name in &self.transport {
            transport(name).map_err(|error| error.in_flag("--transport"))?;
        }
        Ok(self.transport.clone())
    }

    pub(super) fn workloads(&self) -> Result<Vec<Workload>, ConfigError> {
        self.workload.iter().map(|name| workload(name).map_err(|error| error.in_flag("--workload"))).collect()
    }

    pub(super) fn axes(&self) -> Result<Axes, ConfigError> {
        let mut axes = Axes::default();
        for name in &self.preset {
            axes.add_preset(name).map_err(|error| error.in_flag("--preset"))?;
        }
        let flags =
            self.set.iter().map(|text| ("--set", text)).chain(self.vary.iter().map(|text| ("--vary", text)));
        for (flag, text) in flags {
            let (name, value) = text.split_once('=').ok_or_else(|| {
                ConfigError::new(format!("{flag} {text}: write VARIABLE=VALUE, as in {flag} wait=spin"))
            })?;
            let values: Vec<String> = match flag {
                "--set" => vec![value.to_owned()],
                _ => value.split(',').map(str::to_owned).collect(),
            };
            axes.add(name, values).map_err(|error| error.in_flag(flag))?;
        }
        Ok(axes)
    }
}
