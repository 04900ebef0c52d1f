//! What a channel's arguments must be: types, ranges, lengths, required properties. Compiled once, checked without allocation.
//!
//! Each part is judged by itself; no part decides whether another one is valid. There are no patterns to match, and no default
//! is unbounded: [`Limits`] hold for whatever a rule leaves open, so that a check ends soon whoever sent the value.
//!
//! ```
//! use ipcmark::codec::Value;
//! use ipcmark::electron::schema::{Rule, Schema};
//!
//! let rules = [Rule::text(1, 64), Rule::object([("volume", Rule::integer(0, 10)), ("mute", Rule::boolean().optional())])];
//! let schema = Schema::arguments(rules).expect("a schema");
//! let good = Value::array([Value::from("radio"), Value::object([("volume", 7)])]);
//! assert!(schema.check(good.root()).is_ok());
//! let bad = Value::array([Value::from("radio"), Value::object([("volume", 11)])]);
//! let violation = schema.check(bad.root()).expect_err("too loud");
//! assert_eq!(violation.to_string(), "argument 1.volume: expected a whole number from 0 to 10");
//! ```

mod check;
mod rule;

pub use rule::Rule;

use crate::codec::{Ref, Value};
use check::Walk;
use rule::Compiled;
use std::collections::BTreeMap;
use std::fmt;

/// Bounds of a whole payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Values within values; more rules in each other do not compile.
    pub depth: usize,
    /// Values in all.
    pub values: usize,
    /// UTF-16 units of a string for which no rule says more, or bytes of a buffer.
    pub length: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { depth: 32, values: 100_000, length: 1 << 20 }
    }
}

/// The compiled rules for the arguments of one channel.
#[derive(Clone, Debug)]
pub struct Schema {
    arguments: Box<[Compiled]>,
    /// The first so many must be there.
    required: usize,
    limits: Limits,
}

impl Schema {
    /// Compiles a rule for each argument; more arguments are refused. Optional ones stand last.
    ///
    /// # Errors
    /// [`BadRule`].
    pub fn arguments(rules: impl IntoIterator<Item = Rule>) -> Result<Schema, BadRule> {
        Schema::with_limits(rules, Limits::default())
    }

    /// As [`Schema::arguments`], with bounds of one's own.
    ///
    /// # Errors
    /// [`BadRule`].
    pub fn with_limits(rules: impl IntoIterator<Item = Rule>, limits: Limits) -> Result<Schema, BadRule> {
        let rules: Vec<Rule> = rules.into_iter().collect();
        let required = rules.iter().rposition(|rule| !rule.is_optional()).map_or(0, |last| last + 1);
        if rules[..required].iter().any(Rule::is_optional) {
            return Err(BadRule::OptionalBeforeRequired);
        }
        let arguments = rules.into_iter().map(|rule| rule.compile(limits.depth)).collect::<Result<_, _>>()?;
        Ok(Schema { arguments, required, limits })
    }

    /// Checks the arguments of a call.
    ///
    /// # Errors
    /// The first part that is not as it must be.
    pub fn check<'a>(&self, arguments: impl Into<Arguments<'a>>) -> Result<(), Violation> {
        match arguments.into() {
            // A hole is no argument: what a list of arguments cannot have is refused by its count.
            Arguments::Array(array) => {
                self.check_each(array.elements().map(|(_, argument)| argument), array.len())
            }
            Arguments::Values(values) => self.check_each(values.iter().map(Value::root), values.len()),
        }
    }

    fn check_each<'a>(
        &self,
        arguments: impl Iterator<Item = Ref<'a>>,
        count: usize,
    ) -> Result<(), Violation> {
        if count < self.required || count > self.arguments.len() {
            let expected = Expected::Count { min: self.required, max: self.arguments.len() };
            return Err(Violation::here(expected));
        }
        let mut walk = Walk::new(self.limits);
        let mut seen = 0;
        for (at, (rule, argument)) in self.arguments.iter().zip(arguments).enumerate() {
            walk.check(rule, argument).map_err(|violation| violation.within(Step::Argument(at)))?;
            seen += 1;
        }
        if seen == count { Ok(()) } else { Err(Violation::here(Expected::NoHole)) }
    }
}

