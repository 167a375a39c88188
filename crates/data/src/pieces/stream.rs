//! Data sets larger than memory: the rows of all views, some at a time.

use std::{collections::HashMap, ops::Range, path::PathBuf, sync::Arc};

use align::{AlignError, Matrix, RowSource, Views, prep::unit_rows};
use files::{Mapped, checksum::Combined};
use rayon::prelude::*;

use crate::{
    DataError, Manifest, SetProblem, SplitName,
    manifest::{Part, Source},
    pieces::{
        map,
        rows::{self, Taken},
    },
    read::Floats,
};

/// Views of one split in mapped files: opened and checked, without reading their values.
#[derive(Debug)]
pub struct Stream {
    files: Vec<(PathBuf, Mapped)>,
    views: Vec<Viewed>,
    rows: usize,
    /// Whether rows are brought to length 1.
    unit_rows: bool,
}

/// Scattered rows of a view that are read before their pages are released. A system can map up to 2 MB around each of them, so
/// until then they take many times their own size.
const BLOCK: usize = 64;

/// A view and its file.
#[derive(Debug)]
struct Viewed {
    name: String,
    file: usize,
    part: Part,
    source: Source,
    /// Which rows of the file are this split's, where they are not all.
    taken: Option<Arc<[Option<usize>]>>,
}

impl Viewed {
    /// The row of its file that an item has.
    fn row(&self, item: usize) -> Option<usize> {
        self.taken.as_ref().map_or(Some(item), |rows| rows[item])
    }
}

/// Mini-batches of a fit are read when they are needed.
impl RowSource for Stream {
    fn names(&self) -> Vec<String> {
        self.views.iter().map(|view| view.name.clone()).collect()
    }

    fn rows(&self) -> usize {
        self.rows
    }

    fn has(&self, view: usize, item: usize) -> bool {
        self.views[view].row(item).is_some()
    }

    fn read(&self, items: &[usize]) -> Result<Views, AlignError> {
        let unreadable = |error: DataError| AlignError::Unreadable { message: error.to_string() };
        let floats: Result<Vec<Floats<'_>>, DataError> = self.views.iter().map(|view| self.floats(view)).collect();
        floats.and_then(|floats| self.piece(&floats, items)).map_err(unreadable)
    }
}

impl Stream {
    /// Maps the files of a split. If the manifest has a checksum, the file is read once to verify it.
    ///
    /// # Errors
    /// An unknown split; the errors of [`load`](crate::load) about files and shapes, but not about values.
    pub fn open(manifest: &Manifest, split: SplitName) -> Result<Self, DataError> {
        Self::open_with(manifest, split, true)
    }

    /// Like [`Stream::open`]; the manifest's checksums are verified only with `verify`. If several machines read a part
    /// of the rows each, one of them can verify the shared files.
    ///
    /// # Errors
    /// The errors of [`Stream::open`].
    pub fn open_with(manifest: &Manifest, split: SplitName, verify: bool) -> Result<Self, DataError> {
        let mut stream = Self { files: Vec::new(), views: Vec::new(), rows: 0, unit_rows: manifest.unit_rows };
        let mut sums: HashMap<usize, String> = HashMap::new();
        let taken = Taken::read(manifest)?;
        let shared: Option<Arc<[Option<usize>]>> = taken.shared.as_ref().map(|rows| rows.of(split).into());
        for (position, view) in manifest.views.iter().enumerate() {
            let Some(part) = view.source.parts.get(&split) else {
                let splits = manifest.splits.iter().map(|split| split.name().to_owned()).collect();
                let problem = SetProblem::NoSplit { got: split.name(), known: splits };
                return Err(DataError::set(&manifest.place, problem));
            };
            let known = stream.files.iter().position(|(path, _)| *path == part.file);
            let file = match known {
                Some(file) => file,
                None => {
                    let map = map::open(&part.file).map_err(|e| e.listed(&view.source.place))?;
                    stream.files.push((part.file.clone(), map));
                    stream.files.len() - 1
                }
            };
            // Several views may be in one file, each with a checksum of its own in the manifest.
            if verify && let Some(want) = &part.sha256 {
                let got = sums.entry(file).or_insert_with(|| rows::sum(&stream.files[file].1));
                rows::same(&part.file, got, want).map_err(|e| e.listed(&view.source.place))?;
            }
            let (name, source) = (view.name.clone(), view.source.clone());
            let own = taken.views[position].as_ref().map(|rows| rows.of(split).into());
            let taken = own.or_else(|| shared.clone().filter(|_| source.by_rows));
            stream.views.push(Viewed { name, file, part: part.clone(), source, taken });
        }
        stream.rows = stream.check(split)?;
        Ok(stream)
    }

