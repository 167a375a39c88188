//! The command `runner fetch`: downloads of the raw material of data sets.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use fetch::{Options, Progress, Source, sources_dir};
use files::Fault;

use crate::event::{Event, Observer, Watcher};
use grid::source::manifests_dir;

/// The encoders to download besides the data.
pub enum Encoders {
    /// No encoders.
    None,
    /// The encoders of all views.
    All,
    /// The encoders of the views with these names.
    Of(Vec<String>),
}

impl Encoders {
    /// The source with only those views whose encoders are requested.
    fn of(&self, mut source: Source) -> Result<Source> {
        if let Self::Of(names) = self
            && let Some(unknown) = names.iter().find(|name| source.views.iter().all(|view| view.name != **name))
        {
            let known: Vec<String> = source.views.iter().map(|view| format!("`{}`", view.name)).collect();
            let found = format!("--views: no view `{unknown}` in {}; its views are {}", source.name, known.join(", "));
            bail!(Fault::usage(found));
        }
        source.views.retain(|view| match self {
            Self::None => false,
            Self::All => true,
            Self::Of(names) => names.contains(&view.name),
        });
        Ok(source)
    }
}

/// The sources, and the settings.
pub struct FetchRequest {
    /// The sources.
    pub names: Vec<String>,
    /// Folder of the downloads; the cache folder by default.
    pub cache: Option<PathBuf>,
    /// The encoders to download.
    pub encoders: Encoders,
    /// Do not use the network; only verify what is downloaded.
    pub offline: bool,
}

/// Fetches the sources one after the other, and returns whether all files are present. The output names the files that
/// a person must download.
///
/// # Errors
/// The first source that cannot be fetched.
pub fn run(request: &FetchRequest, observer: &Watcher) -> Result<bool> {
    let sources = sources_dir(&manifests_dir(Path::new(".")));
    let mut options = Options { offline: request.offline, ..Options::from_env(&sources)? };
    options.say = Arc::new(|line| tracing::info!("{line}"));
    let told = Arc::clone(observer);
    options.progress = Arc::new(move |progress| match progress {
        Progress::At { label, done, size } => told.on_event(&Event::DownloadAt { label, done, size }),
        _ => told.on_event(&Event::DownloadEnded),
    });
    let observer: &dyn Observer = &**observer;
    if let Some(cache) = &request.cache {
        options.cache.clone_from(cache);
    }
    let mut complete = true;
    for name in &request.names {
        let encoders = request.encoders.of(Source::find(name, &options.sources)?)?;
        let report = fetch::fetch(name, &options).with_context(|| format!("cannot fetch {name}"))?;
        observer.on_event(&Event::Fetched(&report));
        complete &= report.is_complete();
        complete &= fetch_encoders(encoders, &options, observer);
    }
    Ok(complete)
}

/// The encoders of the views of a source, each once. If one is refused, the others are still downloaded.
fn fetch_encoders(source: Source, options: &Options, observer: &dyn Observer) -> bool {
    let mut seen = Vec::new();
    let mut all = true;
    for view in source.views {
        if seen.contains(&view.encoder) {
            continue;
        }
        match fetch::encoder(&view.encoder, view.revision.as_deref(), options) {
            Ok(report) => observer.on_event(&Event::Fetched(&report)),
            Err(error) => {
                tracing::error!("cannot fetch {}: {error}", view.encoder);
                all = false;
            }
        }
        seen.push(view.encoder);
    }
    all
}

/// The available sources, one line each.
///
/// # Errors
/// A source file that cannot be read.
pub fn list() -> Result<String> {
    let sources = &sources_dir(&manifests_dir(Path::new(".")));
    let mut lines = Vec::new();
    for name in data::catalogue(sources)? {
        let source = Source::find(&name, sources)?;
        let by_hand = if source.manual.is_empty() { "" } else { "; in part by hand" };
        lines.push(format!("runner fetch {name:<11} {} ({}{by_hand})", source.title, source.licence));
    }
    Ok(lines.join("\n"))
}
