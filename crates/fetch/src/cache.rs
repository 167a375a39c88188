//! The cache of downloads, and checks that files stay inside it.

use std::{
    env, fs, io,
    path::{Path, PathBuf},
};

use files::checksum;
use files::lock::{self, Taken};

use crate::FetchError;

/// The cache folder: `$ALIGN_DATA`, else `align-data` in the user's cache folder.
///
/// # Errors
/// Neither exists.
pub fn cache_dir() -> Result<PathBuf, FetchError> {
    match env::var_os("ALIGN_DATA").filter(|value| !value.is_empty()) {
        Some(folder) => Ok(PathBuf::from(folder)),
        None => dirs::cache_dir().map(|folder| folder.join("align-data")).ok_or(FetchError::NoCache),
    }
}

/// Folder of encoders in the cache; no source has this name.
pub(crate) const ENCODERS: &str = "encoders";
/// Folder of texts and their embeddings in the cache; no source has this name.
pub(crate) const EMBEDDED: &str = "embedded";

/// Endings and names that this crate reserves.
pub(crate) const PART: &str = ".part";
pub(crate) const STATE: &str = ".part.json";
pub(crate) const RECORD: &str = "fetched.json";

/// Reason why a path cannot be stored below a folder, if there is one. Paths use `/` on all systems.
pub(crate) fn refused(path: &str) -> Option<&'static str> {
    if path.is_empty() {
        return Some("is empty");
    }
    // A backslash or a drive is an ordinary name on this system, but leaves the folder on others.
    if path.contains(['\\', ':', '\0']) {
        return Some("has a backslash, a colon or a zero byte");
    }
    if path.starts_with('/') {
        return Some("is absolute");
    }
    if path.split('/').any(|part| part == "..") {
        return Some("has `..`");
    }
    if path.split('/').any(|part| part.is_empty() || part == ".") {
        return Some("has an empty part or `.`");
    }
    let name = path.rsplit('/').next().unwrap_or_default();
    if name.eq_ignore_ascii_case(RECORD) || name.ends_with(PART) || name.ends_with(STATE) || name == LOCK {
        return Some("is a name that is needed for records of downloads");
    }
    None
}

/// Path below `root`, with its folders created. Links must not lead out of `root`.
pub(crate) fn place(root: &Path, path: &str) -> Result<PathBuf, FetchError> {
    let full = root.join(path);
    if let Some(reason) = refused(path) {
        return Err(FetchError::Outside { path: full, reason });
    }
    let folder = full.parent().unwrap_or(root);
    // The deepest folder that exists, before any is created: creation would follow a link out of the cache.
    let there = folder.ancestors().find(|folder| folder.exists()).unwrap_or(root);
    let real = |path: &Path| fs::canonicalize(path).map_err(FetchError::io(path, "find the folder"));
    if !real(there)?.starts_with(real(root)?) {
        return Err(FetchError::Outside { path: full, reason: "a link leads out of the cache" });
    }
    fs::create_dir_all(folder).map_err(FetchError::io(folder, "make the folder"))?;
    if full.is_symlink() {
        return Err(FetchError::Outside { path: full, reason: "is a link" });
    }
    Ok(full)
}

/// `path` with an ending after its name.
pub(crate) fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(ending);
    path.with_file_name(name)
}

/// SHA-256 and size of a file that may be larger than memory.
pub(crate) fn sum(path: &Path) -> Result<(String, u64), FetchError> {
    let file = fs::File::open(path).map_err(FetchError::io(path, "open it"))?;
    checksum::sha256_reader(file).map_err(FetchError::io(path, "read it"))
}

/// Writes a small file atomically.
pub(crate) fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), FetchError> {
    // The folder is locked, so one temporary name suffices for all writers of this file.
    let staged = files::Staged::named(path, beside(path, ".new"));
    staged.write(bytes).map_err(FetchError::io(path, "write it"))?;
    path.parent().into_iter().for_each(files::sync_folder);
    Ok(())
}

/// Removes a file if it exists.
pub(crate) fn remove(path: &Path) -> Result<(), FetchError> {
    match fs::remove_file(path) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => Err(FetchError::io(path, "remove it")(e)),
        _ => Ok(()),
    }
}

/// Opens an existing file for writing without truncation; a link in its place is not followed.
pub(crate) fn open_own(path: &Path, options: &fs::OpenOptions) -> Result<fs::File, FetchError> {
    let link = || FetchError::Outside { path: path.to_owned(), reason: "is a link, or no regular file" };
    let about = || fs::symlink_metadata(path).map_err(FetchError::io(path, "look at it"));
    if !about()?.is_file() {
        return Err(link());
    }
    let file = options.open(path).map_err(FetchError::io(path, "write it"))?;
    let opened = file.metadata().map_err(FetchError::io(path, "look at it"))?;
    // Another file may have been put here meanwhile: compare the open file with the one at the path.
    if same_file(&about()?, &opened) { Ok(file) } else { Err(link()) }
}

