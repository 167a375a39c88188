//! Settings of sentence-transformers beside a model: modules, pooling, length.

use std::path::{Component, Path, PathBuf};

use serde_json::Value;

use super::pooling::{Pool, Pooling};
use crate::{
    EmbedError,
    folder::config::{self, Config},
};

const MODULES: &str = "modules.json";
const SETTINGS: &str = "sentence_bert_config.json";

/// A folder of sentence-transformers; a plain model's folder is one without modules.
pub(super) struct Sentence {
    /// Folder of `config.json` and the weights.
    pub folder: PathBuf,
    /// Pooling from the modules; `None` without modules, or if the caller has chosen one.
    pub pooling: Option<Pooling>,
    pub max_length: Option<usize>,
}

impl Sentence {
    /// Reads `modules.json` and the files that it names. With `own_pooling`, modules after the first are neither read
    /// nor refused.
    pub fn open(root: &Path, own_pooling: bool) -> Result<Self, EmbedError> {
        let path = root.join(MODULES);
        let Some(modules) = modules(&path)? else {
            return Ok(Self { folder: root.to_owned(), pooling: None, max_length: None });
        };
        let (first, rest) = match modules.split_first() {
            Some((first, rest)) if first.kind == "Transformer" => (first, rest),
            Some((first, _)) => {
                let detail = format!("the first module is `{}`, expected `Transformer`", first.kind);
                return Err(EmbedError::format(&path, MODULES, detail));
            }
            None => {
                return Err(EmbedError::format(&path, MODULES, "found no module, expected `Transformer` first"));
            }
        };
        let folder = root.join(&first.folder);
        Ok(Self {
            max_length: max_length(&folder)?,
            pooling: if own_pooling { None } else { Some(pooling(root, &path, rest)?) },
            folder,
        })
    }
}

struct Module {
    /// The last part of the name of its type.
    kind: String,
    folder: PathBuf,
}

fn modules(path: &Path) -> Result<Option<Vec<Module>>, EmbedError> {
    let Some(value) = config::json(path)? else { return Ok(None) };
    let wrong = |detail: &str| EmbedError::format(path, MODULES, detail);
    let list = value
        .as_array()
        .ok_or_else(|| wrong(&format!("found {}, expected a list of modules", config::kind(&value))))?;
    let module = |value: &Value| {
        let kind = value.get("type").and_then(Value::as_str).ok_or_else(|| wrong("a module has no `type`"))?;
        let folder = value.get("path").and_then(Value::as_str).unwrap_or_default();
        if !Path::new(folder).components().all(|part| matches!(part, Component::Normal(_))) {
            return Err(wrong(&format!("path `{folder}` leads out of the folder")));
        }
        Ok(Module { kind: kind.rsplit('.').next().unwrap_or(kind).to_owned(), folder: folder.into() })
    };
    list.iter().map(module).collect::<Result<_, _>>().map(Some)
}

fn pooling(root: &Path, path: &Path, modules: &[Module]) -> Result<Pooling, EmbedError> {
    let mut pooling = None;
    for module in modules {
        match (module.kind.as_str(), &mut pooling) {
            ("Pooling", None) => pooling = Some(Pooling { pool: pool(&root.join(&module.folder))?, normalise: false }),
            ("Normalize", Some(pooling)) => pooling.normalise = true,
            (kind, _) => {
                let detail = format!(
                    "module `{kind}` is not supported; supported: Transformer, then Pooling, then possibly Normalize; with `--pool mean` or `--pool cls` only the Transformer counts"
                );
                return Err(EmbedError::format(path, MODULES, detail));
            }
        }
    }
    Ok(pooling.unwrap_or(Pooling::PLAIN))
}

fn pool(folder: &Path) -> Result<Pool, EmbedError> {
    let Some(config) = Config::read(&folder.join("config.json"))? else {
        return Err(EmbedError::Missing {
            folder: folder.to_owned(),
            wanted: "`config.json` of the pooling".into(),
            advice: "copy it from where the weights come from, or say `--pool mean` or `--pool cls`".into(),
        });
    };
    let modes = ["cls_token", "mean_tokens", "max_tokens", "mean_sqrt_len_tokens", "weightedmean_tokens", "lasttoken"];
    let mut on = Vec::new();
    for mode in modes {
        if config.flag(&format!("pooling_mode_{mode}"), false)? {
            on.push(mode);
        }
    }
    match on.as_slice() {
        ["mean_tokens"] => Ok(Pool::Mean),
        ["cls_token"] => Ok(Pool::Cls),
        _ => {
            let problem = format!("found [{}], expected mean_tokens alone or cls_token alone", on.join(", "));
            Err(config.error("pooling_mode_*", problem))
        }
    }
}

fn max_length(folder: &Path) -> Result<Option<usize>, EmbedError> {
    let Some(settings) = Config::read(&folder.join(SETTINGS))? else { return Ok(None) };
    if settings.flag("do_lower_case", false)? {
        let problem =
            "true: lower-casing before the tokenizer is not supported; lower-case the texts and set it to false";
        return Err(settings.error("do_lower_case", problem));
    }
    match settings.has("max_seq_length") {
        true => settings.size("max_seq_length", 512).map(Some),
        false => Ok(None),
    }
}
