//! Fitted methods as files: `fit`, `project`, `translate`, `add-view`.

use std::path::PathBuf;

use crate::commands::universe::{self, Add, Apply, FitOn, FitRequest, Way};
use crate::run::outcome::Ending;
use align::AddForm;
use anyhow::{Result, bail};
use clap::{Args, ValueEnum};
use data::import::{Member, NamedMember};

use super::{Threads, said};

/// Fit a method on a data set's training rows and keep it as a file
#[derive(Args)]
#[command(after_help = "Examples:\n  runner fit --manifest massive10 --method gcpa --out universe.safetensors\n  \
    runner fit --manifest mine.yaml --method 'gcpa: {loss: {tau: 0.05}}' --views en,fr,de --seed 7 --out u.safetensors\n\n\
    docs/universe.md describes the file, and reads it with NumPy in 50 lines.")]
pub struct Fit {
    /// A name in data-manifests/, or a manifest's path
    #[arg(long, value_name = "NAME|FILE", required_unless_present = "moments")]
    manifest: Option<String>,
    /// Sums over its rows, a file of runner moments, in place of the rows
    #[arg(long, value_name = "FILE", conflicts_with = "manifest")]
    moments: Option<PathBuf>,
    /// The method as in a grid: gpa, or 'gcpa: {loss: {tau: 0.05}}' (see runner list methods)
    #[arg(long)]
    method: String,
    /// Parameters laid over the method's, such as '{tau: 0.05}'
    #[arg(long, value_name = "YAML")]
    params: Option<String>,
    /// Its views, in this order [default: all]
    #[arg(long, value_name = "A,B,..", value_delimiter = ',')]
    views: Vec<String>,
    /// Seed of the fit
    #[arg(long, default_value_t = 42)]
    seed: u64,
    /// Leave translated rows the scale that the method gives them, as grids do
    #[arg(long)]
    uncalibrated: bool,
    /// The file to write, .safetensors
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Overwrite a file that is there
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    threads: Threads,
}

impl Fit {
    /// Fits and writes the file.
    pub fn run(self) -> Result<Ending> {
        let on = match (self.moments, self.manifest) {
            (Some(file), _) => FitOn::Moments(file),
            (None, Some(manifest)) => FitOn::Manifest(manifest),
            (None, None) => bail!("nothing to fit on: give --manifest or --moments"),
        };
        let request = FitRequest {
            on,
            method: universe::method(&self.method, self.params.as_deref())?,
            views: self.views,
            seed: self.seed,
            calibrate: !self.uncalibrated,
            out: self.out,
            force: self.force,
        };
        self.threads.run(|| universe::fit(&request)).map(said)
    }
}

/// What files go through.
#[derive(Args)]
struct Through {
    /// The file of a fitted method
    #[arg(long, value_name = "FILE")]
    universe: PathBuf,
    /// The rows
    #[arg(long, value_name = "FILE[#PART]")]
    input: Member,
    /// Where they go: .npy, .safetensors or .parquet
    #[arg(long, value_name = "FILE[#PART]")]
    out: Member,
    /// Overwrite a file that is there
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    threads: Threads,
}

impl Through {
    fn run(self, way: Way) -> Result<Ending> {
        let Self { universe, input, out, force, threads } = self;
        let request = Apply { universe, way, input, out, force };
        threads.run(|| universe::apply(&request)).map(said)
    }
}

/// Bring rows of a view into the universe
#[derive(Args)]
#[command(
    after_help = "Example:\n  runner project --universe universe.safetensors --view en --input new.npy --out z.npy\n\n\
    Inputs: .npy, .npz, .safetensors, .parquet, .csv, .h5; outputs: .npy, .safetensors, .parquet. After # a tensor or a \
    column. npy and safetensors may be larger than memory."
)]
pub struct Project {
    /// The view that the rows are of
    #[arg(long)]
    view: String,
    /// Divide every coordinate by the standard deviation that the training rows' consensus has in it
    #[arg(long)]
    unit_variance: bool,
    #[command(flatten)]
    through: Through,
}

impl Project {
    /// Writes the rows' universe vectors.
    pub fn run(self) -> Result<Ending> {
        self.through.run(Way::Project { view: self.view, unit_variance: self.unit_variance })
    }
}

/// Bring rows of a view to another view's coordinates
#[derive(Args)]
#[command(after_help = "Example:\n  runner translate --universe universe.safetensors --from en --to fr \
    --input new.npy --out fr.parquet#vector")]
pub struct Translate {
    /// The view that the rows are of
    #[arg(long, value_name = "VIEW")]
    from: String,
    /// The view whose coordinates they go to
    #[arg(long, value_name = "VIEW")]
    to: String,
    #[command(flatten)]
    through: Through,
}

impl Translate {
    /// Writes the rows as the other view's.
    pub fn run(self) -> Result<Ending> {
        self.through.run(Way::Translate { from: self.from, to: self.to })
    }
}

#[derive(Clone, Copy, ValueEnum)]
enum Form {
    Scaled,
    Orthogonal,
}

/// Add a view to a universe, whose other views stay as they are
#[derive(Args)]
#[command(after_help = "Examples:\n  runner add-view --universe u.safetensors --view de=de.npy --anchors en=en.npy \
    --anchors fr=fr.npy --out wider.safetensors\n  \
    runner add-view --universe u.safetensors --view de --manifest massive10 --out wider.safetensors")]
pub struct AddView {
    /// The file of the universe, which stays as it is
    #[arg(long, value_name = "FILE")]
    universe: PathBuf,
    /// The new view and its training rows; with --manifest the name is enough
    #[arg(long, value_name = "NAME[=FILE[#PART]]")]
    view: String,
    /// The same items in the same order, of a view that the universe has; any number of them
    #[arg(long, value_name = "NAME=FILE[#PART]")]
    anchors: Vec<NamedMember>,
    /// A data set whose training rows are the anchors, and the new view's
    #[arg(long, value_name = "NAME|FILE")]
    manifest: Option<String>,
    /// As released, or the step that GPA would make
    #[arg(long, value_enum, default_value = "scaled")]
    form: Form,
    /// The file to write, .safetensors
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Overwrite a file that is there
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    threads: Threads,
}

impl AddView {
    /// Writes a new file.
    pub fn run(self) -> Result<Ending> {
        let (view, rows) = match self.view.split_once('=') {
            None => (self.view, None),
            Some(_) => {
                let named: NamedMember = self.view.parse().map_err(anyhow::Error::msg)?;
                (named.name, Some(named.member))
            }
        };
        let request = Add {
            universe: self.universe,
            view,
            rows,
            anchors: self.anchors,
            manifest: self.manifest,
            form: match self.form {
                Form::Scaled => AddForm::Scaled,
                Form::Orthogonal => AddForm::Orthogonal,
            },
            out: self.out,
            force: self.force,
        };
        self.threads.run(|| universe::add_view(&request)).map(said)
    }
}