#[cfg(unix)]
fn same_file(a: &fs::Metadata, b: &fs::Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    a.is_file() && (a.dev(), a.ino()) == (b.dev(), b.ino())
}

#[cfg(not(unix))]
fn same_file(a: &fs::Metadata, _: &fs::Metadata) -> bool {
    a.is_file()
}

/// File of a folder's lock, created if it is missing.
fn lock_file(path: &Path) -> Result<fs::File, FetchError> {
    // Creation of a new file never follows a link, not even a dangling one.
    match fs::File::create_new(path) {
        Ok(file) => Ok(file),
        Err(e) if e.kind() == io::ErrorKind::AlreadyExists => open_own(path, fs::OpenOptions::new().write(true)),
        Err(e) => Err(FetchError::io(path, "write it")(e)),
    }
}

const LOCK: &str = ".fetching";

/// Folder of a source, locked for the life of this value.
#[derive(Debug)]
pub(crate) struct Folder {
    pub(crate) root: PathBuf,
    /// The lock ends with this value, also when the process is killed.
    _lock: fs::File,
}

impl Folder {
    pub(crate) fn open(cache: &Path, name: &str) -> Result<Self, FetchError> {
        let cache = std::path::absolute(cache).map_err(FetchError::io(cache, "find the folder"))?;
        let root = cache.join(name);
        fs::create_dir_all(&cache).map_err(FetchError::io(&cache, "make the folder"))?;
        if root.is_symlink() {
            return Err(FetchError::Outside { path: root, reason: "is a link" });
        }
        fs::create_dir_all(&root).map_err(FetchError::io(&root, "make the folder"))?;
        let path = root.join(LOCK);
        let lock = lock_file(&path)?;
        match lock::take(&lock, true).map_err(FetchError::io(&path, "lock it"))? {
            Taken::Busy => Err(FetchError::Busy { folder: root }),
            Taken::Held | Taken::Unknown => Ok(Self { root, _lock: lock }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_that_lead_out_are_refused() {
        for path in [
            "",
            "/etc/passwd",
            "../x",
            "a/../../x",
            "a//b",
            "./a",
            "a/.",
            "C:/x",
            "a\\..\\b",
            "x/fetched.json",
            "a.part",
            "Fetched.json",
        ] {
            assert!(refused(path).is_some(), "{path}");
        }
        for path in ["a", "en-US/train/0000.parquet", "..a/b..", "a.partial"] {
            assert_eq!(refused(path), None, "{path}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn links_that_lead_out_are_refused() {
        let cache = tempfile::tempdir().unwrap();
        let elsewhere = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink(elsewhere.path(), cache.path().join("sub")).unwrap();
        let error = place(cache.path(), "sub/deep/file").unwrap_err().to_string();
        assert!(error.contains("a link leads out of the cache"), "{error}");
        assert_eq!(fs::read_dir(elsewhere.path()).unwrap().count(), 0);
        std::os::unix::fs::symlink(elsewhere.path().join("x"), cache.path().join("file")).unwrap();
        assert!(place(cache.path(), "file").unwrap_err().to_string().contains("is a link"));
    }

    #[cfg(unix)]
    #[test]
    fn a_link_in_place_of_the_lock_is_refused_and_what_it_leads_to_is_kept() {
        let cache = tempfile::tempdir().unwrap();
        let elsewhere = tempfile::tempdir().unwrap();
        fs::create_dir(cache.path().join("toy")).unwrap();
        let lock = cache.path().join("toy/.fetching");
        let (theirs, nothing) = (elsewhere.path().join("thesis"), elsewhere.path().join("nothing"));
        fs::write(&theirs, "all of it").unwrap();
        for target in [&theirs, &nothing] {
            std::os::unix::fs::symlink(target, &lock).unwrap();
            let error = Folder::open(cache.path(), "toy").unwrap_err().to_string();
            assert!(error.contains("toy/.fetching: is a link, or no regular file;"), "{error}");
            fs::remove_file(&lock).unwrap();
        }
        assert_eq!(fs::read_to_string(&theirs).unwrap(), "all of it");
        assert!(!nothing.exists());
        fs::write(&lock, "").unwrap();
        Folder::open(cache.path(), "toy").unwrap();
    }

    #[test]
    fn one_process_at_a_time() {
        let cache = tempfile::tempdir().unwrap();
        let first = Folder::open(cache.path(), "toy").unwrap();
        assert!(matches!(Folder::open(cache.path(), "toy"), Err(FetchError::Busy { .. })));
        Folder::open(cache.path(), "other").unwrap();
        drop(first);
        Folder::open(cache.path(), "toy").unwrap();
        // the user's own path may go where it likes
        let folder = Folder::open(&cache.path().join("other/../toy/.."), "third").unwrap();
        assert!(place(&folder.root, "a/b").is_ok() && cache.path().join("third/a").is_dir());
    }
}
