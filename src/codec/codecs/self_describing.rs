//! Values out of formats that say what follows: JSON and MessagePack.

use super::Target;
use crate::codec::value::{Array, Object, Plain, Slot};
use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use std::fmt;

/// Memory is taken as parts arrive, whatever a format announces.
impl<'de> DeserializeSeed<'de> for Target<'_> {
    type Value = Slot;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Slot, D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Target<'_> {
    type Value = Slot;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Slot, E> {
        Ok(Slot::Bool(value))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Slot, E> {
        match self.bigints {
            true => Ok(self.heap.add_integer(number.into())),
            false => Ok(Slot::number(number as f64)),
        }
    }

    fn visit_u64<E>(self, number: u64) -> Result<Slot, E> {
        match self.bigints {
            true => Ok(self.heap.add_integer(number.into())),
            false => Ok(Slot::number(number as f64)),
        }
    }

    fn visit_f64<E>(self, number: f64) -> Result<Slot, E> {
        Ok(Slot::number(number))
    }

    fn visit_str<E>(self, text: &str) -> Result<Slot, E> {
        Ok(Slot::Text(self.heap.add_str(text)))
    }

    fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Slot, E> {
        Ok(self.heap.add_bytes(bytes.to_vec()))
    }

    fn visit_unit<E>(self) -> Result<Slot, E> {
        Ok(Slot::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut elements: A) -> Result<Slot, A::Error> {
        let mut array = Array::new(self.heap);
        while let Some(element) = elements.next_element_seed(self.inner()?)? {
            array.push(element);
        }
        Ok(array.finish(self.heap))
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut entries: A) -> Result<Slot, A::Error> {
        let mut object = Plain::new(self.heap);
        let mut others = Vec::new();
        while let Some(key) = entries.next_key_seed(self.inner()?)? {
            let value = entries.next_value_seed(self.inner()?)?;
            match key {
                Slot::Text(name) if others.is_empty() => object.put_named(self.heap, name, value),
                // MessagePack has keys that are no strings: then it is a Map.
                key => others.extend([key, value]),
            }
        }
        if others.is_empty() {
            return Ok(object.finish(self.heap));
        }
        if !object.is_empty() {
            return Err(A::Error::custom("strings and other keys in one map"));
        }
        let run = self.heap.store_entries(&others, 2);
        Ok(Slot::Object(self.heap.add(Object::Map(run))))
    }
}
