//! Two-dimensional positions of some held-out items before and after alignment, in a file beside a cell's scores. A
//! report draws the universe from it without a fit. `cells::picture` computes it.

use anyhow::{Context, Result, ensure};
use polars_core::prelude::{Column, DataFrame};

/// Positions of some held-out items of every view, before and after alignment.
#[derive(Clone, Debug, PartialEq)]
pub struct Picture {
    /// Name of the labelling of `labels`.
    pub labelling: Option<String>,
    /// Row numbers of the items in the held-out split.
    pub items: Vec<u64>,
    /// Classes of the items, if the data have labels.
    pub labels: Option<Vec<i64>>,
    /// The views.
    pub views: Vec<PicturedView>,
}

/// Positions of one view's items.
#[derive(Clone, Debug, PartialEq)]
pub struct PicturedView {
    /// Its name.
    pub name: String,
    /// Positions in the plane of the view's own two leading principal directions, scaled to a root mean square distance
    /// of 1 from the centre.
    pub before: Vec<[f32; 2]>,
    /// Positions in the plane of the two leading principal directions of all views' items in the universe together,
    /// scaled likewise.
    pub after: Vec<[f32; 2]>,
}

impl Picture {
    /// A frame with one row per view and item.
    pub fn to_frame(&self) -> Result<DataFrame> {
        let (count, rows) = (self.items.len(), self.items.len() * self.views.len());
        let names = self.views.iter().flat_map(|view| std::iter::repeat_n(view.name.as_str(), count));
        let names: Vec<&str> = names.collect();
        let labels = |i: usize| self.labels.as_ref().map(|labels| labels[i % count]);
        let labels: Vec<Option<i64>> = (0..rows).map(labels).collect();
        let items: Vec<u64> = (0..rows).map(|i| self.items[i % count]).collect();
        let axis = |of: fn(&PicturedView) -> &[[f32; 2]], k: usize| -> Vec<f32> {
            self.views.iter().flat_map(of).map(|point| point[k]).collect()
        };
        let (before, after): (Axis, Axis) = (|view| &view.before, |view| &view.after);
        Ok(DataFrame::new(
            rows,
            vec![
                Column::new("view".into(), names),
                Column::new("item".into(), items),
                Column::new("labelling".into(), vec![self.labelling.as_deref(); rows]),
                Column::new("label".into(), labels),
                Column::new("before_x".into(), axis(before, 0)),
                Column::new("before_y".into(), axis(before, 1)),
                Column::new("after_x".into(), axis(after, 0)),
                Column::new("after_y".into(), axis(after, 1)),
            ],
        )?)
    }

    /// A picture from its frame.
    ///
    /// # Errors
    /// A frame that is not a picture.
    pub fn from_frame(frame: &DataFrame) -> Result<Self> {
        let number = |name: &str| -> Result<Vec<f32>> {
            frame.column(name)?.f32()?.iter().map(|v| v.with_context(|| format!("a gap in `{name}`"))).collect()
        };
        let names: Vec<&str> = frame.column("view")?.str()?.iter().flatten().collect();
        ensure!(names.len() == frame.height() && !names.is_empty(), "column `view`");
        let count = names.iter().take_while(|name| **name == names[0]).count();
        ensure!(names.chunks(count).all(|chunk| chunk.len() == count), "views with differing numbers of items");
        let items: Vec<u64> = frame.column("item")?.u64()?.iter().take(count).flatten().collect();
        ensure!(items.len() == count, "column `item`");
        let labels: Vec<i64> = frame.column("label")?.i64()?.iter().take(count).flatten().collect();
        let pairs = |x: &str, y: &str| -> Result<Vec<[f32; 2]>> {
            Ok(number(x)?.into_iter().zip(number(y)?).map(|(x, y)| [x, y]).collect())
        };
        let (before, after) = (pairs("before_x", "before_y")?, pairs("after_x", "after_y")?);
        let views = names.chunks(count).zip(before.chunks(count).zip(after.chunks(count)));
        Ok(Self {
            labelling: frame.column("labelling")?.str()?.get(0).map(str::to_string),
            labels: (labels.len() == count).then_some(labels),
            items,
            views: views
                .map(|(names, (before, after))| PicturedView {
                    name: names[0].to_string(),
                    before: before.to_vec(),
                    after: after.to_vec(),
                })
                .collect(),
        })
    }
}

type Axis = fn(&PicturedView) -> &[[f32; 2]];
