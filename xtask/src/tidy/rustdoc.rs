//! Documentation comments: the sections that every method and task has, and formulas that survive Markdown.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

use super::paths::{files, shown};

/// Headings on the parameters of every method and task, in this order.
const SECTIONS: [&str; 5] = ["# Formula", "# Shapes", "# Cost", "# Source", "# Departures"];

/// Registries and the folders that hold the parameters they register.
const REGISTRIES: [(&str, &str); 2] = [
    ("crates/align/src/methods/registry.rs", "crates/align/src/methods"),
    ("crates/tasks/src/evaluations/registry.rs", "crates/tasks/src/evaluations"),
];

/// Text before the type in a line that registers a method or a task.
const ENTRY: &str = "Entry::of::<";

/// Methods and tasks without their sections, and formulas that would not be rendered.
pub fn check(root: &Path) -> Result<Vec<String>> {
    let mut problems = Vec::new();
    for (registry, folder) in REGISTRIES {
        let code = fs::read_to_string(root.join(registry)).with_context(|| format!("cannot read {registry}"))?;
        let registered = registered(&code);
        if registered.is_empty() {
            bail!("{registry}: no line of `fn built_in()` contains `{ENTRY}`; tidy looks for methods and tasks there");
        }
        let mut sources = Vec::new();
        for path in files(&root.join(folder), "rs") {
            let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
            sources.push((shown(root, &path), text));
        }
        for name in registered {
            let page = sources.iter().find_map(|(path, text)| Some((path, documentation(text, name)?)));
            match page {
                Some((path, page)) => problems.extend(sections(&page).map(|what| format!("{path}: `{name}` {what}"))),
                None => problems.push(format!("{registry}: no file in {folder} contains `pub struct {name}`")),
            }
        }
    }
    for path in files(root, "rs") {
        let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        problems.extend(formulas(&text).into_iter().map(|what| format!("{}: {what}", shown(root, &path))));
    }
    Ok(problems)
}

/// The types that `fn built_in()` of a registry names.
fn registered(code: &str) -> Vec<&str> {
    let body = code.lines().skip_while(|line| !line.contains("fn built_in()")).take_while(|line| *line != "}");
    body.filter_map(|line| line.trim().strip_prefix(ENTRY)?.split('>').next()).collect()
}

/// The lines of the documentation comment above `pub struct NAME`, or `None` without this item.
fn documentation<'a>(code: &'a str, name: &str) -> Option<Vec<&'a str>> {
    let lines: Vec<&str> = code.lines().collect();
    let item = lines.iter().position(|line| {
        let rest = line.strip_prefix("pub struct ").and_then(|rest| rest.strip_prefix(name));
        rest.is_some_and(|rest| !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_'))
    })?;
    let above = lines[..item].iter().rev().skip_while(|line| !line.starts_with("///") && !line.is_empty());
    let mut page: Vec<&str> = above.map_while(|line| line.strip_prefix("///")).map(str::trim).collect();
    page.reverse();
    Some(page)
}

/// The first section that a page lacks, has in another place or leaves empty.
fn sections(page: &[&str]) -> Option<String> {
    let mut from = 0;
    for heading in SECTIONS {
        let Some(at) = page.iter().position(|line| *line == heading) else {
            return Some(format!("has no section `{heading}`; its documentation needs {}", SECTIONS.join(", ")));
        };
        if at < from {
            return Some(format!("has `{heading}` in another order; the order is {}", SECTIONS.join(", ")));
        }
        let filled = page[at + 1..].iter().take_while(|line| !line.starts_with("# ")).any(|line| !line.is_empty());
        if !filled {
            return Some(format!("has nothing below `{heading}`; write `None.` if there is nothing to say"));
        }
        from = at;
    }
    None
}

/// Formulas in documentation comments that are not closed in their paragraph, or that Markdown would change.
fn formulas(code: &str) -> Vec<String> {
    let mut problems = Vec::new();
    let (mut paragraph, mut start, mut fenced) = (String::new(), 0, false);
    let mut end = |paragraph: &mut String, start: usize| {
        problems.extend(of_paragraph(paragraph).map(|what| format!("line {start}: {what}")));
        paragraph.clear();
    };
    for (number, line) in code.lines().enumerate() {
        let comment = line.trim_start();
        let comment = comment.strip_prefix("///").or_else(|| comment.strip_prefix("//!")).map(str::trim);
        let text = comment.unwrap_or_default();
        let fence = text.starts_with("```");
        fenced = comment.is_some() && fenced != fence;
        // Markdown and the renderer of formulas see one block at a time.
        let block = text.is_empty() || fence || fenced || text.starts_with(['#', '|']) || text.starts_with("- ");
        if block {
            end(&mut paragraph, start);
        }
        if !fence && !fenced && !text.is_empty() {
            start = if paragraph.is_empty() { number + 1 } else { start };
            paragraph.push_str(text);
            paragraph.push('\n');
        }
    }
    end(&mut paragraph, start);
    problems
}

