//! The command `runner texts`: from downloaded tables to texts for encoders, with a list of jobs.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use data::texts::jobs::{self, Jobs, View, input};
use data::texts::{Recipe, gather};
use fetch::source::{Hub, Origin, Pooling};
use fetch::{Options, Report, Source, sources_dir};
use files::Fault;

use grid::source::manifests_dir;

/// Reads the texts of a source from its downloaded files, after a verification of their checksums, and writes them with
/// `jobs.json` into `out` or into the cache. It does not use the network.
///
/// # Errors
/// A source without `texts`; files that have not been fetched or have changed since; all that [`gather`] refuses.
pub fn run(name: &str, cache: Option<&Path>, out: Option<&Path>) -> Result<String> {
    let mut options = Options::from_env(&sources_dir(&manifests_dir(Path::new("."))))?;
    options.offline = true;
    options.say = Arc::new(|_| ());
    if let Some(cache) = cache {
        options.cache = cache.to_path_buf();
    }
    let source = Source::find(name, &options.sources)?;
    let Some(recipe) = &source.texts else {
        let found = "its source file has no `texts`, so there is no text to read";
        bail!(Fault::input(format!("{name}: {found}; docs/embedding.md says what can be embedded")));
    };
    let fetched = fetch::fetch(name, &options).with_context(|| format!("cannot read the texts of {name}"))?;
    let gathered = gather(recipe, &source.parts(), &fetched.folder, &fetched.names(), &source.splits.rows)?;
    let folder = match out {
        Some(out) => std::path::absolute(out)?,
        None => std::path::absolute(source.embedded_in(&options))?,
    };
    let path = jobs::write(&folder, &gathered, plan(&source, recipe, &fetched, &options)?)?;
    let mut lines: Vec<String> = gathered.notes.clone();
    let rows: Vec<String> =
        gathered.splits.iter().map(|(split, items)| format!("{} {}", split.name(), items.ids.len())).collect();
    lines.push(format!(
        "{}: {} in {} parts, for {} encoders",
        source.name,
        rows.join(", "),
        gathered.parts.len(),
        source.views.len()
    ));
    // xtask reads the path from the last line
    lines.push(path.display().to_string());
    Ok(lines.join("\n"))
}

/// The job of every encoder.
fn plan(source: &Source, recipe: &Recipe, fetched: &Report, options: &Options) -> Result<Jobs> {
    let mut views = Vec::new();
    for view in &source.views {
        let pool = match view.pooling {
            Pooling::Mean => Some("mean".to_owned()),
            Pooling::Cls => Some("cls".to_owned()),
            Pooling::Projected => None,
            Pooling::Pooler => {
                let found = "the pooled output of a text encoder cannot be had; expected mean, cls or projected";
                bail!(Fault::input(format!("view `{}`: {found}", view.name)))
            }
        };
        let (model, revision) = fetch::encoder_place(&view.encoder, view.revision.as_deref(), options)?;
        let splits = recipe.splits().into_iter();
        views.push(View {
            name: view.name.clone(),
            of: view.of.clone(),
            encoder: view.encoder.clone(),
            revision,
            model: std::path::absolute(model)?,
            pool,
            max_length: recipe.max_length,
            dictionary: match &view.dictionary {
                Some(file) => Some(std::path::absolute(fetched.folder.join(file))?),
                None => None,
            },
            out: format!("{}.safetensors", view.name),
            inputs: splits.map(|split| (split, input(&view.of, split))).collect(),
            kind: Default::default(),
            edges: None,
        });
    }
    Ok(Jobs {
        name: source.name.clone(),
        title: source.title.clone(),
        licence: source.licence.clone(),
        source: format!("text {}; encoders as named per view", origins(source, fetched)),
        splits: Default::default(),
        labels: recipe.labels.keys().cloned().collect(),
        groups: recipe.groups.keys().cloned().collect(),
        views,
    })
}

/// The repositories with their commits, and other addresses, except those of dictionaries.
fn origins(source: &Source, fetched: &Report) -> String {
    let commit = |hub: &Hub| {
        let of_hub = fetched.files.iter().filter(|file| file.url.contains(&format!("/{}/", hub.repository)));
        hub.revision.clone().or_else(|| of_hub.filter_map(|file| file.revision.clone()).next())
    };
    let origin = |origin: &Origin| match origin {
        Origin::Hub { hub, .. } => match commit(hub) {
            Some(commit) => format!("{} at {commit}", hub.repository),
            None => hub.repository.clone(),
        },
        Origin::Web { url, .. } => url.to_string(),
    };
    // A dictionary is a part of an encoder: its view names it.
    let is_text = |origin: &&Origin| match origin {
        Origin::Web { file, .. } => source.views.iter().all(|view| view.dictionary.as_ref() != Some(file)),
        Origin::Hub { .. } => true,
    };
    source.origins.iter().filter(is_text).map(origin).collect::<Vec<_>>().join(", ")
}
