//! Reader of one matrix of one file, some rows at a time.

use align::Matrix;
use files::Mapped;

use crate::{DataError, SplitName, import::Member, pieces::map, read::Floats};

/// An open file with a matrix.
///
/// ```
/// use data::MatrixReader;
///
/// let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../data/emoji/text_en.safetensors#test");
/// let file = MatrixReader::open(&file.parse()?)?;
/// let rows = file.rows()?;
/// let counts: Result<Vec<usize>, _> = rows.chunks(150).map(|chunk| chunk.map(|chunk| chunk.rows())).collect();
/// assert_eq!((counts?, rows.width()), (vec![150, 150, 100], 256));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct MatrixReader {
    member: Member,
    map: Mapped,
}

/// The rows of a [`MatrixReader`]. Packed formats are unpacked; npy and safetensors are read in place.
#[derive(Debug)]
pub struct MatrixRows<'a> {
    file: &'a MatrixReader,
    floats: Floats<'a>,
}

impl MatrixReader {
    /// Opens the file, in any format that can be read.
    ///
    /// # Errors
    /// The file does not exist or cannot be read.
    pub fn open(member: &Member) -> Result<Self, DataError> {
        Ok(Self { member: member.clone(), map: map::open(&member.file)? })
    }

    /// The matrix; its values are not read yet.
    ///
    /// # Errors
    /// The content does not match the extension, or is truncated; no such tensor; not two-dimensional; not floats.
    pub fn rows(&self) -> Result<MatrixRows<'_>, DataError> {
        let floats = Floats::of(&self.member.file, self.map.bytes(), self.member.tensor.as_deref())?;
        Ok(MatrixRows { file: self, floats })
    }
}

impl MatrixRows<'_> {
    /// Number of rows N.
    pub fn count(&self) -> usize {
        self.floats.rows()
    }

    /// Number of columns d.
    pub fn width(&self) -> usize {
        self.floats.cols()
    }

    /// Warnings about the matrix in its file, one sentence each: a header line that looks like an item, an index that
    /// was left out.
    pub fn warnings(&self) -> Vec<String> {
        let file = self.file.member.file.display().to_string();
        // A single file belongs to no split.
        let sentence = |text: String| text.split_once(": ").map(|(_, rest)| rest.to_owned()).unwrap_or(text);
        let warnings = self.floats.notes().iter().map(|note| note.warning(SplitName::Test, &file).to_string());
        warnings.map(sentence).collect()
    }

    /// All rows.
    ///
    /// # Errors
    /// A value that is not finite or is beyond the range of f32.
    pub fn all(&self) -> Result<Matrix, DataError> {
        self.floats.read(0..self.count()).map_err(|p| DataError::file(&self.file.member.file, p))
    }

    /// All rows in order, `rows` at a time. The memory of previous chunks is released, so memory holds one piece of a
    /// mapped file. Ends with the first invalid value.
    pub fn chunks(&self, rows: usize) -> impl Iterator<Item = Result<Matrix, DataError>> + '_ {
        let rows = rows.max(1);
        (0..self.count()).step_by(rows).map(move |start| {
            let range = start..(start + rows).min(self.count());
            let failed = |p| DataError::file(&self.file.member.file, p);
            map::check(&self.file.map).map_err(failed)?;
            let values = self.floats.read(range.clone()).map_err(failed)?;
            if let Some(bytes) = self.floats.place(range) {
                self.file.map.release(bytes);
            }
            Ok(values)
        })
    }
}
