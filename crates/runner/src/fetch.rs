//! `runner fetch`: raw material of data sets, downloaded by the crate of that name.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result};
use fetch::{Options, Source, sources_dir};

use crate::grid::source::manifests_dir;
use crate::run::Ending;

/// Fetches the named sources one after the other; without names, prints what there is.
///
/// Ends with failures where something is left for a person to download, which is then said.
///
/// # Errors
/// The first source that cannot be fetched.
pub fn run(names: &[String], cache: Option<&Path>, encoders: bool, offline: bool) -> Result<Ending> {
    let sources = sources_dir(&manifests_dir(Path::new(".")));
    if names.is_empty() {
        println!("{}", list(&sources)?);
        return Ok(Ending::Complete);
    }
    let mut options = Options { offline, ..Options::from_env(&sources)? };
    options.say = Arc::new(|line| tracing::info!("{line}"));
    if let Some(cache) = cache {
        options.cache = cache.to_path_buf();
    }
    let mut ending = Ending::Complete;
    for name in names {
        let report = fetch::fetch(name, &options).with_context(|| format!("cannot fetch {name}"))?;
        println!("{report}");
        if !report.is_complete() {
            ending = Ending::Failures;
        }
        if encoders && !fetch_encoders(name, &options)? {
            ending = Ending::Failures;
        }
    }
    Ok(ending)
}

/// The encoders of a source's views, each once. One that is refused does not keep the others away.
fn fetch_encoders(name: &str, options: &Options) -> Result<bool> {
    let mut seen = Vec::new();
    let mut all = true;
    for view in Source::find(name, &options.sources)?.views {
        if seen.contains(&view.encoder) {
            continue;
        }
        match fetch::encoder(&view.encoder, view.revision.as_deref(), options) {
            Ok(report) => println!("{report}"),
            Err(error) => {
                tracing::error!("cannot fetch {}: {error}", view.encoder);
                all = false;
            }
        }
        seen.push(view.encoder);
    }
    Ok(all)
}

fn list(sources: &Path) -> Result<String> {
    let mut lines = Vec::new();
    for name in data::catalogue(sources)? {
        let source = Source::find(&name, sources)?;
        let by_hand = if source.manual.is_empty() { "" } else { "; in part by hand" };
        lines.push(format!("runner fetch {name:<11} {} ({}{by_hand})", source.title, source.licence));
    }
    Ok(lines.join("\n"))
}
