//! Registries of architectures: an enum per kind of item, tagged by `model_type`, from which every list derives.

use serde::de::DeserializeOwned;

use crate::{EmbedError, folder::config::Config};

/// Architectures of one kind of item. [`registry!`] implements it, so that the line of an architecture is the only
/// place that names it.
pub(crate) trait Registry: DeserializeOwned {
    /// Every `model_type`.
    const MODEL_TYPES: &'static [&'static str];

    /// The entry that `config.json` selects; `None` if its `model_type` is not in this registry.
    fn of(config: &Config) -> Option<Self> {
        config.tagged()
    }
}

/// The `model_type` of a configuration.
///
/// # Errors
/// It is missing or not a string.
pub(crate) fn model_type<R: Registry>(config: &Config) -> Result<&str, EmbedError> {
    match config.text("model_type", "")? {
        "" => {
            let known = R::MODEL_TYPES.join(", ");
            Err(config.error("model_type", format!("is missing; it names the architecture: one of {known}")))
        }
        found => Ok(found),
    }
}

/// Declares a registry. A line is the `model_type`, the variant, the name in help texts (empty if another line has the
/// same), and how the encoder is read from its configuration and its weights.
macro_rules! registry {
    (
        $(#[$doc:meta])*
        $room:ident: $model:ident;
        $($tag:literal => $variant:ident $([$title:literal])?, |$config:ident, $weights:ident| $load:expr;)+
    ) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, serde::Deserialize)]
        #[serde(tag = "model_type")]
        pub(crate) enum $room {
            $(#[serde(rename = $tag)] $variant,)+
        }

        impl crate::registry::Registry for $room {
            const MODEL_TYPES: &'static [&'static str] = &[$($tag),+];
        }

        impl $room {
            /// Names of the families, for help texts.
            pub const FAMILIES: &'static [&'static str] = &[$($($title,)?)+];

            /// Reads the encoder.
            pub fn load(
                self,
                config: &crate::folder::config::Config,
                weights: &crate::folder::weights::Weights,
            ) -> Result<Box<dyn $model>, crate::EmbedError> {
                Ok(match self {
                    $(Self::$variant => {
                        let ($config, $weights) = (config, weights);
                        Box::new($load?)
                    })+
                })
            }
        }
    };
}
pub(crate) use registry;
