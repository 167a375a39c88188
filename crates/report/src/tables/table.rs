//! A table of text. This file writes it as Markdown and for a terminal; the folder beside it writes LaTeX and files.

pub mod latex;
mod write;

use std::collections::{BTreeMap, BTreeSet};

use comfy_table::{CellAlignment, Table as Grid, TableComponent, presets};
use tasks::{Better, Metric};

/// A table: its first columns name a line, the others hold values.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table {
    /// The title above the table.
    pub title: String,
    /// Headers of the columns; no two are equal.
    pub headers: Vec<String>,
    /// Number of columns, from the left, that hold names.
    pub names: usize,
    /// The lines, each as long as the headers.
    pub rows: Vec<Vec<String>>,
    /// Notes below the table: the meaning of intervals, the data, what is missing.
    pub notes: Vec<String>,
    /// Columns that hold a metric. Their headings show its direction.
    pub metrics: BTreeMap<usize, Metric>,
    /// Entries, by line and column, that are the best of their columns.
    pub best: BTreeSet<(usize, usize)>,
    /// Entries that a test does not distinguish from the best.
    pub level: BTreeSet<(usize, usize)>,
    /// Remarks on single entries.
    pub remarks: Vec<Remark>,
    /// Columns that are shown as separate tables, one below another. Without parts, all columns are one table.
    pub parts: Vec<Part>,
}

/// A sentence about some entries. It stands once below the table, and its number stands at each of the entries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remark {
    /// The sentence.
    pub text: String,
    /// The entries, by line and column.
    pub entries: BTreeSet<(usize, usize)>,
}

/// Columns that form a separate table, up to the next part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// The title above the part.
    pub title: String,
    /// The first of its columns.
    pub from: usize,
}

impl Table {
    /// Adds a remark on an entry. Entries with the same text share one remark.
    pub fn remark(&mut self, entry: (usize, usize), text: &str) {
        match self.remarks.iter_mut().find(|remark| remark.text == text) {
            Some(remark) => {
                remark.entries.insert(entry);
            }
            None => self.remarks.push(Remark { text: text.to_string(), entries: BTreeSet::from([entry]) }),
        }
    }

    /// Begins a part. Its first column is the next one that is pushed.
    pub fn part(&mut self, title: impl Into<String>) {
        self.parts.push(Part { title: title.into(), from: self.headers.len() });
    }

    /// Marks the best entry of a column among these lines; lines without a number have none.
    pub fn mark_best(&mut self, column: usize, lines: &[(usize, Option<f64>)], better: Better) {
        let sign = match better {
            Better::Higher => 1.0,
            Better::Lower => -1.0,
            Better::Neither => return,
        };
        let values: Vec<(usize, f64)> =
            lines.iter().filter_map(|&(line, value)| Some((line, sign * value.filter(|v| v.is_finite())?))).collect();
        let Some(most) = values.iter().map(|(_, value)| *value).reduce(f64::max).filter(|_| values.len() > 1) else {
            return;
        };
        self.best.extend(values.iter().filter(|(_, value)| *value == most).map(|&(line, _)| (line, column)));
    }

    /// The tables of the parts, each with the columns that name a line; without parts the table itself. Notes belong to
    /// all parts, so no part holds them.
    pub fn pieces(&self) -> Vec<Table> {
        if self.parts.is_empty() {
            return vec![Table { notes: Vec::new(), ..self.clone() }];
        }
        let first = Part { title: String::new(), from: self.names };
        let parts = std::iter::once(&first).chain(&self.parts);
        let ends = self.parts.iter().map(|part| part.from).chain([self.headers.len()]);
        let columns = parts.zip(ends).map(|(part, end)| (part, part.from..end)).filter(|(_, range)| !range.is_empty());
        columns
            .map(|(part, range)| self.piece(&part.title, &(0..self.names).chain(range).collect::<Vec<_>>()))
            .collect()
    }

