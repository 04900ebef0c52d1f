//! Suite files: cases by axes, in TOML.
//!
//! ```toml
//! name = "mine"
//! about = "what it answers"
//! trials = 5          # optional: what the command line says wins
//! time = 0.2          # optional: seconds of the measured part
//!
//! [[cases]]           # one group: the product of its lists
//! transport = ["shm", "pipe"]
//! workload = "invoke"
//! payload = [64, "4KiB"]
//! preset = "electron-default"   # optional: what variables that are not named here are set to
//!
//! [[targets]]         # optional: what a figure of these cases shall reach, see [`Target`]
//! name = "small invokes"
//! case = "shm/invoke/payload=64/wait=block/pin=cross"
//! metric = "p50"
//! against = "pipe/invoke/payload=64/wait=block/pin=cross"
//! at_most = 1.0
//! ```

use super::axes::{Axes, Group, check_count};
use super::error::ConfigError;
use super::reader::{Reader, Value};
use super::target::Target;
use super::{not_built_in, transport, workload};
use toml::de::DeTable;

/// A suite, read and checked.
#[derive(Clone, Debug, PartialEq)]
pub struct Suite {
    /// What it is called.
    pub name: String,
    /// What it answers.
    pub about: String,
    /// Trials of each case, if the file says.
    pub trials: Option<u64>,
    /// Seconds of a trial's measured part, if the file says.
    pub time: Option<f64>,
    /// Its cases.
    pub groups: Vec<Group>,
    /// What they shall reach.
    pub targets: Vec<Target>,
}

const KEYS: [&str; 6] = ["name", "about", "trials", "time", "cases", "targets"];

impl Suite {
    /// Reads a suite; `file` is what messages call it.
    ///
    /// # Errors
    /// Everything that is not a suite is refused with file, line and column, and the nearest name.
    pub fn parse(text: &str, file: &str) -> Result<Suite, ConfigError> {
        let reader = Reader { text, file };
        let table = DeTable::parse(text).map_err(|error| {
            let offset = error.span().map_or(0, |span| span.start);
            ConfigError::new(format!("not TOML: {}", error.message())).at(file, text, offset)
        })?;
        let mut suite = Suite {
            name: file.to_owned(),
            about: String::new(),
            trials: None,
            time: None,
            groups: Vec::new(),
            targets: Vec::new(),
        };
        let mut targets = None;
        for (key, value) in table.get_ref() {
            let name = key.get_ref().as_ref();
            match name {
                "name" => suite.name = reader.string(value)?,
                "about" => suite.about = reader.string(value)?,
                "trials" => {
                    suite.trials = Some(reader.number(
                        value,
                        "trials: a whole number from 1 to 10000",
                        1.0..=1e4,
                    )? as u64)
                }
                "time" => {
                    suite.time =
                        Some(reader.number(value, "time: seconds from 0.001 to 86400", 0.001..=86_400.0)?)
                }
                "cases" => {
                    suite.groups = reader.groups(value)?;
                    check_count(&suite.groups).map_err(|error| reader.mistake(key.span(), error))?;
                }
                "targets" => targets = Some(value),
                _ => {
                    return Err(
                        reader.mistake(key.span(), ConfigError::unknown("key", name, KEYS.into_iter()))
                    );
                }
            }
        }
        if suite.groups.is_empty() {
            return Err(ConfigError::new("a suite has at least one [[cases]]").at(file, text, 0));
        }
        if let Some(value) = targets {
            let ids: Vec<String> = suite.groups.iter().flat_map(Group::cases).map(|case| case.id()).collect();
            suite.targets = Target::read_all(&reader, value, &ids)?;
        }
        Ok(suite)
    }
}

