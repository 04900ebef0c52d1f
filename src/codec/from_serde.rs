//! Any type that serde can take apart, as a value.

use super::Value;
use super::error::Error;
use super::value::{Array, Heap, Plain, Slot};
use serde::Serialize;
use serde::ser::{
    SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant, SerializeTuple,
    SerializeTupleStruct, SerializeTupleVariant, Serializer,
};

impl Value {
    /// `value` as JavaScript would have it: structs and maps are objects, sequences and tuples arrays, bytes a `Uint8Array`, `None`
    /// and units `null`. Whole numbers beyond ±2⁵³ are BigInts, so that nothing is rounded.
    ///
    /// # Errors
    /// If a map's key is neither a string, a number, a character nor a boolean, or the type's own `Serialize` fails.
    pub fn from_serde<T: Serialize + ?Sized>(value: &T) -> Result<Value, Error> {
        let mut heap = Heap::new();
        let slot = value.serialize(Writer { heap: &mut heap })?;
        Ok(Value::from_parts(slot, heap))
    }
}

struct Writer<'a> {
    heap: &'a mut Heap,
}

/// An array in the making, perhaps as the content of an enum's variant.
struct Elements<'a> {
    heap: &'a mut Heap,
    array: Array,
    variant: Option<&'static str>,
}

/// An object in the making.
struct Fields<'a> {
    heap: &'a mut Heap,
    object: Plain,
    key: Option<String>,
    variant: Option<&'static str>,
}

impl<'a> Writer<'a> {
    fn variant(self, name: &str, content: Slot) -> Slot {
        let mut object = Plain::new(self.heap);
        object.put(self.heap, name, content);
        object.finish(self.heap)
    }

    fn elements(self, variant: Option<&'static str>) -> Elements<'a> {
        let array = Array::new(self.heap);
        Elements { heap: self.heap, array, variant }
    }

    fn fields(self, variant: Option<&'static str>) -> Fields<'a> {
        let object = Plain::new(self.heap);
        Fields { heap: self.heap, object, key: None, variant }
    }
}

impl Elements<'_> {
    fn add<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        let slot = value.serialize(Writer { heap: self.heap })?;
        self.array.push(slot);
        Ok(())
    }

    fn close(self) -> Slot {
        let slot = self.array.finish(self.heap);
        self.variant.map_or(slot, |name| Writer { heap: self.heap }.variant(name, slot))
    }
}

impl Fields<'_> {
    fn add<T: Serialize + ?Sized>(&mut self, name: &str, value: &T) -> Result<(), Error> {
        let slot = value.serialize(Writer { heap: self.heap })?;
        self.object.put(self.heap, name, slot);
        Ok(())
    }

    fn close(self) -> Slot {
        let slot = self.object.finish(self.heap);
        self.variant.map_or(slot, |name| Writer { heap: self.heap }.variant(name, slot))
    }
}

impl<'a> Serializer for Writer<'a> {
    type Ok = Slot;
    type Error = Error;
    type SerializeSeq = Elements<'a>;
    type SerializeTuple = Elements<'a>;
    type SerializeTupleStruct = Elements<'a>;
    type SerializeTupleVariant = Elements<'a>;
    type SerializeMap = Fields<'a>;
    type SerializeStruct = Fields<'a>;
    type SerializeStructVariant = Fields<'a>;

