//! Views whose rows are matched by lists of pairs.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use align::{Correspondence, Matrix, Method, RowPairs, Views};

fn column(values: &[f32]) -> Matrix {
    Matrix::new(values.len(), 1, values.to_vec()).expect("a column")
}

#[test]
fn pairs_through_a_third_view_make_one_item() {
    let views = [("a", column(&[1.0, 2.0])), ("b", column(&[20.0, 10.0])), ("c", column(&[100.0, 300.0]))];
    let pairs = [RowPairs::new(0, 1, vec![(0, 1), (1, 0)]), RowPairs::new(2, 1, vec![(0, 1)])];
    let views = Views::matched(views, &pairs).expect("pairs of rows that exist");
    let values: Vec<&[f32]> = views.iter().map(|view| view.values().as_slice()).collect();
    assert_eq!(values, [[1.0, 2.0, 0.0], [10.0, 20.0, 0.0], [100.0, 0.0, 300.0]]);
    let has: Vec<usize> = (0..3).map(|row| views.views_of(row)).collect();
    assert_eq!(has, [3, 2, 1]);
    assert_eq!(views.correspondence(), Correspondence::Partial);
}

#[test]
fn a_row_that_pairs_with_several_rows_of_a_view_is_repeated() {
    let views = [("captions", column(&[1.0, 2.0, 3.0])), ("pictures", column(&[10.0, 30.0]))];
    let twice = vec![(0, 0), (1, 0), (2, 1), (1, 0)];
    let views = Views::matched(views, &[RowPairs::new(0, 1, twice)]).expect("pairs of rows that exist");
    assert_eq!(views.at(0).as_slice(), [1.0, 2.0, 3.0]);
    assert_eq!(views.at(1).as_slice(), [10.0, 10.0, 30.0]);
    assert_eq!(views.correspondence(), Correspondence::Complete);
}

#[test]
fn pairs_of_all_rows_in_order_are_the_views_themselves() {
    let data = align::synthetic::Synthetic { fit_rows: 60, ..align::synthetic::Synthetic::default() }
        .generate(3)
        .expect("synthetic views")
        .train
        .views;
    let pairs: Vec<RowPairs> = (1..data.len())
        .map(|second| RowPairs::new(0, second, (0..data.rows()).map(|row| (row, row)).collect()))
        .collect();
    let own = data.iter().map(|view| (view.name(), view.values().clone()));
    let matched = Views::matched(own, &pairs).expect("pairs of rows that exist");
    assert!(matched.complete());
    for (ours, given) in matched.iter().zip(data.iter()) {
        assert_eq!(ours.values().as_slice(), given.values().as_slice());
    }
}

#[test]
fn without_pairs_methods_say_that_they_need_items_of_two_views() {
    let views = Views::matched([("a", column(&[1.0, 2.0, 3.0])), ("b", column(&[3.0, 1.0]))], &[]).expect("two views");
    assert_eq!((views.rows(), views.correspondence()), (5, Correspondence::None));
    for name in Method::names() {
        let method = Method::from_name(name).expect("a method");
        if method.needs().views <= 2 && method.needs().correspondence {
            let error = method.fit(&views, 0).expect_err(name).to_string();
            assert!(error.contains("items that at least two views have"), "{name}: {error}");
        }
    }
}

#[test]
fn pairs_that_cannot_be_are_refused() {
    let views = || [("a", column(&[1.0])), ("b", column(&[2.0]))];
    let error = |pairs| Views::matched(views(), &[pairs]).expect_err("no such pair").to_string();
    assert!(error(RowPairs::new(0, 2, vec![(0, 0)])).contains("view 2"));
    assert!(error(RowPairs::new(0, 1, vec![(0, 1)])).contains("row 1"));
    assert!(error(RowPairs::new(1, 1, vec![(0, 0)])).contains("itself"));
}
