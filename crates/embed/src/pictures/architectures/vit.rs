//! ViT and, with layer scale and positions for any size, DINOv2.

use candle_core::{Device, Tensor};

use super::{model::PictureModel, patches::Patches};
use crate::pictures::Pixels;
use crate::{
    EmbedError,
    folder::{config::Config, weights::Weights},
    layers::{Activation, BlockSizes, Norm, PreNorm, PreNormNames, Projections, stack},
};

const PROJECTIONS: Projections =
    Projections { query: "attention.query", key: "attention.key", value: "attention.value", output: "output.dense" };

const VIT: PreNormNames = PreNormNames {
    norms: ["layernorm_before", "layernorm_after"],
    attention: "attention",
    projections: PROJECTIONS,
    scales: None,
    inner: "intermediate.dense",
    outer: "output.dense",
};

const DINO: PreNormNames = PreNormNames {
    norms: ["norm1", "norm2"],
    attention: "attention",
    projections: PROJECTIONS,
    scales: Some(["layer_scale1.lambda1", "layer_scale2.lambda1"]),
    inner: "mlp.fc1",
    outer: "mlp.fc2",
};

/// Patches behind a class vector, positions, blocks, a norm; the features are the class vector's row.
///
/// Source: Dosovitskiy et al. 2021; Oquab et al. 2023.
pub(crate) struct Vit {
    patches: Patches,
    class: Tensor,
    positions: Positions,
    blocks: Vec<PreNorm>,
    norm: Norm,
    width: usize,
    /// Pixels per side, if the table of positions is for one size only.
    side: Option<usize>,
}

impl Vit {
    pub fn load(config: &Config, weights: &Weights, dino: bool) -> Result<Self, EmbedError> {
        if dino && config.flag("use_swiglu_ffn", false)? {
            let problem = "true is not supported (the giant model has it); expected a feed-forward block with GELU";
            return Err(config.error("use_swiglu_ffn", problem));
        }
        if !config.flag("qkv_bias", true)? {
            return Err(config.error("qkv_bias", "false is not supported; expected true"));
        }
        let scope = weights.rooted("embeddings.cls_token")?;
        let width = config.size("hidden_size", 768)?;
        let inner = match dino {
            true => width * config.size("mlp_ratio", 4)?,
            false => config.size("intermediate_size", 3072)?,
        };
        let sizes = BlockSizes {
            width,
            inner,
            heads: config.heads("num_attention_heads", 12, width)?,
            epsilon: config.number("layer_norm_eps", if dino { 1e-6 } else { 1e-12 })?,
            activation: Activation::named(config, "hidden_act", "gelu")?,
        };
        let side = config.size("image_size", 224)?;
        let patch = config.size("patch_size", if dino { 14 } else { 16 })?;
        let grid = side / patch;
        let embeddings = scope.sub("embeddings");
        let blocks = (0..config.size("num_hidden_layers", 12)?).map(|i| {
            let names = if dino { &DINO } else { &VIT };
            PreNorm::load(&scope.sub(format!("encoder.layer.{i}")), names, sizes)
        });
        let table = embeddings.get("position_embeddings", &[1, grid * grid + 1, width])?;
        Ok(Self {
            patches: Patches::load(&embeddings.sub("patch_embeddings.projection"), width, patch, true)?,
            class: embeddings.get("cls_token", &[1, 1, width])?,
            positions: Positions { table, grid },
            blocks: blocks.collect::<Result<_, EmbedError>>()?,
            norm: Norm::layer(&scope.sub("layernorm"), width, sizes.epsilon)?,
            width,
            side: (!dino).then_some(side),
        })
    }
}

impl PictureModel for Vit {
    fn width(&self) -> usize {
        self.width
    }

    fn side(&self) -> Option<usize> {
        self.side
    }

    fn forward(&self, pixels: &Pixels) -> Result<Tensor, EmbedError> {
        let patches = self.patches.forward(pixels)?;
        let (rows, columns) = self.patches.grid(pixels);
        let positions = self.positions.of(rows, columns)?;
        let x = self.patches.behind(&self.class, &patches)?.broadcast_add(&positions)?;
        let (items, length, width) = x.dims3()?;
        let x = stack(&self.blocks, x.reshape((items * length, width))?, items, &[], None)?;
        // The norm works row by row, so only the row of the class vector is needed.
        let class = x.reshape((items, length, width))?.narrow(1, 0, 1)?.squeeze(1)?.contiguous()?;
        self.norm.forward(&class)
    }
}

/// A table `[1, 1 + grid², width]`: the row of the class vector, then those of a square of patches.
struct Positions {
    table: Tensor,
    grid: usize,
}

impl Positions {
    /// The table for another number of rows and columns: bicubic (a = -0.75), pixel centres aligned, no widening for
    /// smaller sizes.
    fn of(&self, rows: usize, columns: usize) -> Result<Tensor, EmbedError> {
        if (rows, columns) == (self.grid, self.grid) {
            return Ok(self.table.clone());
        }
        let table: Vec<Vec<f32>> = self.table.squeeze(0)?.to_vec2()?;
        let (class, squares) = table.split_at(1);
        let width = class[0].len();
        let mut values = class[0].clone();
        let (down, across) = (cubic(self.grid, rows), cubic(self.grid, columns));
        for y in &down {
            for x in &across {
                let mut sums = vec![0.0_f64; width];
                for (row, a) in y {
                    for (column, b) in x {
                        let square = &squares[row * self.grid + column];
                        sums.iter_mut().zip(square).for_each(|(sum, value)| *sum += a * b * f64::from(*value));
                    }
                }
                values.extend(sums.into_iter().map(|sum| sum as f32));
            }
        }
        Ok(Tensor::from_vec(values, (1, rows * columns + 1, width), &Device::Cpu)?)
    }
}

/// For each of `to` places, four of `from` and their weights; outside the edge, the edge is repeated.
fn cubic(from: usize, to: usize) -> Vec<[(usize, f64); 4]> {
    const A: f64 = -0.75;
    let scale = from as f64 / to as f64;
    let weight = |x: f64| {
        let x = x.abs();
        match x {
            x if x <= 1.0 => ((A + 2.0) * x - (A + 3.0)) * x * x + 1.0,
            x => ((A * x - 5.0 * A) * x + 8.0 * A) * x - 4.0 * A,
        }
    };
    let place = |i: usize| {
        let centre = (i as f64 + 0.5) * scale - 0.5;
        let floor = centre.floor();
        let tap = |offset: f64| {
            let index = (floor + offset).clamp(0.0, from as f64 - 1.0) as usize;
            (index, weight(centre - floor - offset))
        };
        [tap(-1.0), tap(0.0), tap(1.0), tap(2.0)]
    };
    (0..to).map(place).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn interpolation_keeps_the_table_and_its_sum() {
        for (i, place) in cubic(5, 5).iter().enumerate() {
            let own: f64 = place.iter().filter(|(index, _)| *index == i).map(|(_, weight)| weight).sum();
            assert!((own - 1.0).abs() < 1e-12 || i == 0 || i == 4);
        }
        for place in cubic(7, 4).iter().chain(&cubic(2, 9)) {
            assert!((place.iter().map(|(_, weight)| weight).sum::<f64>() - 1.0).abs() < 1e-12);
        }
    }
}
