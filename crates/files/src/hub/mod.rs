//! The cache of the model hub's own programs: encoders that transformers, sentence-transformers or `hf download` have
//! downloaded. This crate only reads it.
//!
//! A repository `owner/name` has the folder `models--owner--name`. Its `refs/<branch>` hold commits, its
//! `snapshots/<commit>/` hold links to the files in `blobs/`.

mod snapshot;

use std::{
    env,
    ffi::OsString,
    fmt, fs,
    path::{Path, PathBuf},
};

pub use snapshot::{Checked, Damage, Snapshot};

/// The branch that a name without a revision means.
pub const MAIN: &str = "main";

/// The folder of the cache.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HubCache {
    folder: PathBuf,
}

impl HubCache {
    /// The cache in a folder, which need not exist.
    pub fn at(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into() }
    }

    /// The cache that the hub's programs use: `$HF_HUB_CACHE`, else `$HF_HOME/hub`, else
    /// `$XDG_CACHE_HOME/huggingface/hub`, else `~/.cache/huggingface/hub`; `None` for a user without a home folder.
    pub fn from_env() -> Option<Self> {
        Self::of(|name| env::var_os(name), env::home_dir())
    }

    fn of(variable: impl Fn(&str) -> Option<OsString>, home: Option<PathBuf>) -> Option<Self> {
        let set = |name| variable(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let at_home = || Some(home?.join(".cache"));
        let of_hub = || Some(set("XDG_CACHE_HOME").or_else(at_home)?.join("huggingface"));
        let default = || Some(set("HF_HOME").or_else(of_hub)?.join("hub"));
        set("HF_HUB_CACHE").or_else(default).map(Self::at)
    }

    /// The folder of the cache.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The snapshot of a model's repository at a revision: a commit, or a branch or tag that the cache knows. Without a
    /// revision it is the branch [`MAIN`]. The files of the snapshot are not checked.
    ///
    /// # Errors
    /// The cache has no such snapshot.
    pub fn snapshot(&self, repository: &str, revision: Option<&str>) -> Result<Snapshot, NotCached> {
        let revision = revision.unwrap_or(MAIN);
        if !is_repository(repository) || !is_revision(revision) {
            return Err(NotCached::Name { found: format!("{repository}@{revision}") });
        }
        let folder = self.folder.join(format!("models--{}", repository.replace('/', "--")));
        if !folder.is_dir() {
            return Err(NotCached::Repository { folder });
        }
        let snapshots = folder.join("snapshots");
        let reference = folder.join("refs").join(revision);
        let commit = match fs::read_to_string(&reference) {
            Ok(text) if is_commit(text.trim()) => text.trim().to_owned(),
            Ok(text) => return Err(NotCached::Reference { path: reference, found: text.trim().to_owned() }),
            // A snapshot that was requested by its commit has no reference.
            Err(_) if is_commit(revision) => revision.to_owned(),
            Err(_) => return Err(NotCached::Revision { path: reference, there: names(&snapshots) }),
        };
        let path = snapshots.join(&commit);
        match path.is_dir() {
            true => Ok(Snapshot::at(path, commit)),
            false => Err(NotCached::Snapshot { path, there: names(&snapshots) }),
        }
    }
}

/// Whether a text can be a repository's id: an owner and a name, or, for the oldest, a name alone.
pub fn is_repository(id: &str) -> bool {
    id.split('/').count() <= 2 && id.split('/').all(is_plain)
}

/// Whether a text is one part of a repository's id.
pub fn is_plain(part: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"._-".contains(&b);
    !part.is_empty() && !part.starts_with('.') && part.bytes().all(plain)
}

/// Whether a text is a commit: 40 hexadecimal digits.
pub fn is_commit(text: &str) -> bool {
    text.len() == 40 && text.bytes().all(|b| b.is_ascii_hexdigit())
}

/// A commit, branch or tag; none of its parts leads out of the folder of references.
fn is_revision(text: &str) -> bool {
    text.split('/').all(is_plain)
}

/// Names of the entries of a folder, sorted; none if it cannot be read.
fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut names: Vec<String> = entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

