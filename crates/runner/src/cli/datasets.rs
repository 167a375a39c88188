//! Commands about data sets: made of own files, looked at, written elsewhere, downloaded.

use std::path::PathBuf;
use std::sync::Arc;

use crate::commands::sets::fetch::{Encoders, FetchRequest};
use crate::commands::sets::{datasets, fetch, texts};
use crate::event::Watcher;
use crate::run::outcome::Ending;
use anyhow::Result;
use clap::{Args, ValueEnum};
use data::import::{Beir, Embedded, Files, NamedMember, QueryFiles, Splitting};
use data::{ExportFormat, SplitName};

use super::args::FormArg;
use super::screen::{Screen, json as told};
use super::{json, said};

/// Make a data set of your own files: write a manifest; the files stay where they are
#[derive(Args)]
#[command(after_help = "Examples:\n  runner import mine --view en=en.npy --view fr=fr.safetensors#emb \\\n    \
    --view de=de.parquet#vector --labels y.csv#label --ids ids.txt --split 0.8,0.2 --seed 1\n  \
    runner import mine --view en=train/en.npy --view fr=train/fr.npy \\\n    \
    --test-view en=test/en.npy --test-view fr=test/fr.npy\n  runner import mine --latentis data/mine\n  runner import mine --beir beir/scifact\n\n\
    Files: .npy, .npz, .safetensors, .parquet, .csv, .h5; lists of labels also .txt and .jsonl. After # a tensor, a column, a field, \
    PREFIX* for several columns, or an archive's array.")]
pub struct Import {
    /// Name of the data set
    #[arg(required_unless_present = "embedded", default_value = "", hide_default_value = true)]
    name: String,
    /// View of all items (of the training items if --test-view is given): a file, or a folder with a .npy file for each item
    #[arg(long = "view", value_name = "NAME=FILE[#PART]")]
    views: Vec<NamedMember>,
    /// Labels of the items, as integers or texts
    #[arg(long, value_name = "[NAME=]FILE[#PART]")]
    labels: Vec<NamedMember>,
    /// Groups of items that belong together, such as the captions of a picture; a group stays in one split
    #[arg(long, value_name = "[NAME=]FILE[#PART]")]
    groups: Vec<NamedMember>,
    /// Ids of the items: one list if row i is the same item in every file, or one list for each view, labelling and grouping, by which their rows are joined
    #[arg(long, value_name = "[NAME=]FILE[#PART]", value_parser = NamedMember::of_ids)]
    ids: Vec<NamedMember>,
    /// View of the test items, if they have files of their own
    #[arg(long = "test-view", value_name = "NAME=FILE[#PART]")]
    test_views: Vec<NamedMember>,
    /// Labels of the test items
    #[arg(long, value_name = "[NAME=]FILE[#PART]", requires = "test_views")]
    test_labels: Vec<NamedMember>,
    /// Groups of the test items
    #[arg(long, value_name = "[NAME=]FILE[#PART]", requires = "test_views")]
    test_groups: Vec<NamedMember>,
    /// Ids of the test items, as --ids
    #[arg(long, value_name = "[NAME=]FILE[#PART]", requires = "test_views", value_parser = NamedMember::of_ids)]
    test_ids: Vec<NamedMember>,
    /// Queries that search the items, in every view
    #[arg(long = "queries", value_name = "NAME=FILE[#PART]", requires = "judgements", conflicts_with = "embedded")]
    queries: Vec<NamedMember>,
    /// Ids of the queries, by which the judgements name them [default: their rows, from 0]
    #[arg(long, value_name = "FILE[#PART]", requires = "queries", value_parser = NamedMember::of_ids)]
    query_ids: Option<NamedMember>,
    /// Relevance of items for queries: lines of query, document, relevance, or TREC qrels
    #[arg(long, value_name = "FILE", conflicts_with = "embedded")]
    judgements: Option<PathBuf>,
    /// Folder in the form of BEIR (corpus.jsonl, queries.jsonl, qrels/test.tsv) with embeddings NAME.corpus.npy and NAME.queries.npy, instead of views
    #[arg(long, value_name = "DIR", conflicts_with_all = ["views", "test_views", "ids", "queries", "latentis", "embedded"])]
    beir: Option<PathBuf>,
    /// Shares of the splits: train and test, or train, validation and test
    #[arg(
        long,
        value_name = "A,B[,C]",
        value_delimiter = ',',
        default_value = "0.8,0.2",
        conflicts_with = "test_views"
    )]
    split: Vec<f64>,
    /// Keep the shares of the labels in every split, by the labelling LABELS [default: the first]
    #[arg(long, value_name = "LABELS", num_args = 0..=1, default_missing_value = "", conflicts_with = "test_views")]
    stratify: Option<String>,
    /// Write K manifests, NAME.fold1.yaml and so on, instead of one; every item is in the test split of exactly one
    #[arg(long, value_name = "K", conflicts_with_all = ["split", "test_views", "latentis", "embedded"])]
    folds: Option<usize>,
    /// Seed of the split or the folds
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Allow views with missing items: rows whose values are all NaN, and ids that the file of a view lacks
    #[arg(long)]
    allow_missing: bool,
    /// Folder of a data set in the format of latentis, instead of views
    #[arg(long, value_name = "DIR", conflicts_with_all = ["views", "test_views"])]
    latentis: Option<PathBuf>,
    /// Folder in which `embed jobs` has embedded the texts, pictures and sounds of `runner texts`, instead of name and views
    #[arg(long, value_name = "DIR", conflicts_with_all = ["name", "views", "test_views", "latentis"])]
    embedded: Option<PathBuf>,
    /// Leave out views that have no embeddings; the title then names them
    #[arg(long, requires = "embedded")]
    skip_missing: bool,
    /// Manifest to write [default: data-manifests/NAME.yaml if that folder exists, else NAME.yaml]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Overwrite a manifest that exists
    #[arg(long)]
    overwrite: bool,
}

