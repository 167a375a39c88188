//! A page of a command: a verdict, then sections of text, tables and figures, for a terminal, as Markdown and as HTML.

use std::path::{Path, PathBuf};

use anyhow::{Result, anyhow};
use figures::Draw;
use serde::Serialize;
use serde_json::json;
use store::durable::write_file;

use super::sheet::{Picture, Sheet};
use super::template;
use crate::tables::table::{Table, inline_markdown};

/// A page: the same content in every form.
#[derive(Default)]
pub struct Document {
    /// The title.
    pub title: String,
    /// A sentence below the title: the data, and the question.
    pub about: String,
    /// The answer in a few words.
    pub verdict: String,
    /// Whether the answer is good news, for the colour of its box.
    pub good: bool,
    /// The sentences behind the answer.
    pub lead: Vec<String>,
    /// The sections.
    pub sections: Vec<Section>,
}

/// A section of a page.
pub struct Section {
    /// Its anchor, of letters and hyphens.
    pub id: String,
    /// The title.
    pub title: String,
    /// The content, in order.
    pub pieces: Vec<Piece>,
}

/// A piece of a section.
pub enum Piece {
    /// A paragraph. Words between backticks are code.
    Text(String),
    /// Sentences, one below another.
    List(Vec<String>),
    /// Commands for a shell, one a line.
    Commands(Vec<String>),
    /// A table.
    Table(Table),
    /// A figure, with the stem of its file. A terminal does not show it.
    Figure(String, Box<dyn Draw + Send + Sync>),
}

/// A section in the form of the template.
#[derive(Serialize)]
struct Shown {
    id: String,
    title: String,
    pieces: Vec<ShownPiece>,
}

#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
enum ShownPiece {
    Text { text: String },
    List { lines: Vec<String> },
    Commands { lines: Vec<String> },
    Table { sheet: Box<Sheet> },
    Figure { figure: Picture },
}

#[derive(Serialize)]
struct Page {
    title: String,
    about: String,
    verdict: String,
    tone: &'static str,
    lead: Vec<String>,
    sections: Vec<Shown>,
}

impl Section {
    /// A section without content.
    pub fn new(id: &str, title: impl Into<String>) -> Self {
        Self { id: id.into(), title: title.into(), pieces: Vec::new() }
    }

    /// The section with one more piece.
    #[must_use]
    pub fn with(mut self, piece: Piece) -> Self {
        self.pieces.push(piece);
        self
    }
}

impl Document {
    /// The page for a terminal, without its figures.
    pub fn terminal(&self) -> String {
        let bare = |line: &String| line.replace('`', "");
        let mut parts = vec![format!("{}\n{}", self.title, bare(&self.about))];
        parts.push(
            std::iter::once(self.verdict.to_uppercase())
                .chain(self.lead.iter().map(bare))
                .collect::<Vec<_>>()
                .join("\n"),
        );
        for section in &self.sections {
            let pieces = section.pieces.iter().filter_map(|piece| match piece {
                Piece::Text(text) => Some(bare(text)),
                Piece::List(lines) => {
                    Some(lines.iter().map(|line| format!("- {}", bare(line))).collect::<Vec<_>>().join("\n"))
                }
                Piece::Commands(lines) => {
                    Some(lines.iter().map(|line| format!("  {line}")).collect::<Vec<_>>().join("\n"))
                }
                Piece::Table(table) => Some(table.terminal().trim_end().to_string()),
                Piece::Figure(..) => None,
            });
            let text = pieces.collect::<Vec<_>>().join("\n");
            parts.push(format!("{}\n{}\n{text}", section.title, "-".repeat(section.title.chars().count())));
        }
        parts.join("\n\n")
    }

    /// The page as Markdown, with links to the figures that [`Document::write`] writes beside it.
    pub fn markdown(&self) -> String {
        let list = |lines: &[String]| {
            lines.iter().map(|line| format!("- {}", inline_markdown(line))).collect::<Vec<_>>().join("\n")
        };
        let mut parts = vec![format!("# {}", inline_markdown(&self.title)), inline_markdown(&self.about)];
        parts.push(format!("**{}**", inline_markdown(&self.verdict)));
        parts.push(list(&self.lead));
        for section in &self.sections {
            parts.push(format!("## {}", inline_markdown(&section.title)));
            parts.extend(section.pieces.iter().map(|piece| match piece {
                Piece::Text(text) => inline_markdown(text),
                Piece::List(lines) => list(lines),
                Piece::Commands(lines) => format!("```sh\n{}\n```", lines.join("\n")),
                Piece::Table(table) => table.markdown().trim_end().to_string(),
                Piece::Figure(stem, figure) => format!("![{}]({stem}.svg)", inline_markdown(&figure.scene().title)),
            }));
        }
        parts.join("\n\n") + "\n"
    }

