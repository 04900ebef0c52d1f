//! Rules as they are written, and as they are checked.

use super::BadRule;

/// What a value must be.
#[derive(Clone, Debug)]
pub struct Rule {
    kind: Kind,
    optional: bool,
}

#[derive(Clone, Debug)]
enum Kind {
    Boolean,
    Number(f64, f64),
    Integer(i64, i64),
    Text(usize, usize),
    Bytes(usize, usize),
    Choice(Vec<Box<str>>),
    List(Box<Rule>, usize, usize),
    Object(Vec<(Box<str>, Rule)>),
    Data,
}

impl Rule {
    fn new(kind: Kind) -> Rule {
        Rule { kind, optional: false }
    }

    /// `true` or `false`.
    pub fn boolean() -> Rule {
        Rule::new(Kind::Boolean)
    }

    /// A number in a range, both ends included; NaN is in none.
    pub fn number(min: f64, max: f64) -> Rule {
        Rule::new(Kind::Number(min, max))
    }

    /// A whole number in a range, both ends included.
    pub fn integer(min: i64, max: i64) -> Rule {
        Rule::new(Kind::Integer(min, max))
    }

    /// A string of so many UTF-16 units.
    pub fn text(min: usize, max: usize) -> Rule {
        Rule::new(Kind::Text(min, max))
    }

    /// A buffer or view of so many bytes.
    pub fn bytes(min: usize, max: usize) -> Rule {
        Rule::new(Kind::Bytes(min, max))
    }

    /// One of these strings.
    pub fn choice<S: Into<Box<str>>>(strings: impl IntoIterator<Item = S>) -> Rule {
        Rule::new(Kind::Choice(strings.into_iter().map(Into::into).collect()))
    }

    /// An array without holes of so many elements, each by this rule.
    pub fn list(element: Rule, min: usize, max: usize) -> Rule {
        Rule::new(Kind::List(Box::new(element), min, max))
    }

    /// A plain object with these properties and no others.
    pub fn object<S: Into<Box<str>>>(properties: impl IntoIterator<Item = (S, Rule)>) -> Rule {
        Rule::new(Kind::Object(properties.into_iter().map(|(name, rule)| (name.into(), rule)).collect()))
    }

    /// Whatever a codec carries, within the limits of the schema.
    pub fn data() -> Rule {
        Rule::new(Kind::Data)
    }

    /// May be left out, or be `undefined`.
    #[must_use]
    pub fn optional(mut self) -> Rule {
        self.optional = true;
        self
    }

    pub(super) fn is_optional(&self) -> bool {
        self.optional
    }

    /// # Errors
    /// If the rule contradicts itself, or has more than `depth` others in each other.
    pub(super) fn compile(self, depth: usize) -> Result<Compiled, BadRule> {
        let below = depth.checked_sub(1).ok_or(BadRule::TooDeep)?;
        let check = match self.kind {
            Kind::Boolean => Check::Boolean,
            Kind::Number(min, max) => range(min, max, Check::Number)?,
            Kind::Integer(min, max) => range(min, max, Check::Integer)?,
            Kind::Text(min, max) => range(min, max, Check::Text)?,
            Kind::Bytes(min, max) => range(min, max, Check::Bytes)?,
            Kind::Choice(strings) => Check::Choice(strings.into()),
            Kind::List(element, min, max) => {
                let element = Box::new(element.compile(below)?);
                range(min, max, |min, max| Check::List { element, min, max })?
            }
            Kind::Object(properties) => object(properties, below)?,
            Kind::Data => Check::Data,
        };
        Ok(Compiled { check, optional: self.optional })
    }
}

/// A rule that is known to make sense.
#[derive(Clone, Debug)]
pub(super) struct Compiled {
    pub(super) check: Check,
    pub(super) optional: bool,
}

#[derive(Clone, Debug)]
pub(super) enum Check {
    Boolean,
    Number(f64, f64),
    Integer(i64, i64),
    Text(usize, usize),
    Bytes(usize, usize),
    Choice(Box<[Box<str>]>),
    List {
        element: Box<Compiled>,
        min: usize,
        max: usize,
    },
    Object {
        properties: Box<[(Box<str>, Compiled)]>,
        /// A bit for each property that must be there.
        required: u64,
    },
    Data,
}

fn range<N: PartialOrd + ToString>(
    min: N,
    max: N,
    check: impl FnOnce(N, N) -> Check,
) -> Result<Check, BadRule> {
    // A NaN is an end of no range.
    if min <= max {
        Ok(check(min, max))
    } else {
        Err(BadRule::EmptyRange { min: min.to_string(), max: max.to_string() })
    }
}

fn object(properties: Vec<(Box<str>, Rule)>, depth: usize) -> Result<Check, BadRule> {
    if properties.len() > 64 {
        return Err(BadRule::TooManyProperties);
    }
    let mut required = 0;
    for (at, (name, rule)) in properties.iter().enumerate() {
        if properties[..at].iter().any(|(other, _)| other == name) {
            return Err(BadRule::NamedTwice(name.to_string()));
        }
        required |= u64::from(!rule.optional) << at;
    }
    let compile = |(name, rule): (Box<str>, Rule)| Ok((name, rule.compile(depth)?));
    Ok(Check::Object { properties: properties.into_iter().map(compile).collect::<Result<_, _>>()?, required })
}
