//! The `runner` binary: reads the command line, calls the library, sets the exit code.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Args, Parser, Subcommand, ValueEnum};
use data::import::{Files, Import, Member, NamedMember, Splitting};
use data::{ExportFormat, SplitName};
use runner::only::Only;
use runner::run::{Ending, Options};
use runner::{datasets, fetch, list, run, scaling, show, source};

/// Benchmark of multi-way representation alignment: runs a grid of data, methods, tasks and seeds, and
/// writes records, tables and figures. A second run does only what is missing.
#[derive(Parser)]
#[command(version, arg_required_else_help = true, args_conflicts_with_subcommands = true)]
#[command(after_help = "Examples:\n  runner --grid experiments/massive_clustering.yaml\n  \
    runner --grid experiments/massive_clustering.yaml --dry-run\n  runner reproduce experiments/paper/table1.yaml\n  \
    runner list methods\n\nExit codes: 0 fine, 1 a cell failed or could not be kept, 2 usage.")]
struct Cli {
    /// The grid file
    #[arg(long, value_name = "FILE")]
    grid: Option<PathBuf>,
    #[command(flatten)]
    options: RunArgs,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Run paper files: their grids, the paper's figures beside ours, verdicts on its claims
    Reproduce {
        /// Files in experiments/paper/; several end in one page of claims
        #[arg(required = true)]
        files: Vec<PathBuf>,
        /// Fewer seeds and points, marked as such
        #[arg(long)]
        quick: bool,
        #[command(flatten)]
        options: RunArgs,
    },
    /// Time fits as views, items and widths grow: a table and log-log curves
    Scaling {
        /// The star of sizes, such as experiments/scaling/star.yaml
        file: PathBuf,
        /// Every size once, and no size beyond the axes
        #[arg(long)]
        quick: bool,
        #[command(flatten)]
        options: RunArgs,
    },
    /// Print where a number comes from: a cell's settings, data, cost and scores
    Show {
        /// The cell's id, or its beginning
        #[arg(long, value_name = "ID")]
        cell: String,
        /// Folder of the results of all grids
        #[arg(long, value_name = "DIR", default_value = "results")]
        out: PathBuf,
    },
    /// Make a manifest of own files; the embeddings stay where they are
    #[command(
        after_help = "Examples:\n  runner import --name mine --view en=en.npy --view fr=fr.safetensors#emb \\\n    \
        --view de=de.parquet#vector --labels y.csv#label --ids ids.txt --split 0.8,0.2 --seed 1\n  \
        runner import --name mine --view en=train/en.npy --view fr=train/fr.npy \\\n    \
        --test-view en=test/en.npy --test-view fr=test/fr.npy\n  runner import --name mine --latentis data/mine\n\n\
        Files: .npy, .npz, .safetensors, .parquet, .csv, .h5; lists of labels also .txt. After # a tensor, a column, \
        PREFIX* for several columns, or an archive's array."
    )]
    Import(Box<ImportArgs>),
    /// Look at a data set before anything is fitted: shapes, spectra, classes, duplicates, leakage
    Check {
        /// A name in data-manifests/, or a manifest's path
        manifest: String,
    },
    /// Write a data set's spaces in another format, with a manifest
    Export {
        /// A name in data-manifests/, or a manifest's path
        manifest: String,
        /// Folder for the files
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
        /// Their format
        #[arg(long, value_enum, default_value = "safetensors")]
        format: Format,
    },
    /// Download what data sets are made from, verified and resumed; alone, list them
    Fetch {
        /// Names in data-manifests/sources/, or paths of source files
        names: Vec<String>,
        /// The encoders of their views too
        #[arg(long)]
        encoders: bool,
        /// Folder of the downloads [default: $ALIGN_DATA, else the user's cache folder]
        #[arg(long, value_name = "DIR")]
        cache: Option<PathBuf>,
    },
    /// What there is, with one line each
    List {
        /// Of what
        what: What,
    },
}

#[derive(Clone, Copy, ValueEnum)]
enum What {
    Methods,
    Tasks,
    Data,
    Experiments,
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

#[derive(Args)]
struct ImportArgs {
    /// Name of the data set
    #[arg(long)]
    name: String,
    /// A view; of the training items where there are --test-view, else of all
    #[arg(long = "view", value_name = "NAME=FILE[#PART]")]
    views: Vec<NamedMember>,
    /// Labels, as integers or texts
    #[arg(long, value_name = "[NAME=]FILE[#PART]")]
    labels: Vec<NamedMember>,
    /// Items that belong together (a picture's captions, a person's pictures); they stay in one split
    #[arg(long, value_name = "[NAME=]FILE[#PART]")]
    groups: Vec<NamedMember>,
    /// Unique ids of the items
    #[arg(long, value_name = "FILE[#PART]")]
    ids: Option<Member>,
    /// A view of the test items, where they have files of their own
    #[arg(long = "test-view", value_name = "NAME=FILE[#PART]")]
    test_views: Vec<NamedMember>,
    /// Labels of the test items
    #[arg(long, value_name = "[NAME=]FILE[#PART]", requires = "test_views")]
    test_labels: Vec<NamedMember>,
    /// Groups of the test items
    #[arg(long, value_name = "[NAME=]FILE[#PART]", requires = "test_views")]
    test_groups: Vec<NamedMember>,
    /// Ids of the test items
    #[arg(long, value_name = "FILE[#PART]", requires = "test_views")]
    test_ids: Option<Member>,
    /// Shares of train and test, or of train, validation and test
    #[arg(
        long,
        value_name = "A,B[,C]",
        value_delimiter = ',',
        default_value = "0.8,0.2",
        conflicts_with = "test_views"
    )]
    split: Vec<f64>,
    /// Seed of the split
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Folder of a data set as latentis stores it, in place of views
    #[arg(long, value_name = "DIR", conflicts_with_all = ["views", "test_views"])]
    latentis: Option<PathBuf>,
    /// The manifest to write [default: data-manifests/NAME.yaml where that folder is, else NAME.yaml]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Overwrite a manifest that is there
    #[arg(long)]
    force: bool,
}

