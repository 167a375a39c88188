//! Files of sums over rows, so that several machines can sum parts of the rows.
//!
//! A safetensors file of M views with P columns in all (`float64` and, for `shared`, `int64`):
//!
//! | tensor | shape | what |
//! | --- | --- | --- |
//! | `shift`, `scale` | P | reference point and unit of each column: x~ = (x − shift)/scale |
//! | `first`, `second` | P | Σ x~ and Σ x~² over the rows that the column's view has |
//! | `gram` | P × P | Σ w x~ x~ᵀ, lower triangle; w is 1 where every view has every row |
//! | `along` | P × M | Σ w x~ over the rows that a view has |
//! | `weight`, `shared` | M × M | Σ w over, and the number of, rows that two views share |
//!
//! Its metadata have one entry, `moments`: [`Header`] as JSON, with the SHA-256 of header and tensors.

use std::{collections::HashMap, path::Path};

use align::{
    Matrix,
    moments::{Incomplete, Parts, Precision, SufficientStatistics},
};
use files::checksum::Sha256Stream;
use safetensors::{SafeTensors, tensor::Metadata};
use serde::{Deserialize, Serialize};

use crate::{
    DataError, FileProblem, SplitName,
    read::{self, doubles, integers},
    write::{self, Tensor},
};

const FORMAT: &str = "moments 1";
const KEY: &str = "moments";

/// Description of the sums.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// `moments 1`.
    format: String,
    /// The data set's name.
    pub data: String,
    /// Identity of the data's rows ([`Stream::identity`](crate::Stream::identity)).
    pub data_sha256: String,
    /// The split.
    pub split: SplitName,
    /// The rows summed, as ranges `[from, to)` in ascending order that do not touch.
    pub covers: Vec<(usize, usize)>,
    /// Number of rows of the split.
    pub of: usize,
    /// Names of the views.
    names: Vec<String>,
    /// Their widths.
    widths: Vec<usize>,
    /// Number of rows summed.
    rows: usize,
    /// Weight of a row that some views miss.
    incomplete: String,
    /// Arithmetic in which rows were multiplied.
    precision: String,
    /// SHA-256 of this header, with an empty text in this place, and of all tensors by name.
    sha256: String,
}

/// Sums over some of a split's rows.
#[derive(Clone, Debug)]
pub struct StoredSums {
    /// Description of the sums.
    pub header: Header,
    /// The sums.
    pub sums: SufficientStatistics,
}

impl StoredSums {
    /// Sums over the rows `covers` of a split with `of` rows.
    pub fn new(
        sums: SufficientStatistics,
        data: &str,
        data_sha256: String,
        split: SplitName,
        covers: std::ops::Range<usize>,
        of: usize,
    ) -> Self {
        let parts = sums.parts();
        let header = Header {
            format: FORMAT.into(),
            data: data.into(),
            data_sha256,
            split,
            covers: vec![(covers.start, covers.end)],
            of,
            names: parts.names,
            widths: parts.widths,
            rows: parts.rows,
            incomplete: parts.incomplete.name().into(),
            precision: parts.precision.name().into(),
            sha256: String::new(),
        };
        Self { header, sums }
    }

    /// Adds the sums of other rows of the same split. Exact to rounding.
    ///
    /// # Errors
    /// A text: sums of other data, rows that both contain, other views.
    pub fn add(&mut self, other: &Self) -> Result<(), String> {
        let (ours, theirs) = (&self.header, &other.header);
        if (&ours.data_sha256, ours.split, ours.of) != (&theirs.data_sha256, theirs.split, theirs.of) {
            let of = |header: &Header| {
                format!("`{}`, {}, {} rows, {}", header.data, header.split.name(), header.of, &header.data_sha256)
            };
            return Err(format!("sums of other rows: found sums of {}, expected sums of {}", of(theirs), of(ours)));
        }
        let overlap = theirs.covers.iter().find_map(|&(from, to)| {
            let mut both = ours.covers.iter().map(|&(a, b)| (from.max(a), to.min(b)));
            both.find(|(from, to)| from < to)
        });
        if let Some((from, to)) = overlap {
            return Err(format!("rows {from} to {} would be counted twice", to - 1));
        }
        self.sums.merge(&other.sums).map_err(|e| e.to_string())?;
        let mut covers = [ours.covers.as_slice(), theirs.covers.as_slice()].concat();
        covers.sort_unstable();
        let mut joined: Vec<(usize, usize)> = Vec::new();
        for (from, to) in covers {
            match joined.last_mut().filter(|last| last.1 == from) {
                Some(last) => last.1 = to,
                None => joined.push((from, to)),
            }
        }
        (self.header.covers, self.header.rows) = (joined, self.sums.rows());
        Ok(())
    }

    /// Rows that are not summed, as ranges `[from, to)`.
    pub fn missing(&self) -> Vec<(usize, usize)> {
        let ends = std::iter::once(0).chain(self.header.covers.iter().map(|range| range.1));
        let starts = self.header.covers.iter().map(|range| range.0).chain([self.header.of]);
        ends.zip(starts).filter(|(from, to)| from < to).collect()
    }

