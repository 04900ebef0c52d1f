//! One call's copying, part by part.

use super::{BridgeError, Crossing, MAX_DEPTH};
use crate::codec::v8::{self, Views};
use crate::codec::{Function, Graph, Kind, Node, Ref, Value};

/// An array with more holes keeps them: Electron would write each of them as `undefined`, and one with four billion would take
/// all memory.
const MANY_HOLES: usize = 1 << 20;

/// The copying of one value of a call.
pub(super) struct Copier<'a> {
    crossing: Crossing,
    /// The call's functions, with what stands for them; they are few.
    functions: &'a mut Vec<(Function, Function)>,
    graph: Graph,
    /// The copies of the value's objects, by their numbers.
    known: Vec<Option<Node>>,
    /// Copies of elements and properties whose array or object is not finished.
    parts: Vec<Node>,
}

impl<'a> Copier<'a> {
    pub(super) fn new(crossing: Crossing, functions: &'a mut Vec<(Function, Function)>) -> Copier<'a> {
        Copier { crossing, functions, graph: Graph::new(), known: Vec::new(), parts: Vec::new() }
    }

    /// Copies each element of an array as one value of the call.
    pub(super) fn pass_each(mut self, array: Ref<'_>) -> Result<Value, BridgeError> {
        let root = self.elements(array, 0)?;
        Ok(self.graph.finish(root))
    }

    fn copy(&mut self, part: Ref<'_>, depth: usize) -> Result<Node, BridgeError> {
        if depth >= MAX_DEPTH {
            return Err(BridgeError::TooDeep);
        }
        if let Some(primitive) = self.graph.primitive(part) {
            return Ok(primitive);
        }
        let id = part.object_id().expect("what is no primitive has a number");
        if let Some(&Some(known)) = self.known.get(id) {
            return Ok(known);
        }
        let copy = match part.kind() {
            Kind::Error => {
                let message = part.as_error().and_then(|error| error.message()).unwrap_or_default();
                // Its own stack begins here, without a frame.
                let stack = if message.is_empty() { "Error".into() } else { format!("Error: {message}") };
                return Ok(self.graph.error("Error", Some(&message), Some(&stack), None));
            }
            Kind::Array => self.elements(part, depth + 1)?,
            Kind::Object => return self.properties(part, id, depth + 2),
            _ => match (part.as_function(), part.as_symbol()) {
                (Some(function), _) => {
                    let proxy = self.function(function);
                    self.graph.value(proxy)
                }
                (_, Some(symbol)) => self.graph.value(symbol.clone()),
                _ => {
                    let copy = clone(&by_itself(part))?;
                    self.graph.value(copy)
                }
            },
        };
        self.remember(id, copy);
        Ok(copy)
    }

    fn remember(&mut self, id: usize, copy: Node) {
        if self.known.len() <= id {
            self.known.resize(id + 1, None);
        }
        self.known[id] = Some(copy);
    }

    fn elements(&mut self, array: Ref<'_>, depth: usize) -> Result<Node, BridgeError> {
        let (length, there) = (array.len(), array.elements().count());
        if length > 0 && depth >= MAX_DEPTH {
            return Err(BridgeError::TooDeep);
        }
        if length - there > MANY_HOLES {
            let copy = self.graph.array();
            for (index, element) in array.elements() {
                let element = self.copy(element, depth)?;
                self.graph.put_at(copy, index as u32, element);
            }
            self.graph.lengthen(copy, length as u32);
            return Ok(copy);
        }
        let begin = self.parts.len();
        for (index, element) in array.elements() {
            self.holes(begin + index);
            let element = self.copy(element, depth)?;
            self.parts.push(element);
        }
        self.holes(begin + length);
        let copy = self.graph.array_of(&self.parts[begin..]);
        self.parts.truncate(begin);
        Ok(copy)
    }

    /// Makes `undefined` of the holes up to a place.
    fn holes(&mut self, to: usize) {
        if self.parts.len() < to {
            let undefined = self.graph.value(Value::UNDEFINED);
            self.parts.resize(to, undefined);
        }
    }

    fn properties(&mut self, object: Ref<'_>, id: usize, depth: usize) -> Result<Node, BridgeError> {
        let copy = self.graph.object();
        self.remember(id, copy);
        let begin = self.parts.len();
        for (_, value) in object.props() {
            let value = self.copy(value, depth)?;
            self.parts.push(value);
        }
        self.graph.fill_like(copy, object, &self.parts[begin..]);
        self.parts.truncate(begin);
        Ok(copy)
    }

    fn function(&mut self, function: &Function) -> Function {
        if let Some((_, proxy)) = self.functions.iter().find(|(met, _)| met == function) {
            return proxy.clone();
        }
        let proxy = self.crossing.function(function);
        self.functions.push((function.clone(), proxy.clone()));
        proxy
    }
}

/// Copies one value of a call whose functions so far are `functions`; a primitive is itself.
pub(super) fn pass(
    crossing: Crossing,
    functions: &mut Vec<(Function, Function)>,
    value: Value,
) -> Result<Value, BridgeError> {
    match value.kind() {
        kind if is_cloned(kind) => clone(&value),
        Kind::Object | Kind::Array | Kind::Function | Kind::Error => {
            let mut copier = Copier::new(crossing, functions);
            let root = copier.copy(value.root(), 0)?;
            Ok(copier.graph.finish(root))
        }
        _ => Ok(value),
    }
}

/// Whether a value crosses as structured clone has it.
fn is_cloned(kind: Kind) -> bool {
    use Kind::{Boxed, Buffer, Date, Map, RegExp, Set, View};
    matches!(kind, Date | RegExp | Map | Set | Buffer | View | Boxed)
}

/// A part as a value of its own. Dates, which come by the hundred, are spared the search for what else they reach.
fn by_itself(part: Ref<'_>) -> Value {
    part.as_date().map_or_else(|| part.to_value(), Value::date)
}

/// Serialises a value and reads it again, as Electron does with what is no plain object.
fn clone(value: &Value) -> Result<Value, BridgeError> {
    let mut bytes = Vec::new();
    v8::encode(value, Views::Native, &mut bytes)?;
    Ok(v8::decode(&bytes)?.value)
}
