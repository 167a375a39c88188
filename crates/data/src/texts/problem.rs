//! Problems between tables and the texts of views.

use thiserror::Error;

/// Problem of downloaded tables that do not give every view its texts.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum TextProblem {
    /// A name in the recipe that no downloaded file has.
    #[error("no fetched file is called `{name}`; fetch the source again, or correct its `texts` or `items`")]
    NoTable {
        /// The name, `{of}` filled in.
        name: String,
    },
    /// An id that two rows of a table have.
    #[error("id `{id}` stands at row {first} and again at row {second}; rows are matched by it, so it must be unique")]
    IdTwice {
        /// The id.
        id: String,
        /// Its first row, from 0, over all files of the split.
        first: usize,
        /// Its second row.
        second: usize,
    },
    /// An item with different values in different parts.
    #[error("`{list}` of id `{id}` is `{got}`, in `{first}` it is `{want}`; one item has one value")]
    Differs {
        /// The labelling or grouping.
        list: String,
        /// The item.
        id: String,
        /// The value found.
        got: String,
        /// The first part.
        first: String,
        /// Its value.
        want: String,
    },
    /// Tables without a common item.
    #[error("no item has a text in every one of {}; compare the ids or languages of the tables", .parts.join(", "))]
    NoItems {
        /// The parts.
        parts: Vec<String>,
    },
    /// Another number of items than the source file says.
    #[error("{got} items in `{split}`, and the source says `rows: {{{split}: {want}}}`; the tables are not those, or their ids do not match{}", in_words(.notes))]
    Rows {
        /// The split.
        split: &'static str,
        /// Items found.
        got: usize,
        /// Items the source says there are.
        want: usize,
        /// Items that were left out.
        notes: Vec<String>,
    },
    /// An empty text.
    #[error(
        "the text of id `{id}` in `{part}` is empty; drop the item from the source, or say `empty: keep` in its `texts`"
    )]
    Empty {
        /// The item.
        id: String,
        /// The part.
        part: String,
    },
    /// A view without embeddings.
    #[error(
        "view `{view}` has no embeddings: {file} is not there; make them (its texts are {texts}), or leave the view out"
    )]
    NotEmbedded {
        /// The view.
        view: String,
        /// Where they would be.
        file: String,
        /// Where its texts are.
        texts: String,
    },
    /// Items or inputs that are not as the recipe says.
    #[error("{detail}")]
    Items {
        /// What was found, what was expected, and what to do.
        detail: String,
    },
    /// A line or name of another form than the recipe says.
    #[error("found `{got}`, expected the form `{form}`; correct the file, or the form in the source's `items`")]
    Form {
        /// The line or name.
        got: String,
        /// The form.
        form: String,
    },
    /// A file of jobs with an error.
    #[error("not what `runner texts` writes: {detail}; run it again")]
    Jobs {
        /// The parser's message.
        detail: String,
    },
}

fn in_words(notes: &[String]) -> String {
    notes.iter().map(|note| format!("; {note}")).collect()
}
