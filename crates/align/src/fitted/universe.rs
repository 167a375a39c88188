//! Views in one shared space: a map for each, and a corrector where the method has one.

use serde::{Deserialize, Serialize};

use crate::calibration::Calibration;
use crate::corrector::Corrector;
use crate::moments::enough;
use crate::numerics::linalg::{self, Accum, Threads};
use crate::numerics::parallel::prelude::*;
use crate::prep::{ConstantColumns, ZScore, norm, unit_rows};
use crate::views::position;
use crate::{AlignError, Matrix, Views};

/// One view's way into the universe: `u = post⁻¹(prep(x) R)`, back `x = prep⁻¹(post(u) B)`, where B is Rᵀ unless the
/// fit has found another; a calibrated fit has its calibration between B and `prep⁻¹`. With `unit`, rows have length one between `prep` and R.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ViewMap {
    /// The view's name.
    pub name: String,
    /// Standardisation fitted on its training rows.
    pub prep: ZScore,
    /// Whether standardised rows are brought to unit length before they are mapped: what relative representations are
    /// cosines by. The way back then ends in a direction.
    pub unit: bool,
    /// The map, d_m × D: `u = z R`. For GPA the last D − d_m columns are zero.
    pub map: Matrix,
    /// The map back, D × d_m, where it is not the transpose.
    pub back: Option<Matrix>,
    /// Standardisation of the universe that the map ends in; `None` where it ends in the universe itself.
    /// Only a view added with [`AddForm::Scaled`](crate::AddForm::Scaled) has one.
    pub post: Option<ZScore>,
    /// Whether the corrector, where there is one, applies to this view.
    pub corrected: bool,
    /// What gives rows that come back to this view the location and scale of its own: [`Fit::calibrated`](crate::Fit::calibrated).
    pub calibration: Option<Calibration>,
}

impl ViewMap {
    /// `u = prep(x) R`, followed by the corrector where there is one: what every fit gives.
    pub fn new(name: String, prep: ZScore, map: Matrix) -> Self {
        Self { name, prep, unit: false, map, back: None, post: None, corrected: true, calibration: None }
    }

    /// The same with a way back of its own, D × d_m, in place of the transpose.
    pub fn with_back(self, back: Matrix) -> Self {
        Self { back: Some(back), ..self }
    }

    fn bytes(&self) -> usize {
        let maps = std::iter::once(&self.map).chain(&self.back).map(|map| size_of_val(map.as_slice()));
        let preps = std::iter::once(&self.prep).chain(&self.post).map(ZScore::bytes);
        maps.chain(preps).sum()
    }

    /// Numbers that the maps hold.
    pub(crate) fn parameters(&self) -> usize {
        [Some(&self.map), self.back.as_ref()].into_iter().flatten().map(|map| map.rows() * map.cols()).sum()
    }

    /// The linear part of the way in, from standardised coordinates to the universe: `R`, its columns
    /// scaled where the view has a `post`.
    fn way_in(&self) -> Matrix<f64> {
        let scales = self.post.as_ref().map(ZScore::scales);
        let scale = |j: usize| scales.as_ref().map_or(1.0, |scales| scales[j]);
        Matrix::from_fn(self.map.rows(), self.map.cols(), |i, j| f64::from(self.map.at(i, j)) * scale(j))
    }

    /// The transpose of the linear part of the way back, d × D.
    fn way_back(&self) -> Matrix<f64> {
        let gain = self.calibration.as_ref().map_or(1.0, Calibration::gain);
        let divisors = self.post.as_ref().map(ZScore::divisors);
        let divisor = |j: usize| divisors.as_ref().map_or(1.0, |divisors| divisors[j]);
        let entry = |i: usize, j: usize| self.back.as_ref().map_or_else(|| self.map.at(i, j), |back| back.at(j, i));
        Matrix::from_fn(self.map.rows(), self.map.cols(), |i, j| f64::from(entry(i, j)) / divisor(j) * gain)
    }

