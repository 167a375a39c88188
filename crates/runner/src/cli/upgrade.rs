//! `runner upgrade`: stay with an old embedding model, map the queries of a new one, or embed the documents again.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;

use super::args::FormArg;
use super::screen::{Screen, json as told, written};
use super::{Threads, json};
use crate::commands::list;
use crate::commands::universe::upgrade::{self, METHODS, Prices, UpgradeRequest};
use crate::run::outcome::Ending;

/// Decide on an upgrade of an embedding model: stay, map the new queries, or embed the documents again
#[derive(Args)]
#[command(after_help = "Examples:\n  runner upgrade scifact5 --from paraphrase-minilm-l3-v2 --to all-minilm-l6-v2\n  \
    runner upgrade mine.yaml --from old --to new --documents 10000000 --price-per-million 20 --seconds-per-thousand 3\n  \
    runner upgrade mine.yaml --from old --to new --methods pairwise --format json\n\n\
    The manifest needs roles: documents, queries with judgements, pairs. The pairs choose and fit the map; the queries only \
    judge it. docs/upgrade.md has the rules of the decision.")]
pub struct Upgrade {
    /// Data set: a name in data-manifests/, or a manifest's path
    manifest: String,
    /// View of the old model, which made the index
    #[arg(long, value_name = "VIEW")]
    from: String,
    /// View of the new model
    #[arg(long, value_name = "VIEW")]
    to: String,
    /// Number of documents of the real index, for the cost [default: those of the data set]
    #[arg(long, value_name = "N")]
    documents: Option<u64>,
    /// Price of embedding a million documents with the new model
    #[arg(long, value_name = "P")]
    price_per_million: Option<f64>,
    /// Seconds of embedding a thousand documents with the new model
    #[arg(long, value_name = "S")]
    seconds_per_thousand: Option<f64>,
    /// Methods among which the pairs choose
    #[arg(long, value_name = "A,B,..", value_delimiter = ',', default_values_t = METHODS.map(String::from))]
    methods: Vec<String>,
    /// Number of candidates per method at most
    #[arg(long, value_name = "N", default_value_t = 24)]
    budget: usize,
    /// Number of folds of the pairs
    #[arg(long, value_name = "K", default_value_t = 5)]
    folds: usize,
    /// Resamples of the queries for intervals
    #[arg(long, value_name = "N", default_value_t = 2000)]
    resamples: usize,
    /// Seed of the folds, the fits, the parts of the pairs and the resamples
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Folder to write: the page as upgrade.html and upgrade.md, and the map
    #[arg(long, value_name = "DIR", default_value = "upgrade")]
    out: PathBuf,
    /// Overwrite files that exist
    #[arg(long)]
    overwrite: bool,
    #[command(flatten)]
    form: FormArg,
    #[command(flatten)]
    threads: Threads,
}

impl Upgrade {
    /// Prints the decision, and writes the page and the map.
    pub fn run(self) -> Result<Ending> {
        for name in &self.methods {
            list::one(list::methods(), "method", name)?;
        }
        let prices = Prices {
            documents: self.documents,
            per_million: self.price_per_million,
            seconds_per_thousand: self.seconds_per_thousand,
        };
        let request = UpgradeRequest {
            manifest: self.manifest,
            from: self.from,
            to: self.to,
            methods: self.methods,
            budget: self.budget,
            folds: self.folds,
            seed: self.seed,
            resamples: self.resamples,
            prices,
            out: self.out,
            overwrite: self.overwrite,
        };
        let as_json = self.form.json();
        self.threads.run(|| {
            let upgraded = upgrade::upgrade(request, &Screen::with(as_json))?;
            if as_json {
                json(&told::upgraded(&upgraded))?;
            } else {
                say::out!("{}\n", upgrade::page(&upgraded));
                written(&upgraded.files);
            }
            Ok(Ending::Complete)
        })
    }
}
