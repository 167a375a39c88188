//! Picture encoders: from pictures to one row per picture.

pub(crate) mod architectures;
pub mod edges;
mod picture;
mod pixels;
mod prepare;
mod resize;

use std::path::{Path, PathBuf};

pub use self::edges::Edges;
pub use self::picture::{Grey, Picture, Rgb};
pub use self::pixels::Pixels;
use self::{architectures::model::PictureModel, prepare::Preparation};
pub use crate::supported::PICTURES as SUPPORTED;
use crate::{
    EmbedError, Embeddings,
    folder::{self, weights::Weights},
    supported,
};

/// A picture encoder, read from a folder in the layout of the hub.
pub struct PictureEncoder {
    preparation: Preparation,
    model: Box<dyn PictureModel>,
    model_type: String,
}

impl PictureEncoder {
    /// Reads `config.json`, `preprocessor_config.json` and the weights of a folder.
    ///
    /// # Errors
    /// A missing file, a `model_type` that is not [`SUPPORTED`], a key or a tensor with an invalid value, a size of the
    /// preparation that differs from the model's.
    pub fn open(folder: &Path) -> Result<Self, EmbedError> {
        folder::check(folder)?;
        let config = folder::config(folder)?;
        let architecture = supported::picture(&config)?;
        let model_type = config.text("model_type", "")?.to_owned();
        let preparation = Preparation::read(folder, architecture.family())?;
        let model = architecture.load(&config, &Weights::open(folder)?)?;
        let Some((width, height)) = preparation.size() else {
            let problem = "leaves pictures in different sizes; expected a crop, or a height and a width";
            return Err(EmbedError::Picture { path: folder.join("preprocessor_config.json"), problem: problem.into() });
        };
        if let Some(side) = model.side().filter(|side| (*side, *side) != (width, height)) {
            let problem = format!("prepares pictures of {width} x {height}, the model reads {side} x {side}");
            return Err(EmbedError::Picture { path: folder.join("preprocessor_config.json"), problem });
        }
        Ok(Self { preparation, model, model_type })
    }

    /// Numbers per picture.
    pub fn width(&self) -> usize {
        self.model.width()
    }

    /// Architecture and width in one line.
    pub fn description(&self) -> String {
        format!("{}, {}", self.model_type, self.width())
    }

    /// A picture resized and cropped for this encoder, with eight bits per colour.
    ///
    /// # Errors
    /// The picture is too small or too narrow.
    pub fn resized(&self, picture: &Rgb) -> Result<Rgb, EmbedError> {
        let problem = |problem| EmbedError::Picture { path: PathBuf::from("picture"), problem };
        self.preparation.resized(picture).map_err(problem)
    }

    /// Resized pictures as the numbers that the encoder reads.
    ///
    /// # Errors
    /// The pictures differ in size.
    pub fn pixels(&self, resized: &[Rgb]) -> Result<Pixels, EmbedError> {
        self.preparation.pixels(resized)
    }

    /// One row per picture.
    ///
    /// # Errors
    /// A size that the model does not read; numbers that are not finite.
    pub fn features(&self, pixels: &Pixels) -> Result<Embeddings, EmbedError> {
        let rows: Vec<Vec<f32>> = self.model.forward(pixels)?.to_vec2()?;
        let mut embeddings = Embeddings::zeros(rows.len(), self.width());
        for (i, row) in rows.iter().enumerate() {
            embeddings.set(i, row)?;
        }
        Ok(embeddings)
    }

    /// One row per file, `batch` at a time; with `edges`, of the file's edge map. `done` receives the number of files
    /// that have just been finished.
    ///
    /// # Errors
    /// The errors of [`Rgb::open`], [`PictureEncoder::resized`] and [`PictureEncoder::features`].
    pub fn encode(
        &self,
        files: &[PathBuf],
        batch: usize,
        edges: Option<Edges>,
        done: &mut dyn FnMut(usize),
    ) -> Result<Embeddings, EmbedError> {
        let mut embeddings = Embeddings::zeros(files.len(), self.width());
        let mut row = 0;
        for group in files.chunks(batch.max(1)) {
            let resized: Vec<Rgb> = group
                .iter()
                .map(|file| {
                    let picture = Rgb::open(file)?;
                    let picture = edges.map_or(picture.clone(), |edges| edges.of(&picture).to_rgb());
                    let problem = |problem| EmbedError::Picture { path: file.clone(), problem };
                    self.preparation.resized(&picture).map_err(problem)
                })
                .collect::<Result<_, EmbedError>>()?;
            let features = self.features(&self.pixels(&resized)?)?;
            for i in 0..group.len() {
                embeddings.set(row, features.row(i))?;
                row += 1;
            }
            done(group.len());
        }
        Ok(embeddings)
    }
}
