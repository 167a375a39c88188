//! Tensors of a model's folder by name, checked against the expected shape, as `f32`.

use std::{
    collections::BTreeMap,
    io,
    ops::Range,
    path::{Path, PathBuf},
};

use candle_core::{DType, Device, Tensor};
use files::{Mapped, NotOpened};
use half::{bf16, f16};
use safetensors::{Dtype, SafeTensors};

use crate::{
    EmbedError,
    folder::{
        INDEX, PICKLED, WHOLE,
        config::{self, shown},
        pickled,
    },
};

/// Bytes that are converted before their pages are released.
const PIECE: usize = 16 << 20;

enum Stored {
    /// Bytes of one of the files.
    Bytes { file: usize, element: Element, shape: Vec<usize>, range: Range<usize> },
    /// A tensor that was unpickled.
    Ready(Tensor),
}

/// Types of numbers that are converted.
#[derive(Clone, Copy)]
enum Element {
    F64,
    F32,
    F16,
    Bf16,
}

/// All tensors of a folder. The files are mapped, and each tensor is converted on request, piece by piece: the file does
/// not have to be in memory beside its tensors.
pub(crate) struct Weights {
    path: PathBuf,
    /// The device on which tensors are made.
    device: Device,
    files: Vec<(PathBuf, Mapped)>,
    tensors: BTreeMap<String, Stored>,
}

impl Weights {
    /// Reads `model.safetensors`, or the files that its index names, or `pytorch_model.bin`, for a device.
    pub fn open(folder: &Path, device: &Device) -> Result<Self, EmbedError> {
        let whole = folder.join(WHOLE);
        let index = folder.join(INDEX);
        let pickled = folder.join(PICKLED);
        if whole.exists() {
            let mut weights = Self::empty(&whole, device);
            weights.add(&whole)?;
            Ok(weights)
        } else if index.exists() {
            Self::indexed(folder, &index, device)
        } else if pickled.exists() {
            let tensors = pickled::read(&pickled)?.into_iter();
            Ok(Self {
                tensors: tensors.map(|(name, tensor)| (name, Stored::Ready(tensor))).collect(),
                ..Self::empty(&pickled, device)
            })
        } else {
            Err(EmbedError::Missing {
                folder: folder.to_owned(),
                wanted: format!("`{WHOLE}`"),
                advice: format!(
                    "expected the weights as `{WHOLE}`, as `{INDEX}` with its files, or as `{PICKLED}`; weights of TensorFlow, Flax or ONNX are not read"
                ),
            })
        }
    }

    fn empty(path: &Path, device: &Device) -> Self {
        Self { path: path.to_owned(), device: device.clone(), files: Vec::new(), tensors: BTreeMap::new() }
    }

    fn indexed(folder: &Path, index: &Path, device: &Device) -> Result<Self, EmbedError> {
        let mut weights = Self::empty(index, device);
        let value = config::json(index)?.unwrap_or_default();
        let Some(map) = value.get("weight_map").and_then(|map| map.as_object()) else {
            return Err(EmbedError::format(
                index,
                "index",
                "found no object `weight_map`, expected one that maps each tensor to its file",
            ));
        };
        let mut names: Vec<&str> = Vec::new();
        for file in map.values() {
            // A plain file name: an index must not lead out of its folder.
            let plain = file.as_str().filter(|name| Path::new(name).file_name().is_some_and(|last| last == *name));
            let Some(name) = plain else {
                return Err(EmbedError::format(index, "index", format!("{} is no file name", shown(file))));
            };
            if !names.contains(&name) {
                names.push(name);
            }
        }
        for name in names {
            weights.add(&folder.join(name))?;
        }
        Ok(weights)
    }

    /// Adds a safetensors file.
    fn add(&mut self, path: &Path) -> Result<(), EmbedError> {
        let mapped = Mapped::open(path, true).map_err(|error| match error {
            NotOpened::System(reason) => EmbedError::read(path, reason),
            NotOpened::NotRegular => EmbedError::read(path, io::Error::other("not a file; expected the weights")),
        })?;
        let bytes = mapped.bytes();
        if bytes.starts_with(b"version https://git-lfs") {
            let problem = "holds a Git LFS pointer, not the weights; run `git lfs pull`";
            return Err(EmbedError::format(path, "safetensors", problem));
        }
        let parsed = SafeTensors::deserialize(bytes).map_err(|e| EmbedError::format(path, "safetensors", e))?;
        let file = self.files.len();
        let start = bytes.as_ptr() as usize;
        for (name, view) in parsed.tensors() {
            // Other element types belong to counters, masks and quantised weights, which no encoder needs.
            let Some(element) = Element::of(view.dtype()) else { continue };
            let from = view.data().as_ptr() as usize - start;
            let range = from..from + view.data().len();
            let stored = Stored::Bytes { file, element, shape: view.shape().to_vec(), range };
            self.tensors.insert(name, stored);
        }
        self.files.push((path.to_owned(), mapped));
        Ok(())
    }

