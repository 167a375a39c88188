//! What a path with `*` stands for: the hub is asked what its repository has.

use std::io::Read;

use serde::Deserialize;

use crate::{
    FetchError, Retry,
    http::{Client, Failure},
    hub::shown,
    source::Hub,
};

/// No folder that is listed here is longer than its first page, a thousand entries.
const MOST_BYTES: u64 = 8 << 20;

#[derive(Deserialize)]
struct Entry {
    #[serde(rename = "type")]
    kind: String,
    path: String,
}

/// The files of a repository that a pattern stands for, sorted.
///
/// # Errors
/// The hub cannot be asked, or has none.
pub(crate) fn expand(
    client: &Client,
    retry: &Retry,
    hub: &Hub,
    revision: &str,
    pattern: &str,
    say: &dyn Fn(&str),
) -> Result<Vec<String>, FetchError> {
    let (folder, name) = pattern.rsplit_once('/').unwrap_or(("", pattern));
    let url = client.endpoint().listing(hub, revision, folder);
    let wrong = |reason: String| FetchError::Answer { url: shown(&url), reason };
    let mut failures = 0;
    let text = loop {
        match ask(client, &url) {
            Ok(text) => break text,
            Err(Failure::Final(error)) => return Err(error),
            Err(Failure::Passing { reason, after }) => {
                failures += 1;
                let pause = if failures < retry.attempts { retry.pause(failures, after) } else { None };
                let Some(pause) = pause else {
                    return Err(FetchError::GaveUp { url: shown(&url), attempts: failures, last: reason });
                };
                say(&format!("{pattern}: {reason}; again in {:.1} s", pause.as_secs_f64()));
                (retry.wait)(pause);
            }
        }
    };
    let entries: Vec<Entry> =
        serde_json::from_slice(&text).map_err(|e| wrong(format!("the list of files is not what was wanted: {e}")))?;
    let (before, after) = name.split_once('*').unwrap_or((name, ""));
    let matches = |path: &str| {
        let name = match folder {
            "" => path,
            folder => path.strip_prefix(folder).and_then(|rest| rest.strip_prefix('/')).unwrap_or_default(),
        };
        let long_enough = name.len() >= before.len() + after.len();
        long_enough && !name.contains('/') && name.starts_with(before) && name.ends_with(after)
    };
    let files = entries.into_iter().filter(|entry| entry.kind == "file").map(|entry| entry.path);
    let mut paths: Vec<String> = files.filter(|path| matches(path)).collect();
    paths.sort();
    if paths.is_empty() {
        return Err(wrong(format!(
            "the repository has no file `{pattern}`; look at its page and change the source file"
        )));
    }
    Ok(paths)
}

fn ask(client: &Client, url: &url::Url) -> Result<Vec<u8>, Failure> {
    let answer = client.get(url, &[])?;
    let mut text = Vec::new();
    let mut body = answer.body.into_reader().take(MOST_BYTES + 1);
    body.read_to_end(&mut text).map_err(|e| Failure::passing(e.to_string()))?;
    if text.len() as u64 > MOST_BYTES {
        let reason = format!("the list of files is longer than {MOST_BYTES} bytes; name the files one by one");
        return Err(FetchError::Answer { url: shown(url), reason }.into());
    }
    Ok(text)
}
