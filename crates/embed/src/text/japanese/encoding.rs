//! The encoding of a dictionary's sources, EUC-JP.

use encoding_rs::EUC_JP;

/// Characters that browsers decode as their wide forms, and the characters of the standard (JIS X 0208), which MeCab
/// has: wave dash, double line, minus, cent, pound, not.
const STANDARD: [(char, char); 6] = [
    ('\u{FF5E}', '\u{301C}'),
    ('\u{2225}', '\u{2016}'),
    ('\u{FF0D}', '\u{2212}'),
    ('\u{FFE0}', '\u{00A2}'),
    ('\u{FFE1}', '\u{00A3}'),
    ('\u{FFE2}', '\u{00AC}'),
];

/// Text of EUC-JP; `None` if the bytes are not EUC-JP.
pub(super) fn decode(bytes: &[u8]) -> Option<String> {
    let text = EUC_JP.decode_without_bom_handling_and_without_replacement(bytes)?;
    let standard = |c: char| STANDARD.iter().find(|(wide, _)| *wide == c).map_or(c, |(_, standard)| *standard);
    Some(text.chars().map(standard).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_are_those_of_the_standard() {
        let bytes = b"\xa1\xc1\xa1\xc2\xa1\xdd\xa1\xf1\xa1\xf2\xa2\xcc\xa1\xbd\xa1\xc0\xa1\xef\xa4\xa2,A";
        assert_eq!(decode(bytes).unwrap(), "\u{301c}\u{2016}\u{2212}\u{a2}\u{a3}\u{ac}\u{2015}\u{ff3c}\u{ffe5}あ,A");
        assert_eq!(decode("あ,A".as_bytes()), None);
    }
}
