//! Encoders: the files of a repository that are needed to run an encoder.

use std::{collections::BTreeMap, path::PathBuf};

use files::hub::is_commit;

use crate::{
    FetchError, Options, Report, cache,
    cached::{self, Lookup},
    hub::repository::{Hub, Kind, is_repository},
    needed,
    record::Records,
    run::Run,
};

/// Key of the files of an encoder among the lists of patterns; no pattern has this name.
const LISTED: &str = "/";

/// Fetches an encoder by its id on the hub, such as `google-bert/bert-base-chinese`. If the cache of the hub's own
/// programs has it ([`Options::hub_cache`]), its files are verified and used there; otherwise they are downloaded into
/// the cache. Weights are taken as safetensors if the repository has them.
///
/// # Errors
/// The errors of [`fetch`](crate::fetch); a text that is not an id; a repository without a configuration or weights
/// that can be read.
pub fn encoder(id: &str, revision: Option<&str>, options: &Options) -> Result<Report, FetchError> {
    if !is_repository(id) {
        return Err(FetchError::Id { id: id.to_owned() });
    }
    let hub = hub_of(id, revision);
    let mut run = Run::start(options, &options.cache.join(cache::ENCODERS), &name_of(id))?;
    if run.records.snapshot().is_some() && is_other(revision, run.records.revision(&hub)) {
        run.records.forget();
    }
    let report = |folder: PathBuf, files, hub_cache| Report {
        name: id.to_owned(),
        folder,
        files,
        hub_cache,
        manual: Vec::new(),
        put: BTreeMap::new(),
    };
    let notice = |place: String| {
        let page = options.endpoint.page(&hub);
        (options.say)(&format!("{id}\n  licence: its own, on {page}; read it before use\n  {place}"));
    };
    let listed = run.records.listing(&hub, LISTED).map(<[String]>::to_vec);
    let is_begun = listed.iter().flatten().any(|path| run.folder.root.join(path).exists());
    if !is_begun {
        match cached::find(&run, options, &hub, listed.as_deref())? {
            Lookup::Found(found) => {
                let folder = found.snapshot.folder().to_owned();
                notice(format!("in the hub's cache: {}", folder.display()));
                run.records.keep_snapshot(&hub, &found.snapshot, found.listed(LISTED), found.records())?;
                let commit = found.snapshot.commit().to_owned();
                return Ok(report(folder, found.files(), Some(commit)));
            }
            Lookup::Absent(cached) | Lookup::Unusable(cached) if options.offline => {
                return Err(FetchError::OfflineEncoder { path: run.folder.root.join("config.json"), cached });
            }
            Lookup::Unusable(reason) => (options.say)(&format!("{id}: not taken from the hub's cache: {reason}")),
            Lookup::Absent(_) => {}
        }
        run.records.leave_snapshot()?;
    }
    notice(format!("into {}", run.folder.root.display()));
    let paths = match run.records.listing(&hub, LISTED) {
        Some(paths) => paths.to_vec(),
        None => {
            run.may_ask("config.json")?;
            let revision = run.revision(&hub);
            let wanted = needed::listed(&run, options, &hub, &revision)?;
            run.records.keep_listing(&hub, LISTED, &wanted)?;
            wanted
        }
    };
    for path in &paths {
        run.one_of_hub(&hub, path, None)?;
    }
    Ok(report(run.folder.root.clone(), run.files, None))
}

/// Folder of an [`encoder`], in the cache or in that of the hub's programs, and its commit, if it was fetched. Nothing is
/// downloaded or verified.
///
/// # Errors
/// A text that is not an id; a `fetched.json` that cannot be read.
pub fn encoder_place(
    id: &str,
    revision: Option<&str>,
    options: &Options,
) -> Result<(PathBuf, Option<String>), FetchError> {
    if !is_repository(id) {
        return Err(FetchError::Id { id: id.to_owned() });
    }
    let folder = options.cache.join(cache::ENCODERS).join(name_of(id));
    let records = Records::read(&folder)?;
    let recorded = records.revision(&hub_of(id, None));
    let snapshot = records.snapshot().filter(|snapshot| snapshot.is_dir() && !is_other(revision, recorded));
    let commit = match snapshot {
        Some(_) => recorded.or(revision),
        None => revision.or(recorded),
    };
    Ok((snapshot.map_or(folder, Into::into), commit.map(str::to_owned)))
}

/// Whether a commit is wanted that is not the recorded one.
fn is_other(wanted: Option<&str>, recorded: Option<&str>) -> bool {
    wanted.is_some_and(|wanted| is_commit(wanted) && recorded.is_some_and(|recorded| recorded != wanted))
}

fn name_of(id: &str) -> String {
    id.replace('/', "--")
}

fn hub_of(id: &str, revision: Option<&str>) -> Hub {
    Hub { kind: Kind::Model, repository: id.to_owned(), branch: "main".into(), revision: revision.map(Into::into) }
}
