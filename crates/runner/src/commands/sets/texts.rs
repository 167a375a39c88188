//! The command `runner texts`: from downloaded material to the work of encoders, with a list of jobs.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use data::items;
use data::texts::jobs::{self, Jobs, View, input};
use data::texts::{Recipe, gather};
use fetch::source::{Corrupt, Hub, Modality, Origin, Pooling};
use fetch::{Options, Report, Source, sources_dir};
use files::Fault;

use grid::source::manifests_dir;

/// Reads the texts, or lists the pictures and sounds, of a source in its downloaded files, after a verification of their
/// checksums, and writes them with `jobs.json` into `out` or into the cache. It does not use the network.
///
/// # Errors
/// A source with neither `texts` nor `items`; files that have not been fetched or have changed since; all that
/// [`gather`] and [`items::gather`] refuse.
pub fn run(name: &str, cache: Option<&Path>, out: Option<&Path>) -> Result<String> {
    let mut options = Options::from_env(&sources_dir(&manifests_dir(Path::new("."))))?;
    options.offline = true;
    options.say = Arc::new(|_| ());
    if let Some(cache) = cache {
        options.cache = cache.to_path_buf();
    }
    let source = Source::find(name, &options.sources)?;
    let nothing = || {
        let found = "its source file has neither `texts` nor `items`, so there is nothing to embed";
        Fault::input(format!("{name}: {found}; docs/embedding.md says what can be embedded"))
    };
    if source.texts.is_none() && source.items.is_none() {
        bail!(nothing());
    }
    let fetched = fetch::fetch(name, &options).with_context(|| format!("cannot read the material of {name}"))?;
    if !fetched.is_complete() {
        bail!(Fault::missing(format!("{name}: parts of it must be downloaded by hand\n{fetched}")));
    }
    let folder = match out {
        Some(out) => std::path::absolute(out)?,
        None => std::path::absolute(source.embedded_in(&options))?,
    };
    let jobs = plan(&source, &fetched, &options)?;
    let (path, notes, parts, rows) = match (&source.texts, &source.items) {
        (Some(recipe), _) => {
            let gathered = gather(recipe, &source.parts(), &fetched.folder, &fetched.names(), &source.splits.rows)?;
            let rows: Vec<_> = gathered.splits.iter().map(|(split, items)| (*split, items.ids.len())).collect();
            (jobs::write(&folder, &gathered, jobs)?, gathered.notes, gathered.parts.len(), rows)
        }
        (None, Some(recipe)) => {
            let downloaded = fetched.names().into_iter().zip(fetched.files.iter().map(|file| file.sha256.clone()));
            let sums = downloaded.chain(fetched.put.clone()).collect();
            let root = std::path::absolute(&fetched.folder)?;
            let material = items::Material { folder: &root, files: &sums, out: &folder, seed: source.splits.seed };
            let gathered = items::gather(recipe, &source.parts(), material, &source.splits.rows)?;
            let rows: Vec<_> = gathered.splits.iter().map(|(split, items)| (*split, items.ids.len())).collect();
            let path = items::write(&folder, &gathered, jobs, &edges(&source))?;
            (path, gathered.notes, gathered.parts.len(), rows)
        }
        (None, None) => bail!(nothing()),
    };
    let mut lines: Vec<String> = notes;
    let rows: Vec<String> = rows.iter().map(|(split, rows)| format!("{} {rows}", split.name())).collect();
    let (name, encoders) = (&source.name, source.views.len());
    lines.push(format!("{name}: {} in {parts} parts, for {encoders} encoders", rows.join(", ")));
    // xtask reads the path from the last line
    lines.push(path.display().to_string());
    Ok(lines.join("\n"))
}

/// Edge maps of the views by their names.
fn edges(source: &Source) -> BTreeMap<String, items::Edges> {
    let seed = source.splits.seed.unwrap_or_default();
    let of_view = |view: &fetch::source::View| {
        let Corrupt { edges, fraction, splits } = view.corrupt.as_ref()?;
        let filter = edges.name().to_owned();
        let edges = items::Edges { filter, fraction: *fraction, splits: splits.clone(), seed };
        Some((view.name.clone(), edges))
    };
    source.views.iter().filter_map(of_view).collect()
}

/// The job of every encoder.
fn plan(source: &Source, fetched: &Report, options: &Options) -> Result<Jobs> {
    let mut views = Vec::new();
    let texts = source.texts.as_ref();
    let lists = |of_texts: fn(&Recipe) -> Vec<String>, of_items: fn(&items::Recipe) -> Vec<String>| {
        texts.map(of_texts).or_else(|| source.items.as_ref().map(of_items)).unwrap_or_default()
    };
    for view in &source.views {
        let pool = match view.pooling {
            // The architectures of pictures and sounds have one way each.
            _ if view.modality != Modality::Text => None,
            Pooling::Mean => Some("mean".to_owned()),
            Pooling::Cls => Some("cls".to_owned()),
            Pooling::Projected => None,
            Pooling::Pooler => {
                let found = "the pooled output of a text encoder cannot be had; expected mean, cls or projected";
                bail!(Fault::input(format!("view `{}`: {found}", view.name)))
            }
        };
        let (model, revision) = fetch::encoder_place(&view.encoder, view.revision.as_deref(), options)?;
        let splits = texts.map(Recipe::splits).unwrap_or_default().into_iter();
        let max_length = match view.modality {
            Modality::Text => texts.map_or_else(|| source.items.as_ref()?.max_length, |recipe| recipe.max_length),
            _ => None,
        };
        views.push(View {
            name: view.name.clone(),
            of: view.of.clone(),
            encoder: view.encoder.clone(),
            revision,
            model: std::path::absolute(model)?,
            pool,
            max_length,
            dictionary: match &view.dictionary {
                Some(file) => Some(std::path::absolute(fetched.folder.join(file))?),
                None => None,
            },
            out: format!("{}.safetensors", view.name),
            inputs: splits.map(|split| (split, input(&view.of, split))).collect(),
            kind: Default::default(),
            edges: None,
            average: Default::default(),
            ids: Default::default(),
        });
    }
    Ok(Jobs {
        name: source.name.clone(),
        title: source.title.clone(),
        licence: source.licence.clone(),
        source: format!(
            "{} {}; encoders as named per view",
            if texts.is_some() { "text" } else { "material" },
            origins(source, fetched)
        ),
        splits: Default::default(),
        labels: lists(|texts| texts.labels.keys().cloned().collect(), |items| items.labels.keys().cloned().collect()),
        groups: lists(|texts| texts.groups.keys().cloned().collect(), |items| items.groups.keys().cloned().collect()),
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
    let by_hand = source.manual.iter().map(|manual| manual.what.clone());
    source.origins.iter().filter(is_text).map(origin).chain(by_hand).collect::<Vec<_>>().join(", ")
}
