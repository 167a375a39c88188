//! The styles of the methods that the paper compares, the same in every figure; other settings get one by their name.

use figures::series::StyleKey;

use crate::tables::summary::Group;

/// The methods of the paper, in the order of their slots. The first setting of a method in a figure has its slot.
const METHODS: [&str; 5] = ["na", "pairwise", "gpa", "gcca", "gcpa"];

/// The key by which a setting gets its style.
pub fn key(group: &Group) -> StyleKey {
    named(&group.method.name, group.label())
}

/// The key of a line or path of this name, which belongs to a method.
pub fn named(method: &str, name: String) -> StyleKey {
    StyleKey { name, slot: METHODS.iter().position(|known| *known == method) }
}

#[cfg(test)]
mod tests {
    use figures::series::{Style, styles};

    use super::*;

    #[test]
    fn methods_of_the_paper_keep_their_styles_in_any_company() {
        let names = ["a", "b", "c", "d", "e", "f", "g", "na", "pairwise", "gpa", "gcca", "gcpa"];
        let keys: Vec<StyleKey> = names.iter().map(|name| named(name, name.to_string())).collect();
        let given = styles(&keys.iter().collect::<Vec<_>>());
        for (i, a) in given.iter().enumerate() {
            assert!(!given[..i].iter().any(|b| a.colour == b.colour || a.marker == b.marker), "{}", names[i]);
        }
        assert_eq!(given[7..], [0, 1, 2, 3, 4].map(Style::of_slot));
    }

    #[test]
    fn settings_of_one_method_differ_in_colour_and_marker() {
        let keys: Vec<StyleKey> = (0..12).map(|rank| named("gcca", format!("GCCA (rank {rank})"))).collect();
        let given = styles(&keys.iter().collect::<Vec<_>>());
        for (i, a) in given.iter().enumerate() {
            assert!(!given[..i].iter().any(|b| a.colour == b.colour || a.marker == b.marker), "{i}: {given:?}");
        }
    }
}