/// Reason why the cache has no snapshot. Its text names the folder or file that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NotCached {
    /// A text that is no id, or no revision.
    Name {
        /// The text.
        found: String,
    },
    /// The repository has no folder.
    Repository {
        /// The folder that it would have.
        folder: PathBuf,
    },
    /// The branch or tag is not known.
    Revision {
        /// The file that would hold its commit.
        path: PathBuf,
        /// The snapshots of the repository.
        there: Vec<String>,
    },
    /// The file of a branch or tag holds no commit.
    Reference {
        /// The file.
        path: PathBuf,
        /// Its content.
        found: String,
    },
    /// The commit has no snapshot.
    Snapshot {
        /// The folder that it would have.
        path: PathBuf,
        /// The snapshots of the repository.
        there: Vec<String>,
    },
}

impl fmt::Display for NotCached {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (path, there) = match self {
            Self::Name { found } => return write!(f, "`{found}` is no `owner/name@revision`"),
            Self::Reference { path, found } => {
                return write!(f, "{} holds `{found}`, expected a commit", path.display());
            }
            Self::Repository { folder } => (folder, &Vec::new()),
            Self::Revision { path, there } | Self::Snapshot { path, there } => (path, there),
        };
        write!(f, "{} does not exist", path.display())?;
        match there.is_empty() {
            true => Ok(()),
            false => write!(f, "; the snapshots there are {}", there.join(", ")),
        }
    }
}

impl std::error::Error for NotCached {}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str = "0123456789abcdef0123456789abcdef01234567";
    const TWO: &str = "fedcba9876543210fedcba9876543210fedcba98";

    fn place(set: &[(&str, &str)], home: Option<&str>) -> Option<String> {
        let value = |name: &str| set.iter().find(|(key, _)| *key == name).map(|(_, value)| value.into());
        HubCache::of(value, home.map(PathBuf::from)).map(|cache| cache.folder().display().to_string())
    }

    #[test]
    fn the_folder_is_that_of_the_hubs_programs() {
        let home = Some("/home/u");
        assert_eq!(place(&[], home).as_deref(), Some("/home/u/.cache/huggingface/hub"));
        assert_eq!(place(&[("XDG_CACHE_HOME", "/c")], home).as_deref(), Some("/c/huggingface/hub"));
        assert_eq!(place(&[("XDG_CACHE_HOME", "/c"), ("HF_HOME", "/hf")], home).as_deref(), Some("/hf/hub"));
        assert_eq!(place(&[("HF_HOME", "/hf"), ("HF_HUB_CACHE", "/x")], home).as_deref(), Some("/x"));
        assert_eq!(place(&[("HF_HUB_CACHE", "")], home).as_deref(), Some("/home/u/.cache/huggingface/hub"));
        assert_eq!(place(&[], None), None);
    }

    #[test]
    fn a_revision_is_a_branch_a_tag_or_a_commit() {
        let root = tempfile::tempdir().expect("a folder");
        let cache = HubCache::at(root.path());
        let repository = root.path().join("models--org--enc");
        let commit = |revision| cache.snapshot("org/enc", revision).map(|snapshot| snapshot.commit().to_owned());
        let told = |revision| {
            let text = cache.snapshot("org/enc", revision).expect_err("not there").to_string();
            text.replace(&root.path().display().to_string(), "C")
        };
        assert_eq!(told(None), "C/models--org--enc does not exist");
        for name in [ONE, TWO] {
            fs::create_dir_all(repository.join("snapshots").join(name)).expect("room");
        }
        let both = format!("; the snapshots there are {ONE}, {TWO}");
        assert_eq!(told(None), format!("C/models--org--enc/refs/main does not exist{both}"));
        fs::create_dir_all(repository.join("refs/refs/pr")).expect("room");
        fs::write(repository.join("refs/main"), ONE).expect("room");
        fs::write(repository.join("refs/refs/pr/3"), format!("{TWO}\n")).expect("room");
        assert_eq!(commit(None).as_deref(), Ok(ONE));
        assert_eq!(commit(Some("refs/pr/3")).as_deref(), Ok(TWO));
        assert_eq!(commit(Some(TWO)).as_deref(), Ok(TWO));
        let other = "a".repeat(40);
        assert_eq!(told(Some(&other)), format!("C/models--org--enc/snapshots/{other} does not exist{both}"));
        fs::write(repository.join("refs/main"), "../../../elsewhere").expect("room");
        assert_eq!(told(None), "C/models--org--enc/refs/main holds `../../../elsewhere`, expected a commit");
        for revision in ["", "..", "a/../b", "/etc", "a\\b"] {
            assert!(told(Some(revision)).ends_with("is no `owner/name@revision`"), "{revision}");
        }
        assert!(cache.snapshot("../enc", None).is_err() && cache.snapshot("a/b/c", None).is_err());
    }
}