impl Reader<'_> {
    fn groups(&self, value: &Value<'_>) -> Result<Vec<Group>, ConfigError> {
        let list = value.get_ref().as_array().ok_or_else(|| self.expected(value, "[[cases]]"))?;
        list.iter().map(|group| self.group(group)).collect()
    }

    fn group(&self, value: &Value<'_>) -> Result<Group, ConfigError> {
        let table = value.get_ref().as_table().ok_or_else(|| self.expected(value, "[[cases]]"))?;
        let mut group = Group { transports: Vec::new(), workloads: Vec::new(), axes: Axes::default() };
        for (key, value) in table {
            match key.get_ref().as_ref() {
                "transport" => {
                    for item in self.list(value) {
                        let name = self.string(item)?;
                        // One suite serves all builds: what is not built in is skipped, with that as its reason.
                        if not_built_in().iter().all(|absent| absent.name != name) {
                            transport(&name).map_err(|error| self.mistake(item.span(), error))?;
                        }
                        group.transports.push(name);
                    }
                }
                "workload" => {
                    for item in self.list(value) {
                        let name = self.string(item)?;
                        group
                            .workloads
                            .push(workload(&name).map_err(|error| self.mistake(item.span(), error))?);
                    }
                }
                "preset" => {
                    for item in self.list(value) {
                        let added = group.axes.add_preset(&self.string(item)?);
                        added.map_err(|error| self.mistake(item.span(), error))?;
                    }
                }
                name => {
                    let known = super::variable::VARIABLES.iter().map(|variable| variable.name);
                    if !known.clone().any(|known| known == name) {
                        let known = known.chain(["transport", "workload", "preset"]);
                        return Err(self.mistake(key.span(), ConfigError::unknown("key", name, known)));
                    }
                    let items = self.list(value);
                    let values = items.iter().map(|item| self.scalar(item)).collect::<Result<Vec<_>, _>>()?;
                    // The place of the first value that is wrong by itself, else of the list.
                    let variable = super::variable::Variable::named(name)?;
                    for (item, value) in items.iter().zip(&values) {
                        variable.check(value).map_err(|error| self.mistake(item.span(), error))?;
                    }
                    group.axes.add(name, values).map_err(|error| self.mistake(value.span(), error))?;
                }
            }
        }
        for (name, missing) in
            [("transport", group.transports.is_empty()), ("workload", group.workloads.is_empty())]
        {
            if missing {
                let message = format!("[[cases]] without {name}: name at least one");
                return Err(self.mistake(value.span(), ConfigError::new(message)));
            }
        }
        Ok(group)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> String {
        Suite::parse(text, "my.toml").unwrap_err().to_string()
    }

    #[test]
    fn a_suite_is_read() {
        let text = "name = 'x'\ntrials = 3\ntime = 0.1\n[[cases]]\ntransport = ['shm', 'pipe']\nworkload = 'invoke'\npayload = [64, '4KiB']\n";
        let suite = Suite::parse(text, "my.toml").unwrap();
        assert_eq!((suite.trials, suite.time), (Some(3), Some(0.1)));
        assert_eq!(suite.groups[0].cases().len(), 4);
    }

    #[test]
    fn mistakes_have_a_place_and_a_hint() {
        assert_eq!(
            error("name = 'x'\n[[cases]]\ntransport = 'shm'\nworkload = 'send'\npaylod = 64\n"),
            "my.toml:5:1: unknown key `paylod`; did you mean payload?"
        );
        assert_eq!(
            error("[[cases]]\ntransport = ['shm', 'pip']\nworkload = 'send'\n"),
            "my.toml:2:21: unknown transport `pip`; did you mean pipe?"
        );
        assert_eq!(
            error("[[cases]]\ntransport = 'shm'\nworkload = 'send'\nwindows = [1, 0]\n"),
            "my.toml:4:15: windows=0: a whole number from 1 to 64"
        );
        assert!(error("nam = 'x'").starts_with("my.toml:1:1: unknown key `nam`; did you mean name?"));
        assert!(error("name = ").starts_with("my.toml:1:"));
        assert!(error("this is not toml").contains("not TOML"));
        assert!(error("").contains("at least one [[cases]]"));
        assert!(error("[[cases]]\ntransport = 'shm'\n").contains("without workload"));
        assert!(error("trials = 0\n").contains("trials"));
        assert!(error("trials = 1.5\n").contains("found float"));
        assert!(
            error("[[cases]]\ntransport = 'shm'\nworkload='send'\npayload = true\n")
                .contains("found boolean")
        );
    }
}
