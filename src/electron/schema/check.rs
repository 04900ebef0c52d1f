//! A value held against compiled rules.

use super::rule::{Check, Compiled};
use super::{Expected, Limits, Step, Violation};
use crate::codec::{Kind, Name, Ref};

/// One check under way.
pub(super) struct Walk {
    limits: Limits,
    /// Values that may still come.
    left: usize,
}

type Outcome = Result<(), Violation>;

impl Walk {
    pub(super) fn new(limits: Limits) -> Walk {
        Walk { limits, left: limits.values }
    }

    pub(super) fn check(&mut self, rule: &Compiled, part: Ref<'_>) -> Outcome {
        self.count()?;
        if rule.optional && part.is_undefined() {
            return Ok(());
        }
        match &rule.check {
            Check::Boolean => met(part.as_bool().is_some(), || Expected::Boolean),
            &Check::Number(min, max) => {
                let within = part.as_f64().is_some_and(|number| number >= min && number <= max);
                met(within, || Expected::Number { min, max })
            }
            &Check::Integer(min, max) => {
                let within = part.as_i64().is_some_and(|number| number >= min && number <= max);
                met(within, || Expected::Integer { min, max })
            }
            &Check::Text(min, max) => {
                let within = part.kind() == Kind::String && (min..=max).contains(&part.len());
                met(within, || Expected::Text { min, max })
            }
            &Check::Bytes(min, max) => {
                let within = part.as_bytes().is_some_and(|bytes| (min..=max).contains(&bytes.len()));
                met(within, || Expected::Bytes { min, max })
            }
            Check::Choice(strings) => {
                let chosen = part.as_str().is_some_and(|text| strings.iter().any(|one| **one == *text));
                met(chosen, || Expected::Choice)
            }
            &Check::List { ref element, min, max } => self.list(element, min, max, part),
            Check::Object { properties, required } => self.object(properties, *required, part),
            Check::Data => self.data(part, 0),
        }
    }

    fn count(&mut self) -> Outcome {
        let left = self.left.checked_sub(1);
        met(left.is_some(), || Expected::Fewer(self.limits.values))?;
        self.left = left.unwrap_or(0);
        Ok(())
    }

    fn list(&mut self, element: &Compiled, min: usize, max: usize, part: Ref<'_>) -> Outcome {
        let length = part.len();
        met(part.kind() == Kind::Array && (min..=max).contains(&length), || Expected::List { min, max })?;
        let mut there = 0;
        for (at, value) in part.elements() {
            self.check(element, value).map_err(|violation| violation.within(Step::Element(at)))?;
            there += 1;
        }
        met(there == length, || Expected::NoHole)?;
        no_properties(part)
    }

    fn object(&mut self, rules: &[(Box<str>, Compiled)], required: u64, part: Ref<'_>) -> Outcome {
        met(part.kind() == Kind::Object, || Expected::Object)?;
        let mut missing = required;
        for (place, (name, value)) in part.props().enumerate() {
            // Objects of one sort have their properties in the same order: a look at the same place mostly finds it.
            let here = rules.get(place).filter(|(rule, _)| is_called(name, rule)).map(|_| place);
            let Some(at) = here.or_else(|| rules.iter().position(|(rule, _)| is_called(name, rule))) else {
                return Err(Violation::here(Expected::Absent).within(property(name)));
            };
            self.check(&rules[at].1, value).map_err(|violation| violation.within(property(name)))?;
            missing &= !(1 << at);
        }
        if missing == 0 {
            return Ok(());
        }
        let name = rules[missing.trailing_zeros() as usize].0.clone();
        Err(Violation::here(Expected::Present).within(Step::Property(name)))
    }

    /// Whatever it is, within limits. A circle is deeper than any limit.
    fn data(&mut self, part: Ref<'_>, depth: usize) -> Outcome {
        met(depth < self.limits.depth, || Expected::Shallower(self.limits.depth))?;
        let mut inner = |value| {
            self.count()?;
            self.data(value, depth + 1)
        };
        match part.kind() {
            Kind::Function | Kind::Symbol => Err(Violation::here(Expected::Data)),
            Kind::String | Kind::Buffer | Kind::View => {
                met(part.len() <= self.limits.length, || Expected::Shorter(self.limits.length))
            }
            Kind::Object | Kind::Array | Kind::Set => {
                for (at, value) in part.elements() {
                    inner(value).map_err(|violation| violation.within(Step::Element(at)))?;
                }
                for (name, value) in part.props() {
                    inner(value).map_err(|violation| violation.within(property(name)))?;
                }
                Ok(())
            }
            Kind::Map => part.entries().try_for_each(|(key, value)| inner(key).and_then(|()| inner(value))),
            Kind::Error => part.as_error().and_then(|error| error.cause()).map_or(Ok(()), inner),
            _ => Ok(()),
        }
    }
}

/// An array of the rule has its elements and nothing beside them.
fn no_properties(array: Ref<'_>) -> Outcome {
    match array.props().next() {
        Some((name, _)) => Err(Violation::here(Expected::Absent).within(property(name))),
        None => Ok(()),
    }
}

fn met(condition: bool, expected: impl FnOnce() -> Expected) -> Outcome {
    if condition { Ok(()) } else { Err(Violation::here(expected())) }
}

fn is_called(name: Name<'_>, rule: &str) -> bool {
    match name {
        Name::Str(name) => name == rule,
        Name::Index(_) => name.to_text() == rule,
        Name::Utf16(_) => false,
    }
}

/// A name is somebody else's text: the error takes no more of it than a reader needs.
fn property(name: Name<'_>) -> Step {
    Step::Property(name.to_text().chars().take(64).collect::<String>().into())
}
