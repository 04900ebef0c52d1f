//! A value in the notation.

use super::LEVELS;
use crate::codec::error::Error;
use crate::codec::v8::Views;
use crate::codec::value::{Kind, Name, Ref, Value, number_text};
use serde_json::{Map, Value as Json, json};
use std::collections::BTreeMap;

/// JSON that says all of a value. With [`Views::Native`] views come with their buffers.
///
/// # Errors
/// [`Error::NotCloneable`] and [`Error::TooDeep`].
pub fn to_json(value: &Value, views: Views) -> Result<Json, Error> {
    let mut writer = Writer { views, ids: BTreeMap::new(), uses: BTreeMap::new() };
    writer.count_buffers(value);
    writer.value(value.root(), LEVELS / 4)
}

struct Writer {
    views: Views,
    /// What objects of the value are called in the notation.
    ids: BTreeMap<usize, usize>,
    /// How often buffers are referred to.
    uses: BTreeMap<usize, usize>,
}

/// Holes of an array that are listed. An array may say that it has four billion.
const HOLES: usize = 1 << 16;

impl Writer {
    /// Walks all that is reached, each object once.
    fn count_buffers(&mut self, value: &Value) {
        let mut seen = std::collections::BTreeSet::new();
        let mut waiting = vec![value.root()];
        while let Some(part) = waiting.pop() {
            let Some(id) = part.object_id() else { continue };
            if part.kind() == Kind::Buffer {
                *self.uses.entry(id).or_default() += 1;
            }
            if seen.insert(id) {
                waiting.extend(part.props().map(|(_, value)| value));
                waiting.extend(part.elements().map(|(_, value)| value));
                waiting.extend(part.entries().flat_map(|(key, value)| [key, value]));
                waiting.extend(part.as_view().map(|view| view.buffer));
                waiting.extend(part.as_error().and_then(|error| error.cause()));
            }
        }
    }

    fn value(&mut self, value: Ref<'_>, depth: usize) -> Result<Json, Error> {
        let Some(object) = value.object_id() else { return Ok(primitive(value)) };
        if depth == 0 {
            return Err(Error::TooDeep { limit: LEVELS / 4 });
        }
        if let Some(id) = self.ids.get(&object) {
            return Ok(json!({ "t": "ref", "id": id }));
        }
        let id = self.ids.len();
        self.ids.insert(object, id);
        let mut json = self.object(value, depth - 1)?;
        if let Some(fields) = json.as_object_mut() {
            fields.insert("id".to_owned(), id.into());
        }
        Ok(json)
    }

    fn object(&mut self, value: Ref<'_>, depth: usize) -> Result<Json, Error> {
        match value.kind() {
            Kind::Object => Ok(json!({ "t": "object", "props": self.props(value, depth)? })),
            Kind::Array => self.array(value, depth),
            Kind::Date => {
                let time = value.as_date().unwrap_or(f64::NAN);
                let iso = (!time.is_nan()).then(|| value.to_string());
                Ok(json!({ "t": "date", "bits": bits(time), "iso": iso }))
            }
            Kind::RegExp => {
                let source = value.as_regexp().and_then(|(source, flags)| Some((source.as_text()?, flags)));
                let (source, flags) = source.unwrap_or_default();
                Ok(json!({ "t": "regexp", "source": source, "flags": flags }))
            }
            Kind::Map => {
                let mut entries = Vec::new();
                for (key, value) in value.entries() {
                    entries.push(json!([self.value(key, depth)?, self.value(value, depth)?]));
                }
                Ok(json!({ "t": "map", "entries": entries }))
            }
            Kind::Set => {
                let values: Result<Vec<Json>, Error> =
                    value.elements().map(|(_, value)| self.value(value, depth)).collect();
                Ok(json!({ "t": "set", "values": values? }))
            }
            Kind::Error => self.error(value, depth),
            Kind::Buffer => Ok(buffer(value)),
            Kind::View => self.view(value, depth),
            Kind::Boxed => Ok(value.as_boxed().map_or(Json::Null, boxed)),
            _ => Err(Error::NotCloneable),
        }
    }

    fn props(&mut self, value: Ref<'_>, depth: usize) -> Result<Vec<Json>, Error> {
        value
            .props()
            .map(|(name, value)| Ok(json!([string(&units(name)), self.value(value, depth)?])))
            .collect()
    }

