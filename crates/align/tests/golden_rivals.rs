//! Rivals against independent implementations (golden/make_rivals.py).
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use align::methods::cca::CcaParams;
use align::methods::consensus_ridge::ConsensusRidgeParams;
use align::methods::decoder::Decoder;
use align::methods::gcpa::CorrectorBase;
use align::methods::gpa::{GpaParams, Robust, Solver, Weights};
use align::methods::pairwise::PairwiseParams;
use align::methods::pivot::PivotParams;
use align::methods::relative::RelativeParams;
use align::methods::srm::SrmParams;
use align::methods::sumcor::SumcorParams;
use align::prep::unit_rows;
use align::{Fit, Fitted, Matrix, Method, Views};
use common::{Golden, json, max_abs};

fn case() -> (Views, Views) {
    let inputs = Golden::read("case_A_inputs.safetensors");
    (inputs.views("train"), inputs.views("test"))
}

fn pair_map(fit: &Fit, source: &str, target: &str) -> Matrix {
    let Fitted::Pairwise(maps) = &fit.fitted else { panic!("pairwise maps") };
    maps.map(source, target).unwrap().unwrap()
}

fn cca(params: CcaParams) -> Fit {
    Method::from(params).fit(&case().0, 0).unwrap()
}

#[test]
fn cca_is_least_squares_ridge_and_a_whitened_rotation() {
    let golden = Golden::read("rivals.safetensors");
    for (params, name) in [
        (CcaParams::default(), "least_squares"),
        (CcaParams { ridge: 0.1, ..CcaParams::default() }, "ridge"),
        (CcaParams { power: 0.0, ..CcaParams::default() }, "whitened_rotation"),
    ] {
        let gap = max_abs(&pair_map(&cca(params), "v0", "v1"), &golden.matrix(&format!("{name}.v0->v1")));
        assert!(gap < 1e-5, "{name}: {gap:e}");
    }
}

#[test]
fn cca_finds_the_canonical_correlations() {
    let two = case().0.select(&["v0", "v1"]).unwrap();
    let figures = json("rivals.json");
    let all: Vec<f64> =
        figures["canonical_correlations.v0.v1"].as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect();
    for rank in [1, 5, 24] {
        let fit = Method::from(CcaParams { rank: Some(rank), ..CcaParams::default() }).fit(&two, 0).unwrap();
        // There and back.
        let want = 2.0 * all[..rank].iter().sum::<f64>();
        assert!((fit.report.objective.unwrap() - want).abs() < 1e-6, "rank {rank}");
    }
}

#[test]
fn a_scaled_pair_is_similarity_procrustes_each_way() {
    let golden = Golden::read("rivals.safetensors");
    let fit = Method::from(PairwiseParams { scale: true, ..PairwiseParams::default() }).fit(&case().0, 0).unwrap();
    for (source, target) in [("v0", "v1"), ("v1", "v0")] {
        let want = golden.matrix(&format!("similarity.{source}->{target}"));
        assert!(max_abs(&pair_map(&fit, source, target), &want) < 1e-5, "{source} to {target}");
    }
    let plain = Method::from(PairwiseParams::default()).fit(&case().0, 0).unwrap();
    assert_eq!(fit.report.objective, plain.report.objective);
    assert_eq!(fit.report.parameters, plain.report.parameters + 6);
}

fn gpa(params: GpaParams) -> GpaParams {
    GpaParams { solver: Solver::Accelerated, tol: 1e-9, restarts: 8, ..params }
}

