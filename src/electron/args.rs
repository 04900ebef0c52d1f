//! The arguments of a message: one array, as they travel.

use crate::codec::{Ref, Value};
use std::fmt;

static UNDEFINED: Value = Value::UNDEFINED;

/// What a message carries.
///
/// Electron serialises the arguments of a call as one array, so that objects shared between them stay shared and circles through
/// several of them hold. This is that array.
#[derive(Clone, PartialEq)]
pub struct Args(Value);

impl Args {
    /// None.
    pub fn none() -> Args {
        Args(Value::array::<Value>([]))
    }

    /// An array's elements are the arguments; for anything else there is `None`.
    pub fn from_array(array: Value) -> Option<Args> {
        (array.kind() == crate::codec::Kind::Array).then_some(Args(array))
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// None at all?
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// One of them; `undefined` where JavaScript's parameter would be.
    pub fn get(&self, index: usize) -> Ref<'_> {
        self.0.at(index).unwrap_or(UNDEFINED.root())
    }

    /// One of them on its own.
    pub fn value(&self, index: usize) -> Value {
        self.get(index).to_value()
    }

    /// A string's text.
    pub fn text(&self, index: usize) -> Option<&str> {
        self.get(index).as_str()
    }

    /// A number.
    pub fn number(&self, index: usize) -> Option<f64> {
        self.get(index).as_f64()
    }

    /// The array.
    pub fn array(&self) -> &Value {
        &self.0
    }

    /// Each on its own: what they shared is no longer shared.
    pub fn into_vec(self) -> Vec<Value> {
        (0..self.len()).map(|index| self.value(index)).collect()
    }
}

impl fmt::Debug for Args {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<V: Into<Value>, const N: usize> From<[V; N]> for Args {
    fn from(values: [V; N]) -> Args {
        Args(Value::array(values))
    }
}

impl<V: Into<Value>> From<Vec<V>> for Args {
    fn from(values: Vec<V>) -> Args {
        Args(Value::array(values))
    }
}

impl From<()> for Args {
    fn from((): ()) -> Args {
        Args::none()
    }
}

macro_rules! from_tuples {
    ($($name:ident)+) => {
        impl<$($name: Into<Value>),+> From<($($name,)+)> for Args {
            #[expect(non_snake_case, reason = "a value is named after its type")]
            fn from(($($name,)+): ($($name,)+)) -> Args {
                Args(Value::array(Vec::<Value>::from([$($name.into()),+])))
            }
        }
    };
}
from_tuples!(A);
from_tuples!(A B);
from_tuples!(A B C);
from_tuples!(A B C D);
