//! Commands printed so that a copy into a shell runs the same command.

use std::borrow::Cow;

/// A word of a command line, quoted if a shell would split or change it.
///
/// Words that no shell changes stay as they are, even with the characters `=` and `,`, which the quoting crate would
/// quote: people read `method=gpa,seed=0`.
pub fn word(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-./=,:+@%".contains(c);
    // zsh reads `=name` as a path.
    if !text.is_empty() && !text.starts_with('=') && text.chars().all(plain) {
        return text.into();
    }
    // No argument of a process contains NUL; a word with one is quoted like others.
    let quoted = shlex::Quoter::new().allow_nul(true).quote(text).map(Cow::into_owned);
    quoted.unwrap_or_else(|_| text.into())
}

/// Words as a command line.
pub fn command<W: AsRef<str>>(words: impl IntoIterator<Item = W>) -> String {
    words.into_iter().map(|text| word(text.as_ref())).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_quoted_where_a_shell_would_part_them() {
        for plain in ["experiments/a.yaml", "--only", "method=gpa,seed=0", "--array=0-3", "50%", "a@b:c"] {
            assert_eq!(word(plain), plain);
        }
        assert_eq!(command(["runner", "--grid", "a b.yaml"]), "runner --grid 'a b.yaml'");
    }

    #[test]
    fn a_shell_reads_back_what_was_meant() {
        let words = [
            "",
            "a b",
            "it's",
            "\"",
            "$HOME",
            "`id`",
            "a;b",
            "*",
            "~",
            "=ls",
            "!x",
            "a\nb",
            "\\",
            "{a,b}",
            "#",
            "é",
            "&",
            "gcpa: {loss: {tau: 0.05}}",
            "a\tb",
            "(x)",
            "<y",
            "'\"'",
        ];
        for text in words {
            let output = std::process::Command::new("sh").arg("-c").arg(format!("printf %s {}", word(text))).output();
            let output = output.expect("a shell");
            assert_eq!(String::from_utf8_lossy(&output.stdout), text, "{}", word(text));
        }
        let line = command(words);
        assert_eq!(shlex::split(&line).expect("a command line"), words);
    }
}
