//! Similarity: how alike two views are, independent of their coordinates, before and after alignment.

pub mod correspondence;
mod geometry;
mod halves;
mod kinds;
mod measures;
mod null;
mod pairs;
mod view;

use align::named::ParameterDoc;
use align::parallel::prelude::*;
use align::rng::{Purpose, permutation, stream};
use align::{Coordinates, Matrix};
use serde::{Deserialize, Serialize};

use crate::evaluation::Evaluation;
use crate::living::{nothing_varies, nothing_varies_in, widths_differ};
use crate::ranking::pairs::{each_translated_as, project_all};
use crate::scores::score::{check_finite, group_series};
use crate::{Metric, Place, Quantity, Scores, SimilarityMeasure, SimilarityStatistic, TaskError, TaskInput};
use halves::Halving;
use kinds::cka;
use measures::{Measures, measures};
use null::Null;
use view::View;

/// The draw of the items that are compared if there are too many for all pairs.
const SEEN_ITEMS: Purpose = Purpose::new(40);

const TASK: &str = "similarity";

/// Similarity: how alike two views are, independent of their coordinates, before and after alignment.
///
/// None of the five measures depends on a rotation. A method changes them only by more than a rotation.
///
/// # Formula
/// For every unordered pair of views, on the same held-out items, with centred rows $X$ and $Y$:
///
/// - `cka`: debiased linear CKA,
///   $\operatorname{HSIC}(K, L) / \sqrt{\operatorname{HSIC}(K, K) \operatorname{HSIC}(L, L)}$ with the Gram matrices
///   $K = X X^\top$ and $L = Y Y^\top$ and the unbiased estimate of HSIC;
/// - `mutual_knn`: the mean share of an item's $k$ nearest neighbours (by cosine) that both views have in common;
/// - `rsa`: the Spearman correlation of the cosines of all pairs of items;
/// - `svcca`: the mean canonical correlation of the principal axes that hold the share `variance` of each view;
/// - `procrustes`: the distance $1 - \lVert X^\top Y \rVert_{\ast}$ (nuclear norm) of views that are scaled to a sum of
///   squares of 1.
///
/// Each measure $s$ is reported raw, calibrated as $(s - \mu_0) / (1 - \mu_0)$ with its mean $\mu_0$ under random
/// permutations of the items, with the p-value of that null, and with the ceiling that the random halves of each view
/// give. Beside them stand values that do depend on a rotation: with unit rows $\hat x_i$ and $\hat y_i$, `alignment`,
/// the mean of $\lVert \hat x_i - \hat y_i \rVert^2$; `modality_gap`, the distance of the two views' means; per view
/// `uniformity`, $\ln \frac{2}{n(n-1)} \sum_{i \lt j} \exp(-2 \lVert \hat x_i - \hat x_j \rVert^2)$, the effective rank
/// $\exp(H(\sigma / \sum \sigma))$ of the singular values $\sigma$, and `distortion`, one minus the CKA of the view
/// with itself before the method.
///
/// # Shapes
/// Views are $n \times d_m$; widths may differ. They are compared in the input space for a method without alignment, in
/// the universe if there is one, else translated: the first view in the coordinates of the second, both standardised by
/// the second's training rows. If there are more than `items` held-out items, a random sample of that size is used, the
/// same for every view and method; records state its size.
///
/// # Cost
/// Per view three products of $n \times d$ by $d \times n$, a sort of $n^2 / 2$ numbers and an SVD of $n \times d$, and
/// twice as much for the halves. Per pair and permutation two passes over $n^2 / 2$ pairs of items and an SVD of
/// $d \times d$; this is most of the cost. The memory is $16 n^2$ bytes per view.
///
/// # Source
/// CKA: Kornblith et al., ICML 2019; Song et al., Journal of Machine Learning Research 13 (2012). Mutual kNN: Huh et
/// al., ICML 2024. RSA: Kriegeskorte, Mur and Bandettini, 2008. SVCCA: Raghu et al., NeurIPS 2017. Procrustes: Ding,
/// Denain and Steinhardt, NeurIPS 2021. Alignment and uniformity: Wang and Isola, ICML 2020. Modality gap: Liang et
/// al., NeurIPS 2022. Effective rank: Roy and Vetterli, EUSIPCO 2007.
///
/// # Departures
/// The Procrustes distance of the source is twice the one here. Ties of neighbours and of cosines are averaged, so the
/// order of the items has no influence. The ceiling is none of the sources'.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SimilarityParams {
    /// Largest number of items that are compared; if there are more, a random sample of this size.
    pub items: usize,
    /// Number of neighbours of mutual kNN.
    pub k: usize,
    /// Share of a view's variance that SVCCA keeps.
    pub variance: f64,
    /// Number of permutations of the null.
    pub permutations: usize,
    /// Seed of the sample of items, the permutations and the halves.
    pub seed: u64,
}