impl Import {
    /// Writes the manifest.
    pub fn run(self: Box<Self>) -> Result<Ending> {
        let folds = self.folds;
        datasets::import(&self.request()?, folds).map(said)
    }

    fn request(self) -> Result<data::import::Import> {
        if let Some(folder) = &self.embedded {
            let Embedded { name, splitting, described, incomplete, .. } =
                data::import::embedded(folder, self.skip_missing)?;
            let manifest = manifest(self.out, &name);
            let (allow_missing, force) = (self.allow_missing || incomplete, self.overwrite);
            let request = data::import::Import::new(name, splitting, manifest);
            return Ok(data::import::Import { described, allow_missing, force, ..request });
        }
        let manifest = manifest(self.out, &self.name);
        let files = Files { views: self.views, labels: self.labels, groups: self.groups, ids: self.ids };
        let test =
            Files { views: self.test_views, labels: self.test_labels, groups: self.test_groups, ids: self.test_ids };
        let (files, queries) = match (self.beir, self.judgements) {
            (Some(folder), judgements) => {
                let Beir { files, queries } = data::import::beir(&folder, judgements)?;
                (files, Some(queries))
            }
            (None, Some(judgements)) => {
                (files, Some(QueryFiles { views: self.queries, ids: self.query_ids, judgements }))
            }
            (None, None) => (files, None),
        };
        let splitting = match self.latentis {
            Some(dir) => data::import::latentis(&dir)?,
            None if test.views.is_empty() => {
                Splitting::Shares { files, shares: self.split, seed: self.seed, stratify: self.stratify }
            }
            None => Splitting::Given([(SplitName::Train, files), (SplitName::Test, test)].into()),
        };
        let (allow_missing, force) = (self.allow_missing, self.overwrite);
        let request = data::import::Import::new(self.name, splitting, manifest);
        Ok(data::import::Import { allow_missing, queries, force, ..request })
    }
}

/// Where a manifest goes: as asked, else under its data set's name into the catalogue, where there is one.
fn manifest(asked: Option<PathBuf>, name: &str) -> PathBuf {
    let (file, folder) = (format!("{name}.yaml"), PathBuf::from("data-manifests"));
    asked.unwrap_or_else(|| if folder.is_dir() { folder.join(&file) } else { file.into() })
}

