//! Swin, version 1.

use candle_core::Tensor;

use super::{
    model::PictureModel,
    parts::{Gather, Patches, Places, Windows, merged},
};
use crate::pictures::Pixels;
use crate::{
    EmbedError,
    folder::{
        config::Config,
        weights::{Scope, Weights},
    },
    layers::{
        Activation, Block, BlockSizes, Feed, Linear, Norm, PreNorm, PreNormNames, Projections, States, note, stack,
    },
};

const NAMES: PreNormNames = PreNormNames {
    norms: ["layernorm_before", "layernorm_after"],
    attention: "attention",
    projections: Projections { query: "self.query", key: "self.key", value: "self.value", output: "output.dense" },
    scales: None,
    inner: "intermediate.dense",
    outer: "output.dense",
};

/// Epsilon of the norms of patches and of merged patches; that of the others is in the configuration.
const EPSILON: f64 = 1e-5;

/// Patches and a norm; stages of blocks whose attention stays in a window, each but the last with a halving; a norm; the
/// mean over all places. Maps are rows of `[items · height · width, channels]`.
///
/// Source: Liu et al. 2021.
pub(crate) struct Swin {
    patches: Patches,
    patch: usize,
    first_norm: Norm,
    stages: Vec<Stage>,
    last_norm: Norm,
    window: usize,
    width: usize,
}

struct Stage {
    blocks: Vec<WindowBlock>,
    halving: Option<Halving>,
}

struct WindowBlock {
    block: PreNorm,
    /// The bias of the places of a window on each other `[1, heads, window², window²]`.
    bias: Tensor,
}

/// Four neighbours in one vector, a norm, a map to twice the channels of one.
struct Halving {
    norm: Norm,
    reduction: Linear,
}

impl Swin {
    pub fn load(config: &Config, weights: &Weights) -> Result<Self, EmbedError> {
        if config.flag("use_absolute_embeddings", false)? {
            return Err(config.error("use_absolute_embeddings", "true is not supported; expected false"));
        }
        let colours = config.size("num_channels", 3)?;
        if colours != 3 {
            return Err(config.error("num_channels", format!("found {colours}, expected 3")));
        }
        let depths = config.sizes("depths", &[2, 2, 6, 2])?;
        let heads = config.sizes("num_heads", &[3, 6, 12, 24])?;
        if heads.len() != depths.len() || depths.len() > 8 {
            let problem = format!("{} stages, `num_heads` has {}; expected at most 8", depths.len(), heads.len());
            return Err(config.error("depths", problem));
        }
        let ratio = config.number("mlp_ratio", 4.0)?;
        if !(0.1..=64.0).contains(&ratio) {
            return Err(config.error("mlp_ratio", format!("found {ratio}, expected a number from 0.1 to 64")));
        }
        let (first, window) = (config.size("embed_dim", 96)?, config.size("window_size", 7)?);
        if window > 64 {
            return Err(config.error("window_size", format!("found {window}, expected at most 64")));
        }
        let epsilon = config.number("layer_norm_eps", EPSILON)?;
        let activation = Activation::named(config, "hidden_act", "gelu")?;
        let bias = config.flag("qkv_bias", true)?;
        let scope = weights.rooted("embeddings.patch_embeddings.projection.weight")?;
        let embeddings = scope.sub("embeddings");
        let patch = config.size("patch_size", 4)?;
        let patches = Patches::load(&embeddings.sub("patch_embeddings.projection"), first, patch, true)?;
        let mut stages = Vec::new();
        for (i, (depth, heads)) in depths.iter().zip(&heads).enumerate() {
            let width = first << i;
            if !width.is_multiple_of(*heads) {
                return Err(config.error("num_heads", format!("{heads} heads do not divide a width of {width}")));
            }
            let inner = (ratio * width as f64) as usize;
            let sizes = BlockSizes { width, inner, heads: *heads, epsilon, activation };
            let stage = scope.sub(format!("encoder.layers.{i}"));
            let blocks = (0..*depth).map(|j| WindowBlock::load(&stage.sub(format!("blocks.{j}")), sizes, window, bias));
            let blocks = blocks.collect::<Result<_, EmbedError>>()?;
            let halving = match i + 1 < depths.len() {
                true => Some(Halving::load(&stage.sub("downsample"), width)?),
                false => None,
            };
            stages.push(Stage { blocks, halving });
        }
        let width = first << (depths.len() - 1);
        Ok(Self {
            patches,
            patch,
            first_norm: Norm::layer(&embeddings.sub("norm"), first, EPSILON)?,
            stages,
            last_norm: Norm::layer(&scope.sub("layernorm"), width, epsilon)?,
            window,
            width,
        })
    }
}

