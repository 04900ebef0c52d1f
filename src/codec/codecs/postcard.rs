//! A value in serde's data model, in postcard's format: an enum whose variants are the kinds, as a Rust program would declare it.
//! Postcard does not say what follows, so the variant does.

use super::{Codec, Deep, Target, kind_name, read, write};
use crate::codec::error::Error;
use crate::codec::value::{Array, Kind, Object, Plain, Slot, Value, ViewKind, time_clip};
use postcard::ser_flavors::Flavor;
use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, Error as _, MapAccess, SeqAccess, VariantAccess, Visitor,
};
use serde::ser::{Error as _, Serialize, Serializer};
use std::fmt;

/// The variants, in the order of their numbers, which are the format: new ones go to the end.
const VARIANTS: [&str; 13] = [
    "Undefined",
    "Null",
    "Boolean",
    "Integer",
    "Number",
    "BigInt",
    "String",
    "Bytes",
    "Date",
    "Array",
    "Object",
    "Map",
    "Set",
];
const NAME: &str = "Value";

pub(super) fn encode(value: &Value, out: &mut Vec<u8>) -> Result<(), Error> {
    write(value, |value| postcard::serialize_with_flavor(&Tagged(value), Sink(out)))
}

pub(super) fn decode(bytes: &[u8]) -> Result<Value, Error> {
    read(|target| {
        let mut reader = postcard::Deserializer::from_bytes(bytes);
        let root = Any(target).deserialize(&mut reader)?;
        match reader.finalize()? {
            [] => Ok(root),
            _ => Err(postcard::Error::DeserializeBadEncoding),
        }
    })
}

/// Where postcard's bytes go: behind what is there.
struct Sink<'a>(&'a mut Vec<u8>);

impl Flavor for Sink<'_> {
    type Output = ();

    fn try_extend(&mut self, bytes: &[u8]) -> postcard::Result<()> {
        self.0.extend_from_slice(bytes);
        Ok(())
    }

    fn try_push(&mut self, byte: u8) -> postcard::Result<()> {
        self.0.push(byte);
        Ok(())
    }

    fn finalize(self) -> postcard::Result<()> {
        Ok(())
    }
}

struct Tagged<'a>(Deep<'a>);

impl Serialize for Tagged<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let deep = self.0;
        let value = deep.value::<S::Error>()?;
        let bytes = Bytes(value.as_bytes().unwrap_or_default());
        match value.kind() {
            Kind::Undefined => to.serialize_unit_variant(NAME, 0, VARIANTS[0]),
            Kind::Null => to.serialize_unit_variant(NAME, 1, VARIANTS[1]),
            Kind::Boolean => {
                to.serialize_newtype_variant(NAME, 2, VARIANTS[2], &value.as_bool().unwrap_or_default())
            }
            Kind::Number => match value.slot {
                Slot::Int(int) => to.serialize_newtype_variant(NAME, 3, VARIANTS[3], &int),
                _ => to.serialize_newtype_variant(NAME, 4, VARIANTS[4], &value.as_f64().unwrap_or_default()),
            },
            Kind::BigInt => {
                let bigint = value.as_bigint().unwrap_or_default();
                to.serialize_newtype_variant(NAME, 5, VARIANTS[5], &(bigint.is_negative(), bigint.digits()))
            }
            Kind::String => to.serialize_newtype_variant(
                NAME,
                6,
                VARIANTS[6],
                value.as_text().unwrap_or_default().as_ref(),
            ),
            Kind::Buffer => to.serialize_newtype_variant(NAME, 7, VARIANTS[7], &bytes),
            Kind::View if value.as_view().is_some_and(|view| view.kind == ViewKind::Uint8) => {
                to.serialize_newtype_variant(NAME, 7, VARIANTS[7], &bytes)
            }
            Kind::Date => {
                to.serialize_newtype_variant(NAME, 8, VARIANTS[8], &value.as_date().unwrap_or(f64::NAN))
            }
            Kind::Array => to.serialize_newtype_variant(NAME, 9, VARIANTS[9], &Items(deep)),
            Kind::Object => to.serialize_newtype_variant(NAME, 10, VARIANTS[10], &Items(deep)),
            Kind::Map => to.serialize_newtype_variant(NAME, 11, VARIANTS[11], &Items(deep)),
            Kind::Set => to.serialize_newtype_variant(NAME, 12, VARIANTS[12], &Items(deep)),
            Kind::Function | Kind::Symbol => Err(S::Error::custom(deep.failed.note(Error::NotCloneable))),
            Kind::RegExp | Kind::Error | Kind::View | Kind::Boxed => {
                deep.refuse(Codec::Postcard, kind_name(value.kind()))
            }
        }
    }
}

