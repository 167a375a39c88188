//! A note on times that were measured on different processors: such times do not compare methods.

use std::collections::{BTreeMap, BTreeSet};

use store::record::Record;

/// The note below a table of times whose cells ran on several kinds of processor; `None` if all ran on one kind. A cell
/// counts for the processor on which its fit was timed.
pub fn mixed(records: &[Record]) -> Option<String> {
    let kinds = kinds(records);
    if kinds.len() < 2 {
        return None;
    }
    let each: Vec<String> = kinds.iter().map(|(cpu, cells)| format!("{cells} on {cpu}")).collect();
    Some(format!(
        "Times of {} kinds of processor are mixed here and do not compare: cells ran {}. Compare times within one kind \
         (column cpu of the records), or run again on one.",
        kinds.len(),
        each.join(", ")
    ))
}

/// The same note for a figure, which has less room.
pub fn mixed_briefly(records: &[Record]) -> Option<String> {
    let kinds = kinds(records).len();
    (kinds > 1).then(|| format!("Times of {kinds} kinds of processor are mixed."))
}

/// Kinds of processor with the number of cells that were timed on each, the most frequent first.
fn kinds(records: &[Record]) -> Vec<(&str, usize)> {
    let mut cells: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for record in records.iter().filter(|record| record.fit_seconds.is_some()) {
        cells.entry(record.cpu.as_str()).or_default().insert(record.cell.as_str());
    }
    let mut kinds: Vec<(&str, usize)> = cells.into_iter().map(|(cpu, cells)| (cpu, cells.len())).collect();
    kinds.sort_by_key(|(_, cells)| std::cmp::Reverse(*cells));
    kinds
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_times_of_several_processors_are_remarked_upon() {
        let record = |cell: &str, cpu: &str, seconds: Option<f64>| Record {
            cell: cell.into(),
            cpu: cpu.into(),
            fit_seconds: seconds,
            ..Record::default()
        };
        let one = [record("a", "x", Some(1.0)), record("b", "x", Some(1.0)), record("w", "", None)];
        assert_eq!((mixed(&one), mixed_briefly(&one)), (None, None));
        let two = [
            record("a", "old (avx2)", Some(1.0)),
            record("b", "new (avx512)", Some(1.0)),
            record("b", "new (avx512)", Some(1.0)),
            record("c", "new (avx512)", Some(1.0)),
        ];
        let note = mixed(&two).expect("two kinds");
        assert!(note.starts_with("Times of 2 kinds of processor are mixed here and do not compare: cells ran 2 on new (avx512), 1 on old (avx2)."), "{note}");
        assert_eq!(mixed_briefly(&two).as_deref(), Some("Times of 2 kinds of processor are mixed."));
    }
}
