//! Names in grid files: one registry for methods and one for tasks, of types that the registry does not know.
//!
//! [`Method`](crate::Method) holds any type that implements [`Aligner`](crate::Aligner); the crate `tasks` has a type
//! `Task` in the same way. Both implement [`Named`]. This module holds the rest: the list of names, the rules for a new
//! name, former names, and the reader of `gpa` or `gpa: {scale: true}`.

use std::any::Any;
use std::fmt::{self, Display};
use std::marker::PhantomData;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

use serde::de::value::MapAccessDeserializer;
use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, Error as _, IntoDeserializer, MapAccess, Unexpected, Visitor,
};
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Named values (methods, tasks), each of which holds parameters of a type of its own.
pub trait Named: Clone + Send + Sync + 'static {
    /// The word for such a value in errors, such as `method`.
    const KIND: &'static str;

    /// The name in grid files, the same for all parameters.
    fn name(&self) -> &'static str;

    /// The registry of the names.
    fn registry() -> &'static Registry<Self>;

    /// What to do about a name that another program has; `None` for all other names.
    fn elsewhere(name: &str) -> Option<&'static str> {
        let _ = name;
        None
    }
}

/// A parameter, as lists show it. A parameter of a setting is named by its path, such as `loss.tau`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ParameterDoc {
    /// The name in grid files.
    pub name: &'static str,
    /// The default as a grid file has it; empty where no value in a grid file means the default.
    pub default: &'static str,
    /// The values that it can have.
    pub domain: &'static str,
    /// One line on its meaning.
    pub about: &'static str,
}

impl ParameterDoc {
    /// A parameter: its name, its default, the values that it can have, and one line on its meaning.
    pub const fn new(name: &'static str, default: &'static str, domain: &'static str, about: &'static str) -> Self {
        Self { name, default, domain, about }
    }
}

/// Parameters of any type: the operations that a [`Named`] value needs besides its own trait. Every type with
/// `PartialEq` and `serde::Serialize` implements it.
pub trait Parameters: Any {
    /// The parameters as `dyn Any`.
    fn as_any(&self) -> &dyn Any;

    /// Whether `other` has the same type and is equal.
    fn equals(&self, other: &dyn Any) -> bool;

    /// The parameters for serde.
    fn to_serialise(&self) -> &dyn erased_serde::Serialize;
}

impl<P: Any + PartialEq + Serialize> Parameters for P {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn equals(&self, other: &dyn Any) -> bool {
        other.downcast_ref::<P>().is_some_and(|other| other == self)
    }

    fn to_serialise(&self) -> &dyn erased_serde::Serialize {
        self
    }
}

/// Serialises a named value as `{name: parameters}`.
///
/// # Errors
/// Errors of the parameters or of the serializer.
pub fn serialize<S: serde::Serializer>(
    name: &'static str,
    parameters: &dyn Parameters,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.serialize_newtype_variant("Named", 0, name, parameters.to_serialise())
}

/// A former name and its replacement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("`{old}` is called `{name}` since {since}")]
pub struct Renamed {
    /// The former name.
    pub old: &'static str,
    /// The current name.
    pub name: &'static str,
    /// The first version with the current name.
    pub since: &'static str,
}

/// Reason why a name cannot be registered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum NameProblem {
    /// Characters that names in grid files cannot have.
    #[error("expected lower-case letters, digits and `_`, a letter first")]
    Characters,
    /// A name that is taken.
    #[error("another {kind} has this name; take a different one")]
    Taken {
        /// The word for the values, such as `method`.
        kind: &'static str,
    },
    /// A name that is reserved.
    #[error("{use_of_it}; take a different one")]
    Reserved {
        /// The use of the name.
        use_of_it: &'static str,
    },
    /// A former name.
    #[error("{0}; take a different one")]
    Old(Renamed),
}

/// Reads the parameters of a named value.
type Read<T> = dyn Fn(&mut dyn erased_serde::Deserializer<'_>) -> Result<T, erased_serde::Error> + Send + Sync;

/// Entry of a registry: a name, the value with its defaults, and the reader of its parameters.
#[derive(Clone)]
pub struct Entry<T> {
    name: &'static str,
    default: T,
    read: Arc<Read<T>>,
}

impl<T: Named> Entry<T> {
    /// Entry for parameters of one type.
    pub fn of<P: Default + DeserializeOwned + Into<T>>(name: &'static str) -> Self {
        let read =
            |from: &mut dyn erased_serde::Deserializer<'_>| Ok(erased_serde::deserialize::<Mapping<P>>(from)?.0.into());
        Self { name, default: P::default().into(), read: Arc::new(read) }
    }

    /// Entry for values that a function makes from parameters.
    ///
    /// # Errors
    /// The error of `make` for the default parameters.
    pub fn made_by<P, E>(make: impl Fn(P) -> Result<T, E> + Send + Sync + 'static) -> Result<Self, E>
    where
        P: Default + DeserializeOwned,
        E: Display,
    {
        let default = make(P::default())?;
        let read = move |from: &mut dyn erased_serde::Deserializer<'_>| {
            make(erased_serde::deserialize::<Mapping<P>>(from)?.0).map_err(erased_serde::Error::custom)
        };
        Ok(Self { name: default.name(), default, read: Arc::new(read) })
    }

    /// The name of the entry.
    pub fn name(&self) -> &'static str {
        self.name
    }
}

