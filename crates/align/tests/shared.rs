//! Views whose values belong to another owner.
#![allow(clippy::expect_used)]

use std::sync::Arc;

use align::synthetic::Synthetic;
use align::{AlignError, Matrix, Method, Views};

/// The same views, with values that an owner outside holds.
fn shared(views: &Views) -> (Vec<Arc<Vec<f32>>>, Views) {
    let owners: Vec<Arc<Vec<f32>>> = views.iter().map(|view| Arc::new(view.values().as_slice().to_vec())).collect();
    let matrices = views.iter().zip(&owners).map(|(view, owner)| {
        let (rows, cols) = (view.values().rows(), view.values().cols());
        (view.name().to_string(), Matrix::shared(rows, cols, owner.clone()).expect("the right number"))
    });
    let views = Views::new(matrices).expect("sound views");
    (owners, views)
}

#[test]
fn shared_values_are_read_in_place_and_give_the_same_bits() {
    let own = Synthetic { widths: vec![12, 9, 12], ..Synthetic::default() }.generate(1).expect("valid").train.views;
    let (owners, views) = shared(&own);
    for (view, owner) in views.iter().zip(&owners) {
        assert!(std::ptr::eq(view.values().as_slice(), owner.as_slice()));
        assert!(std::ptr::eq(view.values().clone().as_slice(), owner.as_slice()), "clones share too");
    }
    for name in ["gpa", "gcca", "pairwise"] {
        let method: Method = name.parse().expect("a method");
        let parts = |views: &Views| method.fit(views, 7).expect("a fit").fitted.parts().expect("parts");
        assert_eq!(parts(&views), parts(&own), "{name}");
    }
}

#[test]
fn no_change_reaches_the_owner() {
    let own =
        Synthetic { widths: vec![6; 2], fit_rows: 5, ..Synthetic::default() }.generate(1).expect("valid").train.views;
    let (owners, views) = shared(&own);
    let before = owners[0].clone();
    let holed = views.with_missing(0, &[true, false, false, false, false]).expect("a mask of five rows");
    assert_eq!(holed.at(0).row(0), [0.0; 6]);
    assert_eq!((views.at(0), &*owners[0]), (own.at(0), &*before));
    let mut matrix = views.at(1).clone();
    matrix.row_mut(0)[0] += 1.0;
    assert_ne!(&matrix, views.at(1));
    assert_eq!(views.at(1).clone().into_vec(), *owners[1]);
    assert_eq!(views.at(1), own.at(1));
}

#[test]
fn values_must_fill_the_matrix() {
    let error = Matrix::shared(2, 2, Arc::new(vec![1.0; 3])).expect_err("three values");
    assert_eq!(error, AlignError::Shape { rows: 2, cols: 2, got: 3 });
}