    fn serialize_bool(self, value: bool) -> Result<Slot, Error> {
        Ok(Slot::Bool(value))
    }
    fn serialize_i8(self, value: i8) -> Result<Slot, Error> {
        Ok(Slot::Int(value.into()))
    }
    fn serialize_i16(self, value: i16) -> Result<Slot, Error> {
        Ok(Slot::Int(value.into()))
    }
    fn serialize_i32(self, value: i32) -> Result<Slot, Error> {
        Ok(Slot::Int(value))
    }
    fn serialize_i64(self, value: i64) -> Result<Slot, Error> {
        self.serialize_i128(value.into())
    }
    fn serialize_i128(self, value: i128) -> Result<Slot, Error> {
        Ok(self.heap.add_integer(value))
    }
    fn serialize_u8(self, value: u8) -> Result<Slot, Error> {
        Ok(Slot::Int(value.into()))
    }
    fn serialize_u16(self, value: u16) -> Result<Slot, Error> {
        Ok(Slot::Int(value.into()))
    }
    fn serialize_u32(self, value: u32) -> Result<Slot, Error> {
        Ok(Slot::number(value.into()))
    }
    fn serialize_u64(self, value: u64) -> Result<Slot, Error> {
        self.serialize_i128(value.into())
    }
    fn serialize_u128(self, value: u128) -> Result<Slot, Error> {
        let value =
            i128::try_from(value).map_err(|_| Error::Serde(format!("{value} has more than 127 bits")))?;
        self.serialize_i128(value)
    }
    fn serialize_f32(self, value: f32) -> Result<Slot, Error> {
        Ok(Slot::number(value.into()))
    }
    fn serialize_f64(self, value: f64) -> Result<Slot, Error> {
        Ok(Slot::number(value))
    }
    fn serialize_char(self, value: char) -> Result<Slot, Error> {
        self.serialize_str(value.encode_utf8(&mut [0; 4]))
    }
    fn serialize_str(self, value: &str) -> Result<Slot, Error> {
        Ok(Slot::Text(self.heap.add_str(value)))
    }
    fn serialize_bytes(self, value: &[u8]) -> Result<Slot, Error> {
        Ok(self.heap.add_bytes(value.to_vec()))
    }
    fn serialize_none(self) -> Result<Slot, Error> {
        Ok(Slot::Null)
    }
    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<Slot, Error> {
        value.serialize(self)
    }
    fn serialize_unit(self) -> Result<Slot, Error> {
        Ok(Slot::Null)
    }
    fn serialize_unit_struct(self, _: &'static str) -> Result<Slot, Error> {
        Ok(Slot::Null)
    }
    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<Slot, Error> {
        self.serialize_str(variant)
    }
    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<Slot, Error> {
        value.serialize(self)
    }
    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<Slot, Error> {
        let content = value.serialize(Writer { heap: self.heap })?;
        Ok(self.variant(variant, content))
    }
    fn serialize_seq(self, _: Option<usize>) -> Result<Elements<'a>, Error> {
        Ok(self.elements(None))
    }
    fn serialize_tuple(self, _: usize) -> Result<Elements<'a>, Error> {
        Ok(self.elements(None))
    }
    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Elements<'a>, Error> {
        Ok(self.elements(None))
    }
    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Elements<'a>, Error> {
        Ok(self.elements(Some(variant)))
    }
    fn serialize_map(self, _: Option<usize>) -> Result<Fields<'a>, Error> {
        Ok(self.fields(None))
    }
    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Fields<'a>, Error> {
        Ok(self.fields(None))
    }
    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Fields<'a>, Error> {
        Ok(self.fields(Some(variant)))
    }
}

macro_rules! elements {
    ($($trait:ident $method:ident)*) => {$(
        impl $trait for Elements<'_> {
            type Ok = Slot;
            type Error = Error;
            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
                self.add(value)
            }
            fn end(self) -> Result<Slot, Error> {
                Ok(self.close())
            }
        }
    )*};
}
elements!(SerializeSeq serialize_element SerializeTuple serialize_element SerializeTupleStruct serialize_field SerializeTupleVariant serialize_field);

macro_rules! fields {
    ($($trait:ident)*) => {$(
        impl $trait for Fields<'_> {
            type Ok = Slot;
            type Error = Error;
            fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<(), Error> {
                self.add(name, value)
            }
            fn end(self) -> Result<Slot, Error> {
                Ok(self.close())
            }
        }
    )*};
}
fields!(SerializeStruct SerializeStructVariant);

impl SerializeMap for Fields<'_> {
    type Ok = Slot;
    type Error = Error;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Error> {
        self.key = Some(key_text(key)?);
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        let name = self.key.take().unwrap_or_default();
        self.add(&name, value)
    }

    fn end(self) -> Result<Slot, Error> {
        Ok(self.close())
    }
}

/// The name of a property: what JavaScript makes of a key that is a primitive.
fn key_text<T: Serialize + ?Sized>(key: &T) -> Result<String, Error> {
    let key = Value::from_serde(key)?;
    match key.type_of() {
        "object" => {
            Err(Error::Serde("a map's key is a string, a number, a character or a boolean".to_owned()))
        }
        _ => Ok(key.to_string()),
    }
}
