//! Cross-validation: every candidate is fitted on all folds but one, and scored on the one.

use std::time::Instant;

use align::moments::{Incomplete, Precision, SufficientStatistics};
use align::{AlignError, BaseFit, BaseViews, Fit, FitInput, Method, Split, Watch};
use tasks::{Metric, TaskInput};

use crate::criterion::{Criterion, FoldItems, FoldScore, Outcome};
use crate::{Folds, SelectError};

/// Training items, their folds, and the criterion by which candidates are compared. No other item takes part.
pub struct Study<'a> {
    items: &'a Split,
    pub(crate) folds: &'a Folds,
    pub(crate) criterion: &'a Criterion,
    pub(crate) seed: u64,
    pub(crate) watch: Watch,
}

/// The scores of a candidate.
#[derive(Clone, Debug, Default)]
pub struct Scored {
    pub(crate) folds: Vec<Outcome>,
    /// Mean number of parameters of the fits.
    pub parameters: f64,
    /// Seconds of its fits and scores. Fits that several candidates share count in equal parts.
    pub seconds: f64,
}

impl<'a> Study<'a> {
    /// A study of these training items.
    pub fn new(items: &'a Split, folds: &'a Folds, criterion: &'a Criterion, seed: u64) -> Self {
        Self { items, folds, criterion, seed, watch: Watch::default() }
    }

    /// Adds an observer of the fits, which can end the study.
    pub fn watched_by(self, watch: Watch) -> Self {
        Self { watch, ..self }
    }

    /// Scores every candidate on every fold.
    ///
    /// Candidates that can be fitted from sums over rows share them: the sums of the other folds are those of all items
    /// minus those of the fold, so that their cost does not grow with the number of folds. What several candidates
    /// compute from the same sums is computed once ([`Method::fit_candidates`]). Other candidates are fitted on the rows.
    ///
    /// # Errors
    /// [`SelectError::Length`] for folds of other items, [`SelectError::NoMetric`], [`AlignError::Cancelled`]. A
    /// candidate that cannot be fitted or scored is no error: it has no score on that fold, and the reason.
    pub fn scores(&self, candidates: &[&Method]) -> Result<Vec<Scored>, SelectError> {
        let (got, want) = (self.folds.of_items().len(), self.items.views.rows());
        if got != want {
            return Err(SelectError::Length { what: "fold numbers", got, want });
        }
        let mut all: Vec<Scored> = candidates.iter().map(|_| Scored::default()).collect();
        let sums = FoldSums::of(self, candidates)?;
        for fold in 0..self.folds.count() {
            let train = self.items.select_rows(&self.folds.rest(fold));
            let held_out = self.items.select_rows(&self.folds.held_out(fold));
            let mut fits = FoldFits { study: self, train: &train, bases: Vec::new() };
            for (at, fitted, seconds) in fits.all(candidates, &sums, fold)? {
                let start = Instant::now();
                self.watch.check()?;
                let outcome = match &fitted {
                    Err(AlignError::Cancelled) => return Err(AlignError::Cancelled.into()),
                    Err(error) => Err(error.to_string()),
                    Ok(fit) => {
                        all[at].parameters += fit.report.parameters as f64 / self.folds.count() as f64;
                        let input = TaskInput {
                            fitted: &fit.fitted,
                            train: &train,
                            validation: None,
                            test: &held_out,
                            corpus: None,
                            headline_only: true,
                        };
                        self.criterion.score(&input)?
                    }
                };
                all[at].folds.push(outcome);
                all[at].seconds += seconds + start.elapsed().as_secs_f64();
            }
        }
        Ok(all)
    }
}

