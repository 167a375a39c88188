//! The sound architectures.

use super::{hubert::Hubert, model::SoundModel};
use crate::registry::registry;

registry! {
    /// Encoders of sounds.
    SoundArchitecture: SoundModel;
    "hubert" => Hubert ["HuBERT"], |config, weights| Hubert::load(config, weights);
}
