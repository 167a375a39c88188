//! The styles of settings. A method of the paper has the same style in every figure of every report. Another setting
//! has the same style in every figure of a report that shows at most twelve settings.

use figures::series::{DISTINCT, StyleKey};

use crate::tables::summary::Group;

/// The methods of the paper, in the order of their slots. The first setting of a method has its slot.
const METHODS: [&str; 5] = ["na", "pairwise", "gpa", "gcca", "gcpa"];

/// The key that determines the style of a setting.
pub fn key(group: &Group) -> StyleKey {
    named(group, group.label())
}

/// The key of a line or path with this name, which begins with the name of a setting.
pub fn named(group: &Group, name: String) -> StyleKey {
    let setting = group.setting();
    let own = of_method(&group.method.name, name);
    let rest = METHODS.len() + setting.place % (DISTINCT - METHODS.len());
    StyleKey { slot: own.slot.filter(|_| setting.leads).or(Some(rest)), ..own }
}

/// The key of a method with a single setting, whatever name the figure shows.
pub fn of_method(method: &str, name: String) -> StyleKey {
    StyleKey { name, slot: METHODS.iter().position(|known| *known == method) }
}

#[cfg(test)]
mod tests {
    use figures::series::{Style, styles};

    use super::*;

    #[test]
    fn methods_of_the_paper_keep_their_styles_in_any_company() {
        let names = ["a", "b", "c", "d", "e", "f", "g", "na", "pairwise", "gpa", "gcca", "gcpa"];
        let keys: Vec<StyleKey> = names.iter().map(|name| of_method(name, name.to_string())).collect();
        let given = styles(&keys.iter().collect::<Vec<_>>());
        for (i, a) in given.iter().enumerate() {
            assert!(!given[..i].iter().any(|b| a.colour == b.colour || a.marker == b.marker), "{}", names[i]);
        }
        assert_eq!(given[7..], [0, 1, 2, 3, 4].map(Style::of_slot));
    }

    #[test]
    fn settings_of_one_method_differ_in_colour_and_marker() {
        let keys: Vec<StyleKey> = (0..12).map(|rank| of_method("gcca", format!("GCCA (rank {rank})"))).collect();
        let given = styles(&keys.iter().collect::<Vec<_>>());
        for (i, a) in given.iter().enumerate() {
            assert!(!given[..i].iter().any(|b| a.colour == b.colour || a.marker == b.marker), "{i}: {given:?}");
        }
    }
}
