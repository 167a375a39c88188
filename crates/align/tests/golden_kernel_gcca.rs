//! Kernel GCCA against a direct solution by SciPy and scikit-learn (golden/make_kernel_gcca.py), and what it is for.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use align::fitted::Step;
use align::methods::gcca::GccaParams;
use align::methods::kernel_gcca::KernelGccaParams;
use align::prep::ZScore;
use align::synthetic::Synthetic;
use align::{Fitted, Matrix, Method, Views};
use common::{Golden, json, max_abs, mean_rank1};

#[test]
fn all_landmarks_give_the_direct_solution() {
    let inputs = Golden::read("case_A_inputs.safetensors");
    let train = inputs.views("train").select_rows(&(0..120).collect::<Vec<_>>());
    let test = inputs.views("test");
    let params = KernelGccaParams { rank: Some(8), ridge: 0.05, bandwidth: 1.5, ..KernelGccaParams::default() };
    let fit = Method::from(params).fit(&train, 0).unwrap();
    let want = json("kernel_gcca.json")["objective"].as_f64().unwrap();
    let got = fit.report.objective.unwrap();
    assert!((got - want).abs() < 1e-4 * want, "{got}, expected {want}");

    let golden = Golden::read("kernel_gcca.safetensors");
    let first = |x: &Matrix, width: usize| Matrix::from_fn(40, width.min(x.cols()), |i, j| x.at(i, j));
    let projected = |view: &str| first(&fit.fitted.project(view, test.get(view).unwrap()).unwrap(), 40);
    for (a, b) in [("v0", "v1"), ("v2", "v2")] {
        let (x, y) = (projected(a), projected(b));
        let inner = Matrix::from_fn(40, 40, |i, j| x.row(i).iter().zip(y.row(j)).map(|(x, y)| x * y).sum::<f32>());
        let want = golden.matrix(&format!("inner.{a}.{b}"));
        let size = want.as_slice().iter().fold(0.0f32, |most, x| most.max(x.abs()));
        let gap = max_abs(&inner, &want);
        assert!(gap < 1e-3 * size, "{a} {b}: {gap:e} of {size:e}");
    }
    for (source, target) in [("v0", "v1"), ("v2", "v0"), ("v1", "v1")] {
        let got = first(&fit.fitted.translate(source, target, test.get(source).unwrap()).unwrap(), 40);
        let gap = max_abs(&got, &golden.matrix(&format!("back.{source}.{target}")));
        assert!(gap < 2e-3, "{source} to {target}: {gap:e}");
    }
}

/// Three views, one of which is cubed.
fn bent(seed: u64) -> (Views, Views) {
    let recipe = Synthetic { widths: vec![6; 3], fit_rows: 800, test_rows: 200, noise: 0.1, ..Synthetic::default() };
    let data = recipe.generate(seed).unwrap();
    let cubed = |views: &Views| views.with_values(1, views.at(1).map(|x| x.powi(3))).unwrap();
    (cubed(&data.train.views), cubed(&data.test.views))
}

#[test]
fn views_that_are_no_linear_functions_of_each_other_are_aligned() {
    let (train, test) = bent(1);
    let rank1 = |method: Method, seed: u64| {
        let fitted = method.fit(&train, seed).unwrap().fitted;
        mean_rank1(&test.iter().map(|s| fitted.project(s.name(), s.values()).unwrap()).collect::<Vec<_>>())
    };
    let linear = rank1(GccaParams::default().into(), 0);
    let kernel: Vec<f64> = (0..2).map(|seed| rank1(KernelGccaParams::default().into(), seed)).collect();
    assert!(kernel.iter().all(|&value| value > linear + 0.1), "{kernel:?}, linear {linear}");
    assert!(kernel[0] != kernel[1], "each seed draws other landmarks");
}

#[test]
fn a_fit_is_a_universe_of_steps_that_comes_back_from_its_parts() {
    let (train, test) = bent(2);
    let fit = Method::from(KernelGccaParams { landmarks: Some(60), ..Default::default() }).fit(&train, 3).unwrap();
    let view = &fit.fitted.universe().unwrap().views()[0];
    let [Step::KernelFeatures(features), Step::Standardise(_), Step::Linear(_)] = view.way_in() else {
        panic!("{:?}", view.way_in())
    };
    assert_eq!((features.landmarks().rows(), features.landmarks().cols(), view.back().unwrap().rows()), (60, 6, 32));
    let fitted = fit.clone().calibrated(&train).unwrap().fitted;
    let again = Fitted::from_parts(fitted.parts().unwrap()).unwrap();
    assert_eq!(again.parts().unwrap(), fitted.parts().unwrap());
    let x = test.at(1);
    assert_eq!(again.project("v1", x).unwrap(), fitted.project("v1", x).unwrap());
    let translated = again.translate("v1", "v0", x).unwrap();
    assert_eq!(translated, fitted.translate("v1", "v0", x).unwrap());
    // Close to the target's own rows, which are a cube root away.
    let own = ZScore::fit_sample(train.at(0));
    let (a, b) = (own.apply(&translated).unwrap(), own.apply(test.at(0)).unwrap());
    let error: f32 = a.as_slice().iter().zip(b.as_slice()).map(|(a, b)| (a - b).powi(2)).sum();
    assert!(error / (a.as_slice().len() as f32) < 0.5, "{error}");
}

#[test]
fn parameters_outside_their_domains_are_refused() {
    let (train, _) = bent(1);
    let refused = |params: KernelGccaParams| Method::from(params).fit(&train, 0).unwrap_err().to_string();
    let params = KernelGccaParams::default;
    let few = refused(KernelGccaParams { landmarks: Some(10), rank: Some(11), ..params() });
    assert_eq!(few, "kernel_gcca: `landmarks` is 10, expected at least `rank`");
    let many = refused(KernelGccaParams { landmarks: Some(801), ..params() });
    assert!(many.starts_with("kernel_gcca: `landmarks` is 801, and 800 is the most that is possible"), "{many}");
    let flat = refused(KernelGccaParams { bandwidth: 0.0, ..params() });
    assert_eq!(flat, "kernel_gcca: `bandwidth` is 0, expected a finite number above 0");
    let negative = refused(KernelGccaParams { ridge: -1.0, ..params() });
    assert_eq!(negative, "kernel_gcca: `ridge` is -1, expected a finite number above 0");
}
