//! The notation as a value.

use super::LEVELS;
use crate::codec::v8::Views;
use crate::codec::value::{BigInt, Graph, Node, Value, ViewKind};
use serde::Deserialize;
use serde_json::Value as Json;
use std::collections::BTreeMap;

/// What is wrong with a text that is no value in the notation.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Bad(String);

/// The value that a text in the notation says, or one with such a text in `value`, and how its views are written.
///
/// # Errors
/// If it is no JSON, nested deeper than 800 brackets, or not the notation.
pub fn from_json(text: &str) -> Result<(Value, Views), Bad> {
    if nesting(text.as_bytes()) > LEVELS {
        return bad(format!("nested deeper than {LEVELS} brackets"));
    }
    let mut deserializer = serde_json::Deserializer::from_str(text);
    deserializer.disable_recursion_limit(); // the depth is known, and more than serde_json would take
    let json = Json::deserialize(&mut deserializer).map_err(|error| Bad(error.to_string()))?;
    deserializer.end().map_err(|error| Bad(error.to_string()))?;
    let tagged = if json.get("t").is_some() { &json } else { field(&json, "value")? };
    let mut reader = Reader { graph: Graph::new(), known: BTreeMap::new(), views: Views::Native };
    let root = reader.value(tagged)?;
    Ok((reader.graph.finish(root), reader.views))
}

/// The deepest level of brackets, strings apart.
fn nesting(text: &[u8]) -> usize {
    let (mut depth, mut deepest, mut quoted, mut escaped) = (0usize, 0, false, false);
    for byte in text {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b'[' | b'{' if !quoted => depth += 1,
            b']' | b'}' if !quoted => depth = depth.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    deepest
}

struct Reader {
    graph: Graph,
    known: BTreeMap<u64, Node>,
    views: Views,
}

impl Reader {
    fn value(&mut self, json: &Json) -> Result<Node, Bad> {
        let node = match text(json, "t")? {
            "undefined" => self.graph.value(()),
            "null" => self.graph.value(Value::NULL),
            "boolean" => self.graph.value(boolean(json)?),
            "number" => self.graph.value(number(json)?),
            "bigint" => self.graph.value(bigint(json)?),
            "string" => self.string(json)?,
            "ref" => {
                let id = whole(json, "id")?;
                return self
                    .known
                    .get(&id)
                    .copied()
                    .ok_or_else(|| Bad(format!("a reference to {id}, which comes later")));
            }
            "object" => {
                let object = self.graph.object();
                self.remember(json, object);
                for pair in list(json, "props")? {
                    let (key, value) = (item(pair, 0)?, item(pair, 1)?);
                    let (name, value) = (self.string(key)?, self.value(value)?);
                    self.graph.set_named(object, name, value);
                }
                return Ok(object);
            }
            "array" => return self.array(json),
            "map" => {
                let map = self.graph.map();
                self.remember(json, map);
                for pair in list(json, "entries")? {
                    let (key, value) = (self.value(item(pair, 0)?)?, self.value(item(pair, 1)?)?);
                    self.graph.entry(map, key, value);
                }
                return Ok(map);
            }
            "set" => {
                let set = self.graph.set_of();
                self.remember(json, set);
                for value in list(json, "values")? {
                    let value = self.value(value)?;
                    self.graph.push(set, value);
                }
                return Ok(set);
            }
            "error" => {
                let (message, stack) = (text(json, "message").ok(), text(json, "stack").ok());
                let error = self.graph.error(text(json, "name")?, message, stack, None);
                self.remember(json, error);
                if let Some(cause) = json.get("cause") {
                    let cause = self.value(cause)?;
                    self.graph.set_cause(error, cause);
                }
                return Ok(error);
            }
            "date" => self.graph.date(number(json)?),
            "regexp" => match self.graph.regexp(text(json, "source")?, text(json, "flags")?) {
                Some(regexp) => regexp,
                None => return bad("flags that no RegExp has"),
            },
            "arraybuffer" => {
                let max = json.get("maxByteLength").map(|_| whole(json, "maxByteLength")).transpose()?;
                self.graph.buffer(bytes(json, "bytes")?, max.map(|max| max as usize))
            }
            "view" => self.view(json)?,
            "Boolean" => self.boxed(boolean(json)?),
            "Number" => self.boxed(number(json)?),
            "BigInt" => self.boxed(bigint(json)?),
            "String" => {
                let string = self.string(json)?;
                self.graph.boxed(string)
            }
            other => return bad(format!("`{other}` is no kind of value")),
        };
        self.remember(json, node);
        Ok(node)
    }

    fn remember(&mut self, json: &Json, node: Node) {
        self.known.extend(json.get("id").and_then(Json::as_u64).map(|id| (id, node)));
    }

    fn boxed(&mut self, primitive: impl Into<Value>) -> Node {
        let primitive = self.graph.value(primitive);
        self.graph.boxed(primitive)
    }

    fn string(&mut self, json: &Json) -> Result<Node, Bad> {
        let bytes = bytes(json, "utf16le")?;
        let units: Vec<u16> =
            bytes.chunks_exact(2).map(|unit| u16::from_le_bytes([unit[0], unit[1]])).collect();
        Ok(self.graph.utf16(&units))
    }

    fn array(&mut self, json: &Json) -> Result<Node, Bad> {
        let array = self.graph.array();
        self.remember(json, array);
        let index = |number: u64| u32::try_from(number).ok().filter(|&index| index < u32::MAX);
        for pair in list(json, "elements")? {
            let at = item(pair, 0)?.as_u64().and_then(index);
            let value = self.value(item(pair, 1)?)?;
            self.graph.put_at(array, at.ok_or_else(|| Bad("an element has no index".to_owned()))?, value);
        }
        let length = u32::try_from(whole(json, "length")?).map_err(|error| Bad(error.to_string()))?;
        self.graph.lengthen(array, length);
        for pair in json.get("extra").and_then(Json::as_array).into_iter().flatten() {
            let Some(name) = item(pair, 0)?.as_str() else { return bad("a property without a name") };
            let value = self.value(item(pair, 1)?)?;
            self.graph.set(array, name, value);
        }
        Ok(array)
    }

    fn view(&mut self, json: &Json) -> Result<Node, Bad> {
        let name = text(json, "type")?;
        let kind = ViewKind::ALL.into_iter().find(|kind| kind.name() == name);
        let Some(kind) = kind else { return bad(format!("`{name}` is no kind of view")) };
        let (buffer, offset, length) = match json.get("buffer") {
            None => {
                self.views = Views::Node;
                let bytes = bytes(json, "bytes")?;
                let length = bytes.len();
                (self.graph.buffer(bytes, None), 0, Some(length))
            }
            Some(buffer) => {
                let tracking = json.get("lengthTracking").and_then(Json::as_bool).unwrap_or_default();
                let length = if tracking { None } else { Some(whole(json, "byteLength")? as usize) };
                (self.value(buffer)?, whole(json, "byteOffset")? as usize, length)
            }
        };
        self.graph.view(kind, buffer, offset, length).map_err(|error| Bad(error.to_string()))
    }
}

fn bad<T>(what: impl Into<String>) -> Result<T, Bad> {
    Err(Bad(what.into()))
}

fn field<'a>(json: &'a Json, name: &str) -> Result<&'a Json, Bad> {
    json.get(name).ok_or_else(|| Bad(format!("a value without `{name}`: {:.60}", json.to_string())))
}