/// Names of all values of one kind: the built-in ones first, then those that were registered at run time.
pub struct Registry<T> {
    listed: RwLock<Listed<T>>,
    /// Reserved names, each with its use.
    reserved: &'static [(&'static str, &'static str)],
    renamed: &'static [Renamed],
}

struct Listed<T> {
    entries: Vec<Entry<T>>,
    /// The names. serde needs names that live for ever, so each version of the list stays in memory.
    names: &'static [&'static str],
}

impl<T> Listed<T> {
    fn new(entries: Vec<Entry<T>>) -> Self {
        let names: Vec<&'static str> = entries.iter().map(|entry| entry.name).collect();
        Self { entries, names: names.leak() }
    }
}

impl<T: Named> Registry<T> {
    /// A registry of built-in values in their order. `reserved` has names that cannot be registered, each with its use;
    /// `renamed` has the former names.
    pub fn new(
        built_in: Vec<Entry<T>>,
        reserved: &'static [(&'static str, &'static str)],
        renamed: &'static [Renamed],
    ) -> Self {
        Self { listed: RwLock::new(Listed::new(built_in)), reserved, renamed }
    }

    fn listed(&self) -> RwLockReadGuard<'_, Listed<T>> {
        self.listed.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn entry(&self, name: &str) -> Option<Entry<T>> {
        self.listed().entries.iter().find(|entry| entry.name == name).cloned()
    }

    /// The names in order; registered ones come last.
    pub fn names(&self) -> &'static [&'static str] {
        self.listed().names
    }

    /// Every value with its defaults, in the order of [`Registry::names`].
    pub fn all(&self) -> Vec<T> {
        self.listed().entries.iter().map(|entry| entry.default.clone()).collect()
    }

    /// The value with this name and its defaults.
    pub fn get(&self, name: &str) -> Option<T> {
        self.entry(name).map(|entry| entry.default)
    }

    /// The new name for a former name; `None` if the name is not a former one.
    pub fn renamed(&self, name: &str) -> Option<Renamed> {
        self.renamed.iter().find(|renamed| renamed.old == name).copied()
    }

    /// Registers a value for the whole process.
    ///
    /// # Errors
    /// A name that is taken, or that grid files cannot contain.
    pub fn add(&self, new: Entry<T>) -> Result<(), NameProblem> {
        let name = new.name;
        let letter = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        if !name.starts_with(|c: char| c.is_ascii_lowercase()) || !name.chars().all(letter) {
            return Err(NameProblem::Characters);
        }
        if let Some(&(_, use_of_it)) = self.reserved.iter().find(|(reserved, _)| *reserved == name) {
            return Err(NameProblem::Reserved { use_of_it });
        }
        if let Some(renamed) = self.renamed(name) {
            return Err(NameProblem::Old(renamed));
        }
        let mut listed = self.listed.write().unwrap_or_else(PoisonError::into_inner);
        if listed.names.contains(&name) {
            return Err(NameProblem::Taken { kind: T::KIND });
        }
        let mut entries = std::mem::take(&mut listed.entries);
        entries.push(new);
        *listed = Listed::new(entries);
        Ok(())
    }

    /// The serde error for an unknown name.
    fn unknown<E: serde::de::Error>(&self, name: &str) -> E {
        match (self.renamed(name), T::elsewhere(name)) {
            (Some(renamed), _) => E::custom(renamed),
            (None, Some(remedy)) => E::custom(remedy),
            (None, None) => E::unknown_variant(name, self.names()),
        }
    }
}

/// Reads a bare name (the value with its defaults) or one name with parameters.
///
/// # Errors
/// An unknown name, a former name, and errors of the parameters.
pub fn deserialize<'de, T: Named, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    deserializer.deserialize_any(NameOrMap(PhantomData))
}

struct NameOrMap<T>(PhantomData<T>);