    /// The way back as an affine map into standardised coordinates.
    pub(super) fn last_step(&self) -> (Matrix<f64>, Vec<f64>) {
        let linear = self.way_back().transposed();
        let mut shift = vec![0.0; linear.cols()];
        if let Some(calibration) = &self.calibration {
            shift.iter_mut().zip(calibration.mean()).for_each(|(s, mean)| *s -= mean * calibration.gain());
        }
        for (i, mean) in self.post.iter().flat_map(|post| post.mean()).enumerate() {
            shift.iter_mut().zip(linear.row(i)).for_each(|(s, x)| *s -= mean * x);
        }
        (linear, shift)
    }
}

/// Which corrected vectors get back the length that they had before the corrector, `|u|`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Rescale {
    /// None: they have unit length.
    #[default]
    None,
    /// All.
    All,
    /// Those in the universe, while translation goes on from unit vectors: GCPA_R as the authors released it,
    /// where the translated figures repeat those of GCPA.
    Universe,
}

/// M views in one shared space of width D.
///
/// `project` is `u = z R_m` and, with a corrector, `f(u)`; `inverse` is `x = u R_mᵀ`, un-standardised;
/// `translate` is one after the other. The inverse is the transpose of the map, exact for orthogonal
/// maps at equal widths; GCCA's maps are not orthogonal, so there only directions are meaningful, unless another
/// [`Decoder`](crate::methods::decoder::Decoder) is asked for.
/// [`Universe::add`] gives it one more view without fitting the others again.
#[derive(Clone, Debug)]
pub struct Universe {
    views: Vec<ViewMap>,
    corrector: Option<Corrector>,
    rescale: Rescale,
}

impl Universe {
    /// Linear maps into a shared space.
    pub(crate) fn new(views: Vec<ViewMap>) -> Self {
        Self { views, corrector: None, rescale: Rescale::None }
    }

    /// Maps found elsewhere (d_m × D each, in the order of the views), on views standardised by these
    /// training rows.
    ///
    /// # Errors
    /// [`AlignError::Width`] where a map does not fit its view or the first map's width, or has no columns;
    /// [`AlignError::TooFewViews`] where a view has no map; [`AlignError::TooFewPresent`] for a view with less than two
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

    /// These views in one space, in this order: what a method of one's own ends in.
    ///
    /// # Errors
    /// [`AlignError::TooFewViews`] without a view, [`AlignError::DuplicateView`]; [`AlignError::Width`] where a
    /// standardisation, a map or the way back does not fit the view's width or the first map's.
    pub fn from_views(views: Vec<ViewMap>) -> Result<Self, AlignError> {
        let Some(first) = views.first() else {
            return Err(AlignError::TooFewViews { method: "a universe", got: 0, want: 1, only: None });
        };
        let universe = first.map.cols();
        for (i, view) in views.iter().enumerate() {
            if views[..i].iter().any(|other| other.name == view.name) {
                return Err(AlignError::DuplicateView { name: view.name.clone() });
            }
            let own = view.prep.width();
            let back = view.back.as_ref().map_or((universe, own), |back| (back.rows(), back.cols()));
            let post = view.post.as_ref().map_or(universe, ZScore::width);
            let shift = view.calibration.as_ref().map_or(own, |calibration| calibration.mean().len());
            let shapes = [(view.map.rows(), own), (view.map.cols(), universe), (back.0, universe), (back.1, own)];
            for (got, want) in shapes.into_iter().chain([
                (post, universe),
                (shift, own),
                (universe, universe.max(1)),
                (own, own.max(1)),
            ]) {
                if got != want {
                    return Err(AlignError::Width { op: "universe map", name: view.name.clone(), got, want });
                }
            }
        }
        Ok(Self::new(views))
    }

    /// The same maps followed by a corrector.
    ///
    /// # Errors
    /// [`AlignError::Width`] where the corrector is of another width than the universe.
    pub fn with_corrector(self, corrector: Corrector, rescale: Rescale) -> Result<Self, AlignError> {
        if corrector.width() != self.width() {
            let (name, got) = ("universe".to_string(), corrector.width());
            return Err(AlignError::Width { op: "corrector", name, got, want: self.width() });
        }
        Ok(Self { corrector: Some(corrector), rescale, ..self })
    }

