//! The text architectures.

use super::{bert::Bert, clip::ClipText, distilbert::DistilBert, model::TextModel, mpnet::Mpnet, t5::T5};
use crate::registry::registry;

registry! {
    /// Encoders of texts.
    TextArchitecture: TextModel;
    "bert" => Bert ["BERT"], |config, weights| Bert::load(config, weights, false);
    "roberta" => Roberta ["RoBERTa"], |config, weights| Bert::load(config, weights, true);
    "xlm-roberta" => XlmRoberta ["XLM-RoBERTa"], |config, weights| Bert::load(config, weights, true);
    "camembert" => Camembert ["CamemBERT"], |config, weights| Bert::load(config, weights, true);
    "distilbert" => DistilBert ["DistilBERT"], |config, weights| DistilBert::load(config, weights);
    "mpnet" => Mpnet ["MPNet"], |config, weights| Mpnet::load(config, weights);
    "t5" => T5 ["T5"], |config, weights| T5::load(config, weights);
    "clip" => Clip ["CLIP"], |config, weights| ClipText::load(config, weights);
}
