//! Source files: what a data set is made from, where it is downloaded, and what becomes of it.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use data::{
    SplitName, nearest,
    texts::Recipe,
    yaml::{self, Located},
};
use serde::Deserialize;
use url::Url;

use crate::{FetchError, cache, encoder, texts};

/// The raw material of a data set. Embeddings are made from it; a manifest describes those.
#[derive(Clone, Debug)]
pub struct Source {
    /// Its name, which is also that of its folder in the cache.
    pub name: String,
    /// What it is, in a few words.
    pub title: String,
    /// The licence of what is downloaded.
    pub licence: String,
    /// Where that licence, or what its makers say on use, can be read.
    pub licence_url: String,
    /// Whether the files may be passed on.
    pub redistribution: Redistribution,
    /// What has to be known before it is used.
    pub terms: String,
    /// How its items become train and test.
    pub splits: Splits,
    /// What is downloaded.
    pub origins: Vec<Origin>,
    /// What a person has to download.
    pub manual: Vec<Manual>,
    /// The views that the paper makes of it.
    pub views: Vec<View>,
    /// How the texts of its views are read from its files, where that is written down.
    pub texts: Option<Recipe>,
}

/// Whether files may be passed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Redistribution {
    /// They may, under the licence.
    Allowed,
    /// They may not.
    Forbidden,
    /// Nothing is said; then they are not.
    Unclear,
}

/// How items become splits.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, expecting = "splits (rule, seed, rows)")]
pub struct Splits {
    /// The rule, in words.
    pub rule: String,
    /// The seed of a rule that draws.
    pub seed: Option<u64>,
    /// Rows of each split, where they are known.
    #[serde(default)]
    pub rows: BTreeMap<SplitName, usize>,
}

/// Files from one place.
#[derive(Clone, Debug)]
pub enum Origin {
    /// Of a repository on the hub.
    Hub {
        /// The repository.
        hub: Hub,
        /// Its files.
        files: Vec<HubFile>,
    },
    /// Of any other server.
    Web {
        /// The address.
        url: Url,
        /// Where it is kept, below the source's folder.
        file: String,
        /// Its SHA-256; `None` means it is recorded at the first fetch.
        sha256: Option<String>,
    },
}

/// A repository on the hub.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a repository (kind, repository, branch, revision)")]
pub struct Hub {
    /// Data or an encoder.
    pub kind: Kind,
    /// Its id, such as `AmazonScience/massive`.
    pub repository: String,
    /// The branch that is fetched while no revision is known.
    #[serde(default = "main_branch")]
    pub branch: String,
    /// The commit; `None` means it is recorded at the first fetch.
    #[serde(default)]
    pub revision: Option<String>,
}

/// What a repository holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Data.
    Dataset,
    /// An encoder.
    Model,
}

impl Kind {
    /// What stands before a repository's id in addresses of its files.
    pub(crate) fn prefix(self) -> Option<&'static str> {
        match self {
            Self::Dataset => Some("datasets"),
            Self::Model => None,
        }
    }

    pub(crate) fn plural(self) -> &'static str {
        match self {
            Self::Dataset => "datasets",
            Self::Model => "models",
        }
    }
}

/// A file of a repository, kept under the same path in the cache.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a file (path, sha256)")]
pub struct HubFile {
    /// Its path in the repository. One `*` in its last part stands for what the repository has.
    pub path: String,
    /// Its SHA-256; `None` means it is recorded at the first fetch.
    pub sha256: Option<String>,
}

/// What a person has to download, and how it is checked.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a manual part (what, from, steps, put, folders, files)")]
pub struct Manual {
    /// What it is.
    pub what: String,
    /// Where it can be had.
    pub from: Vec<String>,
    /// What to do, in order.
    pub steps: Vec<String>,
    /// Where to put it, below the source's folder.
    pub put: String,
    /// Folders of pictures that must then be there.
    #[serde(default)]
    pub folders: Vec<Pictures>,
    /// Files that must then be there.
    #[serde(default)]
    pub files: Vec<HubFile>,
}

/// A folder of JPEG pictures.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a folder of pictures (path, pictures)")]
pub struct Pictures {
    /// The folder, below where it was put.
    pub path: String,
    /// How many pictures it has.
    pub pictures: usize,
}

