//! Tables and figures in the form that a page shows.

use serde::Serialize;
use tasks::Better;

use crate::tables::table::{Table, arrow};

/// A table of the page.
#[derive(Debug, Default, Serialize)]
pub struct Sheet {
    /// Its anchor.
    pub id: String,
    /// The title.
    pub caption: String,
    /// Whether the table is folded until a click.
    pub folded: bool,
    /// Headings of its columns.
    pub headers: Vec<Heading>,
    /// Number of columns, from the left, that hold names.
    pub names: usize,
    /// Lines, as long as the headers.
    pub rows: Vec<Vec<Entered>>,
    /// The remarks on single entries, with their numbers.
    pub remarks: Vec<String>,
    /// The notes below the table.
    pub notes: Vec<String>,
}

/// The heading of a column.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Heading {
    /// The text of the heading.
    pub text: String,
    /// The name of its metric, for the link to the definition.
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
    /// The interval, in small print beside the value.
    pub small: String,
    /// The class: `best`, `level` or nothing.
    pub mark: &'static str,
    /// The numbers of its remarks.
    pub remarked: String,
    /// The interval in percent of the scale: low end, value, high end.
    pub bar: Option<[f64; 3]>,
    /// Whether the text is set as code.
    pub code: bool,
}

/// A figure of a page.
#[derive(Debug, Serialize)]
pub struct Picture {
    /// Its name.
    pub id: String,
    /// Its title.
    pub title: String,
    /// The drawing.
    pub svg: String,
    /// Whether the figure must keep its colours in the dark theme.
    pub shades: bool,
    /// Whether it is open.
    pub open: bool,
}

impl Entered {
    /// An entry with a text.
    pub fn text(text: impl Into<String>) -> Self {
        Self { text: text.into(), ..Self::default() }
    }

    /// An entry with a text set as code.
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

    /// The parts of a table, each under `caption` and its own title. The notes stand below the first part. Parts from
    /// `open` on are folded.
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
