//! Data sets of manifests as arrays.

use std::path::PathBuf;

use align::{Labels, Matrix, Split, Views};
use data::Manifest;
use numpy::PyArray1;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::errors::of_data;
use crate::rows::to_array;

/// The data that a manifest names, checked: a dict of their name, title, warnings and splits. Rows that a view misses are NaN.
#[pyfunction]
pub fn read_data(py: Python<'_>, manifest: PathBuf) -> PyResult<Bound<'_, PyDict>> {
    let (manifest, loaded) = py
        .detach(|| {
            let manifest = Manifest::read(&manifest)?;
            let loaded = data::load(&manifest)?;
            Ok((manifest, loaded))
        })
        .map_err(of_data)?;
    let all = PyDict::new(py);
    all.set_item("name", &manifest.name)?;
    all.set_item("title", &manifest.title)?;
    let texts: Vec<String> = data::summarise(&loaded.warnings);
    all.set_item("warnings", texts)?;
    let splits = PyDict::new(py);
    let data = loaded.dataset;
    splits.set_item("train", split(py, &data.train)?)?;
    if let Some(validation) = &data.validation {
        splits.set_item("validation", split(py, validation)?)?;
    }
    splits.set_item("test", split(py, &data.test)?)?;
    all.set_item("splits", splits)?;
    Ok(all)
}

fn split<'py>(py: Python<'py>, split: &Split) -> PyResult<Bound<'py, PyDict>> {
    let dict = PyDict::new(py);
    dict.set_item("views", views(py, &split.views)?)?;
    dict.set_item("labels", lists(py, &split.labels)?)?;
    dict.set_item("groups", lists(py, &split.groups)?)?;
    dict.set_item("ids", split.ids.as_ref().map(|ids| PyArray1::from_slice(py, ids)))?;
    Ok(dict)
}

fn lists<'py>(py: Python<'py>, lists: &[Labels]) -> PyResult<Bound<'py, PyDict>> {
    let dict = PyDict::new(py);
    for list in lists {
        dict.set_item(&list.name, PyArray1::from_slice(py, &list.values))?;
    }
    Ok(dict)
}

fn views<'py>(py: Python<'py>, views: &Views) -> PyResult<Bound<'py, PyDict>> {
    let dict = PyDict::new(py);
    for view in views.iter() {
        let values = view.values();
        let known = |row: usize, col: usize| if view.has(row) { values.at(row, col) } else { f32::NAN };
        dict.set_item(view.name(), to_array(py, Matrix::from_fn(values.rows(), values.cols(), known))?)?;
    }
    Ok(dict)
}