impl Default for SimilarityParams {
    fn default() -> Self {
        Self { items: 1000, k: 10, variance: 0.99, permutations: 99, seed: 0 }
    }
}

impl SimilarityParams {
    fn halves(&self) -> Halving {
        Halving { seed: self.seed, k: self.k, variance: self.variance }
    }
}

/// As lists show them.
const PARAMETERS: &[ParameterDoc] = &[
    ParameterDoc::new("items", "1000", "integer >= 4", "Maximum number of items; of more, a random sample is used"),
    ParameterDoc::new("k", "10", "integer >= 1", "Neighbours of mutual kNN"),
    ParameterDoc::new("variance", "0.99", "number > 0, <= 1", "Share of a view's variance that SVCCA keeps"),
    ParameterDoc::new("permutations", "99", "integer >= 1", "Number of permutations of the null distribution"),
    ParameterDoc::new("seed", "0", "integer >= 0", "Seed of the sample, the permutations and the halves"),
];

impl Evaluation for SimilarityParams {
    fn name(&self) -> &'static str {
        TASK
    }

    fn title(&self) -> &'static str {
        "Similarity"
    }

    fn summary(&self) -> &'static str {
        "how alike two views are: CKA, mutual kNN, RSA, SVCCA, Procrustes, each against chance and its ceiling"
    }

    fn parameter_docs(&self) -> &'static [ParameterDoc] {
        PARAMETERS
    }

    fn version(&self) -> u32 {
        2
    }

    fn validate(&self) -> Result<(), TaskError> {
        let refuse = |parameter, got: String, want| Err(TaskError::Parameter { task: TASK, parameter, got, want });
        if self.items < FEWEST {
            return refuse("items", self.items.to_string(), "at least 4");
        }
        if self.k == 0 {
            return refuse("k", "0".into(), "at least 1");
        }
        if !(self.variance > 0.0 && self.variance <= 1.0) {
            return refuse("variance", self.variance.to_string(), "a number above 0, at most 1");
        }
        if !(1..=1_000_000).contains(&self.permutations) {
            return refuse("permutations", self.permutations.to_string(), "an integer from 1 to 1000000");
        }
        Ok(())
    }

    fn score(&self, input: &TaskInput<'_>) -> Result<Scores, TaskError> {
        score(self, input)
    }
}

/// Debiased HSIC divides by n − 3.
const FEWEST: usize = 4;

/// Rows of a view in one space, prepared for the measures.
struct Seen {
    rows: Matrix,
    view: View,
    /// Measures between the two halves of the view; `None` for a single column.
    halves: Option<Measures>,
}

/// Data that all pairs share.
struct Panel<'a> {
    params: &'a SimilarityParams,
    space: Coordinates,
    null: Null,
    n: usize,
    out: Scores,
}

/// Scores every unordered pair of the test split's views.
fn score(params: &SimilarityParams, input: &TaskInput<'_>) -> Result<Scores, TaskError> {
    let rows = sample(params, input.test.views.rows())?;
    let space = input.fitted.coordinates()[0];
    let names: Vec<&str> = input.test.views.names().collect();
    let projections = project_all(input)?;
    let see = |position: usize, x: &Matrix| -> Result<Seen, TaskError> {
        let rows = x.select_rows(&rows);
        let name = || names[position].to_string();
        let halves = halves::halves(&rows, params.halves(), position)?;
        Ok(Seen { view: View::new(&rows, params.k, &name)?, rows, halves })
    };
    let before: Vec<pairs::Pairs> = (0..names.len())
        .into_par_iter()
        .map(|m| cka::centred_gram(&input.test.views.at(m).select_rows(&rows)))
        .collect();
    let mut panel = Panel {
        params,
        space,
        null: Null::new(params.seed, params.permutations, rows.len()),
        n: rows.len(),
        out: Scores::default(),
    };
    match space {
        Coordinates::Input | Coordinates::Universe => {
            let seen: Vec<Seen> = (0..names.len())
                .into_par_iter()
                .map(|m| see(m, &projections.shared()[m]))
                .collect::<Result<_, TaskError>>()?;
            for (m, seen) in seen.iter().enumerate() {
                panel.of_view(Place::view(space, names[m]), seen, &before[m], nothing_varies(names[m], &seen.rows));
            }
            for a in 0..names.len() {
                for b in a + 1..names.len() {
                    panel.of_pair(names[a], names[b], &seen[a], &seen[b])?;
                }
            }
        }
        Coordinates::Translated => {
            let as_it_is = |z: Matrix| z;
            each_translated_as(input, &projections, as_it_is, |s, t, moved, target| {
                if s < t {
                    for (m, x) in [(s, moved), (t, target)] {
                        check_finite(space, &|| names[m].to_string(), x)?;
                    }
                    let (a, b) = (see(s, moved)?, see(t, target)?);
                    let dead = nothing_varies_in((names[s], names[t]), (&a.rows, &b.rows));
                    panel.of_view(Place::pair(space, names[s], names[t]), &a, &before[s], dead);
                    panel.of_pair(names[s], names[t], &a, &b)?;
                }
                Ok(())
            })?;
        }
    }
    // The groups and rows of the sampled items, if not all items are compared.
    if rows.len() < input.test.views.rows() {
        if let Some(groups) = input.test.groups.first() {
            let of_rows: Vec<i64> = rows.iter().map(|&row| groups.values[row]).collect();
            panel.out.series.push(group_series(space, &groups.name, &of_rows));
        }
        panel.out.rows = Some(rows);
    }
    Ok(panel.out)
}

