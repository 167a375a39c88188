//! Entries of a view for look-ups: items that are one row of the view's file are one entry.

use std::borrow::Cow;
use std::collections::HashMap;

use align::Matrix;
use align::views::View;

/// Entries of one view: a query or a candidate for each row of its file that stands for an item.
pub(crate) struct Entries {
    /// Number of items of the split.
    rows: usize,
    /// Items of each entry, in the order of the first item of each.
    items: Vec<Vec<usize>>,
    /// Entry of each item; `None` for an item that the view misses.
    of_item: Vec<Option<usize>>,
    /// Classes of each entry: those of its items, ascending, each once.
    classes: Vec<Vec<i64>>,
}

impl Entries {
    /// Entries of a view whose item i has the class `classes[i]`.
    pub(crate) fn of(view: &View, classes: &[i64]) -> Self {
        let rows = view.values().rows();
        let sources = view.source_rows();
        let mut items: Vec<Vec<usize>> = Vec::with_capacity(rows);
        let mut known: HashMap<Option<usize>, usize> = HashMap::new();
        let mut of_item = Vec::with_capacity(rows);
        for item in 0..rows {
            let entry = view.has(item).then(|| match sources {
                None => items.len(),
                Some(sources) => *known.entry(sources[item]).or_insert(items.len()),
            });
            match entry {
                Some(entry) if entry < items.len() => items[entry].push(item),
                Some(_) => items.push(vec![item]),
                None => {}
            }
            of_item.push(entry);
        }
        let of_entry = |items: &Vec<usize>| {
            let mut of_items: Vec<i64> = items.iter().map(|&item| classes[item]).collect();
            of_items.sort_unstable();
            of_items.dedup();
            of_items
        };
        let classes = items.iter().map(of_entry).collect();
        Self { rows, items, of_item, classes }
    }

    /// Number of entries.
    pub(crate) fn count(&self) -> usize {
        self.items.len()
    }

    /// Classes of each entry.
    pub(crate) fn classes(&self) -> &[Vec<i64>] {
        &self.classes
    }

    /// One row per entry, from one row per item.
    pub(crate) fn select<'m>(&self, rows: &'m Matrix) -> Cow<'m, Matrix> {
        if self.count() == self.rows {
            return Cow::Borrowed(rows);
        }
        Cow::Owned(rows.select_rows(&self.items.iter().map(|items| items[0]).collect::<Vec<_>>()))
    }

    /// One value per item, from one value per entry: the value stands at the first item of the entry, and all other
    /// items have NaN.
    pub(crate) fn by_item(&self, values: &[f32]) -> Vec<f32> {
        let mut by_item = vec![f32::NAN; self.rows];
        self.items.iter().zip(values).for_each(|(items, &value)| by_item[items[0]] = value);
        by_item
    }

    /// Whether an entry and one of another view stand for the same item.
    pub(crate) fn share_an_item(&self, entry: usize, other: &Self, of_other: usize) -> bool {
        self.items[entry].iter().any(|&item| other.of_item[item] == Some(of_other))
    }
}

/// Whether two entries have a class in common.
pub(crate) fn share_a_class(one: &[i64], other: &[i64]) -> bool {
    match (one, other) {
        ([one], [other]) => one == other,
        _ => one.iter().any(|class| other.contains(class)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use align::Views;

    #[test]
    fn items_of_one_row_are_one_entry() {
        let view =
            Views::new([("pictures", Matrix::from_fn(5, 1, |i, _| [7.0, 7.0, 8.0, 7.0, 9.0][i]))]).expect("sound");
        let view = view
            .with_source_rows(0, &[Some(3), Some(3), Some(0), Some(3), None])
            .and_then(|v| v.with_missing(0, &[false, false, false, false, true]));
        let view = view.expect("one entry for each item");
        let entries = Entries::of(view.nth(0), &[1, 1, 2, 4, 5]);
        assert_eq!(entries.items, [vec![0, 1, 3], vec![2]]);
        assert_eq!(entries.classes(), [vec![1, 4], vec![2]]);
        assert_eq!(entries.select(view.at(0)).as_slice(), [7.0, 8.0]);
        let by_item = entries.by_item(&[0.5, 0.25]);
        assert_eq!((by_item[0], by_item[2]), (0.5, 0.25));
        assert!([1, 3, 4].iter().all(|&item| by_item[item].is_nan()));
        assert!(entries.share_an_item(0, &entries, 0) && !entries.share_an_item(0, &entries, 1));
        assert!(share_a_class(&[1, 4], &[4]) && !share_a_class(&[2], &[4]) && !share_a_class(&[1, 4], &[2, 5]));
    }
}