fn text<'a>(json: &'a Json, name: &str) -> Result<&'a str, Bad> {
    field(json, name)?.as_str().ok_or_else(|| Bad(format!("`{name}` is no string")))
}

fn whole(json: &Json, name: &str) -> Result<u64, Bad> {
    field(json, name)?.as_u64().ok_or_else(|| Bad(format!("`{name}` is no whole number")))
}

fn list<'a>(json: &'a Json, name: &str) -> Result<&'a Vec<Json>, Bad> {
    field(json, name)?.as_array().ok_or_else(|| Bad(format!("`{name}` is no list")))
}

fn item(pair: &Json, at: usize) -> Result<&Json, Bad> {
    pair.get(at).ok_or_else(|| Bad("a pair with less than two items".to_owned()))
}

fn boolean(json: &Json) -> Result<bool, Bad> {
    field(json, "v")?.as_bool().ok_or_else(|| Bad("`v` is no boolean".to_owned()))
}

fn number(json: &Json) -> Result<f64, Bad> {
    let bits = text(json, "bits")?;
    match u64::from_str_radix(bits, 16) {
        Ok(number) if bits.len() == 16 => Ok(f64::from_bits(number)),
        _ => bad("`bits` are not 16 hexadecimal digits"),
    }
}

fn bigint(json: &Json) -> Result<BigInt, Bad> {
    text(json, "v")?.parse().map_err(|error: crate::codec::NotAnInteger| Bad(error.to_string()))
}

fn bytes(json: &Json, name: &str) -> Result<Vec<u8>, Bad> {
    let digits = text(json, name)?.as_bytes();
    let digit = |digit: u8| char::from(digit).to_digit(16).map(|value| value as u8);
    let (pairs, rest) = digits.as_chunks::<2>();
    let bytes: Option<Vec<u8>> =
        pairs.iter().map(|&[high, low]| Some(digit(high)? << 4 | digit(low)?)).collect();
    bytes.filter(|_| rest.is_empty()).ok_or_else(|| Bad(format!("`{name}` is not hexadecimal")))
}
