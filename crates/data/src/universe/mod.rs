//! Files of fitted methods: arrays of safetensors, and one entry of metadata that describes them.
//!
//! ```
//! use align::methods::gpa::GpaParams;
//! use align::{Method, synthetic::Synthetic};
//! use data::universe::{self, Origin, Saved};
//!
//! let data = Synthetic::default().generate(1)?;
//! let fit = Method::from(GpaParams::default()).fit(&data.train.views, 42)?;
//! let origin = Origin { method: serde_json::json!({"gpa": {}}), seed: 42, ..Origin::default() };
//!
//! let folder = tempfile::tempdir()?;
//! let file = folder.path().join("universe.safetensors");
//! Saved::of(fit, origin, Some(&data.train.views))?.write(&file)?;
//!
//! let saved = universe::read(&file)?;
//! let z = saved.fitted.project("v0", data.test.views.get("v0")?)?; // 200 × 32
//! assert_eq!(saved.consensus.map(|c| c.rows()), Some(400));
//! # assert_eq!(z.rows(), 200);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The format is described in `docs/universe.md`. This crate stores the name of the method as text and does not interpret it.

mod problem;

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use align::parts::{Array, OldOutline, Outline, Parts, Values};
use align::{AlignError, Consensus, Fit, FitReport, Fitted, Matrix, Views};
use files::checksum::sha256;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use self::problem::{ENTRY, WITH_STEPS};
pub use self::problem::{FORMAT_VERSION, UniverseProblem};
use crate::{
    DataError, nearest,
    read::{self, safetensors},
    write::{Tensor, checksum_of_data, safetensors_bytes, whole},
};

/// Arrays of the consensus; the names have no dot, so that no view's array has the same name.
const CONSENSUS: [&str; 2] = ["consensus_mean", "consensus_covariance"];

/// A fitted method with its origin.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Saved {
    /// The maps.
    pub fitted: Fitted,
    /// Report of the fit.
    pub report: FitReport,
    /// Consensus of the views in the rows of the fit; `None` without a universe or without the rows.
    pub consensus: Option<Consensus>,
    /// Origin of the fit.
    pub origin: Origin,
}

/// Origin of a fit, as given by the program that fitted it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Origin {
    /// The method with all its parameters, as a grid file has it.
    pub method: Value,
    /// The method's version: raised whenever the same parameters give other numbers.
    pub method_version: u32,
    /// The seed of the fit.
    pub seed: u64,
    /// Name of the data set.
    pub data: String,
    /// SHA-256 of the data of the views.
    pub data_sha256: String,
    /// Number of rows of the fit.
    pub rows: usize,
    /// The program that wrote the file, with its version.
    pub tool: String,
    /// Views that were added later, in order.
    pub added: Vec<Added>,
}

/// View that was added to an existing fit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Added {
    /// Its name.
    pub view: String,
    /// Form of the addition.
    pub form: align::AddForm,
    /// Views by which it was added.
    pub anchors: Vec<String>,
    /// Number of rows by which it was added.
    pub rows: usize,
}

/// The entry of the metadata, as JSON.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct About<O = Outline> {
    format_version: u64,
    /// SHA-256 of all bytes after the header.
    arrays_sha256: String,
    fitted: O,
    consensus: Option<ConsensusAbout>,
    origin: Origin,
    report: FitReport,
}

