//! The npz format: a zip archive of npy files.

use std::io::Cursor;

use files::read_at_most;

use super::{
    npy,
    raw::{Raw, most_unpacked},
};
use crate::{FileProblem, nearest};

const FORMAT: &str = "npz";
/// The array with this name (`x` or `x.npy`), or the only one without a name. Nothing is unpacked to disk.
pub(super) fn raw<'a>(bytes: &[u8], tensor: Option<&str>) -> Result<Raw<'a>, FileProblem> {
    let invalid = |detail: String| FileProblem::Header { format: FORMAT, detail };
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).map_err(|e| invalid(e.to_string()))?;
    let names: Result<Vec<_>, _> = archive.file_names().collect();
    let names = names.map_err(|e| invalid(e.to_string()))?;
    let known: Vec<String> = names.iter().map(|name| name.strip_suffix(".npy").unwrap_or(name).to_owned()).collect();
    drop(names);
    let name = match (tensor, known.as_slice()) {
        (Some(name), _) => name.strip_suffix(".npy").unwrap_or(name).to_owned(),
        (None, [only]) => only.clone(),
        (None, _) => return Err(FileProblem::TensorNotNamed { known }),
    };
    let Some(index) = known.iter().position(|member| *member == name) else {
        let nearest = nearest(&name, known.iter().map(String::as_str)).map(str::to_owned);
        return Err(FileProblem::NoTensor { tensor: name, nearest, known });
    };
    let limit = most_unpacked(bytes) as u64;
    let member = archive.by_index(index).map_err(|e| invalid(e.to_string()))?;
    let unpacked = read_at_most(member, limit).map_err(|e| invalid(format!("array `{name}`: {e}")))?;
    let Some(unpacked) = unpacked else {
        return Err(FileProblem::Inflated { tensor: Some(name), got: bytes.len() as u64, limit });
    };
    Ok(Raw { name: Some(name), ..npy::raw(&unpacked, None)?.into_owned() })
}
