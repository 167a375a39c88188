//! A table as the page shows it.

use serde::Serialize;
use tasks::Better;

use crate::tables::table::{Table, arrow};

/// A table of the page.
#[derive(Debug, Default, Serialize)]
pub struct Sheet {
    /// Its anchor.
    pub id: String,
    /// What it shows.
    pub caption: String,
    /// Whether a click unfolds it.
    pub folded: bool,
    /// Headings of its columns.
    pub headers: Vec<Heading>,
    /// How many columns from the left are names.
    pub names: usize,
    /// Lines, as long as the headers.
    pub rows: Vec<Vec<Entered>>,
    /// What has to be said of some entries, by the numbers that they bear.
    pub remarks: Vec<String>,
    /// What a reader must know.
    pub notes: Vec<String>,
}

/// The heading of a column.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Heading {
    /// Its words.
    pub text: String,
    /// The name of its metric, which leads to the definition.
    pub metric: Option<&'static str>,
    /// The direction of better values, as an arrow and in words.
    pub direction: Option<(&'static str, &'static str)>,
}

impl From<&str> for Heading {
    fn from(text: &str) -> Self {
        Self { text: text.into(), ..Self::default() }
    }
}

/// One entry of a table.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Entered {
    /// The value or name.
    pub text: String,
    /// Beside it, in small: its interval.
    pub small: String,
    /// `best`, `level`, or nothing.
    pub mark: &'static str,
    /// The numbers of the remarks about it.
    pub remarked: String,
    /// An interval as parts of a hundred: low end, value, high end.
    pub bar: Option<[f64; 3]>,
    /// Set as code.
    pub code: bool,
}

impl Entered {
    /// Text alone.
    pub fn text(text: impl Into<String>) -> Self {
        Self { text: text.into(), ..Self::default() }
    }

    /// Code alone.
    pub fn code(text: impl Into<String>) -> Self {
        Self { code: true, ..Self::text(text) }
    }
}

impl Sheet {
    /// A table without parts, with its notes.
    pub fn plain(id: &str, table: &Table) -> Self {
        let heading = |column: usize| {
            let metric = table.metrics.get(&column);
            let better = metric.map(|metric| metric.better()).filter(|better| *better != Better::Neither);
            Heading {
                text: table.headers[column].clone(),
                metric: metric.map(|metric| metric.name()),
                direction: better.map(|better| (arrow(better), better.in_words())),
            }
        };
        let entry = |at: (usize, usize)| {
            let text = &table.rows[at.0][at.1];
            let (text, small) = match text.split_once(" [").filter(|_| at.1 >= table.names) {
                Some((value, ends)) => (value, format!("[{ends}")),
                None => (text.as_str(), String::new()),
            };
            let mark = match (table.best.contains(&at), table.level.contains(&at)) {
                (true, _) => "best",
                (false, true) => "level",
                (false, false) => "",
            };
            Entered { small, mark, remarked: table.remarked(at), ..Entered::text(text) }
        };
        let row = |line: usize| (0..table.headers.len()).map(|column| entry((line, column))).collect();
        Self {
            id: id.into(),
            caption: table.title.clone(),
            folded: false,
            headers: (0..table.headers.len()).map(heading).collect(),
            names: table.names,
            rows: (0..table.rows.len()).map(row).collect(),
            remarks: table.footnotes(),
            notes: table.notes.clone(),
        }
    }

    /// The parts of a table, each under `caption` and its own title, the notes below the first; parts from `open` on are folded.
    pub fn parts(id: &str, caption: &str, table: &Table, open: usize) -> Vec<Self> {
        let sheet = |(i, piece): (usize, Table)| {
            let mut sheet = Self::plain(&if i == 0 { id.to_string() } else { format!("{id}-{}", i + 1) }, &piece);
            sheet.caption = match piece.title.as_str() {
                "" => caption.to_string(),
                title if title == table.title => caption.to_string(),
                title => format!("{caption}: {title}"),
            };
            sheet.folded = i >= open;
            if i == 0 {
                sheet.notes.clone_from(&table.notes);
            }
            sheet
        };
        table.pieces().into_iter().enumerate().map(sheet).collect()
    }
}
