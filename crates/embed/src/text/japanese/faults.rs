//! The line of a dictionary that its library refuses. The library names neither the file nor the line.

use super::{archive::Files, encoding};

pub(super) const MATRIX: &str = "matrix.def";
pub(super) const CHARACTERS: &str = "char.def";
pub(super) const UNKNOWN: &str = "unk.def";

/// The first line that breaks its format, as `file:line: found .., expected ..`; `None` if no rule of this module finds
/// one.
pub(super) fn find(files: &Files) -> Option<String> {
    let text = |name: &str| files.get(name).and_then(|bytes| encoding::decode(bytes)).unwrap_or_default();
    let (matrix, characters) = (text(MATRIX), text(CHARACTERS));
    let sizes: Vec<usize> = matrix.lines().next()?.split(' ').map_while(|size| size.parse().ok()).collect();
    let [right, left] = sizes[..] else { return None };
    let costs = || {
        first(MATRIX, &matrix, |i, line| i == 0 || cost(line, right, left), &|| {
            format!("an id below {right}, an id below {left} and a cost, with a space between them")
        })
    };
    let defined: Vec<&str> = characters.lines().filter(|line| is_category(line)).filter_map(first_word).collect();
    let categories = || {
        first(CHARACTERS, &characters, |_, line| character(line), &|| {
            "a name, 0 or 1 twice and a length, or `0xHHHH..0xHHHH` and categories".to_owned()
        })
    };
    let of_words = |name: &str, is_unknown: bool| {
        let fits = |line: &str| {
            word(line, left, right).is_some_and(|surface| !is_unknown || defined.contains(&surface.as_str()))
        };
        first(name, &text(name), |_, line| fits(line), &|| {
            let surface = if is_unknown { "a category of char.def" } else { "a word" };
            format!("{surface}, an id below {left}, an id below {right}, a cost and features, with commas between them")
        })
    };
    let mut words = files.keys().filter(|name| name.ends_with(".csv"));
    costs()
        .or_else(categories)
        .or_else(|| of_words(UNKNOWN, true))
        .or_else(|| words.find_map(|name| of_words(name, false)))
}

/// The first line that does not fit.
fn first(name: &str, text: &str, fits: impl Fn(usize, &str) -> bool, expected: &dyn Fn() -> String) -> Option<String> {
    let filled = text.lines().enumerate().filter(|(_, line)| !line.is_empty());
    let (i, line) = filled.into_iter().find(|(i, line)| !fits(*i, line))?;
    let mut shown: String = line.chars().take(60).collect();
    if shown.len() < line.len() {
        shown.push('…');
    }
    Some(format!("{name}:{}: found `{shown}`, expected {}", i + 1, expected()))
}

fn cost(line: &str, right: usize, left: usize) -> bool {
    let parts: Vec<&str> = line.split(' ').collect();
    let below = |text: &str, size: usize| text.parse::<usize>().is_ok_and(|id| id < size);
    matches!(parts[..], [r, l, cost] if below(r, right) && below(l, left) && cost.parse::<i16>().is_ok())
}

fn is_category(line: &str) -> bool {
    let line = line.trim();
    !line.is_empty() && !line.starts_with('#') && !line.starts_with("0x")
}

fn first_word(line: &str) -> Option<&str> {
    line.split_whitespace().next()
}

fn character(line: &str) -> bool {
    let line = line.trim();
    let parts: Vec<&str> = line.split_whitespace().collect();
    if is_category(line) {
        let flag = |i: usize| parts.get(i).is_some_and(|flag| ["0", "1"].contains(flag));
        return flag(1) && flag(2) && parts.get(3).is_some_and(|length| length.parse::<u16>().is_ok());
    }
    let Some(range) = parts.first().filter(|_| line.starts_with("0x")) else { return true };
    let code = |text: &str| u32::from_str_radix(text.trim_start_matches("0x"), 16).ok();
    let (start, end) = range.split_once("..").unwrap_or((range, range));
    parts.len() > 1 && code(start).zip(code(end)).is_some_and(|(start, end)| start <= end && end <= 0xffff)
}

/// The word of a line, if the line has ids and a cost.
fn word(line: &str, left: usize, right: usize) -> Option<String> {
    let (surface, rest) = match line.strip_prefix('"') {
        None => line.split_once(',').map(|(surface, rest)| (surface.to_owned(), rest))?,
        // A quote inside is written twice.
        Some(quoted) => {
            let end = quoted.match_indices("\",").map(|(at, _)| at).find(|at| {
                let before = quoted[..*at].bytes().rev().take_while(|byte| *byte == b'"').count();
                before % 2 == 0
            })?;
            (quoted[..end].replace("\"\"", "\""), &quoted[end + 2..])
        }
    };
    let mut parts = rest.splitn(4, ',');
    let below = |text: Option<&str>, size: usize| text?.parse::<u16>().ok().filter(|id| usize::from(*id) < size);
    below(parts.next(), left)?;
    below(parts.next(), right)?;
    parts.next()?.parse::<i16>().ok()?;
    Some(surface)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_may_be_quoted() {
        for (line, surface) in [
            ("a,0,1,-5,x,y", Some("a")),
            ("a,0,1,-5", Some("a")),
            ("\",\",0,1,5,x", Some(",")),
            ("\"a\"\",b\",0,1,5,x", Some("a\",b")),
            ("a,2,0,5,x", None),
            ("a,0,3,5,x", None),
            ("a,0,1,40000,x", None),
            ("a,0,1", None),
            ("\"a,0,1,5,x", None),
        ] {
            assert_eq!(word(line, 2, 3).as_deref(), surface, "{line}");
        }
    }
}
