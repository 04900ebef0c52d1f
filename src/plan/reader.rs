//! Values of a suite file, and what is wrong with them where.

use super::error::ConfigError;
use std::ops::RangeInclusive;
use toml::Spanned;
use toml::de::{DeInteger, DeValue};

/// A value and its place.
pub(super) type Value<'a> = Spanned<DeValue<'a>>;

/// Reads values of one file.
pub(super) struct Reader<'a> {
    pub(super) text: &'a str,
    /// What messages call it.
    pub(super) file: &'a str,
}

impl Reader<'_> {
    /// A mistake where something stands.
    pub(super) fn mistake(&self, span: std::ops::Range<usize>, error: ConfigError) -> ConfigError {
        error.at(self.file, self.text, span.start)
    }

    /// Something of the wrong type.
    pub(super) fn expected(&self, value: &Value<'_>, what: &str) -> ConfigError {
        let found = value.get_ref().type_str();
        self.mistake(value.span(), ConfigError::new(format!("expected {what}, found {found}")))
    }

    pub(super) fn string(&self, value: &Value<'_>) -> Result<String, ConfigError> {
        value.get_ref().as_str().map(str::to_owned).ok_or_else(|| self.expected(value, "a string"))
    }

    /// A number in a range; `what` says so, and whether it must be whole.
    pub(super) fn number(
        &self,
        value: &Value<'_>,
        what: &str,
        range: RangeInclusive<f64>,
    ) -> Result<f64, ConfigError> {
        let number = match value.get_ref() {
            DeValue::Integer(number) => decimal(number).parse().ok(),
            DeValue::Float(number) if !what.contains("whole") => number.as_str().parse().ok(),
            _ => return Err(self.expected(value, what)),
        };
        let number = number.filter(|number| range.contains(number));
        number.ok_or_else(|| self.mistake(value.span(), ConfigError::new(what)))
    }

    /// One value or a list of them, each with its place.
    pub(super) fn list<'v, 'a>(&self, value: &'v Value<'a>) -> Vec<&'v Value<'a>> {
        match value.get_ref() {
            DeValue::Array(list) => list.iter().collect(),
            _ => vec![value],
        }
    }

    /// A string or a whole number, as it is written.
    pub(super) fn scalar(&self, value: &Value<'_>) -> Result<String, ConfigError> {
        match value.get_ref() {
            DeValue::String(text) => Ok(text.to_string()),
            DeValue::Integer(number) => Ok(decimal(number)),
            _ => Err(self.expected(value, "a string or a whole number")),
        }
    }
}

/// TOML writes whole numbers to the bases 16, 8 and 2 as well; one that is too large for us stays as it is written.
fn decimal(number: &DeInteger<'_>) -> String {
    i64::from_str_radix(number.as_str(), number.radix())
        .map_or(number.to_string(), |number| number.to_string())
}
