//! The colours of the methods that the paper compares, the same in every figure; other methods get one by their name.
//!
//! They were chosen for three readers at once: hues that stay apart under the common forms of colour blindness, and a
//! lightness L* that falls from about 83 (`na`) to 21 (`gcpa`) in steps of at least 12, so that they also stay apart on a
//! grey printer.

use figures::style::{ColourKey, Rgb};

const METHODS: [(&str, Rgb); 5] = [
    ("na", Rgb(0xCF, 0xCF, 0xCF)),
    ("pairwise", Rgb(0xE6, 0x9F, 0x00)),
    ("gpa", Rgb(0x3D, 0x8F, 0xC9)),
    ("gcca", Rgb(0x00, 0x73, 0x5A)),
    ("gcpa", Rgb(0x33, 0x22, 0x88)),
];

/// What the colour of a method is chosen by.
pub fn key(method: &str) -> ColourKey {
    let own = METHODS.iter().find(|(name, _)| *name == method).map(|&(_, colour)| colour);
    ColourKey { name: method.to_owned(), own }
}

#[cfg(test)]
mod tests {
    use super::*;
    use figures::style::{colours, luminance};

    #[test]
    fn methods_stay_apart_in_grey() {
        let lightness = |colour: Rgb| 116.0 * luminance(colour).cbrt() - 16.0;
        let mut steps: Vec<f64> = METHODS.iter().map(|&(_, colour)| lightness(colour)).collect();
        assert!(steps.is_sorted_by(|a, b| a > b), "{steps:?}");
        steps.dedup_by(|b, a| *a - *b >= 12.0);
        assert_eq!(steps.len(), 1, "{steps:?}");
    }

    #[test]
    fn methods_stay_apart_from_all_others() {
        let names = ["a", "b", "c", "d", "e", "f", "g", "na", "pairwise", "gpa", "gcca", "gcpa"];
        let keys: Vec<ColourKey> = names.map(key).to_vec();
        let given = colours(&keys.iter().collect::<Vec<_>>());
        for (i, a) in given.iter().enumerate() {
            assert!(!given[..i].contains(a), "{} shares its colour", names[i]);
        }
        assert_eq!(given[7..], METHODS.map(|(_, colour)| colour));
    }
}
