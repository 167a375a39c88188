//! What can go wrong between a set of views and a universe.

use thiserror::Error;

/// Every error of this crate. Each names the operation or the space, what was found, what was wanted
/// and, where there is one, the remedy.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
pub enum AlignError {
    /// Two views with the same name.
    #[error("view `{name}` is given twice; every view needs its own name")]
    DuplicateView {
        /// The repeated name.
        name: String,
    },
    /// Numbers that do not make a matrix of the shape asked for.
    #[error("{got} values do not make a {rows} x {cols} matrix")]
    Shape {
        /// Rows asked for.
        rows: usize,
        /// Columns asked for.
        cols: usize,
        /// Values given.
        got: usize,
    },
    /// A fit's parts lack an array.
    #[error("array `{part}` is missing; these are not all parts of one fit, write them anew")]
    MissingPart {
        /// Its name.
        part: String,
    },
    /// A fit's parts have an array too many.
    #[error("array `{part}` belongs to nothing that the outline speaks of; these are not the parts of one fit")]
    UnusedPart {
        /// Its name.
        part: String,
    },
    /// An array of another type or shape than the outline says.
    #[error("array `{part}` is {got}, wanted {want} by the outline; these are not the parts of one fit")]
    PartShape {
        /// Its name.
        part: String,
        /// Type and shape found.
        got: String,
        /// Those wanted.
        want: String,
    },
    /// An array that holds what it cannot.
    #[error("array `{part}` holds {value} at position {at}, wanted {want}; the parts are damaged, write them anew")]
    PartValue {
        /// Its name.
        part: String,
        /// Position of the first such value, row by row.
        at: usize,
        /// The value.
        value: f64,
        /// What it should be.
        want: &'static str,
    },
    /// A view without rows or columns.
    #[error("view `{name}` is {rows} x {cols}; a view needs at least one row and one column")]
    EmptyView {
        /// The view.
        name: String,
        /// Rows found.
        rows: usize,
        /// Columns found.
        cols: usize,
    },
    /// The parameters of a method are outside their domain.
    #[error("{method}: `{parameter}` is {got}, wanted {want}")]
    Parameter {
        /// Method name as in a grid file.
        method: &'static str,
        /// Parameter name as in a grid file.
        parameter: &'static str,
        /// What was given.
        got: String,
        /// The domain.
        want: &'static str,
    },
    /// A setting that the data allow less of.
    #[error(
        "{method}: `{parameter}` is {got}, and {most} is the most that is possible: {limit}; lower it, or leave it out"
    )]
    AboveLimit {
        /// Method name as in a grid file.
        method: &'static str,
        /// Parameter name as in a grid file.
        parameter: &'static str,
        /// What was given.
        got: usize,
        /// The most that could be.
        most: usize,
        /// What sets the limit.
        limit: String,
    },
    /// A universe without a coordinate.
    #[error(
        "{method}: no view holds a direction that is more than rounding, so the universe would have no width; look for constant columns with `runner check`"
    )]
    NoDirection {
        /// Method name as in a grid file.
        method: &'static str,
    },
    /// A view or a row by a number that is too large.
    #[error("there is no {what} {got}; there are {count}, counted from 0")]
    Position {
        /// `view` or `row`.
        what: &'static str,
        /// The number.
        got: usize,
        /// How many there are.
        count: usize,
    },
    /// Pairs of rows of a view with rows of the same view.
    #[error("view {view} is paired with itself; pairs join rows of two views")]
    SamePair {
        /// The view's position.
        view: usize,
    },
    /// Labels, groups or ids that are not one per item.
    #[error("`{name}` has {got} values, the views have {want} rows; wanted one value for each row")]
    Length {
        /// Which list.
        name: String,
        /// Values found.
        got: usize,
        /// Rows of the views.
        want: usize,
    },
    /// Matched rows are the one thing that all methods rest on.
    #[error("view `{name}` has {got} rows, `{first}` has {want}; row i must be the same item in every view")]
    RowMismatch {
        /// The deviating view.
        name: String,
        /// Its rows.
        got: usize,
        /// The first view.
        first: String,
        /// The first view's rows.
        want: usize,
    },
    /// A value that is not finite.
    #[error(
        "view `{name}` holds {value} at row {row}, column {col}; wanted finite values (drop the item from every view or repair it)"
    )]
    NotFinite {
        /// The view.
        name: String,
        /// Row of the first such value.
        row: usize,
        /// Its column.
        col: usize,
        /// The value, `NaN` or `inf`.
        value: f32,
    },
    /// A method was given fewer views than it can align.
    #[error("{method} needs at least {want} views, got {got}{}", .only.as_ref().map(|n| format!(" (`{n}`)")).unwrap_or_default())]
    TooFewViews {
        /// Method name as in a grid file.
        method: &'static str,
        /// Views given.
        got: usize,
        /// Views needed.
        want: usize,
        /// The only view's name, where there is one.
        only: Option<String>,
    },
    /// A method was given fewer rows than it needs.
    #[error("{method} needs at least {want} matched rows, got {got}")]
    TooFewRows {
        /// Method name as in a grid file.
        method: &'static str,
        /// Rows given.
        got: usize,
        /// Rows needed.
        want: usize,
    },
    /// A view misses nearly all rows.
    #[error("view `{name}` has {got} of the rows to fit on, wanted at least {want}; lower the share of missing rows")]
    TooFewPresent {
        /// The view.
        name: String,
        /// Rows it has.
        got: usize,
        /// Rows needed.
        want: usize,
    },
    /// Two views have too few rows in common to align them by.
    #[error(
        "{method}: views `{a}` and `{b}` have {got} rows in common, wanted at least {want}; lower the share of missing rows"
    )]
    NoCommonRows {
        /// Method name as in a grid file.
        method: &'static str,
        /// One view.
        a: String,
        /// The other.
        b: String,
        /// Rows that both have.
        got: usize,
        /// Rows needed.
        want: usize,
    },
    /// Views that no chain of common rows joins: each group would have a space of its own.
    #[error(
        "{method}: the views fall into groups without rows in common: {groups}; wanted a chain of views, each two with at least {want} rows in common, that joins all; fit each group by itself, or add rows that join them"
    )]
    Apart {
        /// Method name as in a grid file.
        method: &'static str,
        /// The views of every group.
        groups: String,
        /// Rows that two views need in common.
        want: usize,
    },
    /// Too few views of which anything varies.
    #[error(
        "{method} needs at least {want} views that vary on the training rows, got {got}; constant or zero are {dead}; drop these views or repair their data"
    )]
    Dead {
        /// Method name as in a grid file.
        method: &'static str,
        /// Views that vary.
        got: usize,
        /// Views needed.
        want: usize,
        /// The others.
        dead: String,
    },
    /// Sums over rows that do not belong together.
    #[error("these sums are of {got}, wanted {want}")]
    OtherViews {
        /// Views with their widths, or the weighting found.
        got: String,
        /// Those wanted.
        want: String,
    },
    /// Parts that make no sums over rows.
    #[error("these are no sums over rows: {problem}")]
    Parts {
        /// What is wrong.
        problem: String,
    },
    /// A method that has to see the rows again.
    #[error("{method} cannot be fitted from sums over rows; {}", remedy(.instead))]
    NeedsRows {
        /// Method name as in a grid file.
        method: &'static str,
        /// Methods that can.
        instead: Vec<&'static str>,
    },
    /// Data that lack what a method needs.
    #[error("{method} needs {what}, and these data have none; take other data or another method")]
    Lacks {
        /// Method name as in a grid file.
        method: &'static str,
        /// What it needs.
        what: &'static str,
    },
    /// A name under which no method can be registered.
    #[error("no method can be registered as `{name}`: {problem}")]
    MethodName {
        /// The name.
        name: String,
        /// What is wrong with it.
        problem: crate::named::NameProblem,
    },
    /// A name that a method had before.
    #[error(transparent)]
    RenamedMethod(crate::named::Renamed),
    /// A name that no method has.
    #[error("no method `{name}`; the methods are {known}")]
    UnknownMethod {
        /// The name asked for.
        name: String,
        /// The names there are, comma-separated.
        known: String,
    },
    /// An error of a method that is not in this crate, in its own words.
    #[error("{method}: {message}")]
    Own {
        /// Method name as in a grid file.
        method: String,
        /// What was found, what was wanted, what to do.
        message: String,
    },
    /// A fit that cannot be taken apart.
    #[error(
        "a fit of a form of its own has no parts and cannot be kept as a file; keep what its method needs to make it"
    )]
    NoParts,
    /// A view that the fit has not seen.
    #[error("no view `{name}`; the views here are {known}")]
    UnknownView {
        /// The name asked for.
        name: String,
        /// The names there are, comma-separated.
        known: String,
    },
    /// The matrix handed over does not have the width of the view it is said to be.
    #[error("{op}: view `{name}` has width {want}, the given matrix has {got} columns")]
    Width {
        /// The operation.
        op: &'static str,
        /// The view.
        name: String,
        /// Columns found.
        got: usize,
        /// Columns wanted.
        want: usize,
    },
    /// The fitted method offers no such space.
    #[error("{method} has no {space} space; it offers {offers}")]
    NoSuchSpace {
        /// Method name.
        method: &'static str,
        /// The space asked for.
        space: &'static str,
        /// The views it has.
        offers: &'static str,
    },
    /// A factorisation did not converge.
    #[error(
        "{op} of a {rows} x {cols} matrix did not converge ({context}); look for extreme values with the data's warnings"
    )]
    Factorisation {
        /// `svd` or `symmetric eigendecomposition`.
        op: &'static str,
        /// Rows of the matrix.
        rows: usize,
        /// Columns of the matrix.
        cols: usize,
        /// Which view or block it belongs to.
        context: String,
    },
    /// A fit that someone has ended.
    #[error("the fit was cancelled; nothing of it is kept")]
    Cancelled,
    /// An iteration left the finite numbers.
    #[error(
        "{method}: {what} became {value} at iteration {iteration}; lower the learning rate or look for extreme values in the data"
    )]
    Diverged {
        /// Method name.
        method: &'static str,
        /// The quantity.
        what: &'static str,
        /// Iteration or step.
        iteration: usize,
        /// The value.
        value: f64,
    },
}

/// What to do where sums over rows are not enough.
fn remedy(instead: &[&str]) -> String {
    match instead {
        [] => "fit it on the rows".to_string(),
        [one] => format!("{one} can"),
        [others @ .., last] => format!("{} and {last} can", others.join(", ")),
    }
}
