//! `embed jobs`: the jobs that `runner texts` has listed, one encoder after the other.

use std::{
    collections::HashMap,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Error, Result, anyhow, bail};
use clap::{Args, ValueEnum};
use embed::{EmbedError, PictureEncoder, Pool, SoundEncoder, TextEncoder, TextOptions};
use files::jobs::{Jobs as List, Kind, View};
use safetensors::SafeTensors;

use crate::{
    picture_jobs::{embed_pictures, filter},
    run::{Batch, Common, Place, Pooling, Rows, Shard, embed_sounds, embed_texts},
};

/// All texts, pictures or sounds of a data set.
#[derive(Args)]
pub(crate) struct Jobs {
    /// The jobs.json that `runner texts` wrote
    file: PathBuf,
    /// Only these views
    #[arg(long, value_name = "NAME,..", value_delimiter = ',')]
    views: Vec<String>,
    /// Leave out views whose encoder cannot be run here, instead of stopping before the first
    #[arg(long)]
    skip_refused: bool,
    #[command(flatten)]
    batch: Batch,
    #[command(flatten)]
    shard: Shard,
    #[command(flatten)]
    place: Place,
}

/// Embeds every split of every view. All encoders are opened before the first one runs, so that an encoder that cannot
/// be run is reported at the beginning and not after hours.
///
/// # Errors
/// No list; a view that is not in it; encoders that cannot be run, unless they are to be skipped; errors of the
/// embedding.
pub(crate) fn run(args: &Jobs) -> Result<()> {
    let bytes = fs::read(&args.file).with_context(|| format!("{}: cannot be read", args.file.display()))?;
    let list: List = serde_json::from_slice(&bytes)
        .with_context(|| format!("{}: not what `runner texts` writes", args.file.display()))?;
    if let Some(problem) = list.outside() {
        bail!("{}: {problem}; list the jobs again with `runner texts`", args.file.display());
    }
    let folder = args.file.parent().unwrap_or(Path::new(""));
    let mut to_do = Vec::new();
    let mut refused = Vec::new();
    for view in chosen(&list.views, &args.views)? {
        if supplied(view, folder)? {
            say::out!("{}: as it was supplied in {}", view.name, folder.join(&view.out).display());
            continue;
        }
        match open(view, &list.name, args.place) {
            Ok(_) => to_do.push(view),
            Err(error) if error.is_refusal() => refused.push((view, error)),
            Err(error) => {
                return Err(in_jobs(error.into(), &args.file)).with_context(|| format!("view `{}`", view.name));
            }
        }
    }
    for (view, error) in &refused {
        say::err!("{}", refusal(view, error, folder));
    }
    if !refused.is_empty() && !args.skip_refused {
        let names: Vec<String> = refused.iter().map(|(view, _)| format!("`{}`", view.name)).collect();
        bail!(
            "no encoder for {} here, nothing was embedded; supply what is missing as said above, or leave it out with --skip-refused",
            names.join(", ")
        );
    }
    for (i, view) in to_do.iter().enumerate() {
        say::out!("view {} of {}: {}, {}", i + 1, to_do.len(), view.name, view.encoder);
        let encoder = open(view, &list.name, args.place)?;
        for (split, input) in &view.inputs {
            let common = Common {
                model: view.model.clone(),
                out: folder.join(&view.out),
                tensor: split.clone(),
                shard: args.shard,
                place: args.place,
            };
            let input = folder.join(input);
            let rows =
                view.average.get(split).map(|list| Rows::read(&folder.join(list))).transpose()?.unwrap_or_default();
            let done = match &encoder {
                Encoder::Text(encoder) => {
                    embed_texts(&common, args.batch, &input.display().to_string(), &rows, encoder)
                }
                Encoder::Picture(encoder) => {
                    embed_pictures(&common, args.batch, &input, &rows, (view, split, folder), encoder)
                }
                Encoder::Sound(encoder) => embed_sounds(&common, &input, &rows, encoder),
            };
            done.map_err(|error| in_jobs(error, &args.file))
                .with_context(|| format!("view `{}`, {split}", view.name))?;
        }
    }
    Ok(())
}

/// Keys of jobs.json in place of the options of the other commands.
const KEYS: [(&str, &str); 6] = [
    ("--input", "inputs"),
    ("--tensor", "inputs"),
    ("--out", "out"),
    ("--pool", "pool"),
    ("--max-length", "max_length"),
    ("--dictionary", "dictionary"),
];

