//! Every method on fewer training rows than columns: finite scores, and a warning that names rows and columns if the rows
//! are too few for the method.

use align::synthetic::Synthetic;
use align::{FitWarning, Method};
use tasks::{RetrievalParams, Task, TaskInput};

/// Methods that divide directions by their spread without damping it.
const WHITENED: [&str; 3] = ["gcca", "cca", "sumcor"];

#[test]
fn every_method_fits_ten_rows_of_32_columns_and_those_that_whiten_warn() {
    let data = Synthetic { widths: vec![32; 3], fit_rows: 400, test_rows: 60, ..Synthetic::default() };
    let data = data.generate(3).expect("valid").with_fit_rows(10, 1).expect("enough rows");
    assert!(WHITENED.iter().all(|name| Method::names().contains(name)));
    for name in Method::names() {
        let fit = Method::from_name(name).expect("registered").fit(&data, 1).unwrap_or_else(|e| panic!("{name}: {e}"));
        let scores = Task::from(RetrievalParams::default()).score(&TaskInput::new(&fit.fitted, &data));
        let scores = scores.unwrap_or_else(|e| panic!("{name}: {e}")).scores;
        assert!(!scores.is_empty() && scores.iter().all(|s| s.value.is_some_and(f64::is_finite)), "{name}");
        let few = fit.report.warnings.iter().find(|warning| matches!(warning, FitWarning::FewRows { .. }));
        assert_eq!(few.is_some(), WHITENED.contains(name), "{name}: {:?}", fit.report.warnings);
        if let Some(warning) = few {
            let text = warning.to_string();
            assert!(
                text.starts_with("10 rows are too few for views `") && text.contains("with 32 and 32 columns"),
                "{text}"
            );
            assert!(text.contains("above 0 (try 0.1), or fit on more rows than both widths together"), "{text}");
        }
    }
}

/// One item has no other to be told apart from, so a score of it would be perfect whatever the method is.
#[test]
fn a_single_held_out_item_has_no_score() {
    let data = Synthetic { widths: vec![8; 2], fit_rows: 60, test_rows: 1, ..Synthetic::default() };
    let data = data.generate(3).expect("valid");
    let fit = Method::from_name("gcca").expect("registered").fit(&data, 1).expect("valid");
    let scored = Task::from(RetrievalParams::default()).score(&TaskInput::new(&fit.fitted, &data));
    let error = scored.expect_err("nothing to choose from").to_string();
    assert_eq!(error, "retrieval: 1 of the 1 held-out items are in `v0`, `v1`; expected at least 2");
}