struct Bytes<'a>(&'a [u8]);

impl Serialize for Bytes<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_bytes(self.0)
    }
}

/// What an array, object, Map or Set holds. A hole is undefined.
struct Items<'a>(Deep<'a>);

impl Serialize for Items<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let (deep, value) = (self.0, self.0.value);
        match value.kind() {
            Kind::Array => {
                let undefined = Deep { value: Value::UNDEFINED.root(), ..deep };
                let row = deep.row::<S::Error>(Codec::Postcard)?;
                to.collect_seq(row.map(|element| Tagged(element.unwrap_or(undefined))))
            }
            Kind::Set => {
                let values: Vec<_> = value.elements().map(|(_, value)| Tagged(deep.inner(value))).collect();
                to.collect_seq(values)
            }
            Kind::Map => {
                let entries =
                    value.entries().map(|(key, value)| (Tagged(deep.inner(key)), Tagged(deep.inner(value))));
                to.collect_map(entries.collect::<Vec<_>>())
            }
            _ => {
                let props: Vec<_> =
                    value.props().map(|(name, value)| (name.to_text(), Tagged(deep.inner(value)))).collect();
                to.collect_map(props)
            }
        }
    }
}

/// The variant that a number names, and its content.
struct Any<'a>(Target<'a>);

impl<'de> DeserializeSeed<'de> for Any<'_> {
    type Value = Slot;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Slot, D::Error> {
        from.deserialize_enum(NAME, &VARIANTS, self)
    }
}

impl<'de> Visitor<'de> for Any<'_> {
    type Value = Slot;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_enum<A: EnumAccess<'de>>(self, from: A) -> Result<Slot, A::Error> {
        let (variant, content) = from.variant::<u32>()?;
        let heap = self.0.heap;
        match variant {
            0 => content.unit_variant().map(|()| Slot::Undefined),
            1 => content.unit_variant().map(|()| Slot::Null),
            2 => content.newtype_variant().map(Slot::Bool),
            3 => content.newtype_variant().map(Slot::Int),
            4 => content.newtype_variant().map(Slot::number),
            5 => {
                let (negative, digits) = content.newtype_variant()?;
                Ok(heap.add_bigint(&crate::codec::BigInt::new(negative, digits)))
            }
            6 => content.newtype_variant().map(|text: &str| Slot::Text(heap.add_str(text))),
            7 => content.newtype_variant().map(|bytes: &[u8]| heap.add_bytes(bytes.to_vec())),
            8 => {
                let time = time_clip(content.newtype_variant()?);
                Ok(Slot::Object(heap.add(Object::Date(time))))
            }
            9..=12 => {
                content.newtype_variant_seed(Filled { kind: variant, target: Target { heap, ..self.0 } })
            }
            _ => Err(A::Error::custom("a variant that there is not")),
        }
    }
}

/// An array, object, Map or Set.
struct Filled<'a> {
    kind: u32,
    target: Target<'a>,
}

impl<'de> DeserializeSeed<'de> for Filled<'_> {
    type Value = Slot;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Slot, D::Error> {
        match self.kind {
            9 | 12 => from.deserialize_seq(self),
            _ => from.deserialize_map(self),
        }
    }
}

impl<'de> Visitor<'de> for Filled<'_> {
    type Value = Slot;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("what a value holds")
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut elements: A) -> Result<Slot, A::Error> {
        if self.kind == 9 {
            let mut array = Array::new(self.target.heap);
            while let Some(element) = elements.next_element_seed(Any(self.target.inner()?))? {
                array.push(element);
            }
            return Ok(array.finish(self.target.heap));
        }
        let mut values = Vec::new();
        while let Some(value) = elements.next_element_seed(Any(self.target.inner()?))? {
            values.push(value);
        }
        let run = self.target.heap.store_entries(&values, 1);
        Ok(Slot::Object(self.target.heap.add(Object::Set(run))))
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut entries: A) -> Result<Slot, A::Error> {
        if self.kind == 10 {
            let mut object = Plain::new(self.target.heap);
            while let Some(name) = entries.next_key::<&str>()? {
                let value = entries.next_value_seed(Any(self.target.inner()?))?;
                object.put(self.target.heap, name, value);
            }
            return Ok(object.finish(self.target.heap));
        }
        let mut all = Vec::new();
        while let Some(key) = entries.next_key_seed(Any(self.target.inner()?))? {
            all.extend([key, entries.next_value_seed(Any(self.target.inner()?))?]);
        }
        let run = self.target.heap.store_entries(&all, 2);
        Ok(Slot::Object(self.target.heap.add(Object::Map(run))))
    }
}
