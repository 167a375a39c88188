//! Names of other files in a file: its `use` lines, the paths in its code, the modules it declares. Tests are left out.

use std::collections::BTreeSet;

/// One name that a `use` brings in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Use {
    /// The path as written, with braces expanded.
    pub path: Vec<String>,
    /// The name in this file; `*` for all names of a module.
    pub name: String,
    /// Whether the name is re-exported.
    pub public: bool,
    /// Line, from 1.
    pub line: usize,
}

/// A path in code, with its line.
pub type Path = (Vec<String>, usize);

/// Names in one file.
#[derive(Clone, Debug, Default)]
pub struct Source {
    /// Names that `use` lines bring in.
    pub uses: Vec<Use>,
    /// Paths of two parts or more outside `use`.
    pub paths: Vec<Path>,
    /// Single words outside `use`.
    pub words: BTreeSet<String>,
    /// Modules in files of their own.
    pub modules: Vec<String>,
    /// Types, functions, traits and constants.
    pub items: BTreeSet<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Token {
    text: String,
    line: usize,
}

impl Token {
    fn is(&self, text: &str) -> bool {
        self.text == text
    }

    fn is_word(&self) -> bool {
        self.text.starts_with(|c: char| c.is_alphabetic() || c == '_')
    }
}

/// Reads a file.
pub fn parse(text: &str) -> Source {
    let tokens = without_tests(tokens(text));
    let mut source = Source::default();
    let mut at = 0;
    while at < tokens.len() {
        let before = at.checked_sub(1).map(|before| tokens[before].text.as_str()).unwrap_or_default();
        let token = &tokens[at];
        let next = |offset: usize| tokens.get(at + offset);
        if token.is("use") {
            let public = before == "pub" || before == ")";
            at = tree(&tokens, at + 1, &[], &mut |path, name, line| {
                source.uses.push(Use { path, name, public, line });
            });
            continue;
        }
        if token.is("mod") && next(2).is_some_and(|end| end.is(";")) {
            source.modules.extend(next(1).map(|name| name.text.clone()));
            at += 3;
            continue;
        }
        const ITEMS: [&str; 8] = ["struct", "enum", "trait", "fn", "type", "const", "static", "union"];
        if ITEMS.contains(&token.text.as_str()) {
            source.items.extend(next(1).filter(|name| name.is_word()).map(|name| name.text.clone()));
        }
        if token.is_word() && before != "::" && before != "." {
            let (path, end) = path(&tokens, at);
            if path.len() > 1 {
                source.paths.push((path, token.line));
            } else {
                source.words.extend(path);
            }
            at = end;
            continue;
        }
        at += 1;
    }
    let heads: Vec<String> = source.paths.iter().map(|(path, _)| path[0].clone()).collect();
    source.words.extend(heads);
    source
}

/// Words joined by `::`, and the position after them.
fn path(tokens: &[Token], start: usize) -> (Vec<String>, usize) {
    let mut path = vec![tokens[start].text.clone()];
    let mut at = start + 1;
    while let [joint, word, ..] = &tokens[at..]
        && joint.is("::")
        && word.is_word()
    {
        path.push(word.text.clone());
        at += 2;
    }
    (path, at)
}

/// The names of one tree of `use`, and the position after it.
fn tree(tokens: &[Token], start: usize, prefix: &[String], add: &mut impl FnMut(Vec<String>, String, usize)) -> usize {
    let mut whole = prefix.to_vec();
    let mut at = start;
    let line = tokens.get(start).map_or(0, |token| token.line);
    while let Some(token) = tokens.get(at) {
        match token.text.as_str() {
            "::" => at += 1,
            "{" => {
                at += 1;
                while let Some(token) = tokens.get(at).filter(|token| !token.is("}")) {
                    at = if token.is(",") { at + 1 } else { tree(tokens, at, &whole, add) };
                }
                return after(tokens, at + 1);
            }
            "*" => {
                add(whole, "*".into(), line);
                return after(tokens, at + 1);
            }
            "as" => {
                let name = tokens.get(at + 1).map(|name| name.text.clone()).unwrap_or_default();
                add(whole, name, line);
                return after(tokens, at + 2);
            }
            "self" if !prefix.is_empty() && whole.len() == prefix.len() => at += 1,
            _ if token.is_word() => {
                whole.push(token.text.clone());
                at += 1;
            }
            _ => break,
        }
    }
    let name = whole.last().cloned().unwrap_or_default();
    add(whole, name, line);
    after(tokens, at)
}

/// Position after the `;` of a `use`; inside braces, at a `,` or `}`, the position itself.
fn after(tokens: &[Token], at: usize) -> usize {
    if tokens.get(at).is_some_and(|token| token.is(";")) { at + 1 } else { at }
}

/// The tokens without items that are compiled only for tests.
fn without_tests(tokens: Vec<Token>) -> Vec<Token> {
    let mut kept = Vec::with_capacity(tokens.len());
    let mut at = 0;
    while at < tokens.len() {
        if tokens[at].is("#") && tokens.get(at + 2).is_some_and(|token| token.is("cfg")) {
            let end = group(&tokens, at + 1);
            let says = |word: &str| tokens[at..end].iter().any(|token| token.is(word));
            if says("test") && !says("not") {
                at = item(&tokens, end);
                continue;
            }
        }
        kept.push(tokens[at].clone());
        at += 1;
    }
    kept
}

/// Position after the bracket that closes the one at `start`.
fn group(tokens: &[Token], start: usize) -> usize {
    let mut depth = 0;
    for (at, token) in tokens.iter().enumerate().skip(start) {
        match token.text.as_str() {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return at + 1;
        }
    }
    tokens.len()
}

/// Position after the item that begins at `start`: after its `;` or its braces.
fn item(tokens: &[Token], start: usize) -> usize {
    let mut at = start;
    while let Some(token) = tokens.get(at) {
        match token.text.as_str() {
            ";" => return at + 1,
            "{" => return group(tokens, at),
            "(" | "[" => at = group(tokens, at),
            _ => at += 1,
        }
    }
    at
}

/// Words, `::` and single signs; comments and texts are left out.
fn tokens(text: &str) -> Vec<Token> {
    let chars: Vec<char> = text.chars().collect();
    let mut tokens = Vec::new();
    let (mut at, mut line) = (0, 1);
    while let Some(&c) = chars.get(at) {
        let rest = &chars[at..];
        let length = match c {
            '/' if rest.starts_with(&['/', '/']) => rest.iter().take_while(|c| **c != '\n').count(),
            '/' if rest.starts_with(&['/', '*']) => {
                2 + rest[2..].windows(2).position(|pair| pair == ['*', '/']).map_or(rest.len() - 2, |end| end + 2)
            }
            '"' => quoted(rest),
            'r' | 'b' if raw(rest).is_some() => raw(rest).unwrap_or(1),
            '\'' if rest.get(1) == Some(&'\\') => 3 + rest.iter().skip(3).take_while(|c| **c != '\'').count(),
            '\'' if rest.get(2) == Some(&'\'') => 3,
            c if c.is_alphanumeric() || c == '_' => {
                let word: String = rest.iter().take_while(|c| c.is_alphanumeric() || **c == '_').collect();
                let length = word.chars().count();
                tokens.push(Token { text: word, line });
                length
            }
            ':' if rest.starts_with(&[':', ':']) => {
                tokens.push(Token { text: "::".into(), line });
                2
            }
            c if c.is_whitespace() => 1,
            c => {
                tokens.push(Token { text: c.into(), line });
                1
            }
        };
        let end = (at + length.max(1)).min(chars.len());
        line += chars[at..end].iter().filter(|c| **c == '\n').count();
        at = end;
    }
    tokens
}

/// Length of the quoted text that begins here.
fn quoted(rest: &[char]) -> usize {
    let mut at = 1;
    while let Some(c) = rest.get(at) {
        match c {
            '\\' => at += 2,
            '"' => return at + 1,
            _ => at += 1,
        }
    }
    rest.len()
}

/// Length of the raw text that begins here, if one does.
fn raw(rest: &[char]) -> Option<usize> {
    let start = if rest.starts_with(&['b', 'r']) { 2 } else { 1 };
    if rest[start - 1] != 'r' {
        return None;
    }
    let marks = rest[start..].iter().take_while(|c| **c == '#').count();
    if rest.get(start + marks) != Some(&'"') {
        return None;
    }
    let end: Vec<char> = std::iter::once('"').chain(std::iter::repeat_n('#', marks)).collect();
    let body = start + marks + 1;
    let found = rest[body..].windows(end.len()).position(|window| window == end);
    Some(found.map_or(rest.len(), |found| body + found + end.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uses_are_taken_apart() {
        let source =
            parse("pub(crate) use self::{a::{B, self}, c as d};\nuse crate::e::*;\nmod a;\nmod f { fn g() {} }\n");
        let uses: Vec<String> =
            source.uses.iter().map(|u| format!("{} {} {} {}", u.path.join("::"), u.name, u.public, u.line)).collect();
        assert_eq!(uses, ["self::a::B B true 1", "self::a a true 1", "self::c d true 1", "crate::e * false 2"]);
        assert_eq!(source.modules, ["a"]);
        assert!(source.items.contains("g"));
    }

    #[test]
    fn tests_comments_and_texts_are_left_out() {
        let text = "// use crate::a;\nconst A: &str = \"use crate::b;\"; /* crate::c::d */\nconst B: &str = r#\"crate::e\"#;\n\
                    #[cfg(test)]\nmod tests { use super::*; fn f() { crate::g::h(); } }\n\
                    #[cfg(all(test, unix))]\nuse crate::k;\n#[cfg(not(test))]\nfn l<'a>(c: char) -> bool { c == '\"' && crate::m::n() }\n";
        let source = parse(text);
        assert_eq!(source.uses, []);
        let paths: Vec<String> =
            source.paths.iter().map(|(path, line)| format!("{} {line}", path.join("::"))).collect();
        assert_eq!(paths, ["crate::m::n 9"]);
    }
}
