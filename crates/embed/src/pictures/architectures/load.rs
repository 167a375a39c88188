//! The picture architectures.

use super::{clip::ClipVision, convnext::ConvNext, model::PictureModel, resnet::ResNet, vit::Vit};
use crate::{pictures::prepare::Family, registry::registry};

registry! {
    /// Encoders of pictures.
    PictureArchitecture: PictureModel;
    "vit" => Vit ["ViT"], |config, weights| Vit::load(config, weights, false);
    "dinov2" => Dinov2 ["DINOv2"], |config, weights| Vit::load(config, weights, true);
    "clip" => Clip ["CLIP"], |config, weights| ClipVision::load(config, weights);
    "resnet" => ResNet ["ResNet"], |config, weights| ResNet::load(config, weights);
    "convnext" => ConvNext ["ConvNeXt"], |config, weights| ConvNext::load(config, weights);
}

impl PictureArchitecture {
    /// The preprocessor of folders that do not name theirs.
    pub fn family(self) -> Family {
        match self {
            Self::Vit => Family::Vit,
            Self::Clip | Self::Dinov2 => Family::Clip,
            Self::ResNet | Self::ConvNext => Family::ConvNext,
        }
    }
}
