//! Fitted methods as files: `fit`, `project`, `translate`, `export-map`, `add-view`.

use std::path::PathBuf;
use std::sync::Arc;

use crate::commands::universe::{self, Add, Apply, FitCell, FitOn, FitRequest, Way};
use crate::event::Watcher;
use crate::run::outcome::Ending;
use align::AddForm;
use anyhow::Result;
use clap::builder::{PossibleValuesParser, TypedValueParser as _};
use clap::{Args, ValueEnum};
use data::import::{Member, NamedMember};
use data::maps::MapFormat;

use super::args::usage;
use super::screen::Screen;
use super::{Threads, said};

/// Fit a method on the training rows of a data set and write it to a file
#[derive(Args)]
#[command(override_usage = "runner fit MANIFEST --method METHOD --out FILE [OPTIONS]\n       \
    runner fit MANIFEST --streamed [--moments FILE] --method METHOD --out FILE [OPTIONS]\n       \
    runner fit --moments FILE --method METHOD --out FILE [OPTIONS]\n       runner fit --cell ID --out FILE [OPTIONS]")]
#[command(after_help = "Examples:\n  runner fit massive10 --method gcpa --out universe.safetensors\n  \
    runner fit mine.yaml --method 'gcpa: {loss: {tau: 0.05}}' --views en,fr,de --seed 7 --out u.safetensors\n  \
    runner fit --cell 0f3a --out u.safetensors\n\n\
    docs/universe.md describes the file, and reads it with NumPy in 50 lines.")]
pub struct Fit {
    /// Data set: a name in data-manifests/, or a manifest's path
    #[arg(required_unless_present_any = ["moments", "cell"])]
    manifest: Option<String>,
    /// Read the rows some at a time, for data larger than memory: GCPA, and the methods that are fitted from sums
    #[arg(long, requires = "manifest")]
    streamed: bool,
    /// Fit the sums over its rows, which `runner moments` has written, instead of the rows; with --streamed, the sums of
    /// the rows that are read
    #[arg(long, value_name = "FILE")]
    moments: Option<PathBuf>,
    /// Fit what this cell of a grid fitted; `runner show` describes it
    #[arg(long, value_name = "ID", conflicts_with_all = ["manifest", "streamed", "moments", "method", "params", "views", "seed"])]
    cell: Option<String>,
    /// Folder of the results of all grids, used with --cell
    #[arg(long, value_name = "DIR", default_value = "results")]
    results: PathBuf,
    /// Method as in a grid: gpa, or 'gcpa: {loss: {tau: 0.05}}'; `runner list methods` lists them
    #[arg(long, required_unless_present = "cell")]
    method: Option<String>,
    /// Parameters that replace those of the method, such as '{loss: {tau: 0.05}}'
    #[arg(long, value_name = "YAML")]
    params: Option<String>,
    /// Views to fit, in this order [default: all]
    #[arg(long, value_name = "A,B,..", value_delimiter = ',')]
    views: Vec<String>,
    /// Seed of the fit
    #[arg(long, default_value_t = 42)]
    seed: u64,
    /// Do not calibrate location and scale of translated rows; grids do not calibrate
    #[arg(long)]
    uncalibrated: bool,
    /// File to write, .safetensors
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Overwrite a file that exists
    #[arg(long)]
    overwrite: bool,
    #[command(flatten)]
    threads: Threads,
}

impl Fit {
    /// Fits and writes the file.
    pub fn run(self) -> Result<Ending> {
        let Self { out, overwrite, .. } = self;
        if let Some(id) = self.cell {
            let request = FitCell { results: self.results, id, calibrate: !self.uncalibrated, out, overwrite };
            return self.threads.run(|| universe::fit_cell(&request)).map(said);
        }
        let on = match (self.moments, self.manifest) {
            (sums, Some(manifest)) if self.streamed => FitOn::Streamed(manifest, sums),
            (Some(_), Some(_)) => usage("either a manifest or --moments; with --streamed both"),
            (Some(file), None) => FitOn::Moments(file),
            (None, Some(manifest)) => FitOn::Manifest(manifest),
            (None, None) => usage("nothing to fit; give a manifest, --moments or --cell"),
        };
        let Some(method) = self.method else { usage("no method; give --method") };
        let request = FitRequest {
            on,
            method: universe::method(&method, self.params.as_deref())?,
            views: self.views,
            seed: self.seed,
            calibrate: !self.uncalibrated,
            out,
            overwrite,
        };
        let screen: Watcher = Arc::new(Screen::default());
        self.threads.run(|| universe::fit(&request, &screen)).map(said)
    }
}

