//! A folder of results that a run or a merge has written.

use std::collections::HashSet;
use std::path::Path;

use align::Method;
use anyhow::{Context, Result, bail};
use files::Fault;

use super::about::About;
use store::cells::Store;
use store::lock::{Lock, Turn};
use store::record::{COST, Record};
use tasks::Task;

/// The turn to write into a folder of results that has records.
///
/// # Errors
/// No records there; the folder cannot be written.
pub(crate) fn turn(folder: &Path) -> Result<Lock> {
    there(folder)?;
    Lock::turn(folder, Turn::Outputs)
}

fn there(folder: &Path) -> Result<()> {
    if !folder.join("records.parquet").exists() {
        let found =
            format!("no records.parquet in {}; name the folder of a grid, such as results/smoke", folder.display());
        bail!(Fault::missing(found));
    }
    Ok(())
}

/// A folder of results: its store, its records, and the information that is not in the records.
///
/// # Errors
/// No records there, or files that are not what this version writes.
pub fn open(folder: &Path) -> Result<(Store, Vec<Record>, About)> {
    there(folder)?;
    let real = folder.canonicalize().with_context(|| format!("cannot open {}", folder.display()))?;
    let (Some(out), Some(name)) = (real.parent(), real.file_name().and_then(|name| name.to_str())) else {
        bail!(Fault::missing(format!("{} is no folder of results", folder.display())));
    };
    let store = Store::open(out, name)?;
    let records = store.all_records()?;
    if records.is_empty() {
        bail!(Fault::missing(format!("{} holds no record; run its grid again", folder.display())));
    }
    check(folder, &records)?;
    let about = About::read(store.root(), &records)?;
    Ok((store, records, about))
}

/// Refuses timings: a report would take the sizes with equal numbers of items and columns for one setting, and they have no scores.
///
/// # Errors
/// Records of `runner scaling`, with the command that writes their table and curves.
pub(crate) fn check_scored(folder: &Path, records: &[Record]) -> Result<()> {
    if !records.iter().any(|record| record.task.as_deref() == Some(COST)) {
        return Ok(());
    }
    let out = folder.canonicalize().ok().and_then(|real| Some(real.parent()?.display().to_string()));
    let out = files::shell::word(&out.unwrap_or_default());
    let found = format!(
        "{} holds times of fits (`runner scaling`), expected scores of a grid; for their table and curves, run `runner scaling FILE \
         --out {out}` with the file of their sizes and the options of its first run: it finds the fits done",
        folder.display()
    );
    bail!(Fault::input(found))
}

/// Refuses records with parameters of an earlier version of a method or a task: their defaults are unknown.
fn check(folder: &Path, records: &[Record]) -> Result<()> {
    let mut seen = HashSet::new();
    for record in records {
        let method = record.method.as_deref().zip(record.params.as_ref());
        if let Some((name, params)) = method.filter(|method| seen.insert(*method)) {
            params.check::<Method>(name, Method::names()).with_context(|| earlier(folder))?;
        }
        let task = record.task.as_deref().zip(record.task_params.as_ref());
        if let Some((name, params)) = task.filter(|task| seen.insert(*task)) {
            params.check::<Task>(name, Task::names()).with_context(|| earlier(folder))?;
        }
    }
    Ok(())
}

fn earlier(folder: &Path) -> String {
    let folder = folder.display();
    format!(
        "{folder} holds results of another version; run their grid again, or draw them with the version that made them"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_of_an_earlier_version_are_refused_with_what_to_do() {
        let of = |method: &str, params: &str, task: &str, task_params: &str| Record {
            method: Some(method.into()),
            params: Some(params.parse().expect("JSON")),
            task: Some(task.into()),
            task_params: Some(task_params.parse().expect("JSON")),
            ..Record::default()
        };
        let found = |record: Record| check(Path::new("results/smoke"), &[record]).map_err(|error| format!("{error:#}"));
        let earlier = "results/smoke holds results of another version; run their grid again, or draw them with the version \
                       that made them: ";
        let error = found(of("gcpa", r#"{"tau":0.05}"#, "drift", "{}")).expect_err("an earlier version");
        assert_eq!(error, format!("{earlier}gcpa: `tau` is written `loss: {{tau: 0.05}}` since 0.2"));
        let error = found(of("gcpa", "{}", "retrieval", r#"{"k":10}"#)).expect_err("an earlier version");
        assert_eq!(error, format!("{earlier}retrieval: `k` is written `scoring: {{csls: {{k: 10}}}}` since 0.2"));
        let now = r#"{"loss":{"tau":0.05}}"#;
        assert_eq!(found(of("gcpa", now, "retrieval", r#"{"scoring":"csls"}"#)), Ok(()));
        assert_eq!(found(of("mine", r#"{"tau":0.05}"#, "of_mine", r#"{"k":10}"#)), Ok(()), "nothing is known of these");
    }
}
