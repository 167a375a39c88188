//! `embed`: texts or pictures and an encoder's folder in, a file of embeddings out.

// Whoever reads what is printed may leave, or have no room: see `say`.
#![warn(clippy::print_stdout, clippy::print_stderr)]

mod jobs;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::ExitCode,
    time::Instant,
};

use anyhow::Result;
use clap::{Args, Parser, Subcommand, ValueEnum};
use embed::{
    EmbedError, Embeddings, Job, PictureEncoder, Pool, TextEncoder, TextOptions, fingerprint, input, pictures,
};
use indicatif::{ProgressBar, ProgressStyle};

/// Text and pictures to embeddings
#[derive(Parser)]
#[command(version, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Texts: BERT, RoBERTa, XLM-RoBERTa, CamemBERT, DistilBERT, MPNet, T5, CLIP
    Text(Text),
    /// All texts of a data set: what `runner texts` has listed in jobs.json
    Jobs(jobs::Jobs),
    /// Pictures: ViT, DINOv2, CLIP, ResNet, ConvNeXt
    Pictures(Pictures),
    /// Edge maps of pictures, as PNG files
    Edges(EdgeMaps),
}

/// What every run says.
#[derive(Args)]
struct Common {
    /// The encoder: a folder with config.json and model.safetensors
    #[arg(long, value_name = "FOLDER")]
    model: PathBuf,
    /// The result: a safetensors file; other tensors in it are kept
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// The tensor to write, such as the name of a split
    #[arg(long, value_name = "NAME")]
    tensor: String,
    #[command(flatten)]
    sizes: Sizes,
}

/// How much is done at a time.
#[derive(Args, Clone, Copy)]
struct Sizes {
    /// Items that go through the encoder together
    #[arg(long, default_value_t = 32)]
    batch: usize,
    /// Items per shard: what a killed run can lose
    #[arg(long, default_value_t = 1024)]
    shard: usize,
}

#[derive(Args)]
struct Text {
    #[command(flatten)]
    common: Common,
    /// `lines.txt`, one text a line, or `file.jsonl#field`, one object a line
    #[arg(long, value_name = "FILE")]
    input: String,
    /// Pool the last hidden state like this, whatever modules.json says [default: modules.json, else mean]
    #[arg(long)]
    pool: Option<Pooling>,
    /// Cut at so many tokens [default: what the folder says]
    #[arg(long, value_name = "TOKENS")]
    max_length: Option<usize>,
}

#[derive(Args)]
struct Pictures {
    #[command(flatten)]
    common: Common,
    /// A folder of pictures, taken by name, or a text file with a path a line
    #[arg(long, value_name = "PATH")]
    input: PathBuf,
    /// Embed edge maps in place of the pictures
    #[arg(long)]
    edges: Option<Kind>,
}

#[derive(Args)]
struct EdgeMaps {
    /// A folder of pictures, taken by name, or a text file with a path a line
    #[arg(long, value_name = "PATH")]
    input: PathBuf,
    /// Which map
    #[arg(long)]
    kind: Kind,
    /// Where the maps go, each under its picture's name as .png
    #[arg(long, value_name = "FOLDER")]
    out: PathBuf,
}

#[derive(Clone, Copy, ValueEnum)]
enum Pooling {
    /// Mean over the attention mask
    Mean,
    /// First token
    Cls,
}

#[derive(Clone, Copy, ValueEnum)]
enum Kind {
    /// Canny
    Canny,
    /// Scharr gradient
    Scharr,
    /// Difference of Gaussians
    Dog,
}

impl From<Kind> for pictures::Edges {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Canny => Self::Canny,
            Kind::Scharr => Self::Scharr,
            Kind::Dog => Self::DifferenceOfGaussians,
        }
    }
}