/// One encoder's view of the material.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a view (name, of, modality, encoder, revision, pooling, corrupt)")]
pub struct View {
    /// Its name, by which grids refer to it.
    pub name: String,
    /// Which part of the material it sees: a locale, a column, a camera.
    pub of: String,
    /// What the encoder reads.
    pub modality: Modality,
    /// The encoder's id on the hub.
    pub encoder: String,
    /// Its commit; `None` means that none is known.
    pub revision: Option<String>,
    /// How an item's states become one vector.
    pub pooling: Pooling,
    /// What is done to pictures before.
    pub corrupt: Option<Corrupt>,
}

/// What an encoder reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Modality {
    /// Text.
    Text,
    /// Pictures.
    Image,
    /// Speech.
    Audio,
}

/// How an item's states become one vector.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pooling {
    /// The mean of the last states: over the attention mask for text, over time for speech.
    Mean,
    /// The first token's last state.
    Cls,
    /// The encoder's own pooled output.
    Pooler,
    /// The features projected into a space shared with another modality.
    Projected,
}

/// Pictures of which some are replaced by their edges.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a corruption (edges, fraction, splits)")]
pub struct Corrupt {
    /// Which edges.
    pub edges: Edges,
    /// The fraction of pictures.
    pub fraction: f64,
    /// In these splits.
    pub splits: Vec<SplitName>,
}

/// A map of edges.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Edges {
    /// Canny's.
    Canny,
    /// Scharr's gradient.
    Scharr,
    /// Difference of two Gaussians.
    Dog,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "a source (name, title, licence, ..., sources, manual, views, texts)")]
struct RawSource {
    name: String,
    title: String,
    licence: String,
    licence_url: String,
    redistribution: Redistribution,
    terms: String,
    splits: Splits,
    #[serde(default)]
    sources: Vec<RawOrigin>,
    #[serde(default)]
    manual: Vec<Manual>,
    views: Vec<View>,
    texts: Option<Recipe>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "an origin (hub and files, or url, file and sha256)")]
struct RawOrigin {
    hub: Option<Hub>,
    files: Option<Vec<HubFile>>,
    url: Option<String>,
    file: Option<String>,
    sha256: Option<String>,
}

fn main_branch() -> String {
    "main".to_owned()
}

impl Source {
    /// The source of this name in `folder`, or, with a slash or the extension `.yaml`, of this path.
    ///
    /// # Errors
    /// There is none of this name, with the nearest one; or as [`Source::read`].
    pub fn find(name_or_path: &str, folder: &Path) -> Result<Self, FetchError> {
        if name_or_path.contains(['/', '\\']) || name_or_path.ends_with(".yaml") {
            return Self::read(Path::new(name_or_path));
        }
        let path = folder.join(format!("{name_or_path}.yaml"));
        if path.is_file() {
            return Self::read(&path);
        }
        let known = data::catalogue(folder)?;
        let nearest = nearest(name_or_path, known.iter().map(String::as_str)).map(str::to_owned);
        Err(FetchError::Unknown { wanted: name_or_path.to_owned(), folder: folder.to_owned(), nearest, known })
    }

    /// Reads and checks a source file.
    ///
    /// # Errors
    /// All that [`yaml::read`] refuses, and: a name that is not the file's, a path that leaves its folder
    /// or is given twice, a checksum or revision that is none, an address that is neither https nor http,
    /// views that are fewer than two or share a name, nothing to fetch.
    pub fn read(path: &Path) -> Result<Self, FetchError> {
        let (raw, file) = yaml::read::<RawSource>(path)?.into_parts();
        Checker { file, taken: BTreeMap::new() }.run(raw)
    }
}

/// The checks that no type can express.
struct Checker {
    file: Located<()>,
    /// What is kept where, to find two that would be kept in one place.
    taken: BTreeMap<String, String>,
}

