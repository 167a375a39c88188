//! The one place where a method is registered.

use serde::{Deserialize, Serialize};

use crate::methods::cca::CcaParams;
use crate::methods::check::{at_least_two_views, check_views};
use crate::methods::extend::ExtendParams;
use crate::methods::gcca::GccaParams;
use crate::methods::gcpa::GcpaParams;
use crate::methods::gpa::GpaParams;
use crate::methods::hub::HubParams;
use crate::methods::linear::LinearParams;
use crate::methods::na::NaParams;
use crate::methods::pairwise::PairwiseParams;
use crate::methods::relative::RelativeParams;
use crate::methods::srm::SrmParams;
use crate::methods::sumcor::SumcorParams;
use crate::moments::{Incomplete, Moments, Sums};
use crate::prep::Standardisation;
use crate::{AlignError, Fit, FitWarning, Ignored, Spaces, methods};

/// Every method, with its parameters. In a grid file `gcpa: {tau: 0.05}`, or a bare `gcpa` for the
/// defaults, which are the paper's settings in the form the authors released.
///
/// To add one: a file in `methods/` with its parameters and `fit`, a variant here; then follow the
/// compiler.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// No alignment.
    Na(NaParams),
    /// Orthogonal Procrustes for every pair of views.
    Pairwise(PairwiseParams),
    /// Generalised Procrustes analysis.
    Gpa(GpaParams),
    /// Generalised canonical correlation analysis.
    Gcca(GccaParams),
    /// GPA with one shared corrector trained towards the consensus.
    Gcpa(GcpaParams),
    /// A universe of all views but the last, to which the last is added.
    Extend(ExtendParams),
    /// Canonical correlation or least squares for every ordered pair of views.
    Cca(CcaParams),
    /// Every view rotated into one of them.
    Hub(HubParams),
    /// Multiset canonical correlation, or a point on the path from it to Procrustes.
    Sumcor(SumcorParams),
    /// The deterministic shared response model.
    Srm(SrmParams),
    /// A universe and one shared linear map towards the consensus.
    Linear(LinearParams),
    /// Cosines to items that all views have.
    Relative(RelativeParams),
}

