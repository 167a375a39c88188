//! Download of one file: requested, resumed if it was cut, verified, and only then moved to its place.

use std::{
    fs,
    io::{Read, Write},
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use url::Url;

use crate::{
    FetchError, Options, Progress, cache,
    http::{Answer, Client, Failure},
    hub::shown,
};

/// A file to be downloaded.
pub(crate) struct Job<'a> {
    /// Address of the file.
    pub(crate) url: Url,
    /// Final path of the file.
    pub(crate) to: &'a Path,
    /// Expected checksums, each with its origin.
    pub(crate) wanted: Vec<(String, &'static str)>,
    /// Name of the file in messages.
    pub(crate) label: &'a str,
}

/// A complete and verified file that still has its `.part` name.
pub(crate) struct Whole {
    pub(crate) sha256: String,
    pub(crate) size: u64,
    /// Commit of the file.
    pub(crate) commit: Option<String>,
    part: Part,
}

impl Whole {
    /// Gives the file its name. Call this after its record is written, so that no file is ever without one.
    pub(crate) fn finish(self) -> Result<(), FetchError> {
        let Part { to, file, state } = self.part;
        files::publish(&file, &to).map_err(FetchError::io(&to, "give the download its name"))?;
        cache::remove(&state)
    }
}

/// Downloads a file beside its place.
pub(crate) fn download(client: &Client, options: &Options, job: &Job<'_>) -> Result<Whole, FetchError> {
    let part = Part::of(job.to);
    let label = job.label;
    let at = |done, size| (options.progress)(Progress::At { label, done, size });
    let commit = options.retry.run(
        &job.url,
        || attempt(client, job, &part, &at),
        |line| (options.say)(&format!("{label}: {line}")),
    );
    (options.progress)(Progress::Ended { label });
    part.verify(job, commit?)
}

/// One request, with as much of the body as arrives. `at` receives the number of bytes so far and the size.
fn attempt(
    client: &Client,
    job: &Job<'_>,
    part: &Part,
    at: &dyn Fn(u64, Option<u64>),
) -> Result<Option<String>, Failure> {
    let (mut have, state) = part.begun(&job.url)?;
    if let Some(state) = &state
        && state.size == Some(have)
    {
        // The connection was cut after the last byte, before the file was verified.
        return Ok(state.commit.clone());
    }
    let mut headers = Vec::new();
    if let Some(state) = &state {
        headers.push(("Range", format!("bytes={have}-")));
        // Weak marks do not promise the same bytes and are not allowed in this header.
        if let Some(etag) = state.etag.as_ref().filter(|etag| !etag.starts_with("W/")) {
            headers.push(("If-Range", etag.clone()));
        }
    }
    let mut answer = client.get(&job.url, &headers)?;
    if answer.status != 200 {
        let goes_on = state.is_some_and(|state| state.goes_on(&answer, have));
        if !goes_on {
            // The bytes in the cache belong to another version of the file.
            part.discard()?;
            have = 0;
            answer = client.get(&job.url, &[])?;
        }
    }
    let mut file = match answer.status {
        206 if have > 0 => part.append()?,
        200 => {
            have = 0;
            part.start(&State::of(&job.url, &answer))?
        }
        status => {
            let reason = format!("the server answers {status} where nothing but the whole file was asked for");
            return Err(FetchError::Answer { url: shown(&job.url), reason }.into());
        }
    };
    let (commit, size) = (answer.commit(), answer.size());
    let mut body = answer.body.into_reader();
    let mut buffer = vec![0; 1 << 17];
    at(have, size);
    loop {
        let got = match body.read(&mut buffer) {
            Ok(0) => break,
            Ok(got) => got,
            Err(e) => return Err(cut(have, size, &e.to_string())),
        };
        file.write_all(&buffer[..got]).map_err(FetchError::io(&part.file, "write it"))?;
        have += got as u64;
        at(have, size);
    }
    if size.is_some_and(|size| have < size) {
        return Err(cut(have, size, "no more came"));
    }
    file.sync_all().map_err(FetchError::io(&part.file, "write it"))?;
    Ok(commit)
}

fn cut(have: u64, size: Option<u64>, reason: &str) -> Failure {
    match size {
        Some(size) => Failure::passing(format!("cut after {have} of {size} bytes ({reason})")),
        None => Failure::passing(format!("cut after {have} bytes ({reason})")),
    }
}

/// The incomplete file, and the state that is needed to resume.
struct Part {
    to: PathBuf,
    file: PathBuf,
    state: PathBuf,
}

/// Identity of the file when its first byte arrived.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct State {
    url: String,
    /// Mark of the server that has the bytes.
    etag: Option<String>,
    /// Mark of the hub.
    linked: Option<String>,
    size: Option<u64>,
    commit: Option<String>,
}

