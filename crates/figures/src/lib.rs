//! Figures from plain data: grouped bars, heat maps, curves, points and rows with intervals, each as SVG and as PNG.
//!
//! ```text
//! GroupedBars, Heatmaps, Curves, .. ──Draw::scene──▶ Scene (measured text, rectangles, lines)  bars, heatmap, curves, ..
//!                             Scene ───────────────▶ <stem>.svg                                svg
//!                                   ──plotters─────▶ <stem>.png                                render
//! ```
//!
//! A [`Scene`] holds every mark at its final place, so the layout can be tested without drawing, and both files show the same
//! marks. The marks carry their values: an SVG shows them on hover. Nothing depends on the machine: the font is embedded, and the
//! same data give the same bytes. This crate writes no files; callers get the bytes.

mod axis;
mod font;
mod frame;
mod plots;
#[cfg(test)]
mod properties;
mod render;
pub mod scene;
pub mod series;
pub mod style;
mod svg;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

pub use axis::Spacing;
pub use plots::bars::{Bar, BarSeries, GroupedBars};
pub use plots::curves::{CurvePanel, Curves, Line, Point};
pub use plots::forest::{Forest, ForestRow};
pub use plots::heatmap::{Heatmaps, Panel};
pub use plots::scatter::{Dot, Scatter};
pub use plots::{bars, curves, forest, heatmap, scatter};
pub use scene::Scene;

/// A file of a figure, not yet written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Drawn {
    /// Where it belongs.
    pub path: PathBuf,
    /// What stands in it.
    pub bytes: Vec<u8>,
}

/// Why a figure could not be drawn.
#[derive(Debug, thiserror::Error)]
#[error("{}: {reason}", path.display())]
pub struct DrawError {
    /// The file that would have held it.
    pub path: PathBuf,
    /// What the drawing library said.
    pub reason: String,
}

/// Something that can be laid out as a figure.
pub trait Draw {
    /// Every mark at its place, in pixels of 1/96 inch, as wide as the data want it.
    fn scene(&self) -> Scene;

    /// The same within this width: laid out anew where the figure knows how, and scaled down for the rest.
    fn scene_within(&self, width: f64) -> Scene {
        within(self.scene(), width)
    }

    /// Whether shades of colour say how large a value is, so that a dark page must not turn them around.
    fn shades_are_values(&self) -> bool {
        false
    }
}

/// Scaled down to a width, if it is wider.
fn within(scene: Scene, width: f64) -> Scene {
    let factor = width / scene.width;
    if factor < 1.0 { scene.scaled(factor) } else { scene }
}

/// How far a layout may be scaled down: text of 12 and 11 pixels, 9 and 8 points, is then of 7.6 and 7.
const LEAST_SCALE: f64 = 0.84;

/// A column of a printed page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Column {
    /// One of two.
    Single,
    /// Both.
    Double,
}

impl Column {
    /// Both widths.
    pub const ALL: [Self; 2] = [Self::Single, Self::Double];

    /// Its width.
    #[must_use]
    pub fn millimetres(self) -> f64 {
        match self {
            Self::Single => 85.0,
            Self::Double => 175.0,
        }
    }

    /// The folder of its figures.
    #[must_use]
    pub fn folder(self) -> &'static str {
        match self {
            Self::Single => "single",
            Self::Double => "double",
        }
    }

    fn pixels(self) -> f64 {
        self.millimetres() / 25.4 * 96.0
    }
}

/// `<stem>.svg` and `<stem>.png` (three pixels to the scene's one, two in large figures).
///
/// # Errors
/// A figure too large to be drawn, with the path of the file in question.
pub fn draw(figure: &(impl Draw + ?Sized), stem: &Path) -> Result<Vec<Drawn>, DrawError> {
    files(&figure.scene(), None, stem)
}

/// The same for a printed page: `single/<stem>.*` and `double/<stem>.*` beside the stem, of these columns' widths, text at
/// 7 to 9 points wherever the figure can be laid out so.
///
/// # Errors
/// As [`draw`].
pub fn draw_columns(figure: &(impl Draw + ?Sized), stem: &Path) -> Result<Vec<Drawn>, DrawError> {
    let mut drawn = Vec::new();
    for column in Column::ALL {
        let folder = stem.parent().unwrap_or(Path::new("")).join(column.folder());
        let scene = figure.scene_within(column.pixels());
        let millimetres = column.millimetres() * scene.width / column.pixels();
        let name = stem.file_name().unwrap_or_default();
        drawn.extend(files(&scene, Some(millimetres), &folder.join(name))?);
    }
    Ok(drawn)
}

fn files(scene: &Scene, millimetres: Option<f64>, stem: &Path) -> Result<Vec<Drawn>, DrawError> {
    let drawn = |ending: &str, bytes: Result<Vec<u8>, String>| {
        let path = beside(stem, ending);
        match bytes {
            Ok(bytes) => Ok(Drawn { path, bytes }),
            Err(reason) => Err(DrawError { path, reason }),
        }
    };
    Ok(vec![drawn(".svg", svg::svg(scene, millimetres).map(String::into_bytes))?, drawn(".png", render::png(scene))?])
}

/// A figure as an SVG document.
///
/// # Errors
/// In words: a figure too large to be drawn.
pub fn document(scene: &Scene) -> Result<String, String> {
    svg::svg(scene, None)
}

/// `stem` with `ending` appended: a stem may hold a dot, which `with_extension` would cut at.
fn beside(stem: &Path, ending: &str) -> PathBuf {
    let mut name = stem.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

/// The example of the README, compiled with the documentation's.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
pub struct Readme;