impl Scored {
    /// The scores of a candidate that was fitted and scored elsewhere, from one value per item: the score of a fold is the
    /// mean of the values of the items that it holds out. The metric must be a mean over items.
    ///
    /// # Errors
    /// [`SelectError::Length`] unless there is one value for each item of the folds.
    pub fn of_items(values: &[f64], folds: &Folds) -> Result<Self, SelectError> {
        let (got, want) = (values.len(), folds.of_items().len());
        if got != want {
            return Err(SelectError::Length { what: "values", got, want });
        }
        let score = |fold| {
            let items: Vec<f64> = folds.held_out(fold).into_iter().map(|item| values[item]).collect();
            Ok(FoldScore { value: items.iter().sum::<f64>() / items.len() as f64, items: FoldItems::Means(items) })
        };
        Ok(Self { folds: (0..folds.count()).map(score).collect(), ..Self::default() })
    }

    /// The score of each fold.
    pub fn folds(&self) -> Vec<Option<f64>> {
        self.folds.iter().map(|fold| fold.as_ref().ok().map(|score| score.value)).collect()
    }

    /// Mean score over the folds; `None` unless every fold has one.
    pub fn mean(&self) -> Option<f64> {
        let folds: Option<Vec<f64>> = self.folds().into_iter().collect();
        folds.map(|folds| folds.iter().sum::<f64>() / folds.len() as f64)
    }

    /// Standard error of the mean: the standard deviation between folds (n − 1) over the square root of their number.
    pub fn standard_error(&self) -> Option<f64> {
        let mean = self.mean()?;
        let folds = self.folds().into_iter().flatten();
        let count = self.folds.len() as f64;
        Some((folds.map(|fold| (fold - mean).powi(2)).sum::<f64>() / (count - 1.0) / count).sqrt())
    }

    /// The first reason why a fold has no score.
    pub fn problem(&self) -> Option<&str> {
        self.folds.iter().find_map(|fold| fold.as_ref().err().map(String::as_str))
    }

    /// For each training item its contribution to the score of the fold that holds it out; `None` unless the metric is a
    /// mean over items and every fold has a score.
    pub fn per_item(&self, folds: &Folds) -> Option<Vec<f32>> {
        let mut all = vec![f32::NAN; folds.of_items().len()];
        for (fold, outcome) in self.folds.iter().enumerate() {
            let FoldItems::Means(values) = &outcome.as_ref().ok()?.items else { return None };
            folds.held_out(fold).into_iter().zip(values).for_each(|(item, value)| all[item] = *value as f32);
        }
        Some(all)
    }

    /// Mean over folds of the scores with the held-out items of each fold counted `weights[fold]` times.
    pub(crate) fn at(&self, metric: Metric, weights: &[Vec<u32>]) -> f64 {
        let of = |(fold, weights): (&Outcome, &Vec<u32>)| {
            fold.as_ref().map_or(f64::NAN, |score| score.items.at(metric, weights))
        };
        self.folds.iter().zip(weights).map(of).sum::<f64>() / self.folds.len() as f64
    }
}

/// For each fold the weights of the items that it holds out, for [`Scored::at`]; they are the same for all candidates.
pub(crate) fn by_fold(held_out: &[Vec<usize>], weights: &[u32]) -> Vec<Vec<u32>> {
    held_out.iter().map(|items| items.iter().map(|&item| weights[item]).collect()).collect()
}

/// Sums over the rows of each fold, and over all rows.
struct FoldSums {
    /// One entry per weight of incomplete items that the candidates need.
    kinds: Vec<(Incomplete, SufficientStatistics, Vec<SufficientStatistics>)>,
    /// Whether every view has every item, so that all weights are the same.
    complete: bool,
}

impl FoldSums {
    fn of(study: &Study<'_>, candidates: &[&Method]) -> Result<Self, SelectError> {
        let complete = study.items.views.complete();
        let mut wanted: Vec<Incomplete> = Vec::new();
        for spec in candidates.iter().filter_map(|method| Some(method.moments()?.spec())) {
            if !wanted.contains(&spec.incomplete) && (wanted.is_empty() || !complete) {
                wanted.push(spec.incomplete);
            }
        }
        let kinds = wanted.into_iter().map(|incomplete| {
            let of = |fold| study.items.views.select_rows(&study.folds.held_out(fold));
            let folds: Vec<SufficientStatistics> = (0..study.folds.count())
                .map(|fold| SufficientStatistics::of(&of(fold), incomplete, Precision::Double))
                .collect();
            let mut total = folds[0].clone();
            folds[1..].iter().try_for_each(|fold| total.merge(fold))?;
            Ok((incomplete, total, folds))
        });
        Ok(Self { kinds: kinds.collect::<Result<_, AlignError>>()?, complete })
    }

