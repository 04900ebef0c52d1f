//! Targets: what a figure of a suite's case shall reach, as a multiple of its floor or of another case's figure.
//!
//! ```toml
//! [[targets]]
//! name = "small invokes"
//! case = "shm/invoke/payload=56/wait=spin/pin=cross"  # as records call it, or with * and ? for several
//! metric = "p50"                                      # as tables call it
//! against = "floor"                                   # or one other case
//! at_most = 1.25                                      # or at_least
//! ```

use super::error::ConfigError;
use super::metric::Metric;
use super::reader::{Reader, Value};
use serde::Serialize;
use wildmatch::WildMatch;

/// What a figure shall reach.
#[derive(Clone, Debug, PartialEq)]
pub struct Target {
    /// What it is called.
    pub name: String,
    /// The names of its cases; each must reach it.
    pub cases: Vec<String>,
    /// Which figure.
    pub metric: Metric,
    /// What the figure is divided by.
    pub against: Against,
    /// What the ratio shall be.
    pub limit: Limit,
}

/// What a figure is divided by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Against {
    /// What the hardware or the kernel allowed at that moment.
    Floor,
    /// The same figure of the case of this name.
    #[serde(untagged)]
    Case(String),
}

/// What a ratio shall be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Limit {
    /// No more than this.
    AtMost(f64),
    /// No less.
    AtLeast(f64),
}

impl Limit {
    /// Whether a ratio is as it shall be.
    pub fn is_reached_by(self, ratio: f64) -> bool {
        match self {
            Limit::AtMost(most) => ratio <= most,
            Limit::AtLeast(least) => ratio >= least,
        }
    }
}

const KEYS: [&str; 6] = ["name", "case", "metric", "against", "at_most", "at_least"];

impl Target {
    /// Reads all targets of a suite whose cases have the names `ids`.
    pub(super) fn read_all(
        reader: &Reader<'_>,
        value: &Value<'_>,
        ids: &[String],
    ) -> Result<Vec<Target>, ConfigError> {
        let list = value.get_ref().as_array().ok_or_else(|| reader.expected(value, "[[targets]]"))?;
        list.iter().map(|target| Target::read(reader, target, ids)).collect()
    }

    fn read(reader: &Reader<'_>, target: &Value<'_>, ids: &[String]) -> Result<Target, ConfigError> {
        let table = target.get_ref().as_table().ok_or_else(|| reader.expected(target, "[[targets]]"))?;
        let (mut name, mut cases, mut metric, mut against) = (None, None, None, None);
        let mut limits = Vec::new();
        for (key, value) in table {
            let limit = || reader.number(value, "a ratio from 0.001 to 1000000", 0.001..=1e6);
            match key.get_ref().as_ref() {
                "name" => name = Some(reader.string(value)?),
                "case" => cases = Some(matching(reader, value, ids)?),
                "metric" => {
                    let found = Metric::named(&reader.string(value)?);
                    metric = Some((found.map_err(|error| reader.mistake(value.span(), error))?, value));
                }
                "against" if reader.string(value)? == "floor" => against = Some(Against::Floor),
                "against" => match matching(reader, value, ids)?.as_slice() {
                    [one] => against = Some(Against::Case(one.clone())),
                    several => {
                        let message = format!("{} cases match; name one to compare with", several.len());
                        return Err(reader.mistake(value.span(), ConfigError::new(message)));
                    }
                },
                "at_most" => limits.push(Limit::AtMost(limit()?)),
                "at_least" => limits.push(Limit::AtLeast(limit()?)),
                unknown => {
                    let error = ConfigError::unknown("key", unknown, KEYS.into_iter());
                    return Err(reader.mistake(key.span(), error));
                }
            }
        }
        let refuse = |message: &str| reader.mistake(target.span(), ConfigError::new(message));
        let without = |key: &str| refuse(&format!("[[targets]] without {key}"));
        let name = name.ok_or_else(|| without("name"))?;
        let cases = cases.ok_or_else(|| without("case"))?;
        let (metric, place) = metric.ok_or_else(|| without("metric"))?;
        let against = against.ok_or_else(|| without("against: floor, or a case"))?;
        let &[limit] = limits.as_slice() else {
            return Err(refuse("[[targets]] with one of at_most and at_least, no less and no more"));
        };
        if against == Against::Floor && !metric.is_latency() && metric != Metric::Messages {
            let message = format!("no floor bounds {}: latencies and messages/s have one", metric.name());
            return Err(reader.mistake(place.span(), ConfigError::new(message)));
        }
        if let Against::Case(other) = &against
            && cases.contains(other)
        {
            return Err(refuse("[[targets]] that holds a case against itself"));
        }
        Ok(Target { name, cases, metric, against, limit })
    }
}

/// The cases that a name or a pattern means; one at least.
fn matching(reader: &Reader<'_>, value: &Value<'_>, ids: &[String]) -> Result<Vec<String>, ConfigError> {
    let pattern = reader.string(value)?;
    let matcher = WildMatch::new(&pattern);
    let found: Vec<String> = ids.iter().filter(|id| matcher.matches(id)).cloned().collect();
    if !found.is_empty() {
        return Ok(found);
    }
    let error = match pattern.contains(['*', '?']) {
        true => ConfigError::new(format!("no case of this suite has a name like `{pattern}`")),
        false => ConfigError::unknown("case", &pattern, ids.iter().map(String::as_str)),
    };
    Err(reader.mistake(value.span(), error))
}

#[cfg(test)]
mod tests {
    use super::super::Suite;
    use super::*;

    const CASES: &str = "[[cases]]\ntransport = ['shm', 'pipe']\nworkload = 'invoke'\npayload = [64, 56]\n";
    const SHM: &str = "shm/invoke/payload=64/wait=block/pin=cross";

    fn read(target: &str) -> Result<Vec<Target>, String> {
        // The order in the file does not matter.
        let text = format!("[[targets]]\n{target}\n{CASES}");
        Suite::parse(&text, "my.toml").map(|suite| suite.targets).map_err(|error| error.to_string())
    }

    #[test]
    fn a_target_is_read() {
        let text = format!("name = 'a'\ncase = '{SHM}'\nmetric = 'p50'\nagainst = 'floor'\nat_most = 1.25");
        let wanted = Target {
            name: "a".into(),
            cases: vec![SHM.into()],
            metric: Metric::P50,
            against: Against::Floor,
            limit: Limit::AtMost(1.25),
        };
        assert_eq!(read(&text), Ok(vec![wanted]));
        let text = "name = 'b'\ncase = 'shm/*'\nmetric = 'CPU/msg'\nagainst = 'pipe/*=56/*'\nat_least = 2";
        let target = read(text).unwrap().remove(0);
        assert_eq!((target.cases.len(), target.limit), (2, Limit::AtLeast(2.0)));
        assert_eq!(target.against, Against::Case("pipe/invoke/payload=56/wait=block/pin=cross".into()));
        let words = [Against::Floor, target.against].map(|against| serde_json::to_value(against).unwrap());
        assert_eq!(words, ["floor", "pipe/invoke/payload=56/wait=block/pin=cross"]);
    }

    #[test]
    fn a_limit_is_reached_from_its_side() {
        assert!(Limit::AtMost(1.0).is_reached_by(1.0) && !Limit::AtMost(1.0).is_reached_by(1.1));
        assert!(Limit::AtLeast(1.0).is_reached_by(1.0) && !Limit::AtLeast(1.0).is_reached_by(0.9));
    }
}
