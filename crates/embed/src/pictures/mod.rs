//! Picture encoders: from pictures to one row per picture.

pub(crate) mod architectures;
pub mod edges;
mod picture;
mod pixels;
mod planes;
mod prepare;
mod resize;

use std::path::{Path, PathBuf};

use rayon::prelude::*;

pub use self::edges::Edges;
pub use self::picture::{Grey, Picture, Rgb};
pub use self::pixels::Pixels;
use self::{architectures::model::PictureModel, prepare::Preparation};
pub use crate::supported::PICTURES as SUPPORTED;
use crate::{
    Device, EmbedError, Embeddings,
    folder::{self, weights::Weights},
    supported,
};

/// Pixels in a batch: large pictures are in smaller batches, because the memory of an encoder grows with them.
const PIXELS: usize = 32 * 512 * 512;

/// A picture encoder, read from a folder in the layout of the hub.
pub struct PictureEncoder {
    preparation: Preparation,
    model: Box<dyn PictureModel>,
    model_type: String,
    device: candle_core::Device,
}

impl PictureEncoder {
    /// Reads `config.json`, `preprocessor_config.json` and the weights of a folder.
    ///
    /// # Errors
    /// A missing file, a `model_type` that is not [`SUPPORTED`], a key or a tensor with an invalid value, a size of the
    /// preparation that differs from the model's.
    pub fn open(folder: &Path) -> Result<Self, EmbedError> {
        Self::open_on(folder, Device::Cpu)
    }

    /// The same on another device.
    ///
    /// # Errors
    /// The errors of [`PictureEncoder::open`]; a device that this machine or this build does not have.
    pub fn open_on(folder: &Path, device: Device) -> Result<Self, EmbedError> {
        let device = device.open()?;
        folder::check(folder)?;
        let config = folder::config(folder)?;
        let architecture = supported::picture(&config)?;
        let model_type = config.text("model_type", "")?.to_owned();
        let preparation = Preparation::read(folder, architecture.family())?;
        let model = architecture.load(&config, &Weights::open(folder, &device)?)?;
        let Some((width, height)) = preparation.size() else {
            let problem = "leaves pictures in different sizes; expected a crop, or a height and a width";
            return Err(EmbedError::Picture { path: folder.join("preprocessor_config.json"), problem: problem.into() });
        };
        if let Some(why) = model.misfit(height, width) {
            let problem = format!("prepares pictures of {width} x {height}, the model {why}");
            return Err(EmbedError::Picture { path: folder.join("preprocessor_config.json"), problem });
        }
        Ok(Self { preparation, model, model_type, device })
    }

    /// Numbers per picture.
    pub fn width(&self) -> usize {
        self.model.width()
    }

    /// Architecture and width in one line.
    pub fn description(&self) -> String {
        format!("{}, {}", self.model_type, self.width())
    }

    /// A picture resized and cropped for this encoder, with eight bits per colour; `None` if the encoder's pictures are
    /// resized in floating point.
    ///
    /// # Errors
    /// The picture is too small or too narrow.
    pub fn resized(&self, picture: &Rgb) -> Result<Option<Rgb>, EmbedError> {
        self.preparation.resized(picture).map_err(unnamed)
    }

    /// Pictures of any size as the numbers that the encoder reads.
    ///
    /// # Errors
    /// A picture is too small or too narrow.
    pub fn prepare(&self, pictures: &[Rgb]) -> Result<Pixels, EmbedError> {
        self.prepared(pictures.iter().map(|picture| self.preparation.prepared(picture).map_err(unnamed)))
    }

    fn prepared(
        &self,
        pictures: impl Iterator<Item = Result<(usize, usize, Vec<f32>), EmbedError>>,
    ) -> Result<Pixels, EmbedError> {
        let (mut items, mut size, mut all) = (0, (0, 0), Vec::new());
        for picture in pictures {
            let (height, width, values) = picture?;
            (items, size) = (items + 1, (height, width));
            all.extend(values);
        }
        Pixels::new(items, size.0, size.1, all)
    }

    /// One row per picture.
    ///
    /// # Errors
    /// A size that the model does not read; numbers that are not finite.
    pub fn features(&self, pixels: &Pixels) -> Result<Embeddings, EmbedError> {
        self.checked(pixels)?;
        let rows: Vec<Vec<f32>> = self.model.forward(&pixels.on(&self.device)?, None)?.to_vec2()?;
        let mut embeddings = Embeddings::zeros(rows.len(), self.width());
        for (i, row) in rows.iter().enumerate() {
            embeddings.set(i, row)?;
        }
        Ok(embeddings)
    }

    /// Hidden states `[items · places, width]`, places of a picture row after row. Of ViT, DeiT, DINO and CLIP: before the
    /// first block and after each, with the vectors before the patches. Of Swin and ConvNeXt: before the first stage and
    /// after each; a stage of Swin ends with its halving. Of MobileNetV2: before the first block and after each. Of
    /// ResNet: none.
    ///
    /// # Errors
    /// The errors of [`PictureEncoder::features`].
    pub fn hidden_states(&self, pixels: &Pixels) -> Result<Vec<Embeddings>, EmbedError> {
        self.checked(pixels)?;
        let mut states = Vec::new();
        self.model.forward(&pixels.on(&self.device)?, Some(&mut states))?;
        states.iter().map(Embeddings::of).collect()
    }

    fn checked(&self, pixels: &Pixels) -> Result<(), EmbedError> {
        let (height, width) = (pixels.height(), pixels.width());
        let problem = |why| unnamed(format!("has {width} x {height} pixels, the model {why}"));
        self.model.misfit(height, width).map_or(Ok(()), |why| Err(problem(why)))
    }

    /// One row per file, `batch` at a time (fewer if they are larger than 512 x 512 pixels); with `edges`, of the file's edge map. `done` receives the number of files
    /// that have just been finished.
    ///
    /// # Errors
    /// The errors of [`Rgb::open`], [`PictureEncoder::prepare`] and [`PictureEncoder::features`].
    pub fn encode(
        &self,
        files: &[PathBuf],
        batch: usize,
        edges: Option<Edges>,
        done: &mut dyn FnMut(usize),
    ) -> Result<Embeddings, EmbedError> {
        let mut embeddings = Embeddings::zeros(files.len(), self.width());
        let mut row = 0;
        let (width, height) = self.preparation.size().unwrap_or((1, 1));
        let batch = batch.min(PIXELS / (width * height).max(1)).max(1);
        for group in files.chunks(batch) {
            let prepared = group.par_iter().map(|file| {
                let mut picture = Rgb::open(file)?;
                if let Some(edges) = edges {
                    picture = edges.of(&picture).to_rgb();
                }
                let problem = |problem| EmbedError::Picture { path: file.clone(), problem };
                self.preparation.prepared(&picture).map_err(problem)
            });
            // Collected with its errors, so that the first picture with an error is the one that is named.
            let pixels = self.prepared(prepared.collect::<Vec<_>>().into_iter())?;
            let features = self.features(&pixels).map_err(|error| match error {
                EmbedError::OfItem { item, problem } => EmbedError::Picture { path: group[item].clone(), problem },
                other => other,
            })?;
            for i in 0..group.len() {
                embeddings.set(row, features.row(i))?;
                row += 1;
            }
            done(group.len());
        }
        Ok(embeddings)
    }
}

/// A problem of a picture that is not in a file.
fn unnamed(problem: String) -> EmbedError {
    EmbedError::Picture { path: PathBuf::from("picture"), problem }
}
