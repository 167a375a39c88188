//! A folder of results as a run or merge has left it.

use std::path::Path;

use anyhow::{Context, Result, bail};

use super::about::About;
use store::cells::Store;
use store::lock::{Lock, Turn};
use store::record::Record;

/// The turn to write into a folder of results, which has records.
///
/// # Errors
/// No records there; the folder cannot be written.
pub(crate) fn turn(folder: &Path) -> Result<Lock> {
    there(folder)?;
    Lock::turn(folder, Turn::Outputs)
}

fn there(folder: &Path) -> Result<()> {
    if !folder.join("records.parquet").exists() {
        bail!("no records.parquet in {}; name the folder of a grid, such as results/smoke", folder.display());
    }
    Ok(())
}

/// A folder of results, named as a path: its store, its records and what they do not say.
///
/// # Errors
/// No records there, or files that are not what this version writes.
pub fn open(folder: &Path) -> Result<(Store, Vec<Record>, About)> {
    there(folder)?;
    let real = folder.canonicalize().with_context(|| format!("cannot open {}", folder.display()))?;
    let (Some(out), Some(name)) = (real.parent(), real.file_name().and_then(|name| name.to_str())) else {
        bail!("{} is no folder of results", folder.display());
    };
    let store = Store::open(out, name)?;
    let records = store.all_records()?;
    if records.is_empty() {
        bail!("{} holds no record; run its grid again", folder.display());
    }
    let about = About::read(store.root(), &records)?;
    Ok((store, records, about))
}
