//! Pictures as the numbers that encoders read.

use candle_core::{Device, Tensor};

use crate::EmbedError;

/// Prepared pictures of one size.
#[derive(Clone, Debug)]
pub struct Pixels {
    tensor: Tensor,
    items: usize,
    height: usize,
    width: usize,
}

impl Pixels {
    /// Pictures from the values `[items, 3, height, width]`.
    ///
    /// # Errors
    /// Another number of values.
    pub fn new(items: usize, height: usize, width: usize, values: Vec<f32>) -> Result<Self, EmbedError> {
        let tensor = Tensor::from_vec(values, (items, 3, height, width), &Device::Cpu)?;
        Ok(Self { tensor, items, height, width })
    }

    /// Number of pictures.
    pub fn items(&self) -> usize {
        self.items
    }

    /// Rows of a picture.
    pub fn height(&self) -> usize {
        self.height
    }

    /// Pixels in a row.
    pub fn width(&self) -> usize {
        self.width
    }

    /// All values.
    ///
    /// # Errors
    /// An error of the tensor library.
    pub fn values(&self) -> Result<Vec<f32>, EmbedError> {
        Ok(self.tensor.flatten_all()?.to_vec1()?)
    }

    /// The same pictures on a device.
    pub(crate) fn on(&self, device: &Device) -> Result<Self, EmbedError> {
        Ok(Self { tensor: self.tensor.to_device(device)?, ..self.clone() })
    }

    pub(crate) fn tensor(&self) -> &Tensor {
        &self.tensor
    }
}
