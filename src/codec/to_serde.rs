//! A value as any type that serde can build.

use super::error::{Error, SERDE_DEPTH};
use super::value::Kind;
use super::{Ref, Value};
use serde::Deserializer;
use serde::de::value::{MapDeserializer, SeqDeserializer};
use serde::de::{DeserializeOwned, EnumAccess, IntoDeserializer, VariantAccess, Visitor};
use serde::forward_to_deserialize_any;
use std::borrow::Cow;

impl Value {
    /// The value as a `T`. See [`Ref::to_serde`].
    ///
    /// # Errors
    /// If it is not what `T` expects.
    pub fn to_serde<T: DeserializeOwned>(&self) -> Result<T, Error> {
        self.root().to_serde()
    }
}

impl Ref<'_> {
    /// This as a `T`: objects and Maps as structs or maps, arrays and Sets as sequences, buffers and views as bytes, `undefined` and
    /// `null` as `None`, Dates as ISO 8601, Errors as `{name, message, stack, cause}`. An object that occurs twice is read twice.
    ///
    /// # Errors
    /// If it is not what `T` expects, has a function or symbol in it, or is nested deeper than 128 levels.
    pub fn to_serde<T: DeserializeOwned>(self) -> Result<T, Error> {
        T::deserialize(Reader { value: self, depth: SERDE_DEPTH })
    }
}

#[derive(Clone, Copy)]
struct Reader<'a> {
    value: Ref<'a>,
    /// Levels that may follow.
    depth: usize,
}

impl<'a> Reader<'a> {
    fn inner(self, value: Ref<'a>) -> Reader<'a> {
        Reader { value, depth: self.depth - 1 }
    }

    fn visit_map<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Error> {
        let value = self.value;
        match value.kind() {
            Kind::Map => visitor.visit_map(MapDeserializer::new(
                value.entries().map(|(key, value)| (self.inner(key), self.inner(value))),
            )),
            Kind::Error => {
                let error = value.as_error();
                let text = |text: Option<Cow<'a, str>>| text.map(Field::Text);
                let fields = error.into_iter().flat_map(|error| {
                    [
                        ("name", Some(Field::Text(error.name()))),
                        ("message", text(error.message())),
                        ("stack", text(error.stack())),
                        ("cause", error.cause().map(|cause| Field::Value(self.inner(cause)))),
                    ]
                });
                visitor
                    .visit_map(MapDeserializer::new(fields.filter_map(|(name, field)| Some((name, field?)))))
            }
            _ => visitor.visit_map(MapDeserializer::new(
                value.props().map(|(name, value)| (PropertyName(name.to_text()), self.inner(value))),
            )),
        }
    }
}

/// A property's name, which is a number where the type wants one: JavaScript has no other way to say `{1: …}`.
struct PropertyName<'a>(Cow<'a, str>);

impl<'a> IntoDeserializer<'a, Error> for PropertyName<'a> {
    type Deserializer = Self;
    fn into_deserializer(self) -> Self {
        self
    }
}

macro_rules! numbers {
    ($($method:ident)*) => {$(
        fn $method<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Error> {
            match self.0.parse::<i128>().map(|number| (i64::try_from(number), u64::try_from(number))) {
                Ok((Ok(number), _)) => visitor.visit_i64(number),
                Ok((_, Ok(number))) => visitor.visit_u64(number),
                _ => self.deserialize_any(visitor),
            }
        }
    )*};
}

impl<'a> Deserializer<'a> for PropertyName<'a> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Error> {
        Field::Text(self.0).deserialize_any(visitor)
    }

    fn deserialize_bool<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0.parse() {
            Ok(value) => visitor.visit_bool(value),
            Err(_) => self.deserialize_any(visitor),
        }
    }

    fn deserialize_enum<V: Visitor<'a>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_enum(Variant { name: self.0, content: None })
    }

    fn deserialize_newtype_struct<V: Visitor<'a>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    numbers! {
        deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_i128
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_u128
    }

    forward_to_deserialize_any! {
        <V: Visitor<'a>>
        f32 f64 char str string bytes byte_buf option unit unit_struct seq tuple tuple_struct map struct identifier
        ignored_any
    }
}

/// A part of an Error.
enum Field<'a> {
    Text(Cow<'a, str>),
    Value(Reader<'a>),
}

impl<'a> IntoDeserializer<'a, Error> for Reader<'a> {
    type Deserializer = Self;
    fn into_deserializer(self) -> Self {
        self
    }
}

impl<'a> IntoDeserializer<'a, Error> for Field<'a> {
    type Deserializer = Self;
    fn into_deserializer(self) -> Self {
        self
    }
}

