//! JSON, as JavaScript's own two functions have it.

use super::{Codec, Deep, Target, kind_name, read, write};
use crate::codec::error::Error;
use crate::codec::value::{Kind, Ref, Value, ViewKind};
use serde::de::DeserializeSeed;
use serde::ser::{Serialize, SerializeMap, Serializer};

pub(super) fn encode(value: &Value, out: &mut Vec<u8>) -> Result<(), Error> {
    if is_dropped(value.root()) {
        return Err(Error::Unsupported { codec: Codec::Json.name(), what: kind_name(value.kind()) });
    }
    write(value, |value| serde_json::to_writer(out, &Stringified(value)))
}

pub(super) fn decode(bytes: &[u8]) -> Result<Value, Error> {
    read(|target| {
        let mut reader = serde_json::Deserializer::from_slice(bytes);
        let root = Target { bigints: false, ..target }.deserialize(&mut reader)?;
        reader.end()?;
        Ok::<_, serde_json::Error>(root)
    })
}

/// What `JSON.stringify` leaves out of an object, and makes null of in an array.
fn is_dropped(value: Ref<'_>) -> bool {
    matches!(value.kind(), Kind::Undefined | Kind::Function | Kind::Symbol)
}

/// ECMA-262, "SerializeJSONProperty". A lone surrogate becomes U+FFFD and not an escape, which the reader would not take.
struct Stringified<'a>(Deep<'a>);

impl Serialize for Stringified<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let deep = self.0;
        let value = deep.value::<S::Error>()?;
        match value.kind() {
            Kind::Undefined | Kind::Null | Kind::Function | Kind::Symbol => to.serialize_unit(),
            Kind::Boolean => to.serialize_bool(value.as_bool().unwrap_or_default()),
            Kind::Number => serialize_number(value.as_f64().unwrap_or_default(), value.as_i64(), to),
            Kind::BigInt => deep.refuse(Codec::Json, "a BigInt"),
            Kind::String => to.serialize_str(&value.as_text().unwrap_or_default()),
            Kind::Array => to.collect_seq(deep.row::<S::Error>(Codec::Json)?.map(Element)),
            Kind::Object => {
                let kept = value.props().filter(|(_, value)| !is_dropped(*value));
                to.collect_map(kept.map(|(name, value)| (name.to_text(), Stringified(deep.inner(value)))))
            }
            Kind::Date if value.as_date().is_some_and(f64::is_nan) => to.serialize_unit(),
            Kind::Date => to.serialize_str(&value.to_string()),
            Kind::RegExp | Kind::Map | Kind::Set | Kind::Error | Kind::Buffer => {
                to.serialize_map(Some(0))?.end()
            }
            Kind::View => serialize_view(deep, to),
            Kind::Boxed => match value.as_boxed() {
                Some(inner) => Stringified(deep.inner(inner)).serialize(to),
                None => to.serialize_unit(),
            },
        }
    }
}

/// An element, or a hole.
struct Element<'a>(Option<Deep<'a>>);

impl Serialize for Element<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Some(value) => Stringified(value).serialize(to),
            None => to.serialize_unit(),
        }
    }
}

/// Whole numbers without a point, as JavaScript writes them.
fn serialize_number<S: Serializer>(number: f64, whole: Option<i64>, to: S) -> Result<S::Ok, S::Error> {
    match whole {
        Some(whole) if whole.unsigned_abs() <= 1 << f64::MANTISSA_DIGITS => to.serialize_i64(whole),
        _ if number.is_finite() => to.serialize_f64(number),
        _ => to.serialize_unit(),
    }
}

/// To `JSON.stringify` a typed array is an object with indices: costly, and what happens to whoever sends bytes as JSON.
fn serialize_view<S: Serializer>(deep: Deep<'_>, to: S) -> Result<S::Ok, S::Error> {
    let bytes = deep.value.as_bytes().unwrap_or_default();
    let kind = deep.value.as_view().map_or(ViewKind::DataView, |view| view.kind);
    let (pairs, fours, eights) =
        (bytes.as_chunks::<2>().0, bytes.as_chunks::<4>().0, bytes.as_chunks::<8>().0);
    match kind {
        ViewKind::DataView => to.serialize_map(Some(0))?.end(),
        ViewKind::Uint8 | ViewKind::Uint8Clamped => to.collect_map(bytes.iter().enumerate()),
        ViewKind::Int8 => to.collect_map(bytes.iter().map(|&byte| byte as i8).enumerate()),
        ViewKind::Int16 => to.collect_map(pairs.iter().map(|&pair| i16::from_le_bytes(pair)).enumerate()),
        ViewKind::Uint16 => to.collect_map(pairs.iter().map(|&pair| u16::from_le_bytes(pair)).enumerate()),
        ViewKind::Int32 => to.collect_map(fours.iter().map(|&four| i32::from_le_bytes(four)).enumerate()),
        ViewKind::Uint32 => to.collect_map(fours.iter().map(|&four| u32::from_le_bytes(four)).enumerate()),
        ViewKind::Float32 => to.collect_map(
            fours.iter().map(|&four| f64::from(f32::from_le_bytes(four))).map(Number).enumerate(),
        ),
        ViewKind::Float64 => {
            to.collect_map(eights.iter().map(|&eight| Number(f64::from_le_bytes(eight))).enumerate())
        }
        ViewKind::BigInt64 | ViewKind::BigUint64 if bytes.is_empty() => to.serialize_map(Some(0))?.end(),
        ViewKind::BigInt64 | ViewKind::BigUint64 => deep.refuse(Codec::Json, "a BigInt"),
    }
}

struct Number(f64);

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        serialize_number(self.0, Value::from(self.0).as_i64(), to)
    }
}