impl Checker {
    fn run(mut self, raw: RawSource) -> Result<Source, FetchError> {
        let stem = self.file.path().file_stem().and_then(|s| s.to_str()).unwrap_or_default();
        if raw.name != stem {
            let message = format!("`{}`, but the file is `{stem}.yaml`; a source bears its file's name", raw.name);
            return Err(self.wrong("name", message));
        }
        // it names a folder in the cache
        self.path("name", &raw.name)?;
        if [encoder::FOLDER, texts::FOLDER].contains(&raw.name.as_str()) {
            return Err(self.wrong("name", format!("`{}` is a folder of the cache; wanted another name", raw.name)));
        }
        let mut origins = Vec::new();
        for (i, origin) in raw.sources.into_iter().enumerate() {
            origins.push(self.origin(&format!("sources[{i}]"), origin)?);
        }
        for (i, manual) in raw.manual.iter().enumerate() {
            self.manual(&format!("manual[{i}]"), manual)?;
        }
        if origins.is_empty() && raw.manual.is_empty() {
            return Err(self.wrong("", "neither `sources` nor `manual` names anything; a source needs one of them"));
        }
        self.views(&raw.views)?;
        if let Some(recipe) = &raw.texts {
            texts::check(&self.file, recipe, &raw.views, &origins)?;
        }
        Ok(Source {
            name: raw.name,
            title: raw.title,
            licence: raw.licence,
            licence_url: raw.licence_url,
            redistribution: raw.redistribution,
            terms: raw.terms,
            splits: raw.splits,
            origins,
            manual: raw.manual,
            views: raw.views,
            texts: raw.texts,
        })
    }

    fn origin(&mut self, key: &str, raw: RawOrigin) -> Result<Origin, FetchError> {
        match (raw.hub, raw.url) {
            (Some(hub), None) => {
                if raw.file.is_some() || raw.sha256.is_some() {
                    return Err(self.wrong(key, "`file` and `sha256` belong to `url`; with `hub`, wanted `files`"));
                }
                self.hub(&format!("{key}.hub"), &hub)?;
                let files = raw.files.unwrap_or_default();
                if files.is_empty() {
                    return Err(self.wrong(key, "`files` is missing or empty; it lists the repository's files"));
                }
                for (i, file) in files.iter().enumerate() {
                    self.hub_file(&format!("{key}.files[{i}]"), file)?;
                }
                Ok(Origin::Hub { hub, files })
            }
            (None, Some(url)) => {
                let at = format!("{key}.url");
                let url = Url::parse(&url).map_err(|e| self.wrong(&at, format!("`{url}`: {e}")))?;
                if !matches!(url.scheme(), "https" | "http") {
                    return Err(self.wrong(&at, format!("scheme `{}`; wanted https", url.scheme())));
                }
                if !url.username().is_empty() || url.password().is_some() {
                    return Err(self.wrong(&at, "the address has a user; a source file holds no secrets"));
                }
                if raw.files.is_some() {
                    return Err(self.wrong(key, "`files` belongs to `hub`; with `url`, wanted `file`"));
                }
                let Some(file) = raw.file else {
                    return Err(self.wrong(key, "`file` is missing; it says under which name the download is kept"));
                };
                self.take(&format!("{key}.file"), &file)?;
                let sha256 = self.sum(&format!("{key}.sha256"), raw.sha256.as_deref())?;
                Ok(Origin::Web { url, file, sha256 })
            }
            (Some(_), Some(_)) => Err(self.wrong(key, "both `hub` and `url` are given; wanted one of them")),
            (None, None) => Err(self.wrong(key, "neither `hub` nor `url` is given; wanted one of them")),
        }
    }

    fn hub(&self, key: &str, hub: &Hub) -> Result<(), FetchError> {
        if !is_repository(&hub.repository) {
            let message = format!("`{}` is no id of a repository; wanted `owner/name`", hub.repository);
            return Err(self.wrong(&format!("{key}.repository"), message));
        }
        if hub.branch.is_empty() || !hub.branch.split('/').all(is_plain) {
            return Err(self.wrong(&format!("{key}.branch"), format!("`{}` is no branch", hub.branch)));
        }
        self.revision(&format!("{key}.revision"), hub.revision.as_deref())
    }

    fn revision(&self, key: &str, revision: Option<&str>) -> Result<(), FetchError> {
        match revision {
            Some(text) if text.len() != 40 || !text.bytes().all(|b| b.is_ascii_hexdigit()) => {
                Err(self.wrong(key, format!("`{text}` is no commit; wanted 40 hexadecimal digits, or null")))
            }
            _ => Ok(()),
        }
    }