    /// Which corrected vectors get back the length that they had.
    pub fn rescale(&self) -> Rescale {
        self.rescale
    }

    /// The same maps and corrector with other lengths.
    pub(crate) fn with_rescale(self, rescale: Rescale) -> Self {
        Self { rescale, ..self }
    }

    /// The same maps and one more, at the end.
    pub(crate) fn with_view(&self, view: ViewMap) -> Self {
        let mut views = self.views.clone();
        views.push(view);
        Self { views, ..self.clone() }
    }

    /// With these calibrations in the order of the views, in place of those that it has.
    pub(super) fn with_calibrations(mut self, calibrations: Vec<Option<Calibration>>) -> Self {
        let mut calibrations = calibrations.into_iter();
        self.views.iter_mut().for_each(|view| view.calibration = calibrations.next().flatten());
        self
    }

    /// Bytes of the numbers that it holds.
    pub(super) fn bytes(&self) -> usize {
        let corrector = self.corrector.as_ref().map_or(0, |corrector| size_of::<f32>() * corrector.parameters());
        self.views.iter().map(ViewMap::bytes).sum::<usize>() + corrector
    }

    /// Width D.
    pub fn width(&self) -> usize {
        self.views[0].map.cols()
    }

    /// The maps, in the order of the fitted views.
    pub fn views(&self) -> &[ViewMap] {
        &self.views
    }

    /// The shared corrector of GCPA.
    pub fn corrector(&self) -> Option<&Corrector> {
        self.corrector.as_ref()
    }

    fn view(&self, name: &str) -> Result<&ViewMap, AlignError> {
        Ok(&self.views[position(self.views.iter().map(|v| v.name.as_str()), name)?])
    }

    /// `u = z R_m` (n × D), without the corrector; for a view added with scaling, brought to the
    /// coordinates' means and scales. 2·n·d_m·D flops.
    ///
    /// # Errors
    /// Unknown view, wrong width.
    pub fn project_linear(&self, view: &str, x: &Matrix) -> Result<Matrix, AlignError> {
        let view = self.view(view)?;
        x.check_width("project", &view.name, view.prep.width())?;
        let z = view.prep.standardised(x);
        let z = if view.unit { unit_rows(&z) } else { z };
        let u = linalg::product(z.view(), view.map.view(), Threads::Pool);
        Ok(match &view.post {
            Some(post) => post.restored(&u),
            None => u,
        })
    }

    /// Universe coordinates (n × D): corrected where the method has a corrector and the view is one that it
    /// applies to. Corrected rows have unit length unless [`Rescale`] gives them back their own.
    ///
    /// Their scale is the method's. Of orthogonal maps (GPA, pivot, SRM) they have the standardised views' scale, near 1 by
    /// coordinate; SUMCOR's views have unit variance. GCCA's coordinates `U Φ` of whitened views are columns of N rows with
    /// norms near `1/√M`, so their standard deviation is near `1/√(M N)` and depends on the number of training rows;
    /// as released, `U S Φ`, they spread as the views do. Only cosines are meaningful without knowing this;
    /// [`Consensus::unit_variance`](crate::Consensus::unit_variance) gives every coordinate the same scale.
    ///
    /// # Errors
    /// Unknown view, wrong width.
    pub fn project(&self, view: &str, x: &Matrix) -> Result<Matrix, AlignError> {
        self.corrected(view, x, self.rescale != Rescale::None)
    }

    fn corrected(&self, view: &str, x: &Matrix, rescale: bool) -> Result<Matrix, AlignError> {
        let corrects = self.view(view)?.corrected;
        let linear = self.project_linear(view, x)?;
        let Some(corrector) = self.corrector.as_ref().filter(|_| corrects) else { return Ok(linear) };
        let corrected = corrector.apply(&linear)?;
        Ok(if rescale { with_lengths(corrected, &linear) } else { corrected })
    }