    /// The tensors below the prefix under which `probe` is found, such as `bert.` or nothing: the same encoder is
    /// stored with and without the heads on top of it.
    pub fn rooted(&self, probe: &str) -> Result<Scope<'_>, EmbedError> {
        let fits = |name: &&String| {
            let modern = modern(name);
            modern == probe || modern.strip_suffix(probe).is_some_and(|prefix| prefix.ends_with('.'))
        };
        let Some(found) = self.tensors.keys().filter(fits).min_by_key(|name| name.len()) else {
            return Err(self.missing(probe));
        };
        let prefix = modern(found);
        Ok(Scope { weights: self, prefix: prefix[..prefix.len() - probe.len()].to_owned() })
    }

    fn missing(&self, name: &str) -> EmbedError {
        let some: Vec<String> = self.tensors.keys().take(3).map(|name| format!("`{name}`")).collect();
        let problem = format!(
            "is missing; the file holds {} tensors ({}{}); these are not the weights that config.json describes",
            self.tensors.len(),
            some.join(", "),
            if self.tensors.len() > 3 { ", …" } else { "" }
        );
        EmbedError::Tensor { path: self.path.clone(), name: name.to_owned(), problem }
    }

    fn tensor(&self, stored: &Stored) -> Result<Tensor, EmbedError> {
        let (file, element, shape, range) = match stored {
            Stored::Bytes { file, element, shape, range } => (file, element, shape, range),
            Stored::Ready(tensor) => {
                return Ok(tensor.to_dtype(DType::F32)?.contiguous()?.to_device(&self.device)?);
            }
        };
        let (path, mapped) = &self.files[*file];
        if let Some((now, then)) = mapped.changed().map_err(|error| EmbedError::read(path, error))? {
            let problem = format!("has {now} bytes now and had {then} a moment ago; do not change it while it is read");
            return Err(EmbedError::format(path, "safetensors", problem));
        }
        let mut values = Vec::with_capacity(range.len() / element.size());
        for piece in mapped.bytes()[range.clone()].chunks(PIECE) {
            element.convert(piece, &mut values);
            mapped.release(piece);
        }
        Ok(Tensor::from_vec(values, shape.as_slice(), &self.device)?)
    }
}

/// Tensors below a prefix.
#[derive(Clone)]
pub(crate) struct Scope<'a> {
    weights: &'a Weights,
    prefix: String,
}

impl Scope<'_> {
    /// The tensors below `name.`.
    pub fn sub(&self, name: impl AsRef<str>) -> Self {
        Self { weights: self.weights, prefix: format!("{}{}.", self.prefix, name.as_ref()) }
    }

    /// The tensor with this name, which must have this shape.
    pub fn get(&self, name: &str, shape: &[usize]) -> Result<Tensor, EmbedError> {
        let name = format!("{}{name}", self.prefix);
        let stored = self.stored(&name).ok_or_else(|| self.weights.missing(&name))?;
        let found = match stored {
            Stored::Bytes { shape, .. } => shape.as_slice(),
            Stored::Ready(tensor) => tensor.dims(),
        };
        if found != shape {
            let problem = format!("found shape {found:?}, expected {shape:?} as config.json says");
            return Err(EmbedError::Tensor { path: self.weights.path.clone(), name, problem });
        }
        self.weights.tensor(stored)
    }

    /// The values of a vector.
    pub fn vector(&self, name: &str, length: usize) -> Result<Vec<f32>, EmbedError> {
        Ok(self.get(name, &[length])?.to_vec1()?)
    }

    pub fn has(&self, name: &str) -> bool {
        self.stored(&format!("{}{name}", self.prefix)).is_some()
    }

    /// A tensor by its name, or by its name in the oldest files.
    fn stored(&self, name: &str) -> Option<&Stored> {
        let legacy = || {
            let (stem, last) = name.rsplit_once('.')?;
            let old = match last {
                "weight" => "gamma",
                "bias" => "beta",
                _ => return None,
            };
            self.weights.tensors.get(&format!("{stem}.{old}"))
        };
        self.weights.tensors.get(name).or_else(legacy)
    }
}

/// A name with the current words for `gamma` and `beta`.
fn modern(name: &str) -> String {
    match name.rsplit_once('.') {
        Some((stem, "gamma")) => format!("{stem}.weight"),
        Some((stem, "beta")) => format!("{stem}.bias"),
        _ => name.to_owned(),
    }
}

impl Element {
    fn of(dtype: Dtype) -> Option<Self> {
        match dtype {
            Dtype::F64 => Some(Self::F64),
            Dtype::F32 => Some(Self::F32),
            Dtype::F16 => Some(Self::F16),
            Dtype::BF16 => Some(Self::Bf16),
            _ => None,
        }
    }

    fn size(self) -> usize {
        match self {
            Self::F64 => 8,
            Self::F32 => 4,
            Self::F16 | Self::Bf16 => 2,
        }
    }

    /// Appends little-endian numbers.
    fn convert(self, bytes: &[u8], values: &mut Vec<f32>) {
        let twos = || bytes.as_chunks().0.iter();
        match self {
            Self::F64 => values.extend(bytes.as_chunks().0.iter().map(|b| f64::from_le_bytes(*b) as f32)),
            Self::F32 => values.extend(bytes.as_chunks().0.iter().map(|b| f32::from_le_bytes(*b))),
            Self::F16 => values.extend(twos().map(|b| f16::from_le_bytes(*b).to_f32())),
            Self::Bf16 => values.extend(twos().map(|b| bf16::from_le_bytes(*b).to_f32())),
        }
    }
}