fn main() -> ExitCode {
    let result = match Cli::parse().command {
        Command::Text(text) => texts(&text),
        Command::Jobs(jobs) => jobs::run(&jobs),
        Command::Pictures(pictures) => embed_pictures(&pictures),
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

impl From<Pooling> for Pool {
    fn from(pooling: Pooling) -> Self {
        match pooling {
            Pooling::Mean => Self::Mean,
            Pooling::Cls => Self::Cls,
        }
    }
}

fn texts(args: &Text) -> Result<()> {
    let options = TextOptions { pool: args.pool.map(Pool::from), max_length: args.max_length };
    embed_texts(&args.common, &args.input, &TextEncoder::open(&args.common.model, options)?)
}

/// The texts of one input through an encoder that is open.
fn embed_texts(common: &Common, input: &str, encoder: &TextEncoder) -> Result<()> {
    let texts = input::texts(input)?;
    let decides = [("texts", input::digest(&texts)), ("encoder", encoder.description().to_owned())];
    run(common, &decides, encoder.width(), texts.len(), &mut |range, done| {
        let texts: Vec<&str> = texts[range].iter().map(String::as_str).collect();
        encoder.encode(&texts, common.sizes.batch, done)
    })
}

fn embed_pictures(args: &Pictures) -> Result<()> {
    let files = input::pictures(&args.input)?;
    let edges = args.edges.map(pictures::Edges::from);
    let encoder = PictureEncoder::open(&args.common.model)?;
    let decides = [
        ("pictures", input::digest_files(&files)?),
        ("encoder", encoder.description()),
        ("edges", edges.map_or("none".to_owned(), |edges| edges.to_string())),
    ];
    run(&args.common, &decides, encoder.width(), files.len(), &mut |range, done| {
        encoder.encode(&files[range], args.common.sizes.batch, edges, done)
    })
}

type Make<'a> = dyn FnMut(std::ops::Range<usize>, &mut dyn FnMut(usize)) -> Result<Embeddings, EmbedError> + 'a;

fn run(common: &Common, decides: &[(&str, String)], width: usize, items: usize, make: &mut Make) -> Result<()> {
    if common.sizes.batch == 0 {
        anyhow::bail!("--batch: 0 given, wanted at least 1");
    }
    let mut all: BTreeMap<String, String> =
        decides.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect();
    all.insert("model".into(), fingerprint(&common.model)?);
    all.insert("batch".into(), common.sizes.batch.to_string());
    all.insert("shard".into(), common.sizes.shard.to_string());
    all.insert("version".into(), env!("CARGO_PKG_VERSION").into());
    if let Some((_, encoder)) = decides.iter().find(|(key, _)| *key == "encoder") {
        say::out!("{items} items, {encoder}");
    }
    let job = Job {
        out: common.out.clone(),
        tensor: common.tensor.clone(),
        items,
        width,
        shard: common.sizes.shard,
        decides: all,
    };
    let style = "{bar:40} {pos}/{len} items, {per_sec}, {eta} to go";
    let bar = ProgressBar::new(items as u64).with_style(ProgressStyle::with_template(style)?);
    let start = Instant::now();
    let outcome = job.run(
        &mut |resumed| {
            bar.set_position(resumed as u64);
            // so that the speed is that of this run
            bar.reset_eta();
        },
        &mut |range| {
            let rows = make(range, &mut |n| bar.inc(n as u64))?;
            // where nobody sees the bar, a line per shard
            if bar.is_hidden() {
                say::err!("{} of {items} items, {:.1} items/s", bar.position(), bar.per_sec());
            }
            Ok(rows)
        },
    )?;
    bar.finish_and_clear();
    let made = items - outcome.resumed;
    if outcome.resumed > 0 {
        say::out!("{} of {items} items were there already", outcome.resumed);
    }
    if made > 0 {
        let seconds = start.elapsed().as_secs_f64();
        say::out!("{made} items in {seconds:.1} s, {:.1} items/s", made as f64 / seconds.max(1e-9));
    }
    say::out!("{} {} [{items}, {width}], sha256 {}", common.out.display(), common.tensor, outcome.sha256);
    Ok(())
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
