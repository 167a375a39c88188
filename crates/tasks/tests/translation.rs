//! What tasks judge of a translation is what `Fitted::translate` gives, for every method and every way to rescale.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use align::methods::add_view::{AddViewParams, Base};
use align::methods::gcca::{GccaParams, Whiten};
use align::methods::gcpa::{GcpaParams, ReleasedTraining, Training};
use align::methods::pairwise::PairwiseParams;
use align::methods::relative::RelativeParams;
use align::prep::{ConstantColumns, ZScore, cosine_rows};
use align::{AddForm, Coordinates, Dataset, Fitted, Matrix, Method, Rescale};
use common::synthetic;
use tasks::classifier::{Classifier, Converged, Labelled};
use tasks::{ConvergedProtocol, Direction, Metric, Quantity, RetrievalParams, StitchingParams, Task, TaskInput};

fn methods() -> Vec<Method> {
    let training = Training::Released(ReleasedTraining { epochs: 1, steps_per_epoch: 40, ..Default::default() });
    let gcpa = |rescale| GcpaParams { training, rescale, ..Default::default() };
    let mut methods: Vec<Method> = Method::all();
    methods.retain(|method| !["na", "gcpa", "relative"].contains(&method.name()));
    methods.push(Method::from(RelativeParams { anchors: Some(16), ..Default::default() }));
    methods.push(Method::from(PairwiseParams { scale: true, ..PairwiseParams::default() }));
    methods.push(Method::from(GccaParams { whiten: Whiten::InverseSingular, rank: Some(6), ..Default::default() }));
    for rescale in [Rescale::None, Rescale::All, Rescale::Universe] {
        methods.push(Method::from(gcpa(rescale)));
        for form in [AddForm::Scaled, AddForm::Orthogonal] {
            methods.push(Method::from(AddViewParams { base: Base::Gcpa(gcpa(rescale)), form }));
        }
    }
    methods
}

/// The rows of one view translated to another, standardised by the target's training rows.
fn translated(fitted: &Fitted, data: &Dataset, s: usize, t: usize, x: &Matrix) -> Matrix {
    let (source, target) = (data.train.views.nth(s), data.train.views.nth(t));
    let standardise = ZScore::fit(target.values(), ConstantColumns::Clamp);
    standardise.apply(&fitted.translate(source.name(), target.name(), x).unwrap()).unwrap()
}

#[test]
fn retrieval_and_stitching_judge_what_translate_gives() {
    let data = synthetic(3, 12, 200, 80);
    let codes = |split: &align::Split| -> Vec<u32> { split.labels[0].values.iter().map(|&x| x as u32).collect() };
    let (train_codes, test_codes) = (codes(&data.train), codes(&data.test));
    let classes = 1 + *train_codes.iter().chain(&test_codes).max().unwrap() as usize;
    let stitching = Task::from(StitchingParams { direction: Direction::Standard, ..StitchingParams::default() });
    let standardised =
        |t: usize, x: &Matrix| ZScore::fit(data.train.views.at(t), ConstantColumns::Clamp).apply(x).unwrap();
    let own: Vec<Classifier> = (0..3)
        .map(|t| {
            let x = standardised(t, data.train.views.at(t));
            let rows = Labelled { x: &x, codes: &train_codes };
            Classifier::train_converged(rows, classes, Converged { l2: ConvergedProtocol::default().l2 })
                .unwrap()
                .classifier
        })
        .collect();
    for method in methods() {
        let bare = method.fit(&data.train.views, 5).unwrap().fitted;
        for fitted in [bare.calibrated(&data.train.views).unwrap(), bare] {
            let input = TaskInput::new(&fitted, &data);
            let ranked = Task::from(RetrievalParams::default()).score(&input).unwrap().series;
            let stitched = stitching.score(&input).unwrap().scores;
            for (s, t) in [(0, 1), (1, 0), (0, 2), (2, 0), (1, 2), (2, 1)] {
                let moved = translated(&fitted, &data, s, t, data.test.views.at(s));
                let (queries, gallery) = (cosine_rows(&moved), cosine_rows(&standardised(t, data.test.views.at(t))));
                let want = tasks::ranks::ranks(&queries, &gallery).unwrap().pessimistic;
                let of_pair = |source: &Option<String>, target: &Option<String>| {
                    source.as_deref() == Some(data.test.views.nth(s).name())
                        && target.as_deref() == Some(data.test.views.nth(t).name())
                };
                let got = ranked.iter().find(|series| {
                    series.space == Coordinates::Translated
                        && series.quantity == Quantity::Rank
                        && of_pair(&series.source, &series.target)
                });
                // Two candidates nearer to each other than the rounding of raw coordinates may change places.
                let other = |(got, want): (&f32, &u32)| (got - *want as f32).abs() > 1.0;
                let apart = got.unwrap().values.iter().zip(&want).filter(|&pair| other(pair)).count();
                assert_eq!(apart, 0, "{method:?} {s} to {t}");
                let same = got.unwrap().values.iter().zip(&want).filter(|(got, want)| **got == **want as f32).count();
                assert!(same >= 76, "{method:?} {s} to {t}: {same} of 80 ranks");

                let accuracy = own[t].accuracy(Labelled { x: &moved, codes: &test_codes }).unwrap();
                let scored = stitched
                    .iter()
                    .find(|score| score.metric == Metric::Accuracy && of_pair(&score.source, &score.target));
                let scored = scored.and_then(|score| score.value).unwrap();
                assert!(
                    (scored - accuracy).abs() < 0.013,
                    "{method:?} {s} to {t}: {scored}, {accuracy} of `translate`"
                );
            }
        }
    }
}

#[test]
fn one_projection_for_all_targets_gives_the_rows_of_each_translation() {
    let data = synthetic(3, 12, 200, 80);
    for method in methods() {
        let fitted = method.fit(&data.train.views, 5).unwrap().fitted;
        let rows = data.test.views.iter().map(|view| (view.name(), view.values()));
        let projections = fitted.projections(rows).unwrap();
        for (s, source) in data.test.views.iter().enumerate() {
            if fitted.universe().is_some() {
                assert_eq!(projections.shared()[s], fitted.project(source.name(), source.values()).unwrap());
            }
            for target in data.test.views.names() {
                let want = fitted.translate(source.name(), target, source.values()).unwrap();
                assert_eq!(projections.translated(s, target).unwrap(), want, "{method:?}");
            }
        }
        let error = projections.translated(3, "v0").unwrap_err().to_string();
        assert!(error.contains("at position 3"), "{error}");
        assert!(projections.translated(0, "v9").is_err());
    }
}
