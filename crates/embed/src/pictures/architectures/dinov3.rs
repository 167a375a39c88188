//! DINOv3, the ViT.

use std::f32::consts::PI;

use candle_core::Tensor;

use super::{
    model::{PictureModel, first_rows},
    parts::Patches,
};
use crate::pictures::Pixels;
use crate::{
    EmbedError,
    folder::{
        config::Config,
        weights::{Scope, Weights},
    },
    layers::{Activation, Attention, Block, Feed, Norm, PreNorm, Projections, Rotary, States, stack},
};

const NAMES: Projections = Projections { query: "q_proj", key: "k_proj", value: "v_proj", output: "o_proj" };

/// Patches behind a class vector and registers, blocks with layer scale whose queries and keys are turned by the places
/// of the patches, a norm; the features are the class vector's row.
///
/// Source: Siméoni et al. 2025.
pub(crate) struct Dinov3 {
    patches: Patches,
    /// Class vector, then registers.
    vectors: Tensor,
    blocks: Vec<PreNorm>,
    norm: Norm,
    width: usize,
    heads: usize,
    /// Base of the periods of the rotary positions.
    theta: f32,
}

impl Dinov3 {
    pub fn load(config: &Config, weights: &Weights) -> Result<Self, EmbedError> {
        let width = config.size("hidden_size", 384)?;
        let heads = config.heads("num_attention_heads", 6, width)?;
        if !(width / heads).is_multiple_of(4) {
            let problem = format!("{heads} heads {} wide; rotary positions need a multiple of 4", width / heads);
            return Err(config.error("num_attention_heads", problem));
        }
        let theta = config.number("rope_theta", 100.0)? as f32;
        if theta <= 0.0 {
            return Err(config.error("rope_theta", format!("found {theta}, expected a number above 0")));
        }
        let scope = weights.rooted("embeddings.cls_token")?;
        let embeddings = scope.sub("embeddings");
        let registers = config.index("num_register_tokens", 0)? as usize;
        let class = embeddings.get("cls_token", &[1, 1, width])?;
        let vectors = match registers {
            0 => class,
            _ => Tensor::cat(&[class, embeddings.get("register_tokens", &[1, registers, width])?], 1)?,
        };
        let patch = config.size("patch_size", 16)?;
        // The library's newer releases put the blocks one level deeper than the files of the hub do.
        let layers = if scope.has("model.layer.0.norm1.weight") { scope.sub("model") } else { scope.clone() };
        let epsilon = config.number("layer_norm_eps", 1e-5)?;
        let blocks = (0..config.size("num_hidden_layers", 12)?)
            .map(|i| block(config, &layers.sub(format!("layer.{i}")), (width, heads), epsilon));
        Ok(Self {
            patches: Patches::load(&embeddings.sub("patch_embeddings"), width, patch, true)?,
            vectors,
            blocks: blocks.collect::<Result<_, EmbedError>>()?,
            norm: Norm::layer(&scope.sub("norm"), width, epsilon)?,
            width,
            heads,
            theta,
        })
    }

    /// The angles of the patches: `2π` times the centre of a patch, from -1 to 1 down and across the picture, over the
    /// periods `θ^(4i / width of a head)`. In `f32`, as the reference computes them.
    fn rotary(&self, rows: usize, columns: usize) -> Result<Rotary, EmbedError> {
        let half = self.width / self.heads / 2;
        let frequencies: Vec<f32> =
            (0..half / 2).map(|i| 1.0 / self.theta.powf((2 * i) as f32 / half as f32)).collect();
        let centre = |i: usize, count: usize| 2.0 * ((i as f32 + 0.5) / count as f32) - 1.0;
        let mut angles = Vec::with_capacity(rows * columns * half);
        for y in 0..rows {
            for x in 0..columns {
                for place in [centre(y, rows), centre(x, columns)] {
                    angles.extend(frequencies.iter().map(|frequency| 2.0 * PI * place * frequency));
                }
            }
        }
        Rotary::of(&angles, half, self.vectors.device())
    }
}

fn block(config: &Config, scope: &Scope, (width, heads): (usize, usize), epsilon: f64) -> Result<PreNorm, EmbedError> {
    let inner = config.size("intermediate_size", 1536)?;
    let activation = Activation::named(config, "hidden_act", "gelu")?;
    let mut biases = [false; 4];
    for (bias, (key, usual)) in
        biases.iter_mut().zip([("query_bias", true), ("key_bias", false), ("value_bias", true), ("proj_bias", true)])
    {
        *bias = config.flag(key, usual)?;
    }
    let attention = Attention::with_biases_if(biases, &scope.sub("attention"), &NAMES, width, heads)?;
    let bias = config.flag("mlp_bias", true)?;
    let [gate, up, down] = ["gate_proj", "up_proj", "down_proj"].map(|name| scope.sub("mlp").sub(name));
    let feed = match config.flag("use_gated_mlp", false)? {
        true => Feed::gated(bias, [&gate, &up, &down], width, inner, activation)?,
        false => Feed::with_bias_if(bias, [&up, &down], width, inner, activation)?,
    };
    let norm = |name| Norm::layer(&scope.sub(name), width, epsilon);
    let scale = |name: &str| scope.sub(name).get("lambda1", &[width]);
    Ok(PreNorm {
        norms: [norm("norm1")?, norm("norm2")?],
        attention,
        scales: Some([scale("layer_scale1")?, scale("layer_scale2")?]),
        feed,
    })
}

/// A block at one size of pictures.
struct Turned<'a> {
    block: &'a PreNorm,
    rotary: &'a Rotary,
}

impl Block for Turned<'_> {
    fn forward(&self, x: &Tensor, items: usize, added: &[&Tensor]) -> Result<Tensor, EmbedError> {
        self.block.attending(x, |x| self.block.attention.turned(x, items, added, Some(self.rotary)))
    }
}

impl PictureModel for Dinov3 {
    fn width(&self) -> usize {
        self.width
    }

    fn misfit(&self, height: usize, width: usize) -> Option<String> {
        self.patches.misfit(height, width)
    }

    fn forward(&self, pixels: &Pixels, states: States) -> Result<Tensor, EmbedError> {
        let (rows, columns) = self.patches.grid(pixels);
        let rotary = self.rotary(rows, columns)?;
        let x = self.patches.behind(&self.vectors, &self.patches.forward(pixels)?)?;
        let (items, length, width) = x.dims3()?;
        let blocks: Vec<Turned> = self.blocks.iter().map(|block| Turned { block, rotary: &rotary }).collect();
        let x = stack(&blocks, x.reshape((items * length, width))?, items, &[], states)?;
        // The norm works row by row, so only the row of the class vector is needed.
        self.norm.forward(&first_rows(&x, items)?)
    }
}
