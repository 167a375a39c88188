//! The trait of a method, and the type that holds any method.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use serde::{Serialize, Serializer};

use super::input::FitInput;
use super::needs::{FitSize, MomentSpec, Needs, SearchSpace};
use super::stream::RowSource;
use crate::moments::Moments;
use crate::named::{self, ParameterDoc, Parameters};
use crate::progress::Watch;
use crate::{AlignError, Fit, FitWarning, Views};

/// Method of alignment, implemented by its parameters.
///
/// Only `name` and `fit` are required. A type that also has `PartialEq` and `serde::Serialize` becomes a [`Method`];
/// with `Default` and `serde::Deserialize` it can be registered ([`Method::register`]). [`MomentAligner`] is for
/// methods that need only the second moments of the rows.
///
/// Callers use [`Method::fit`]. It checks the parameters and the data before the fit, and the result after it, so
/// implementations can rely on these checks.
pub trait Aligner: Any + fmt::Debug + Send + Sync {
    /// Name in grid files and records: lower-case letters, digits and `_`. It does not depend on the parameters.
    fn name(&self) -> &'static str;

    /// Name in tables and figures.
    fn title(&self) -> &'static str {
        self.name()
    }

    /// Description in one line.
    fn summary(&self) -> &'static str {
        ""
    }

    /// Its parameters with their defaults, in the order of their fields, for lists.
    fn parameter_docs(&self) -> &'static [ParameterDoc] {
        &[]
    }

    /// Version of the numbers, raised when the same parameters give other numbers; part of the cell id.
    fn version(&self) -> u32 {
        1
    }

    /// Requirements of the method.
    fn needs(&self) -> Needs {
        Needs::default()
    }

    /// Whether different seeds can give different fits.
    fn uses_seed(&self) -> bool {
        true
    }

    /// Rough forecast of the work of a fit, from which a grid starts its longest cells first and forecasts its time. A
    /// baseline without a fit on three views is 4, GPA is 16. The forecasts of the built-in methods depend on the number of
    /// views alone, so they compare the cells of one data set. A forecast that also uses widths or rows has to stay on
    /// this scale.
    fn cost(&self, size: &FitSize) -> f64 {
        4.0 + 4.0 * size.views as f64
    }

    /// Parameters that a selection searches, with the values worth trying for views of this size. Every combination of
    /// the values must be valid for such views. By default there are none, so the method has one candidate: its defaults.
    fn search(&self, size: &FitSize) -> SearchSpace {
        let _ = size;
        SearchSpace::new()
    }

    /// Checks the parameters against their domains.
    ///
    /// # Errors
    /// [`AlignError::Parameter`], or [`AlignError::Own`] with a message of your own.
    fn validate(&self) -> Result<(), AlignError> {
        Ok(())
    }

    /// The fit from which this one starts. It can be shared between methods, and the rest is timed separately.
    fn base(&self) -> Option<BaseFit> {
        None
    }

    /// Fits the training rows.
    ///
    /// # Errors
    /// Problems of the data, and computations that fail.
    fn fit(&self, input: &FitInput<'_>, seed: u64) -> Result<Fit, AlignError>;

    /// Completes a fit whose [`base`](Self::base) exists.
    ///
    /// # Errors
    /// The errors of [`Aligner::fit`]; a base of another kind.
    fn fit_on(&self, base: &Fit, input: &FitInput<'_>, seed: u64) -> Result<Fit, AlignError> {
        let _ = base;
        self.fit(input, seed)
    }

    /// The method as a [`MomentAligner`], if it can be fitted from moments.
    fn moments(&self) -> Option<&dyn MomentAligner> {
        None
    }

    /// The method as a [`StreamAligner`], if it can complete its base with some rows at a time.
    fn streamed(&self) -> Option<&dyn StreamAligner> {
        None
    }
}

/// Method that needs only the second moments of the rows. They can be summed in pieces, wherever the rows are
/// ([`Method::fit_statistics`]). Its [`Aligner::moments`] returns itself, and its [`Aligner::fit`] calls
/// [`MomentAligner::fit_rows`].
pub trait MomentAligner: Aligner {
    /// Moments from which the method is fitted.
    fn spec(&self) -> MomentSpec;

    /// Fits the moments.
    ///
    /// # Errors
    /// The errors of [`Aligner::fit`]; [`AlignError::NeedsRows`] for parameters that need the rows.
    fn fit_moments(&self, moments: &Moments, seed: u64) -> Result<Fit, AlignError>;

