//! Pivot: orthogonal Procrustes of every view into the coordinates of one view.

use crate::methods::shared::docs::CONSTANT_COLUMNS;
use crate::named::ParameterDoc;
use serde::{Deserialize, Serialize};

use crate::aligner::{Aligner, FitInput, FitSize, MomentAligner, MomentSpec};
use crate::fitted::ViewMap;
use crate::methods::shared::check::ensure;
use crate::moments::Moments;
use crate::numerics::linalg::{self, Threads};
use crate::numerics::parallel::prelude::*;
use crate::prep::{ConstantColumns, Standardisation};
use crate::views::position;
use crate::{AlignError, Fit, FitReport, Fitted, Matrix, Universe};

/// Pivot: orthogonal Procrustes of every view into the coordinates of one view.
///
/// # Formula
/// With the pivot $p$ and standardised views $Z_m$,
///
/// $$ Z_m^\top Z_p = U S V^\top , \qquad R_m = U V^\top , \qquad R_p = I . $$
///
/// Without a name the pivot is the view $p$ with the largest
///
/// $$ \sum_{m \ne p} \frac{\operatorname{tr} S_{mp}}{\lVert Z_m \rVert_F \lVert Z_p \rVert_F} , $$
///
/// the sum of the cosines that the best rotations reach. The objective in the report is the sum of
/// $\operatorname{tr} S$ over the views.
///
/// # Shapes
/// Views are $N \times d_m$, standardised with the population standard deviation. $R_m$ is $d_m \times d_p$ and the
/// universe has the pivot's width $d_p$. A wider view loses directions.
///
/// # Cost
/// $M - 1$ SVDs of $d_m \times d_p$, and $M(M-1)/2$ SVDs to choose the pivot.
///
/// # Source
/// Orthogonal Procrustes: Schönemann, Psychometrika 31 (1966). A single reference view is common practice; it has no
/// single source.
///
/// # Departures
/// If views miss items, both norms are over the items that the two views share. A view whose columns are all constant
/// cannot be the pivot.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PivotParams {
    /// View whose coordinates are the universe. Default: the view that agrees best with all others.
    pub pivot: Option<String>,
    /// Treatment of columns that are constant on the training rows.
    pub constant_columns: ConstantColumns,
}

/// As lists show them.
const PARAMETERS: &[ParameterDoc] = &[
    ParameterDoc::new(
        "pivot",
        "null",
        "name of a view, or null",
        "View whose coordinates are the universe; null is the view that agrees best with all others",
    ),
    CONSTANT_COLUMNS,
];

impl Aligner for PivotParams {
    fn name(&self) -> &'static str {
        "pivot"
    }

    fn title(&self) -> &'static str {
        "Pivot"
    }

    fn summary(&self) -> &'static str {
        "orthogonal Procrustes of every view into the one that agrees best with all"
    }

    fn parameter_docs(&self) -> &'static [ParameterDoc] {
        PARAMETERS
    }

    fn version(&self) -> u32 {
        2
    }

    fn uses_seed(&self) -> bool {
        false
    }

    fn cost(&self, size: &FitSize) -> f64 {
        4.0 + 0.5 * (size.views as f64).powi(2)
    }

    fn fit(&self, input: &FitInput<'_>, seed: u64) -> Result<Fit, AlignError> {
        self.fit_rows(input, seed)
    }

    fn moments(&self) -> Option<&dyn MomentAligner> {
        Some(self)
    }
}

impl MomentAligner for PivotParams {
    fn spec(&self) -> MomentSpec {
        MomentSpec::of_pairs(Standardisation::Population(self.constant_columns))
    }

    fn fit_moments(&self, moments: &Moments, _: u64) -> Result<Fit, AlignError> {
        from_moments(self, moments)
    }
}

fn from_moments(params: &PivotParams, moments: &Moments) -> Result<Fit, AlignError> {
    moments.check_every_pair("pivot")?;
    let views = moments.views();
    let rotation = |m: usize, p: usize| -> Result<(Matrix<f64>, f64), AlignError> {
        let names = moments.names();
        let svd = linalg::thin_svd(moments.block(m, p), &|| format!("pair `{}` and `{}`", names[m], names[p]))?;
        Ok((linalg::product(svd.u.view(), svd.v.transpose(), Threads::One), svd.s.iter().sum()))
    };
    let pivot = match &params.pivot {
        Some(name) => {
            let pivot = position(moments.names().iter().map(String::as_str), name)?;
            let got = || format!("`{name}`, which is constant on the training rows");
            ensure(!moments.is_dead(pivot), "pivot", "pivot", got(), "a view that varies")?;
            pivot
        }
        None => {
            // The energy of view m in the items that view n has, too.
            let energy =
                |m: usize, n: usize| moments.energies()[m] * moments.rows(m, n) as f64 / moments.rows(m, m) as f64;
            let pairs: Vec<(usize, usize)> = (0..views)
                .flat_map(|b| (0..b).map(move |a| (a, b)))
                .filter(|&(a, b)| !moments.is_dead(a) && !moments.is_dead(b))
                .collect();
            let cosine = |&(a, b): &(usize, usize)| Ok(rotation(a, b)?.1 / (energy(a, b) * energy(b, a)).sqrt());
            let cosines: Result<Vec<f64>, AlignError> = pairs.par_iter().map(cosine).collect();
            let mut totals = vec![0.0; views];
            for (&(a, b), cosine) in pairs.iter().zip(cosines?) {
                totals[a] += cosine;
                totals[b] += cosine;
            }
            (0..views).fold(0, |best, m| if totals[m] > totals[best] { m } else { best })
        }
    };
    let width = moments.width(pivot);
    let maps: Result<Vec<(Matrix<f64>, f64)>, AlignError> = (0..views)
        .into_par_iter()
        .map(|m| {
            let identity = || Matrix::from_fn(width, width, |i, j| f64::from(u8::from(i == j)));
            if m == pivot { Ok((identity(), 0.0)) } else { rotation(m, pivot) }
        })
        .collect();
    let (maps, traces): (Vec<_>, Vec<f64>) = maps?.into_iter().unzip();
    let named = moments.names().iter().zip(moments.preps()).zip(maps);
    let maps: Vec<ViewMap> =
        named.map(|((name, prep), map)| ViewMap::new(name.clone(), prep.clone(), map.map(|&x| x as f32))).collect();
    let parameters = maps.iter().enumerate().filter(|(m, _)| *m != pivot).map(|(_, v)| v.parameters()).sum();
    let report = FitReport::closed_form(views - 1, parameters, Some(traces.iter().sum()));
    Ok(Fit { fitted: Fitted::Universe(Universe::new(maps)), report })
}