#[test]
fn scaled_and_weighted_gpa_end_where_the_same_on_rows_ends() {
    let (train, test) = case();
    let figures = json("rivals.json");
    let objective = |params: GpaParams, name: &str| {
        let fit = Method::from(gpa(params)).fit(&train, 0).unwrap();
        let want = figures[name].as_f64().unwrap();
        let got = fit.report.objective.unwrap();
        assert!((got / want - 1.0).abs() < 1e-5, "{name}: {got} for {want}");
        fit
    };
    let given = [("v0".to_string(), 2.0), ("v2".to_string(), 0.5)].into();
    objective(GpaParams { weights: Weights::Given(given), ..GpaParams::default() }, "gpa.weighted.objective");
    objective(GpaParams { weights: Weights::Agreement, ..GpaParams::default() }, "gpa.agreement.objective");
    let scaled = objective(GpaParams { scale: true, ..GpaParams::default() }, "gpa.scaled.objective");
    for (m, view) in scaled.fitted.universe().unwrap().views().iter().enumerate() {
        let square: f64 = view.map().unwrap().as_slice().iter().map(|&x| f64::from(x).powi(2)).sum();
        let (got, want) = ((square / 24.0).sqrt(), figures["gpa.scaled.scales"][m].as_f64().unwrap());
        assert!((got - want).abs() < 1e-3, "view {m}: {got} for {want}");
        let x = test.get(view.name()).unwrap();
        let there_and_back = scaled.fitted.translate(view.name(), view.name(), x).unwrap();
        assert!(max_abs(&there_and_back, x) < 1e-4, "the way back is the inverse");
    }
}

#[test]
fn robust_gpa_ends_where_reweighted_rows_end() {
    // A quarter of v0's rows belong to the item before.
    let before: Vec<usize> = (0..400).map(|i| if i < 100 { (i + 99) % 100 } else { i }).collect();
    let train = case().0.with_row_map(0, &before).unwrap();
    let figures = json("rivals.json");
    for (robust, name) in
        [(Robust::Huber(0.4), "gpa.huber.objective.0.4"), (Robust::Tukey(1.0), "gpa.tukey.objective.1.0")]
    {
        let params = gpa(GpaParams { robust: Some(robust), ..GpaParams::default() });
        let fit = Method::from(params).fit(&train, 0).unwrap();
        let (got, want) = (fit.report.objective.unwrap(), figures[name].as_f64().unwrap());
        // Wanted is the best of ten starts; the losses have several stationary points.
        assert!((-1e-5..3e-3).contains(&(got / want - 1.0)), "{name}: {got} for {want}");
    }
}

#[test]
fn relative_representations_are_cosines_to_anchors() {
    let (train, test) = case();
    let golden = Golden::read("rivals.safetensors");
    // With every item an anchor (there are 400), in whatever order, cosines between views and the ways back are those of all items.
    let fit = |decoder| {
        let params = RelativeParams { anchors: Some(400), decoder, ..RelativeParams::default() };
        Method::from(params).fit(&train, 3).unwrap()
    };
    let least_squares = fit(Decoder::LeastSquares);
    let universe = least_squares.fitted.universe().unwrap();
    assert_eq!(universe.width(), 400);
    let unit = |view: &str| unit_rows(&universe.project(view, test.get(view).unwrap()).unwrap());
    let (a, b) = (unit("v0"), unit("v1"));
    let want = golden.matrix("relative.cosines.v0.v1");
    for i in 0..20 {
        for j in 0..20 {
            let cosine: f32 = a.row(i).iter().zip(b.row(j)).map(|(x, y)| x * y).sum();
            assert!((cosine - want.at(i, j)).abs() < 1e-4, "{i} {j}: {cosine} for {}", want.at(i, j));
        }
    }
    for (fit, name) in [(least_squares, "least_squares"), (fit(Decoder::PseudoInverse), "pseudo_inverse")] {
        let moved = fit.fitted.translate("v0", "v1", test.get("v0").unwrap()).unwrap();
        let z = fit.fitted.universe().unwrap().views()[1].prep().apply(&moved).unwrap();
        let want = golden.matrix(&format!("relative.{name}.v0->v1"));
        let gap = max_abs(&z.select_rows(&(0..20).collect::<Vec<_>>()), &want);
        assert!(gap < 5e-3, "{name}: {gap:e}");
    }
}

