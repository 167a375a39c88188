//! The device on which an encoder computes.

use std::{fmt, str::FromStr};

use candle_core::Device as Opened;

use crate::{EmbedError, error::reason};

/// The option of the command line that chooses a device.
const OPTION: &str = "--device";

/// A device on which an encoder computes. Devices of another kind than [`Device::Cpu`] need a feature of this crate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Device {
    /// The CPU, with all its threads.
    #[default]
    Cpu,
    /// An NVIDIA GPU by its number; needs the feature `cuda`.
    Cuda(u8),
    /// The GPU of a Mac; needs the feature `metal`.
    Metal,
}

impl Device {
    /// The kind of the device: `cpu`, `cuda` or `metal`. The last digits of a row may differ between kinds.
    pub fn kind(self) -> &'static str {
        match self {
            Self::Cpu => "cpu",
            Self::Cuda(_) => "cuda",
            Self::Metal => "metal",
        }
    }

    /// The device, ready for tensors.
    ///
    /// # Errors
    /// This crate was built without the device's feature; there is no such device.
    pub(crate) fn open(self) -> Result<Opened, EmbedError> {
        let opened = match self {
            Self::Cpu => return Ok(Opened::Cpu),
            Self::Cuda(_) if !cfg!(feature = "cuda") => return Err(self.not_built("the CUDA toolkit")),
            Self::Metal if !cfg!(feature = "metal") => return Err(self.not_built("a Mac")),
            Self::Cuda(number) => Opened::new_cuda(usize::from(number)),
            Self::Metal => Opened::new_metal(0),
        };
        opened.map_err(|error| {
            wrong(format!("`{self}` cannot be used: {}; name a device of this machine, or use `cpu`", reason(&error)))
        })
    }

    fn not_built(self, needed: &str) -> EmbedError {
        let kind = self.kind();
        wrong(format!(
            "found `{self}`, and this program was built without the feature `{kind}`; build it with `cargo build \
             --release -p polyalign-embed --features {kind}`, which needs {needed}, or use `cpu`"
        ))
    }
}

impl fmt::Display for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cuda(number) => write!(f, "cuda:{number}"),
            other => f.write_str(other.kind()),
        }
    }
}

/// Reads `cpu`, `cuda` (the first GPU), `cuda:N` or `metal`.
impl FromStr for Device {
    type Err = EmbedError;

    fn from_str(text: &str) -> Result<Self, EmbedError> {
        match (text, text.strip_prefix("cuda:")) {
            ("cpu", _) => Ok(Self::Cpu),
            ("cuda", _) => Ok(Self::Cuda(0)),
            ("metal", _) => Ok(Self::Metal),
            (_, Some(number)) => number.parse().map(Self::Cuda).map_err(|_| {
                wrong(format!("found `{number}` behind `cuda:`, expected the number of a GPU, from 0 to {}", u8::MAX))
            }),
            _ => Err(wrong(format!("found `{text}`, expected cpu, cuda, cuda:N or metal"))),
        }
    }
}

fn wrong(problem: String) -> EmbedError {
    EmbedError::Argument { argument: OPTION, problem }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_numbers() {
        for (text, device, name) in [
            ("cpu", Device::Cpu, "cpu"),
            ("cuda", Device::Cuda(0), "cuda:0"),
            ("cuda:255", Device::Cuda(255), "cuda:255"),
            ("metal", Device::Metal, "metal"),
        ] {
            assert_eq!(text.parse::<Device>().unwrap(), device);
            assert_eq!(device.to_string(), name);
        }
        for number in ["256", "-1", "x", "", "1.0"] {
            let message = format!("cuda:{number}").parse::<Device>().unwrap_err().to_string();
            let wanted = "behind `cuda:`, expected the number of a GPU, from 0 to 255";
            assert_eq!(message, format!("--device: found `{number}` {wanted}"));
        }
        for text in ["", "gpu", "CPU", "cpu:0", "cuda0", "metal:0"] {
            let message = text.parse::<Device>().unwrap_err().to_string();
            assert_eq!(message, format!("--device: found `{text}`, expected cpu, cuda, cuda:N or metal"));
        }
    }

    /// The gate builds no feature.
    #[cfg(not(any(feature = "cuda", feature = "metal")))]
    #[test]
    fn a_device_that_was_not_built_says_how_to_build_it() {
        for (device, kind, needed) in [(Device::Cuda(1), "cuda", "the CUDA toolkit"), (Device::Metal, "metal", "a Mac")]
        {
            let message = device.open().unwrap_err().to_string();
            let wanted = format!(
                "--device: found `{device}`, and this program was built without the feature `{kind}`; build it with `cargo \
                 build --release -p polyalign-embed --features {kind}`, which needs {needed}, or use `cpu`"
            );
            assert_eq!(message, wanted);
        }
        assert!(Device::Cpu.open().unwrap().is_cpu());
    }
}