    /// Fits several settings of this method on the same moments; [`Method::fit_candidates`] calls it. All settings have
    /// the type of `self`. The result has one fit for each setting, in their order.
    ///
    /// The default fits one setting after the other. A method whose settings can share work overrides it, with
    /// [`fit_as_one_type`] as its body. Each fit then has to be that of [`MomentAligner::fit_moments`], except for the
    /// tolerance of an iteration, and an error of one setting must not prevent the fits of others.
    fn fit_settings(
        &self,
        settings: &[&dyn MomentAligner],
        moments: &Moments,
        seed: u64,
    ) -> Vec<Result<Fit, AlignError>> {
        settings.iter().map(|setting| setting.fit_moments(moments, seed)).collect()
    }

    /// Fits the moments of these rows.
    ///
    /// # Errors
    /// The errors of [`Aligner::fit`].
    fn fit_rows(&self, input: &FitInput<'_>, seed: u64) -> Result<Fit, AlignError> {
        let MomentSpec { incomplete, standardisation } = self.spec();
        let moments = Moments::fit(input.views, incomplete, standardisation)?;
        self.fit_moments(&moments.watched_by(input.watch()), seed)
    }
}

/// Method that completes a fit of its [`base`](Aligner::base) with some rows at a time ([`Method::fit_streamed`]). Its
/// [`Aligner::streamed`] returns itself.
pub trait StreamAligner: Aligner {
    /// Completes the fit of the base on the same rows.
    ///
    /// # Errors
    /// The errors of [`Aligner::fit_on`]; rows that cannot be read; [`AlignError::Cancelled`].
    fn fit_stream_on(&self, base: &Fit, rows: &dyn RowSource, seed: u64, watch: &Watch) -> Result<Fit, AlignError>;
}

/// Fits settings of one type together by `several`, the body of a [`MomentAligner::fit_settings`]; if one has another
/// type, one after the other.
pub fn fit_as_one_type<'a, P: MomentAligner>(
    settings: &[&'a dyn MomentAligner],
    moments: &Moments,
    seed: u64,
    several: impl FnOnce(&[&'a P]) -> Vec<Result<Fit, AlignError>>,
) -> Vec<Result<Fit, AlignError>> {
    let value = |setting: &&'a dyn MomentAligner| {
        let any: &'a dyn Any = *setting;
        any.downcast_ref()
    };
    match settings.iter().map(value).collect::<Option<Vec<&'a P>>>() {
        Some(settings) => several(&settings),
        None => settings.iter().map(|setting| setting.fit_moments(moments, seed)).collect(),
    }
}

/// Any method with its parameters. In a grid file: `gcpa: {loss: {tau: 0.05}}`, or a bare `gcpa` for the defaults,
/// which are the paper's settings in the form that the authors released.
///
/// [`Method::from`] makes one from parameters, [`Method::from_name`] from a name. Two methods are equal if their names
/// and parameters are equal.
#[derive(Clone)]
pub struct Method(Arc<dyn Held>);

/// An [`Aligner`] of any type.
trait Held: Aligner + Parameters {}

impl<P: Aligner + Parameters> Held for P {}

impl<P: Aligner + PartialEq + Serialize> From<P> for Method {
    fn from(parameters: P) -> Self {
        Self(Arc::new(parameters))
    }
}

impl fmt::Debug for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The name of the method.
impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl PartialEq for Method {
    fn eq(&self, other: &Self) -> bool {
        self.name() == other.name() && self.0.equals(other.0.as_any())
    }
}

/// `{"gpa": {...}}`.
impl Serialize for Method {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        named::serialize(self.name(), &*self.0, serializer)
    }
}

impl Method {
    /// The parameters, if they have this type.
    pub fn parameters<P: Aligner>(&self) -> Option<&P> {
        self.0.as_any().downcast_ref()
    }