#[test]
fn pivot_rotates_every_view_into_one() {
    let (train, test) = case();
    let golden = Golden::read("rivals.safetensors");
    let fit = Method::from(PivotParams { pivot: Some("v1".into()), ..PivotParams::default() }).fit(&train, 0).unwrap();
    let universe = fit.fitted.universe().unwrap();
    for (m, name) in [(0, "pivot.v0"), (2, "pivot.v2")] {
        assert!(max_abs(universe.views()[m].map().unwrap(), &golden.matrix(name)) < 1e-5, "{name}");
    }
    let want = json("rivals.json")["pivot.objective"].as_f64().unwrap();
    assert!((fit.report.objective.unwrap() / want - 1.0).abs() < 1e-6);
    assert_eq!(fit.report.maps, 2);
    // Through the pivot and back is exact, and so is the way around.
    let x = test.get("v2").unwrap();
    let there = fit.fitted.translate("v2", "v0", x).unwrap();
    assert!(max_abs(&fit.fitted.translate("v0", "v2", &there).unwrap(), x) < 1e-4);
    assert!(Method::from(PivotParams { pivot: Some("v9".into()), ..PivotParams::default() }).fit(&train, 0).is_err());
}

#[test]
fn sumcor_reaches_the_best_of_many_starts_and_ends_in_procrustes() {
    let (train, test) = case();
    let figures = json("rivals.json");
    for shrinkage in [0.0, 0.5] {
        let params = SumcorParams { shrinkage, tol: 1e-9, ..SumcorParams::default() };
        let fit = Method::from(params).fit(&train, 0).unwrap();
        let want = figures[format!("sumcor.objective.{shrinkage:.1}")].as_f64().unwrap();
        let relative = fit.report.objective.unwrap() / want - 1.0;
        assert!(relative.abs() < 1e-3, "shrinkage {shrinkage}: {relative:e}");
        let x = test.get("v0").unwrap();
        assert!(max_abs(&fit.fitted.translate("v0", "v0", x).unwrap(), x) < 1e-3, "the way back is the inverse");
    }
    let sumcor = Method::from(SumcorParams { shrinkage: 1.0, tol: 1e-8, ..SumcorParams::default() });
    let gpa = Method::from(GpaParams { solver: Solver::Accelerated, ..GpaParams::default() });
    let objective = |method: Method| method.fit(&train, 0).unwrap().report.objective.unwrap();
    assert!((objective(sumcor) / objective(gpa) - 1.0).abs() < 1e-9);
}

#[test]
fn srm_ends_where_brainiak_ends() {
    let range = json("rivals.json")["srm.objective.8"].clone();
    let (low, high) = (range[0].as_f64().unwrap(), range[1].as_f64().unwrap());
    for seed in 0..3 {
        let params = SrmParams { features: Some(8), max_iter: 300, tol: 1e-9, ..SrmParams::default() };
        let fit = Method::from(params).fit(&case().0, seed).unwrap();
        let objective = fit.report.objective.unwrap();
        assert!(objective > low * (1.0 - 1e-3) && objective < high * (1.0 + 1e-3), "{objective} in {low} to {high}");
        let map = fit.fitted.universe().unwrap().views()[1].map().unwrap();
        for a in 0..8 {
            for b in 0..8 {
                let dot: f32 = (0..map.rows()).map(|i| map.at(i, a) * map.at(i, b)).sum();
                assert!((dot - f32::from(u8::from(a == b))).abs() < 1e-5);
            }
        }
    }
}

#[test]
fn the_consensus_ridge_is_a_ridge_regression_on_the_consensus() {
    let (train, test) = case();
    let params = ConsensusRidgeParams { base: CorrectorBase::Gcca, ..ConsensusRidgeParams::default() };
    let fit = Method::from(params).fit(&train, 0).unwrap();
    let unit = |view: &str| unit_rows(&fit.fitted.project(view, test.get(view).unwrap()).unwrap());
    let (a, b) = (unit("v0"), unit("v1"));
    let want = Golden::read("rivals.safetensors").matrix("consensus_ridge.cosines.v0.v1");
    for i in 0..20 {
        for j in 0..20 {
            let cosine: f32 = a.row(i).iter().zip(b.row(j)).map(|(x, y)| x * y).sum();
            assert!((cosine - want.at(i, j)).abs() < 1e-4, "{i} {j}: {cosine} for {}", want.at(i, j));
        }
    }
    let want = json("rivals.json")["consensus_ridge.objective"].as_f64().unwrap();
    assert!((fit.report.objective.unwrap() / want - 1.0).abs() < 1e-4);
}

