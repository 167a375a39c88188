//! Maps as modules of sentence-transformers.
//!
//! A map of one affine step is one module: the folder itself, with `config.json` and `model.safetensors`, as `Dense.load`
//! reads it. Other maps have a folder for each step, and `modules.json` lists them in their order.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use align::RowMap;
use align::fitted::{AffineMap, MapStep};
use align::parts::Array;
use safetensors::SafeTensorError;
use serde_json::{Value, json};

use super::format::METADATA_ENTRY;
use crate::write::{Tensor, safetensors_bytes};

/// File with the metadata, beside those that sentence-transformers reads.
const METADATA: &str = "polyalign.json";
/// List of the modules.
const MODULES: &str = "modules.json";
const CONFIG: &str = "config.json";
const WEIGHTS: &str = "model.safetensors";
const DENSE: &str = "Dense";
const NORMALIZE: &str = "Normalize";

/// The files of the folder, each with its path in the folder.
pub(super) fn files(map: &RowMap, metadata: &str) -> Result<Vec<(PathBuf, Vec<u8>)>, SafeTensorError> {
    let mut files = vec![(PathBuf::from(METADATA), format!("{metadata}\n").into_bytes())];
    if let Some(affine) = map.affine() {
        files.extend(dense(Path::new(""), affine, metadata)?);
        return Ok(files);
    }
    let mut modules = Vec::new();
    for (position, step) in map.steps().iter().enumerate() {
        let kind = if matches!(step, MapStep::Affine(_)) { DENSE } else { NORMALIZE };
        let folder = format!("{position}_{kind}");
        match step {
            MapStep::Affine(affine) => files.extend(dense(Path::new(&folder), affine, metadata)?),
            _ => files.push((Path::new(&folder).join(CONFIG), pretty(&json!({})))),
        }
        let class = format!("sentence_transformers.models.{kind}");
        modules.push(json!({"idx": position, "name": position.to_string(), "path": folder, "type": class}));
    }
    files.push((PathBuf::from(MODULES), pretty(&Value::Array(modules))));
    Ok(files)
}

fn dense(folder: &Path, affine: &AffineMap, metadata: &str) -> Result<Vec<(PathBuf, Vec<u8>)>, SafeTensorError> {
    let AffineMap { matrix, shift } = affine;
    // No other keys: versions before 5.7 give all of them to the constructor.
    let config = json!({
        "in_features": matrix.rows(),
        "out_features": matrix.cols(),
        "bias": true,
        "activation_function": "torch.nn.modules.linear.Identity",
    });
    let tensors = [
        Tensor::array("linear.bias".to_owned(), &Array::vector(shift)),
        // torch multiplies by the transpose of the weight.
        Tensor::matrix("linear.weight".to_owned(), &matrix.transposed()),
    ];
    let entry = HashMap::from([(METADATA_ENTRY.to_owned(), metadata.to_owned())]);
    let weights = safetensors_bytes(&tensors, Some(entry))?;
    Ok(vec![(folder.join(CONFIG), pretty(&config)), (folder.join(WEIGHTS), weights)])
}

fn pretty(value: &Value) -> Vec<u8> {
    format!("{value:#}\n").into_bytes()
}

/// The first entry of a folder, by name, that is not one of an exported map; `None` if there are no others.
pub(super) fn other_entry(folder: &Path) -> std::io::Result<Option<String>> {
    let mut others = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let (name, is_folder) = (entry.file_name().to_string_lossy().into_owned(), entry.file_type()?.is_dir());
        let module = |name: &str| {
            let kind = name.split_once('_').filter(|(position, _)| position.parse::<usize>().is_ok());
            kind.is_some_and(|(_, kind)| [DENSE, NORMALIZE].contains(&kind))
        };
        let own = match is_folder {
            true => module(&name) && other_entry(&entry.path())?.is_none(),
            false => [METADATA, MODULES, CONFIG, WEIGHTS].contains(&name.as_str()),
        };
        if !own {
            others.push(name);
        }
    }
    Ok(others.into_iter().min())
}
