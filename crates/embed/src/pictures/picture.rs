//! Pictures in memory, eight bits per colour.

use std::path::Path;

use image::{DynamicImage, io::Reader};

use crate::{EmbedError, error::guarded};

/// A picture with `C` bytes a pixel, row after row: 3 for red, green and blue, 1 for grey.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture<const C: usize> {
    width: usize,
    height: usize,
    bytes: Vec<u8>,
}

/// Red, green, blue.
pub type Rgb = Picture<3>;
/// One grey value per pixel.
pub type Grey = Picture<1>;

impl<const C: usize> Picture<C> {
    pub(crate) fn new(width: usize, height: usize, bytes: Vec<u8>) -> Self {
        debug_assert_eq!(bytes.len(), width * height * C);
        Self { width, height, bytes }
    }

    /// Pixels in a row.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Rows.
    pub fn height(&self) -> usize {
        self.height
    }

    /// All bytes, row after row, the colours of a pixel side by side.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(crate) fn at(&self, x: usize, y: usize) -> &[u8] {
        let start = (y * self.width + x) * C;
        &self.bytes[start..start + C]
    }
}

impl Rgb {
    /// Reads a PNG or a JPEG file. Grey becomes three equal colours; transparency is dropped.
    ///
    /// # Errors
    /// The file cannot be read, has another format, or has sixteen bits per colour, which readers shorten in different
    /// ways.
    pub fn open(path: &Path) -> Result<Self, EmbedError> {
        let wrong = |problem: String| EmbedError::Picture { path: path.to_owned(), problem };
        let reader = Reader::open(path).map_err(|error| EmbedError::read(path, error))?;
        let reader = reader.with_guessed_format().map_err(|error| EmbedError::read(path, error))?;
        let decoded = guarded(|| reader.decode())
            .map_err(|words| wrong(format!("its parts contradict each other ({words})")))?
            .map_err(|error| wrong(format!("not a readable PNG or JPEG file: {error}")))?;
        match decoded {
            DynamicImage::ImageLuma8(_)
            | DynamicImage::ImageLumaA8(_)
            | DynamicImage::ImageRgb8(_)
            | DynamicImage::ImageRgba8(_) => {}
            other => {
                return Err(wrong(format!(
                    "found colours of type {:?}, expected eight bits per colour",
                    other.color()
                )));
            }
        }
        let rgb = decoded.into_rgb8();
        let (width, height) = (rgb.width() as usize, rgb.height() as usize);
        Ok(Self::new(width, height, rgb.into_raw()))
    }
}

impl Grey {
    /// The same grey in all three colours.
    pub fn to_rgb(&self) -> Rgb {
        Rgb::new(self.width, self.height, self.bytes.iter().flat_map(|grey| [*grey; 3]).collect())
    }

    /// Writes a PNG file.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn write(&self, path: &Path) -> Result<(), EmbedError> {
        let size = (self.width as u32, self.height as u32);
        let result = image::save_buffer(path, &self.bytes, size.0, size.1, image::ColorType::L8);
        result.map_err(|error| EmbedError::Picture {
            path: path.to_owned(),
            problem: format!("cannot be written: {error}"),
        })
    }
}
