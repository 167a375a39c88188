//! `preprocessor_config.json`: from a sound to the numbers that an encoder was trained on.

use std::path::Path;

use super::{Wave, resample::resample};
use crate::{EmbedError, folder::config::Config};

const SETTINGS: &str = "preprocessor_config.json";
const EXTRACTOR: &str = "Wav2Vec2FeatureExtractor";
/// Added to the variance.
const EPSILON: f64 = 1e-7;
/// Rates of sound; other rates are mistakes.
const RATES: std::ops::RangeInclusive<usize> = 1_000..=768_000;

/// Rate and scale.
pub(super) struct Preparation {
    rate: u32,
    normalise: bool,
}

impl Preparation {
    pub fn read(folder: &Path) -> Result<Self, EmbedError> {
        let Some(config) = Config::read(&folder.join(SETTINGS))? else {
            return Err(EmbedError::Missing {
                folder: folder.to_owned(),
                wanted: format!("`{SETTINGS}`"),
                advice: "it says at which rate sounds are read and whether they are scaled; copy it from where the weights come from".into(),
            });
        };
        let extractor = config.text("feature_extractor_type", EXTRACTOR)?;
        if extractor != EXTRACTOR {
            let problem = format!("`{extractor}` is not supported; expected `{EXTRACTOR}`");
            return Err(config.error("feature_extractor_type", problem));
        }
        let channels = config.size("feature_size", 1)?;
        if channels != 1 {
            return Err(config.error("feature_size", format!("found {channels}, expected 1")));
        }
        let rate = config.size("sampling_rate", 16_000)?;
        if !RATES.contains(&rate) {
            return Err(config.error("sampling_rate", format!("found {rate}, expected 1000 to 768000")));
        }
        Ok(Self { rate: rate as u32, normalise: config.flag("do_normalize", true)? })
    }

    pub fn rate(&self) -> u32 {
        self.rate
    }

    /// The sound at the encoder's rate; with `do_normalize`, `(x - mean) / √(variance + 1e-7)`.
    pub fn values(&self, wave: Wave) -> Result<Vec<f32>, String> {
        if !RATES.contains(&(wave.rate() as usize)) {
            return Err(format!("found {} samples per second, expected 1000 to 768000", wave.rate()));
        }
        let wave = resample(wave, self.rate)?;
        let samples = wave.samples();
        if !self.normalise || samples.is_empty() {
            return Ok(samples.to_vec());
        }
        let count = samples.len() as f64;
        let mean = samples.iter().map(|x| f64::from(*x)).sum::<f64>() / count;
        let variance = samples.iter().map(|x| (f64::from(*x) - mean).powi(2)).sum::<f64>() / count;
        let factor = (variance + EPSILON).sqrt().recip();
        Ok(samples.iter().map(|x| ((f64::from(*x) - mean) * factor) as f32).collect())
    }
}
