//! The picture architectures.

use super::{
    clip::ClipVision,
    convnext::ConvNext,
    dinov3::Dinov3,
    mobilenet::MobileNet,
    model::PictureModel,
    resnet::ResNet,
    swin::Swin,
    vit::{Kind, Vit},
};
use crate::{pictures::prepare::Family, registry::registry};

registry! {
    /// Encoders of pictures.
    PictureArchitecture: PictureModel;
    "vit" => Vit ["ViT"], |config, weights| Vit::load(config, weights, Kind::Vit);
    "deit" => Deit ["DeiT"], |config, weights| Vit::load(config, weights, Kind::Deit);
    "dinov2" => Dinov2 ["DINOv2"], |config, weights| Vit::load(config, weights, Kind::Dinov2);
    "dinov3_vit" => Dinov3 ["DINOv3"], |config, weights| Dinov3::load(config, weights);
    "swin" => Swin ["Swin"], |config, weights| Swin::load(config, weights);
    "clip" => Clip ["CLIP"], |config, weights| ClipVision::load(config, weights);
    "resnet" => ResNet ["ResNet"], |config, weights| ResNet::load(config, weights);
    "convnext" => ConvNext ["ConvNeXt"], |config, weights| ConvNext::load(config, weights);
    "mobilenet_v2" => MobileNet ["MobileNetV2"], |config, weights| MobileNet::load(config, weights);
}

impl PictureArchitecture {
    /// The preprocessor of folders that do not name theirs.
    pub fn family(self) -> Family {
        match self {
            Self::Vit | Self::Swin => Family::Vit,
            Self::Deit => Family::Deit,
            Self::Dinov3 => Family::Dinov3,
            Self::Clip | Self::Dinov2 => Family::Clip,
            Self::ResNet | Self::ConvNext => Family::ConvNext,
            Self::MobileNet => Family::MobileNet,
        }
    }
}
