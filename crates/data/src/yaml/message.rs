//! Translation of messages of serde and of the YAML parser.

use crate::{YamlProblem, nearest};

/// Names of types in messages of serde, as a user of YAML calls them.
const TYPES: [(&str, &str); 7] = [
    ("u32", WHOLE),
    ("u64", WHOLE),
    ("usize", WHOLE),
    ("i64", "an integer"),
    ("f32", "a number"),
    ("f64", "a number"),
    ("a boolean", "true or false"),
];
const WHOLE: &str = "an integer of at least 0";

/// The problem in a message of serde. The forms are those of `serde::de::Error`; all other messages are kept verbatim.
pub(super) fn understand(message: &str) -> YamlProblem {
    let unknown = |kind, rest: &str| {
        let mut quoted = rest.split('`').skip(1).step_by(2).map(str::to_owned);
        let name = quoted.next().unwrap_or_default();
        let known: Vec<String> = quoted.collect();
        let nearest = nearest(&name, known.iter().map(String::as_str)).map(str::to_owned);
        YamlProblem::Unknown { kind, name, nearest, known }
    };
    if let Some(rest) = message.strip_prefix("unknown field ") {
        return unknown("key", rest);
    }
    if let Some(rest) = message.strip_prefix("unknown variant ") {
        return unknown("name", rest);
    }
    // Names that are not variants of an enum use the same form.
    if let Some(rest) = message.strip_prefix("unknown metric ") {
        return unknown("metric", rest);
    }
    if let Some(renamed) = renamed(message) {
        return renamed;
    }
    if let Some(rest) = message.strip_prefix("missing field `") {
        return YamlProblem::MissingKey { key: rest.trim_end_matches('`').to_owned() };
    }
    if message == "invalid value: map, expected map with a single key" {
        let detail = "found a mapping that does not have exactly one key; write one name with its settings, such as \
                      `name: {key: value}`";
        return YamlProblem::Invalid { detail: detail.to_owned() };
    }
    // A message within another one, such as that of a value in a candidate.
    if let Some((before, within)) = message.split_once(": unknown field `") {
        let detail = format!("{before}: {}", understand(&format!("unknown field `{within}")));
        return YamlProblem::Invalid { detail };
    }
    YamlProblem::Invalid { detail: with_types(message) }
}

/// The message with the expected type in a user's words.
fn with_types(message: &str) -> String {
    let Some((found, expected)) = message.rsplit_once(", expected ").filter(|_| message.starts_with("invalid ")) else {
        return message.to_owned();
    };
    if expected.starts_with("struct ") {
        // A list of another length is read as if its entries were the values of the mapping.
        let found = if found.starts_with("invalid length") { "invalid type: sequence" } else { found };
        return format!("{found}, expected a mapping from names to values");
    }
    match TYPES.iter().find(|(name, _)| *name == expected) {
        Some((_, words)) => format!("{found}, expected {words}"),
        None => message.to_owned(),
    }
}

/// The message of `align::named::Renamed`.
fn renamed(message: &str) -> Option<YamlProblem> {
    let (old, rest) = message.strip_prefix('`')?.split_once("` is called `")?;
    let (name, since) = rest.split_once("` since ")?;
    Some(YamlProblem::Renamed { old: old.to_owned(), name: name.to_owned(), since: since.to_owned() })
}

/// The message without its position, which is printed before it anyway.
pub(super) fn without_position(message: &str, at: Option<(usize, usize)>) -> String {
    match at {
        Some((line, col)) => message.replacen(&format!(" at line {line} column {col}"), "", 1),
        None => message.to_owned(),
    }
}
