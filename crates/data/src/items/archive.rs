//! Archives of downloaded files.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io,
    path::{Component, Path, PathBuf},
};

use files::archive::each_file;
use flate2::read::GzDecoder;

use crate::{
    DataError,
    texts::{TextProblem, problem},
};

/// Extension of the file that says how far an archive is unpacked.
const MARK: &str = "unpacked";
/// Stands before the checksum until all files are there.
const BEGUN: &str = "begun ";

/// Unpacks the files of an archive (`.tar.gz`) below a folder. A mark beside them has the checksum of the archive and the
/// size of every file, so an archive is only read again if a file is missing or has another size. Files of the right size
/// are then not written again. Links and devices are not unpacked.
///
/// # Errors
/// An archive that cannot be read to its end; a path that leaves the folder; a folder that cannot be written.
pub(super) fn unpack(archive: &Path, sum: &str, folder: &Path) -> Result<(), DataError> {
    let name = archive.file_name().unwrap_or_default().to_string_lossy();
    let mark = folder.join(format!("{name}.{MARK}"));
    let there = fs::read_to_string(&mark).unwrap_or_default();
    let (state, listed) = there.split_once('\n').unwrap_or((&there, ""));
    if state == sum && are_there(listed, folder) {
        return Ok(());
    }
    let continues = state.strip_prefix(BEGUN).unwrap_or(state) == sum;
    let broken = |reason: io::Error| {
        let detail = format!("cannot be unpacked: {reason}; remove it and fetch it again");
        problem(archive, "", TextProblem::Items { detail })
    };
    if !continues {
        crate::write::whole(&mark, format!("{BEGUN}{sum}\n").as_bytes())?;
    }
    let mut sizes: BTreeMap<String, u64> = BTreeMap::new();
    let plain = GzDecoder::new(io::BufReader::new(File::open(archive).map_err(broken)?));
    each_file(plain, broken, |inside, size, content| {
        let inside: Vec<Component<'_>> = inside.components().filter(|part| *part != Component::CurDir).collect();
        if !inside.iter().all(|part| matches!(part, Component::Normal(_))) {
            let shown = inside.iter().collect::<PathBuf>();
            let detail =
                format!("has the path `{}`, which leaves the folder; nothing more is unpacked", shown.display());
            return Err(problem(archive, "", TextProblem::Items { detail }));
        }
        let path = inside.iter().fold(folder.to_owned(), |path, part| path.join(part));
        let parts: Vec<_> = inside.iter().map(|part| part.as_os_str().to_string_lossy()).collect();
        sizes.insert(parts.join("/"), size);
        if continues && is_there(&path, size) {
            return Ok(());
        }
        let unwritable = |reason| DataError::unwritable(&path, reason);
        path.parent().map_or(Ok(()), fs::create_dir_all).map_err(unwritable)?;
        // Under another name first: a file of this name is complete.
        let part = path.with_file_name(format!("{}.part", path.file_name().unwrap_or_default().to_string_lossy()));
        let staged = files::Staged::named(&path, part);
        let mut to = staged.create().map_err(unwritable)?;
        io::copy(content, &mut to).map_err(broken)?;
        drop(to);
        staged.publish().map_err(unwritable)
    })?;
    let listed: String = sizes.iter().map(|(path, size)| format!("{size} {path}\n")).collect();
    crate::write::whole(&mark, format!("{sum}\n{listed}").as_bytes()).map(drop)
}

/// Whether all files of a mark are there. The marks of earlier versions list no file; their archives are read once more.
fn are_there(listed: &str, folder: &Path) -> bool {
    let is_there = |line: &str| {
        let Some((size, path)) = line.split_once(' ') else { return false };
        size.parse().is_ok_and(|size| is_there(&folder.join(path), size))
    };
    !listed.is_empty() && listed.lines().all(is_there)
}

fn is_there(path: &Path, size: u64) -> bool {
    fs::symlink_metadata(path).is_ok_and(|there| there.is_file() && there.len() == size)
}
