//! MessagePack.

use super::{Codec, Deep, kind_name, read, write};
use crate::codec::error::Error;
use crate::codec::value::{Kind, Value, ViewKind};
use serde::de::{DeserializeSeed, Error as _};
use serde::ser::{Error as _, Serialize, SerializeMap, SerializeSeq, Serializer};

pub(super) fn encode(value: &Value, out: &mut Vec<u8>) -> Result<(), Error> {
    write(value, |value| Packed(value).serialize(&mut rmp_serde::Serializer::new(out)))
}

pub(super) fn decode(bytes: &[u8]) -> Result<Value, Error> {
    read(|target| {
        let mut rest = bytes;
        let root = target.deserialize(&mut rmp_serde::Deserializer::new(&mut rest))?;
        match rest.len() {
            0 => Ok(root),
            left => Err(rmp_serde::decode::Error::custom(format!("{left} bytes behind the value"))),
        }
    })
}

struct Packed<'a>(Deep<'a>);

impl Serialize for Packed<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let deep = self.0;
        let value = deep.value::<S::Error>()?;
        let refused = || deep.refuse(Codec::Msgpack, kind_name(value.kind()));
        match value.kind() {
            Kind::Undefined | Kind::Null => to.serialize_unit(),
            Kind::Boolean => to.serialize_bool(value.as_bool().unwrap_or_default()),
            Kind::Number => {
                let number = value.as_f64().unwrap_or_default();
                match value.as_i64() {
                    Some(whole)
                        if whole.unsigned_abs() <= 1 << f64::MANTISSA_DIGITS
                            && Value::from(whole) == Value::from(number) =>
                    {
                        to.serialize_i64(whole)
                    }
                    _ => to.serialize_f64(number),
                }
            }
            Kind::BigInt => match value.as_bigint().and_then(|number| number.to_i128()) {
                Some(number) => match (i64::try_from(number), u64::try_from(number)) {
                    (Ok(number), _) => to.serialize_i64(number),
                    (_, Ok(number)) => to.serialize_u64(number),
                    _ => refused(),
                },
                None => refused(),
            },
            Kind::String => to.serialize_str(&value.as_text().unwrap_or_default()),
            Kind::Buffer => to.serialize_bytes(value.as_bytes().unwrap_or_default()),
            Kind::View if value.as_view().is_some_and(|view| view.kind == ViewKind::Uint8) => {
                to.serialize_bytes(value.as_bytes().unwrap_or_default())
            }
            Kind::Array => {
                let mut row = to.serialize_seq(Some(value.len()))?;
                for element in deep.row::<S::Error>(Codec::Msgpack)? {
                    match element {
                        Some(element) => row.serialize_element(&Packed(element))?,
                        None => row.serialize_element(&())?,
                    }
                }
                row.end()
            }
            Kind::Object => {
                let mut fields = to.serialize_map(Some(value.len()))?;
                for (name, value) in value.props() {
                    fields.serialize_entry(&name.to_text(), &Packed(deep.inner(value)))?;
                }
                fields.end()
            }
            // One whose keys are strings is read as an object.
            Kind::Map => {
                let mut entries = to.serialize_map(Some(value.len()))?;
                for (key, value) in value.entries() {
                    entries.serialize_entry(&Packed(deep.inner(key)), &Packed(deep.inner(value)))?;
                }
                entries.end()
            }
            Kind::Function | Kind::Symbol => Err(S::Error::custom(deep.failed.note(Error::NotCloneable))),
            Kind::Date | Kind::RegExp | Kind::Set | Kind::Error | Kind::View | Kind::Boxed => refused(),
        }
    }
}
