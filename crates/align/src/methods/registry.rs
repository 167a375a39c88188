//! The registry of methods: the built-in methods in the order in which tables list them, and the methods that are added
//! at run time.

use std::str::FromStr;
use std::sync::LazyLock;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize};

use super::adapters::low_rank::LowRankAffineParams;
use super::adapters::residual::ResidualMlpParams;
use super::add_view::AddViewParams;
use super::consensus_ridge::ConsensusRidgeParams;
use super::gcpa::GcpaParams;
use super::gpa::GpaParams;
use super::kernel_gcca::KernelGccaParams;
use super::na::NaParams;
use super::pairwise::PairwiseParams;
use super::pivot::PivotParams;
use super::relative::RelativeParams;
use super::srm::SrmParams;
use crate::AlignError;
use crate::aligner::{Aligner, Method};
use crate::methods::canonical::cca::CcaParams;
use crate::methods::canonical::gcca::GccaParams;
use crate::methods::canonical::sumcor::SumcorParams;
use crate::named::{self, Entry, Named, Registry, Renamed};

/// The built-in methods, one line each.
fn built_in() -> Vec<Entry<Method>> {
    vec![
        Entry::of::<NaParams>("na"),
        Entry::of::<PairwiseParams>("pairwise"),
        Entry::of::<GpaParams>("gpa"),
        Entry::of::<GccaParams>("gcca"),
        Entry::of::<GcpaParams>("gcpa"),
        Entry::of::<AddViewParams>("add_view"),
        Entry::of::<CcaParams>("cca"),
        Entry::of::<PivotParams>("pivot"),
        Entry::of::<SumcorParams>("sumcor"),
        Entry::of::<SrmParams>("srm"),
        Entry::of::<ConsensusRidgeParams>("consensus_ridge"),
        Entry::of::<RelativeParams>("relative"),
        Entry::of::<KernelGccaParams>("kernel_gcca"),
        Entry::of::<LowRankAffineParams>("low_rank_affine"),
        Entry::of::<ResidualMlpParams>("residual_mlp"),
    ]
}

/// Former names of methods.
const RENAMED: &[Renamed] = &[
    Renamed { old: "hub", name: "pivot", since: "0.2" },
    Renamed { old: "linear", name: "consensus_ridge", since: "0.2" },
    Renamed { old: "extend", name: "add_view", since: "0.2" },
];

static METHODS: LazyLock<Registry<Method>> = LazyLock::new(|| Registry::new(built_in(), &[], RENAMED));

impl Named for Method {
    const KIND: &'static str = "method";

    fn name(&self) -> &'static str {
        self.name()
    }

    fn registry() -> &'static Registry<Self> {
        &METHODS
    }

    fn elsewhere(name: &str) -> Option<&'static str> {
        let remedy =
            "methods that are written in Python run in Python; run this grid there: `polyalign.run(\"grid.yaml\")`";
        (name == "python").then_some(remedy)
    }
}

/// Methods by name.
impl Method {
    /// The names of all methods in the order in which tables list them; registered methods come last.
    pub fn names() -> &'static [&'static str] {
        METHODS.names()
    }

    /// Every method with its default parameters, in the order of [`Method::names`].
    pub fn all() -> Vec<Self> {
        METHODS.all()
    }

    /// The method with this name and its default parameters.
    pub fn from_name(name: &str) -> Option<Self> {
        METHODS.get(name)
    }

    /// The new name for a former name of a method; `None` if the name is not a former one.
    pub fn renamed(name: &str) -> Option<Renamed> {
        METHODS.renamed(name)
    }

    /// Registers a method under its name for the whole process. Grid files, lists and tables then treat it like a
    /// built-in method.
    ///
    /// # Errors
    /// [`AlignError::MethodName`] for a name that is taken or that grid files cannot contain.
    pub fn register<P>() -> Result<(), AlignError>
    where
        P: Aligner + Default + PartialEq + Serialize + DeserializeOwned,
    {
        add(Entry::of::<P>(P::default().name()))
    }

    /// Registers methods that a function makes from the parameters in a grid file: one type that implements several
    /// methods, or a method that is written in another language. See [`Method::register`].
    ///
    /// # Errors
    /// The errors of [`Method::register`], and the error of `make` for the default parameters.
    pub fn register_with<P>(
        make: impl Fn(P) -> Result<Self, AlignError> + Send + Sync + 'static,
    ) -> Result<(), AlignError>
    where
        P: Default + DeserializeOwned,
    {
        add(Entry::made_by(make)?)
    }
}

fn add(new: Entry<Method>) -> Result<(), AlignError> {
    let name = new.name().to_string();
    METHODS.add(new).map_err(|problem| AlignError::MethodName { name, problem })
}

/// A bare name is the method with its default parameters.
impl FromStr for Method {
    type Err = AlignError;

    fn from_str(name: &str) -> Result<Self, AlignError> {
        let unknown = || match Self::renamed(name) {
            Some(renamed) => AlignError::RenamedMethod(renamed),
            None => AlignError::UnknownMethod { name: name.to_string(), known: Self::names().join(", ") },
        };
        Self::from_name(name).ok_or_else(unknown)
    }
}

/// A bare name, or one name with parameters.
impl<'de> Deserialize<'de> for Method {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        named::deserialize(deserializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_method_written_in_python_is_sent_there() {
        let error = serde_json::from_str::<Method>(r#"{"python": {"module": "mine"}}"#).expect_err("not here");
        assert!(
            error.to_string().starts_with("methods that are written in Python run in Python; run this grid there"),
            "{error}"
        );
    }

    #[test]
    fn every_name_has_a_method_that_answers_to_it() {
        for name in Method::names() {
            assert_eq!(Method::from_name(name).map(|m| m.name()), Some(*name));
            assert_eq!(name.parse::<Method>().map(|m| m.to_string()), Ok((*name).to_string()));
        }
    }
}
