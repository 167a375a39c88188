//! Many candidates on the same sums: each fit is the fit that the candidate gets alone.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use align::methods::cca::CcaParams;
use align::methods::decoder::Decoder;
use align::methods::gcca::{Coordinates, GccaParams, Whiten};
use align::methods::gpa::{GpaParams, Robust, Solver, Weights};
use align::methods::pairwise::PairwiseParams;
use align::methods::sumcor::SumcorParams;
use align::moments::{Incomplete, Moments, Precision, SufficientStatistics};
use align::prep::{ConstantColumns, Standardisation};
use align::synthetic::Synthetic;
use align::{
    AlignError, Aligner, Fit, FitInput, LinearStep, Matrix, Method, MomentAligner, MomentSpec, Progress, Views, Watch,
};
use common::every_method;
use proptest::prelude::*;
use serde::Serialize;

fn views(widths: &[usize], rows: usize, seed: u64) -> Views {
    let recipe = Synthetic { widths: widths.to_vec(), fit_rows: rows, test_rows: 1, ..Synthetic::default() };
    recipe.generate(seed).unwrap().train.views
}

fn incomplete(views: &Views) -> Views {
    let missing: Vec<bool> = (0..views.rows()).map(|row| row % 4 == 1).collect();
    views.with_missing(1, &missing).unwrap()
}

fn sums(views: &Views, incomplete: Incomplete) -> SufficientStatistics {
    SufficientStatistics::of(views, incomplete, Precision::Double)
}

/// The candidates together and alone.
fn both(candidates: &[Method], sums: &SufficientStatistics) -> Vec<(Result<Fit, AlignError>, Result<Fit, AlignError>)> {
    let together = Method::fit_candidates(candidates, sums, 7, &Watch::default());
    assert_eq!(together.len(), candidates.len());
    together.into_iter().zip(candidates.iter().map(|candidate| candidate.fit_statistics(sums, 7))).collect()
}

/// The linear part of every translation.
fn maps(fit: &Fit) -> Vec<Matrix<f64>> {
    let names: Vec<String> = fit.fitted.views().into_iter().map(|(name, _)| name.to_string()).collect();
    let pairs = names.iter().flat_map(|a| names.iter().map(move |b| (a, b)));
    let step = |(a, b): (&String, &String)| match fit.fitted.linear_step(a, b).unwrap() {
        LinearStep::Map(map) => Some(map),
        _ => None,
    };
    pairs.filter_map(step).collect()
}

/// The largest difference between the maps of two fits, in units of the largest entry.
fn gap(one: &Fit, other: &Fit) -> f64 {
    let (a, b) = (maps(one), maps(other));
    assert_eq!(a.len(), b.len());
    let largest = a.iter().flat_map(Matrix::as_slice).fold(f64::MIN_POSITIVE, |largest, x| x.abs().max(largest));
    let differences = a.iter().zip(&b).flat_map(|(a, b)| {
        assert_eq!((a.rows(), a.cols()), (b.rows(), b.cols()));
        a.as_slice().iter().zip(b.as_slice()).map(|(x, y)| (x - y).abs())
    });
    differences.fold(0.0, f64::max) / largest
}

fn same_bits(one: &Fit, other: &Fit) -> bool {
    one.report == other.report && maps(one).iter().zip(&maps(other)).all(|(a, b)| a.as_slice() == b.as_slice())
}

/// Settings of all methods that share work, and for each method one that fails.
fn candidates() -> Vec<Method> {
    let mut candidates: Vec<Method> = every_method().into_iter().map(|(_, method)| method).collect();
    for rank in [None, Some(3), Some(6), Some(99)] {
        for scale in [false, true] {
            let gpa = GpaParams { solver: Solver::Accelerated, rank, scale, ..GpaParams::default() };
            candidates.push(GpaParams { weights: Weights::Agreement, certify: Some(false), ..gpa.clone() }.into());
            candidates.push(gpa.into());
        }
        for power in [0.0, 1.0] {
            candidates.push(CcaParams { rank, ridge: 0.1, power }.into());
            candidates.push(CcaParams { rank, power, ..CcaParams::default() }.into());
        }
        for shrinkage in [0.0, 0.5] {
            candidates.push(SumcorParams { rank, shrinkage, ..SumcorParams::default() }.into());
        }
    }
    candidates.push(PairwiseParams { scale: true, ..PairwiseParams::default() }.into());
    candidates.push(GpaParams { robust: Some(Robust::Huber(0.4)), ..GpaParams::default() }.into());
    candidates.push(GpaParams { tol: -1.0, ..GpaParams::default() }.into());
    candidates
}