/// An error of the library, whose advice is for the other commands, in words for this one, which has none of their
/// options.
fn in_jobs(error: Error, file: &Path) -> Error {
    match error.downcast::<EmbedError>() {
        Ok(EmbedError::Occupied { path, problem }) => {
            anyhow!("{}: {problem}; move it away and run the same command again", path.display())
        }
        Ok(EmbedError::Argument { argument, problem }) => match KEYS.iter().find(|(option, _)| *option == argument) {
            Some((_, key)) => anyhow!("{}: {key}: {problem}", file.display()),
            None => EmbedError::Argument { argument, problem }.into(),
        },
        Ok(other) => other.into(),
        Err(error) => error,
    }
}

/// The requested views; all without a request.
fn chosen<'v>(views: &'v [View], names: &[String]) -> Result<Vec<&'v View>> {
    if let Some(unknown) = names.iter().find(|name| !views.iter().any(|view| view.name == **name)) {
        let known: Vec<String> = views.iter().map(|view| format!("`{}`", view.name)).collect();
        bail!("--views: no view `{unknown}`; the views are {}", known.join(", "));
    }
    Ok(views.iter().filter(|view| names.is_empty() || names.contains(&view.name)).collect())
}

/// Whether a view's file has all its tensors and no run of this program made them.
fn supplied(view: &View, folder: &Path) -> Result<bool> {
    let path = folder.join(&view.out);
    if !path.exists() {
        return Ok(false);
    }
    let bytes = fs::read(&path).with_context(|| format!("{}: cannot be read", path.display()))?;
    let broken = || format!("{}: not a valid safetensors file; remove it", path.display());
    let (_, header) = SafeTensors::read_metadata(&bytes).with_context(broken)?;
    let ours = header.metadata().as_ref().is_some_and(|texts: &HashMap<String, String>| texts.contains_key("embed"));
    let tensors = header.tensors();
    Ok(!ours && view.inputs.keys().all(|split| tensors.contains_key(split)))
}

/// The encoder of a view.
enum Encoder {
    Text(Box<TextEncoder>),
    Picture(Box<PictureEncoder>),
    Sound(Box<SoundEncoder>),
}

fn open(view: &View, set: &str, place: Place) -> Result<Encoder, EmbedError> {
    if let Some(dictionary) = view.dictionary.as_ref().filter(|dictionary| !dictionary.exists()) {
        let name = dictionary.file_name().unwrap_or_default().display();
        return Err(EmbedError::Missing {
            folder: dictionary.parent().unwrap_or(Path::new("")).to_owned(),
            wanted: format!("`{name}`, the dictionary of view `{}`,", view.name),
            advice: format!("`runner fetch {set}` downloads it"),
        });
    }
    if view.kind == Kind::Pictures {
        filter(view)?;
        return Ok(Encoder::Picture(Box::new(PictureEncoder::open_on(&view.model, place.device)?)));
    }
    if view.kind == Kind::Sounds {
        return Ok(Encoder::Sound(Box::new(SoundEncoder::open_on(&view.model, place.device)?)));
    }
    let pool: Option<Pool> = match view.pool.as_deref() {
        None => None,
        Some(name) => {
            let pooling = Pooling::from_str(name, false);
            let problem = || format!("jobs.json: pool: found `{name}`, expected mean, cls or null");
            Some(pooling.map_err(|_| EmbedError::Argument { argument: "jobs", problem: problem() })?.into())
        }
    };
    let options = TextOptions { pool, max_length: view.max_length, dictionary: view.dictionary.clone() };
    Ok(Encoder::Text(Box::new(TextEncoder::open_on(&view.model, options, place.device)?)))
}

/// The reason why the encoder is not run, and other ways to the view.
fn refusal(view: &View, error: &EmbedError, folder: &Path) -> String {
    let texts: Vec<String> = view.inputs.values().map(|input| folder.join(input).display().to_string()).collect();
    let splits: Vec<String> = view.inputs.keys().map(|split| format!("`{split}`")).collect();
    let cut = view.max_length.map(|tokens| format!(", cut at {tokens} tokens")).unwrap_or_default();
    let pool = view.pool.as_deref().unwrap_or("as the encoder's folder says");
    let edges = match view.edges.iter().flat_map(|edges| edges.lists.values()).next() {
        Some(_) => ", pictures of the lists of edges in jobs.json as edge maps",
        None => "",
    };
    let mean = if view.average.is_empty() { "" } else { ", the mean over the inputs of an item as its row" };
    format!(
        "refused: view `{}`, {}: {error}\n  its {} are {}\n  embed them elsewhere (pooling {pool}{cut}{edges}{mean}) and put \
         them into {}: tensors {}, f32 [items, width], in their order; then run the same command again",
        view.name,
        view.encoder,
        match view.kind {
            Kind::Pictures => "pictures",
            Kind::Sounds => "sounds",
            _ => "texts",
        },
        texts.join(" and "),
        folder.join(&view.out).display(),
        splits.join(" and "),
    )
}
