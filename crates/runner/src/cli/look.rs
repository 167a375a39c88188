//! Commands that only look: where a number comes from, all of a grid on a page, and what there is.

use std::path::{Path, PathBuf};

use crate::commands::{list, show};
use crate::run::outcome::Ending;
use anyhow::Result;
use clap::{Args, ValueEnum};
use grid::source;
use report::pages;

use super::said;
use super::screen::written;

/// Print where a number comes from: a cell's settings, data, cost and scores
#[derive(Args)]
pub struct Show {
    /// The cell's id, or its beginning
    #[arg(long, value_name = "ID")]
    cell: String,
    /// Folder of the results of all grids
    #[arg(long, value_name = "DIR", default_value = "results")]
    out: PathBuf,
}

impl Show {
    /// Prints the cell.
    pub fn run(self) -> Result<Ending> {
        show::cell(&self.out, &self.cell).map(said)
    }
}

/// Draw a grid's tables, figures and report again, from its records and scores
#[derive(Args)]
#[command(after_help = "Examples:\n  runner report results/massive_clustering\n  \
    runner report results/new --compare results/old")]
pub struct Report {
    /// Folder of a grid's results
    folder: PathBuf,
    /// Set another run beside it instead: compare_OTHER.html in the first folder
    #[arg(long, value_name = "DIR")]
    compare: Option<PathBuf>,
}

impl Report {
    /// Draws.
    pub fn run(self) -> Result<Ending> {
        let files = pages::draw(&self.folder, self.compare.as_deref())?;
        written(&files);
        Ok(Ending::Complete)
    }
}

/// What there is, with one line each
#[derive(Args)]
pub struct List {
    /// Of what
    what: What,
}

#[derive(Clone, Copy, ValueEnum)]
enum What {
    Methods,
    Tasks,
    Data,
    Experiments,
}

impl List {
    /// Prints the list.
    pub fn run(self) -> Result<Ending> {
        let manifests = source::manifests_dir(Path::new("."));
        let text = match self.what {
            What::Methods => list::methods(),
            What::Tasks => list::tasks(),
            What::Data => list::data(&manifests)?,
            What::Experiments => list::experiments(&manifests.with_file_name("experiments"))?,
        };
        Ok(said(text))
    }
}
