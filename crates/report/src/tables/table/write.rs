//! The files of a table: Markdown, CSV, LaTeX. The CSV file holds all columns in one table, without marks and remarks.

use std::path::{Path, PathBuf};

use anyhow::Result;
use polars_core::prelude::{Column, DataFrame};
use polars_io::prelude::{CsvWriter, SerWriter};

use super::{Table, latex};
use store::durable::write_file;

impl Table {
    /// Writes `<stem>.md`, `<stem>.csv` and `<stem>.tex`.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub fn write(&self, stem: &Path) -> Result<Vec<PathBuf>> {
        let path = |extension: &str| PathBuf::from(format!("{}.{extension}", stem.display()));
        for (extension, text) in [("md", self.markdown()), ("tex", latex::table(self))] {
            write_file(&path(extension), |file| Ok(std::io::Write::write_all(file, text.as_bytes())?))?;
        }
        let column = |i: usize| {
            let cells: Vec<&str> = self.rows.iter().map(|row| row[i].as_str()).collect();
            Column::new(self.headers[i].as_str().into(), cells)
        };
        let mut frame = DataFrame::new(self.rows.len(), (0..self.headers.len()).map(column).collect())?;
        write_file(&path("csv"), |file| Ok(CsvWriter::new(file).finish(&mut frame)?))?;
        Ok(["md", "csv", "tex"].map(path).to_vec())
    }
}
