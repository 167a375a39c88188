//! Work that several settings share.

/// Results of items that are computed in groups of one key, in the order of the items. `each` gets the groups in the order
/// of their first items and returns one result for each item.
pub(crate) fn in_groups<T: Copy, K: PartialEq, R>(
    items: &[T],
    key: impl Fn(T) -> K,
    mut each: impl FnMut(K, &[T]) -> Vec<R>,
) -> Vec<R> {
    let mut groups: Vec<(K, Vec<usize>)> = Vec::new();
    for (index, &item) in items.iter().enumerate() {
        let key = key(item);
        match groups.iter_mut().find(|(other, _)| *other == key) {
            Some((_, indices)) => indices.push(index),
            None => groups.push((key, vec![index])),
        }
    }
    let mut results: Vec<(usize, R)> = Vec::new();
    for (key, indices) in groups {
        let group: Vec<T> = indices.iter().map(|&index| items[index]).collect();
        results.extend(indices.into_iter().zip(each(key, &group)));
    }
    results.sort_by_key(|(index, _)| *index);
    results.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_come_in_the_order_of_the_items() {
        let mut seen = Vec::new();
        let results = in_groups(
            &[5, 8, 3, 2, 9],
            |x| x % 2,
            |odd, group| {
                seen.push((odd, group.to_vec()));
                group.iter().map(|x| 10 * x).collect()
            },
        );
        assert_eq!(seen, [(1, vec![5, 3, 9]), (0, vec![8, 2])]);
        assert_eq!(results, [50, 80, 30, 20, 90]);
    }
}