/// A file of rows through a fitted method.
#[derive(Args)]
struct Through {
    /// File of a fitted method, which `runner fit` has written
    universe: PathBuf,
    /// File of the rows
    #[arg(long, value_name = "FILE[#PART]")]
    input: Member,
    /// File to write: .npy, .safetensors or .parquet
    #[arg(long, value_name = "FILE[#PART]")]
    out: Member,
    /// Overwrite a file that exists
    #[arg(long)]
    overwrite: bool,
    #[command(flatten)]
    threads: Threads,
}

impl Through {
    fn run(self, way: Way) -> Result<Ending> {
        let Self { universe, input, out, overwrite, threads } = self;
        let request = Apply { universe, way, input, out, overwrite };
        threads.run(|| universe::apply(&request)).map(said)
    }
}

/// Map rows of a view to the universe
#[derive(Args)]
#[command(after_help = "Example:\n  runner project universe.safetensors --view en --input new.npy --out z.npy\n\n\
    Inputs: .npy, .npz, .safetensors, .parquet, .csv, .h5; outputs: .npy, .safetensors, .parquet. After # a tensor or a \
    column. npy and safetensors may be larger than memory.")]
pub struct Project {
    /// View of the rows
    #[arg(long)]
    view: String,
    /// Divide every coordinate by its standard deviation over the consensus of the training rows
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

/// Map rows of a view to the coordinates of another view
#[derive(Args)]
#[command(after_help = "Example:\n  runner translate universe.safetensors --from en --to fr \
    --input new.npy --out fr.parquet#vector")]
pub struct Translate {
    /// View of the rows
    #[arg(long, value_name = "VIEW")]
    from: String,
    /// View to whose coordinates the rows are mapped
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

/// Write the map of a view for NumPy, safetensors, sentence-transformers, faiss or ONNX
#[derive(Args)]
#[command(
    after_help = "Examples:\n  runner export-map universe.safetensors --from new --to old --format onnx --out map.onnx\n  \
    runner export-map universe.safetensors --from new --to universe --format sentence-transformers --out map\n\n\
    docs/universe.md shows how each program loads its format."
)]
pub struct ExportMap {
    /// File of a fitted method, which `runner fit` has written
    universe: PathBuf,
    /// View of the rows
    #[arg(long, value_name = "VIEW")]
    from: String,
    /// View to whose coordinates the map leads, or `universe`
    #[arg(long, value_name = "VIEW|universe")]
    to: String,
    /// Format of the map; faiss and sentence-transformers hold affine maps only
    #[arg(long, value_parser = formats())]
    format: MapFormat,
    /// File to write; for sentence-transformers a folder
    #[arg(long, value_name = "PATH")]
    out: PathBuf,
    /// Overwrite a file that exists
    #[arg(long)]
    overwrite: bool,
    #[command(flatten)]
    threads: Threads,
}

fn formats() -> impl clap::builder::TypedValueParser<Value = MapFormat> {
    PossibleValuesParser::new(MapFormat::ALL.map(MapFormat::name)).try_map(|name| name.parse())
}

impl ExportMap {
    /// Writes the map.
    pub fn run(self) -> Result<Ending> {
        let Self { universe, from, to, format, out, overwrite, threads } = self;
        let request = universe::ExportMap { universe, from, to, format, out, overwrite };
        threads.run(|| universe::export_map(&request)).map(said)
    }
}

#[derive(Clone, Copy, ValueEnum)]
enum Form {
    Scaled,
    Orthogonal,
}

/// Add a view to a universe; the other views do not change
#[derive(Args)]
#[command(after_help = "Examples:\n  runner add-view u.safetensors --view de=de.npy --anchors en=en.npy \
    --anchors fr=fr.npy --out wider.safetensors\n  \
    runner add-view u.safetensors --view de --manifest massive10 --out wider.safetensors")]
pub struct AddView {
    /// File of the universe, which is not changed
    universe: PathBuf,
    /// Name of the new view and file of its training rows; with --manifest the name is enough
    #[arg(long, value_name = "NAME[=FILE[#PART]]")]
    view: String,
    /// Rows of the same items in the same order, of a view that the universe has; can be given several times
    #[arg(long, value_name = "NAME=FILE[#PART]")]
    anchors: Vec<NamedMember>,
    /// Data set whose training rows are the anchors and the rows of the new view
    #[arg(long, value_name = "NAME|FILE")]
    manifest: Option<String>,
    /// Map of the new view: a pairwise translator (released), or one orthogonal Procrustes step
    #[arg(long, value_enum, default_value = "scaled")]
    form: Form,
    /// File to write, .safetensors
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Overwrite a file that exists
    #[arg(long)]
    overwrite: bool,
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
            overwrite: self.overwrite,
        };
        self.threads.run(|| universe::add_view(&request)).map(said)
    }
}
