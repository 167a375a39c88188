//! A table of text, in Markdown and for a terminal.

use comfy_table::{CellAlignment, Table as Grid, TableComponent, presets};

/// A table as it is read: its first columns name a line, the others hold figures.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table {
    /// One line above it.
    pub title: String,
    /// Column headers.
    pub headers: Vec<String>,
    /// How many columns, from the left, are names rather than figures.
    pub names: usize,
    /// Lines, each as long as the headers.
    pub rows: Vec<Vec<String>>,
    /// What a reader must know: how ± is meant, which data, what is missing.
    pub notes: Vec<String>,
}

impl Table {
    /// As GitHub renders it.
    pub fn markdown(&self) -> String {
        let notes: String = self.notes.iter().map(|note| format!("\n{}\n", inline_markdown(note))).collect();
        let title = inline_markdown(&self.title);
        let cell = |text: &str| inline_markdown(text).replace('|', "\\|");
        format!("**{title}**\n\n{}\n{notes}", self.drawn(presets::ASCII_MARKDOWN, cell))
    }

    /// For a terminal.
    pub fn terminal(&self) -> String {
        let notes: String = self.notes.iter().map(|note| format!("{note}\n")).collect();
        format!("{}\n{}\n{notes}", self.title, self.drawn(presets::UTF8_HORIZONTAL_ONLY, str::to_string))
    }

    fn drawn(&self, preset: &str, cell: impl Fn(&str) -> String) -> String {
        let mut grid = Grid::new();
        grid.load_preset(preset).set_header(self.headers.iter().map(|text| cell(text)));
        // No rule between lines: it only costs height.
        for part in [TableComponent::HorizontalLines, TableComponent::MiddleIntersections] {
            grid.remove_style(part);
        }
        for part in [TableComponent::LeftBorderIntersections, TableComponent::RightBorderIntersections] {
            grid.remove_style(part);
        }
        for row in &self.rows {
            grid.add_row(row.iter().map(|text| cell(text)));
        }
        for column in grid.column_iter_mut().skip(self.names) {
            column.set_cell_alignment(CellAlignment::Right);
        }
        grid.trim_fmt()
    }
}

/// Text on one line of Markdown: what would begin a tag is escaped, code in backticks stays code.
pub fn inline_markdown(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut in_code = false;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '`' => {
                in_code = !in_code;
                out.push(c);
            }
            '<' if !in_code && chars.peek().is_some_and(|next| next.is_alphabetic() || "/!?".contains(*next)) => {
                out.push_str("\\<");
            }
            '*' if !in_code => out.push_str("\\*"),
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table {
        Table {
            title: "Figures".into(),
            headers: vec!["method".into(), "ARI".into()],
            names: 1,
            rows: vec![vec!["NA".into(), "0.179 ± 0.076".into()], vec!["a_b & c".into(), "n/a".into()]],
            notes: vec!["± over 100% of the views.".into()],
        }
    }

    #[test]
    fn a_terminal_gets_no_rules_between_lines() {
        let text = table().terminal();
        let rules = text.lines().filter(|line| line.starts_with(['─', '═'])).count();
        assert_eq!((rules, text.lines().count()), (3, 1 + 1 + 3 + 2 + 1), "{text}");
    }

    #[test]
    fn markdown_is_a_table_with_its_notes() {
        let text = table().markdown();
        assert!(text.starts_with("**Figures**\n\n| method"), "{text}");
        assert!(text.contains("| NA      | 0.179 ± 0.076 |"), "{text}");
        assert!(text.ends_with("\n± over 100% of the views.\n"), "{text}");
    }

    #[test]
    fn markdown_takes_no_name_for_a_tag() {
        assert_eq!(inline_markdown("<b>x</b> p < 0.05\n*"), "\\<b>x\\</b> p < 0.05 \\*");
        assert_eq!(inline_markdown("`a<b>*`"), "`a<b>*`");
        let mut odd = table();
        odd.rows[1][0] = "a|b<i>".into();
        assert!(odd.markdown().contains("a\\|b\\<i>"), "{}", odd.markdown());
        assert!(odd.terminal().contains("a|b<i>"), "{}", odd.terminal());
    }
}
