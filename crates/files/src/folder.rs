//! Folders of files that exist completely or not at all.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::staged::sync_folder;

/// Writes a folder with these files, each with its path in the folder. The folder is made under another name beside its
/// place and renamed when it is complete. A folder that is there already is replaced with all that it holds, so the
/// caller must know its content.
///
/// # Errors
/// The folder beside it cannot be created or written.
pub fn write_folder(folder: &Path, files: &[(PathBuf, Vec<u8>)]) -> io::Result<()> {
    let place = folder.parent().filter(|place| !place.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::create_dir_all(place)?;
    let (new, old) = (Beside::of(folder, "part")?, Beside::of(folder, "old")?);
    fs::create_dir(&new.0)?;
    for (name, bytes) in files {
        let file = new.0.join(name);
        file.parent().map_or(Ok(()), fs::create_dir_all)?;
        let mut out = File::create_new(&file)?;
        out.write_all(bytes)?;
        out.sync_all()?;
    }
    if folder.exists() {
        fs::rename(folder, &old.0)?;
        if let Err(reason) = fs::rename(&new.0, folder) {
            // The old one goes back to its place.
            fs::rename(&old.0, folder)?;
            return Err(reason);
        }
    } else {
        fs::rename(&new.0, folder)?;
    }
    sync_folder(place);
    Ok(())
}

/// A folder beside another one, removed at the end if it is still there.
struct Beside(PathBuf);

impl Beside {
    fn of(folder: &Path, ending: &str) -> io::Result<Self> {
        let Some(name) = folder.file_name() else {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "the path does not end in the name of a folder"));
        };
        let name = format!(".{}.{}.{ending}", name.to_string_lossy(), std::process::id());
        let beside = Self(folder.with_file_name(name));
        // What a killed process of this number has left.
        let _ = fs::remove_dir_all(&beside.0);
        Ok(beside)
    }
}

impl Drop for Beside {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn content(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).expect("a folder").flatten();
        let mut names: Vec<String> = entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_folder_is_written_and_replaced_whole() {
        let root = tempfile::tempdir().expect("a folder");
        let folder = root.path().join("deep/map");
        let file = |name: &str, bytes: &[u8]| (PathBuf::from(name), bytes.to_vec());
        write_folder(&folder, &[file("a", b"1"), file("sub/b", b"2")]).expect("room");
        assert_eq!(content(&folder), ["a", "sub"]);
        assert_eq!(fs::read(folder.join("sub/b")).expect("there"), b"2");
        write_folder(&folder, &[file("c", b"3")]).expect("room");
        assert_eq!((content(&folder), content(&root.path().join("deep"))), (vec!["c".into()], vec!["map".into()]));
    }

    #[test]
    fn a_failure_leaves_the_old_folder_and_nothing_else() {
        let root = tempfile::tempdir().expect("a folder");
        let folder = root.path().join("map");
        let file = |name: &str| (PathBuf::from(name), b"x".to_vec());
        write_folder(&folder, &[file("a")]).expect("room");
        write_folder(&folder, &[file("b"), file("b")]).expect_err("one name twice");
        assert_eq!((content(&folder), content(root.path())), (vec!["a".into()], vec!["map".into()]));
        write_folder(Path::new("/"), &[file("a")]).expect_err("no name");
    }
}
