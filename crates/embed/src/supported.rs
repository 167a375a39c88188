//! Supported architectures: one list for texts and one for pictures, so that errors about one can point to the other.

use crate::{EmbedError, folder::config::Config};

/// Model types that [`TextEncoder`](crate::TextEncoder) reads.
pub const TEXT: [&str; 8] = ["bert", "roberta", "xlm-roberta", "camembert", "distilbert", "mpnet", "t5", "clip"];

/// Model types that [`PictureEncoder`](crate::PictureEncoder) reads.
pub const PICTURES: [&str; 5] = ["vit", "dinov2", "clip", "resnet", "convnext"];

/// Error if an encoder of texts is expected and this is none.
pub(crate) fn no_text_encoder(config: &Config, found: &str) -> EmbedError {
    let advice = "; this is an encoder of pictures: `embed pictures`";
    unsupported(config, found, "text", &TEXT, if PICTURES.contains(&found) { advice } else { "" })
}

/// Error if an encoder of pictures is expected and this is none.
pub(crate) fn no_picture_encoder(config: &Config, found: &str) -> EmbedError {
    let advice = "; this is an encoder of texts: `embed text`";
    unsupported(config, found, "pictures", &PICTURES, if TEXT.contains(&found) { advice } else { "" })
}

fn unsupported(
    config: &Config,
    found: &str,
    what: &'static str,
    supported: &[&'static str],
    advice: &str,
) -> EmbedError {
    EmbedError::Unsupported {
        path: config.path().to_owned(),
        what,
        found: found.to_owned(),
        supported: supported.to_vec(),
        advice: advice.to_owned(),
    }
}
