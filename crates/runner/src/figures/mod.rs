//! Figures from plain data: grouped bars, heat maps and curves, each written as SVG and as PNG.
//!
//! ```text
//! GroupedBars, Heatmaps, Curves ──Draw::scene──▶ Scene (measured text, rectangles, lines)     bars, heatmap, curves
//!                         Scene ──plotters─────▶ <stem>.svg, <stem>.png                       render
//! ```
//!
//! A [`Scene`] holds every mark at its final place, so the layout can be tested without drawing, and
//! both files show the same thing. Nothing depends on the machine: the font is embedded, and the same
//! data give the same bytes.

mod axis;
pub mod bars;
pub mod curves;
mod font;
mod frame;
pub mod heatmap;
mod render;
pub mod scene;
pub mod style;
#[cfg(test)]
mod tests;

use std::io::Write as _;
use std::path::{Path, PathBuf};

pub use axis::Spacing;
pub use bars::{Bar, BarSeries, GroupedBars};
pub use curves::{CurvePanel, Curves, Line, Point};
pub use heatmap::{Heatmaps, Panel};
pub use scene::Scene;

/// Why a figure could not be written.
#[derive(Debug, thiserror::Error)]
pub enum FigureError {
    /// The file could not be created, written or renamed.
    #[error("{}: {source}", path.display())]
    Write {
        /// The figure's file.
        path: PathBuf,
        /// What the file system said.
        source: std::io::Error,
    },
    /// The figure could not be drawn.
    #[error("{}: {reason}", path.display())]
    Draw {
        /// The figure's file.
        path: PathBuf,
        /// What the drawing library said.
        reason: String,
    },
}

/// Something that can be laid out as a figure.
pub trait Draw {
    /// Every mark at its place, in pixels of 1/96 inch.
    fn scene(&self) -> Scene;
}

/// Writes `<stem>.svg` and `<stem>.png` (three pixels to the scene's one, two in large figures) and
/// returns their paths.
///
/// Each file is there whole or not at all. The stem's folder has to exist.
///
/// # Errors
/// [`FigureError`], with the path of the file in question.
pub fn write(figure: &impl Draw, stem: &Path) -> Result<Vec<PathBuf>, FigureError> {
    let scene = figure.scene();
    let svg = beside(stem, ".svg");
    let drawn = render::svg(&scene).map_err(|reason| FigureError::Draw { path: svg.clone(), reason })?;
    persist(&svg, drawn.as_bytes())?;
    let png = beside(stem, ".png");
    let drawn = render::png(&scene).map_err(|reason| FigureError::Draw { path: png.clone(), reason })?;
    persist(&png, &drawn)?;
    Ok(vec![svg, png])
}

/// `stem` with `ending` appended: a stem may hold a dot, which `with_extension` would cut at.
fn beside(stem: &Path, ending: &str) -> PathBuf {
    let mut name = stem.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

fn persist(path: &Path, bytes: &[u8]) -> Result<(), FigureError> {
    let attempt = || {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let mut file = tempfile::Builder::new().prefix(".partial").tempfile_in(folder)?;
        file.write_all(bytes)?;
        open_to_readers(file.as_file())?;
        file.persist(path).map_err(|error| error.error)?;
        Ok(())
    };
    attempt().map_err(|source| FigureError::Write { path: path.to_owned(), source })
}

/// A temporary file is its owner's alone, a figure is not.
#[cfg(unix)]
fn open_to_readers(file: &std::fs::File) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    file.set_permissions(std::fs::Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
fn open_to_readers(_: &std::fs::File) -> std::io::Result<()> {
    Ok(())
}