impl State {
    fn of(url: &Url, answer: &Answer) -> Self {
        Self {
            url: shown(url),
            etag: answer.etag(),
            linked: answer.linked(),
            size: answer.size(),
            commit: answer.commit(),
        }
    }

    /// Whether an answer continues the same file.
    fn goes_on(&self, answer: &Answer, have: u64) -> bool {
        let same_part = answer.status == 206 && answer.range().is_some_and(|(start, _)| start == have);
        let same_size = self.size.is_none() || answer.size().is_none() || self.size == answer.size();
        // The hub's mark depends on the content only; the other mark may also change with the server.
        let same_mark = match (&self.linked, answer.linked()) {
            (Some(old), Some(new)) => *old == new,
            _ => self.etag.is_some() && self.etag == answer.etag(),
        };
        same_part && same_size && same_mark
    }
}

impl Part {
    fn of(to: &Path) -> Self {
        Self { to: to.to_owned(), file: cache::beside(to, cache::PART), state: cache::beside(to, cache::STATE) }
    }

    /// Number of bytes that exist, and the state they belong to; zero if that is not known.
    fn begun(&self, url: &Url) -> Result<(u64, Option<State>), FetchError> {
        let have = match fs::symlink_metadata(&self.file) {
            Ok(data) if data.is_file() => data.len(),
            Ok(_) => {
                return Err(FetchError::Outside { path: self.file.clone(), reason: "is no regular file" });
            }
            Err(_) => 0,
        };
        let state: Option<State> = fs::read(&self.state).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
        let state = state.filter(|state| {
            let known = state.linked.is_some() || state.etag.is_some();
            have > 0 && state.url == shown(url) && known && state.size.is_none_or(|size| have <= size)
        });
        if state.is_none() {
            self.discard()?;
            return Ok((0, None));
        }
        Ok((have, state))
    }

    fn start(&self, state: &State) -> Result<fs::File, FetchError> {
        let text = serde_json::to_vec(state)
            .map_err(|e| FetchError::Record { path: self.state.clone(), reason: e.to_string() })?;
        // The file is removed first, because a state must never stand beside bytes of another file. It is then created
        // anew, so that a link in its place is not followed.
        cache::remove(&self.file)?;
        let file = fs::File::create_new(&self.file).map_err(FetchError::io(&self.file, "write it"))?;
        cache::write_whole(&self.state, &text)?;
        Ok(file)
    }

    fn append(&self) -> Result<fs::File, FetchError> {
        cache::open_own(&self.file, fs::OpenOptions::new().append(true))
    }

    fn discard(&self) -> Result<(), FetchError> {
        cache::remove(&self.state)?;
        cache::remove(&self.file)
    }

    fn verify(self, job: &Job<'_>, commit: Option<String>) -> Result<Whole, FetchError> {
        let (sha256, size) = cache::sum(&self.file)?;
        let linked = fs::read(&self.state).ok().and_then(|bytes| serde_json::from_slice::<State>(&bytes).ok());
        let linked = linked.and_then(|state| state.linked).filter(|mark| files::checksum::is_sha256(mark));
        let said = linked.map(|mark| (mark.to_lowercase(), "the hub"));
        for (wanted, said_by) in job.wanted.iter().cloned().chain(said) {
            if wanted != sha256 {
                self.discard()?;
                return Err(FetchError::Checksum { path: job.to.to_owned(), found: sha256, wanted, said_by });
            }
        }
        Ok(Whole { sha256, size, commit, part: self })
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_link_in_place_of_the_part_is_not_written_through() {
        let folder = tempfile::tempdir().expect("a folder");
        let theirs = folder.path().join("theirs");
        fs::write(&theirs, "all of it").expect("a file");
        let part = Part::of(&folder.path().join("file"));
        let state = State { url: "https://x/".to_owned(), etag: None, linked: None, size: None, commit: None };
        std::os::unix::fs::symlink(&theirs, &part.file).expect("a link");
        assert!(part.append().is_err());
        part.start(&state)
            .and_then(|mut file| file.write_all(b"new").map_err(FetchError::io(&theirs, "write")))
            .expect("begun");
        assert_eq!(fs::read(&part.file).expect("a part"), b"new");
        part.append()
            .and_then(|mut file| file.write_all(b"er").map_err(FetchError::io(&theirs, "write")))
            .expect("went on");
        assert_eq!(fs::read(&part.file).expect("a part"), b"newer");
        assert_eq!(fs::read(&theirs).expect("theirs"), b"all of it");
    }
}
