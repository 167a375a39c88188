//! Synthetic views with a known latent behind every view, for tests, examples and benches.

use rand::RngExt;
use rand_distr::{Distribution, StandardNormal};
use serde::{Deserialize, Serialize};

use crate::numerics::linalg::{self, Threads};
use crate::rng::{Purpose, Stream, stream};
use crate::{AlignError, Corpus, Dataset, Documents, Judgement, Judgements, Labels, Matrix, Split, Views};

impl Purpose {
    /// The draw of synthetic data, also in tests.
    pub const SYNTHETIC: Self = Self::new(7);
}

/// Recipe of synthetic data: items fall into classes in a shared latent space with a decaying spectrum. Every view sees
/// the latent through its own random rotation, and adds private signal and noise.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Synthetic {
    /// Widths d_m of the views, which are named `v0`, `v1`, …. The latent is as wide as the widest view; a narrower
    /// view sees its strongest directions.
    pub widths: Vec<usize>,
    /// Number of training rows.
    pub fit_rows: usize,
    /// Number of test rows.
    pub test_rows: usize,
    /// Number of classes, the labelling `class`.
    pub classes: usize,
    /// Distance of the classes' centres, in units of the spread within a class.
    pub separation: f32,
    /// Standard deviation of the noise that each view adds, in the same units.
    pub noise: f32,
    /// Number of queries of an index of all rows: query i is test row i with more noise, and that row is relevant.
    #[serde(skip_serializing_if = "is_zero")]
    pub queries: usize,
}

/// Whether there are no queries; the recipe of data without them has no such line.
fn is_zero(queries: &usize) -> bool {
    *queries == 0
}

impl Default for Synthetic {
    fn default() -> Self {
        Self { widths: vec![32; 3], fit_rows: 400, test_rows: 200, classes: 8, separation: 1.5, noise: 0.5, queries: 0 }
    }
}

impl Synthetic {
    /// Draws the data; the same seed gives the same bits.
    ///
    /// # Errors
    /// The errors of [`Views::new`], for sizes of zero.
    pub fn generate(&self, seed: u64) -> Result<Dataset, AlignError> {
        let rows = self.fit_rows + self.test_rows;
        let latent_width = self.widths.iter().copied().max().unwrap_or(0);
        let mut rng = stream(seed, Purpose::SYNTHETIC, None);
        let centres = gaussian(self.classes.max(1), latent_width, &mut rng);
        let labels: Vec<i64> = (0..rows).map(|_| rng.random_range(0..self.classes.max(1)) as i64).collect();
        let mut latent = gaussian(rows, latent_width, &mut rng);
        for (i, &class) in labels.iter().enumerate() {
            for (j, x) in latent.row_mut(i).iter_mut().enumerate() {
                let spectrum = (1.0 + j as f32).powf(-0.6);
                *x = (*x + self.separation * centres.at(class as usize, j)) * spectrum;
            }
        }
        let mut train = Vec::with_capacity(self.widths.len());
        let mut test = Vec::with_capacity(self.widths.len());
        let (mut documents, mut queries) = (Vec::new(), Vec::new());
        let asked: Vec<usize> = (self.fit_rows..rows).take(self.queries).collect();
        let test_rows: Vec<usize> = (self.fit_rows..rows).collect();
        let fit_rows: Vec<usize> = (0..self.fit_rows).collect();
        for (m, &width) in self.widths.iter().enumerate() {
            let mut rng = stream(seed, Purpose::SYNTHETIC, Some(m));
            let rotation = rotation(width, &mut rng)?;
            let seen = latent.view().subcols(0, width);
            let mut view = linalg::product(seen, rotation.view(), Threads::Pool);
            let spread = self.noise / (width.max(1) as f32).sqrt();
            for x in view.as_mut_slice() {
                let noise: f32 = StandardNormal.sample(&mut rng);
                *x += spread * noise;
            }
            train.push((format!("v{m}"), view.select_rows(&fit_rows)));
            test.push((format!("v{m}"), view.select_rows(&test_rows)));
            if !asked.is_empty() {
                let mut of_queries = view.select_rows(&asked);
                for x in of_queries.as_mut_slice() {
                    let noise: f32 = StandardNormal.sample(&mut rng);
                    *x += spread * noise;
                }
                queries.push((format!("v{m}"), of_queries));
                documents.push((format!("v{m}"), view));
            }
        }
        let split = |views, labels: &[i64]| -> Result<Split, AlignError> {
            Ok(Split {
                views: Views::new(views)?,
                labels: vec![Labels { name: "class".into(), values: labels.to_vec() }],
                groups: Vec::new(),
                ids: None,
            })
        };
        let corpus = match queries.is_empty() {
            true => None,
            false => {
                let judged = asked.iter().enumerate();
                let judged = judged.map(|(query, &document)| Judgement { query, document, relevance: 1 });
                let judgements = Judgements::new(asked.len(), rows, judged)?;
                let queries = Split::new(Views::new(queries)?, Vec::new(), Vec::new(), None)?;
                Some(Corpus::new(Documents::of(Views::new(documents)?), queries, judgements)?)
            }
        };
        Ok(Dataset {
            train: split(train, &labels[..self.fit_rows])?,
            validation: None,
            test: split(test, &labels[self.fit_rows..])?,
            corpus,
        })
    }
}

fn gaussian(rows: usize, cols: usize, rng: &mut Stream) -> Matrix {
    Matrix::from_fn(rows, cols, |_, _| StandardNormal.sample(rng))
}

/// A random orthogonal matrix: the polar factor of a Gaussian one.
pub fn rotation(width: usize, rng: &mut Stream) -> Result<Matrix, AlignError> {
    let gaussian = Matrix::from_fn(width, width, |_, _| StandardNormal.sample(rng));
    Ok(linalg::polar(gaussian.view(), &|| "a random rotation".into())?.map(|&x| x as f32))
}