    fn array(&mut self, value: Ref<'_>, depth: usize) -> Result<Json, Error> {
        let mut elements = Vec::new();
        let (mut holes, mut next) = (Vec::new(), 0);
        for (index, element) in value.elements() {
            holes.extend((next..index).take(HOLES + 1 - holes.len().min(HOLES)));
            next = index + 1;
            elements.push(json!([index, self.value(element, depth)?]));
        }
        holes.extend((next..value.len()).take(HOLES + 1 - holes.len().min(HOLES)));
        let mut json = json!({ "t": "array", "length": value.len(), "elements": elements });
        if holes.len() <= HOLES {
            json["holes"] = holes.into();
        }
        let mut extra = Vec::new();
        for (name, value) in value.props() {
            extra.push(json!([name.to_text(), self.value(value, depth)?]));
        }
        if !extra.is_empty() {
            json["extra"] = extra.into();
        }
        Ok(json)
    }

    fn error(&mut self, value: Ref<'_>, depth: usize) -> Result<Json, Error> {
        let mut fields = Map::from_iter([("t".to_owned(), json!("error"))]);
        if let Some(error) = value.as_error() {
            fields.insert("name".to_owned(), json!(error.name()));
            fields.insert("hasStack".to_owned(), error.stack().is_some().into());
            fields.extend(error.message().map(|message| ("message".to_owned(), json!(message))));
            fields.extend(error.stack().map(|stack| ("stack".to_owned(), json!(stack))));
            if let Some(cause) = error.cause() {
                fields.insert("cause".to_owned(), self.value(cause, depth)?);
            }
        }
        Ok(Json::Object(fields))
    }

    fn view(&mut self, value: Ref<'_>, depth: usize) -> Result<Json, Error> {
        let (Some(view), Some(bytes)) = (value.as_view(), value.as_bytes()) else { return Ok(Json::Null) };
        let mut json = json!({
            "t": "view", "type": view.kind.name(), "byteOffset": view.offset, "byteLength": bytes.len(), "bytes": hex(bytes),
        });
        if view.length.is_none() {
            json["lengthTracking"] = true.into();
        }
        if self.views == Views::Native {
            let shared = view.buffer.object_id().is_some_and(|id| self.uses[&id] > 1);
            json["buffer"] = if shared { self.value(view.buffer, depth)? } else { buffer(view.buffer) };
        }
        Ok(json)
    }
}

fn buffer(value: Ref<'_>) -> Json {
    let bytes = value.as_bytes().unwrap_or_default();
    let mut json = json!({ "t": "arraybuffer", "byteLength": bytes.len(), "bytes": hex(bytes) });
    if let Some(max) = value.max_len() {
        json["maxByteLength"] = max.into();
    }
    json
}

fn boxed(inner: Ref<'_>) -> Json {
    let json = primitive(inner);
    match inner.kind() {
        Kind::Boolean => json!({ "t": "Boolean", "v": json["v"] }),
        Kind::BigInt => json!({ "t": "BigInt", "v": json["v"] }),
        Kind::String => json!({ "t": "String", "utf16le": json["utf16le"] }),
        _ => json!({ "t": "Number", "bits": json["bits"] }),
    }
}

fn primitive(value: Ref<'_>) -> Json {
    if let Some(number) = value.as_f64() {
        let minus = if number.to_bits() == (-0.0f64).to_bits() { "-" } else { "" };
        return json!({ "t": "number", "bits": bits(number), "v": format!("{minus}{}", number_text(number)) });
    }
    if let Some(units) = value.as_utf16() {
        return string(&units);
    }
    match (value.as_bool(), value.kind()) {
        (Some(value), _) => json!({ "t": "boolean", "v": value }),
        (_, Kind::BigInt) => json!({ "t": "bigint", "v": value.to_string() }),
        _ => json!({ "t": value.to_string() }),
    }
}

/// `v` is there if JSON can say it.
fn string(units: &[u16]) -> Json {
    let bytes: Vec<u8> = units.iter().flat_map(|unit| unit.to_le_bytes()).collect();
    let mut json = json!({ "t": "string", "length": units.len(), "utf16le": hex(&bytes) });
    if let Ok(text) = String::from_utf16(units) {
        json["v"] = text.into();
    }
    json
}

fn units(name: Name<'_>) -> Vec<u16> {
    match name {
        Name::Utf16(units) => units.to_vec(),
        name => name.to_text().encode_utf16().collect(),
    }
}

fn bits(number: f64) -> String {
    format!("{:016x}", number.to_bits())
}

fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |nibble: u8| char::from(DIGITS[usize::from(nibble)]);
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}
