//! Cells of a plan in a store: their states, and their records in the plan's order with the plan's labels.

use anyhow::Result;
use files::checksum;

use crate::cells::{DATA, State, Store};
use crate::record::Record;
use grid::keys::Subset;
use grid::plan::{Cell, Plan};

/// The state of every cell of the plan, with its scores and its picture read.
pub fn states(plan: &Plan, store: &Store) -> Vec<State> {
    let ids: Vec<&str> = plan.cells.iter().map(|cell| cell.id.as_str()).collect();
    store.verified_states(&ids)
}

/// Records of all cells of the plan that have any, in its order, followed by the warnings about the data. If
/// `records.parquet` was gathered from the same [`inputs`] and `records.csv` says the same, it is read instead of the cells'
/// files; otherwise both are written.
///
/// # Errors
/// Files that cannot be read or written.
pub fn records(plan: &Plan, store: &Store, states: &[State]) -> Result<Vec<Record>> {
    let inputs = inputs(plan, states);
    if let Some(records) = store.gathered(&inputs) {
        return Ok(records);
    }
    let records = gather(plan, store, states)?;
    store.write_records(&records, Some(&inputs))?;
    Ok(records)
}

/// The same records from the cells' files, without writing.
///
/// # Errors
/// Files that cannot be read.
pub fn gather(plan: &Plan, store: &Store, states: &[State]) -> Result<Vec<Record>> {
    let source = &plan.source;
    // The stored name may be that of another subset or another grid: the cell is the same, but its labels are those of
    // this plan.
    let label = |cell: &Cell, record: Record| Record {
        grid: plan.name().into(),
        data: source.asked.clone(),
        stand_in: source.stand_in.as_ref().map(|stand_in| stand_in.name.clone()),
        views: cell.subset(),
        ..record
    };
    let there = there(plan, states);
    let read = |cells: &[(&Cell, &str)]| -> Result<Vec<Record>> {
        let mut records = Vec::new();
        for (cell, _) in cells {
            records.extend(store.records(&cell.id)?.into_iter().map(|record| label(cell, record)));
        }
        Ok(records)
    };
    // Threads of their own: polars works in a pool. A worker of another pool that waits for it would take up its next
    // cell meanwhile, and the next one inside that, until its stack is full.
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let share = there.len().div_ceil(threads).max(1);
    let records: Result<Vec<Vec<Record>>> = std::thread::scope(|scope| {
        let threads: Vec<_> = there.chunks(share).map(|cells| scope.spawn(|| read(cells))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap_or_else(|p| std::panic::resume_unwind(p))).collect()
    });
    let mut records = records?.concat();
    records.extend(warnings(plan));
    Ok(records)
}

/// Checksum of the inputs of the records: the checksums of the cells' files, and the labels that this plan gives them.
pub fn inputs(plan: &Plan, states: &[State]) -> String {
    let source = &plan.source;
    let stand_in = source.stand_in.as_ref().map(|stand_in| stand_in.name.as_str());
    let mut sum = checksum::Combined::default();
    [plan.name(), &source.asked, stand_in.unwrap_or_default()].into_iter().for_each(|text| sum.add(text));
    for (cell, seal) in there(plan, states) {
        [&cell.id, &cell.subset().to_string(), seal].into_iter().for_each(|text| sum.add(text));
    }
    warnings(plan).iter().for_each(|warning| sum.add(&format!("{warning:?}")));
    sum.finish()
}

/// Cells that have records, and the checksums of these.
fn there<'a>(plan: &'a Plan, states: &'a [State]) -> Vec<(&'a Cell, &'a str)> {
    let seal = |(cell, state): (&'a Cell, &'a State)| match state {
        State::Done(seal) | State::Failed(seal) => Some((cell, seal.sha256.as_str())),
        State::Missing | State::Damaged(_) => None,
    };
    plan.cells.iter().zip(states).filter_map(seal).collect()
}

/// Warnings about the data, as records.
fn warnings(plan: &Plan) -> Vec<Record> {
    let source = &plan.source;
    let views = source.view_names();
    let data_sha256 = source.checksum(&views);
    let record = |warning: &data::Warning| Record {
        grid: plan.name().into(),
        cell: format!("data-{}", &data_sha256[..16]),
        data: source.asked.clone(),
        stand_in: source.stand_in.as_ref().map(|s| s.name.clone()),
        views: Subset { name: "all".into(), views: views.clone() },
        m: views.len() as u64,
        task: Some(DATA.into()),
        task_version: Some(1),
        space: Some(align::Coordinates::Input),
        source: warning.view.clone().or_else(|| warning.labelling.clone()),
        target: Some(warning.split.name().into()),
        metric: Some(warning.kind.into()),
        value: Some(warning.count as f64),
        unit: Some("count".into()),
        n: Some(warning.total as u64),
        data_sha256: data_sha256.clone(),
        ..Record::default()
    };
    source.recorded_warnings().iter().map(record).collect()
}
