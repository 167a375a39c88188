//! Choice of the architecture of a folder, for each kind of item. Errors about one kind can point to another.

use crate::{
    EmbedError,
    folder::config::Config,
    pictures::architectures::load::PictureArchitecture,
    registry::{Registry, model_type},
    sounds::architectures::load::SoundArchitecture,
    text::architectures::load::TextArchitecture,
};

/// Model types that [`TextEncoder`](crate::TextEncoder) reads.
pub const TEXT: &[&str] = TextArchitecture::MODEL_TYPES;

/// Model types that [`PictureEncoder`](crate::PictureEncoder) reads.
pub const PICTURES: &[&str] = PictureArchitecture::MODEL_TYPES;

/// Model types that [`SoundEncoder`](crate::SoundEncoder) reads.
pub const SOUNDS: &[&str] = SoundArchitecture::MODEL_TYPES;

/// Families of text encoders, for help texts.
pub const TEXT_FAMILIES: &[&str] = TextArchitecture::FAMILIES;

/// Families of picture encoders, for help texts.
pub const PICTURE_FAMILIES: &[&str] = PictureArchitecture::FAMILIES;

/// Families of sound encoders, for help texts.
pub const SOUND_FAMILIES: &[&str] = SoundArchitecture::FAMILIES;

/// The architecture of an encoder of texts.
///
/// # Errors
/// The configuration names none, another kind of encoder, or a decoder.
pub(crate) fn text(config: &Config) -> Result<TextArchitecture, EmbedError> {
    let found = chosen(config, "text")?;
    if config.flag("is_decoder", false)? {
        let problem = "found true, a decoder, whose tokens see only the tokens before them; expected an encoder";
        return Err(config.error("is_decoder", problem));
    }
    Ok(found)
}

/// The architecture of an encoder of pictures.
///
/// # Errors
/// The configuration names none, or another kind of encoder.
pub(crate) fn picture(config: &Config) -> Result<PictureArchitecture, EmbedError> {
    chosen(config, "pictures")
}

/// The architecture of an encoder of sounds.
///
/// # Errors
/// The configuration names none, or another kind of encoder.
pub(crate) fn sound(config: &Config) -> Result<SoundArchitecture, EmbedError> {
    chosen(config, "sounds")
}

fn chosen<R: Registry>(config: &Config, what: &'static str) -> Result<R, EmbedError> {
    let found = model_type::<R>(config)?;
    R::of(config).ok_or_else(|| EmbedError::Unsupported {
        path: config.path().to_owned(),
        what,
        found: found.to_owned(),
        supported: R::MODEL_TYPES.to_vec(),
        advice: advice(found).to_owned(),
    })
}

/// The kind of encoder that a model type belongs to, if it is not the requested kind.
fn advice(found: &str) -> &'static str {
    if PICTURES.contains(&found) {
        "; this is an encoder of pictures: `embed pictures`"
    } else if TEXT.contains(&found) {
        "; this is an encoder of texts: `embed text`"
    } else if SOUNDS.contains(&found) {
        "; this is an encoder of sounds: `embed sounds`"
    } else {
        ""
    }
}