#[test]
fn what_candidates_share_changes_no_bit_of_their_fits() {
    for widths in [[8; 4], [10, 7, 8, 9]] {
        let whole = views(&widths, 120, 3);
        for data in [whole.clone(), incomplete(&whole)] {
            for weights in [Incomplete::PairwiseComplete, Incomplete::MeanOfPresent] {
                let (mut fits, mut errors) = (0, 0);
                for (candidate, fitted) in candidates().iter().zip(both(&candidates(), &sums(&data, weights))) {
                    match fitted {
                        (Ok(together), Ok(alone)) => {
                            // The ridges of GCCA share a coupling, in which the last bits differ.
                            let same = same_bits(&together, &alone);
                            assert!(
                                same || candidate.name() == "gcca" && gap(&together, &alone) < 1e-5,
                                "{candidate:?}"
                            );
                            fits += 1;
                        }
                        (Err(together), Err(alone)) => {
                            assert_eq!(together, alone);
                            errors += 1;
                        }
                        (together, alone) => panic!("{candidate:?}: {together:?} and {alone:?}"),
                    }
                }
                assert!(fits >= 10 && errors >= 10, "{fits} fits, {errors} errors");
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// Another ridge is a change of scale of the coupling, so only the last bits of `f64` can differ.
    #[test]
    fn settings_of_gcca_get_the_fits_that_they_get_alone(
        seed in 0u64..1000,
        widths in prop::collection::vec(4usize..14, 3..6),
        rows in 12usize..90,
        settings in prop::collection::vec((1usize..14, 0usize..4, 0usize..12), 2..12),
        gaps in any::<bool>(),
    ) {
        let data = views(&widths, rows, seed);
        let data = if gaps { incomplete(&data) } else { data };
        let setting = |&(rank, ridge, form): &(usize, usize, usize)| -> Method {
            GccaParams {
                rank: Some(rank),
                ridge: [0.0, 0.01, 0.1, 1.0][ridge],
                whiten: [Whiten::None, Whiten::InverseSingular][form % 2],
                coordinates: [Coordinates::Weights, Coordinates::Carroll, Coordinates::UnitVariance][form % 3],
                decoder: [Decoder::Transpose, Decoder::PseudoInverse][form / 6],
                ..GccaParams::default()
            }
            .into()
        };
        let candidates: Vec<Method> = settings.iter().map(setting).collect();
        for (candidate, fitted) in candidates.iter().zip(both(&candidates, &sums(&data, Incomplete::PairwiseComplete))) {
            match fitted {
                (Ok(together), Ok(alone)) => {
                    let (one, other) = (together.report.objective.unwrap(), alone.report.objective.unwrap());
                    prop_assert!((one - other).abs() < 1e-9 * other.abs().max(1.0), "{candidate:?}: {one} and {other}");
                    prop_assert_eq!(&together.report.kept, &alone.report.kept);
                    prop_assert_eq!(&together.report.warnings, &alone.report.warnings);
                    // A universe cut between two equal eigenvalues, which few rows give, is not determined.
                    let determined = rows > 40;
                    let gap = gap(&together, &alone);
                    prop_assert!(!determined || gap < 1e-5, "{candidate:?}: {gap:e}");
                }
                (Err(together), Err(alone)) => prop_assert_eq!(together, alone),
                (together, alone) => prop_assert!(false, "{candidate:?}: {together:?} and {alone:?}"),
            }
        }
    }
}

/// So many columns that the leading eigenvectors are found by iteration.
#[test]
fn an_iteration_that_ranks_and_ridges_share_ends_within_its_tolerance() {
    let data = views(&[260; 4], 700, 5);
    let setting = |rank: usize, ridge: f64| Method::from(GccaParams::textbook(Some(rank), ridge));
    let candidates: Vec<Method> =
        [4, 12, 40].iter().flat_map(|&rank| [0.1, 0.3, 1.0].map(|ridge| setting(rank, ridge))).collect();
    for (candidate, fitted) in candidates.iter().zip(both(&candidates, &sums(&data, Incomplete::PairwiseComplete))) {
        let (together, alone) = (fitted.0.unwrap(), fitted.1.unwrap());
        let (one, other) = (together.report.objective.unwrap(), alone.report.objective.unwrap());
        assert!((one / other - 1.0).abs() < 1e-9, "{candidate:?}: {one} and {other}");
        let gap = gap(&together, &alone);
        assert!(gap < 1e-4, "{candidate:?}: {gap:e}");
    }
}

/// A method of the user's own without `fit_settings`, and one whose `fit_settings` returns too few fits.
#[derive(Clone, Debug, PartialEq, Serialize)]
struct Own {
    few: bool,
}

impl Aligner for Own {
    fn name(&self) -> &'static str {
        "own"
    }

    fn fit(&self, input: &FitInput<'_>, seed: u64) -> Result<Fit, AlignError> {
        self.fit_rows(input, seed)
    }

    fn moments(&self) -> Option<&dyn MomentAligner> {
        Some(self)
    }
}

impl MomentAligner for Own {
    fn spec(&self) -> MomentSpec {
        MomentSpec::of_pairs(Standardisation::Population(ConstantColumns::Clamp))
    }

    fn fit_moments(&self, moments: &Moments, seed: u64) -> Result<Fit, AlignError> {
        GccaParams::default().fit_moments(moments, seed)
    }

    fn fit_settings(
        &self,
        settings: &[&dyn MomentAligner],
        moments: &Moments,
        seed: u64,
    ) -> Vec<Result<Fit, AlignError>> {
        let fits = settings.iter().map(|setting| setting.fit_moments(moments, seed));
        if self.few { fits.take(1).collect() } else { fits.collect() }
    }
}

#[test]
fn methods_of_ones_own_are_candidates() {
    let sums = sums(&views(&[6; 3], 50, 1), Incomplete::PairwiseComplete);
    let fits =
        Method::fit_candidates(&[Own { few: false }.into(), Own { few: false }.into()], &sums, 1, &Watch::default());
    assert!(fits.iter().all(Result::is_ok));
    let fits =
        Method::fit_candidates(&[Own { few: true }.into(), Own { few: true }.into()], &sums, 1, &Watch::default());
    assert!(fits[0].is_ok());
    let message = fits[1].as_ref().unwrap_err().to_string();
    assert!(message.starts_with("own: `fit_settings` returned fewer fits than it got settings"), "{message}");
    assert!(Method::fit_candidates(&[], &sums, 1, &Watch::default()).is_empty());
}

#[derive(Default)]
struct EndAfter(AtomicUsize);

impl Progress for EndAfter {
    fn cancelled(&self) -> bool {
        self.0.fetch_add(1, Ordering::Relaxed) >= 4
    }
}

#[test]
fn a_watch_ends_all_candidates() {
    let sums = sums(&views(&[6; 3], 50, 1), Incomplete::PairwiseComplete);
    let candidates: Vec<Method> = candidates().into_iter().filter(|candidate| candidate.moments().is_some()).collect();
    let fits = Method::fit_candidates(&candidates, &sums, 1, &Watch::by(Arc::new(EndAfter::default())));
    assert!(fits.iter().any(|fit| matches!(fit, Err(AlignError::Cancelled))));
    assert!(!matches!(fits.last(), Some(Err(AlignError::Cancelled))), "the last is refused before the fits begin");
}