/// Look for problems in a data set before a fit: shapes, spectra, classes, duplicates, leakage, order of rows
#[derive(Args)]
#[command(after_help = "Examples:\n  runner check massive10\n  runner check mine.yaml --format json")]
pub struct Check {
    /// Data set: a name in data-manifests/, or a manifest's path
    manifest: String,
    #[command(flatten)]
    form: FormArg,
}

impl Check {
    /// Prints what there is to say.
    pub fn run(self) -> Result<Ending> {
        let looked = datasets::check(&self.manifest)?;
        if self.form.json() {
            json(&told::checked(&looked))?;
            return Ok(Ending::Complete);
        }
        Ok(said(datasets::page(&looked)))
    }
}

/// Write the views of a data set in another format, with a manifest
#[derive(Args)]
#[command(after_help = "Example:\n  runner export mine --out exported --format npy")]
pub struct Export {
    /// Data set: a name in data-manifests/, or a manifest's path
    manifest: String,
    /// Folder to write the files to
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Format of the files
    #[arg(long, value_enum, default_value = "safetensors")]
    format: Format,
    /// Overwrite files that exist
    #[arg(long)]
    overwrite: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    Safetensors,
    Npy,
    Parquet,
}

impl From<Format> for ExportFormat {
    fn from(format: Format) -> Self {
        match format {
            Format::Safetensors => Self::Safetensors,
            Format::Npy => Self::Npy,
            Format::Parquet => Self::Parquet,
        }
    }
}

impl Export {
    /// Writes the files.
    pub fn run(self) -> Result<Ending> {
        datasets::export(&self.manifest, &self.out, self.format.into(), self.overwrite).map(said)
    }
}

/// Download the raw material of data sets and verify it; list the sources if no name is given
#[derive(Args)]
#[command(
    after_help = "Examples:\n  runner fetch\n  runner fetch massive --encoders\n\nA download that was interrupted is continued."
)]
pub struct Fetch {
    /// Sources: names in data-manifests/sources/, or paths of source files
    names: Vec<String>,
    /// Download the encoders of the views as well
    #[arg(long)]
    encoders: bool,
    /// Download only the encoders of these views
    #[arg(long, value_name = "NAME,..", value_delimiter = ',', requires = "encoders")]
    views: Vec<String>,
    /// Folder of the downloads [default: $ALIGN_DATA, or the user's cache folder]
    #[arg(long, value_name = "DIR")]
    cache: Option<PathBuf>,
    /// Do not use the network; only verify files that are already downloaded
    #[arg(long)]
    offline: bool,
}

impl Fetch {
    /// Downloads what is missing.
    pub fn run(self) -> Result<Ending> {
        let encoders = match (self.encoders, self.views.is_empty()) {
            (false, _) => Encoders::None,
            (true, true) => Encoders::All,
            (true, false) => Encoders::Of(self.views),
        };
        if self.names.is_empty() {
            return fetch::list().map(said);
        }
        let request = FetchRequest { names: self.names, cache: self.cache, encoders, offline: self.offline };
        let screen: Watcher = Arc::new(Screen::default());
        let complete = fetch::run(&request, &screen)?;
        Ok(if complete { Ending::Complete } else { Ending::Failures })
    }
}

/// List the texts, pictures and sounds of a downloaded source as jobs for its encoders
#[derive(Args)]
pub struct Texts {
    /// Source whose file has `texts` or `items`: a name in data-manifests/sources/, or a path
    name: String,
    /// Folder of the downloads [default: $ALIGN_DATA, or the user's cache folder]
    #[arg(long, value_name = "DIR")]
    cache: Option<PathBuf>,
    /// Folder to write texts, lists and jobs.json to [default: embedded/NAME in the folder of the downloads]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

impl Texts {
    /// Writes texts and jobs.json.
    pub fn run(self) -> Result<Ending> {
        texts::run(&self.name, self.cache.as_deref(), self.out.as_deref()).map(said)
    }
}
