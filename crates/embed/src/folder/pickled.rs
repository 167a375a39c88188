//! `pytorch_model.bin` in two formats of PyTorch: since version 1.6 a zip of a pickle and raw files; before, several
//! pickles followed by the raw numbers.

use std::{
    collections::{BTreeMap, HashMap},
    fs::{self, File},
    io::{BufRead, BufReader, Read},
    path::Path,
};

use candle_core::{
    DType, Device, Layout, Result, Tensor, bail,
    pickle::{Object, PthTensors, Stack, TensorInfo},
};

use crate::{
    EmbedError,
    error::{guarded, reason},
    folder::WHOLE,
};

/// Beginning of the older files: a pickled number without meaning, then version 1001.
const LEGACY: &[u8] = b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.\x80\x02M\xe9\x03.";

type Tensors = BTreeMap<String, Tensor>;

/// The floating-point tensors of a state dict. Code in the pickles is never run.
pub(crate) fn read(path: &Path) -> std::result::Result<Tensors, EmbedError> {
    let length = fs::metadata(path).map_err(|error| EmbedError::read(path, error))?.len();
    let mut file = BufReader::new(File::open(path).map_err(|error| EmbedError::read(path, error))?);
    let mut start = vec![0; LEGACY.len()];
    let legacy = file.read_exact(&mut start).is_ok() && start == LEGACY;
    let why = match guarded(|| if legacy { in_a_row(file, length) } else { zipped(path, length) }) {
        Ok(Ok(tensors)) => return Ok(tensors),
        Ok(Err(error)) => reason(&error),
        Err(words) => format!("its pickle is damaged ({words})"),
    };
    let detail = format!("{why}; expected a state dict written by torch.save; save the weights as `{WHOLE}` instead");
    Err(EmbedError::format(path, "PyTorch", detail))
}

fn zipped(path: &Path, length: u64) -> Result<Tensors> {
    let pickle = PthTensors::new(path, None)?;
    let mut tensors = BTreeMap::new();
    for (name, info) in pickle.tensor_infos().iter().filter(|(_, info)| info.dtype.is_float()) {
        let bytes = elements(&info.layout).and_then(|count| count.checked_mul(info.dtype.size_in_bytes()));
        if bytes.is_none_or(|bytes| bytes as u64 > length) {
            bail!("tensor `{name}` of shape {:?} is larger than the file", info.layout.dims());
        }
        if let Some(tensor) = pickle.get(name)? {
            tensors.insert(name.clone(), tensor);
        }
    }
    Ok(tensors)
}

/// Content after the beginning: a pickle about the machine, the state dict, the names of the storages, and for each
/// storage, in the order of the names, the count of its numbers and the numbers.
fn in_a_row(mut file: BufReader<File>, length: u64) -> Result<Tensors> {
    let machine = pickle(&mut file)?;
    if let Object::Dict(pairs) = machine
        && pairs.contains(&(Object::Unicode("little_endian".into()), Object::Bool(false)))
    {
        bail!("its numbers are big-endian");
    }
    let Object::Dict(pairs) = pickle(&mut file)? else { bail!("it holds no state dict") };
    let Object::List(keys) = pickle(&mut file)? else { bail!("the names of its storages are missing") };
    let mut infos: Vec<TensorInfo> = Vec::new();
    for (name, value) in pairs {
        // Integers, such as counters, have types that the library refuses and that no encoder needs.
        infos.extend(value.into_tensor_info(name, Path::new("")).ok().flatten());
    }
    let types: HashMap<&str, DType> = infos.iter().map(|info| (storage(info), info.dtype)).collect();
    let sizes: HashMap<&str, usize> = infos.iter().map(|info| (storage(info), info.storage_size)).collect();
    let mut storages: HashMap<String, Vec<f32>> = HashMap::new();
    for key in keys {
        let key = key.unicode().map_err(|_| candle_core::Error::Msg("a storage's name is no text".into()))?;
        let mut count = [0; 8];
        file.read_exact(&mut count)?;
        let count = u64::from_le_bytes(count);
        let Some(dtype) = types.get(key.as_str()) else {
            bail!("storage `{key}` is of a type that cannot be skipped");
        };
        let bytes = count.saturating_mul(dtype.size_in_bytes() as u64);
        if bytes > length || sizes.get(key.as_str()).is_some_and(|size| *size as u64 != count) {
            bail!("storage `{key}` is said to hold {count} numbers; the file is damaged");
        }
        let mut buffer = vec![0; bytes as usize];
        file.read_exact(&mut buffer)?;
        if dtype.is_float() {
            let raw = Tensor::from_raw_buffer(&buffer, *dtype, &[count as usize], &Device::Cpu)?;
            storages.insert(key, raw.to_dtype(DType::F32)?.to_vec1()?);
        }
    }
    // A storage is dropped after its last tensor, so that not all numbers are in memory twice.
    let mut left: HashMap<&str, usize> = HashMap::new();
    let floats = || infos.iter().filter(|info| info.dtype.is_float());
    floats().for_each(|info| *left.entry(storage(info)).or_default() += 1);
    let mut tensors = BTreeMap::new();
    for info in floats() {
        let key = storage(info);
        let Some(values) = storages.get(key) else { bail!("tensor `{}` has no storage", info.name) };
        tensors.insert(info.name.clone(), gather(info, values)?);
        let left = left.entry(key).or_default();
        *left = left.saturating_sub(1);
        if *left == 0 {
            storages.remove(key);
        }
    }
    Ok(tensors)
}

fn pickle(file: &mut impl BufRead) -> Result<Object> {
    let mut stack = Stack::empty();
    stack.read_loop(file)?;
    stack.finalize()
}

/// The name of the storage, without the folder that the library puts before it.
fn storage(info: &TensorInfo) -> &str {
    info.path.trim_start_matches('/')
}

/// Number of elements of a tensor, if it does not overflow.
fn elements(layout: &Layout) -> Option<usize> {
    layout.dims().iter().try_fold(1_usize, |count, dim| count.checked_mul(*dim))
}

/// The numbers of a tensor in its storage, with any strides: weights that were transposed by a conversion from another
/// library are stored in this way.
fn gather(info: &TensorInfo, values: &[f32]) -> Result<Tensor> {
    let (dims, strides) = (info.layout.dims(), info.layout.stride());
    // The library gives the offset in bytes.
    let start = info.layout.start_offset() / info.dtype.size_in_bytes();
    let reach = dims
        .iter()
        .zip(strides)
        .try_fold(start, |reach, (dim, stride)| reach.checked_add(dim.saturating_sub(1).checked_mul(*stride)?));
    let count = elements(&info.layout).filter(|count| *count <= values.len());
    let (Some(count), true) = (count, reach.is_some_and(|reach| reach < values.len())) else {
        bail!("tensor `{}` of shape {dims:?} is larger than its storage of {}", info.name, values.len());
    };
    let place = |index: usize| {
        let mut rest = index;
        let places = dims.iter().zip(strides).rev().map(|(dim, stride)| {
            let at = rest % dim;
            rest /= dim;
            at * stride
        });
        start + places.sum::<usize>()
    };
    let gathered: Vec<f32> = (0..count).map(|index| values[place(index)]).collect();
    Tensor::from_vec(gathered, dims, &Device::Cpu)
}