    /// A table of these columns.
    fn piece(&self, title: &str, columns: &[usize]) -> Table {
        let at = |column: usize| columns.iter().position(|c| *c == column);
        let within = |entries: &BTreeSet<(usize, usize)>| -> BTreeSet<(usize, usize)> {
            entries.iter().filter_map(|&(line, column)| Some((line, at(column)?))).collect()
        };
        let remark = |remark: &Remark| {
            let entries = within(&remark.entries);
            (!entries.is_empty()).then(|| Remark { text: remark.text.clone(), entries })
        };
        // A part with one column of a metric needs only the metric as its header: the title of the part says the rest.
        let header = |&column: &usize| match self.metrics.get(&column) {
            Some(metric) if columns.iter().filter(|c| self.metrics.get(c) == Some(metric)).count() == 1 => {
                metric.title().to_string()
            }
            _ => self.headers[column].clone(),
        };
        Table {
            title: title.to_string(),
            headers: columns.iter().map(header).collect(),
            names: self.names,
            rows: self.rows.iter().map(|row| columns.iter().map(|&c| row[c].clone()).collect()).collect(),
            metrics: self.metrics.iter().filter_map(|(&c, &metric)| Some((at(c)?, metric))).collect(),
            best: within(&self.best),
            level: within(&self.level),
            remarks: self.remarks.iter().filter_map(remark).collect(),
            ..Table::default()
        }
    }

    /// A header with the direction of its metric.
    pub fn heading(&self, column: usize) -> String {
        match self.metrics.get(&column).map(|metric| metric.better()) {
            Some(better) if better != Better::Neither => format!("{} {}", self.headers[column], arrow(better)),
            _ => self.headers[column].clone(),
        }
    }

    /// The numbers of the remarks about an entry.
    pub fn remarked(&self, entry: (usize, usize)) -> String {
        let numbers = self.remarks.iter().enumerate().filter(|(_, remark)| remark.entries.contains(&entry));
        numbers.map(|(i, _)| raised(i + 1)).collect::<Vec<_>>().join(" ")
    }

    /// The remarks with their numbers, a line each.
    pub fn footnotes(&self) -> Vec<String> {
        self.remarks.iter().enumerate().map(|(i, remark)| format!("{} {}", raised(i + 1), remark.text)).collect()
    }

    /// The table as Markdown for GitHub.
    pub fn markdown(&self) -> String {
        let cell = |text: &str| inline_markdown(text).replace('|', "\\|");
        let entry = |piece: &Table, at: (usize, usize)| {
            let text = cell(&piece.rows[at.0][at.1]);
            let bold = if piece.best.contains(&at) { format!("**{text}**") } else { text };
            format!("{}{bold}{}", piece.sign(at, ""), piece.remarked(at))
        };
        let pieces = self.pieces().into_iter().map(|piece| {
            let title = if piece.title == self.title || piece.title.is_empty() {
                String::new()
            } else {
                format!("*{}*\n\n", inline_markdown(&piece.title))
            };
            let remarks: String =
                piece.footnotes().iter().map(|text| format!("\n{}\n", inline_markdown(text))).collect();
            format!("{title}{}\n{remarks}", piece.drawn(presets::ASCII_MARKDOWN, cell, entry))
        });
        let notes: String = self.notes.iter().map(|note| format!("\n{}\n", inline_markdown(note))).collect();
        format!("**{}**\n\n{}{notes}", inline_markdown(&self.title), pieces.collect::<Vec<_>>().join("\n"))
    }

    /// The table for a terminal.
    pub fn terminal(&self) -> String {
        let entry = |piece: &Table, at: (usize, usize)| {
            format!("{}{}{}", piece.sign(at, "★ "), piece.rows[at.0][at.1], piece.remarked(at))
        };
        let pieces = self.pieces().into_iter().map(|piece| {
            let title = if piece.title == self.title || piece.title.is_empty() {
                String::new()
            } else {
                format!("{}\n", piece.title)
            };
            let remarks: String = piece.footnotes().iter().map(|text| format!("{text}\n")).collect();
            format!("{title}{}\n{remarks}", piece.drawn(presets::UTF8_HORIZONTAL_ONLY, str::to_string, entry))
        });
        let notes: String = self.notes.iter().map(|note| format!("{note}\n")).collect();
        format!("{}\n{}{notes}", self.title, pieces.collect::<Vec<_>>().join("\n"))
    }

