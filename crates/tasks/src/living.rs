//! Views that cannot be ranked, grouped or compared: all their rows are equal, or their width differs from the others'.

use align::Matrix;

/// The reason if all rows of a view are equal; a single row is not tested.
pub(crate) fn nothing_varies(view: &str, rows: &Matrix) -> Option<String> {
    let first = rows.as_slice().get(..rows.cols()).unwrap_or_default();
    let same = rows.rows() > 1 && (1..rows.rows()).all(|i| rows.row(i) == first);
    same.then(|| format!("all rows of `{view}` are the same"))
}

/// The reason if all rows of a view of the pair are equal. The target is tested first: if it does not vary, rows
/// translated to it do not vary either.
pub(crate) fn nothing_varies_in(names: (&str, &str), rows: (&Matrix, &Matrix)) -> Option<String> {
    nothing_varies(names.1, rows.1).or_else(|| nothing_varies(names.0, rows.0))
}

/// The reason if two views cannot be compared because their widths differ.
pub(crate) fn widths_differ(names: (&str, &str), rows: (&Matrix, &Matrix)) -> Option<String> {
    let (x, y) = (rows.0.cols(), rows.1.cols());
    (x != y).then(|| format!("widths differ: {} {x}, {} {y}", names.0, names.1))
}

/// The reason if no item of one view can be looked up in the other: a view does not vary, or the widths differ.
pub(crate) fn incomparable(names: (&str, &str), rows: (&Matrix, &Matrix)) -> Option<String> {
    nothing_varies_in(names, rows).or_else(|| widths_differ(names, rows))
}