    fn hub_file(&mut self, key: &str, file: &HubFile) -> Result<(), FetchError> {
        let at = format!("{key}.path");
        let name = file.path.rsplit('/').next().unwrap_or_default();
        let stars = file.path.matches('*').count();
        if stars > 1 || stars != name.matches('*').count() {
            let message = format!("`{}`: wanted at most one `*`, in the last part of the path", file.path);
            return Err(self.wrong(&at, message));
        }
        if stars == 1 && file.sha256.is_some() {
            let message = "a path with `*` may stand for several files, so it has no checksum; wanted null";
            return Err(self.wrong(&format!("{key}.sha256"), message));
        }
        self.take(&at, &file.path)?;
        self.sum(&format!("{key}.sha256"), file.sha256.as_deref()).map(|_| ())
    }

    fn manual(&mut self, key: &str, manual: &Manual) -> Result<(), FetchError> {
        let put = format!("{key}.put");
        let inside = |path: &str| if manual.put == "." { path.to_owned() } else { format!("{}/{path}", manual.put) };
        if manual.put != "." {
            self.path(&put, &manual.put)?;
        }
        if manual.folders.is_empty() && manual.files.is_empty() {
            return Err(self.wrong(key, "neither `folders` nor `files` is given; without them nothing can be checked"));
        }
        for (i, folder) in manual.folders.iter().enumerate() {
            self.take(&format!("{key}.folders[{i}].path"), &inside(&folder.path))?;
        }
        for (i, file) in manual.files.iter().enumerate() {
            self.take(&format!("{key}.files[{i}].path"), &inside(&file.path))?;
            self.sum(&format!("{key}.files[{i}].sha256"), file.sha256.as_deref())?;
        }
        Ok(())
    }

    fn views(&self, views: &[View]) -> Result<(), FetchError> {
        if views.len() < 2 {
            return Err(self.wrong("views", format!("{} given; wanted at least two", views.len())));
        }
        for (i, view) in views.iter().enumerate() {
            if let Some(first) = views[..i].iter().position(|other| other.name == view.name) {
                let message = format!("view `{}` is given twice, first as views[{first}]", view.name);
                return Err(self.wrong(&format!("views[{i}].name"), message));
            }
            if !is_repository(&view.encoder) {
                let message = format!("`{}` is no id of a repository; wanted `owner/name`", view.encoder);
                return Err(self.wrong(&format!("views[{i}].encoder"), message));
            }
            self.revision(&format!("views[{i}].revision"), view.revision.as_deref())?;
            if let Some(corrupt) = &view.corrupt
                && !(corrupt.fraction > 0.0 && corrupt.fraction <= 1.0)
            {
                let message = format!("{} is no fraction; wanted more than 0 and at most 1", corrupt.fraction);
                return Err(self.wrong(&format!("views[{i}].corrupt.fraction"), message));
            }
        }
        Ok(())
    }

    /// A place in the cache that nothing else has.
    fn take(&mut self, key: &str, path: &str) -> Result<(), FetchError> {
        self.path(key, path)?;
        // systems differ in whether case tells two names apart
        if let Some(first) = self.taken.insert(path.to_lowercase(), key.to_owned()) {
            return Err(self.wrong(key, format!("`{path}` is kept where {first} is; every file needs its own place")));
        }
        Ok(())
    }

    fn path(&self, key: &str, path: &str) -> Result<(), FetchError> {
        match cache::refused(path) {
            Some(reason) => Err(self.wrong(key, format!("`{path}` {reason}; nothing is written outside the cache"))),
            None => Ok(()),
        }
    }

    fn sum(&self, key: &str, sum: Option<&str>) -> Result<Option<String>, FetchError> {
        match sum {
            None => Ok(None),
            Some(sum) if files::checksum::is_sha256(sum) => Ok(Some(sum.to_lowercase())),
            Some(sum) => {
                Err(self.wrong(key, format!("`{sum}` is not a SHA-256; wanted 64 hexadecimal digits, or null")))
            }
        }
    }

    fn wrong(&self, key: &str, message: impl Into<String>) -> FetchError {
        self.file.error(key, message).into()
    }
}

/// The folder of source files that goes with a folder of manifests.
pub fn sources_dir(manifests: &Path) -> PathBuf {
    manifests.join("sources")
}

/// Whether a text is a repository's id: an owner and a name, or, for the oldest, a name alone.
pub(crate) fn is_repository(id: &str) -> bool {
    id.split('/').count() <= 2 && id.split('/').all(is_plain)
}

pub(crate) fn is_plain(part: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"._-".contains(&b);
    !part.is_empty() && !part.starts_with('.') && part.bytes().all(plain)
}
