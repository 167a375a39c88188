//! A run: items through an encoder into a tensor of a file, with a progress bar.

use std::{
    collections::BTreeMap,
    ops::Range,
    path::{Path, PathBuf},
    time::Instant,
};

use anyhow::{Context, Result, bail};
use clap::{Args, ValueEnum};
use embed::{
    Device, EmbedError, Embeddings, Job, Pool, SoundEncoder, TextEncoder, fingerprint, input, model_folder,
    pictures::Edges,
};
use indicatif::{ProgressBar, ProgressStyle};

/// Options of every run.
#[derive(Args)]
pub(crate) struct Common {
    /// The encoder: a folder with config.json and model.safetensors, or OWNER/NAME[@REVISION] in the hub's cache
    #[arg(long, value_name = "MODEL")]
    pub(crate) model: PathBuf,
    /// The result: a safetensors file; other tensors in it are kept
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
    /// The tensor to write, such as the name of a split
    #[arg(long, value_name = "NAME")]
    pub(crate) tensor: String,
    #[command(flatten)]
    pub(crate) shard: Shard,
    #[command(flatten)]
    pub(crate) place: Place,
}

impl Common {
    /// Puts the folder of the encoder in place of its name in the hub's cache.
    ///
    /// # Errors
    /// The errors of [`model_folder`].
    pub(crate) fn find_model(&mut self) -> Result<()> {
        let folder = model_folder(&self.model)?;
        if folder != self.model {
            say::out!("{} is {}", self.model.display(), folder.display());
            self.model = folder;
        }
        Ok(())
    }
}

/// Size of shards.
#[derive(Args, Clone, Copy)]
pub(crate) struct Shard {
    /// Items per shard: what a killed run can lose
    #[arg(long, default_value_t = 1024)]
    pub(crate) shard: usize,
}

/// Size of batches.
#[derive(Args, Clone, Copy)]
pub(crate) struct Batch {
    /// Texts or pictures that go through the encoder together
    #[arg(long, default_value_t = 32)]
    batch: usize,
}

impl Batch {
    /// The size.
    ///
    /// # Errors
    /// It is 0.
    pub(crate) fn size(self) -> Result<usize> {
        if self.batch == 0 {
            bail!("--batch: found 0, expected at least 1");
        }
        Ok(self.batch)
    }
}

/// Where a run computes.
#[derive(Args, Clone, Copy)]
pub(crate) struct Place {
    /// Device of the encoder: cpu, cuda, cuda:N or metal; all but cpu need a program that was built for them
    #[arg(long, value_name = "DEVICE", default_value_t, value_parser = device)]
    pub(crate) device: Device,
}

