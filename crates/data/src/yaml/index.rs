//! Positions of every key and every list item of a YAML text, which parsed values no longer have.

use std::collections::HashMap;

use saphyr_parser::{Event, Parser};

/// Line and column, both from 1.
pub(super) type LineCol = (usize, usize);

const DEEPEST: usize = 128;
/// Limit of the characters and nodes that all aliases stand for: far more than any grid repeats.
const MOST_ALIASED: usize = 1 << 20;

/// Positions by key path.
#[derive(Clone, Debug, Default)]
pub(super) struct Index(HashMap<String, LineCol>);

/// Error of a text that cannot be indexed.
pub(super) enum IndexError {
    /// A text that is not YAML.
    Syntax { at: LineCol, detail: String },
    /// Aliases that stand for more than the limit.
    Aliases { at: LineCol, limit: usize },
    /// A mapping has a key twice.
    Duplicate { at: LineCol, key: String, first: LineCol },
}

/// Size of every anchor's node, with its aliases expanded, and the size that all aliases stand for.
#[derive(Default)]
struct Sizes {
    by_anchor: HashMap<usize, usize>,
    /// Open collections: their anchors (0 for none), and the size before them.
    open: Vec<(usize, usize)>,
    seen: usize,
    aliased: usize,
}

impl Sizes {
    /// Adds an event; false if the aliases stand for more than the limit.
    fn add(&mut self, event: &Event<'_>) -> bool {
        match event {
            Event::Scalar(text, _, anchor, _) => {
                let size = text.len() + 1;
                self.seen = self.seen.saturating_add(size);
                self.by_anchor.insert(*anchor, size);
            }
            Event::Alias(anchor) => {
                let size = self.by_anchor.get(anchor).copied().unwrap_or(1);
                self.seen = self.seen.saturating_add(size);
                self.aliased = self.aliased.saturating_add(size);
            }
            Event::MappingStart(anchor, _) | Event::SequenceStart(anchor, _) => {
                self.open.push((*anchor, self.seen));
                self.seen = self.seen.saturating_add(1);
            }
            Event::MappingEnd | Event::SequenceEnd => {
                if let Some((anchor, before)) = self.open.pop() {
                    self.by_anchor.insert(anchor, self.seen - before);
                }
            }
            _ => {}
        }
        self.aliased <= MOST_ALIASED
    }
}

/// An open mapping or list, and the path to it.
enum Open {
    Map {
        path: String,
        /// Path of the key whose value comes next; `None` if a key comes next.
        key: Option<String>,
        /// The keys so far.
        seen: HashMap<String, LineCol>,
    },
    List {
        path: String,
        next: usize,
    },
}

impl Index {
    /// Reads the events of a text.
    pub(super) fn of(text: &str) -> Result<Self, IndexError> {
        let mut index = Self::default();
        let mut open: Vec<Open> = Vec::new();
        let mut sizes = Sizes::default();
        for event in Parser::new_from_str(text) {
            let (event, span) = event.map_err(|e| IndexError::Syntax {
                at: (e.marker().line(), e.marker().col() + 1),
                detail: e.info().to_owned(),
            })?;
            let at = (span.start.line(), span.start.col() + 1);
            // Paths grow with depth; the value parser also gives up here.
            if open.len() > DEEPEST {
                return Err(IndexError::Syntax { at, detail: format!("nested more than {DEEPEST} deep") });
            }
            if !sizes.add(&event) {
                return Err(IndexError::Aliases { at, limit: MOST_ALIASED });
            }
            match event {
                Event::Scalar(text, ..) => {
                    index.begin(&mut open, Some(&text), at)?;
                }
                Event::Alias(_) => {
                    index.begin(&mut open, None, at)?;
                }
                Event::MappingStart(..) => {
                    let path = index.begin(&mut open, None, at)?;
                    open.push(Open::Map { path, key: None, seen: HashMap::new() });
                }
                Event::SequenceStart(..) => {
                    let path = index.begin(&mut open, None, at)?;
                    open.push(Open::List { path, next: 0 });
                }
                Event::MappingEnd | Event::SequenceEnd => {
                    open.pop();
                }
                _ => {}
            }
        }
        Ok(index)
    }

    /// Begins a node in the innermost open collection; returns its path.
    fn begin(&mut self, open: &mut [Open], scalar: Option<&str>, at: LineCol) -> Result<String, IndexError> {
        let path = match open.last_mut() {
            None => return Ok(String::new()),
            Some(Open::List { path, next }) => {
                *next += 1;
                format!("{path}[{}]", *next - 1)
            }
            Some(Open::Map { path, key, seen }) => match key.take() {
                Some(path) => return Ok(path),
                None => {
                    // A key that is not a scalar is refused later and only needs some path until then.
                    let child = join(path, scalar.unwrap_or("?"));
                    if let Some(first) = scalar.and_then(|name| seen.insert(name.to_owned(), at)) {
                        return Err(IndexError::Duplicate { at, key: child, first });
                    }
                    *key = Some(child.clone());
                    child
                }
            },
        };
        self.0.entry(path.clone()).or_insert(at);
        Ok(path)
    }

    /// The position of a path.
    pub(super) fn at(&self, path: &str) -> Option<LineCol> {
        self.0.get(path).copied()
    }

    /// The position of a path or of its nearest ancestor that the text has.
    pub(super) fn near(&self, path: &str) -> Option<LineCol> {
        let mut path = path;
        loop {
            if let Some(at) = self.at(path) {
                return Some(at);
            }
            path = &path[..path.rfind(['.', '['])?];
        }
    }
}

/// The path of a key below a path.
pub(super) fn join(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}
