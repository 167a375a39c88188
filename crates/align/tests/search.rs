//! Search spaces: every value that a method lists is valid and fits.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod common;

use align::moments::{Incomplete, Precision, SufficientStatistics};
use align::synthetic::Synthetic;
use align::{FitSize, Method, Watch};
use common::every_method;
use serde_json::Value;

/// The method with another value of a parameter, which its path names.
fn with(method: &Method, path: &str, value: &Value) -> Method {
    let mut json = serde_json::to_value(method).unwrap();
    let mut at = &mut json[method.name()];
    for step in path.split('.') {
        at = &mut at[step];
    }
    *at = value.clone();
    serde_json::from_value(json).unwrap()
}

/// Every method with its defaults; the training of GCPA is shorter.
fn methods() -> Vec<Method> {
    let short = || every_method().into_iter().find(|(name, _)| *name == "gcpa").unwrap().1;
    Method::all().into_iter().map(|method| if method.name() == "gcpa" { short() } else { method }).collect()
}

#[test]
fn the_forecast_work_has_the_order_of_fits_on_embeddings() {
    // CPU seconds of fits of massive10 (ten views): 1.9, 8.7; of GCPA 20. With seven views 0.4, 5.6, with nine 0.8, 41.
    for views in [7, 9, 10] {
        let size = FitSize::of_widths(&vec![256; views]).with_rows(4000);
        let [gcca, sumcor, gcpa] = ["gcca", "sumcor", "gcpa"].map(|name| Method::from_name(name).unwrap().cost(&size));
        assert!(3.0 * gcca < sumcor && sumcor < gcpa, "{views} views: {gcca}, {sumcor}, {gcpa}");
    }
}

#[test]
fn the_forecast_work_says_that_no_fit_is_the_cheapest_and_few_views_are_cheap_in_pairs() {
    // CPU seconds with two, three and six views of 256 columns: NA 0.00, 0.01; pairwise 0.05, 0.11, 0.42; whitened GCCA
    // 0.11, 0.22, 0.39; kernel GCCA 0.71, 1.12, 2.47; SUMCOR 0.29, 0.89, 3.81.
    for views in [2, 3, 10] {
        let size = FitSize::of_widths(&vec![256; views]).with_rows(2000);
        let cost = |name: &str| Method::from_name(name).unwrap().cost(&size);
        for method in Method::all().iter().filter(|method| method.name() != "na") {
            assert!(cost("na") < method.cost(&size), "{views} views: {method}");
        }
        assert!(cost("gcca") < cost("kernel_gcca"), "{views} views");
        assert!(views > 3 || cost("pairwise") < cost("gcca"), "{views} views");
    }
}

#[test]
fn numbers_of_draws_stay_within_the_items_that_every_view_has() {
    let size = FitSize::of_widths(&[12; 3]).with_rows(200);
    for name in ["kernel_gcca", "relative"] {
        let values = |size: &FitSize| -> Vec<Value> {
            let search = Method::from_name(name).unwrap().search(size);
            search.into_iter().find(|(path, _)| ["rank", "anchors"].contains(path)).unwrap().1
        };
        assert!(values(&size).iter().all(|value| value.as_u64().is_some_and(|value| value <= 100)), "{name}");
        assert_eq!(values(&size.with_complete(20)), [Value::Null], "{name}");
    }
}

#[test]
fn every_value_is_valid_and_fits() {
    for widths in [[12; 3], [12, 9, 10]] {
        let recipe = Synthetic { widths: widths.to_vec(), fit_rows: 200, test_rows: 1, ..Synthetic::default() };
        let train = recipe.generate(2).unwrap().train.views;
        let size = FitSize::of_widths(&widths).with_rows(train.rows());
        let mut searched = 0;
        for method in methods() {
            let search = method.search(&size);
            assert_eq!(search, Method::from_name(method.name()).unwrap().search(&size), "{method}: of the type alone");
            for (path, values) in &search {
                let is_listed = method.parameter_docs().iter().any(|parameter| parameter.name == *path);
                assert!(is_listed, "{method}: `{path}` is no parameter");
                assert!(!values.is_empty() && values.len() <= 6, "{method}: {path} {values:?}");
                for value in values {
                    let candidate = with(&method, path, value);
                    candidate.validate().unwrap();
                    let fit = candidate.fit(&train, 1);
                    assert!(fit.is_ok(), "{method}: {path} {value}: {:?}", fit.err());
                }
            }
            searched += usize::from(!search.is_empty());
        }
        assert_eq!(searched, Method::names().len() - 1, "all but pivot, whose values are names of views");
    }
}

#[test]
fn every_combination_fits_from_sums() {
    for widths in [[12; 3], [12, 9, 10]] {
        let recipe = Synthetic { widths: widths.to_vec(), fit_rows: 200, test_rows: 1, ..Synthetic::default() };
        let train = recipe.generate(2).unwrap().train.views;
        let size = FitSize::of_widths(&widths).with_rows(train.rows());
        let mut candidates = Vec::new();
        for method in methods().into_iter().filter(|method| method.moments().is_some()) {
            let mut of_method = vec![method.clone()];
            for (path, values) in method.search(&size) {
                let each = |method: &Method| values.iter().map(|value| with(method, path, value)).collect::<Vec<_>>();
                of_method = of_method.iter().flat_map(each).collect();
            }
            candidates.extend(of_method);
        }
        let sums = SufficientStatistics::of(&train, Incomplete::PairwiseComplete, Precision::Double);
        for (candidate, fit) in candidates.iter().zip(Method::fit_candidates(&candidates, &sums, 1, &Watch::default()))
        {
            assert!(fit.is_ok(), "{candidate:?}: {:?}", fit.err());
        }
        assert!(candidates.len() > 80, "{}", candidates.len());
    }
}
