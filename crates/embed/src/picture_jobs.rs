//! Jobs of pictures: all pictures of one split, some of them as edge maps.

use std::{collections::HashSet, path::Path};

use anyhow::Result;
use clap::ValueEnum;
use embed::{EmbedError, Embeddings, PictureEncoder, input, pictures::Edges};
use files::jobs::View;

use crate::run::{Batch, Common, EdgeKind, Inputs, Rows, run};

/// The edge filter of a view, if it has one.
///
/// # Errors
/// An unknown filter.
pub(crate) fn filter(view: &View) -> Result<Option<Edges>, EmbedError> {
    let Some(edges) = &view.edges else { return Ok(None) };
    let problem = || format!("jobs.json: edges.filter: found `{}`, expected canny, scharr or dog", edges.filter);
    match EdgeKind::from_str(&edges.filter, false) {
        Ok(kind) => Ok(Some(kind.into())),
        Err(_) => Err(EmbedError::Argument { argument: "jobs", problem: problem() }),
    }
}

/// Embeds the pictures of a split.
pub(crate) fn embed_pictures(
    common: &Common,
    batch: Batch,
    list: &Path,
    rows: &Rows,
    (view, split, folder): (&View, &str, &Path),
    encoder: &PictureEncoder,
) -> Result<()> {
    let files = input::pictures(list)?;
    let maps = view.edges.as_ref().and_then(|edges| edges.lists.get(split));
    let maps: HashSet<_> = match maps {
        Some(maps) => input::pictures(&folder.join(maps))?.into_iter().collect(),
        None => HashSet::new(),
    };
    let kinds = [None, filter(view)?];
    let as_edges: Vec<bool> = files.iter().map(|file| maps.contains(file)).collect();
    let found = as_edges.iter().filter(|is| **is).count();
    if found != maps.len() {
        anyhow::bail!(
            "{}: found {found} of the {} pictures of the view's list of edge maps, expected all of them; list the jobs again",
            list.display(),
            maps.len()
        );
    }
    let (sums, batch) = (input::checksums(&files)?, batch.size()?);
    let marks: Vec<&str> = as_edges.iter().map(|is| if *is { "edges" } else { "picture" }).collect();
    let seen_as = |edges: bool| kinds[usize::from(edges)].map_or("picture".to_owned(), |filter| filter.to_string());
    let part =
        |range: std::ops::Range<usize>| input::digest(range.flat_map(|i| [sums[i].clone(), seen_as(as_edges[i])]));
    let edges = match (found, kinds[1]) {
        (1.., Some(edges)) => format!("{edges} of {found}, {}", input::digest(&marks)),
        _ => "none".to_owned(),
    };
    let inputs = Inputs {
        count: files.len(),
        whole: vec![("pictures", input::digest(&sums)), ("edges", edges)],
        part: &part,
        encoder: encoder.description(),
        settings: vec![("batch", batch.to_string())],
    };
    run(common, &inputs, encoder.width(), rows, &mut |range, done| {
        let mut rows = Embeddings::zeros(range.len(), encoder.width());
        // A batch has one kind, so that the encoder need not know of the mixture.
        for (is_edges, kind) in [false, true].into_iter().zip(kinds) {
            let at: Vec<usize> = range.clone().filter(|&i| as_edges[i] == is_edges).collect();
            let some: Vec<_> = at.iter().map(|&i| files[i].clone()).collect();
            let made = encoder.encode(&some, batch, kind, done)?;
            for (row, i) in at.into_iter().enumerate() {
                rows.set(i - range.start, made.row(row))?;
            }
        }
        Ok(rows)
    })
}
