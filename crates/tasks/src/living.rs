//! Views that nothing can be ranked, grouped or compared by: their rows are all the same, or as wide as no other's.

use align::Matrix;

/// Why a view's rows tell nothing, where all of them are the same; a single row is not judged.
pub(crate) fn nothing_varies(view: &str, rows: &Matrix) -> Option<String> {
    let first = rows.as_slice().get(..rows.cols()).unwrap_or_default();
    let same = rows.rows() > 1 && (1..rows.rows()).all(|i| rows.row(i) == first);
    same.then(|| format!("all rows of `{view}` are the same"))
}

/// The same of a pair. The target is asked first: where it does not vary, what is translated to it does not either.
pub(crate) fn nothing_varies_in(names: (&str, &str), rows: (&Matrix, &Matrix)) -> Option<String> {
    nothing_varies(names.1, rows.1).or_else(|| nothing_varies(names.0, rows.0))
}

/// Why the rows of two views cannot be compared, where one is wider than the other.
pub(crate) fn widths_differ(names: (&str, &str), rows: (&Matrix, &Matrix)) -> Option<String> {
    let (x, y) = (rows.0.cols(), rows.1.cols());
    (x != y).then(|| format!("widths differ: {} {x}, {} {y}", names.0, names.1))
}

/// Why nothing can be looked up between two views: a view does not vary, or their widths differ.
pub(crate) fn incomparable(names: (&str, &str), rows: (&Matrix, &Matrix)) -> Option<String> {
    nothing_varies_in(names, rows).or_else(|| widths_differ(names, rows))
}
