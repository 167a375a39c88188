//! Data sets larger than memory: the rows of all views, some at a time.

use std::path::PathBuf;

use align::Spaces;
use rayon::prelude::*;

use crate::{
    DataError, Manifest, SplitName,
    error::{FileProblem, SetProblem},
    manifest::{Part, Source},
    map::Mapped,
    read::Floats,
};

/// One split's views in mapped files: opened and checked, nothing of them read yet.
#[derive(Debug)]
pub struct Stream {
    files: Vec<(PathBuf, Mapped)>,
    views: Vec<Viewed>,
    rows: usize,
}

/// A view and which file it is in.
#[derive(Debug)]
struct Viewed {
    name: String,
    file: usize,
    part: Part,
    source: Source,
}

impl Stream {
    /// Maps the files of a split. Where the manifest gives a checksum, the file is read once to verify it.
    ///
    /// # Errors
    /// No such split; what [`load`](crate::load) refuses about files and shapes, values apart.
    pub fn open(manifest: &Manifest, split: SplitName) -> Result<Self, DataError> {
        let mut stream = Self { files: Vec::new(), views: Vec::new(), rows: 0 };
        for view in &manifest.views {
            let Some(part) = view.source.parts.get(&split) else {
                let splits = manifest.splits.iter().map(|split| split.name().to_owned()).collect();
                let problem = SetProblem::NoSplit { got: split.name(), known: splits };
                return Err(DataError::set(&manifest.place, problem));
            };
            let known = stream.files.iter().position(|(path, _)| *path == part.file);
            let file = match known {
                Some(file) => file,
                None => {
                    let map = Mapped::open(&part.file).map_err(|e| e.listed(&view.source.place))?;
                    verify(&map, part).map_err(|e| e.listed(&view.source.place))?;
                    stream.files.push((part.file.clone(), map));
                    stream.files.len() - 1
                }
            };
            let (name, source) = (view.name.clone(), view.source.clone());
            stream.views.push(Viewed { name, file, part: part.clone(), source });
        }
        stream.rows = stream.check(split)?;
        Ok(stream)
    }

    /// Number of items N.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// All items in order, `rows` at a time; a value that cannot be used ends it with an error. What has been handed
    /// out is let go, so memory holds one chunk, not what was read.
    pub fn chunks(&self, rows: usize) -> impl Iterator<Item = Result<Spaces, DataError>> + '_ {
        let rows = rows.max(1);
        let floats: Result<Vec<Floats<'_>>, DataError> = self.views.iter().map(|view| self.floats(view)).collect();
        let (floats, error) = match floats {
            Ok(floats) => (floats, None),
            Err(error) => (Vec::new(), Some(Err(error))),
        };
        let starts = (0..if floats.is_empty() { 0 } else { self.rows }).step_by(rows);
        error.into_iter().chain(starts.map(move |start| {
            let range = start..(start + rows).min(self.rows);
            let one = |(view, floats): (&Viewed, &Floats<'_>)| {
                let (path, map) = &self.files[view.file];
                let values = floats.read(range.clone());
                let values = values.map_err(|p| DataError::file(path, p).listed(&view.source.place))?;
                if let Some(bytes) = floats.place(range.clone()) {
                    map.release(bytes);
                }
                Ok((view.name.clone(), values))
            };
            let views: Vec<Result<_, DataError>> = self.views.par_iter().zip(&floats).map(one).collect();
            let views = views.into_iter().collect::<Result<Vec<_>, _>>()?;
            Spaces::new(views).map_err(DataError::from)
        }))
    }

    fn floats(&self, view: &Viewed) -> Result<Floats<'_>, DataError> {
        let (path, map) = &self.files[view.file];
        Floats::of(path, map.bytes(), view.part.tensor.as_deref()).map_err(|e| e.listed(&view.source.place))
    }

    /// Equal rows, at least one of them, and columns.
    fn check(&self, split: SplitName) -> Result<usize, DataError> {
        let mut rows = None;
        for view in &self.views {
            let floats = self.floats(view)?;
            let (name, split) = (view.name.clone(), split.name());
            let (got, want) = (floats.rows(), *rows.get_or_insert(floats.rows()));
            let problem = if got != want {
                let first = &self.views[0];
                let first_line = first.source.place.line_col.map(|(line, _)| line);
                SetProblem::Rows { view: name, split, got, first: first.name.clone(), first_line, want }
            } else if got == 0 {
                SetProblem::EmptySplit { view: name, split }
            } else if floats.cols() == 0 {
                SetProblem::NoColumns { view: name, split }
            } else {
                continue;
            };
            return Err(DataError::set(&view.source.place, problem));
        }
        Ok(rows.unwrap_or(0))
    }
}

/// The checksum, where the manifest has one, of a file that may be larger than memory.
fn verify(map: &Mapped, part: &Part) -> Result<(), DataError> {
    const BLOCK: usize = 1 << 24;
    let Some(want) = &part.sha256 else { return Ok(()) };
    let mut sum = crate::checksum::Sha256Stream::default();
    for block in map.bytes().chunks(BLOCK) {
        sum.update(block);
        map.release(block);
    }
    let got = sum.finish();
    if got == *want {
        return Ok(());
    }
    Err(DataError::file(&part.file, FileProblem::Checksum { got, want: want.clone() }))
}
