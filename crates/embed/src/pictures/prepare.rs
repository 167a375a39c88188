//! `preprocessor_config.json`: from a picture of any size to the numbers that an encoder was trained on.

use std::path::Path;

use super::{
    picture::Rgb,
    planes::Planes,
    resize::{Filter, crop, resize},
};
use crate::{
    EmbedError,
    folder::config::{Config, shown},
};

const SETTINGS: &str = "preprocessor_config.json";

/// Largest side that is accepted; larger values mean damaged settings.
const LARGEST: usize = 4096;

/// Resize, crop, scale and shift.
pub(super) struct Preparation {
    resize: Option<Resize>,
    crop: Option<(usize, usize)>,
    filter: Filter,
    factor: f64,
    mean: [f64; 3],
    deviation: [f64; 3],
    /// Whether the picture is scaled first and resized in floating point, without rounding to eight bits.
    floating: bool,
}

#[derive(Clone, Copy)]
enum Resize {
    /// Exactly this width and height.
    To(usize, usize),
    /// This length of the shorter side; the other side is `⌊edge · long / short⌋`.
    Shortest(usize),
}

/// Family of preprocessors, which differ in the meaning of their keys.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Family {
    /// Resize to width and height, no crop.
    Vit,
    /// Resize the shorter side, then crop.
    Clip,
    /// Resize to width and height, then crop.
    Deit,
    /// Resize the shorter side, then crop; by default bilinear.
    MobileNet,
    /// Resize to width and height in floating point; a crop only if the settings say so.
    Dinov3,
    /// Resize the shorter side, enlarged by `crop_pct`, then crop to the size; from 384 on, resize to the size at once.
    ConvNext,
}

impl Preparation {
    pub fn read(folder: &Path, usual: Family) -> Result<Self, EmbedError> {
        let Some(config) = Config::read(&folder.join(SETTINGS))? else {
            return Err(EmbedError::Missing {
                folder: folder.to_owned(),
                wanted: format!("`{SETTINGS}`"),
                advice: "it says how pictures are resized and scaled; copy it from where the weights come from".into(),
            });
        };
        let family = family(&config, usual)?;
        let default = if matches!(family, Family::Clip | Family::Deit) { 3 } else { 2 };
        let filter = match config.index("resample", default)? {
            2 => Filter::Bilinear,
            3 => Filter::Bicubic,
            other => {
                let problem = format!("{other} is not supported; expected 2 (bilinear) or 3 (bicubic)");
                return Err(config.error("resample", problem));
            }
        };
        let (resize, crop) = sizes(&config, family)?;
        let (mean, deviation) = match config.flag("do_normalize", true)? {
            true => (colours(&config, "image_mean")?, colours(&config, "image_std")?),
            false => ([0.0; 3], [1.0; 3]),
        };
        if deviation.iter().any(|d| *d <= 0.0) {
            let problem = format!("found {deviation:?}, expected three numbers above 0");
            return Err(config.error("image_std", problem));
        }
        let factor = match config.flag("do_rescale", true)? {
            true => config.number("rescale_factor", 1.0 / 255.0)?,
            false => 1.0,
        };
        Ok(Self { resize, crop, filter, factor, mean, deviation, floating: family == Family::Dinov3 })
    }

    /// Width and height of the result, if they do not depend on the picture.
    pub fn size(&self) -> Option<(usize, usize)> {
        match (self.crop, self.resize) {
            (Some(size), _) => Some(size),
            (None, Some(Resize::To(width, height))) => Some((width, height)),
            _ => None,
        }
    }

    /// The picture resized and cropped, with eight bits per colour; `None` if this preparation never rounds to them.
    pub fn resized(&self, picture: &Rgb) -> Result<Option<Rgb>, String> {
        if self.floating {
            return Ok(None);
        }
        let (width, height) = self.target(picture)?;
        let resized = resize(picture, width, height, self.filter);
        Ok(Some(match self.place(width, height)? {
            None => resized,
            Some((left, top, width, height)) => crop(&resized, left, top, width, height),
        }))
    }

    /// Width and height after resizing.
    fn target(&self, picture: &Rgb) -> Result<(usize, usize), String> {
        let (width, height) = (picture.width(), picture.height());
        match self.resize {
            None => Ok((width, height)),
            Some(Resize::To(width, height)) => Ok((width, height)),
            Some(Resize::Shortest(edge)) => {
                let (short, long) = (width.min(height), width.max(height));
                let other = ((edge * long) as f64 / short as f64) as usize;
                if other > 16 * LARGEST {
                    return Err(format!("{width} x {height} pixels are too narrow to be resized"));
                }
                Ok(if width <= height { (edge, other) } else { (other, edge) })
            }
        }
    }

    /// Left, top, width and height of the crop from a picture of this size.
    fn place(&self, from: usize, high: usize) -> Result<Option<(usize, usize, usize, usize)>, String> {
        let Some((width, height)) = self.crop else { return Ok(None) };
        if from < width || high < height {
            let size = (from, high);
            return Err(format!("{size:?} pixels after resizing, too small for a crop of {:?}", (width, height)));
        }
        Ok(Some(((from - width) / 2, (high - height) / 2, width, height)))
    }

