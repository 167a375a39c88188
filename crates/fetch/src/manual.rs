//! Files that only a person can download: instructions, and checks of the result.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::Read,
    path::{Path, PathBuf},
};

use files::checksum::Combined;

use crate::{
    FetchError,
    cache::{self, Folder},
    record::{Put, Records},
    source::{HubFile, Manual, Pictures},
};

/// How it stands with one manual part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// All of it is there and as it should be.
    Complete,
    /// It is not; the text says what to do.
    Wanting(String),
}

/// Checks what a person should have put into the folder, and records it when it is first complete. Checked files and
/// folders are added to `sums`.
pub(crate) fn check(
    manual: &Manual,
    folder: &Folder,
    records: &mut Records,
    sums: &mut BTreeMap<String, String>,
) -> Result<Standing, FetchError> {
    let put = if manual.put == "." { folder.root.clone() } else { folder.root.join(&manual.put) };
    let name = |path: &str| if manual.put == "." { path.to_owned() } else { format!("{}/{path}", manual.put) };
    let mut problems = Vec::new();
    let mut found = Vec::new();
    for pictures in &manual.folders {
        match pictures_in(pictures, &put.join(&pictures.path))? {
            Ok(sum) => found.push((name(&pictures.path), sum)),
            Err(problem) => problems.push(problem),
        }
    }
    for file in &manual.files {
        match one_file(file, &put.join(&file.path))? {
            Ok(sum) => found.push((name(&file.path), sum)),
            Err(problem) => problems.push(problem),
        }
    }
    if !problems.is_empty() {
        return Ok(Standing::Wanting(instructions(manual, &put, &problems)));
    }
    for (path, put) in found {
        sums.insert(path.clone(), put.sha256.clone());
        match records.put(&path) {
            None => records.keep_put(&path, put)?,
            Some(known) if *known == put => {}
            Some(known) => {
                let describe = |put: &Put| format!("{} with SHA-256 {}", files(put.files), put.sha256);
                let (found, wanted) = (describe(&put), describe(known));
                return Err(FetchError::Changed { path: folder.root.join(&path), found, wanted });
            }
        }
    }
    Ok(Standing::Complete)
}

fn instructions(manual: &Manual, put: &Path, problems: &[String]) -> String {
    let mut text = format!("To be downloaded by hand: {}", manual.what);
    for from in &manual.from {
        text += &format!("\n  from {from}");
    }
    for (i, step) in manual.steps.iter().enumerate() {
        text += &format!("\n  {}. {step}", i + 1);
    }
    text += &format!("\n  {}. put it into {}, so that there are", manual.steps.len() + 1, put.display());
    for folder in &manual.folders {
        text += &format!("\n       {}/ with {} JPEG pictures", folder.path, folder.pictures);
    }
    for file in &manual.files {
        text += &format!("\n       {}", file.path);
    }
    text += &format!("\n  {}. run the same command again; it checks what is there", manual.steps.len() + 2);
    text += "\n  Now:";
    for problem in problems {
        text += &format!("\n     - {problem}");
    }
    text
}

/// Counts the pictures of a folder, looks at the first bytes of each, and sums them all.
fn pictures_in(wanted: &Pictures, folder: &Path) -> Result<Result<Put, String>, FetchError> {
    if !folder.is_dir() {
        return Ok(Err(format!("{}: is not there", folder.display())));
    }
    let mut pictures: Vec<PathBuf> = Vec::new();
    for entry in fs::read_dir(folder).map_err(FetchError::io(folder, "list it"))? {
        let path = entry.map_err(FetchError::io(folder, "list it"))?.path();
        let extension = path.extension().and_then(|e| e.to_str()).unwrap_or_default();
        if extension.eq_ignore_ascii_case("jpg") || extension.eq_ignore_ascii_case("jpeg") {
            pictures.push(path);
        }
    }
    pictures.sort();
    if pictures.len() != wanted.pictures {
        let (found, wanted) = (pictures.len(), wanted.pictures);
        return Ok(Err(format!(
            "{}: found {found} JPEG pictures, expected {wanted}; unpack the archive again",
            folder.display()
        )));
    }
    let mut sum = Combined::default();
    for picture in &pictures {
        let mut start = [0; 3];
        let mut file = File::open(picture).map_err(FetchError::io(picture, "open it"))?;
        if file.read_exact(&mut start).is_err() || start != [0xFF, 0xD8, 0xFF] {
            return Ok(Err(format!("{}: is no JPEG picture; unpack the archive again", picture.display())));
        }
        sum.add(picture.file_name().and_then(|n| n.to_str()).unwrap_or_default());
        sum.add(&cache::sum(picture)?.0);
    }
    Ok(Ok(Put { files: pictures.len(), sha256: sum.finish() }))
}

fn one_file(wanted: &HubFile, path: &Path) -> Result<Result<Put, String>, FetchError> {
    if !path.is_file() {
        return Ok(Err(format!("{}: is not there", path.display())));
    }
    let (sha256, size) = cache::sum(path)?;
    if size == 0 {
        return Ok(Err(format!("{}: is empty; unpack the archive again", path.display())));
    }
    match &wanted.sha256 {
        Some(wanted) if !wanted.eq_ignore_ascii_case(&sha256) => {
            Ok(Err(format!("{}: SHA-256 is {sha256}, expected {wanted}; fetch the archive again", path.display())))
        }
        _ => Ok(Ok(Put { files: 1, sha256 })),
    }
}

fn files(count: usize) -> String {
    if count == 1 { "1 file".to_owned() } else { format!("{count} files") }
}