/// The maximum of x and 0; unlike `f64::max` it keeps NaN.
fn at_least_zero(x: f64) -> f64 {
    if x < 0.0 { 0.0 } else { x }
}

/// The items that are compared, in the order of the split.
fn sample(params: &SimilarityParams, n: usize) -> Result<Vec<usize>, TaskError> {
    if n < FEWEST {
        let want = "at least 4 held-out items";
        return Err(TaskError::Parameter { task: TASK, parameter: "items", got: n.to_string(), want });
    }
    let rows = at_most(params.items, n, params.seed);
    if params.k >= rows.len() {
        let want = "fewer than the number of items";
        return Err(TaskError::Parameter { task: TASK, parameter: "k", got: params.k.to_string(), want });
    }
    Ok(rows)
}

/// The first n numbers in order, or a random sample of `most` of them if n is larger.
fn at_most(most: usize, n: usize, seed: u64) -> Vec<usize> {
    if n <= most {
        return (0..n).collect();
    }
    let mut drawn = permutation(n, &mut stream(seed, SEEN_ITEMS, None));
    drawn.truncate(most);
    drawn.sort_unstable();
    drawn
}

impl Panel<'_> {
    fn push(&mut self, place: Place<'_>, metric: Metric, value: Result<f64, &str>) {
        // A value that is not finite means here that nothing varies.
        let value = value.and_then(|v| if v.is_finite() { Ok(v) } else { Err("a view does not vary") });
        self.out.figure_or_reason(place, metric, self.n, value);
    }

    /// Reports the values of one view. `dead` is the reason if there are none.
    fn of_view(&mut self, place: Place<'_>, seen: &Seen, before: &pairs::Pairs, dead: Option<String>) {
        if let Some(reason) = dead {
            let metrics = [Metric::Uniformity, Metric::EffectiveRank, Metric::Distortion];
            return self.out.undefined(place, &metrics, self.n, &reason);
        }
        self.push(place, Metric::Uniformity, Ok(seen.view.uniformity));
        self.push(place, Metric::EffectiveRank, Ok(geometry::effective_rank(seen.view.axes.lengths())));
        let kept = before.cross(&seen.view.gram, None);
        self.push(place, Metric::Distortion, Ok(1.0 - kept));
        if kept.is_finite() {
            let lost = before.by_item(&seen.view.gram).into_iter().map(|kept| (1.0 - kept) as f32).collect();
            self.out.keep(place, Quantity::Distortion, lost);
        }
    }

    fn of_pair(&mut self, source: &str, target: &str, a: &Seen, b: &Seen) -> Result<(), TaskError> {
        let place = Place::pair(self.space, source, target);
        if let Some(reason) = nothing_varies_in((source, target), (&a.rows, &b.rows)) {
            let of_measure = |measure| SimilarityStatistic::ALL.map(|reading| Metric::Similarity(measure, reading));
            let measures = SimilarityMeasure::ALL.into_iter().flat_map(of_measure);
            for metric in measures.chain([Metric::Alignment, Metric::ModalityGap]) {
                self.push(place, metric, Err(&reason));
            }
            return Ok(());
        }
        let variance = self.params.variance;
        let found = measures(&a.view, &b.view, None, variance)?;
        let null = self.null.draw(|order| measures(&a.view, &b.view, Some(order), variance))?;
        for (i, measure) in SimilarityMeasure::ALL.into_iter().enumerate() {
            let drawn: Vec<f64> = null.iter().map(|of| of[i]).collect();
            let raw = if measure == SimilarityMeasure::Procrustes { 1.0 - found[i] } else { found[i] };
            self.push(place, Metric::Similarity(measure, SimilarityStatistic::Raw), Ok(raw));
            self.push(
                place,
                Metric::Similarity(measure, SimilarityStatistic::Calibrated),
                null::calibrated(found[i], &drawn),
            );
            self.push(place, Metric::Similarity(measure, SimilarityStatistic::P), null::p(found[i], &drawn));
            let ceiling = match (&a.halves, &b.halves) {
                (Some(x), Some(y)) => Ok((at_least_zero(x[i]) * at_least_zero(y[i])).sqrt()),
                _ => Err("a single column has no halves"),
            };
            self.push(place, Metric::Similarity(measure, SimilarityStatistic::Ceiling), ceiling);
        }
        if found[0].is_finite() {
            self.out.keep(place, Quantity::Cka, a.view.gram.by_item(&b.view.gram).iter().map(|&v| v as f32).collect());
        }
        self.out.keep(place, Quantity::NeighboursShared, a.view.neighbours.shared_by_item(&b.view.neighbours));
        if let Some(reason) = widths_differ((source, target), (&a.rows, &b.rows)) {
            self.out.undefined(place, &[Metric::Alignment, Metric::ModalityGap], self.n, &reason);
            return Ok(());
        }
        let (distances, gap) = geometry::of_pair(&a.rows, &b.rows);
        self.push(place, Metric::Alignment, Ok(crate::scores::metrics::mean(&distances)));
        self.push(place, Metric::ModalityGap, Ok(gap));
        self.out.keep(place, Quantity::SquaredDistance, distances);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::RngExt;

    #[test]
    fn parameters_outside_their_domain_are_named() {
        let default = SimilarityParams::default;
        for (params, text) in [
            (SimilarityParams { items: 3, ..default() }, "similarity: `items` is 3, expected at least 4"),
            (SimilarityParams { k: 0, ..default() }, "similarity: `k` is 0, expected at least 1"),
            (
                SimilarityParams { variance: 1.5, ..default() },
                "similarity: `variance` is 1.5, expected a number above 0",
            ),
            (
                SimilarityParams { permutations: 0, ..default() },
                "similarity: `permutations` is 0, expected an integer from 1 to 1000000",
            ),
            (
                SimilarityParams { permutations: usize::MAX, ..default() },
                "similarity: `permutations` is 18446744073709551615, expected",
            ),
        ] {
            let error = params.validate().unwrap_err().to_string();
            assert!(error.starts_with(text), "{error}");
        }
        let few = sample(&default(), 8).unwrap_err().to_string();
        assert_eq!(few, "similarity: `k` is 10, expected fewer than the number of items");
        assert!(sample(&default(), 3).unwrap_err().to_string().contains("at least 4 held-out items"));
    }

    #[test]
    fn too_many_items_are_sampled_the_same_way_every_time() {
        let params = SimilarityParams { items: 50, ..SimilarityParams::default() };
        let rows = sample(&params, 400).expect("enough");
        assert!(rows.len() == 50 && rows.is_sorted() && rows.windows(2).all(|w| w[0] < w[1]));
        assert_eq!(rows, sample(&params, 400).expect("enough"));
        assert_ne!(rows, sample(&SimilarityParams { seed: 1, ..params }, 400).expect("enough"));
        assert_eq!(sample(&SimilarityParams::default(), 30).expect("enough"), (0..30).collect::<Vec<_>>());
    }

    #[test]
    fn permuted_indices_are_permuted_items() {
        let noise = |columns: usize, seed: u64| {
            let mut rng = stream(seed, Purpose::SYNTHETIC, None);
            Matrix::from_fn(40, columns, |_, _| rng.random::<f32>())
        };
        let (x, y) = (noise(7, 1), noise(5, 2));
        let order = permutation(40, &mut stream(3, crate::noise::PERMUTED_ROWS, None));
        let view = |x: &Matrix| View::new(x, 6, &String::new).expect("converges");
        let (a, b, moved) = (view(&x), view(&y), view(&y.select_rows(&order)));
        let got = measures(&a, &b, Some(&order), 0.9).expect("converges");
        let want = measures(&a, &moved, None, 0.9).expect("converges");
        for (got, want) in got.iter().zip(want) {
            assert!((got - want).abs() < 1e-6, "{got} for {want}");
        }
        assert!((got[1] - measures(&a, &b, None, 0.9).expect("converges")[1]).abs() > 1e-3, "the order matters");
    }
}