impl Method {
    /// The names of a grid file, in the order in which tables list methods.
    pub const NAMES: [&'static str; 12] =
        ["na", "pairwise", "gpa", "gcca", "gcpa", "extend", "cca", "hub", "sumcor", "srm", "linear", "relative"];

    /// The method of this name with its defaults.
    pub fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "na" => Self::Na(NaParams::default()),
            "pairwise" => Self::Pairwise(PairwiseParams::default()),
            "gpa" => Self::Gpa(GpaParams::default()),
            "gcca" => Self::Gcca(GccaParams::default()),
            "gcpa" => Self::Gcpa(GcpaParams::default()),
            "extend" => Self::Extend(ExtendParams::default()),
            "cca" => Self::Cca(CcaParams::default()),
            "hub" => Self::Hub(HubParams::default()),
            "sumcor" => Self::Sumcor(SumcorParams::default()),
            "srm" => Self::Srm(SrmParams::default()),
            "linear" => Self::Linear(LinearParams::default()),
            "relative" => Self::Relative(RelativeParams::default()),
            _ => return None,
        })
    }

    /// Its name in grid files and records.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Na(_) => "na",
            Self::Pairwise(_) => "pairwise",
            Self::Gpa(_) => "gpa",
            Self::Gcca(_) => "gcca",
            Self::Gcpa(_) => "gcpa",
            Self::Extend(_) => "extend",
            Self::Cca(_) => "cca",
            Self::Hub(_) => "hub",
            Self::Sumcor(_) => "sumcor",
            Self::Srm(_) => "srm",
            Self::Linear(_) => "linear",
            Self::Relative(_) => "relative",
        }
    }

    /// Its name in tables and figures.
    pub fn title(&self) -> &'static str {
        match self {
            Self::Na(_) => "NA",
            Self::Pairwise(_) => "PW",
            Self::Gpa(_) => "GPA",
            Self::Gcca(_) => "GCCA",
            Self::Gcpa(_) => "GCPA",
            Self::Extend(params) => params.title(),
            Self::Cca(_) => "CCA",
            Self::Hub(_) => "Hub",
            Self::Sumcor(_) => "SUMCOR",
            Self::Srm(_) => "SRM",
            Self::Linear(_) => "Linear",
            Self::Relative(_) => "Relative",
        }
    }

    /// One line on what it does.
    pub fn summary(&self) -> &'static str {
        match self {
            Self::Na(_) => "no alignment: each view in its own coordinates",
            Self::Pairwise(_) => "orthogonal Procrustes, one map per pair of views",
            Self::Gpa(_) => "generalised Procrustes: one orthogonal map per view into a shared universe",
            Self::Gcca(_) => {
                "MAXVAR generalised CCA, as released (variance-weighted, transpose as inverse) or whitened"
            }
            Self::Gcpa(_) => "GPA, then one shared corrector towards the consensus of all views",
            Self::Extend(_) => "GPA or GCPA on all views but the last, which is then added to their universe",
            Self::Cca(_) => "regression, reduced rank or whiten-rotate-dewhiten, one map per ordered pair of views",
            Self::Hub(_) => "orthogonal Procrustes of every view into the one that agrees best with all",
            Self::Sumcor(_) => "multiset CCA (sum of correlations), or a point on the path from it to Procrustes",
            Self::Srm(_) => "deterministic shared response model: a few shared directions of each view",
            Self::Linear(_) => {
                "GPA or GCCA, then one shared linear map towards the consensus of all views, in closed form"
            }
            Self::Relative(_) => "relative representations: cosines to anchor items that all views have",
        }
    }

    /// Raised whenever the same parameters give other numbers; part of the cell id.
    pub fn version(&self) -> u32 {
        match self {
            Self::Na(_) | Self::Pairwise(_) | Self::Gpa(_) | Self::Cca(_) | Self::Hub(_) => 2,
            Self::Sumcor(_) | Self::Linear(_) | Self::Relative(_) => 2,
            Self::Gcca(_) | Self::Gcpa(_) | Self::Extend(_) | Self::Srm(_) => 3,
        }
    }

    /// Checks the parameters against their domains.
    ///
    /// # Errors
    /// [`AlignError::Parameter`] names the parameter, what was found and what is wanted.
    pub fn validate(&self) -> Result<(), AlignError> {
        self.check_given(|_| false)?;
        match self {
            Self::Na(_) | Self::Pairwise(_) | Self::Hub(_) => Ok(()),
            Self::Cca(params) => params.validate(),
            Self::Sumcor(params) => params.validate(),
            Self::Srm(params) => params.validate(),
            Self::Linear(params) => params.validate(),
            Self::Gpa(params) => params.validate(self.name()),
            Self::Gcca(params) => params.validate(),
            Self::Gcpa(params) => params.validate(),
            Self::Extend(params) => params.validate(),
            Self::Relative(params) => params.validate(),
        }
    }

    /// Refuses parameters that have no effect beside the others: those that are not at their defaults, and those that
    /// `given` says someone has written down, whatever their value.
    ///
    /// # Errors
    /// [`AlignError::Ignored`] names the first such parameter and the setting beside it.
    pub fn check_given(&self, given: impl Fn(&str) -> bool) -> Result<(), AlignError> {
        let ignored = match self {
            Self::Gpa(params) => params.ignored(),
            Self::Gcpa(params) => params.ignored(),
            Self::Linear(params) => params.ignored(),
            Self::Na(_)
            | Self::Pairwise(_)
            | Self::Gcca(_)
            | Self::Extend(_)
            | Self::Cca(_)
            | Self::Hub(_)
            | Self::Sumcor(_)
            | Self::Srm(_)
            | Self::Relative(_) => Vec::new(),
        };
        match Ignored::first_set(&ignored, given) {
            Some(ignored) => Err(AlignError::Ignored { method: self.name(), ignored }),
            None => Ok(()),
        }
    }

    /// Whether different seeds can give different fits.
    pub fn uses_seed(&self) -> bool {
        match self {
            Self::Na(_) | Self::Pairwise(_) | Self::Gcca(_) | Self::Cca(_) | Self::Hub(_) | Self::Sumcor(_) => false,
            Self::Gpa(params) => params.uses_seed(),
            Self::Linear(params) => params.scaffold().uses_seed(),
            Self::Gcpa(_) | Self::Extend(_) | Self::Srm(_) | Self::Relative(_) => true,
        }
    }

    /// The fit that this one starts from, so that it can be shared and what comes after it timed by itself.
    pub fn base(&self) -> Option<BaseFit> {
        match self {
            Self::Gcpa(params) => {
                let base = params.unit().map_or_else(|| params.scaffold(), Self::Gcpa);
                Some(BaseFit { method: base, views: BaseViews::All })
            }
            Self::Extend(params) => Some(BaseFit { method: params.base.method(), views: BaseViews::AllButLast }),
            Self::Linear(params) => Some(BaseFit { method: params.scaffold(), views: BaseViews::All }),
            Self::Na(_)
            | Self::Pairwise(_)
            | Self::Gpa(_)
            | Self::Gcca(_)
            | Self::Cca(_)
            | Self::Hub(_)
            | Self::Sumcor(_)
            | Self::Srm(_)
            | Self::Relative(_) => None,
        }
    }

    /// The rest of [`Method::fit`] where the fit of its [`base`](Self::base) is there already. A method
    /// without one fits all views anew.
    ///
    /// # Errors
    /// As [`Method::fit`]; a base without a universe.
    pub fn fit_on(&self, base: &Fit, train: &Spaces, seed: u64) -> Result<Fit, AlignError> {
        self.examined(match self {
            Self::Gcpa(params) => methods::gcpa::fit_on(params, base, train, seed),
            Self::Extend(params) => methods::extend::fit_on(params, base, train),
            Self::Linear(params) => methods::linear::fit_on(params, base, train),
            Self::Na(_)
            | Self::Pairwise(_)
            | Self::Gpa(_)
            | Self::Gcca(_)
            | Self::Cca(_)
            | Self::Hub(_)
            | Self::Sumcor(_)
            | Self::Srm(_)
            | Self::Relative(_) => self.fit(train, seed),
        }?)
    }

    /// Fits the views of the training rows.
    ///
    /// # Errors
    /// Parameters outside their domain, fewer than two views (NA takes one, extend three), too few rows, a
    /// factorisation that does not converge, a training that diverges.
    pub fn fit(&self, train: &Spaces, seed: u64) -> Result<Fit, AlignError> {
        self.validate()?;
        self.examined(match self {
            Self::Na(params) => methods::na::fit(params, train),
            Self::Pairwise(params) => methods::pairwise::fit(params, train),
            Self::Gpa(params) => methods::gpa::fit(params, train, seed),
            Self::Gcca(params) => methods::gcca::fit(params, train),
            Self::Gcpa(params) => {
                at_least_two_views(self.name(), train)?;
                let base = params.scaffold().fit(train, seed)?;
                methods::gcpa::fit_on(params, &base, train, seed)
            }
            Self::Cca(params) => methods::cca::fit(params, train),
            Self::Hub(params) => methods::hub::fit(params, train),
            Self::Sumcor(params) => methods::sumcor::fit(params, train, seed),
            Self::Srm(params) => methods::srm::fit(params, train, seed),
            Self::Relative(params) => methods::relative::fit(params, train, seed),
            Self::Linear(params) => {
                at_least_two_views(self.name(), train)?;
                methods::linear::fit_on(params, &params.scaffold().fit(train, seed)?, train)
            }
            Self::Extend(params) => {
                let base = params.base.method().fit(&BaseViews::AllButLast.of(train)?, seed)?;
                methods::extend::fit_on(params, &base, train)
            }
        }?)
    }

    /// Fits from sums over rows alone ([`Sums`]), wherever the rows are: what takes memory and time does not depend
    /// on their number. For all methods but NA, GCPA, extend, linear and relative; for GPA without `robust`.
    ///
    /// # Errors
    /// As [`Method::fit`]; [`AlignError::NeedsRows`] for a method that has to see the rows again;
    /// [`AlignError::OtherViews`] where views miss items and the sums weigh these otherwise than the method does.
    pub fn fit_sums(&self, sums: &Sums, seed: u64) -> Result<Fit, AlignError> {
        self.validate()?;
        let names: Vec<&str> = sums.names().iter().map(String::as_str).collect();
        let moments = |incomplete: Incomplete, standardisation: Standardisation| {
            check_views(self.name(), &names)?;
            if !sums.complete() && sums.incomplete() != incomplete {
                let describe = |incomplete| format!("items weighted as {incomplete:?}");
                return Err(AlignError::OtherViews { got: describe(sums.incomplete()), want: describe(incomplete) });
            }
            Moments::of(sums, standardisation)
        };
        let (complete, mean) = (Incomplete::PairwiseComplete, Incomplete::MeanOfPresent);
        let population = Standardisation::Population;
        self.examined(match self {
            Self::Pairwise(params) => {
                methods::pairwise::from_moments(params, &moments(complete, Standardisation::Sample)?)
            }
            Self::Gpa(params) => {
                methods::gpa::fit_moments(params, &moments(mean, population(params.constant_columns))?, seed)
            }
            Self::Gcca(params) => {
                methods::gcca::from_moments(params, &moments(complete, population(params.constant_columns))?)
            }
            Self::Cca(params) => methods::cca::from_moments(params, &moments(complete, Standardisation::Sample)?),
            Self::Hub(params) => {
                methods::hub::from_moments(params, &moments(complete, population(params.constant_columns))?)
            }
            Self::Sumcor(params) => {
                methods::sumcor::from_moments(params, &moments(mean, population(params.constant_columns))?, seed)
            }
            Self::Srm(params) => {
                methods::srm::from_moments(params, &moments(mean, population(params.constant_columns))?, seed)
            }
            Self::Na(_) | Self::Gcpa(_) | Self::Extend(_) | Self::Linear(_) | Self::Relative(_) => {
                Err(AlignError::NeedsRows { method: self.name() })
            }
        }?)
    }

    /// A fit with what its standardisations warn of: views of which nothing varies, and units in which the authors'
    /// divisor is felt.
    ///
    /// # Errors
    /// [`AlignError::Dead`] where fewer than two views vary that were to be aligned.
    fn examined(&self, mut fit: Fit) -> Result<Fit, AlignError> {
        let dead = fit.fitted.dead_views();
        let living = fit.fitted.views().len() - dead.len();
        if !matches!(self, Self::Na(_)) && living < 2 {
            let dead: Vec<String> = dead.iter().map(|name| format!("`{name}`")).collect();
            return Err(AlignError::Dead { method: self.name(), got: living, want: 2, dead: dead.join(", ") });
        }
        let small = fit.fitted.preps().into_iter().filter_map(|(name, prep)| {
            let least = prep.least_deviation().filter(|&least| prep.epsilon() > FELT * least)?;
            Some(FitWarning::SmallUnit { view: name.to_string(), least })
        });
        let found: Vec<FitWarning> = small.chain(dead.into_iter().map(|view| FitWarning::DeadView { view })).collect();
        for warning in found {
            if !fit.report.warnings.contains(&warning) {
                fit.report.warnings.push(warning);
            }
        }
        Ok(fit)
    }
}

