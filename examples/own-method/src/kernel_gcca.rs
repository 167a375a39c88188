//! Kernel GCCA: generalised CCA of kernel features.

use std::sync::Arc;

use align::linalg::{MatrixView, Threads, product, symmetric_eigen};
use align::methods::gcca::{self, GccaParams};
use align::prep::{ConstantColumns, ZScore};
use align::rng::{Purpose, permutation, stream};
use align::{
    AlignError, Aligner, Coordinates, Fit, FitInput, FitReport, Fitted, FittedMaps, Matrix, Needs, Universe, Views,
};
use serde::{Deserialize, Serialize};

/// The name of the method in grid files and in errors.
const NAME: &str = "own_kernel_gcca";

/// The purpose of the only random draw. Numbers below 1,000 belong to polyalign.
const LANDMARKS: Purpose = Purpose::new(1_000);

/// The smallest eigenvalue of the kernel matrix of the landmarks that is divided by, as a share of the largest.
const SMALLEST: f64 = 1e-6;

/// Own kernel GCCA: regularised MAXVAR GCCA of the Nyström features of an RBF kernel.
///
/// # Formula
/// $z$ is a standardised row of view $m$. $L_m$ holds the $k$ landmarks of the view: rows of the training items that the seed
/// draws, the same items in every view. With the kernel
///
/// $$ K(x, y) = \exp \Bigl( - \frac{\lVert x - y \rVert^2}{2 \gamma d_m} \Bigr) $$
///
/// the features are
///
/// $$ f_m(z) = K(z, L_m) K(L_m, L_m)^{-1/2} , $$
///
/// so that $f_m(x) \cdot f_m(y)$ approximates $K(x, y)$. The features of all views are standardised and become the views of
/// a linear GCCA with the ridge $\kappa$. The symmetric square root gives all features a similar variance; therefore the
/// standardisation hardly changes their geometry, and the ridge penalises rough functions.
///
/// # Shapes
/// Views are $n \times d_m$, features $n \times k$, the universe $n \times R$.
///
/// # Cost
/// For every view $n k (d_m + k)$ multiply-adds and one eigendecomposition of $k \times k$; then a GCCA of $M$ views of width
/// $k$.
///
/// # Source
/// Kernel CCA: Lai and Fyfe, International Journal of Neural Systems 10 (2000); Akaho, IMPS (2001). Features: Williams and
/// Seeger, NIPS 13 (2001). MAXVAR: Kettenring, Biometrika 58 (1971).
///
/// # Departures
/// There is no way back from the universe to a view, so tasks that need translations do not apply.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct KernelGcca {
    /// Number of landmarks k, at most the number of training items.
    pub landmarks: usize,
    /// γ: the squared bandwidth of the kernel, in units of the width of the view.
    pub bandwidth: f64,
    /// κ: the ridge of the GCCA.
    pub ridge: f64,
    /// Width R of the universe, at most the number of landmarks.
    pub rank: usize,
}

impl Default for KernelGcca {
    fn default() -> Self {
        Self { landmarks: 200, bandwidth: 1.0, ridge: 0.01, rank: 32 }
    }
}

impl Aligner for KernelGcca {
    fn name(&self) -> &'static str {
        NAME
    }

    fn title(&self) -> &'static str {
        "Own kernel GCCA"
    }

    fn summary(&self) -> &'static str {
        "regularised MAXVAR GCCA of Nyström features of an RBF kernel"
    }

    fn needs(&self) -> Needs {
        Needs::default().complete()
    }

    fn validate(&self) -> Result<(), AlignError> {
        let refuse = |parameter, got: String, want| Err(AlignError::Parameter { method: NAME, parameter, got, want });
        let positive = |x: f64| x > 0.0 && x.is_finite();
        if self.rank == 0 {
            return refuse("rank", self.rank.to_string(), "at least 1");
        }
        if self.landmarks < self.rank {
            return refuse("landmarks", self.landmarks.to_string(), "at least `rank`");
        }
        if !positive(self.bandwidth) {
            return refuse("bandwidth", self.bandwidth.to_string(), "a finite number above 0");
        }
        if !positive(self.ridge) {
            return refuse("ridge", self.ridge.to_string(), "a finite number above 0");
        }
        Ok(())
    }

    fn fit(&self, input: &FitInput<'_>, seed: u64) -> Result<Fit, AlignError> {
        let items = self.draw_landmarks(input.views.rows(), seed)?;
        let mut views = Vec::new();
        let mut features = Vec::new();
        for space in input.views.iter() {
            let view = KernelView::new(space.name(), space.values(), &items, self.bandwidth)?;
            features.push((view.name.clone(), view.features(space.values().view())?));
            views.push(view);
        }
        let gcca = self.gcca().fit(&FitInput::new(&Views::new(features)?), seed)?;
        let Fitted::Universe(universe) = gcca.fitted else {
            return Err(AlignError::Own { method: NAME.into(), message: "GCCA did not return a universe".into() });
        };
        let maps = KernelMaps { views, universe };
        // Each view holds its landmarks, the square root, and its map into the universe.
        let numbers = maps.bytes() / size_of::<f32>();
        let report = FitReport::closed_form(maps.views.len(), numbers, gcca.report.objective);
        Ok(Fit { fitted: Fitted::Own(Arc::new(maps)), report })
    }
}

