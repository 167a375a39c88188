//! Views in one shared space, each with a way in and a way back.

use std::sync::Arc;

use super::row_map::{RowMap, of_steps};
use super::steps::{Aim, Correction, Rescale, Step, ViewMap};
use crate::calibration::Calibration;
use crate::corrector::Corrector;
use crate::linalg::MatrixView;
use crate::moments::enough;
use crate::numerics::linalg::{self, Accum, Threads};
use crate::prep::{ConstantColumns, ZScore};
use crate::views::position;
use crate::{AlignError, Matrix, Views};

/// The error of a translation to a view without a way back.
const NO_WAY_BACK: AlignError =
    AlignError::NoSuchSpace { method: "a view without a way back", space: "translated", offers: "universe" };

/// M views in one shared space of width D.
///
/// The steps of a view's [`ViewMap`] lead into the universe and back. For most methods `project` is `u = z R_m` and,
/// with a corrector, `f(u)`; `inverse` is `x = u R_mᵀ`, un-standardised; `translate` is one after the other. The
/// transpose is the exact inverse for orthogonal maps at equal widths. GCCA's maps are not orthogonal; with them only
/// directions are meaningful, unless another [`Decoder`](crate::methods::decoder::Decoder) is chosen. [`Universe::add`]
/// adds a view without a new fit of the others.
#[derive(Clone, Debug)]
pub struct Universe {
    views: Vec<ViewMap>,
}

impl Universe {
    /// A universe of views whose ways end in one space.
    pub(crate) fn new(views: Vec<ViewMap>) -> Self {
        Self { views }
    }

    /// A universe from maps found elsewhere (d_m × D each, in the order of the views), for views standardised by these
    /// training rows.
    ///
    /// # Errors
    /// [`AlignError::Width`] if a map does not fit its view or the first map's width, or has no columns;
    /// [`AlignError::TooFewViews`] if a view has no map; [`AlignError::TooFewPresent`] for a view with less than two
    /// rows.
    pub fn from_maps(train: &Views, maps: Vec<Matrix>) -> Result<Self, AlignError> {
        if maps.len() != train.len() {
            return Err(AlignError::TooFewViews {
                method: "a universe",
                got: maps.len(),
                want: train.len(),
                only: None,
            });
        }
        let width = maps[0].cols();
        if width == 0 {
            let name = train.nth(0).name().to_string();
            return Err(AlignError::Width { op: "universe map", name, got: 0, want: 1 });
        }
        let mut views = Vec::with_capacity(maps.len());
        for (space, map) in train.iter().zip(maps) {
            enough(space.name(), space.observed_rows())?;
            let name = space.name().to_string();
            if map.rows() != space.values().cols() {
                return Err(AlignError::Width {
                    op: "universe map",
                    name,
                    got: map.rows(),
                    want: space.values().cols(),
                });
            }
            map.check_width("universe map", space.name(), width)?;
            let prep = ZScore::fit(&space.observed(), ConstantColumns::default());
            views.push(ViewMap::new(name, prep, map));
        }
        Ok(Self::new(views))
    }

    /// A universe of these views, in this order, for methods outside this crate.
    ///
    /// # Errors
    /// [`AlignError::TooFewViews`] without a view, [`AlignError::DuplicateView`]; [`AlignError::Width`] if two steps do
    /// not fit each other, the view's width or the first view's universe; [`AlignError::Own`] if a corrector is not the
    /// last step of a way in, or differs from the corrector of the views before.
    pub fn from_views(views: Vec<ViewMap>) -> Result<Self, AlignError> {
        let Some(first) = views.first() else {
            return Err(AlignError::TooFewViews { method: "a universe", got: 0, want: 1, only: None });
        };
        let universe = first.universe_width().max(1);
        for (i, view) in views.iter().enumerate() {
            let name = || view.name().to_string();
            if views[..i].iter().any(|other| other.name() == view.name()) {
                return Err(AlignError::DuplicateView { name: name() });
            }
            let wrong = |(got, want)| AlignError::Width { op: "universe map", name: name(), got, want };
            let width = view.checked_width().map_err(wrong)?;
            for (got, want) in [(width, universe), (view.width(), view.width().max(1))] {
                if got != want {
                    return Err(wrong((got, want)));
                }
            }
            let before = views[..i].iter().find_map(ViewMap::correction);
            let same = |own: &Correction| before.is_none_or(|other| own.is(other));
            let correctors = view.way_in().iter().chain(view.way_back().unwrap_or_default());
            let correctors = correctors.filter(|step| matches!(step, Step::Correct(_))).count();
            if correctors != usize::from(view.correction().is_some_and(same)) {
                let want = "expected one corrector for all views, as the last step of each way in; use `Universe::with_corrector`";
                let message = format!("view `{}` has a corrector of its own or in another place; {want}", view.name());
                return Err(AlignError::Own { method: "a universe".into(), message });
            }
        }
        Ok(Self::new(views))
    }

