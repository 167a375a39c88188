//! Errors of views, fits and universes.

use thiserror::Error;

/// Every error of this crate. Each names the operation or the view, what was found, what was expected and, if there is
/// one, the remedy.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
pub enum AlignError {
    /// Two views with the same name.
    #[error("view `{name}` is given twice; every view needs its own name")]
    DuplicateView {
        /// The repeated name.
        name: String,
    },
    /// Numbers that do not make a matrix of the requested shape.
    #[error("{got} values do not make a {rows} x {cols} matrix")]
    Shape {
        /// Requested rows.
        rows: usize,
        /// Requested columns.
        cols: usize,
        /// Values given.
        got: usize,
    },
    /// An array that the parts of a fit lack.
    #[error("array `{part}` is missing; these are not all parts of one fit, write them anew")]
    MissingPart {
        /// Name of the array.
        part: String,
    },
    /// An array that the outline of a fit does not use.
    #[error("array `{part}` is not used by the outline; these are not the parts of one fit")]
    UnusedPart {
        /// Name of the array.
        part: String,
    },
    /// An array whose type or shape differs from the outline.
    #[error("array `{part}` is {got}, expected {want} as in the outline; these are not the parts of one fit")]
    PartShape {
        /// Name of the array.
        part: String,
        /// Type and shape found.
        got: String,
        /// Type and shape expected.
        want: String,
    },
    /// An array with a value that it cannot hold.
    #[error("array `{part}` holds {value} at position {at}, expected {want}; the parts are damaged, write them anew")]
    PartValue {
        /// Name of the array.
        part: String,
        /// Position of the first such value, row by row.
        at: usize,
        /// The value.
        value: f64,
        /// Expected values.
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
    /// A fit of a form outside this crate that has no map for other programs.
    #[error(
        "the fit has a form of its own, from which no map can be exported; fit a method with affine maps or a corrector, such as gpa, pairwise or residual_mlp"
    )]
    NoRowMap,
    /// The parameters of a method are outside their domain.
    #[error("{method}: `{parameter}` is {got}, expected {want}")]
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
    /// A parameter above the limit that the data set.
    #[error(
        "{method}: `{parameter}` is {got}, and {most} is the most that is possible: {limit}; lower it, or leave it out"
    )]
    AboveLimit {
        /// Method name as in a grid file.
        method: &'static str,
        /// Parameter name as in a grid file.
        parameter: &'static str,
        /// The value given.
        got: usize,
        /// The largest possible value.
        most: usize,
        /// The origin of the limit.
        limit: String,
    },
    /// A universe without coordinates.
    #[error(
        "{method}: no view holds a direction that is more than rounding, so the universe would have no width; look for constant columns with `runner check`"
    )]
    NoDirection {
        /// Method name as in a grid file.
        method: &'static str,
    },
    /// A view or a row with an index that is too large.
    #[error("there is no {what} {got}; there are {count}, counted from 0")]
    Position {
        /// `view` or `row`.
        what: &'static str,
        /// The index.
        got: usize,
        /// Number of views or rows.
        count: usize,
    },
    /// A document that a query judges twice.
    #[error("document {document} is judged twice for query {query}; judge a document once per query")]
    JudgedTwice {
        /// Row of the query.
        query: usize,
        /// Row of the document.
        document: usize,
    },
    /// Pairs of rows of a view with rows of the same view.
    #[error("view {view} is paired with itself; pairs join rows of two views")]
    SamePair {
        /// The view's position.
        view: usize,
    },
    /// Labels, groups or ids that do not have one value per item.
    #[error("`{name}` has {got} values, and the views have {want} rows; expected one value for each row")]
    Length {
        /// Name of the list.
        name: String,
        /// Values found.
        got: usize,
        /// Rows of the views.
        want: usize,
    },
    /// Views with different numbers of rows; rows must match in all views.
    #[error("view `{name}` has {got} rows, `{first}` has {want}; row i must be the same item in every view")]
    RowMismatch {
        /// The deviating view.
        name: String,
        /// Rows of this view.
        got: usize,
        /// The first view.
        first: String,
        /// Rows of the first view.
        want: usize,
    },
    /// A value that is not finite.
    #[error(
        "view `{name}` holds {value} at row {row}, column {col}, expected finite values; drop the item from every view or repair it"
    )]
    NotFinite {
        /// The view.
        name: String,
        /// Row of the first such value.
        row: usize,
        /// Column of this value.
        col: usize,
        /// The value, `NaN` or `inf`.
        value: f32,
    },
    /// Fewer views than the method can align.
    #[error("{method}: found {got} view{}{}, expected at least {want}", if *.got == 1 { "" } else { "s" }, .only.as_ref().map(|n| format!(" (`{n}`)")).unwrap_or_default())]
    TooFewViews {
        /// Method name as in a grid file.
        method: &'static str,
        /// Views given.
        got: usize,
        /// Views needed.
        want: usize,
        /// Name of the only view, if there is one.
        only: Option<String>,
    },
    /// Fewer rows than the method needs.
    #[error("{method}: found {got} matched rows, expected at least {want}")]
    TooFewRows {
        /// Method name as in a grid file.
        method: &'static str,
        /// Rows given.
        got: usize,
        /// Rows needed.
        want: usize,
    },
    /// A view that has too few of the rows.
    #[error("view `{name}` has {got} of the rows to fit on, expected at least {want}; lower the share of missing rows")]
    TooFewPresent {
        /// The view.
        name: String,
        /// Rows it has.
        got: usize,
        /// Rows needed.
        want: usize,
    },
    /// Two views with too few rows in common to align them.
    #[error(
        "{method}: views `{a}` and `{b}` have {got} rows in common, expected at least {want}; lower the share of missing rows"
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
    /// Groups of views that share no rows: each group would have a universe of its own.
    #[error(
        "{method}: the views fall into groups without rows in common: {groups}; expected a chain of views, each two with at least {want} rows in common, that joins all; fit each group by itself, or add rows that join them"
    )]
    Apart {
        /// Method name as in a grid file.
        method: &'static str,
        /// The views of each group.
        groups: String,
        /// Rows that two views need in common.
        want: usize,
    },
    /// Too few views that vary.
    #[error(
        "{method}: the views that vary on the training rows are {got}, expected at least {want}; constant or zero are {dead}; drop these views or repair their data"
    )]
    Dead {
        /// Method name as in a grid file.
        method: &'static str,
        /// Views that vary.
        got: usize,
        /// Views needed.
        want: usize,
        /// Views that do not vary.
        dead: String,
    },
    /// Sums over the rows of other views, or with other weights.
    #[error("these sums are of {got}, expected {want}")]
    OtherViews {
        /// Views with their widths, or the weighting found.
        got: String,
        /// Those wanted.
        want: String,
    },
    /// Parts that are not sums over rows.
    #[error("these parts are not sums over rows: {problem}")]
    Parts {
        /// Description of the problem.
        problem: String,
    },
    /// A method that has to read the rows.
    #[error("{method} cannot be fitted from sums over rows; {}", remedy(.instead))]
    NeedsRows {
        /// Method name as in a grid file.
        method: &'static str,
        /// Methods that can be fitted from sums.
        instead: Vec<&'static str>,
    },
    /// Rows of a [`RowSource`](crate::RowSource) that cannot be read.
    #[error("{message}")]
    Unreadable {
        /// The message: what was found, what was expected, what to do.
        message: String,
    },
    /// Data without something that the method needs.
    #[error("{method} needs {what}, and these data have none; take other data or another method")]
    Lacks {
        /// Method name as in a grid file.
        method: &'static str,
        /// The missing part.
        what: &'static str,
    },
    /// A name under which no method can be registered.
    #[error("no method can be registered as `{name}`: {problem}")]
    MethodName {
        /// The name.
        name: String,
        /// The rule that the name breaks.
        problem: crate::named::NameProblem,
    },
    /// A former name of a method.
    #[error(transparent)]
    RenamedMethod(crate::named::Renamed),
    /// A name that no method has.
    #[error("no method `{name}`; the methods are {known}")]
    UnknownMethod {
        /// The name given.
        name: String,
        /// The known names, comma-separated.
        known: String,
    },
    /// An error of a method outside this crate, in its own words.
    #[error("{method}: {message}")]
    Own {
        /// Method name as in a grid file.
        method: String,
        /// The message: what was found, what was expected, what to do.
        message: String,
    },
    /// A fit that has no parts and cannot be stored.
    #[error(
        "the method has a fit of a form of its own without parts, so it cannot be stored in a file; give it parts \
         (`FittedMaps::parts`) and register their reader (`Fitted::register_form`), or fit again where the fit is used"
    )]
    NoParts,
    /// Parts of a form without a reader.
    #[error(
        "the fit has the form `{form}`, and this program has no reader of that form; use the program that wrote it, or \
         register the reader first (`Fitted::register_form`)"
    )]
    UnknownForm {
        /// Name of the form.
        form: String,
    },
    /// A restored fit with other views than its outline.
    #[error("the reader of the form `{form}` made a fit of the views {got}, expected {want}; mend the reader")]
    OtherForm {
        /// Name of the form.
        form: String,
        /// Views with their widths, as the reader made them.
        got: String,
        /// Views of the outline.
        want: String,
    },
    /// A form that is registered twice.
    #[error("the form `{form}` of fits is registered already; register each form once, and give each its own name")]
    FormTaken {
        /// Name of the form.
        form: String,
    },
    /// A view that the fit or the set does not have.
    #[error("no view `{name}`; the views here are {known}")]
    UnknownView {
        /// The name given.
        name: String,
        /// The known names, comma-separated.
        known: String,
    },
    /// A matrix whose width is not that of its view.
    #[error("{op}: view `{name}` has width {want}, the given matrix has {got} columns")]
    Width {
        /// The operation.
        op: &'static str,
        /// The view.
        name: String,
        /// Columns found.
        got: usize,
        /// Columns expected.
        want: usize,
    },
    /// A space that the fitted method does not offer.
    #[error("{method} has no {space} space; it offers {offers}")]
    NoSuchSpace {
        /// Method name.
        method: &'static str,
        /// The requested space.
        space: &'static str,
        /// The spaces that the method offers.
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
        /// View or block of the matrix.
        context: String,
    },
    /// A fit that was cancelled.
    #[error("the fit was cancelled; nothing of it is kept")]
    Cancelled,
    /// An iteration that produced a value that is not finite.
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

/// Advice if sums over rows do not suffice.
fn remedy(instead: &[&str]) -> String {
    match instead {
        [] => "fit it on the rows".to_string(),
        [one] => format!("{one} can"),
        [others @ .., last] => format!("{} and {last} can", others.join(", ")),
    }
}
