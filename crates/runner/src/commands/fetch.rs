//! `runner fetch`: raw material of data sets, downloaded by the crate of that name.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use fetch::{Options, Source, sources_dir};

use crate::grid::source::manifests_dir;
use crate::run::outcome::Ending;

/// Whose encoders are fetched beside the data.
pub enum Encoders {
    /// Nobody's.
    None,
    /// Those of all views.
    All,
    /// Those of the views with these names.
    Of(Vec<String>),
}

impl Encoders {
    /// The source with the views alone whose encoders are wanted.
    fn of(&self, mut source: Source) -> Result<Source> {
        if let Self::Of(names) = self
            && let Some(unknown) = names.iter().find(|name| source.views.iter().all(|view| view.name != **name))
        {
            let known: Vec<String> = source.views.iter().map(|view| format!("`{}`", view.name)).collect();
            bail!("--views: no view `{unknown}` in {}; its views are {}", source.name, known.join(", "));
        }
        source.views.retain(|view| match self {
            Self::None => false,
            Self::All => true,
            Self::Of(names) => names.contains(&view.name),
        });
        Ok(source)
    }
}

/// Fetches the named sources one after the other; without names, prints what there is.
///
/// Ends with failures where something is left for a person to download, which is then said.
///
/// # Errors
/// The first source that cannot be fetched.
pub fn run(names: &[String], cache: Option<&Path>, encoders: &Encoders, offline: bool) -> Result<Ending> {
    let sources = sources_dir(&manifests_dir(Path::new(".")));
    if names.is_empty() {
        say::out!("{}", list(&sources)?);
        return Ok(Ending::Complete);
    }
    let mut options = Options { offline, ..Options::from_env(&sources)? };
    options.say = Arc::new(|line| tracing::info!("{line}"));
    if let Some(cache) = cache {
        options.cache = cache.to_path_buf();
    }
    let mut ending = Ending::Complete;
    for name in names {
        let encoders = encoders.of(Source::find(name, &options.sources)?)?;
        let report = fetch::fetch(name, &options).with_context(|| format!("cannot fetch {name}"))?;
        say::out!("{report}");
        if !report.is_complete() {
            ending = Ending::Failures;
        }
        if !fetch_encoders(encoders, &options) {
            ending = Ending::Failures;
        }
    }
    Ok(ending)
}

/// The encoders of a source's views, each once. One that is refused does not keep the others away.
fn fetch_encoders(source: Source, options: &Options) -> bool {
    let mut seen = Vec::new();
    let mut all = true;
    for view in source.views {
        if seen.contains(&view.encoder) {
            continue;
        }
        match fetch::encoder(&view.encoder, view.revision.as_deref(), options) {
            Ok(report) => say::out!("{report}"),
            Err(error) => {
                tracing::error!("cannot fetch {}: {error}", view.encoder);
                all = false;
            }
        }
        seen.push(view.encoder);
    }
    all
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