impl<'a> Deserializer<'a> for Field<'a> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Error> {
        match self {
            Field::Text(Cow::Borrowed(text)) => visitor.visit_borrowed_str(text),
            Field::Text(Cow::Owned(text)) => visitor.visit_string(text),
            Field::Value(reader) => reader.deserialize_any(visitor),
        }
    }

    fn deserialize_option<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Error> {
        match self {
            Field::Value(reader) => reader.deserialize_option(visitor),
            text @ Field::Text(_) => visitor.visit_some(text),
        }
    }

    forward_to_deserialize_any! {
        <V: Visitor<'a>>
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct newtype_struct
        seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

impl<'a> Deserializer<'a> for Reader<'a> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Error> {
        if self.depth == 0 {
            return Err(Error::TooDeep { limit: SERDE_DEPTH });
        }
        let value = self.value;
        match value.kind() {
            Kind::Undefined | Kind::Null => visitor.visit_unit(),
            Kind::Boolean => visitor.visit_bool(value.as_bool().unwrap_or_default()),
            Kind::Number => {
                let number = value.as_f64().unwrap_or_default();
                match value.as_i64() {
                    Some(whole) if whole != 0 || number.is_sign_positive() => visitor.visit_i64(whole),
                    _ => visitor.visit_f64(number),
                }
            }
            Kind::BigInt => {
                let number = value.as_bigint().unwrap_or_default();
                let small = number.to_i128();
                match (
                    small.and_then(|n| i64::try_from(n).ok()),
                    small.and_then(|n| u64::try_from(n).ok()),
                    small,
                ) {
                    (Some(number), _, _) => visitor.visit_i64(number),
                    (_, Some(number), _) => visitor.visit_u64(number),
                    (_, _, Some(number)) => visitor.visit_i128(number),
                    _ => visitor.visit_string(number.to_string()),
                }
            }
            Kind::String => match (value.as_str(), value.as_text()) {
                (Some(text), _) => visitor.visit_borrowed_str(text),
                (_, lossy) => visitor.visit_string(lossy.unwrap_or_default().into_owned()),
            },
            Kind::Date | Kind::RegExp => visitor.visit_string(value.to_string()),
            Kind::Buffer | Kind::View => visitor.visit_borrowed_bytes(value.as_bytes().unwrap_or_default()),
            Kind::Boxed => value
                .as_boxed()
                .map_or(Err(Error::NotCloneable), |boxed| self.inner(boxed).deserialize_any(visitor)),
            Kind::Array | Kind::Set => self.deserialize_seq(visitor),
            Kind::Object | Kind::Map | Kind::Error => self.visit_map(visitor),
            Kind::Symbol | Kind::Function => Err(Error::NotCloneable),
        }
    }

    fn deserialize_seq<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Error> {
        if self.depth == 0 {
            return Err(Error::TooDeep { limit: SERDE_DEPTH });
        }
        match self.value.kind() {
            // Not by the length, which a hostile array may say is four billion: a hole ends nothing, but it counts for nothing either.
            Kind::Array | Kind::Set => visitor.visit_seq(SeqDeserializer::new(
                self.value.elements().map(|(_, element)| self.inner(element)),
            )),
            Kind::Buffer | Kind::View => {
                let bytes = self.value.as_bytes().unwrap_or_default();
                visitor.visit_seq(SeqDeserializer::new(bytes.iter().copied()))
            }
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_option<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Error> {
        if self.value.is_nullish() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_newtype_struct<V: Visitor<'a>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'a>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        match (self.value.kind(), self.value.props().next()) {
            (Kind::Object, Some((name, content))) if self.depth > 0 && self.value.len() == 1 => {
                visitor.visit_enum(Variant { name: name.to_text(), content: Some(self.inner(content)) })
            }
            (Kind::String, _) => {
                visitor.visit_enum(Variant { name: self.value.as_text().unwrap_or_default(), content: None })
            }
            _ => Err(Error::Serde("an enum is a string, or an object with one property".to_owned())),
        }
    }

    fn deserialize_tuple<V: Visitor<'a>>(self, _: usize, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'a>>(
        self,
        _: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.deserialize_seq(visitor)
    }

    forward_to_deserialize_any! {
        <V: Visitor<'a>>
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct map struct
        identifier ignored_any
    }
}

struct Variant<'a> {
    name: Cow<'a, str>,
    content: Option<Reader<'a>>,
}

impl<'a> EnumAccess<'a> for Variant<'a> {
    type Error = Error;
    type Variant = Variant<'a>;

    fn variant_seed<T: serde::de::DeserializeSeed<'a>>(
        self,
        seed: T,
    ) -> Result<(T::Value, Variant<'a>), Error> {
        Ok((seed.deserialize(IntoDeserializer::<Error>::into_deserializer(self.name.as_ref()))?, self))
    }
}

impl<'a> VariantAccess<'a> for Variant<'a> {
    type Error = Error;

    fn unit_variant(self) -> Result<(), Error> {
        match self.content {
            None => Ok(()),
            Some(_) => Err(Error::Serde(format!("the variant {} has no content", self.name))),
        }
    }

    fn newtype_variant_seed<T: serde::de::DeserializeSeed<'a>>(self, seed: T) -> Result<T::Value, Error> {
        seed.deserialize(self.filled()?)
    }

    fn tuple_variant<V: Visitor<'a>>(self, _: usize, visitor: V) -> Result<V::Value, Error> {
        self.filled()?.deserialize_seq(visitor)
    }

    fn struct_variant<V: Visitor<'a>>(
        self,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.filled()?.deserialize_any(visitor)
    }
}

impl<'a> Variant<'a> {
    fn filled(self) -> Result<Reader<'a>, Error> {
        self.content.ok_or_else(|| Error::Serde(format!("the variant {} has a content", self.name)))
    }
}
