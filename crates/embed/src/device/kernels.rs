//! The one place that decides between the kernels of this crate and plain operations of the tensor library.

use candle_core::{CpuStorage, Device, Layout};

/// Whether this crate's own kernels run on a device. They exist for the CPU; elsewhere every layer is composed of plain
/// operations of the tensor library.
pub(crate) fn has_kernels(device: &Device) -> bool {
    #[cfg(test)]
    if COMPOSED.get() {
        return false;
    }
    device.is_cpu()
}

#[cfg(test)]
thread_local! {
    static COMPOSED: std::cell::Cell<bool> = const { std::cell::Cell::new(false) };
}

/// Runs a test's code on the CPU as it would run on another device.
#[cfg(test)]
pub(crate) fn composed<T>(code: impl FnOnce() -> T) -> T {
    COMPOSED.set(true);
    let result = code();
    COMPOSED.set(false);
    result
}

/// The values of a contiguous tensor.
pub(crate) fn contiguous<'a>(storage: &'a CpuStorage, layout: &Layout) -> candle_core::Result<&'a [f32]> {
    let values: &[f32] = storage.as_slice()?;
    match layout.contiguous_offsets() {
        Some((start, end)) => Ok(&values[start..end]),
        None => candle_core::bail!("found strides {:?}, expected a contiguous tensor", layout.stride()),
    }
}

/// The same, to be changed.
pub(crate) fn contiguous_mut<'a>(storage: &'a mut CpuStorage, layout: &Layout) -> candle_core::Result<&'a mut [f32]> {
    match (storage, layout.contiguous_offsets()) {
        (CpuStorage::F32(values), Some((start, end))) => Ok(&mut values[start..end]),
        _ => candle_core::bail!("found strides {:?}, expected a contiguous tensor of f32", layout.stride()),
    }
}
