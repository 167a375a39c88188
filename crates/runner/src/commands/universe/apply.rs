//! The commands `runner project` and `runner translate`: map the rows of a file with a fitted method, in pieces.

use std::path::{Path, PathBuf};

use align::calibration::Spread;
use align::{AlignError, Consensus, Fitted, Matrix};
use anyhow::{Context, Result};
use data::import::Member;
use data::universe::{self, Saved, UniverseProblem};
use data::{DataError, FileProblem, MatrixReader, MatrixWriter};

use super::place::check_place;

/// Number of rows of a piece: 4,096 rows of width 768 take 13 MB.
pub const CHUNK: usize = 4096;

/// The file to map, and the fit.
#[derive(Clone, Debug)]
pub struct Apply {
    /// The file of the fitted method.
    pub universe: PathBuf,
    /// The operation.
    pub way: Way,
    /// The file of the rows.
    pub input: Member,
    /// The file to write.
    pub out: Member,
    /// Whether to overwrite an existing file.
    pub overwrite: bool,
}

/// The source and the target of the map.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Way {
    /// From a view to the universe.
    Project {
        /// The view.
        view: String,
        /// Whether every coordinate is divided by its standard deviation over the consensus.
        unit_variance: bool,
    },
    /// From a view to another view.
    Translate {
        /// The source view.
        from: String,
        /// The target view.
        to: String,
    },
}

impl Way {
    /// The view of the input rows.
    pub(super) fn source(&self) -> &str {
        match self {
            Self::Project { view, .. } => view,
            Self::Translate { from, .. } => from,
        }
    }

    fn name(&self) -> &'static str {
        match self {
            Self::Project { .. } => "project",
            Self::Translate { .. } => "translate",
        }
    }

    /// The width of the output rows.
    pub(super) fn width(&self, saved: &Saved, file: &Path) -> Result<usize> {
        match (self, &saved.fitted) {
            (Self::Project { .. }, Fitted::Universe(universe)) => Ok(universe.width()),
            (Self::Project { .. }, Fitted::Pairwise(_)) => Err(lacks(
                saved,
                file,
                "a map for every pair of views and no space that all share",
                "use `runner translate --from VIEW --to VIEW`, or fit a method with a universe, such as gpa",
            )
            .into()),
            (_, Fitted::Input(_)) => Err(lacks(
                saved,
                file,
                "no alignment, each view in its own coordinates",
                "fit a method that aligns, such as gpa",
            )
            .into()),
            (Self::Project { view, .. }, Fitted::Own(_)) if saved.fitted.projects() => {
                // Such a fit does not say how wide its coordinates are.
                let row = Matrix::zeros(1, saved.width(view, file)?);
                let projected = saved.fitted.project(view, &row).with_context(|| file.display().to_string())?;
                Ok(projected.cols())
            }
            (Self::Project { .. }, Fitted::Own(_)) => Err(lacks(
                saved,
                file,
                "no space that all views share",
                "use `runner translate --from VIEW --to VIEW`, or fit a method with a universe, such as gpa",
            )
            .into()),
            (Self::Translate { .. }, Fitted::Own(_)) if !saved.fitted.translates() => Err(lacks(
                saved,
                file,
                "no way from one view to another",
                "use `runner project`, or fit a method that translates, such as gpa",
            )
            .into()),
            (Self::Translate { .. }, Fitted::Universe(universe)) if !universe.leads_back() => Err(lacks(
                saved,
                file,
                "a universe without a way back to the views",
                "use `runner project`, or fit a method that translates, such as gpa",
            )
            .into()),
            (Self::Translate { to, .. }, _) => Ok(saved.width(to, file)?),
        }
    }

    /// The scale of the universe vectors, if scaled vectors are requested.
    fn scale<'a>(&self, saved: &'a Saved, file: &Path) -> Result<Option<&'a Consensus>, DataError> {
        match (self, &saved.consensus) {
            (Self::Project { unit_variance: true, .. }, None) => Err(lacks(
                saved,
                file,
                "no consensus of the training rows, whose variance would be the unit",
                "fit on complete rows, or project without --unit-variance",
            )),
            (Self::Project { unit_variance: true, .. }, Some(consensus)) => Ok(Some(consensus)),
            _ => Ok(None),
        }
    }

    /// The universe vectors with which the output can be compared.
    fn beside(&self, fitted: &Fitted) -> Option<(Spread, &str)> {
        match self {
            Self::Project { .. } => None,
            Self::Translate { to, .. } => fitted.prep(to).map(|prep| (Spread::beside(prep), to.as_str())),
        }
    }

    fn of(&self, fitted: &Fitted, rows: &Matrix, scale: Option<&Consensus>) -> Result<Matrix, AlignError> {
        match (self, scale) {
            (Self::Project { view, .. }, None) => fitted.project(view, rows),
            (Self::Project { view, .. }, Some(consensus)) => consensus.unit_variance(&fitted.project(view, rows)?),
            (Self::Translate { from, to }, _) => fitted.translate(from, to, rows),
        }
    }
}

pub(super) fn lacks(saved: &Saved, file: &Path, lacks: &'static str, remedy: &'static str) -> DataError {
    let problem = UniverseProblem::Lacks { fit: format!("`{}`", saved.method_name()), lacks, remedy };
    DataError::Universe { path: file.to_path_buf(), problem: Box::new(problem) }
}

/// Reads, maps and writes rows, and returns a text about the output.
///
/// # Errors
/// A universe that cannot be read or has not what is asked of it; an unknown view; rows of another width, or with values
/// that are not finite; an output that is there already or cannot be written.
pub fn apply(request: &Apply) -> Result<String> {
    let (way, file) = (&request.way, &request.universe);
    check_place(&request.out.file, request.overwrite)?;
    let saved = universe::read(file)?;
    let want = saved.width(way.source(), file)?;
    let width = way.width(&saved, file)?;
    let scale = way.scale(&saved, file)?;
    let input = MatrixReader::open(&request.input)?;
    let rows = input.rows()?;
    let name = request.input.file.display();
    if rows.width() != want {
        let (op, view, got) = (way.name(), way.source().to_owned(), rows.width());
        return Err(AlignError::Width { op, name: view, got, want }).with_context(|| name.to_string());
    }
    if rows.count() == 0 {
        let problem = FileProblem::NoRows { tensor: request.input.tensor.clone() };
        return Err(DataError::File { path: request.input.file.clone(), problem: Box::new(problem) }.into());
    }
    let mut beside = way.beside(&saved.fitted);
    rows.warnings().iter().for_each(|line| tracing::warn!("{line}"));
    let mut sink = MatrixWriter::create(&request.out, rows.count(), width)?;
    for chunk in rows.chunks(CHUNK) {
        let mapped = way.of(&saved.fitted, &chunk?, scale)?;
        if let Some((spread, _)) = &mut beside {
            spread.add(&mapped)?;
        }
        sink.write(&mapped)?;
    }
    sink.finish()?;
    let warning = beside.and_then(|(spread, to)| spread.warning(to));
    warning.iter().for_each(|warning| tracing::warn!("{warning}"));
    Ok(format!("{}: {} x {width}", request.out.file.display(), rows.count()))
}
