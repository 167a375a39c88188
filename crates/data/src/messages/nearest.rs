//! Suggestion of the known name that is most similar to an unknown one.

use strsim::damerau_levenshtein;

/// The candidate that is most similar to `name`, if one is similar enough to be suggested.
///
/// Case and the choice between `-` and `_` are ignored. Of the rest, a third of the longer name may
/// differ, and at least one character. The first of equally similar candidates wins.
///
/// ```
/// assert_eq!(data::nearest("GCCa", ["gpa", "gcca", "gcpa"]), Some("gcca"));
/// assert_eq!(data::nearest("ted-mutli", ["massive10", "ted_multi"]), Some("ted_multi"));
/// assert_eq!(data::nearest("retrieval", ["clustering"]), None);
/// ```
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let name = plain(name);
    candidates
        .into_iter()
        .filter_map(|candidate| {
            let other = plain(candidate);
            let allowed = (name.chars().count().max(other.chars().count()) / 3).max(1);
            let distance = damerau_levenshtein(&name, &other);
            (distance <= allowed).then_some((distance, candidate))
        })
        .min_by_key(|&(distance, _)| distance)
        .map(|(_, candidate)| candidate)
}

fn plain(name: &str) -> String {
    name.to_lowercase().replace('-', "_")
}