impl About {
    /// The current form of an old entry: views as lists of steps.
    fn of_old(old: About<OldOutline>) -> Self {
        let About { format_version, arrays_sha256, fitted, consensus, origin, report } = old;
        Self { format_version, arrays_sha256, fitted: fitted.into(), consensus, origin, report }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ConsensusAbout {
    rows: usize,
}

impl Saved {
    /// A fit with the consensus of its training rows, if they are given and there is a universe.
    ///
    /// # Errors
    /// The errors of [`Consensus::of`].
    pub fn of(fit: Fit, origin: Origin, train: Option<&Views>) -> Result<Self, AlignError> {
        let consensus = match (fit.fitted.universe(), train) {
            (Some(universe), Some(train)) => Some(Consensus::of(universe, train)?),
            _ => None,
        };
        Ok(Self::new(fit, origin, consensus))
    }

    /// A fit with a given consensus.
    pub fn new(fit: Fit, origin: Origin, consensus: Option<Consensus>) -> Self {
        Self { fitted: fit.fitted, report: fit.report, consensus, origin }
    }

    /// Names and widths of the views, in order.
    pub fn views(&self) -> Vec<(String, usize)> {
        self.fitted.views().into_iter().map(|(name, width)| (name.to_owned(), width)).collect()
    }

    /// The width of a view; `file` is named in the error.
    ///
    /// # Errors
    /// [`UniverseProblem::UnknownView`], with the most similar name.
    pub fn width(&self, name: &str, file: &Path) -> Result<usize, DataError> {
        let views = self.views();
        if let Some((_, width)) = views.iter().find(|(view, _)| view == name) {
            return Ok(*width);
        }
        let known: Vec<String> = views.into_iter().map(|(view, _)| view).collect();
        let nearest = nearest(name, known.iter().map(String::as_str)).map(str::to_owned);
        Err(problem(file, UniverseProblem::UnknownView { name: name.to_owned(), nearest, known }))
    }

    /// The name of the method, such as `gcpa`.
    pub fn method_name(&self) -> &str {
        let parameters = self.origin.method.as_object().and_then(|map| map.keys().next());
        parameters.map(String::as_str).or(self.origin.method.as_str()).unwrap_or("a method without a name")
    }

    /// Writes the file and returns its SHA-256. The same fit gives the same bytes.
    ///
    /// # Errors
    /// A fit of a form outside `align` that has no parts ([`align::FittedMaps::parts`]); a file that cannot be written.
    pub fn write(&self, file: &Path) -> Result<String, DataError> {
        whole(file, &self.to_bytes(file)?)
    }

    /// The bytes of the file, for a program that keeps fits elsewhere; `file` is named in the errors.
    ///
    /// # Errors
    /// A fit of a form outside `align` that has no parts.
    pub fn to_bytes(&self, file: &Path) -> Result<Vec<u8>, DataError> {
        let parts = self.fitted.parts().map_err(|cause| problem(file, UniverseProblem::Parts { cause }))?;
        let Parts { outline, mut arrays } = parts;
        if let Some(consensus) = &self.consensus {
            arrays.insert(CONSENSUS[0].to_owned(), Array::vector_f64(consensus.mean()));
            arrays.insert(CONSENSUS[1].to_owned(), Array::matrix_f64(consensus.covariance()));
        }
        let tensors: Vec<Tensor> = arrays.iter().map(|(name, array)| Tensor::array(name.clone(), array)).collect();
        let about = About {
            format_version: if matches!(outline, Outline::Own(_)) { FORMAT_VERSION } else { WITH_STEPS },
            arrays_sha256: checksum_of_data(&tensors),
            fitted: outline,
            consensus: self.consensus.as_ref().map(|consensus| ConsensusAbout { rows: consensus.rows() }),
            origin: self.origin.clone(),
            report: self.report.clone(),
        };
        let text = serde_json::to_string(&about);
        let text = text.map_err(|e| problem(file, UniverseProblem::Metadata { detail: e.to_string() }))?;
        safetensors_bytes(&tensors, Some(HashMap::from([(ENTRY.to_owned(), text)])))
            .map_err(|e| DataError::unwritable(file, e))
    }
}

/// Reads a file of [`Saved::write`]; the fit projects and translates to the same bits.
///
/// # Errors
/// A file that does not exist, is truncated or damaged, has no universe or a newer format; arrays that are missing, not
/// used, of another shape or not finite.
pub fn read(file: &Path) -> Result<Saved, DataError> {
    from_bytes(&read::bytes(file)?, file)
}

/// Reads the bytes of such a file; `file` is named in the errors.
///
/// # Errors
/// The errors of [`read()`].
pub fn from_bytes(bytes: &[u8], file: &Path) -> Result<Saved, DataError> {
    let contents = safetensors::arrays(bytes).map_err(|p| DataError::file(file, p))?;
    let fail = |p: UniverseProblem| problem(file, p);
    let metadata = |detail: String| fail(UniverseProblem::Metadata { detail });
    let text = contents.metadata.get(ENTRY).ok_or_else(|| fail(UniverseProblem::NoUniverse))?;
    // The version comes first: this program need not understand the rest of a later format.
    let value: Value = serde_json::from_str(text).map_err(|e| metadata(e.to_string()))?;
    let about: About = match value["format_version"].as_u64() {
        Some(got) if got > FORMAT_VERSION => return Err(fail(UniverseProblem::Newer { got })),
        Some(1..WITH_STEPS) => serde_json::from_str::<About<OldOutline>>(text).map(About::of_old),
        Some(WITH_STEPS..=FORMAT_VERSION) => serde_json::from_str(text),
        _ => {
            let detail = format!("`format_version` is {}, expected 1 to {FORMAT_VERSION}", value["format_version"]);
            return Err(metadata(detail));
        }
    }
    .map_err(|e| metadata(e.to_string()))?;
    let got = sha256(contents.data);
    if got != about.arrays_sha256 {
        return Err(fail(UniverseProblem::Damaged { got, want: about.arrays_sha256 }));
    }
    let mut arrays = contents.arrays;
    let parts = |cause: AlignError| fail(UniverseProblem::Parts { cause });
    let consensus = about.consensus.map(|c| consensus(c.rows, &mut arrays)).transpose().map_err(parts)?;
    let fitted = Fitted::from_parts(Parts { outline: about.fitted, arrays }).map_err(parts)?;
    Ok(Saved { fitted, report: about.report, consensus, origin: about.origin })
}

fn consensus(rows: usize, arrays: &mut BTreeMap<String, Array>) -> Result<Consensus, AlignError> {
    let mut take = |part: &str| match arrays.remove(part) {
        Some(Array { values: Values::Double(values), shape }) => match values.iter().position(|x| !x.is_finite()) {
            None => Ok((values, shape)),
            Some(at) => {
                let value = values[at];
                Err(AlignError::PartValue { part: part.to_owned(), at, value, want: "finite values" })
            }
        },
        _ => Err(AlignError::MissingPart { part: part.to_owned() }),
    };
    let ((mean, _), (covariance, shape)) = (take(CONSENSUS[0])?, take(CONSENSUS[1])?);
    let [high, wide] = shape[..] else { return Err(AlignError::MissingPart { part: CONSENSUS[1].to_owned() }) };
    Consensus::new(rows, mean, Matrix::new(high, wide, covariance)?)
}

pub(crate) fn problem(file: &Path, problem: UniverseProblem) -> DataError {
    DataError::Universe { path: file.to_owned(), problem: Box::new(problem) }
}