    /// Number of items N.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// SHA-256 of the identity of these rows: the views' names, the checksums of their files in the manifest (or the
    /// lengths of the files if there are none), the tensors, and the row numbers. The location of the files does not
    /// count.
    pub fn identity(&self) -> String {
        let mut sum = Combined::default();
        for view in &self.views {
            let length = self.files[view.file].1.bytes().len();
            sum.add(&view.name);
            sum.add(&view.part.sha256.clone().unwrap_or_else(|| format!("{length} bytes")));
            sum.add(view.part.tensor.as_deref().unwrap_or_default());
            sum.add(&view.taken.as_deref().map(rows::checksum).unwrap_or_default());
        }
        sum.add(&self.rows.to_string());
        if self.unit_rows {
            sum.add("unit rows");
        }
        sum.finish()
    }

    /// All items in order, `rows` at a time; an invalid value ends the iteration with an error. The memory of previous
    /// chunks is released, so memory holds one chunk.
    pub fn chunks(&self, rows: usize) -> impl Iterator<Item = Result<Views, DataError>> + '_ {
        self.chunks_of(0..self.rows, rows)
    }

    /// Like [`Stream::chunks`], for some of the items.
    pub fn chunks_of(&self, items: Range<usize>, rows: usize) -> impl Iterator<Item = Result<Views, DataError>> + '_ {
        let rows = rows.max(1);
        let items = items.start.min(self.rows)..items.end.min(self.rows);
        let floats: Result<Vec<Floats<'_>>, DataError> = self.views.iter().map(|view| self.floats(view)).collect();
        let (floats, error) = match floats {
            Ok(floats) => (floats, None),
            Err(error) => (Vec::new(), Some(Err(error))),
        };
        let starts = (items.start..if floats.is_empty() { items.start } else { items.end }).step_by(rows);
        error.into_iter().chain(starts.map(move |start| {
            let chunk: Vec<usize> = (start..(start + rows).min(items.end)).collect();
            self.piece(&floats, &chunk)
        }))
    }

    /// These items, which ascend. The memory of the rows in their files is released.
    fn piece(&self, floats: &[Floats<'_>], items: &[usize]) -> Result<Views, DataError> {
        let one = |(view, floats): (&Viewed, &Floats<'_>)| {
            let (path, mapped) = &self.files[view.file];
            map::check(mapped).map_err(|p| DataError::file(path, p).listed(&view.source.place))?;
            let rows: Vec<Option<usize>> = items.iter().map(|&item| view.row(item)).collect();
            let present = rows::present(&rows);
            let mut values = Vec::with_capacity(present.len() * floats.cols());
            let apart = present.windows(2).any(|pair| pair[1] != pair[0] + 1);
            let (mut start, mut end) = (usize::MAX, 0);
            for block in present.chunks(if apart { BLOCK } else { present.len().max(1) }) {
                let read = floats.gather(block).map_err(|p| DataError::file(path, p).listed(&view.source.place))?;
                values.extend(read.into_vec());
                // From the first row on, because pages around the blocks before are mapped again.
                start = block.iter().copied().fold(start, usize::min);
                end = block.iter().map(|row| row + 1).fold(end, usize::max);
                if let Some(bytes) = floats.place(start..end) {
                    mapped.release(bytes);
                }
            }
            let values = rows::in_places(Matrix::from_vec(present.len(), floats.cols(), values), &rows);
            let values = if self.unit_rows { unit_rows(&values) } else { values };
            Ok(((view.name.clone(), values), rows::missing(&rows)))
        };
        let views: Vec<Result<_, DataError>> = self.views.par_iter().zip(floats).map(one).collect();
        let (views, missing): (Vec<_>, Vec<_>) =
            views.into_iter().collect::<Result<Vec<_>, DataError>>()?.into_iter().unzip();
        let mut views = Views::new(views)?;
        for (position, missing) in missing.into_iter().enumerate() {
            if let Some(missing) = missing {
                views = views.with_missing(position, &missing)?;
            }
        }
        Ok(views)
    }

    fn floats(&self, view: &Viewed) -> Result<Floats<'_>, DataError> {
        let (path, map) = &self.files[view.file];
        Floats::of(path, map.bytes(), view.part.tensor.as_deref()).map_err(|e| e.listed(&view.source.place))
    }

    /// Checks that all views have the same number of rows, at least one, and columns.
    fn check(&self, split: SplitName) -> Result<usize, DataError> {
        let mut rows_of_first = None;
        for view in &self.views {
            let floats = self.floats(view)?;
            let (name, split) = (view.name.clone(), split.name());
            let got = match view.taken.as_deref() {
                None => floats.rows(),
                Some(taken) => {
                    rows::check(taken, floats.rows(), &view.source.place)?;
                    taken.len()
                }
            };
            let want = *rows_of_first.get_or_insert(got);
            let problem = if got != want {
                let first = &self.views[0];
                let first_line = first.source.place.line_col.map(|(line, _)| line);
                SetProblem::Rows { view: name, split: Some(split), got, first: first.name.clone(), first_line, want }
            } else if got == 0 {
                SetProblem::EmptySplit { view: name, split }
            } else if floats.cols() == 0 {
                SetProblem::NoColumns { view: name, split }
            } else {
                continue;
            };
            return Err(DataError::set(&view.source.place, problem));
        }
        Ok(rows_of_first.unwrap_or(0))
    }
}
