//! The one place where methods are registered: the built-in ones, in the order in which tables list them, and those that are
//! added at run time.

use std::fmt;
use std::str::FromStr;
use std::sync::{Arc, LazyLock, PoisonError, RwLock, RwLockReadGuard};

use serde::de::{DeserializeOwned, DeserializeSeed, Error as _, MapAccess, Unexpected, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use super::extend::ExtendParams;
use super::gcpa::GcpaParams;
use super::gpa::GpaParams;
use super::hub::HubParams;
use super::linear::LinearParams;
use super::na::NaParams;
use super::pairwise::PairwiseParams;
use super::relative::RelativeParams;
use super::srm::SrmParams;
use crate::aligner::{Aligner, Method, MomentSpec};
use crate::methods::canonical::cca::CcaParams;
use crate::methods::canonical::gcca::GccaParams;
use crate::methods::canonical::sumcor::SumcorParams;
use crate::moments::{Moments, SufficientStatistics};
use crate::{AlignError, Fit};

macro_rules! built_in {
    ($($name:literal: $parameters:ty,)*) => {
        /// Every method of this crate.
        fn built_in() -> Vec<Entry> {
            vec![$(Entry::of_type::<$parameters>($name)),*]
        }
    };
}

// One line for each method.
built_in! {
    "na": NaParams,
    "pairwise": PairwiseParams,
    "gpa": GpaParams,
    "gcca": GccaParams,
    "gcpa": GcpaParams,
    "extend": ExtendParams,
    "cca": CcaParams,
    "hub": HubParams,
    "sumcor": SumcorParams,
    "srm": SrmParams,
    "linear": LinearParams,
    "relative": RelativeParams,
}

/// Reads a method's parameters.
type Read = dyn Fn(&mut dyn erased_serde::Deserializer<'_>) -> Result<Method, erased_serde::Error> + Send + Sync;

/// A method that can be named.
#[derive(Clone)]
struct Entry {
    name: &'static str,
    default: Method,
    read: Arc<Read>,
}

impl Entry {
    fn of_type<P: Aligner + Default + PartialEq + Serialize + DeserializeOwned>(name: &'static str) -> Self {
        let read = |from: &mut dyn erased_serde::Deserializer<'_>| Ok(erased_serde::deserialize::<P>(from)?.into());
        Self { name, default: P::default().into(), read: Arc::new(read) }
    }
}

struct Registry {
    entries: Vec<Entry>,
    /// Their names; serde keeps names for ever, so each version of the list is kept as long.
    names: &'static [&'static str],
}

impl Registry {
    fn new(entries: Vec<Entry>) -> Self {
        let names: Vec<&'static str> = entries.iter().map(|entry| entry.name).collect();
        Self { entries, names: names.leak() }
    }
}

static REGISTRY: LazyLock<RwLock<Registry>> = LazyLock::new(|| RwLock::new(Registry::new(built_in())));

fn registry() -> RwLockReadGuard<'static, Registry> {
    REGISTRY.read().unwrap_or_else(PoisonError::into_inner)
}

fn entry(name: &str) -> Option<Entry> {
    registry().entries.iter().find(|entry| entry.name == name).cloned()
}

