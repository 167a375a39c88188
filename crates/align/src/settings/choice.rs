//! Settings with one of several names, each of which has settings of its own.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::{EnumAccessDeserializer, MapDeserializer};
use serde::de::{
    Deserialize, DeserializeSeed, Deserializer, EnumAccess, Error, IntoDeserializer, MapAccess, Unexpected,
    VariantAccess, Visitor,
};

/// Reads an enum of settings: a bare name takes the variant's defaults (`base: gpa`, `base: gcca`), and a name can have
/// settings behind it (`base: {gpa: {tol: 1e-6}}`).
///
/// For fields, as `#[serde(deserialize_with = "align::choice")]`. The type derives [`Deserialize`] with the usual external
/// tag; a variant holds nothing, or a type that reads an empty map as its defaults.
///
/// # Errors
/// An unknown name; settings behind a name that has none; two names, because only one can be chosen.
///
/// ```
/// use align::methods::gcpa::{CorrectorBase, GpaBase};
///
/// let read = |text: &str| align::choice::<_, CorrectorBase>(&mut serde_json::Deserializer::from_str(text));
/// assert_eq!(read(r#""gpa""#)?, CorrectorBase::Gpa(GpaBase::default()));
/// assert_eq!(read(r#"{"gpa": {"tol": 1e-6}}"#)?, CorrectorBase::Gpa(GpaBase { tol: 1e-6, ..GpaBase::default() }));
/// assert!(read(r#"{"gcca": {"tol": 1e-6}}"#).is_err());
/// # Ok::<(), serde_json::Error>(())
/// ```
pub fn choice<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<T, D::Error> {
    deserializer.deserialize_any(NameOrMap(PhantomData))
}

struct NameOrMap<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for NameOrMap<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name, or one name with its settings")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<T, E> {
        T::deserialize(EnumAccessDeserializer::new(Bare(name, PhantomData)))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
        T::deserialize(EnumAccessDeserializer::new(WithSettings(map)))
    }
}

/// A name without settings.
struct Bare<'a, E>(&'a str, PhantomData<E>);

impl<'de, E: Error> EnumAccess<'de> for Bare<'_, E> {
    type Error = E;
    type Variant = Defaults<E>;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Defaults<E>), E> {
        Ok((seed.deserialize(self.0.into_deserializer())?, Defaults(PhantomData)))
    }
}

/// The default settings of a name without settings.
struct Defaults<E>(PhantomData<E>);

impl<'de, E: Error> VariantAccess<'de> for Defaults<E> {
    type Error = E;

    fn unit_variant(self) -> Result<(), E> {
        Ok(())
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, E> {
        seed.deserialize(nothing())
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, E> {
        Err(E::invalid_type(Unexpected::UnitVariant, &visitor))
    }

    fn struct_variant<V: Visitor<'de>>(self, _: &'static [&'static str], visitor: V) -> Result<V::Value, E> {
        visitor.visit_map(nothing())
    }
}

fn nothing<'de, E: Error>() -> MapDeserializer<'de, std::iter::Empty<(&'static str, &'static str)>, E> {
    MapDeserializer::new(std::iter::empty())
}

/// A map with one name and the settings behind it.
struct WithSettings<A>(A);

impl<'de, A: MapAccess<'de>> WithSettings<A> {
    fn settings<S: DeserializeSeed<'de>>(mut self, seed: S) -> Result<S::Value, A::Error> {
        let settings = self.0.next_value_seed(OrNothing(seed))?;
        match self.0.next_key::<String>()? {
            None => Ok(settings),
            Some(second) => Err(A::Error::custom(format!("`{second}` is a second name, and only one can be chosen"))),
        }
    }
}

impl<'de, A: MapAccess<'de>> EnumAccess<'de> for WithSettings<A> {
    type Error = A::Error;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(mut self, seed: V) -> Result<(V::Value, Self), A::Error> {
        match self.0.next_key_seed(seed)? {
            Some(name) => Ok((name, self)),
            None => Err(A::Error::invalid_type(Unexpected::Map, &"a name, or one name with its settings")),
        }
    }
}

impl<'de, A: MapAccess<'de>> VariantAccess<'de> for WithSettings<A> {
    type Error = A::Error;

    fn unit_variant(self) -> Result<(), A::Error> {
        self.settings(PhantomData::<NoSettings>).map(|_| ())
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, A::Error> {
        self.settings(seed)
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, A::Error> {
        Err(A::Error::invalid_type(Unexpected::Map, &visitor))
    }

    fn struct_variant<V: Visitor<'de>>(self, _: &'static [&'static str], visitor: V) -> Result<V::Value, A::Error> {
        self.settings(Struct(visitor))
    }
}

/// Settings of a name that has none.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct NoSettings {}

struct Struct<V>(V);

impl<'de, V: Visitor<'de>> DeserializeSeed<'de> for Struct<V> {
    type Value = V::Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<V::Value, D::Error> {
        deserializer.deserialize_map(self.0)
    }
}

/// Reads null, a key without a value, as an empty map.
struct OrNothing<S>(S);

impl<'de, S: DeserializeSeed<'de>> DeserializeSeed<'de> for OrNothing<S> {
    type Value = S::Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<S::Value, D::Error> {
        deserializer.deserialize_option(self)
    }
}

impl<'de, S: DeserializeSeed<'de>> Visitor<'de> for OrNothing<S> {
    type Value = S::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("settings, or nothing")
    }

    fn visit_none<E: Error>(self) -> Result<S::Value, E> {
        self.0.deserialize(nothing())
    }

    fn visit_unit<E: Error>(self) -> Result<S::Value, E> {
        self.0.deserialize(nothing())
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<S::Value, D::Error> {
        self.0.deserialize(deserializer)
    }
}