    /// The sums over the rows outside a fold.
    fn without(&self, incomplete: Incomplete, fold: usize) -> Result<Option<SufficientStatistics>, AlignError> {
        let Some((_, total, folds)) = self.kinds.iter().find(|(kind, ..)| self.complete || *kind == incomplete) else {
            return Ok(None);
        };
        let mut rest = total.clone();
        rest.subtract(&folds[fold])?;
        Ok(Some(rest))
    }
}

/// A candidate's index, its fit on the rows outside a fold, and the seconds of the fit.
type FoldFit = (usize, Result<Fit, AlignError>, f64);

/// The fits on the rows outside a fold.
struct FoldFits<'s, 'a> {
    study: &'s Study<'a>,
    train: &'s Split,
    /// Fits from which candidates start.
    bases: Vec<(BaseFit, Result<Fit, String>)>,
}

impl FoldFits<'_, '_> {
    fn all(&mut self, candidates: &[&Method], sums: &FoldSums, fold: usize) -> Result<Vec<FoldFit>, SelectError> {
        let (seed, watch) = (self.study.seed, &self.study.watch);
        let mut done: Vec<FoldFit> = Vec::with_capacity(candidates.len());
        for &(incomplete, ..) in &sums.kinds {
            let start = Instant::now();
            let mine = |method: &Method| {
                method.moments().is_some_and(|moments| sums.complete || moments.spec().incomplete == incomplete)
            };
            let indices: Vec<usize> = (0..candidates.len()).filter(|&at| mine(candidates[at])).collect();
            let Some(rest) = sums.without(incomplete, fold)? else { continue };
            let methods: Vec<Method> = indices.iter().map(|&at| candidates[at].clone()).collect();
            let fits = Method::fit_candidates(&methods, &rest, seed, watch);
            let each = start.elapsed().as_secs_f64() / indices.len().max(1) as f64;
            let kept = indices.into_iter().zip(fits);
            // A method whose parameters need the rows is fitted on them.
            let kept = kept.filter(|(_, fit)| !matches!(fit, Err(AlignError::NeedsRows { .. })));
            done.extend(kept.map(|(at, fit)| (at, fit, each)));
        }
        for (at, method) in candidates.iter().enumerate() {
            if done.iter().all(|(known, ..)| *known != at) {
                let start = Instant::now();
                let fit = self.on_rows(method, self.train);
                done.push((at, fit, start.elapsed().as_secs_f64()));
            }
        }
        Ok(done)
    }

    fn on_rows(&mut self, method: &Method, train: &Split) -> Result<Fit, AlignError> {
        let (seed, watch) = (self.study.seed, self.study.watch.clone());
        let input =
            FitInput::new(&train.views).with_labels(&train.labels)?.with_groups(&train.groups)?.watched_by(&watch);
        let Some(base) = method.base() else { return method.fit(input, seed) };
        let known = self.bases.iter().position(|(known, _)| *known == base);
        let known = match known {
            Some(known) => known,
            None => {
                let narrowed;
                let seen = match base.views {
                    BaseViews::All => train,
                    of => {
                        narrowed = Split { views: of.of(&train.views)?, ..train.clone() };
                        &narrowed
                    }
                };
                let fit = match self.on_rows(&base.method, seen) {
                    Err(AlignError::Cancelled) => return Err(AlignError::Cancelled),
                    fit => fit.map_err(|error| error.to_string()),
                };
                self.bases.push((base, fit));
                self.bases.len() - 1
            }
        };
        match &self.bases[known].1 {
            Ok(base) => method.fit_on(base, input, seed),
            Err(problem) => Err(AlignError::Own { method: method.name().into(), message: problem.clone() }),
        }
    }
}