/// The arguments of a call.
#[derive(Clone, Copy, Debug)]
pub enum Arguments<'a> {
    /// As the array that travels.
    Array(Ref<'a>),
    /// One by one.
    Values(&'a [Value]),
}

impl<'a> From<Ref<'a>> for Arguments<'a> {
    fn from(array: Ref<'a>) -> Arguments<'a> {
        Arguments::Array(array)
    }
}

impl<'a> From<&'a [Value]> for Arguments<'a> {
    fn from(values: &'a [Value]) -> Arguments<'a> {
        Arguments::Values(values)
    }
}

/// Schemas by channel.
#[derive(Clone, Debug, Default)]
pub struct Schemas(BTreeMap<Box<str>, Schema>);

impl Schemas {
    /// One for each of these channels.
    pub fn new<C: Into<Box<str>>>(schemas: impl IntoIterator<Item = (C, Schema)>) -> Schemas {
        Schemas(schemas.into_iter().map(|(channel, schema)| (channel.into(), schema)).collect())
    }

    /// That of a channel.
    pub fn get(&self, channel: &str) -> Option<&Schema> {
        self.0.get(channel)
    }
}

/// Rules that contradict themselves.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadRule {
    /// The least is more than the most.
    #[error("a range from {min} to {max} is empty")]
    EmptyRange {
        /// The least, as written.
        min: String,
        /// The most, as written.
        max: String,
    },
    /// Two properties of one object.
    #[error("property `{0}` is named twice")]
    NamedTwice(String),
    /// More properties of one object than are checked at once.
    #[error("an object has at most 64 properties")]
    TooManyProperties,
    /// An optional argument before one that must be there.
    #[error("optional arguments stand last")]
    OptionalBeforeRequired,
    /// More rules in each other than the limits allow values.
    #[error("rules are nested deeper than the limits allow")]
    TooDeep,
}

/// A part that is not as it must be. Its text names the part and the rule, never the value: that may be a secret, or long.
#[derive(Clone, Debug, PartialEq)]
pub struct Violation {
    /// The way to the part, the innermost step first.
    path: Vec<Step>,
    expected: Expected,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::electron::schema) enum Step {
    Argument(usize),
    Element(usize),
    Property(Box<str>),
}

/// What a part should have been.
#[derive(Clone, Debug, PartialEq)]
pub enum Expected {
    /// A boolean.
    Boolean,
    /// A finite number in a range.
    Number {
        /// The least.
        min: f64,
        /// The most.
        max: f64,
    },
    /// A whole number in a range.
    Integer {
        /// The least.
        min: i64,
        /// The most.
        max: i64,
    },
    /// A string, in UTF-16 units.
    Text {
        /// The least.
        min: usize,
        /// The most.
        max: usize,
    },
    /// A buffer or view, in bytes.
    Bytes {
        /// The least.
        min: usize,
        /// The most.
        max: usize,
    },
    /// One of a few strings.
    Choice,
    /// An array without holes.
    List {
        /// The fewest elements.
        min: usize,
        /// The most.
        max: usize,
    },
    /// A plain object.
    Object,
    /// A property that must be there.
    Present,
    /// Not this property.
    Absent,
    /// Other than a function or symbol.
    Data,
    /// No hole among elements or arguments.
    NoHole,
    /// So many arguments.
    Count {
        /// The fewest.
        min: usize,
        /// The most.
        max: usize,
    },
    /// Less nesting.
    Shallower(usize),
    /// Fewer values in all.
    Fewer(usize),
    /// A shorter string or buffer.
    Shorter(usize),
}

impl Violation {
    pub(in crate::electron::schema) fn here(expected: Expected) -> Violation {
        Violation { path: Vec::new(), expected }
    }

    pub(in crate::electron::schema) fn within(mut self, step: Step) -> Violation {
        self.path.push(step);
        self
    }

    /// What the part should have been.
    pub fn expected(&self) -> &Expected {
        &self.expected
    }
}

impl std::error::Error for Violation {}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for step in self.path.iter().rev() {
            match step {
                Step::Argument(at) => write!(f, "argument {at}")?,
                Step::Element(at) => write!(f, "[{at}]")?,
                Step::Property(name) => write!(f, ".{name}")?,
            }
        }
        let separator = if self.path.is_empty() { "" } else { ": " };
        write!(f, "{separator}expected {}", self.expected)
    }
}

impl fmt::Display for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Expected::Boolean => f.write_str("a boolean"),
            Expected::Number { min, max } => write!(f, "a number from {min} to {max}"),
            Expected::Integer { min, max } => write!(f, "a whole number from {min} to {max}"),
            Expected::Text { min, max } => write!(f, "a string of {min} to {max} characters"),
            Expected::Bytes { min, max } => write!(f, "{min} to {max} bytes"),
            Expected::Choice => f.write_str("one of the strings that are allowed"),
            Expected::List { min, max } => write!(f, "an array of {min} to {max} elements"),
            Expected::Object => f.write_str("an object"),
            Expected::Present => f.write_str("it to be there"),
            Expected::Absent => f.write_str("no such property"),
            Expected::Data => f.write_str("data"),
            Expected::NoHole => f.write_str("no holes"),
            Expected::Count { min, max } => write!(f, "{min} to {max} arguments"),
            Expected::Shallower(limit) => write!(f, "at most {limit} levels"),
            Expected::Fewer(limit) => write!(f, "at most {limit} values"),
            Expected::Shorter(limit) => write!(f, "a length of at most {limit}"),
        }
    }
}

#[cfg(test)]
mod tests;