impl WindowBlock {
    fn load(scope: &Scope, sizes: BlockSizes, window: usize, bias: bool) -> Result<Self, EmbedError> {
        let BlockSizes { width, inner, heads, activation, .. } = sizes;
        let feed = Feed::load([&scope.sub(NAMES.inner), &scope.sub(NAMES.outer)], width, inner, activation)?;
        let block = PreNorm::biased([bias, bias, bias, true], scope, &NAMES, sizes, feed)?;
        let side = 2 * window - 1;
        let table = scope.sub("attention.self").get("relative_position_bias_table", &[side * side, heads])?;
        Ok(Self { block, bias: Windows::bias(&table, window)? })
    }
}

impl Halving {
    fn load(scope: &Scope, width: usize) -> Result<Self, EmbedError> {
        Ok(Self {
            norm: Norm::layer(&scope.sub("norm"), 4 * width, EPSILON)?,
            reduction: Linear::without_bias(&scope.sub("reduction"), 4 * width, 2 * width)?,
        })
    }

    fn forward(&self, x: &Tensor, places: Places) -> Result<(Tensor, Places), EmbedError> {
        let (neighbours, halved): (Gather, Places) = merged(places, x.device())?;
        let x = neighbours.forward(x)?;
        let (rows, width) = x.dims2()?;
        let x = self.norm.forward(&x.reshape((rows / 4, 4 * width))?)?;
        Ok((self.reduction.forward(&x)?, halved))
    }
}

/// A block at one size of maps.
struct Windowed<'a> {
    block: &'a WindowBlock,
    windows: &'a Windows,
}

impl Block for Windowed<'_> {
    fn forward(&self, x: &Tensor, _: usize, _: &[&Tensor]) -> Result<Tensor, EmbedError> {
        let (block, windows) = (&self.block.block, self.windows);
        block.attending(x, |x| {
            let mut added = vec![&self.block.bias];
            added.extend(windows.mask());
            let attended = block.attention.forward(&windows.cut(x)?, windows.count(), &added)?;
            windows.join(&attended)
        })
    }
}

impl Stage {
    fn forward(&self, x: Tensor, places: Places, window: usize) -> Result<(Tensor, Places), EmbedError> {
        let (items, height, width) = places;
        let plain = Windows::of(places, window, 0, x.device())?;
        // Every other block moves the windows by half, unless one window is as high or as wide as the map.
        let shift = if height.min(width) <= window { 0 } else { window / 2 };
        let shifted = Windows::of(places, window, shift, x.device())?;
        let windowed = |(i, block)| Windowed { block, windows: if i % 2 == 0 { &plain } else { &shifted } };
        let blocks: Vec<Windowed> = self.blocks.iter().enumerate().map(windowed).collect();
        let x = stack(&blocks, x, items, &[], None)?;
        match &self.halving {
            Some(halving) => halving.forward(&x, places),
            None => Ok((x, places)),
        }
    }
}

impl PictureModel for Swin {
    fn width(&self) -> usize {
        self.width
    }

    /// The tables of biases are for whole windows; the reference does not read smaller maps either.
    fn misfit(&self, height: usize, width: usize) -> Option<String> {
        let (mut rows, mut columns) = (height.div_ceil(self.patch), width.div_ceil(self.patch));
        for stage in 1..=self.stages.len() {
            if rows.min(columns) < self.window {
                return Some(format!(
                    "has windows of {0} x {0} places, and the map of its stage {stage} would have {columns} x {rows}",
                    self.window
                ));
            }
            (rows, columns) = (rows.div_ceil(2), columns.div_ceil(2));
        }
        None
    }

    fn forward(&self, pixels: &Pixels, mut states: States) -> Result<Tensor, EmbedError> {
        let missing = |length: usize| length.next_multiple_of(self.patch) - length;
        let padded = pixels.tensor().pad_with_zeros(2, 0, missing(pixels.height()))?;
        let padded = padded.pad_with_zeros(3, 0, missing(pixels.width()))?;
        let (items, _, height, width) = padded.dims4()?;
        let mut places = (items, height / self.patch, width / self.patch);
        let mut x = self.first_norm.forward(&self.patches.map_of(&padded)?)?;
        note(&mut states, &x);
        for stage in &self.stages {
            (x, places) = stage.forward(x, places, self.window)?;
            note(&mut states, &x);
        }
        let (items, height, width) = places;
        Ok(self.last_norm.forward(&x)?.reshape((items, height * width, self.width))?.mean(1)?)
    }
}