/// The methods that have names.
impl Method {
    /// The names of all methods, in the order in which tables list them; those that were registered last come last.
    pub fn names() -> &'static [&'static str] {
        registry().names
    }

    /// Every method with its defaults, in the order of [`Method::names`].
    pub fn all() -> Vec<Self> {
        registry().entries.iter().map(|entry| entry.default.clone()).collect()
    }

    /// The method of this name with its defaults.
    pub fn from_name(name: &str) -> Option<Self> {
        entry(name).map(|entry| entry.default)
    }

    /// Adds a method to those that have names, for the whole process: grid files, lists and tables then know it as one of
    /// the built-in ones.
    ///
    /// # Errors
    /// [`AlignError::MethodName`] for a name that is taken or cannot stand in a grid file.
    pub fn register<P>() -> Result<(), AlignError>
    where
        P: Aligner + Default + PartialEq + Serialize + DeserializeOwned,
    {
        add(Entry::of_type::<P>(P::default().name()))
    }

    /// As [`Method::register`], for methods that are made of what stands behind their name in a grid file by a function:
    /// one type that is several methods, or one that is written in another language.
    ///
    /// # Errors
    /// As [`Method::register`]; what `make` says of the defaults of P.
    pub fn register_with<P>(
        make: impl Fn(P) -> Result<Self, AlignError> + Send + Sync + 'static,
    ) -> Result<(), AlignError>
    where
        P: Default + DeserializeOwned,
    {
        let default = make(P::default())?;
        let read = move |from: &mut dyn erased_serde::Deserializer<'_>| {
            make(erased_serde::deserialize::<P>(from)?).map_err(erased_serde::Error::custom)
        };
        add(Entry { name: default.name(), default, read: Arc::new(read) })
    }

    /// Fits from sums over rows alone ([`SufficientStatistics`]), wherever the rows are: what takes memory and time does not depend
    /// on their number. For methods that [can](Aligner::moments); for GPA without `robust`.
    ///
    /// # Errors
    /// As [`Method::fit`]; [`AlignError::NeedsRows`] for a method that has to see the rows again;
    /// [`AlignError::OtherViews`] where views miss items and the sums weigh these otherwise than the method does.
    pub fn fit_statistics(&self, sums: &SufficientStatistics, seed: u64) -> Result<Fit, AlignError> {
        self.validate()?;
        let Some(method) = self.moments() else {
            return Err(AlignError::NeedsRows { method: self.name(), instead: from_sums() });
        };
        self.needs().check_views(self.name(), &sums.names().iter().map(String::as_str).collect::<Vec<_>>())?;
        let MomentSpec { incomplete, standardisation } = method.spec();
        if !sums.complete() && sums.incomplete() != incomplete {
            let describe = |incomplete| format!("items weighted as {incomplete:?}");
            return Err(AlignError::OtherViews { got: describe(sums.incomplete()), want: describe(incomplete) });
        }
        match method.fit_moments(&Moments::of(sums, standardisation)?, seed) {
            Err(AlignError::NeedsRows { method, .. }) => Err(AlignError::NeedsRows { method, instead: from_sums() }),
            fit => self.examined(fit?),
        }
    }
}

/// The names of the methods that can be fitted from sums.
fn from_sums() -> Vec<&'static str> {
    registry().entries.iter().filter(|entry| entry.default.moments().is_some()).map(|entry| entry.name).collect()
}

fn add(new: Entry) -> Result<(), AlignError> {
    let refuse = |problem| Err(AlignError::MethodName { name: new.name.to_string(), problem });
    let letter = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    if !new.name.starts_with(|c: char| c.is_ascii_lowercase()) || !new.name.chars().all(letter) {
        return refuse("wanted lower-case letters, digits and `_`, a letter first");
    }
    let mut registry = REGISTRY.write().unwrap_or_else(PoisonError::into_inner);
    if registry.names.contains(&new.name) {
        return refuse("another method has this name; take a different one");
    }
    let mut entries = std::mem::take(&mut registry.entries);
    entries.push(new);
    *registry = Registry::new(entries);
    Ok(())
}

/// A bare name is the method with its defaults.
impl FromStr for Method {
    type Err = AlignError;

    fn from_str(name: &str) -> Result<Self, AlignError> {
        let known = || Self::names().join(", ");
        Self::from_name(name).ok_or_else(|| AlignError::UnknownMethod { name: name.to_string(), known: known() })
    }
}

/// A bare name, or one name with parameters.
impl<'de> Deserialize<'de> for Method {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NameOrMap)
    }
}

struct NameOrMap;

impl<'de> Visitor<'de> for NameOrMap {
    type Value = Method;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("string or map")
    }

    fn visit_str<E: serde::de::Error>(self, name: &str) -> Result<Method, E> {
        Method::from_name(name).ok_or_else(|| E::unknown_variant(name, Method::names()))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Method, A::Error> {
        let one = || A::Error::invalid_value(Unexpected::Map, &"map with a single key");
        let name: String = map.next_key()?.ok_or_else(one)?;
        let entry = entry(&name).ok_or_else(|| A::Error::unknown_variant(&name, Method::names()))?;
        let method = map.next_value_seed(Parameters(&entry))?;
        match map.next_key::<String>()? {
            None => Ok(method),
            Some(_) => Err(one()),
        }
    }
}

/// The parameters of a method, to be read.
struct Parameters<'a>(&'a Entry);

impl<'de> DeserializeSeed<'de> for Parameters<'_> {
    type Value = Method;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Method, D::Error> {
        (self.0.read)(&mut <dyn erased_serde::Deserializer<'_>>::erase(deserializer)).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_has_a_method_that_answers_to_it() {
        for name in Method::names() {
            assert_eq!(Method::from_name(name).map(|m| m.name()), Some(*name));
            assert_eq!(name.parse::<Method>().map(|m| m.to_string()), Ok((*name).to_string()));
        }
    }
}