/// The first problem with the formulas of a paragraph.
fn of_paragraph(text: &str) -> Option<String> {
    let outside: Vec<&str> = text.split('`').step_by(2).collect();
    // A code span stands between two parts, and no formula can contain one.
    for part in outside {
        let mut rest = part;
        while let Some(at) = rest.find('$') {
            let mark = if rest[at..].starts_with("$$") { "$$" } else { "$" };
            let body = &rest[at + mark.len()..];
            if variable(body) {
                rest = body;
                continue;
            }
            let Some(close) = body.find(mark) else {
                let formula: String = body.chars().take(30).collect();
                return Some(format!("the formula `{mark}{}` is not closed in its paragraph", formula.trim_end()));
            };
            if let Some(what) = changed(&body[..close]) {
                return Some(format!("Markdown changes {what} in the formula `{mark}{}{mark}`", &body[..close]));
            }
            rest = &body[close + mark.len()..];
        }
    }
    None
}

/// Whether the text after a `$` is the name of an environment variable, as help texts have it.
fn variable(text: &str) -> bool {
    text.chars().take_while(|c| c.is_ascii_uppercase() || *c == '_').count() >= 3
}

/// What Markdown takes for its own in a formula, and the LaTeX to write in its place.
fn changed(formula: &str) -> Option<&'static str> {
    let pairs = || formula.chars().zip(formula.chars().skip(1));
    let escape = pairs().any(|(a, b)| a == '\\' && b.is_ascii_punctuation());
    let emphasis = pairs().any(|(a, b)| b == '_' && !a.is_alphanumeric()) || formula.starts_with('_');
    let line = formula.lines().skip(1).any(|line| line.starts_with(['-', '+', '=', '>']));
    [
        (escape, "a backslash before punctuation (write a name, such as \\lbrace for \\{)"),
        (emphasis, "an underscore that follows no letter or digit (put the index on the letter)"),
        (line, "a line that starts with a sign (move the sign to the end of the previous line)"),
        (formula.contains('*'), "`*` (write \\ast or \\cdot)"),
        (formula.contains(['[', ']']), "`[` or `]` (write \\lbrack, \\rbrack)"),
        (formula.contains('<'), "`<` (write \\lt)"),
        (formula.contains('~'), "`~` (write \\tilde or \\sim)"),
        (formula.contains(['\'', '"']) || formula.contains("...") || formula.contains("--"), "quotes, dots or dashes"),
    ]
    .into_iter()
    .find_map(|(found, what)| found.then_some(what))
}

#[cfg(test)]
mod tests {
    use super::*;

    const REGISTRY: &str = "fn built_in() -> Vec<Entry<Method>> {\n    vec![\n        Entry::of::<AParams>(\"a\"),\n        \
                            Entry::of::<B>(\"b\"),\n    ]\n}\n\nEntry::of::<Elsewhere>(\"c\")\n";

    fn source(name: &str, sections: &[&str]) -> String {
        let page: String = sections.iter().map(|heading| format!("/// {heading}\n/// None.\n///\n")).collect();
        format!(
            "/// Another.\npub struct {name}Other;\n\n/// A method.\n///\n{page}#[derive(Debug)]\npub struct {name} {{}}\n"
        )
    }

    #[test]
    fn registered_types_are_found() {
        assert_eq!(registered(REGISTRY), ["AParams", "B"]);
    }

    #[test]
    fn a_method_without_one_of_its_sections_is_found() {
        let page = |headings: &[&str]| sections(&documentation(&source("A", headings), "A").expect("there"));
        assert_eq!(page(&SECTIONS), None);
        for missing in SECTIONS {
            let others: Vec<&str> = SECTIONS.into_iter().filter(|heading| *heading != missing).collect();
            assert!(page(&others).is_some_and(|what| what.starts_with(&format!("has no section `{missing}`"))));
        }
        let mut turned = SECTIONS;
        turned.swap(0, 1);
        assert!(page(&turned).is_some_and(|what| what.contains("another order")));
        let empty = source("A", &SECTIONS).replacen("/// None.\n", "///\n", 1);
        let page = documentation(&empty, "A").expect("there");
        assert!(sections(&page).is_some_and(|what| what.starts_with("has nothing below `# Formula`")));
        assert_eq!(documentation(&empty, "B"), None);
    }

    #[test]
    fn formulas_are_closed_in_their_paragraph() {
        for fine in [
            "/// Of $x_i$ and $$ y_j $$ and `$HOME`.\n",
            "//! $$ x\n//! y_{ij} $$\n",
            "/// ```sh\n/// echo $OUT\n/// ```\n",
            "let x = \"$\"; // $\n",
            "/// - $a$\n/// - $b$\n",
            "/// Default: $ALIGN_DATA, else the cache.\n",
        ] {
            assert_eq!(formulas(fine), Vec::<String>::new(), "{fine}");
        }
        for wrong in ["/// Of $x.\n///\n/// And $y$.\n", "/// $$ x\n///\n/// y $$\n", "/// - $a\n/// - b$\n"] {
            assert!(formulas(wrong).iter().any(|what| what.contains("is not closed in its paragraph")), "{wrong}");
        }
        assert!(formulas("fn a() {}\n\n/// Of $x.\n")[0].starts_with("line 3: "));
    }

    #[test]
    fn formulas_that_markdown_would_change_are_found() {
        for wrong in
            [r"\{x\}", r"\hat{x}_i + y_{j}", "a * b", "[a]", "a<b", "a~b", "x'", "a, ..., b", "a\n= b", r"a \\ b"]
        {
            assert!(
                formulas(&format!("/// ${}$\n", wrong.replace('\n', "\n/// ")))[0].contains("Markdown changes"),
                "{wrong}"
            );
        }
        assert_eq!(changed(r"\sum_{i \lt j} \lVert \hat x_i \rVert_F^2 - R_{ab}^\top"), None);
    }
}
