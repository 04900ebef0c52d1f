//! What a process cannot give away: functions and symbols. A bridge within one process passes them, a codec refuses them.

use super::Value;
use std::fmt;
use std::sync::Arc;

/// A function of this process. Copies of a value share it.
#[derive(Clone)]
pub struct Function(Arc<Inner<Body>>);

type Body = dyn Fn(Vec<Value>) -> Result<Value, Value> + Send + Sync;

struct Inner<B: ?Sized> {
    /// What it stands for, and the number of the place where that is at home.
    original: Option<(Function, u64)>,
    body: B,
}

impl Function {
    /// The function that does `body` with its arguments; an `Err` is what it throws.
    pub fn new(body: impl Fn(Vec<Value>) -> Result<Value, Value> + Send + Sync + 'static) -> Function {
        Function(Arc::new(Inner { original: None, body }))
    }

    /// A function that stands for another one elsewhere: for `original`, which is at home in the place of number `home`.
    pub fn proxy(
        original: Function,
        home: u64,
        body: impl Fn(Vec<Value>) -> Result<Value, Value> + Send + Sync + 'static,
    ) -> Function {
        Function(Arc::new(Inner { original: Some((original, home)), body }))
    }

    /// The function that this one stands for, if that is at home in the place of number `home`.
    pub fn original(&self, home: u64) -> Option<&Function> {
        self.0.original.as_ref().filter(|(_, place)| *place == home).map(|(original, _)| original)
    }

    /// Calls it.
    ///
    /// # Errors
    /// What the function throws: any value, as in JavaScript.
    pub fn call(&self, arguments: Vec<Value>) -> Result<Value, Value> {
        (self.0.body)(arguments)
    }
}

impl PartialEq for Function {
    /// Whether they are one and the same.
    fn eq(&self, other: &Function) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for Function {}

impl fmt::Debug for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Function")
    }
}

/// A symbol: equal to itself alone.
#[derive(Clone, Debug)]
pub struct Symbol(Arc<str>);

impl Symbol {
    /// A new symbol, unlike any other.
    pub fn new(description: &str) -> Symbol {
        Symbol(description.into())
    }

    /// What it was described as.
    pub fn description(&self) -> &str {
        &self.0
    }
}

impl PartialEq for Symbol {
    fn eq(&self, other: &Symbol) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for Symbol {}