    /// The mark before an entry: `best` before the best, ≈ before an entry that a test does not distinguish from the
    /// best.
    fn sign(&self, at: (usize, usize), best: &'static str) -> &'static str {
        match (self.best.contains(&at), self.level.contains(&at)) {
            (true, _) => best,
            (false, true) => "≈ ",
            (false, false) => "",
        }
    }

    fn drawn(
        &self,
        preset: &str,
        cell: impl Fn(&str) -> String,
        entry: impl Fn(&Table, (usize, usize)) -> String,
    ) -> String {
        let mut grid = Grid::new();
        grid.load_preset(preset).set_header((0..self.headers.len()).map(|column| cell(&self.heading(column))));
        // Rules between lines would only cost height.
        for part in [TableComponent::HorizontalLines, TableComponent::MiddleIntersections] {
            grid.remove_style(part);
        }
        for part in [TableComponent::LeftBorderIntersections, TableComponent::RightBorderIntersections] {
            grid.remove_style(part);
        }
        for line in 0..self.rows.len() {
            grid.add_row((0..self.headers.len()).map(|column| entry(self, (line, column))));
        }
        for column in grid.column_iter_mut().skip(self.names) {
            column.set_cell_alignment(CellAlignment::Right);
        }
        grid.trim_fmt()
    }
}

/// The arrow for the direction of better values.
pub fn arrow(better: Better) -> &'static str {
    match better {
        Better::Higher => "↑",
        Better::Lower => "↓",
        Better::Neither => "",
    }
}

/// A number in superscript digits.
fn raised(number: usize) -> String {
    let digits: Vec<char> = "⁰¹²³⁴⁵⁶⁷⁸⁹".chars().collect();
    number.to_string().chars().filter_map(|digit| digits.get(digit.to_digit(10)? as usize)).collect()
}

/// Text on one line of Markdown. Characters that would begin a tag are escaped, except in code between backticks.
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
            ..Table::default()
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

    /// Two parts with a metric each, the second of the same metric as the first.
    fn in_parts() -> Table {
        let mut table = Table {
            title: "All".into(),
            headers: ["method", "Rank-1", "Rank-1 (csls)", "n"].map(String::from).to_vec(),
            names: 1,
            rows: vec![
                ["NA", "0.1 [0.0, 0.2]", "n/a", "60"].map(String::from).to_vec(),
                ["GPA", "0.9 [0.8, 1.0]", "0.5 [0.4, 0.6]", "60"].map(String::from).to_vec(),
                ["PW", "0.9 [0.8, 1.0]", "n/a", "60"].map(String::from).to_vec(),
            ],
            metrics: BTreeMap::from([(1, Metric::Rank1), (2, Metric::Rank1)]),
            parts: [("Retrieval", 1), ("Retrieval (csls)", 2), ("Counts", 3)]
                .map(|(title, from)| Part { title: title.into(), from })
                .to_vec(),
            notes: vec!["Once.".into()],
            ..Table::default()
        };
        table.best.insert((1, 1));
        table.level.insert((2, 1));
        table.remark((0, 2), "widths differ");
        table.remark((2, 2), "widths differ");
        table
    }

    #[test]
    fn parts_are_tables_of_their_own_with_the_names_before_them() {
        let pieces = in_parts().pieces();
        let headings: Vec<Vec<String>> =
            pieces.iter().map(|piece| (0..piece.headers.len()).map(|i| piece.heading(i)).collect()).collect();
        assert_eq!(headings, [["method", "Rank-1 ↑"], ["method", "Rank-1 ↑"], ["method", "n"]]);
        assert_eq!((pieces[0].remarks.len(), pieces[1].remarks.len()), (0, 1));
        let text = in_parts().markdown();
        assert!(text.starts_with("**All**\n\n*Retrieval*\n\n| method"), "{text}");
        assert!(text.contains("| **0.9 [0.8, 1.0]** |") && text.contains(" ≈ 0.9 [0.8, 1.0] |"), "{text}");
        assert_eq!(text.matches("n/a¹").count(), 2, "{text}");
        assert_eq!(text.matches("¹ widths differ").count(), 1, "{text}");
        assert!(text.ends_with("\nOnce.\n") && text.matches("Once.").count() == 1, "{text}");
        let said = in_parts().terminal();
        assert!(said.contains("★ 0.9 [0.8, 1.0]") && said.contains("Retrieval (csls)\n"), "{said}");
    }

    #[test]
    fn the_best_of_a_column_is_marked_by_its_direction() {
        let mut table = in_parts();
        table.best.clear();
        let lines = [(0, Some(0.1)), (1, Some(0.9)), (2, None)];
        table.mark_best(1, &lines, Better::Lower);
        table.mark_best(2, &lines, Better::Neither);
        table.mark_best(3, &lines[..1], Better::Higher);
        assert_eq!(table.best, BTreeSet::from([(0, 1)]), "nothing is the best of one");
    }
}