impl KernelGcca {
    /// The training items whose rows are the landmarks of every view.
    fn draw_landmarks(&self, items: usize, seed: u64) -> Result<Vec<usize>, AlignError> {
        if self.landmarks > items {
            let message = format!("`landmarks` is {}, expected at most {items}, the training items", self.landmarks);
            return Err(AlignError::Own { method: NAME.into(), message });
        }
        let mut order = permutation(items, &mut stream(seed, LANDMARKS, None));
        order.truncate(self.landmarks);
        Ok(order)
    }

    /// The linear method that aligns the features.
    fn gcca(&self) -> GccaParams {
        GccaParams { coordinates: gcca::Coordinates::Carroll, ..GccaParams::textbook(Some(self.rank), self.ridge) }
    }
}

/// The kernel features of one view.
#[derive(Debug)]
struct KernelView {
    name: String,
    /// The standardisation of the raw rows.
    prep: ZScore,
    /// L_m: the standardised rows of the landmarks (k × d).
    landmarks: Matrix,
    /// K(L_m, L_m)^(−1/2) (k × k).
    root: Matrix,
    /// 2 γ d_m.
    scale: f64,
}

impl KernelView {
    fn new(name: &str, rows: &Matrix, items: &[usize], bandwidth: f64) -> Result<Self, AlignError> {
        let prep = ZScore::fit(rows, ConstantColumns::Clamp);
        let landmarks = prep.apply(rows)?.select_rows(items);
        let scale = 2.0 * bandwidth * rows.cols() as f64;
        let root = inverse_root(&kernel(&landmarks, &landmarks, scale), name)?;
        Ok(Self { name: name.to_string(), prep, landmarks, root, scale })
    }

    /// f_m of raw rows (n × d) of this view: n × k.
    fn features(&self, rows: MatrixView<'_>) -> Result<Matrix, AlignError> {
        let similarities = kernel(&self.prep.apply(rows)?, &self.landmarks, self.scale);
        Ok(product(similarities.view(), self.root.view(), Threads::Pool))
    }
}

/// K(x, y) of every row of `x` (n × d) with every row of `y` (k × d): n × k.
fn kernel(x: &Matrix, y: &Matrix, scale: f64) -> Matrix {
    let squares = |a: &Matrix| -> Vec<f64> {
        (0..a.rows()).map(|i| a.row(i).iter().map(|&v| f64::from(v).powi(2)).sum()).collect()
    };
    let (of_x, of_y) = (squares(x), squares(y));
    let dot = product(x.view(), y.view().transpose(), Threads::Pool);
    Matrix::from_fn(x.rows(), y.rows(), |i, j| {
        let distance = (of_x[i] + of_y[j] - 2.0 * f64::from(dot.at(i, j))).max(0.0);
        (-distance / scale).exp() as f32
    })
}

/// `A^(−1/2)` of a symmetric positive semidefinite matrix (k × k).
fn inverse_root(a: &Matrix, view: &str) -> Result<Matrix, AlignError> {
    let wide = a.map(|&x| f64::from(x));
    let (values, vectors) = symmetric_eigen(wide.view(), &|| format!("the landmarks of `{view}`"))?;
    // Ascending order: the last is the largest.
    let least = SMALLEST * values.last().copied().unwrap_or(0.0);
    let scaled = Matrix::from_fn(a.rows(), a.cols(), |i, j| vectors[(i, j)] / values[j].max(least).sqrt());
    Ok(product(scaled.view(), vectors.transpose(), Threads::Pool).map(|&x| x as f32))
}

/// What a fit of kernel GCCA holds: the features of each view, and the universe of the features.
#[derive(Debug)]
struct KernelMaps {
    views: Vec<KernelView>,
    universe: Universe,
}

impl KernelMaps {
    fn view(&self, name: &str) -> Result<&KernelView, AlignError> {
        self.views.iter().find(|view| view.name == name).ok_or_else(|| {
            let known: Vec<&str> = self.views.iter().map(|view| view.name.as_str()).collect();
            AlignError::UnknownView { name: name.into(), known: known.join(", ") }
        })
    }
}

impl FittedMaps for KernelMaps {
    fn views(&self) -> Vec<(&str, usize)> {
        self.views.iter().map(|view| (view.name.as_str(), view.prep.width())).collect()
    }

    fn coordinates(&self) -> &'static [Coordinates] {
        &[Coordinates::Universe]
    }

    fn project(&self, view: &str, x: MatrixView<'_>) -> Result<Matrix, AlignError> {
        self.universe.project(view, &self.view(view)?.features(x)?)
    }

    fn prep(&self, view: &str) -> Option<&ZScore> {
        self.view(view).ok().map(|view| &view.prep)
    }

    fn bytes(&self) -> usize {
        let arrays = self.views.iter().flat_map(|view| [&view.landmarks, &view.root]);
        let maps = self.universe.views().iter().filter_map(|view| view.map());
        arrays.chain(maps).map(|array| size_of_val(array.as_slice())).sum()
    }
}
