//! The files of a repository at one commit, and their checks.

use std::{
    fmt,
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

use crate::checksum;

/// The files of a repository at one commit, as far as they were downloaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    folder: PathBuf,
    commit: String,
}

/// Checksum and size of a file that has passed its check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    /// SHA-256 in lower-case hexadecimal.
    pub sha256: String,
    /// Size in bytes.
    pub size: u64,
}

impl Snapshot {
    pub(super) fn at(folder: PathBuf, commit: String) -> Self {
        Self { folder, commit }
    }

    /// The folder of the snapshot.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The commit of the snapshot.
    pub fn commit(&self) -> &str {
        &self.commit
    }

    /// Paths of the files, written with `/` and sorted. A link to a missing file is among them.
    ///
    /// # Errors
    /// A folder cannot be read.
    pub fn files(&self) -> io::Result<Vec<String>> {
        let mut files = Vec::new();
        list(&self.folder, "", &mut files)?;
        files.sort();
        Ok(files)
    }

    /// Reads a file and compares it with the name of its blob: the SHA-256 of a file that the hub stores by Git LFS,
    /// otherwise the SHA-1 that git gives it. A file that is not a link to a blob, as on systems without links, has no
    /// such name and passes.
    ///
    /// # Errors
    /// A file that cannot be read, or has another content than its name says.
    pub fn check(&self, path: &str) -> Result<Checked, Damage> {
        let link = self.folder.join(path);
        let target = fs::read_link(&link).ok().map(|to| link.parent().unwrap_or(&self.folder).join(to));
        let blob = target.map(|to| without_detour(&to));
        let place = blob.as_ref().unwrap_or(&link);
        let damage = |problem: String| Damage { path: place.clone(), problem };
        let unread = |reason: io::Error| match reason.kind() {
            io::ErrorKind::NotFound => damage("is missing; download the encoder again".to_owned()),
            _ => damage(format!("cannot be read: {reason}")),
        };
        let (sha256, size) = File::open(place).and_then(checksum::sha256_reader).map_err(unread)?;
        let name = blob.as_deref().and_then(blob_name).unwrap_or_default();
        let (kind, found) = match name.len() {
            64 => ("SHA-256", sha256.clone()),
            40 => ("SHA-1 of git", File::open(place).and_then(|file| checksum::git_blob(file, size)).map_err(unread)?),
            _ => return Ok(Checked { sha256, size }),
        };
        if found.eq_ignore_ascii_case(name) {
            return Ok(Checked { sha256, size });
        }
        let advice = "the file is damaged: delete it and download the encoder again";
        Err(damage(format!("{kind} is {found}, expected {name}, the name of the file; {advice}")))
    }
}

/// The path with its folder resolved. The last part is kept: a blob may be a link, too.
fn without_detour(path: &Path) -> PathBuf {
    let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else { return path.to_owned() };
    fs::canonicalize(folder).map_or_else(|_| path.to_owned(), |folder| folder.join(name))
}

/// The name of a file in a folder `blobs`, if it is a checksum in hexadecimal.
fn blob_name(path: &Path) -> Option<&str> {
    let name = path.file_name()?.to_str()?;
    let in_blobs = path.parent()?.file_name()? == "blobs";
    (in_blobs && name.bytes().all(|b| b.is_ascii_hexdigit())).then_some(name)
}

fn list(folder: &Path, prefix: &str, files: &mut Vec<String>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        // A name that is not UTF-8 is not the name of a file that an encoder needs.
        let Some(name) = entry.file_name().to_str().map(|name| format!("{prefix}{name}")) else { continue };
        match entry.file_type()?.is_dir() {
            true => list(&entry.path(), &format!("{name}/"), files)?,
            false => files.push(name),
        }
    }
    Ok(())
}

/// A file of the cache that cannot be used. Its text names the file and says what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage {
    /// The file.
    pub path: PathBuf,
    /// What was found, what was expected and what to do.
    pub problem: String,
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path.display(), self.problem)
    }
}

impl std::error::Error for Damage {}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    const CONFIG: &[u8] = b"hello world\n";
    /// `echo hello world | git hash-object --stdin`
    const CONFIG_NAME: &str = "3b18e512dba79e4c8300dd08aeb37f8e728b8dad";

    /// A snapshot with a small file, one by LFS, and one that is no link.
    fn snapshot(root: &Path) -> Snapshot {
        let root = root.canonicalize().expect("a folder");
        let (blobs, folder) = (root.join("blobs"), root.join("snapshots/x"));
        fs::create_dir(&blobs).expect("room");
        fs::create_dir_all(folder.join("1_Pooling")).expect("room");
        let weights = checksum::sha256(b"weights");
        fs::write(blobs.join(CONFIG_NAME), CONFIG).expect("room");
        fs::write(blobs.join(&weights), "weights").expect("room");
        symlink(format!("../../blobs/{CONFIG_NAME}"), folder.join("config.json")).expect("room");
        symlink(format!("../../../blobs/{weights}"), folder.join("1_Pooling/weights")).expect("room");
        fs::write(folder.join("copy"), "itself").expect("room");
        Snapshot::at(folder, "x".into())
    }

    fn told(snapshot: &Snapshot, path: &str) -> String {
        let root = snapshot.folder().ancestors().nth(2).expect("a root").display().to_string();
        snapshot.check(path).expect_err("damaged").to_string().replace(&root, "R")
    }

    #[test]
    fn files_are_what_the_names_of_their_blobs_say() {
        let root = tempfile::tempdir().expect("a folder");
        let snapshot = snapshot(root.path());
        assert_eq!(snapshot.files().expect("a folder"), ["1_Pooling/weights", "config.json", "copy"]);
        for (path, bytes) in
            [("config.json", CONFIG), ("1_Pooling/weights", b"weights".as_slice()), ("copy", b"itself".as_slice())]
        {
            let checked = Checked { sha256: checksum::sha256(bytes), size: bytes.len() as u64 };
            assert_eq!(snapshot.check(path), Ok(checked), "{path}");
        }
    }

    #[test]
    fn damaged_and_missing_blobs_are_found() {
        let root = tempfile::tempdir().expect("a folder");
        let snapshot = snapshot(root.path());
        let weights = checksum::sha256(b"weights");
        let advice = "the name of the file; the file is damaged: delete it and download the encoder again";
        fs::write(root.path().join("blobs").join(&weights), "weig").expect("room");
        let found = checksum::sha256(b"weig");
        assert_eq!(
            told(&snapshot, "1_Pooling/weights"),
            format!("R/blobs/{weights}: SHA-256 is {found}, expected {weights}, {advice}")
        );
        fs::write(root.path().join("blobs").join(CONFIG_NAME), "hello").expect("room");
        let found = "b6fc4c620b67d95f953a5c1c1230aaab5db5a1b0"; // echo -n hello | git hash-object --stdin
        assert_eq!(
            told(&snapshot, "config.json"),
            format!("R/blobs/{CONFIG_NAME}: SHA-1 of git is {found}, expected {CONFIG_NAME}, {advice}")
        );
        fs::remove_file(root.path().join("blobs").join(CONFIG_NAME)).expect("there");
        assert!(snapshot.files().expect("a folder").contains(&"config.json".to_owned()));
        assert!(
            told(&snapshot, "config.json").ends_with(&format!("{CONFIG_NAME}: is missing; download the encoder again"))
        );
        assert!(told(&snapshot, "nothing").ends_with("x/nothing: is missing; download the encoder again"));
    }
}