    /// Puts a corrector at the end of the ways in, in place of any other. It does not apply to a view that was added
    /// with [`AddForm::Scaled`](crate::AddForm::Scaled).
    ///
    /// # Errors
    /// [`AlignError::Width`] if the corrector has another width than the universe.
    pub fn with_corrector(self, corrector: Corrector, rescale: Rescale) -> Result<Self, AlignError> {
        if corrector.width() != self.width() {
            let (name, got) = ("universe".to_string(), corrector.width());
            return Err(AlignError::Width { op: "corrector", name, got, want: self.width() });
        }
        let correction = Correction { corrector: Arc::new(corrector), rescale };
        let of_view = |view: ViewMap| if view.is_scaled() { view } else { view.with_correction(correction.clone()) };
        Ok(Self { views: self.views.into_iter().map(of_view).collect() })
    }

    /// The corrector with its lengths, the same for all views to which it applies.
    pub(super) fn correction(&self) -> Option<&Correction> {
        self.views.iter().find_map(ViewMap::correction)
    }

    /// The corrected vectors that get back their length.
    pub fn rescale(&self) -> Rescale {
        self.correction().map_or(Rescale::None, |correction| correction.rescale)
    }

    /// The same maps and corrector with another rule for lengths.
    pub(crate) fn with_rescale(self, rescale: Rescale) -> Self {
        let of_view = |view: ViewMap| match view.correction().cloned() {
            Some(correction) => view.with_correction(Correction { rescale, ..correction }),
            None => view,
        };
        Self { views: self.views.into_iter().map(of_view).collect() }
    }

    /// The same views and one more at the end.
    pub(crate) fn with_view(&self, view: ViewMap) -> Self {
        let mut views = self.views.clone();
        views.push(view);
        Self { views }
    }

    /// Replaces the calibrations; they are in the order of the views.
    pub(super) fn with_calibrations(self, calibrations: Vec<Option<Calibration>>) -> Self {
        let calibrations = calibrations.into_iter().chain(std::iter::repeat(None));
        let views = self.views.into_iter().zip(calibrations);
        Self { views: views.map(|(view, calibration)| view.with_calibration(calibration)).collect() }
    }

    /// Bytes of its numbers.
    pub(super) fn bytes(&self) -> usize {
        let corrector = self.corrector().map_or(0, |corrector| size_of::<f32>() * corrector.parameters());
        self.views.iter().map(ViewMap::bytes).sum::<usize>() + corrector
    }

    /// Width D of the universe.
    pub fn width(&self) -> usize {
        self.views[0].universe_width()
    }

    /// The views with their ways, in the order in which they were fitted.
    pub fn views(&self) -> &[ViewMap] {
        &self.views
    }

    /// The shared corrector of GCPA.
    pub fn corrector(&self) -> Option<&Corrector> {
        self.correction().map(|correction| &*correction.corrector)
    }

    fn view(&self, name: &str) -> Result<&ViewMap, AlignError> {
        Ok(&self.views[position(self.views.iter().map(ViewMap::name), name)?])
    }

