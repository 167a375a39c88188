//! HuBERT, base and large.

use candle_core::Tensor;

use super::{convolutions::Convolutions, model::SoundModel, positions::Positions};
use crate::{
    EmbedError,
    folder::{
        config::Config,
        weights::{Scope, Weights},
    },
    layers::{
        Activation, Attention, BlockSizes, Feed, Linear, Norm, PostNorm, PreNorm, PreNormNames, Projections, States,
        add, stack,
    },
};

const PROJECTIONS: Projections = Projections { query: "q_proj", key: "k_proj", value: "v_proj", output: "out_proj" };

const NAMES: PreNormNames = PreNormNames {
    norms: ["layer_norm", "final_layer_norm"],
    attention: "attention",
    projections: PROJECTIONS,
    scales: None,
    inner: "feed_forward.intermediate_dense",
    outer: "feed_forward.output_dense",
};

/// Convolutions over the waveform, a projection, positions by a convolution, layers.
///
/// Source: Hsu et al. 2021.
pub(super) struct Hubert {
    convolutions: Convolutions,
    projection_norm: Option<Norm>,
    projection: Linear,
    positions: Positions,
    norm: Norm,
    layers: Layers,
    width: usize,
}

/// Base: norms after the sums, and one before the first layer. Large (`do_stable_layer_norm`): norms before attention
/// and feed-forward, and one after the last layer.
enum Layers {
    Post(Vec<PostNorm>),
    Pre(Vec<PreNorm>),
}

impl Hubert {
    pub fn load(config: &Config, weights: &Weights) -> Result<Self, EmbedError> {
        if config.has("adapter_attn_dim") {
            return Err(config.error("adapter_attn_dim", "adapters are not supported; expected null"));
        }
        let scope = weights.rooted("feature_extractor.conv_layers.0.conv.weight")?;
        let width = config.size("hidden_size", 768)?;
        let sizes = BlockSizes {
            width,
            inner: config.size("intermediate_size", 3072)?,
            heads: config.heads("num_attention_heads", 12, width)?,
            epsilon: config.number("layer_norm_eps", 1e-5)?,
            activation: Activation::named(config, "hidden_act", "gelu")?,
        };
        let convolutions = Convolutions::load(config, &scope.sub("feature_extractor"))?;
        let projection = scope.sub("feature_projection");
        let channels = convolutions.channels();
        let projection_norm = match config.flag("feat_proj_layer_norm", true)? {
            true => Some(Norm::layer(&projection.sub("layer_norm"), channels, sizes.epsilon)?),
            false => None,
        };
        let encoder = scope.sub("encoder");
        let layers = (0..config.size("num_hidden_layers", 12)?).map(|i| encoder.sub(format!("layers.{i}")));
        let layers = match config.flag("do_stable_layer_norm", false)? {
            true => Layers::Pre(layers.map(|layer| PreNorm::load(&layer, &NAMES, sizes)).collect::<Result<_, _>>()?),
            false => Layers::Post(layers.map(|layer| post(&layer, sizes)).collect::<Result<_, _>>()?),
        };
        Ok(Self {
            convolutions,
            projection_norm,
            projection: Linear::load(&projection.sub("projection"), channels, width)?,
            positions: Positions::load(config, &encoder.sub("pos_conv_embed.conv"), width)?,
            norm: Norm::layer(&encoder.sub("layer_norm"), width, sizes.epsilon)?,
            layers,
            width,
        })
    }
}

fn post(scope: &Scope, sizes: BlockSizes) -> Result<PostNorm, EmbedError> {
    let BlockSizes { width, inner, heads, epsilon, activation } = sizes;
    let [first, second] = [scope.sub(NAMES.inner), scope.sub(NAMES.outer)];
    Ok(PostNorm {
        attention: Attention::load(&scope.sub(NAMES.attention), &PROJECTIONS, width, heads)?,
        attention_norm: Norm::layer(&scope.sub(NAMES.norms[0]), width, epsilon)?,
        feed: Feed::load([&first, &second], width, inner, activation)?,
        feed_norm: Norm::layer(&scope.sub(NAMES.norms[1]), width, epsilon)?,
    })
}

impl SoundModel for Hubert {
    fn width(&self) -> usize {
        self.width
    }

    fn least(&self) -> usize {
        self.convolutions.least()
    }

    fn forward(&self, values: &Tensor, states: States) -> Result<Tensor, EmbedError> {
        let mut x = self.convolutions.forward(values)?;
        if let Some(norm) = &self.projection_norm {
            x = norm.forward(&x)?;
        }
        x = self.projection.forward(&x)?;
        x = add(self.positions.forward(&x)?, &x)?;
        match &self.layers {
            Layers::Post(layers) => stack(layers, self.norm.forward(&x)?, 1, &[], states),
            Layers::Pre(layers) => self.norm.forward(&stack(layers, x, 1, &[], states)?),
        }
    }
}