    /// See [`Aligner::name`].
    pub fn name(&self) -> &'static str {
        self.0.name()
    }

    /// See [`Aligner::title`].
    pub fn title(&self) -> &'static str {
        self.0.title()
    }

    /// See [`Aligner::summary`].
    pub fn summary(&self) -> &'static str {
        self.0.summary()
    }

    /// See [`Aligner::parameter_docs`].
    pub fn parameter_docs(&self) -> &'static [ParameterDoc] {
        self.0.parameter_docs()
    }

    /// See [`Aligner::version`].
    pub fn version(&self) -> u32 {
        self.0.version()
    }

    /// See [`Aligner::needs`].
    pub fn needs(&self) -> Needs {
        self.0.needs()
    }

    /// See [`Aligner::uses_seed`].
    pub fn uses_seed(&self) -> bool {
        self.0.uses_seed()
    }

    /// See [`Aligner::cost`].
    pub fn cost(&self, size: &FitSize) -> f64 {
        self.0.cost(size)
    }

    /// See [`Aligner::search`].
    pub fn search(&self, size: &FitSize) -> SearchSpace {
        self.0.search(size)
    }

    /// See [`Aligner::base`].
    pub fn base(&self) -> Option<BaseFit> {
        self.0.base()
    }

    /// See [`Aligner::moments`].
    pub fn moments(&self) -> Option<&dyn MomentAligner> {
        self.0.moments()
    }

    /// See [`Aligner::streamed`].
    pub fn streamed(&self) -> Option<&dyn StreamAligner> {
        self.0.streamed()
    }

    /// Checks the parameters against their domains.
    ///
    /// # Errors
    /// [`AlignError::Parameter`] names the parameter, the value found and the values expected.
    pub fn validate(&self) -> Result<(), AlignError> {
        self.0.validate()
    }

    /// Checks that data meet the [requirements](Needs) of the method, before any computation.
    ///
    /// # Errors
    /// [`AlignError::TooFewViews`], [`AlignError::Lacks`].
    pub fn applies<'a>(&self, input: impl Into<FitInput<'a>>) -> Result<(), AlignError> {
        self.needs().check(self.name(), &input.into())
    }

    /// Fits the training rows: views alone, or a [`FitInput`] with more.
    ///
    /// # Errors
    /// Parameters outside their domain, fewer than two views (NA needs one, add_view three), data that do not meet the
    /// [requirements](Needs) of the method, too few rows, a factorisation that does not converge, a training that
    /// diverges.
    pub fn fit<'a>(&self, input: impl Into<FitInput<'a>>, seed: u64) -> Result<Fit, AlignError> {
        let input = input.into();
        self.validate()?;
        self.needs().check(self.name(), &input)?;
        input.watch().check()?;
        self.examined(self.0.fit(&input, seed)?)
    }

    /// Completes [`Method::fit`] if the fit of its [`base`](Self::base) exists. A method without a base fits all views
    /// anew.
    ///
    /// # Errors
    /// The errors of [`Method::fit`]; a base without a universe.
    pub fn fit_on<'a>(&self, base: &Fit, input: impl Into<FitInput<'a>>, seed: u64) -> Result<Fit, AlignError> {
        let input = input.into();
        self.needs().check(self.name(), &input)?;
        input.watch().check()?;
        self.examined(self.0.fit_on(base, &input, seed)?)
    }

    /// The fit with the warnings of its standardisations: views that do not vary, and units in which the authors'
    /// divisor changes the numbers.
    ///
    /// # Errors
    /// [`AlignError::Dead`] if fewer than two of the views to align vary.
    pub(crate) fn examined(&self, mut fit: Fit) -> Result<Fit, AlignError> {
        let dead = fit.fitted.dead_views();
        let living = fit.fitted.views().len() - dead.len();
        if self.needs().views >= 2 && living < 2 {
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

/// Share of a standard deviation from which the authors' epsilon changes digits that are shown.
const FELT: f64 = 1e-5;

/// The fit from which another fit starts.
#[derive(Clone, Debug, PartialEq)]
pub struct BaseFit {
    /// Method of the base fit.
    pub method: Method,
    /// Views of the base fit.
    pub views: BaseViews,
}

/// Views on which a base is fitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BaseViews {
    /// All views: the base is a part of the fit.
    All,
    /// All views but the last: the base is an existing universe that gets one more view.
    AllButLast,
}

impl BaseViews {
    /// Number of these views among `views` views.
    pub fn count(self, views: usize) -> usize {
        match self {
            Self::All => views,
            Self::AllButLast => views.saturating_sub(1),
        }
    }

    /// These views.
    ///
    /// # Errors
    /// [`AlignError::TooFewViews`] if fewer than two views are left to align before one is added.
    pub fn of(self, train: &Views) -> Result<Views, AlignError> {
        let names: Vec<&str> = train.names().collect();
        if self == Self::AllButLast && names.len() < 3 {
            let only = (names.len() == 1).then(|| names[0].to_string());
            return Err(AlignError::TooFewViews { method: "add_view", got: names.len(), want: 3, only });
        }
        train.select(&names[..self.count(names.len())])
    }
}
