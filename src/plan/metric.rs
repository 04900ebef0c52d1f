//! The figures of a case, by the names that tables and suite files use.

use super::error::ConfigError;
use serde::{Serialize, Serializer};

/// A figure of a trial.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Metric {
    /// Median latency, in nanoseconds.
    P50,
    /// 99 % latency.
    P99,
    /// 99.9 % latency.
    P999,
    /// Longest latency.
    Max,
    /// Messages in a second.
    Messages,
    /// Payload bytes in a second; tables show millions.
    Bytes,
    /// CPU time of all processes for one message, in nanoseconds.
    Cpu,
    /// Context switches of all processes for one message.
    Switches,
}

impl Metric {
    /// All of them, in the order of tables.
    pub const ALL: [Metric; 8] = [
        Metric::P50,
        Metric::P99,
        Metric::P999,
        Metric::Max,
        Metric::Messages,
        Metric::Bytes,
        Metric::Cpu,
        Metric::Switches,
    ];

    /// What users call it.
    pub const fn name(self) -> &'static str {
        match self {
            Metric::P50 => "p50",
            Metric::P99 => "p99",
            Metric::P999 => "p99.9",
            Metric::Max => "max",
            Metric::Messages => "messages/s",
            Metric::Bytes => "MB/s",
            Metric::Cpu => "CPU/msg",
            Metric::Switches => "switches/msg",
        }
    }

    /// The metric of this name.
    ///
    /// # Errors
    /// Names the nearest one if there is none.
    pub fn named(name: &str) -> Result<Metric, ConfigError> {
        let names = Metric::ALL.iter().map(|metric| metric.name());
        let found = Metric::ALL.into_iter().find(|metric| metric.name() == name);
        found.ok_or_else(|| ConfigError::unknown("metric", name, names))
    }

    /// Whether less of it is better.
    pub fn less_is_better(self) -> bool {
        !matches!(self, Metric::Messages | Metric::Bytes)
    }

    /// Whether it is a latency.
    pub fn is_latency(self) -> bool {
        matches!(self, Metric::P50 | Metric::P99 | Metric::P999 | Metric::Max)
    }
}

impl Serialize for Metric {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}
