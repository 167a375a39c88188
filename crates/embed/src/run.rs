//! A run: items through an encoder into a tensor of a file, with a progress bar.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    time::Instant,
};

use anyhow::Result;
use clap::{Args, ValueEnum};
use embed::{EmbedError, Embeddings, Job, Pool, SoundEncoder, TextEncoder, fingerprint, input, pictures::Edges};
use indicatif::{ProgressBar, ProgressStyle};

/// Options of every run.
#[derive(Args)]
pub(crate) struct Common {
    /// The encoder: a folder with config.json and model.safetensors
    #[arg(long, value_name = "FOLDER")]
    pub(crate) model: PathBuf,
    /// The result: a safetensors file; other tensors in it are kept
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
    /// The tensor to write, such as the name of a split
    #[arg(long, value_name = "NAME")]
    pub(crate) tensor: String,
    #[command(flatten)]
    pub(crate) sizes: Sizes,
}

/// Sizes of batches and shards.
#[derive(Args, Clone, Copy)]
pub(crate) struct Sizes {
    /// Items that go through the encoder together; sounds always go one by one
    #[arg(long, default_value_t = 32)]
    pub(crate) batch: usize,
    /// Items per shard: what a killed run can lose
    #[arg(long, default_value_t = 1024)]
    pub(crate) shard: usize,
}

#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Pooling {
    /// Mean over the attention mask
    Mean,
    /// First token
    Cls,
}

impl From<Pooling> for Pool {
    fn from(pooling: Pooling) -> Self {
        match pooling {
            Pooling::Mean => Self::Mean,
            Pooling::Cls => Self::Cls,
        }
    }
}

#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum EdgeKind {
    /// Canny
    Canny,
    /// Scharr gradient
    Scharr,
    /// Difference of Gaussians
    Dog,
}

impl From<EdgeKind> for Edges {
    fn from(kind: EdgeKind) -> Self {
        match kind {
            EdgeKind::Canny => Self::Canny,
            EdgeKind::Scharr => Self::Scharr,
            EdgeKind::Dog => Self::DifferenceOfGaussians,
        }
    }
}

/// Embeds the texts of one input with an open encoder.
pub(crate) fn embed_texts(common: &Common, input: &str, encoder: &TextEncoder) -> Result<()> {
    let texts = input::texts(input)?;
    let mut decides = vec![("texts", input::digest(&texts)), ("encoder", encoder.description().to_owned())];
    decides.extend(encoder.dictionary().map(|sha256| ("dictionary", sha256.to_owned())));
    run(common, &decides, encoder.width(), texts.len(), &mut |range, done| {
        let texts: Vec<&str> = texts[range].iter().map(String::as_str).collect();
        encoder.encode(&texts, common.sizes.batch, done)
    })
}

/// Embeds the sounds of one input with an open encoder.
pub(crate) fn embed_sounds(common: &Common, input: &Path, encoder: &SoundEncoder) -> Result<()> {
    let files = input::sounds(input)?;
    let decides = [("sounds", input::digest_files(&files)?), ("encoder", encoder.description())];
    run(common, &decides, encoder.width(), files.len(), &mut |range, done| encoder.encode(&files[range], done))
}

pub(crate) type Make<'a> =
    dyn FnMut(std::ops::Range<usize>, &mut dyn FnMut(usize)) -> Result<Embeddings, EmbedError> + 'a;

pub(crate) fn run(
    common: &Common,
    decides: &[(&str, String)],
    width: usize,
    items: usize,
    make: &mut Make,
) -> Result<()> {
    if common.sizes.batch == 0 {
        anyhow::bail!("--batch: found 0, expected at least 1");
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
            // The displayed speed is that of this run.
            bar.reset_eta();
        },
        &mut |range| {
            let rows = make(range, &mut |n| bar.inc(n as u64))?;
            // Without a visible bar, a line is printed per shard.
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
