//! Phrases that messages share.

/// Names in quotes, separated by commas.
pub(crate) fn quoted(names: &[String]) -> String {
    names.iter().map(|n| format!("`{n}`")).collect::<Vec<_>>().join(", ")
}

/// `; did you mean ..? The keys here are ..`: the tail of every message about an unknown name.
pub(crate) fn known_names(kind: &str, nearest: Option<&str>, known: &[String]) -> String {
    let guess = nearest.map(|n| format!("; did you mean `{n}`?")).unwrap_or_else(|| ";".to_owned());
    match known {
        [] => format!("{guess} there is no {kind} here"),
        [one] => format!("{guess} the only {kind} here is `{one}`"),
        many => format!("{guess} the {kind}s here are {}", quoted(many)),
    }
}

/// Prefix of a message about a tensor.
pub(crate) fn tensor_prefix(tensor: Option<&str>) -> String {
    tensor.map(|t| format!("tensor `{t}`: ")).unwrap_or_default()
}

/// Suffix with the number of a line.
pub(crate) fn line(line: &Option<usize>) -> String {
    line.map(|l| format!(" (line {l})")).unwrap_or_default()
}

/// `1 view`, `2 views`.
pub(crate) fn count(n: usize, thing: &str) -> String {
    format!("{n} {thing}{}", if n == 1 { "" } else { "s" })
}

/// 4000 as `4,000`.
pub fn grouped(n: usize) -> String {
    let digits = n.to_string();
    let mut out = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}
