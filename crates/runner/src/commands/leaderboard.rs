//! Runs the grids of a leaderboard file and sets their methods side by side.

use std::path::Path;

use anyhow::{Context as _, Result};
use serde_json::Value;

use crate::cells::fits::Fits;
use crate::draw;
use crate::grid::plan::Plan;
use crate::kept::lock::{Lock, Turn};
use crate::report::contents::Results;
use crate::run::prepared::{Prepared, Ran};
use crate::run::{Ending, Options, close, warn};
use crate::tables::board::{self, Board, Entry};

/// Runs the grids, as far as they are not done, and writes their tables and the one over all of them.
///
/// # Errors
/// As [`crate::run::grid`].
pub fn run(path: &Path, options: &Options) -> Result<Ending> {
    let board = Board::read(path)?.value;
    let fits = Fits::within(options.max_memory);
    let (mut ending, mut entries, mut names) = (Ending::Complete, Vec::new(), Vec::new());
    let mut notes: Vec<String> = Vec::new();
    for file in &board.grids {
        let grid = path.parent().unwrap_or(Path::new("")).join(file);
        let prepared = Prepared::new(Plan::open(&grid, &Value::Null, options)?, options);
        let data = prepared.plan.source.used().to_string();
        let finished = match prepared.run(options, &fits)? {
            Ran::Stopped(Ending::Interrupted) => return Ok(Ending::Interrupted),
            Ran::Stopped(stopped) => {
                ending = ending.and(stopped);
                continue;
            }
            Ran::Finished(finished) => finished,
        };
        let results = finished.results(None)?;
        warn(&finished.outputs_of(|| Ok(&results))?.warnings);
        ending = ending.and(finished.ending());
        let Results { about, comparisons, .. } = results;
        notes.extend(about.notes.into_iter().filter(|note| !notes.contains(note)).collect::<Vec<_>>());
        entries.push(Entry { data, comparisons });
        names.push(about.title);
    }
    if options.dry_run || options.shard.is_some() {
        return Ok(ending);
    }
    // Several grids on one set of data are told apart by their names.
    let repeated =
        (1..entries.len()).any(|i| entries[..i].iter().any(|earlier: &Entry| earlier.data == entries[i].data));
    if repeated {
        entries.iter_mut().zip(names).for_each(|(entry, name)| entry.data = name);
    }
    board.join(&mut entries)?;
    let folder = options.out.join(&board.name);
    for part in ["tables", "figures"] {
        std::fs::create_dir_all(folder.join(part)).with_context(|| format!("cannot write to {}", folder.display()))?;
    }
    let _turn = Lock::turn(&folder, Turn::Outputs)?;
    let table = board::table(&board.title, &entries, &notes);
    say::print(format_args!("\n{}", table.terminal()));
    let mut files = table.write(&folder.join("tables").join("leaderboard"))?;
    let differences = board::adjusted(&board.title, &mut entries, &notes);
    files.extend(differences.write(&folder.join("tables").join("differences"))?);
    let figure = draw::Figure::Forest(board::figure(&board.title, &entries));
    files.extend(draw::write(&[(figure, "leaderboard".into())], &folder.join("figures"))?);
    close(&files);
    Ok(ending)
}
