//! Keys of earlier versions, and errors that give the current form.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IntoDeserializer, MapAccess, Visitor};
use serde::{Deserialize, forward_to_deserialize_any};

/// A key of an earlier version, and the current form of the same setting.
pub type FormerKey = (&'static str, &'static str);

/// A deserializer of parameters that refuses each [`FormerKey`] and names its current form. See
/// [`former_keys!`](crate::former_keys).
pub struct Watched<D> {
    inner: D,
    former: &'static [FormerKey],
}

impl<D> Watched<D> {
    /// Refuses these keys in the map that `inner` holds.
    pub fn new(inner: D, former: &'static [FormerKey]) -> Self {
        Self { inner, former }
    }
}

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Watched<D> {
    type Error = D::Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.inner.deserialize_map(Watching { visitor, former: self.former })
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

struct Watching<V> {
    visitor: V,
    former: &'static [FormerKey],
}

impl<'de, V: Visitor<'de>> Visitor<'de> for Watching<V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.visitor.expecting(f)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<V::Value, A::Error> {
        self.visitor.visit_map(Keys { map, former: self.former })
    }
}

struct Keys<A> {
    map: A,
    former: &'static [FormerKey],
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Keys<A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, A::Error> {
        self.map.next_key_seed(Key { seed, former: self.former })
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, A::Error> {
        self.map.next_value_seed(seed)
    }

    fn size_hint(&self) -> Option<usize> {
        self.map.size_hint()
    }
}

struct Key<S> {
    seed: S,
    former: &'static [FormerKey],
}

impl<'de, S: DeserializeSeed<'de>> DeserializeSeed<'de> for Key<S> {
    type Value = S::Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<S::Value, D::Error> {
        let key = String::deserialize(deserializer)?;
        match self.former.iter().find(|(old, _)| *old == key) {
            Some((old, new)) => Err(D::Error::custom(format!("`{old}` is written `{new}` since 0.2"))),
            None => self.seed.deserialize(key.into_deserializer()),
        }
    }
}

/// Gives a type of parameters an error for each key of an earlier version, with the current form of the key.
///
/// The type derives `Serialize` and `Deserialize` with `#[serde(remote = "Self")]`; this macro implements both traits
/// by the derived functions.
///
/// ```
/// #[derive(Debug, Default, serde::Serialize, serde::Deserialize)]
/// #[serde(remote = "Self", default, deny_unknown_fields)]
/// struct Mine {
///     width: usize,
/// }
///
/// align::former_keys!(Mine: "size" => "width: 8");
///
/// let error = serde_json::from_str::<Mine>(r#"{"size": 8}"#).unwrap_err().to_string();
/// assert!(error.starts_with("`size` is written `width: 8` since 0.2"));
/// ```
#[macro_export]
macro_rules! former_keys {
    ($parameters:ty: $($old:literal => $new:literal),+ $(,)?) => {
        impl<'de> ::serde::Deserialize<'de> for $parameters {
            fn deserialize<D: ::serde::Deserializer<'de>>(deserializer: D) -> ::std::result::Result<Self, D::Error> {
                // The derived function, not this one.
                Self::deserialize($crate::settings::Watched::new(deserializer, &[$(($old, $new)),+]))
            }
        }

        impl ::serde::Serialize for $parameters {
            fn serialize<S: ::serde::Serializer>(&self, serializer: S) -> ::std::result::Result<S::Ok, S::Error> {
                Self::serialize(self, serializer)
            }
        }
    };
}