    /// `u = z R_m` (n × D), without the corrector. For a view that was added with scaling, `u` has the means and scales
    /// of the universe's coordinates. 2·n·d_m·D flops.
    ///
    /// # Errors
    /// Unknown view, wrong width.
    pub fn project_linear<'x>(&self, view: &str, x: impl Into<MatrixView<'x>>) -> Result<Matrix, AlignError> {
        let x = x.into();
        self.entering(view, x)?.enter_linear(x)
    }

    /// The view of these rows.
    fn entering(&self, view: &str, x: MatrixView<'_>) -> Result<&ViewMap, AlignError> {
        let view = self.view(view)?;
        x.check_width("project", view.name(), view.width())?;
        Ok(view)
    }

    /// Universe coordinates (n × D), corrected if the method has a corrector that applies to the view. Corrected rows
    /// have unit length unless [`Rescale`] gives them back their own.
    ///
    /// The scale is the method's. Orthogonal maps (GPA, pivot, SRM) keep the scale of the standardised views, near 1
    /// per coordinate; SUMCOR's views have unit variance. GCCA's coordinates `U Φ` of whitened views are columns of N
    /// rows with norms near `1/√M`, so their standard deviation is near `1/√(M N)` and depends on the number of
    /// training rows; in the released form, `U S Φ`, they spread as the views do. Without knowing this, only cosines
    /// are meaningful. [`Consensus::unit_variance`](crate::Consensus::unit_variance) gives every coordinate the same
    /// scale.
    ///
    /// # Errors
    /// Unknown view, wrong width.
    pub fn project<'x>(&self, view: &str, x: impl Into<MatrixView<'x>>) -> Result<Matrix, AlignError> {
        let x = x.into();
        self.entering(view, x)?.enter(x, Aim::Universe)
    }

    /// The rows from which translations of a view continue.
    pub(crate) fn onward<'x>(&self, view: &str, x: impl Into<MatrixView<'x>>) -> Result<Matrix, AlignError> {
        let x = x.into();
        self.entering(view, x)?.enter(x, Aim::Onward)
    }

    /// [`Universe::project`], and the rows from which translations continue if they differ for any view of this
    /// universe.
    pub(crate) fn both(&self, view: &str, x: &Matrix) -> Result<(Matrix, Option<Matrix>), AlignError> {
        if self.rescale() != Rescale::Universe {
            return Ok((self.project(view, x)?, None));
        }
        let [shared, onward] = self.entering(view, x.view())?.enter_both(x.view())?;
        Ok((shared, Some(onward)))
    }

    /// Whether the way in from standardised rows is one matrix for every view.
    pub fn is_linear(&self) -> bool {
        self.views.iter().all(ViewMap::is_linear)
    }

    /// Whether every view has a way back, so that rows can be translated.
    pub fn leads_back(&self) -> bool {
        self.views.iter().all(|view| view.way_back().is_some())
    }

    /// Universe coordinates (n × D) in a view's raw coordinates (n × d): `u R_mᵀ`, or `u B_m` if the fit has a B_m;
    /// calibrated if the fit is calibrated; un-standardised.
    ///
    /// # Errors
    /// Unknown view, wrong width, a view without a way back.
    pub fn inverse(&self, view: &str, u: &Matrix) -> Result<Matrix, AlignError> {
        let (prep, z) = self.arrive(view, u)?;
        Ok(prep.restored(&z))
    }

    /// Universe coordinates in a view's standardised coordinates, with the standardisation of the view.
    pub(crate) fn arrive(&self, view: &str, u: &Matrix) -> Result<(&ZScore, Matrix), AlignError> {
        let view = self.view(view)?;
        u.check_width("inverse", "universe", self.width())?;
        Ok((view.prep(), view.arrive(u).ok_or(NO_WAY_BACK)??))
    }

    /// `x` of `source` in the raw coordinates of `target`, through the universe.
    ///
    /// # Errors
    /// Unknown view, wrong width.
    pub fn translate<'x>(
        &self,
        source: &str,
        target: &str,
        x: impl Into<MatrixView<'x>>,
    ) -> Result<Matrix, AlignError> {
        self.inverse(target, &self.onward(source, x)?)
    }

    /// The map that [`Universe::translate`] applies to rows, or without a target that of [`Universe::project`].
    ///
    /// # Errors
    /// Unknown view; a target without a way back.
    pub(super) fn row_map(&self, source: &str, target: Option<&str>) -> Result<RowMap, AlignError> {
        let source = self.view(source)?;
        let mut steps = source.raw_way_in();
        let Some(target) = target else { return of_steps(&steps, source.width(), Aim::Universe) };
        steps.extend(self.view(target)?.raw_way_back().ok_or(NO_WAY_BACK)?);
        of_steps(&steps, source.width(), Aim::Onward)
    }

    /// The linear map between two z-scored views, `R_s R_tᵀ` (d_s × d_t), in `f64`; `None` if a step of the source's
    /// way in has no linear part, or if the target has no way back.
    ///
    /// A view that was added with scaling has an affine map `z ↦ (z R)∘σ + μ`; its linear part `R diag(σ)` takes the
    /// place of R_s, and `R diag(σ)⁻¹` that of R_t. Shifts are left out. Cycles of these linear parts close if cycles
    /// of orthogonal maps do. A calibrated view's gain is part of its way back. If rows are brought to unit length, the
    /// map is right for their directions.
    ///
    /// # Errors
    /// Unknown view.
    pub fn map_between(&self, source: &str, target: &str) -> Result<Option<Matrix<f64>>, AlignError> {
        let (source, target) = (self.view(source)?, self.view(target)?);
        let (Some(s), Some(t)) = (source.linear_in(), target.linear_back()) else { return Ok(None) };
        // In the memory order of the transpose of a map, which determines the last bits of the product.
        let t = t.transposed();
        let mut out = Matrix::zeros(s.rows(), t.rows());
        linalg::gemm(out.view_mut(), Accum::Replace, s.view(), t.view().transpose(), Threads::Pool);
        Ok(Some(out))
    }
}
