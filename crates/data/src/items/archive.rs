//! Archives of downloaded files.

use std::{
    fs::{self, File},
    io,
    path::{Component, Path},
};

use flate2::read::GzDecoder;

use crate::{
    DataError,
    texts::{TextProblem, problem},
};

/// Extension of the file with the checksum of the unpacked archive.
const MARK: &str = "unpacked";
/// Stands before the checksum until all files are there.
const BEGUN: &str = "begun ";

/// Unpacks the files of an archive (`.tar.gz`) below a folder. A complete archive with this checksum is not read again. If its
/// unpacking was interrupted, files of the right size are not written again. Links and devices are not unpacked.
///
/// # Errors
/// An archive that cannot be read to its end; a path that leaves the folder; a folder that cannot be written.
pub(super) fn unpack(archive: &Path, sum: &str, folder: &Path) -> Result<(), DataError> {
    let name = archive.file_name().unwrap_or_default().to_string_lossy();
    let mark = folder.join(format!("{name}.{MARK}"));
    let there = fs::read_to_string(&mark).unwrap_or_default();
    if there.trim() == sum {
        return Ok(());
    }
    let continues = there.strip_prefix(BEGUN).is_some_and(|begun| begun.trim() == sum);
    let broken = |reason: io::Error| {
        let detail = format!("cannot be unpacked: {reason}; remove it and fetch it again");
        problem(archive, "", TextProblem::Items { detail })
    };
    if !continues {
        crate::write::whole(&mark, format!("{BEGUN}{sum}\n").as_bytes())?;
    }
    let mut tar = tar::Archive::new(GzDecoder::new(io::BufReader::new(File::open(archive).map_err(broken)?)));
    for entry in tar.entries().map_err(broken)? {
        let mut entry = entry.map_err(broken)?;
        if !entry.header().entry_type().is_file() {
            continue;
        }
        let inside = entry.path().map_err(broken)?.into_owned();
        let inside: Vec<Component<'_>> = inside.components().filter(|part| *part != Component::CurDir).collect();
        if !inside.iter().all(|part| matches!(part, Component::Normal(_))) {
            let shown = inside.iter().collect::<std::path::PathBuf>();
            let detail =
                format!("has the path `{}`, which leaves the folder; nothing more is unpacked", shown.display());
            return Err(problem(archive, "", TextProblem::Items { detail }));
        }
        let path = inside.iter().fold(folder.to_owned(), |path, part| path.join(part));
        let is_there = |there: fs::Metadata| there.is_file() && there.len() == entry.size();
        if continues && fs::symlink_metadata(&path).is_ok_and(is_there) {
            continue;
        }
        let unwritable = |reason| DataError::unwritable(&path, reason);
        path.parent().map_or(Ok(()), fs::create_dir_all).map_err(unwritable)?;
        // Under another name first: a file of this name is complete.
        let part = path.with_file_name(format!("{}.part", path.file_name().unwrap_or_default().to_string_lossy()));
        let staged = files::Staged::named(&path, part);
        let mut to = staged.create().map_err(unwritable)?;
        io::copy(&mut entry, &mut to).map_err(broken)?;
        drop(to);
        staged.publish().map_err(unwritable)?;
    }
    // The checksum of the compressed stream lies behind the last file.
    io::copy(&mut tar.into_inner(), &mut io::sink()).map_err(broken)?;
    crate::write::whole(&mark, format!("{sum}\n").as_bytes()).map(drop)
}