#[test]
fn a_corrector_can_start_from_gcca() {
    let text = r#"{"gcpa": {"base": "gcca", "training": {"released": {"epochs": 2, "steps_per_epoch": 20}}}}"#;
    let method: Method = serde_json::from_str(text).unwrap();
    let (train, test) = case();
    let fit = method.fit(&train, 1).unwrap();
    let universe = fit.fitted.universe().unwrap();
    assert!(universe.corrector().is_some());
    assert_eq!(universe.project("v0", test.get("v0").unwrap()).unwrap().cols(), 24);
    assert_eq!(method.base().unwrap().method.name(), "gcca");
}

#[test]
fn parameters_outside_their_domains_are_refused() {
    for text in [
        r#"{"cca": {"ridge": -1}}"#,
        r#"{"cca": {"power": 9}}"#,
        r#"{"sumcor": {"shrinkage": 1.5}}"#,
        r#"{"srm": {"features": 0}}"#,
        r#"{"consensus_ridge": {"ridge": -0.1}}"#,
        r#"{"relative": {"anchors": 0}}"#,
        r#"{"gpa": {"weights": {"given": {"v0": 0}}}}"#,
        r#"{"gpa": {"robust": {"huber": -1}}}"#,
        r#"{"gpa": {"robust": {"tukey": 1}, "scale": true}}"#,
    ] {
        let method: Method = serde_json::from_str(text).unwrap();
        assert!(method.validate().is_err(), "{text}");
    }
}

#[test]
fn settings_of_what_was_not_chosen_cannot_be_given() {
    for (text, want) in [
        (r#"{"gcpa": {"base": {"gcca": {"tol": 1e-4}}}}"#, "unknown field `tol`"),
        (r#"{"gcpa": {"base": {"gcca": {}, "gpa": {}}}}"#, "`gpa` is a second name, and only one can be chosen"),
        (r#"{"gcpa": {"training": {"fast": {"validation": {"full": {"batches": 7}}}}}}"#, "unknown field `batches`"),
        (r#"{"consensus_ridge": {"base": {"gcca": {"solver": "accelerated"}}}}"#, "unknown field `solver`"),
        (r#"{"add_view": {"base": {"gcpa": {"base": {"gcca": {"tol": 1e-8}}}}}}"#, "unknown field `tol`"),
        (r#"{"gpa": {"rank": 8, "orientation": "free"}}"#, "unknown variant `free`, expected `principal`"),
        (r#"{"gcpa": {"base": "gppa"}}"#, "unknown variant `gppa`, expected `gpa` or `gcca`"),
        (r#"{"gcpa": {"base": {}}}"#, "invalid type: map, expected a name, or one name with its settings"),
        (r#"{"gcpa": {"base": 3}}"#, "invalid type: integer `3`, expected a name, or one name with its settings"),
    ] {
        let error = serde_json::from_str::<Method>(text).unwrap_err().to_string();
        assert!(error.starts_with(want), "{text}: {error}");
    }
    for text in [
        r#"{"gcpa": {"base": "gcca"}}"#,
        r#"{"gcpa": {"base": {"gcca": null}, "training": {"fast": null}}}"#,
        r#"{"gcpa": {"base": {"gpa": {"tol": 1e-4, "orientation": "principal"}}}}"#,
        r#"{"gcpa": {"training": {"fast": {"validation": {"sampled": {"batches": 7}}}}}}"#,
        r#"{"gpa": {"rank": 8, "orientation": "principal"}}"#,
    ] {
        let method: Method = serde_json::from_str(text).unwrap();
        assert!(method.validate().is_ok(), "{text}");
        let kept = serde_json::to_string(&method).unwrap();
        assert_eq!(serde_json::from_str::<Method>(&kept).unwrap(), method, "{kept}");
    }
    for name in Method::names() {
        assert!(Method::from_name(name).unwrap().validate().is_ok(), "{name}");
    }
}