    /// Writes the file.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn write(&self, file: &Path) -> Result<(), DataError> {
        let tensors = tensors(self.sums.parts());
        let failed =
            |reason: serde_json::Error| DataError::file(file, FileProblem::Unwritable { reason: reason.to_string() });
        let bytes = tensors.iter().map(|tensor| (tensor.name(), tensor.bytes()));
        let sha256 = digest(&self.header, bytes.collect()).map_err(failed)?;
        let header = Header { sha256, ..self.header.clone() };
        let metadata = HashMap::from([(KEY.to_owned(), serde_json::to_string(&header).map_err(failed)?)]);
        write::safetensors_with(file, &tensors, Some(metadata)).map(drop)
    }

    /// Reads the file.
    ///
    /// # Errors
    /// The file is missing, truncated, damaged, or has other content.
    pub fn read(file: &Path) -> Result<Self, DataError> {
        let bytes = read::bytes(file)?;
        parse(file, &bytes).map_err(|e| match e {
            Trouble::Data(error) => error,
            Trouble::Detail(detail) => DataError::file(file, FileProblem::Header { format: KEY, detail }),
        })
    }
}

enum Trouble {
    Data(DataError),
    Detail(String),
}

impl From<DataError> for Trouble {
    fn from(error: DataError) -> Self {
        Self::Data(error)
    }
}

fn parse(file: &Path, bytes: &[u8]) -> Result<StoredSums, Trouble> {
    let detail = |e: &dyn std::fmt::Display| Trouble::Detail(e.to_string());
    // The reader of embeddings reads the first tensor, because it explains truncated files.
    let shift = doubles(file, bytes, "shift")?;
    let (_, metadata): (_, Metadata) = SafeTensors::read_metadata(bytes).map_err(|e| detail(&e))?;
    let entry = metadata.metadata().as_ref().and_then(|entries| entries.get(KEY));
    let entry = entry.ok_or_else(|| Trouble::Detail(format!("its metadata have no `{KEY}`")))?;
    let header: Header = serde_json::from_str(entry).map_err(|e| detail(&e))?;
    if header.format != FORMAT {
        return Err(Trouble::Detail(format!("its format is `{}`, expected `{FORMAT}`", header.format)));
    }
    let tensors = SafeTensors::deserialize(bytes).map_err(|e| detail(&e))?;
    let contents = tensors.tensors();
    let contents = contents.iter().map(|(name, view)| (name.as_str(), view.data())).collect();
    let got = digest(&Header { sha256: String::new(), ..header.clone() }, contents).map_err(|e| detail(&e))?;
    if got != header.sha256 {
        let want = &header.sha256;
        return Err(Trouble::Detail(format!(
            "its contents have sha256 {got}, its header says {want}; sum the rows anew"
        )));
    }
    let matrix = |name: &str, rows: usize, cols: usize| -> Result<Matrix<f64>, Trouble> {
        let values = doubles(file, bytes, name)?;
        if Some(values.len()) != rows.checked_mul(cols) {
            return Err(Trouble::Detail(format!("`{name}` has {} values, expected {rows} x {cols}", values.len())));
        }
        Ok(Matrix::from_vec(rows, cols, values))
    };
    let (views, columns) = (header.names.len(), shift.len());
    let shared = integers(file, bytes, Some("shared"))?.into_iter().map(usize::try_from).collect::<Result<_, _>>();
    let parts = Parts {
        names: header.names.clone(),
        widths: header.widths.clone(),
        incomplete: named(
            "incomplete",
            &header.incomplete,
            Incomplete::name,
            [Incomplete::PairwiseComplete, Incomplete::MeanOfPresent],
        )?,
        precision: named("precision", &header.precision, Precision::name, [Precision::Double, Precision::Single])?,
        rows: header.rows,
        shared: shared.map_err(|e| detail(&e))?,
        shift,
        scale: doubles(file, bytes, "scale")?,
        first: doubles(file, bytes, "first")?,
        second: doubles(file, bytes, "second")?,
        gram: matrix("gram", columns, columns)?,
        along: matrix("along", columns, views)?,
        weight: matrix("weight", views, views)?,
    };
    let sums = SufficientStatistics::from_parts(parts).map_err(|e| detail(&e))?;
    Ok(StoredSums { header: Header { sha256: String::new(), ..header }, sums })
}

fn named<T: Copy>(what: &str, name: &str, of: impl Fn(T) -> &'static str, known: [T; 2]) -> Result<T, Trouble> {
    known
        .into_iter()
        .find(|value| of(*value) == name)
        .ok_or_else(|| Trouble::Detail(format!("`{what}` is `{name}`, expected {} or {}", of(known[0]), of(known[1]))))
}

fn tensors(parts: Parts) -> Vec<Tensor> {
    let (views, columns) = (parts.names.len(), parts.shift.len());
    let shared: Vec<i64> = parts.shared.iter().map(|&shared| shared as i64).collect();
    vec![
        Tensor::doubles("shift", vec![columns], &parts.shift),
        Tensor::doubles("scale", vec![columns], &parts.scale),
        Tensor::doubles("first", vec![columns], &parts.first),
        Tensor::doubles("second", vec![columns], &parts.second),
        Tensor::doubles("gram", vec![columns, columns], parts.gram.as_slice()),
        Tensor::doubles("along", vec![columns, views], parts.along.as_slice()),
        Tensor::doubles("weight", vec![views, views], parts.weight.as_slice()),
        Tensor::integers("shared".into(), &shared),
    ]
}

fn digest(header: &Header, mut tensors: Vec<(&str, &[u8])>) -> Result<String, serde_json::Error> {
    let mut sum = Sha256Stream::default();
    sum.update(serde_json::to_string(header)?.as_bytes());
    tensors.sort_by_key(|(name, _)| *name);
    for (name, bytes) in tensors {
        sum.update(name.as_bytes());
        sum.update(&(bytes.len() as u64).to_le_bytes());
        sum.update(bytes);
    }
    Ok(sum.finish())
}