/// Share of a deviation from which on the authors' epsilon moves figures in the digits that are shown.
const FELT: f64 = 1e-5;

/// The fit that another starts from.
#[derive(Clone, Debug, PartialEq)]
pub struct BaseFit {
    /// Its method.
    pub method: Method,
    /// The views it sees.
    pub views: BaseViews,
}

/// Which views a base is fitted on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BaseViews {
    /// All: the base is a part of the fit.
    All,
    /// All but the last: the base is a universe that exists already, and is extended.
    AllButLast,
}

impl BaseViews {
    /// How many of so many views.
    pub fn count(self, views: usize) -> usize {
        match self {
            Self::All => views,
            Self::AllButLast => views.saturating_sub(1),
        }
    }

    /// The views.
    ///
    /// # Errors
    /// [`AlignError::TooFewViews`] where fewer than two are left to align before one is added.
    pub fn of(self, train: &Spaces) -> Result<Spaces, AlignError> {
        let names: Vec<&str> = train.names().collect();
        if self == Self::AllButLast && names.len() < 3 {
            let only = (names.len() == 1).then(|| names[0].to_string());
            return Err(AlignError::TooFewViews { method: "extend", got: names.len(), want: 3, only });
        }
        train.select(&names[..self.count(names.len())])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_has_a_method_that_answers_to_it() {
        for name in Method::NAMES {
            assert_eq!(Method::from_name(name).map(|m| m.name()), Some(name));
        }
    }
}