    /// Height, width and the values `(factor · byte - mean) / deviation`, colour after colour, of the resized and cropped
    /// picture.
    pub fn prepared(&self, picture: &Rgb) -> Result<(usize, usize, Vec<f32>), String> {
        if let Some(resized) = self.resized(picture)? {
            let mut values = Vec::with_capacity(resized.bytes().len());
            for colour in 0..3 {
                let (mean, deviation) = (self.mean[colour], self.deviation[colour]);
                let bytes = resized.bytes().iter().skip(colour).step_by(3);
                values.extend(bytes.map(|byte| ((f64::from(*byte) * self.factor - mean) / deviation) as f32));
            }
            return Ok((resized.height(), resized.width(), values));
        }
        let (width, height) = self.target(picture)?;
        let place = self.place(width, height)?;
        let mut planes = Planes::of(picture, self.factor as f32).resized(width, height, self.filter);
        if let Some((left, top, width, height)) = place {
            planes = planes.cropped(left, top, width, height);
        }
        Ok((planes.height(), planes.width(), planes.scaled(self.mean, self.deviation)))
    }
}

/// The family that the settings name, or the usual one of the architecture.
fn family(config: &Config, usual: Family) -> Result<Family, EmbedError> {
    let key = if config.has("image_processor_type") { "image_processor_type" } else { "feature_extractor_type" };
    let name = config.text(key, "")?;
    let stem =
        ["ImageProcessorFast", "ImageProcessor", "FeatureExtractor"].iter().find_map(|end| name.strip_suffix(end));
    match stem {
        Some("ViT") => Ok(Family::Vit),
        Some("CLIP" | "Bit") => Ok(Family::Clip),
        Some("DeiT") => Ok(Family::Deit),
        Some("ConvNext") => Ok(Family::ConvNext),
        Some("MobileNetV2") => Ok(Family::MobileNet),
        Some("DINOv3ViT") => Ok(Family::Dinov3),
        None => Ok(usual),
        Some(_) => {
            let known = "ViT, DeiT, CLIP, Bit, ConvNext, MobileNetV2 or DINOv3ViT";
            let problem = format!("`{name}` is not supported; expected the processor of {known}");
            Err(config.error(key, problem))
        }
    }
}

type Sizes = (Option<Resize>, Option<(usize, usize)>);

fn sizes(config: &Config, family: Family) -> Result<Sizes, EmbedError> {
    let usual = if matches!(family, Family::Deit | Family::MobileNet) { 256 } else { 224 };
    let (width, height, shortest) = size(config, "size", usual)?;
    let exact = Resize::To(width, height);
    let (resize, crop) = match family {
        Family::Vit if shortest => (Resize::Shortest(width), None),
        Family::Vit => (exact, None),
        Family::ConvNext if width < 384 => {
            let share = config.number("crop_pct", 224.0 / 256.0)?;
            if !(0.1..=1.0).contains(&share) {
                return Err(config.error("crop_pct", format!("found {share}, expected a number from 0.1 to 1")));
            }
            (Resize::Shortest((width as f64 / share) as usize), Some((width, width)))
        }
        Family::ConvNext => (Resize::To(width, width), None),
        Family::Clip | Family::Deit | Family::MobileNet | Family::Dinov3 => {
            let crop = match config.flag("do_center_crop", family != Family::Dinov3)? {
                true => {
                    let (width, height, _) = size(config, "crop_size", 224)?;
                    Some((width, height))
                }
                false => None,
            };
            // An exact size is written as two numbers; a single number means the shorter side.
            let of_two = config.sub("size").ok().flatten().is_some_and(|size| size.has("height"));
            (
                if of_two || matches!(family, Family::Deit | Family::Dinov3) && !shortest {
                    exact
                } else {
                    Resize::Shortest(width)
                },
                crop,
            )
        }
    };
    let resize = config.flag("do_resize", true)?.then_some(resize);
    Ok((resize, crop))
}

/// Width, height, and whether the number is that of the shorter side; from a number or an object, or the usual one.
fn size(config: &Config, key: &str, usual: usize) -> Result<(usize, usize, bool), EmbedError> {
    let (width, height, shortest) = match config.get(key) {
        None => (usual, usual, false),
        Some(value) if value.is_object() => {
            let wrong = |want: &str| config.error(key, format!("found {}, expected {want}", shown(value)));
            let object = config.sub(key)?.ok_or_else(|| wrong("a number or an object"))?;
            if object.has("shortest_edge") {
                let edge = object.size("shortest_edge", usual)?;
                (edge, edge, true)
            } else if object.has("height") && object.has("width") {
                (object.size("width", usual)?, object.size("height", usual)?, false)
            } else {
                return Err(wrong("a number, or an object with `shortest_edge`, or with `height` and `width`"));
            }
        }
        Some(_) => {
            let edge = config.size(key, usual)?;
            (edge, edge, false)
        }
    };
    if width.max(height) > LARGEST {
        return Err(config.error(key, format!("found {} pixels, expected at most {LARGEST}", width.max(height))));
    }
    Ok((width, height, shortest))
}

fn colours(config: &Config, key: &str) -> Result<[f64; 3], EmbedError> {
    if !config.has(key) {
        return Err(config.error(key, "is missing; expected three numbers, or `do_normalize` false"));
    }
    config.colours(key, [0.0; 3])
}