/// A device by its name; the message of clap names the option itself.
fn device(name: &str) -> Result<Device, String> {
    name.parse().map_err(|error| match error {
        EmbedError::Argument { problem, .. } => problem,
        other => other.to_string(),
    })
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

/// Rows of a result: one for each input, or means over consecutive inputs.
#[derive(Default)]
pub(crate) struct Rows {
    /// First input of each row, and the number of inputs; empty if every input is a row.
    starts: Vec<usize>,
}

impl Rows {
    /// Reads a list with the row of each input: numbers from 0, ascending, none left out.
    ///
    /// # Errors
    /// The list cannot be read, or holds other lines.
    pub(crate) fn read(list: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(list).with_context(|| format!("{}: cannot be read", list.display()))?;
        let mut starts = Vec::new();
        let mut inputs = 0;
        for line in text.lines() {
            let next = starts.len();
            match line.parse::<usize>() {
                Ok(row) if row == next => starts.push(inputs),
                Ok(row) if row + 1 == next => {}
                _ => {
                    let last = next.saturating_sub(1);
                    bail!(
                        "{}:{}: found `{line}`, expected {last} or {next}: the row of each input, ascending; list the jobs again",
                        list.display(),
                        inputs + 1
                    )
                }
            }
            inputs += 1;
        }
        starts.push(inputs);
        Ok(Self { starts })
    }

    /// Number of rows of so many inputs.
    fn count(&self, inputs: usize) -> Result<usize> {
        match self.starts.split_last() {
            None => Ok(inputs),
            Some((listed, rows)) if *listed == inputs => Ok(rows.len()),
            Some((listed, _)) => {
                bail!("found {inputs} inputs, expected {listed}, as the list of means has; list the jobs again")
            }
        }
    }

    /// The inputs of some rows.
    fn inputs(&self, rows: &Range<usize>) -> Range<usize> {
        if self.starts.is_empty() { rows.clone() } else { self.starts[rows.start]..self.starts[rows.end] }
    }

    /// Means of the rows of the inputs of some rows.
    fn means(&self, rows: &Range<usize>, made: Embeddings) -> Result<Embeddings, EmbedError> {
        if self.starts.is_empty() {
            return Ok(made);
        }
        let first = self.starts[rows.start];
        let mut means = Embeddings::zeros(rows.len(), made.width());
        for row in rows.clone() {
            let inputs = self.starts[row] - first..self.starts[row + 1] - first;
            let mut sum = vec![0.0f64; made.width()];
            for input in inputs.clone() {
                sum.iter_mut().zip(made.row(input)).for_each(|(sum, value)| *sum += f64::from(*value));
            }
            let mean: Vec<f32> = sum.iter().map(|sum| (sum / inputs.len() as f64) as f32).collect();
            means.set(row - rows.start, &mean)?;
        }
        Ok(means)
    }

    /// Checksum of all rows, if they are means.
    fn checksum(&self) -> Option<String> {
        let starts: Vec<String> = self.starts.iter().map(usize::to_string).collect();
        (!starts.is_empty()).then(|| input::digest(&starts))
    }

    /// Checksum of some rows and of their inputs.
    fn checksum_of(&self, rows: &Range<usize>, inputs: &Inputs<'_>) -> String {
        let all = self.inputs(rows);
        let first = all.start;
        let of_inputs = (inputs.part)(all);
        if self.starts.is_empty() {
            return of_inputs;
        }
        let starts = self.starts[rows.start..=rows.end].iter().map(|start| (start - first).to_string());
        input::digest(std::iter::once(of_inputs).chain(starts))
    }
}

/// The inputs of a run, and all that decides their numbers.
pub(crate) struct Inputs<'a> {
    /// Number of inputs.
    pub(crate) count: usize,
    /// Checksums of all inputs, by what they are.
    pub(crate) whole: Vec<(&'static str, String)>,
    /// Checksum of some inputs.
    pub(crate) part: &'a dyn Fn(Range<usize>) -> String,
    /// The encoder in words.
    pub(crate) encoder: String,
    /// Further settings, such as the size of batches.
    pub(crate) settings: Vec<(&'static str, String)>,
}

/// Embeds the texts of one input with an open encoder.
pub(crate) fn embed_texts(
    common: &Common,
    batch: Batch,
    input: &str,
    rows: &Rows,
    encoder: &TextEncoder,
) -> Result<()> {
    let (texts, batch) = (input::texts(input)?, batch.size()?);
    let mut settings = vec![("batch", batch.to_string())];
    settings.extend(encoder.dictionary().map(|sha256| ("dictionary", sha256.to_owned())));
    let inputs = Inputs {
        count: texts.len(),
        whole: vec![("texts", input::digest(&texts))],
        part: &|range| input::digest(&texts[range]),
        encoder: encoder.description().to_owned(),
        settings,
    };
    run(common, &inputs, encoder.width(), rows, &mut |range, done| {
        let first = range.start;
        let texts: Vec<&str> = texts[range].iter().map(String::as_str).collect();
        encoder.encode(&texts, batch, done).map_err(|error| input::located(error, input, first))
    })
}

/// Embeds the sounds of one input with an open encoder.
pub(crate) fn embed_sounds(common: &Common, input: &Path, rows: &Rows, encoder: &SoundEncoder) -> Result<()> {
    let files = input::sounds(input)?;
    let sums = input::checksums(&files)?;
    let inputs = Inputs {
        count: files.len(),
        whole: vec![("sounds", input::digest(&sums))],
        part: &|range| input::digest(&sums[range]),
        encoder: encoder.description(),
        settings: Vec::new(),
    };
    run(common, &inputs, encoder.width(), rows, &mut |range, done| encoder.encode(&files[range], done))
}

pub(crate) type Make<'a> = dyn FnMut(Range<usize>, &mut dyn FnMut(usize)) -> Result<Embeddings, EmbedError> + 'a;

/// Embeds inputs with `make`, which gets ranges of inputs, into the rows of the result.
pub(crate) fn run(common: &Common, source: &Inputs<'_>, width: usize, rows: &Rows, make: &mut Make) -> Result<()> {
    let inputs = source.count;
    let items = rows.count(inputs)?;
    let shard = common.shard.shard;
    let owned = |list: &[(&str, String)]| -> BTreeMap<String, String> {
        list.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect()
    };
    let mut settings = owned(&source.settings);
    settings.insert("encoder".into(), source.encoder.clone());
    settings.insert("model".into(), fingerprint(&common.model)?);
    settings.insert("shard".into(), shard.to_string());
    settings.insert("version".into(), env!("CARGO_PKG_VERSION").into());
    let device = common.place.device;
    // Only another kind than the CPU is recorded, so that records from before there was a choice remain valid.
    settings.extend((device != Device::Cpu).then(|| ("device".into(), device.kind().into())));
    let on = if device == Device::Cpu { String::new() } else { format!(", on {device}") };
    let mut whole = owned(&source.whole);
    whole.extend(rows.checksum().map(|means| ("means".into(), means)));
    match inputs == items {
        true => say::out!("{items} items, {}{on}", source.encoder),
        false => say::out!("{items} items, means over {inputs} inputs, {}{on}", source.encoder),
    }
    // A shard of no items is refused below.
    let starts = (0..items).step_by(shard.max(1));
    let shards = starts.map(|start| rows.checksum_of(&(start..items.min(start + shard)), source)).collect();
    let job = Job {
        out: common.out.clone(),
        tensor: common.tensor.clone(),
        items,
        width,
        shard,
        settings,
        inputs: whole,
        shards,
    };
    // Without means the inputs are the items.
    let what = if inputs == items { "items" } else { "inputs" };
    let style = format!("{{bar:40}} {{pos}}/{{len}} {what}, {{per_sec}}, {{eta}} to go");
    let bar = ProgressBar::new(inputs as u64).with_style(ProgressStyle::with_template(&style)?);
    let start = Instant::now();
    let outcome = job.run(
        &mut |resumed| {
            // Shards are made in order, so rows that exist are the first, unless an input was repaired.
            bar.set_position(rows.inputs(&(0..resumed)).end as u64);
            // The displayed speed is that of this run.
            bar.reset_eta();
        },
        &mut |range| {
            let made = make(rows.inputs(&range), &mut |n| bar.inc(n as u64))?;
            // Without a visible bar, a line is printed per shard.
            if bar.is_hidden() {
                say::err!("{} of {inputs} {what}, {:.1} {what}/s", bar.position(), bar.per_sec());
            }
            rows.means(&range, made)
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