impl ImportArgs {
    fn request(self) -> Result<Import> {
        let file = format!("{}.yaml", self.name);
        let folder = PathBuf::from("data-manifests");
        let manifest = self.out.unwrap_or_else(|| if folder.is_dir() { folder.join(&file) } else { file.into() });
        let files = Files { views: self.views, labels: self.labels, groups: self.groups, ids: self.ids };
        let test =
            Files { views: self.test_views, labels: self.test_labels, groups: self.test_groups, ids: self.test_ids };
        let splitting = match self.latentis {
            Some(dir) => data::import::latentis(&dir)?,
            None if test.views.is_empty() => Splitting::Shares { files, shares: self.split, seed: self.seed },
            None => Splitting::Given([(SplitName::Train, files), (SplitName::Test, test)].into()),
        };
        Ok(Import { name: self.name, splitting, manifest, force: self.force })
    }
}

#[derive(Args)]
struct RunArgs {
    /// Folder for the results of all grids
    #[arg(long, value_name = "DIR", default_value = "results")]
    out: PathBuf,
    /// Print the cells and what is done, compute nothing
    #[arg(long)]
    dry_run: bool,
    /// Only these cells, such as method=gcpa,seed=42 (keys: method, views, noise, seed)
    #[arg(long, value_name = "KEY=VALUE,..")]
    only: Option<Only>,
    /// Cells at a time [default: by the number of cells]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    jobs: Option<u16>,
    /// Threads in all [default: all cores]; the results do not depend on it
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    threads: Option<u16>,
    /// Compute cells anew that are done
    #[arg(long)]
    force: bool,
    /// Stop where the data are not present, instead of taking the grid's stand-in
    #[arg(long)]
    no_stand_in: bool,
}

impl From<RunArgs> for Options {
    fn from(args: RunArgs) -> Self {
        Self {
            out: args.out,
            dry_run: args.dry_run,
            only: args.only,
            jobs: args.jobs.map(usize::from),
            threads: args.threads.map(usize::from),
            force: args.force,
            allow_stand_in: !args.no_stand_in,
            quick: false,
        }
    }
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let ending = match (cli.command, cli.grid) {
        (Some(Command::Reproduce { files, quick, options }), _) => {
            run::reproduce(&files, &Options { quick, ..options.into() })
        }
        (Some(Command::Scaling { file, quick, options }), _) => {
            scaling::run(&file, &Options { quick, ..options.into() })
        }
        (Some(Command::Show { cell, out }), _) => show::cell(&out, &cell).map(said),
        (Some(Command::Import(args)), _) => args.request().and_then(|request| datasets::import(&request)).map(said),
        (Some(Command::Check { manifest }), _) => datasets::check(&manifest).map(said),
        (Some(Command::Export { manifest, out, format }), _) => {
            datasets::export(&manifest, &out, format.into()).map(said)
        }
        (Some(Command::Fetch { names, encoders, cache }), _) => fetch::run(&names, cache.as_deref(), encoders),
        (Some(Command::List { what }), _) => print_list(what).map(|()| Ending::Complete),
        (None, Some(grid)) => run::grid(&grid, &cli.options.into()),
        (None, None) => {
            eprintln!("error: nothing to run; give --grid FILE or a command (see runner --help)");
            return ExitCode::from(2);
        }
    };
    match ending {
        Ok(Ending::Complete) => ExitCode::SUCCESS,
        Ok(Ending::Failures) => ExitCode::from(1),
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(1)
        }
    }
}

fn said(text: String) -> Ending {
    println!("{text}");
    Ending::Complete
}

fn print_list(what: What) -> Result<()> {
    let here = std::path::Path::new(".");
    let manifests = source::manifests_dir(here);
    let text = match what {
        What::Methods => list::methods(),
        What::Tasks => list::tasks(),
        What::Data => list::data(&manifests)?,
        What::Experiments => list::experiments(&manifests.with_file_name("experiments"))?,
    };
    println!("{text}");
    Ok(())
}
