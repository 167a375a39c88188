//! Relative representations: each row is replaced by its cosine similarities to K anchor items.

use crate::methods::shared::docs::{CONSTANT_COLUMNS, decoder};
use crate::named::ParameterDoc;
use serde::{Deserialize, Serialize};

use crate::aligner::{Aligner, FitInput, FitSize, SearchSpace};
use crate::fitted::ViewMap;
use crate::methods::shared::check::{at_most, ensure};
use crate::methods::shared::decoder::Decoder;
use crate::methods::shared::search::draws;
use crate::moments::{FEWEST, Incomplete, Moments};
use crate::prep::{ConstantColumns, Standardisation, ZScore, norm, unit_rows};
use crate::rng::{Purpose, permutation, stream};
use crate::{AlignError, Fit, FitReport, Fitted, Matrix, Universe, Views};

/// The draw of the anchor items.
const ANCHOR_ITEMS: Purpose = Purpose::new(30);

/// Relative representations: each row is replaced by its cosine similarities to K anchor items.
///
/// # Formula
/// With standardised rows $z_{mi}$ of view $m$ and the anchor items $a_1, \dots, a_K$, the same for all views,
///
/// $$ u_{mi} = \bigl( \cos(z_{mi}, z_{ma_1}), \dots, \cos(z_{mi}, z_{ma_K}) \bigr) = v_{mi} A_m^\top , $$
///
/// where $v_{mi}$ is the row at unit length and $A_m$ holds the unit rows of the anchors. Only the anchors are chosen,
/// by the seed; nothing else is fitted on the way in.
///
/// The way back is a [`Decoder`] of these maps into unit rows, multiplied by the root mean square length of the view's
/// standardised rows. A row therefore comes back with its direction but not with its length.
///
/// # Shapes
/// Views are $N \times d_m$, standardised with the population standard deviation. $A_m$ is $K \times d_m$ and the
/// universe has width $K$.
///
/// # Cost
/// $N P^2$ multiply-adds for the decoder, with $P = \sum_m d_m$, and one eigendecomposition of $K \times K$ (least
/// squares) or $M$ SVDs of $d_m \times K$ (pseudo-inverse).
///
/// # Source
/// Moschella, Maiorana, Fumero, Norelli, Locatello and Rodolà, ICLR 2023. The way back by the pseudo-inverse: Maiorca,
/// Moschella, Fumero, Locatello and Rodolà, 2024.
///
/// # Departures
/// Rows are standardised before their cosines are taken, as for every method here. Cosines of raw rows are nearly equal
/// for most encoders.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RelativeParams {
    /// Number K of anchors, drawn from the items that every view has. Default: 256, or all of these items if there are
    /// fewer.
    pub anchors: Option<usize>,
    /// The map from the universe back to a view.
    pub decoder: Decoder,
    /// Treatment of columns that are constant on the training rows.
    pub constant_columns: ConstantColumns,
}

/// Default number of anchors.
const ANCHORS: usize = 256;

impl Default for RelativeParams {
    fn default() -> Self {
        Self { anchors: None, decoder: Decoder::LeastSquares, constant_columns: ConstantColumns::default() }
    }
}

/// As lists show them.
const PARAMETERS: &[ParameterDoc] = &[
    ParameterDoc::new(
        "anchors",
        "null",
        "integer >= 1, or null",
        "Number of anchor items; null is 256, or all where there are fewer",
    ),
    decoder("least_squares"),
    CONSTANT_COLUMNS,
];

impl Aligner for RelativeParams {
    fn name(&self) -> &'static str {
        "relative"
    }

    fn title(&self) -> &'static str {
        "Relative"
    }

    fn summary(&self) -> &'static str {
        "relative representations: cosines to anchor items that all views have"
    }

    fn parameter_docs(&self) -> &'static [ParameterDoc] {
        PARAMETERS
    }

    fn version(&self) -> u32 {
        2
    }

    fn cost(&self, size: &FitSize) -> f64 {
        4.0 + 2.0 * size.views as f64
    }

    fn search(&self, size: &FitSize) -> SearchSpace {
        vec![("anchors", draws(size, &[64, 128, 256, 512]))]
    }

    fn validate(&self) -> Result<(), AlignError> {
        let anchors = self.anchors.unwrap_or(1);
        ensure(anchors >= 1, "relative", "anchors", anchors, "at least 1")
    }

    fn fit(&self, input: &FitInput<'_>, seed: u64) -> Result<Fit, AlignError> {
        fit(self, input.views, seed)
    }
}

fn fit(params: &RelativeParams, train: &Views, seed: u64) -> Result<Fit, AlignError> {
    let shared: Vec<usize> = (0..train.rows()).filter(|&row| train.views_of(row) == train.len()).collect();
    if shared.len() < FEWEST {
        return Err(AlignError::TooFewRows { method: "relative", got: shared.len(), want: FEWEST });
    }
    let limit = || "the training items that every view has".into();
    at_most("relative", "anchors", params.anchors, shared.len(), limit)?;
    let count = params.anchors.unwrap_or(ANCHORS.min(shared.len()));
    let order = permutation(shared.len(), &mut stream(seed, ANCHOR_ITEMS, None));
    let anchors: Vec<usize> = order.iter().take(count).map(|&at| shared[at]).collect();

    let mut unit = train.clone();
    let (mut preps, mut lengths, mut stacked) = (Vec::new(), Vec::new(), Vec::new());
    for (m, view) in train.iter().enumerate() {
        let prep = ZScore::fit(&view.observed(), params.constant_columns);
        let z = prep.standardised(view.values());
        let squares = (0..z.rows()).filter(|&row| view.has(row)).map(|row| f64::from(norm(z.row(row))).powi(2));
        lengths.push((squares.sum::<f64>() / view.observed_rows() as f64).sqrt());
        let v = unit_rows(&z);
        let d = v.cols();
        stacked.extend((0..d).flat_map(|j| anchors.iter().map(|&a| f64::from(v.at(a, j))).collect::<Vec<f64>>()));
        unit = unit.with_values(m, v)?;
        preps.push(prep);
    }
    let width = anchors.len();
    let stacked = Matrix::from_vec(stacked.len() / width, width, stacked);
    let moments = Moments::fit(&unit, Incomplete::MeanOfPresent, Standardisation::Identity)?;
    let decoders = params.decoder.of(&moments, &stacked)?;
    let views: Vec<ViewMap> = preps
        .into_iter()
        .zip(decoders)
        .enumerate()
        .map(|(m, (prep, decoder))| {
            let (start, d) = (moments.offset(m), moments.width(m));
            let map = Matrix::from_fn(d, width, |i, k| stacked.at(start + i, k) as f32);
            let back = decoder.unwrap_or_else(|| Matrix::from_fn(width, d, |k, i| map.at(i, k)));
            let back = back.map(|&x| (f64::from(x) * lengths[m]) as f32);
            ViewMap::new(moments.names()[m].clone(), prep, map).of_unit_rows().with_back(back)
        })
        .collect();
    let parameters = views.iter().map(ViewMap::parameters).sum();
    let report = FitReport::closed_form(views.len(), parameters, None);
    Ok(Fit { fitted: Fitted::Universe(Universe::new(views)), report })
}
