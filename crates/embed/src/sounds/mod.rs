//! Sound encoders: from sounds to one row per sound.

pub(crate) mod architectures;
mod prepare;
mod resample;
mod wave;

use std::path::{Path, PathBuf};

use candle_core::Tensor;

pub use self::wave::Wave;
use self::{architectures::model::SoundModel, prepare::Preparation};
pub use crate::supported::SOUNDS as SUPPORTED;
use crate::{
    Device, EmbedError, Embeddings,
    folder::{self, weights::Weights},
    supported,
};

/// A sound encoder, read from a folder in the layout of the hub. A row is the mean of the last hidden state over time.
///
/// Sounds go through the encoder one at a time. Padding would change the values of HuBERT base, whose first norm is
/// over time, and a single sound of a second already has enough frames to use all threads.
pub struct SoundEncoder {
    preparation: Preparation,
    model: Box<dyn SoundModel>,
    model_type: String,
    device: candle_core::Device,
}

impl SoundEncoder {
    /// Reads `config.json`, `preprocessor_config.json` and the weights of a folder.
    ///
    /// # Errors
    /// A missing file, a `model_type` that is not [`SUPPORTED`], a key or a tensor with an invalid value.
    pub fn open(folder: &Path) -> Result<Self, EmbedError> {
        Self::open_on(folder, Device::Cpu)
    }

    /// The same on another device.
    ///
    /// # Errors
    /// The errors of [`SoundEncoder::open`]; a device that this machine or this build does not have.
    pub fn open_on(folder: &Path, device: Device) -> Result<Self, EmbedError> {
        let device = device.open()?;
        folder::check(folder)?;
        let config = folder::config(folder)?;
        let architecture = supported::sound(&config)?;
        let model_type = config.text("model_type", "")?.to_owned();
        let preparation = Preparation::read(folder)?;
        let model = architecture.load(&config, &Weights::open(folder, &device)?)?;
        Ok(Self { preparation, model, model_type, device })
    }

    /// Numbers per sound.
    pub fn width(&self) -> usize {
        self.model.width()
    }

    /// Architecture, width and rate in one line.
    pub fn description(&self) -> String {
        format!("{}, {}, mean, {} Hz", self.model_type, self.width(), self.preparation.rate())
    }

    /// A sound as the numbers that the encoder reads: at its rate, and scaled if the folder says so.
    ///
    /// # Errors
    /// The rate cannot be changed; the sound is too short for the encoder.
    pub fn values(&self, wave: Wave) -> Result<Vec<f32>, EmbedError> {
        self.prepared(wave).map_err(EmbedError::sound(Path::new("sound")))
    }

    /// The row of a sound from its [`SoundEncoder::values`].
    ///
    /// # Errors
    /// Too few values; numbers that are not finite.
    pub fn features(&self, values: &[f32]) -> Result<Embeddings, EmbedError> {
        self.checked(values).map_err(EmbedError::sound(Path::new("sound")))?;
        let last = self.model.forward(&self.input(values)?, None)?;
        let mut row = Embeddings::zeros(1, self.width());
        row.set(0, &last.mean(0)?.to_vec1::<f32>()?)?;
        Ok(row)
    }

    /// Hidden states `[frames, width]` of a sound: before the first layer, and after each layer as the layer returns it.
    ///
    /// # Errors
    /// The errors of [`SoundEncoder::features`].
    pub fn hidden_states(&self, values: &[f32]) -> Result<Vec<Embeddings>, EmbedError> {
        self.checked(values).map_err(EmbedError::sound(Path::new("sound")))?;
        let mut states = Vec::new();
        self.model.forward(&self.input(values)?, Some(&mut states))?;
        states.iter().map(Embeddings::of).collect()
    }

    /// One row per file. `done` receives the number of files that have just been finished.
    ///
    /// # Errors
    /// The errors of [`Wave::open`], [`SoundEncoder::values`] and [`SoundEncoder::features`].
    pub fn encode(&self, files: &[PathBuf], done: &mut dyn FnMut(usize)) -> Result<Embeddings, EmbedError> {
        let mut embeddings = Embeddings::zeros(files.len(), self.width());
        for (i, file) in files.iter().enumerate() {
            let values = self.prepared(Wave::open(file)?).map_err(EmbedError::sound(file))?;
            let row = self.features(&values).map_err(|error| match error {
                EmbedError::OfItem { problem, .. } => EmbedError::sound(file)(problem),
                other => other,
            })?;
            embeddings.set(i, row.row(0))?;
            done(1);
        }
        Ok(embeddings)
    }

    /// The values on the encoder's device.
    fn input(&self, values: &[f32]) -> Result<Tensor, EmbedError> {
        Ok(Tensor::from_slice(values, (values.len(), 1), &self.device)?)
    }

    fn prepared(&self, wave: Wave) -> Result<Vec<f32>, String> {
        let values = self.preparation.values(wave)?;
        self.checked(&values)?;
        Ok(values)
    }

    fn checked(&self, values: &[f32]) -> Result<(), String> {
        let (found, least) = (values.len(), self.model.least());
        if found < least {
            let rate = self.preparation.rate();
            return Err(format!(
                "found {found} samples at {rate} Hz, expected at least {least}; the sound is too short"
            ));
        }
        Ok(())
    }
}
