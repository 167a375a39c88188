//! The files of a repository that are needed to run an encoder.

use crate::{
    FetchError, Options,
    hub::{repository::Hub, shown},
    run::Run,
};

/// Files that describe an encoder and tokenise text, as far as a repository has them.
const SMALL: &[&str] = &[
    "config.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
    "vocab.txt",
    "vocab.json",
    "merges.txt",
    "spiece.model",
    "sentencepiece.bpe.model",
    "preprocessor_config.json",
    "modules.json",
    "sentence_bert_config.json",
];

/// Forms of weights, the preferred first: (name of a single file, beginning of parts, their ending).
const WEIGHTS: &[(&str, &str, &str)] =
    &[("model.safetensors", "model-", ".safetensors"), ("pytorch_model.bin", "pytorch_model-", ".bin")];

/// The files that are needed, from the hub's list of all files.
pub(crate) fn listed(run: &Run<'_>, options: &Options, hub: &Hub, revision: &str) -> Result<Vec<String>, FetchError> {
    let all = run.look().files(hub, revision, "", true)?;
    choose(&all).map_err(|reason| {
        let url = shown(&options.endpoint.listing(hub, revision, "", true));
        FetchError::Answer { url, reason }
    })
}

/// The files that are needed, from the list of all files.
pub(crate) fn choose(all: &[String]) -> Result<Vec<String>, String> {
    if !all.iter().any(|path| path == "config.json") {
        return Err("the repository has no config.json; is it an encoder?".to_owned());
    }
    let small = all.iter().filter(|path| SMALL.contains(&path.as_str()) || is_module(path));
    let mut wanted: Vec<String> = small.cloned().collect();
    for (whole, start, end) in WEIGHTS {
        let is_part = |path: &&String| path.starts_with(start) && path.ends_with(end) && !path.contains('/');
        let index = format!("{whole}.index.json");
        let weights: Vec<&String> = match all.iter().find(|path| path == whole) {
            Some(whole) => vec![whole],
            None if all.contains(&index) => all.iter().filter(|path| **path == index || is_part(path)).collect(),
            None => continue,
        };
        wanted.extend(weights.into_iter().cloned());
        return Ok(wanted);
    }
    Err("the repository has neither model.safetensors nor pytorch_model.bin; convert its weights first".to_owned())
}

/// The settings of a module after the encoder, such as `1_Pooling/config.json`.
fn is_module(path: &str) -> bool {
    path.split_once('/').is_some_and(|(folder, name)| {
        name == "config.json" && folder.starts_with(|c: char| c.is_ascii_digit()) && folder.contains('_')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(all: &[&str]) -> Result<Vec<String>, String> {
        choose(&all.iter().map(|path| (*path).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn the_best_weights_and_nothing_else() {
        let all = [
            "1_Pooling/config.json",
            "README.md",
            "config.json",
            "flax_model.msgpack",
            "model.safetensors",
            "onnx/config.json",
            "onnx/model.onnx",
            "pytorch_model.bin",
            "tf_model.h5",
            "vocab.txt",
        ];
        assert_eq!(chosen(&all).unwrap(), ["1_Pooling/config.json", "config.json", "vocab.txt", "model.safetensors"]);
        assert_eq!(chosen(&["config.json", "pytorch_model.bin"]).unwrap(), ["config.json", "pytorch_model.bin"]);
        let parts =
            ["config.json", "model-1-of-2.safetensors", "model-2-of-2.safetensors", "model.safetensors.index.json"];
        assert_eq!(chosen(&parts).unwrap(), parts);
    }

    #[test]
    fn what_cannot_be_run_is_refused() {
        assert!(chosen(&["model.safetensors"]).unwrap_err().contains("no config.json"));
        assert!(chosen(&["config.json", "tf_model.h5"]).unwrap_err().contains("convert its weights"));
    }
}
