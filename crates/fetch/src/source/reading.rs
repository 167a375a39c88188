//! Reading and checking of source files.

use std::{collections::BTreeMap, path::Path};

use data::{
    items, nearest,
    texts::Recipe,
    yaml::{self, Located},
};
use serde::Deserialize;
use url::Url;

use crate::{
    FetchError, cache,
    hub::repository::{Hub, is_plain, is_repository},
    source::{HubFile, Manual, Origin, Redistribution, Source, Splits, View, items_check, texts},
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "a source (name, title, licence, ..., sources, manual, views, texts, items)")]
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
    items: Option<items::Recipe>,
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

impl Source {
    /// The source with this name in `folder`; a text with a slash or the extension `.yaml` is a path.
    ///
    /// # Errors
    /// No source has this name (the error names the nearest one); the errors of [`Source::read`].
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
    /// The errors of [`yaml::read`], and: a name that differs from the file's, a path that leaves its folder or occurs
    /// twice, an invalid checksum or revision, an address that is neither https nor http, fewer than two views or views
    /// with the same name, nothing to fetch.
    pub fn read(path: &Path) -> Result<Self, FetchError> {
        let (raw, file) = yaml::read::<RawSource>(path)?.into_parts();
        Checker { file, taken: BTreeMap::new() }.run(raw)
    }
}

/// Checks that no type can express.
struct Checker {
    file: Located<()>,
    /// Paths in the cache with their keys, to find two keys with one path.
    taken: BTreeMap<String, String>,
}

impl Checker {
    fn run(mut self, raw: RawSource) -> Result<Source, FetchError> {
        let stem = self.file.path().file_stem().and_then(|s| s.to_str()).unwrap_or_default();
        if raw.name != stem {
            let message = format!("`{}`, but the file is `{stem}.yaml`; a source bears its file's name", raw.name);
            return Err(self.wrong("name", message));
        }
        // The name is the name of a folder in the cache.
        self.path("name", &raw.name)?;
        if [cache::ENCODERS, cache::EMBEDDED].contains(&raw.name.as_str()) {
            return Err(self.wrong("name", format!("`{}` is a folder of the cache; choose another name", raw.name)));
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
        texts::check_dictionaries(&self.file, &raw.views, &origins)?;
        if let Some(recipe) = &raw.texts {
            texts::check(&self.file, recipe, &raw.views, &origins)?;
        }
        if let Some(recipe) = &raw.items {
            if raw.texts.is_some() {
                return Err(self.wrong("items", "found both `texts` and `items`, expected one of them"));
            }
            items_check::check(&self.file, recipe, &raw.views, raw.splits.seed)?;
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
            items: raw.items,
        })
    }

    fn origin(&mut self, key: &str, raw: RawOrigin) -> Result<Origin, FetchError> {
        match (raw.hub, raw.url) {
            (Some(hub), None) => {
                if raw.file.is_some() || raw.sha256.is_some() {
                    return Err(self.wrong(
                        key,
                        "found `file` or `sha256` beside `hub`, expected `files`; `file` and `sha256` belong to `url`",
                    ));
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
                    return Err(self.wrong(&at, format!("found the scheme `{}`, expected https", url.scheme())));
                }
                if !url.username().is_empty() || url.password().is_some() {
                    return Err(self.wrong(&at, "the address has a user; a source file holds no secrets"));
                }
                if raw.files.is_some() {
                    return Err(
                        self.wrong(key, "found `files` beside `url`, expected `file`; `files` belongs to `hub`")
                    );
                }
                let Some(file) = raw.file else {
                    return Err(self.wrong(key, "`file` is missing; it says under which name the download is kept"));
                };
                self.take(&format!("{key}.file"), &file)?;
                let sha256 = self.sum(&format!("{key}.sha256"), raw.sha256.as_deref())?;
                Ok(Origin::Web { url, file, sha256 })
            }
            (Some(_), Some(_)) => Err(self.wrong(key, "found both `hub` and `url`, expected one of them")),
            (None, None) => Err(self.wrong(key, "found neither `hub` nor `url`, expected one of them")),
        }
    }

    fn hub(&self, key: &str, hub: &Hub) -> Result<(), FetchError> {
        if !is_repository(&hub.repository) {
            let message = format!("`{}` is not the id of a repository; expected `owner/name`", hub.repository);
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
                Err(self.wrong(key, format!("`{text}` is no commit; expected 40 hexadecimal digits, or null")))
            }
            _ => Ok(()),
        }
    }

    fn hub_file(&mut self, key: &str, file: &HubFile) -> Result<(), FetchError> {
        let at = format!("{key}.path");
        let name = file.path.rsplit('/').next().unwrap_or_default();
        let stars = file.path.matches('*').count();
        if stars > 1 || stars != name.matches('*').count() {
            let message = format!("found `{}`, expected at most one `*`, in the last part of the path", file.path);
            return Err(self.wrong(&at, message));
        }
        if stars == 1 && file.sha256.is_some() {
            let message = "a path with `*` may stand for several files, so it has no checksum; expected null";
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
            return Err(self.wrong("views", format!("found {} of them, expected at least two", views.len())));
        }
        for (i, view) in views.iter().enumerate() {
            if let Some(first) = views[..i].iter().position(|other| other.name == view.name) {
                let message = format!("view `{}` is given twice, first as views[{first}]", view.name);
                return Err(self.wrong(&format!("views[{i}].name"), message));
            }
            if !is_repository(&view.encoder) {
                let message = format!("`{}` is not the id of a repository; expected `owner/name`", view.encoder);
                return Err(self.wrong(&format!("views[{i}].encoder"), message));
            }
            self.revision(&format!("views[{i}].revision"), view.revision.as_deref())?;
            if let Some(corrupt) = &view.corrupt
                && !(corrupt.fraction > 0.0 && corrupt.fraction <= 1.0)
            {
                let message = format!("found {}, expected a fraction above 0 and at most 1", corrupt.fraction);
                return Err(self.wrong(&format!("views[{i}].corrupt.fraction"), message));
            }
        }
        Ok(())
    }

    /// Reserves a path in the cache that no other key has.
    fn take(&mut self, key: &str, path: &str) -> Result<(), FetchError> {
        self.path(key, path)?;
        // Some systems ignore the case of names.
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
                Err(self.wrong(key, format!("`{sum}` is not a SHA-256; expected 64 hexadecimal digits, or null")))
            }
        }
    }

    fn wrong(&self, key: &str, message: impl Into<String>) -> FetchError {
        self.file.error(key, message).into()
    }
}
