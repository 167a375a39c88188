//! A running download: existing files are verified, and missing ones are downloaded.

use std::path::Path;

use url::Url;

use crate::{
    FetchError, Fetched, Options,
    cache::{self, Folder},
    http::{
        Client,
        download::{self, Job},
    },
    hub::{self, listing::Look, repository::Hub},
    record::{Record, Records},
};

/// A running download.
pub(crate) struct Run<'a> {
    options: &'a Options,
    pub(crate) folder: Folder,
    pub(crate) records: Records,
    client: Client,
    pub(crate) files: Vec<Fetched>,
}

impl<'a> Run<'a> {
    pub(crate) fn start(options: &'a Options, cache: &Path, name: &str) -> Result<Self, FetchError> {
        let folder = Folder::open(cache, name)?;
        let records = Records::open(&folder)?;
        let client = Client::new(options.endpoint.clone(), options.token.clone())?;
        Ok(Self { options, folder, records, client, files: Vec::new() })
    }

    pub(crate) fn look(&self) -> Look<'_> {
        Look { client: &self.client, retry: &self.options.retry, say: &*self.options.say }
    }

    /// Whether a missing file may be downloaded.
    pub(crate) fn may_ask(&self, path: &str) -> Result<(), FetchError> {
        match self.options.offline {
            true => Err(FetchError::Offline { path: self.folder.root.join(path) }),
            false => Ok(()),
        }
    }

    pub(crate) fn of_hub(&mut self, hub: &Hub, path: &str, sha256: Option<&str>) -> Result<(), FetchError> {
        if !path.contains('*') {
            return self.one_of_hub(hub, path, sha256);
        }
        let paths = match self.records.listing(hub, path) {
            Some(paths) => paths.to_vec(),
            None => {
                self.may_ask(path)?;
                let revision = self.revision(hub);
                let paths = self.look().expand(hub, &revision, path)?;
                self.records.keep_listing(hub, path, &paths)?;
                paths
            }
        };
        paths.iter().try_for_each(|path| self.one_of_hub(hub, path, None))
    }

    pub(crate) fn one_of_hub(&mut self, hub: &Hub, path: &str, sha256: Option<&str>) -> Result<(), FetchError> {
        let revision = self.revision(hub);
        let url = self.client.endpoint().file(hub, &revision, path);
        self.one(url, path, sha256, Some(hub), Some(revision))
    }

    /// The commit of all files of a repository, if it is known; otherwise the branch.
    pub(crate) fn revision(&self, hub: &Hub) -> String {
        hub.revision.as_deref().or(self.records.revision(hub)).unwrap_or(&hub.branch).to_owned()
    }

    pub(crate) fn one(
        &mut self,
        url: Url,
        path: &str,
        sha256: Option<&str>,
        hub: Option<&Hub>,
        asked: Option<String>,
    ) -> Result<(), FetchError> {
        let to = cache::place(&self.folder.root, path)?;
        let known = self.records.file(path).cloned();
        let mut wanted: Vec<(String, &'static str)> = Vec::new();
        wanted.extend(sha256.map(|sum| (sum.to_lowercase(), "the source file")));
        wanted.extend(known.as_ref().map(|known| (known.sha256.clone(), "fetched.json")));
        if to.exists() {
            let (record, recorded) = self.present(&to, known, &wanted, hub::shown(&url), asked)?;
            if !recorded {
                self.records.keep_file(path, record.clone())?;
            }
            self.files.push(Fetched::of(to, record, false));
            return Ok(());
        }
        self.may_ask(path)?;
        let job = Job { url, to: &to, wanted, label: path };
        let whole = download::download(&self.client, self.options, &job)?;
        if let (Some(hub), Some(commit)) = (hub, &whole.commit) {
            self.records.keep_revision(hub, commit)?;
        }
        let revision = whole.commit.clone().or(asked);
        let record = Record { url: hub::shown(&job.url), revision, sha256: whole.sha256.clone(), size: whole.size };
        self.records.keep_file(path, record.clone())?;
        whole.finish()?;
        self.files.push(Fetched::of(to, record, true));
        Ok(())
    }

    /// An existing file, which must be the downloaded one, or the one that the source file describes.
    fn present(
        &self,
        to: &Path,
        known: Option<Record>,
        wanted: &[(String, &'static str)],
        url: String,
        revision: Option<String>,
    ) -> Result<(Record, bool), FetchError> {
        if wanted.is_empty() {
            return Err(FetchError::Unrecorded { path: to.to_owned() });
        }
        let size = std::fs::metadata(to).map_err(FetchError::io(to, "read it"))?.len();
        if let Some(known) = known.as_ref().filter(|known| known.size != size) {
            let (found, wanted) = (format!("{size} bytes"), format!("{} bytes", known.size));
            return Err(FetchError::Changed { path: to.to_owned(), found, wanted });
        }
        let (sha256, size) = cache::sum(to)?;
        if let Some((wanted, said_by)) = wanted.iter().find(|(wanted, _)| *wanted != sha256) {
            let (found, wanted) = (format!("SHA-256 {sha256}"), format!("SHA-256 {wanted}"));
            return Err(match *said_by {
                "fetched.json" => FetchError::Changed { path: to.to_owned(), found, wanted },
                _ => FetchError::Unrecorded { path: to.to_owned() },
            });
        }
        let recorded = known.is_some();
        Ok((known.unwrap_or(Record { url, revision, sha256, size }), recorded))
    }
}
