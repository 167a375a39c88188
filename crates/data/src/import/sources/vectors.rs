//! Folders with one npy file per item: the vectors of a view, packed into one file beside the manifest.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use align::Matrix;

use crate::{
    DataError, FileProblem, Place, SplitName,
    import::{Files, Import, ImportProblem, Member, NamedMember, Splitting},
    pieces::matrix_writer::MatrixWriter,
    read::{self, Floats},
    write::{plain, same_file},
};

/// Number of vectors that are written at a time.
const BLOCK: usize = 1024;

/// A request with files in place of folders, and these files, which are not yet in their places.
pub(crate) struct Packed {
    pub(crate) import: Import,
    pub(crate) files: Vec<files::Staged>,
}

/// Packs every view that is a folder. The names of its files, without `.npy`, become the view's ids if other files have
/// ids or if several views are folders; otherwise they become the ids of all items.
///
/// # Errors
/// A folder without vectors, or with vectors of several widths or types; a file that is in the way.
pub(crate) fn packed(import: &Import) -> Result<Packed, DataError> {
    let mut packed = Packed { import: import.clone(), files: Vec::new() };
    let mut taken = BTreeSet::new();
    let by_split = matches!(packed.import.splitting, Splitting::Given(_));
    for (split, files) in packed.import.splitting.files_mut() {
        let split = by_split.then_some(split);
        let folders = files.views.iter().filter(|view| view.member.file.is_dir()).count();
        let named = files.ids.iter().any(|ids| !ids.name.is_empty());
        let joined = named || (folders > 1 && files.ids.is_empty());
        for at in 0..files.views.len() {
            let view = files.views[at].clone();
            if !view.member.file.is_dir() {
                continue;
            }
            let items = listed(&view.member.file)?;
            let path = place(import, split, &view.name, &mut taken);
            if import.splitting.members().any(|member| same_file(&member.file, &path)) {
                return Err(DataError::file(path, FileProblem::IsInput));
            }
            if path.exists() && !import.force {
                return Err(DataError::file(path, FileProblem::Exists));
            }
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let staged = files::Staged::named(&path, path.with_file_name(format!(".{}.{name}", std::process::id())));
            write(&items, staged.part(), import.allow_missing)?;
            files.views[at].member = Member::from(staged.part().to_owned());
            packed.files.push(staged);
            name_items(files, &view, joined, &path, &items, &mut packed.files)?;
        }
    }
    Ok(packed)
}

/// Uses the names of a folder's files as ids if the view has none.
fn name_items(
    files: &mut Files,
    view: &NamedMember,
    joined: bool,
    path: &Path,
    items: &[(String, PathBuf)],
    written: &mut Vec<files::Staged>,
) -> Result<(), DataError> {
    let name = if joined { view.name.clone() } else { String::new() };
    if files.ids.iter().any(|ids| ids.name == name) || (!joined && !files.ids.is_empty()) {
        return Ok(());
    }
    // This file keeps its temporary name and is removed at the end: the ids go to the other lists of the items.
    let list = path.with_file_name(format!(".{}.{}.txt", std::process::id(), written.len()));
    let text: String = items.iter().map(|(id, _)| format!("{id}\n")).collect();
    fs::write(&list, text).map_err(|reason| DataError::unwritable(&list, reason))?;
    files.ids.push(NamedMember { name, member: Member::from(list.clone()) });
    written.push(files::Staged::named(&list, list.clone()));
    Ok(())
}

/// Path of a view's vectors: beside the manifest, with its name and the view's.
fn place(import: &Import, split: Option<SplitName>, view: &str, taken: &mut BTreeSet<String>) -> PathBuf {
    let stem = import.manifest.file_stem().unwrap_or_default().to_string_lossy();
    let split = split.map(|split| format!(".{}", split.name())).unwrap_or_default();
    let stem = format!("{stem}.{}{split}", plain(view));
    let numbered = (2..).map(|i: usize| format!("{stem}-{i}.npy"));
    let mut names = std::iter::once(format!("{stem}.npy")).chain(numbered);
    import.manifest.with_file_name(names.find(|name| taken.insert(name.to_lowercase())).unwrap_or_default())
}

/// The npy files of a folder by name, each with its name without the extension; hidden and other files are ignored.
fn listed(folder: &Path) -> Result<Vec<(String, PathBuf)>, DataError> {
    let unreadable = |reason| DataError::file(folder, read::why_unreadable(reason));
    let mut items = Vec::new();
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let is_item = path.extension().is_some_and(|e| e.eq_ignore_ascii_case("npy")) && !stem.starts_with('.');
        if is_item && path.is_file() {
            items.push((stem, path));
        }
    }
    items.sort_by(|a, b| a.1.cmp(&b.1));
    if items.is_empty() {
        let place = Place { file: folder.to_owned(), line_col: None, key: String::new() };
        return Err(DataError::import(&place, ImportProblem::NoVectors));
    }
    Ok(items)
}

/// Writes the vectors as the rows of one matrix.
fn write(items: &[(String, PathBuf)], out: &Path, allow_missing: bool) -> Result<(), DataError> {
    let mut first: Option<(PathBuf, usize, &'static str)> = None;
    let mut writer: Option<MatrixWriter> = None;
    for block in items.chunks(BLOCK) {
        let mut values = Vec::new();
        for (_, path) in block {
            let bytes = read::bytes(path)?;
            let vector = Floats::of_vector(path, &bytes)?;
            let (width, element) = (vector.cols(), vector.element_name());
            let (file, want_width, want_element) = first.get_or_insert_with(|| (path.clone(), width, element));
            let wrong = |problem| {
                let place = Place { file: path.clone(), line_col: None, key: String::new() };
                Err(DataError::import(&place, problem))
            };
            if width != *want_width {
                let (first, want) = (file.clone(), *want_width);
                return wrong(ImportProblem::VectorWidth { got: width, first, want });
            }
            if element != *want_element {
                let (first, want) = (file.clone(), *want_element);
                return wrong(ImportProblem::VectorType { got: element, first, want });
            }
            if allow_missing && !vector.nan_rows().is_empty() {
                values.extend(std::iter::repeat_n(f32::NAN, width));
            } else {
                let row = vector.read(0..1).map_err(|problem| DataError::file(path, problem))?;
                values.extend_from_slice(row.as_slice());
            }
        }
        let width = first.as_ref().map_or(0, |(_, width, _)| *width);
        let mut open = match writer.take() {
            Some(open) => open,
            None => MatrixWriter::create(&Member::from(out.to_owned()), items.len(), width)?,
        };
        open.write(&Matrix::from_vec(block.len(), width, values))?;
        writer = Some(open);
    }
    writer.map_or(Ok(()), |writer| writer.finish().map(drop))
}
