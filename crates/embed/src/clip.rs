//! Parts that the two towers of CLIP share; each ends in a projection into one space.

use crate::{
    EmbedError,
    folder::{config::Config, weights::Scope},
    layers::{Activation, BlockSizes, PreNorm, PreNormNames, Projections},
};

const NAMES: PreNormNames = PreNormNames {
    norms: ["layer_norm1", "layer_norm2"],
    attention: "self_attn",
    projections: Projections { query: "q_proj", key: "k_proj", value: "v_proj", output: "out_proj" },
    scales: None,
    inner: "mlp.fc1",
    outer: "mlp.fc2",
};

/// Sizes in a tower's configuration; the hub's files contain only departures from the defaults.
pub(crate) fn sizes(config: &Config, width: usize, inner: usize, heads: usize) -> Result<BlockSizes, EmbedError> {
    let width = config.size("hidden_size", width)?;
    Ok(BlockSizes {
        width,
        inner: config.size("intermediate_size", inner)?,
        heads: config.heads("num_attention_heads", heads, width)?,
        epsilon: config.number("layer_norm_eps", 1e-5)?,
        activation: Activation::named(config, "hidden_act", "quick_gelu")?,
    })
}

pub(crate) fn blocks(scope: &Scope, count: usize, sizes: BlockSizes) -> Result<Vec<PreNorm>, EmbedError> {
    (0..count).map(|i| PreNorm::load(&scope.sub(format!("encoder.layers.{i}")), &NAMES, sizes)).collect()
}

/// The configuration of one tower.
pub(crate) fn tower(config: &Config, key: &str) -> Result<Config, EmbedError> {
    config.sub(key)?.ok_or_else(|| config.error(key, "is missing; expected the object that describes this tower"))
}