    /// What translation from a view goes on from.
    pub(crate) fn onward(&self, view: &str, x: &Matrix) -> Result<Matrix, AlignError> {
        self.corrected(view, x, self.rescale == Rescale::All)
    }

    /// [`Universe::project`], and what translation goes on from where any view of this universe has it apart.
    pub(crate) fn both(&self, view: &str, x: &Matrix) -> Result<(Matrix, Option<Matrix>), AlignError> {
        if self.rescale != Rescale::Universe || self.corrector.is_none() {
            return Ok((self.project(view, x)?, None));
        }
        let onward = self.onward(view, x)?;
        let shared = if self.view(view)?.corrected {
            with_lengths(onward.clone(), &self.project_linear(view, x)?)
        } else {
            onward.clone()
        };
        Ok((shared, Some(onward)))
    }

    /// Whether the way from standardised rows into it is a matrix for every view.
    pub(crate) fn is_linear(&self) -> bool {
        self.corrector.is_none() && self.views.iter().all(|view| view.post.is_none() && !view.unit)
    }

    /// Universe coordinates (n × D) back to a view's raw coordinates (n × d): `u R_mᵀ`, or `u B_m` where the fit has
    /// found a B_m, calibrated where the fit is, un-standardised.
    ///
    /// # Errors
    /// Unknown view, wrong width.
    pub fn inverse(&self, view: &str, u: &Matrix) -> Result<Matrix, AlignError> {
        let (prep, z) = self.arrive(view, u)?;
        Ok(prep.restored(&z))
    }

    /// Universe coordinates in a view's standardised ones, and what these are standardised by.
    pub(crate) fn arrive(&self, view: &str, u: &Matrix) -> Result<(&ZScore, Matrix), AlignError> {
        let view = self.view(view)?;
        u.check_width("inverse", "universe", self.width())?;
        let standardised = view.post.as_ref().map(|post| post.standardised(u));
        let u = standardised.as_ref().unwrap_or(u);
        let back = view.back.as_ref().map_or_else(|| view.map.view().transpose(), Matrix::view);
        let mut z = linalg::product(u.view(), back, Threads::Pool);
        if let Some(calibration) = &view.calibration {
            calibration.apply(&mut z);
        }
        Ok((&view.prep, z))
    }

    /// `x` of `source` in the raw coordinates of `target`, through the universe.
    ///
    /// # Errors
    /// Unknown view, wrong width.
    pub fn translate(&self, source: &str, target: &str, x: &Matrix) -> Result<Matrix, AlignError> {
        self.inverse(target, &self.onward(source, x)?)
    }

    /// The linear map between two z-scored views, `R_s R_tᵀ` (d_s × d_t), in `f64`.
    ///
    /// A view added with scaling is joined by an affine map `z ↦ (z R)∘σ + μ`, whose linear part `R diag(σ)`
    /// stands for R_s, and `R diag(σ)⁻¹` for R_t. Shifts are left out; cycles of these linear parts close
    /// where cycles of orthogonal maps do. A calibrated view's gain is part of the way back to it. Where rows are brought to unit length the map is right for their directions.
    ///
    /// # Errors
    /// Unknown view.
    pub fn map_between(&self, source: &str, target: &str) -> Result<Matrix<f64>, AlignError> {
        let (s, t) = (self.view(source)?.way_in(), self.view(target)?.way_back());
        let mut out = Matrix::zeros(s.rows(), t.rows());
        linalg::gemm(out.view_mut(), Accum::Replace, s.view(), t.view().transpose(), Threads::Pool);
        Ok(out)
    }
}

/// Directions at the lengths of these rows.
fn with_lengths(mut unit: Matrix, rows: &Matrix) -> Matrix {
    let width = rows.cols();
    unit.as_mut_slice().par_chunks_mut(width).zip(rows.as_slice().par_chunks(width)).for_each(|(row, before)| {
        let length = norm(before);
        row.iter_mut().for_each(|x| *x *= length);
    });
    unit
}
