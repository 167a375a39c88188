//! `runner recommend`: a method for a data set, chosen by cross-validation.

use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::Args;
use data::yaml;
use select::RecommendOptions;
use tasks::{Metric, Task};

use super::args::FormArg;
use super::screen::{Screen, json as told};
use super::{Threads, json, said};
use crate::commands::list;
use crate::commands::universe::{self, RecommendRequest};
use crate::run::outcome::Ending;

/// Recommend a method for a data set by cross-validation on its training rows, fit it and write it to a file
#[derive(Args)]
#[command(after_help = "Examples:\n  runner recommend mine.yaml\n  \
    runner recommend mine.yaml --methods gcca,gpa,gcpa --budget 12 --out u.safetensors\n  \
    runner recommend massive10 --task clustering --by ari --format json\n\n\
    Every method gets the same budget of candidates and the same folds. The test rows are not read. \
    docs/own-data.md explains the table.")]
pub struct Recommend {
    /// Data set: a name in data-manifests/, or a manifest's path
    manifest: String,
    /// Number of candidates per method at most
    #[arg(long, value_name = "N", default_value_t = RecommendOptions::default().budget)]
    budget: usize,
    /// Number of folds of the training rows
    #[arg(long, value_name = "K", default_value_t = RecommendOptions::default().folds)]
    folds: usize,
    /// Task on the rows that a fold holds out, as in a grid; `runner list tasks` lists them
    #[arg(long, value_name = "TASK", default_value = "retrieval")]
    task: String,
    /// Metric of the task that chooses
    #[arg(long, value_name = "METRIC", default_value = "rank1")]
    by: String,
    /// Methods to try [default: all that apply]
    #[arg(long, value_name = "A,B,..", value_delimiter = ',')]
    methods: Vec<String>,
    /// Views to use, in this order [default: all]
    #[arg(long, value_name = "A,B,..", value_delimiter = ',')]
    views: Vec<String>,
    /// Seed of the folds and the fits
    #[arg(long, default_value_t = RecommendOptions::default().seed)]
    seed: u64,
    /// File to write, .safetensors
    #[arg(long, value_name = "FILE", default_value = "universe.safetensors")]
    out: PathBuf,
    /// Overwrite a file that exists
    #[arg(long)]
    overwrite: bool,
    #[command(flatten)]
    form: FormArg,
    #[command(flatten)]
    threads: Threads,
}

impl Recommend {
    /// Prints the recommendation, and writes the fitted method.
    pub fn run(self) -> Result<Ending> {
        for name in &self.methods {
            list::one(list::methods(), "method", name)?;
        }
        let options = RecommendOptions {
            methods: self.methods,
            folds: self.folds,
            budget: self.budget,
            task: yaml::parse::<Task>(Path::new("--task"), &self.task, grid::bare_name)?.value,
            by: metric(&self.by)?,
            seed: self.seed,
            ..RecommendOptions::default()
        };
        let (seed, out) = (self.seed, self.out);
        let request = RecommendRequest {
            manifest: self.manifest,
            views: self.views,
            options,
            out: out.clone(),
            overwrite: self.overwrite,
        };
        let as_json = self.form.json();
        self.threads.run(|| {
            let found = universe::recommend(&request, &Screen::with(as_json))?;
            if !as_json {
                // The scores took the time; they are on the screen even if the fit fails.
                said(universe::page(&found));
            }
            let written = found.fit(&out, seed)?;
            match as_json {
                true => json(&told::recommended(&found, &request, &written))?,
                false => say::out!("\n{}", written.told),
            }
            Ok(Ending::Complete)
        })
    }
}

/// The metric of this name.
///
/// # Errors
/// No such metric, with the nearest name.
fn metric(name: &str) -> Result<Metric> {
    let unknown = |error| {
        let names = Metric::ALL.iter().map(|metric| metric.name());
        let hint = data::nearest(name, names).map(|name| format!("; did you mean `{name}`?")).unwrap_or_default();
        files::Fault::usage(format!("{error}{hint}"))
    };
    Ok(name.parse::<Metric>().map_err(unknown)?)
}
