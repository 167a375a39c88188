//! The template, styles and scripts of the page, and the insertion of values.

use anyhow::{Context, Result};
use minijinja::{Environment, HtmlEscape, UndefinedBehavior, Value};
use serde::Serialize;

/// The templates. In templates whose names end in `.html`, every value is escaped.
const TEMPLATES: [(&str, &str); 5] = [
    ("layout.html", include_str!("assets/layout.html")),
    ("parts.html", include_str!("assets/parts.html")),
    ("report.html", include_str!("assets/report.html")),
    ("compare.html", include_str!("assets/compare.html")),
    ("document.html", include_str!("assets/document.html")),
];

const STYLE: &str = include_str!("assets/style.css");

/// The scripts, in the order in which they run.
const SCRIPTS: [&str; 9] = [
    include_str!("assets/scripts/theme.js"),
    include_str!("assets/scripts/download.js"),
    include_str!("assets/scripts/tip.js"),
    include_str!("assets/scripts/unfold.js"),
    include_str!("assets/scripts/tables.js"),
    include_str!("assets/scripts/figures.js"),
    include_str!("assets/scripts/scatter.js"),
    include_str!("assets/scripts/universe.js"),
    include_str!("assets/scripts/records.js"),
];

#[derive(Serialize)]
struct Whole<'a, T> {
    #[serde(flatten)]
    page: &'a T,
    style: &'a str,
    script: String,
    data: String,
}

/// A complete page: the template of this name with the values of `page`, and `data` for the scripts.
///
/// # Errors
/// A template that does not fit its values, which is a mistake in this program.
pub fn render(name: &str, page: &impl Serialize, data: &impl Serialize) -> Result<String> {
    let mut templates = Environment::new();
    templates.set_undefined_behavior(UndefinedBehavior::Strict);
    templates.add_filter("words", words);
    for (name, text) in TEMPLATES {
        templates.add_template(name, text).with_context(|| format!("the template {name}"))?;
    }
    let whole = Whole { page, style: STYLE, script: SCRIPTS.join("\n"), data: for_script(data)? };
    let rendered = templates.get_template(name).and_then(|template| template.render(&whole));
    rendered.with_context(|| format!("the template {name}"))
}

/// A text as HTML; words in backticks become code.
fn words(text: &str) -> Value {
    let mut out = String::new();
    let parts: Vec<&str> = text.split('`').collect();
    // A single backtick at the end is a part of the text.
    let paired = parts.len() - usize::from(parts.len().is_multiple_of(2));
    for (i, part) in parts.iter().enumerate() {
        let escaped = HtmlEscape(part);
        out += &match i {
            i if i >= paired => format!("`{escaped}"),
            i if i % 2 == 1 => format!("<code>{escaped}</code>"),
            _ => escaped.to_string(),
        };
    }
    Value::from_safe_string(out)
}

/// JSON for a `<script>` element: no character in it ends the element or begins a comment.
fn for_script(data: &impl Serialize) -> Result<String> {
    let text = serde_json::to_string(data)?;
    Ok(text.replace('<', "\\u003c").replace('\u{2028}', "\\u2028").replace('\u{2029}', "\\u2029"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_data_ends_its_script() {
        let text = for_script(&["</script><script>alert(1)</script>", "<!--", "\u{2028}"]).expect("JSON");
        assert!(!text.contains('<') && !text.contains('\u{2028}'), "{text}");
        let back: Vec<String> = serde_json::from_str(&text).expect("still JSON");
        assert_eq!(back[0], "</script><script>alert(1)</script>");
    }

    #[test]
    fn code_in_texts_is_set_as_such_and_tags_are_not() {
        assert_eq!(words("a `<b>` & `c`").to_string(), "a <code>&lt;b&gt;</code> &amp; <code>c</code>");
        assert_eq!(words("one ` alone").to_string(), "one ` alone");
    }

    #[test]
    fn own_scripts_and_styles_end_nothing_and_ask_for_nothing() {
        for text in SCRIPTS.iter().chain([&STYLE]) {
            for forbidden in
                ["</script", "</style", "<!--", "http://", "https://", "@import", "url(", "fetch(", "eval("]
            {
                let allowed = text.replace("http://www.w3.org/", "");
                assert!(!allowed.contains(forbidden), "{forbidden}");
            }
        }
    }
}
