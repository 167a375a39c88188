//! `embed`: embeddings of texts, pictures or sounds by an encoder in a folder.

// Readers of the output may leave, or the disk may be full: see `say`.
#![warn(clippy::print_stdout, clippy::print_stderr)]

mod jobs;
mod picture_jobs;
mod run;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::Result;
use clap::{Args, Parser, Subcommand};
use embed::{PictureEncoder, Pool, SoundEncoder, TextEncoder, TextOptions, input, pictures};

use crate::run::{Batch, Common, EdgeKind, Inputs, Pooling, Rows, embed_sounds, embed_texts, run};

/// Texts, pictures and sounds to embeddings
#[derive(Parser)]
#[command(name = "embed", version, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Texts by an encoder of one of the supported architectures
    #[command(after_help = families(embed::supported::TEXT_FAMILIES))]
    Text(Text),
    /// All texts of a data set: what `runner texts` has listed in jobs.json
    Jobs(jobs::Jobs),
    /// Pictures by an encoder of one of the supported architectures
    #[command(after_help = families(embed::supported::PICTURE_FAMILIES))]
    Pictures(Pictures),
    /// Sounds by an encoder of one of the supported architectures
    #[command(after_help = families(embed::supported::SOUND_FAMILIES))]
    Sounds(Sounds),
    /// Edge maps of pictures, as PNG files
    Edges(EdgeMaps),
}

#[derive(Args)]
struct Text {
    #[command(flatten)]
    common: Common,
    #[command(flatten)]
    batch: Batch,
    /// `lines.txt`, one text a line, or `file.jsonl#field`, one object a line
    #[arg(long, value_name = "FILE")]
    input: String,
    /// Pool the last hidden state like this, whatever modules.json says [default: modules.json, else mean]
    #[arg(long)]
    pool: Option<Pooling>,
    /// Cut at so many tokens [default: what the folder says]
    #[arg(long, value_name = "TOKENS")]
    max_length: Option<usize>,
    /// Dictionary of a Japanese tokenizer: the sources of IPADIC, as a folder or a tar archive
    #[arg(long, value_name = "PATH")]
    dictionary: Option<PathBuf>,
}

#[derive(Args)]
struct Pictures {
    #[command(flatten)]
    common: Common,
    #[command(flatten)]
    batch: Batch,
    /// A folder of pictures, taken by name, or a text file with a path a line
    #[arg(long, value_name = "PATH")]
    input: PathBuf,
    /// Embed edge maps in place of the pictures
    #[arg(long)]
    edges: Option<EdgeKind>,
}

#[derive(Args)]
struct Sounds {
    #[command(flatten)]
    common: Common,
    /// A folder of sounds (WAV, FLAC, OGG, MP3), taken by name, or a text file with a path a line
    #[arg(long, value_name = "PATH")]
    input: PathBuf,
    /// An option of texts and pictures only
    #[arg(long, hide = true)]
    batch: Option<String>,
}

#[derive(Args)]
struct EdgeMaps {
    /// A folder of pictures, taken by name, or a text file with a path a line
    #[arg(long, value_name = "PATH")]
    input: PathBuf,
    /// Which map
    #[arg(long)]
    kind: EdgeKind,
    /// Where the maps go, each under its picture's name as .png
    #[arg(long, value_name = "FOLDER")]
    out: PathBuf,
}

/// The last line of a help text.
fn families(names: &[&str]) -> String {
    format!("Architectures: {}", names.join(", "))
}

fn main() -> ExitCode {
    let result = match Cli::parse().command {
        Command::Text(text) => texts(text),
        Command::Jobs(jobs) => jobs::run(&jobs),
        Command::Pictures(pictures) => embed_pictures(pictures),
        Command::Sounds(sounds) => embed_sounds_of(sounds),
        Command::Edges(maps) => edge_maps(&maps),
    };
    match result.and_then(|()| say::trouble().map_or(Ok(()), |trouble| Err(anyhow::anyhow!(trouble)))) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say::err!("embed: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn texts(mut args: Text) -> Result<()> {
    args.common.find_model()?;
    let options = TextOptions {
        pool: args.pool.map(Pool::from),
        max_length: args.max_length,
        dictionary: args.dictionary.clone(),
    };
    let encoder = TextEncoder::open_on(&args.common.model, options, args.common.place.device)?;
    embed_texts(&args.common, args.batch, &args.input, &Rows::default(), &encoder)
}

fn embed_sounds_of(mut args: Sounds) -> Result<()> {
    if args.batch.is_some() {
        anyhow::bail!("--batch: sounds go through the encoder one by one; leave this option out");
    }
    args.common.find_model()?;
    let encoder = SoundEncoder::open_on(&args.common.model, args.common.place.device)?;
    embed_sounds(&args.common, &args.input, &Rows::default(), &encoder)
}

fn embed_pictures(mut args: Pictures) -> Result<()> {
    args.common.find_model()?;
    let files = input::pictures(&args.input)?;
    let edges = args.edges.map(pictures::Edges::from);
    let encoder = PictureEncoder::open_on(&args.common.model, args.common.place.device)?;
    let (sums, batch) = (input::checksums(&files)?, args.batch.size()?);
    let edges_in_words = edges.map_or("none".to_owned(), |edges| edges.to_string());
    let inputs = Inputs {
        count: files.len(),
        whole: vec![("pictures", input::digest(&sums))],
        part: &|range| input::digest(&sums[range]),
        encoder: encoder.description(),
        settings: vec![("batch", batch.to_string()), ("edges", edges_in_words)],
    };
    run(&args.common, &inputs, encoder.width(), &Rows::default(), &mut |range, done| {
        encoder.encode(&files[range], batch, edges, done)
    })
}

fn edge_maps(args: &EdgeMaps) -> Result<()> {
    let files = input::pictures(&args.input)?;
    std::fs::create_dir_all(&args.out)?;
    let mut names: BTreeMap<PathBuf, &Path> = BTreeMap::new();
    for file in &files {
        let name = PathBuf::from(format!("{}.png", file.file_stem().unwrap_or_default().display()));
        if let Some(other) = names.insert(name.clone(), file) {
            anyhow::bail!("{} and {} would both become {}", other.display(), file.display(), name.display());
        }
    }
    for (name, file) in &names {
        let picture = pictures::Rgb::open(file)?;
        pictures::Edges::from(args.kind).of(&picture).write(&args.out.join(name))?;
    }
    say::out!("{} edge maps in {}", files.len(), args.out.display());
    Ok(())
}
