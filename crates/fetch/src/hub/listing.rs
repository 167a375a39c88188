//! Lists of the files of a repository, and the expansion of `*` in a path, both by requests to the hub.

use serde::Deserialize;

use crate::{
    FetchError, Retry,
    http::{Client, Failure},
    hub::{repository::Hub, shown},
};

/// Largest answer. Listed repositories stay below the first page of a thousand entries.
const MOST_BYTES: u64 = 8 << 20;

#[derive(Deserialize)]
struct Entry {
    #[serde(rename = "type")]
    kind: String,
    path: String,
}

/// Hub and client of a request for lists.
pub(crate) struct Look<'a> {
    pub(crate) client: &'a Client,
    pub(crate) retry: &'a Retry,
    pub(crate) say: &'a dyn Fn(&str),
}

impl Look<'_> {
    /// The files of a repository that match a pattern, sorted.
    pub(crate) fn expand(&self, hub: &Hub, revision: &str, pattern: &str) -> Result<Vec<String>, FetchError> {
        let (folder, name) = pattern.rsplit_once('/').unwrap_or(("", pattern));
        let (before, after) = name.split_once('*').unwrap_or((name, ""));
        let matches = |path: &String| {
            let name = match folder {
                "" => path,
                folder => path.strip_prefix(folder).and_then(|rest| rest.strip_prefix('/')).unwrap_or_default(),
            };
            let long_enough = name.len() >= before.len() + after.len();
            long_enough && !name.contains('/') && name.starts_with(before) && name.ends_with(after)
        };
        let mut paths = self.files(hub, revision, folder, false)?;
        paths.retain(matches);
        if paths.is_empty() {
            let url = shown(&self.client.endpoint().listing(hub, revision, folder, false));
            let reason = format!("the repository has no file `{pattern}`; look at its page and change the source file");
            return Err(FetchError::Answer { url, reason });
        }
        Ok(paths)
    }

    /// The files in a folder of a repository, sorted; with `deep` also those in the folders below.
    pub(crate) fn files(&self, hub: &Hub, revision: &str, folder: &str, deep: bool) -> Result<Vec<String>, FetchError> {
        let url = self.client.endpoint().listing(hub, revision, folder, deep);
        let note = |line: &str| (self.say)(&format!("{}: {line}", hub.repository));
        let text = self.retry.run(&url, || ask(self.client, &url), note)?;
        let entries: Vec<Entry> = serde_json::from_slice(&text).map_err(|e| {
            let reason = format!("the answer is not a list of files of the hub: {e}; check HF_ENDPOINT");
            FetchError::Answer { url: shown(&url), reason }
        })?;
        let files = entries.into_iter().filter(|entry| entry.kind == "file");
        let mut paths: Vec<String> = files.map(|entry| entry.path).collect();
        paths.sort();
        Ok(paths)
    }
}

fn ask(client: &Client, url: &url::Url) -> Result<Vec<u8>, Failure> {
    let answer = client.get(url, &[])?;
    let text = files::read_at_most(answer.body.into_reader(), MOST_BYTES);
    text.map_err(|e| Failure::passing(e.to_string()))?.ok_or_else(|| {
        let reason = format!("the list of files is longer than {MOST_BYTES} bytes; name the files one by one");
        FetchError::Answer { url: shown(url), reason }.into()
    })
}