impl<'de, T: Named> Visitor<'de> for NameOrMap<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("string or map")
    }

    fn visit_str<E: serde::de::Error>(self, name: &str) -> Result<T, E> {
        T::registry().get(name).ok_or_else(|| T::registry().unknown(name))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<T, A::Error> {
        let one = || A::Error::invalid_value(Unexpected::Map, &"map with a single key");
        let name: String = map.next_key()?.ok_or_else(one)?;
        let entry = T::registry().entry(&name).ok_or_else(|| T::registry().unknown::<A::Error>(&name))?;
        let thing = map.next_value_seed(ParametersOf(&entry))?;
        match map.next_key::<String>()? {
            None => Ok(thing),
            Some(_) => Err(one()),
        }
    }
}

/// Parameters by name. A derived reader would also take a list, by position.
struct Mapping<P>(P);

impl<'de, P: DeserializeOwned> Deserialize<'de> for Mapping<P> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(MappingOf(PhantomData)).map(Self)
    }
}

struct MappingOf<P>(PhantomData<P>);

impl<'de, P: DeserializeOwned> Visitor<'de> for MappingOf<P> {
    type Value = P;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a mapping from names to values")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<P, A::Error> {
        P::deserialize(MapAccessDeserializer::new(map))
    }

    // Of a type without fields.
    fn visit_unit<E: serde::de::Error>(self) -> Result<P, E> {
        P::deserialize(().into_deserializer())
    }
}

/// Reader of the parameters of an entry.
struct ParametersOf<'a, T>(&'a Entry<T>);

impl<'de, T> DeserializeSeed<'de> for ParametersOf<'_, T> {
    type Value = T;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<T, D::Error> {
        (self.0.read)(&mut <dyn erased_serde::Deserializer<'_>>::erase(deserializer)).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use super::*;

    /// A tone of some pitch.
    #[derive(Clone, Debug, PartialEq)]
    struct Tone(&'static str, u32);

    #[derive(Default, Deserialize)]
    #[serde(default, deny_unknown_fields)]
    struct Pitch {
        hertz: u32,
    }

    impl From<Pitch> for Tone {
        fn from(pitch: Pitch) -> Self {
            Self("flute", pitch.hertz)
        }
    }

    static TONES: LazyLock<Registry<Tone>> = LazyLock::new(|| {
        let renamed = &[Renamed { old: "pipe", name: "flute", since: "0.2" }];
        Registry::new(vec![Entry::of::<Pitch>("flute")], &[("silence", "silence is no tone")], renamed)
    });

    impl Named for Tone {
        const KIND: &'static str = "tone";

        fn name(&self) -> &'static str {
            self.0
        }

        fn registry() -> &'static Registry<Self> {
            &TONES
        }
    }

    fn read(text: &str) -> Result<Tone, String> {
        deserialize(&mut serde_json::Deserializer::from_str(text)).map_err(|e| e.to_string())
    }

    #[test]
    fn an_old_name_is_answered_with_the_name_today() {
        assert_eq!(read(r#"{"flute": {"hertz": 440}}"#), Ok(Tone("flute", 440)));
        for text in [r#""pipe""#, r#"{"pipe": {"hertz": 440}}"#] {
            let error = read(text).expect_err("an old name");
            assert!(error.starts_with("`pipe` is called `flute` since 0.2"), "{error}");
        }
        let error = read(r#""pip""#).expect_err("no name");
        assert!(error.starts_with("unknown variant `pip`, expected `flute`"), "{error}");
        assert_eq!(TONES.renamed("flute"), None);
    }

    #[test]
    fn parameters_are_given_by_name() {
        let error = read(r#"{"flute": [440]}"#).expect_err("a list");
        assert!(error.contains("expected a mapping from names to values"), "{error}");
        let error = read(r#"{"flute": {"hertz": "high"}}"#).expect_err("a text");
        assert!(error.contains("expected u32"), "{error}");
    }

    #[test]
    fn names_that_cannot_be_given_are_refused() {
        let add = |name: &'static str| {
            let entry = Entry::made_by(move |pitch: Pitch| Ok::<_, String>(Tone(name, pitch.hertz)));
            TONES.add(entry.expect("a tone")).map_err(|problem| problem.to_string())
        };
        let problem = |name| add(name).expect_err("refused");
        assert_eq!(problem("Flute"), "expected lower-case letters, digits and `_`, a letter first");
        assert_eq!(problem("silence"), "silence is no tone; take a different one");
        assert_eq!(problem("flute"), "another tone has this name; take a different one");
        assert_eq!(problem("pipe"), "`pipe` is called `flute` since 0.2; take a different one");
        assert_eq!(add("oboe"), Ok(()));
        assert_eq!((TONES.names().last(), read(r#""oboe""#)), (Some(&"oboe"), Ok(Tone("oboe", 0))));
    }
}