    /// The page as HTML that needs no other file.
    ///
    /// # Errors
    /// A figure too large to be drawn.
    pub fn html(&self) -> Result<String> {
        let piece = |piece: &Piece| -> Result<ShownPiece> {
            Ok(match piece {
                Piece::Text(text) => ShownPiece::Text { text: text.clone() },
                Piece::List(lines) => ShownPiece::List { lines: lines.clone() },
                Piece::Commands(lines) => ShownPiece::Commands { lines: lines.clone() },
                Piece::Table(table) => {
                    ShownPiece::Table { sheet: Box::new(Sheet::plain(&store::slug(&table.title), table)) }
                }
                Piece::Figure(stem, figure) => {
                    let (title, svg) = drawn(stem, figure.as_ref())?;
                    let shades = figure.shades_are_values();
                    ShownPiece::Figure { figure: Picture { id: stem.clone(), title, svg, shades, open: true } }
                }
            })
        };
        let section = |section: &Section| -> Result<Shown> {
            let pieces = section.pieces.iter().map(piece).collect::<Result<_>>()?;
            Ok(Shown { id: section.id.clone(), title: section.title.clone(), pieces })
        };
        let page = Page {
            title: self.title.clone(),
            about: self.about.clone(),
            verdict: self.verdict.clone(),
            tone: if self.good { "fine" } else { "odd" },
            lead: self.lead.clone(),
            sections: self.sections.iter().map(section).collect::<Result<_>>()?,
        };
        template::render("document.html", &page, &json!({ "name": self.title }))
    }

    /// The files that [`Document::write`] writes.
    pub fn files(&self, folder: &Path, stem: &str) -> Vec<PathBuf> {
        let pieces = self.sections.iter().flat_map(|section| &section.pieces);
        let figures = pieces.filter_map(|piece| match piece {
            Piece::Figure(stem, _) => Some(folder.join(format!("{stem}.svg"))),
            _ => None,
        });
        let pages = ["html", "md"].map(|form| folder.join(format!("{stem}.{form}")));
        pages.into_iter().chain(figures).collect()
    }

    /// Writes `<stem>.html`, `<stem>.md` and the figures of the latter, and returns the files.
    ///
    /// # Errors
    /// A figure too large to be drawn; a folder that cannot be written.
    pub fn write(&self, folder: &Path, stem: &str) -> Result<Vec<PathBuf>> {
        let mut texts = vec![self.html()?, self.markdown()];
        for piece in self.sections.iter().flat_map(|section| &section.pieces) {
            if let Piece::Figure(stem, figure) = piece {
                texts.push(drawn(stem, figure.as_ref())?.1);
            }
        }
        let files = self.files(folder, stem);
        for (path, text) in files.iter().zip(texts) {
            write_file(path, |file| Ok(std::io::Write::write_all(file, text.as_bytes())?))?;
        }
        Ok(files)
    }
}

/// The title and the SVG of a figure.
fn drawn(stem: &str, figure: &(dyn Draw + Send + Sync)) -> Result<(String, String)> {
    let scene = figure.scene();
    let svg = figures::document(&scene).map_err(|reason| anyhow!("figure {stem}: {reason}"))?;
    Ok((scene.title, svg))
}

#[cfg(test)]
mod tests {
    use super::*;
    use figures::{CurvePanel, Curves, Line, Point};

    fn page() -> Document {
        let table = Table {
            title: "Scores".into(),
            headers: ["strategy", "nDCG@10"].map(String::from).to_vec(),
            names: 1,
            rows: vec![["stay", "0.650 [0.600, 0.700]"].map(String::from).to_vec()],
            ..Table::default()
        };
        let point = |value| Some(Point { value, interval: None });
        let line = Line { label: "mapped".into(), values: vec![point(0.1), point(0.2)], ..Line::default() };
        let panel = CurvePanel { ticks: vec!["10".into(), "20".into()], lines: vec![line], ..CurvePanel::default() };
        let curve = Curves { title: "Pairs".into(), panels: vec![panel], ..Curves::default() };
        let section = Section::new("scores", "Scores")
            .with(Piece::Text("Of `a<b>`.".into()))
            .with(Piece::Table(table))
            .with(Piece::Figure("upgrade_pairs".into(), Box::new(curve)))
            .with(Piece::Commands(vec!["runner translate <map>".into()]));
        Document {
            title: "a & b".into(),
            about: "About `x`.".into(),
            verdict: "Stay".into(),
            lead: vec!["It is <so>.".into()],
            sections: vec![section],
            ..Document::default()
        }
    }

    #[test]
    fn every_form_has_the_content() {
        let page = page();
        let terminal = page.terminal();
        assert!(
            terminal.starts_with("a & b\nAbout x.\n\nSTAY\nIt is <so>.\n\nScores\n------\nOf a<b>.\n"),
            "{terminal}"
        );
        assert!(!terminal.contains("upgrade_pairs") && terminal.ends_with("\n  runner translate <map>"), "{terminal}");
        let markdown = page.markdown();
        for part in [
            "# a & b\n",
            "**Stay**\n\n- It is \\<so>.",
            "## Scores",
            "![Pairs](upgrade_pairs.svg)",
            "```sh\nrunner translate <map>\n```",
        ] {
            assert!(markdown.contains(part), "{part}: {markdown}");
        }
        let html = page.html().expect("a page");
        for part in [
            "<title>a &amp; b</title>",
            "It is &lt;so&gt;.",
            "<code>a&lt;b&gt;</code>",
            "<svg",
            "[0.600, 0.700]",
            "translate &lt;map&gt;",
            "Content-Security-Policy",
        ] {
            assert!(html.contains(part), "{part}");
        }
        assert!(
            !html.contains("http://") || !html.replace("http://www.w3.org/", "").contains("http://"),
            "asks for nothing"
        );
    }

    #[test]
    fn files_are_written_together() {
        let folder = std::env::temp_dir().join(format!("polyalign-document-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder");
        let files = page().write(&folder, "upgrade").expect("written");
        assert_eq!(files, page().files(&folder, "upgrade"));
        assert_eq!(files.len(), 3);
        assert!(files.iter().all(|file| file.exists()));
        std::fs::remove_dir_all(folder).expect("removed");
    }
}
