//! Arrays of ndarray become views, and what is projected becomes an array. It needs the feature `ndarray`.
//!
//! ```sh
//! cargo run --release -p polyalign-align --features ndarray --example from_ndarray
//! ```

use align::{AlignError, Matrix, Method, Views};
use ndarray::{Array2, ArrayView2};

fn main() -> Result<(), AlignError> {
    // These arrays stand for the embeddings of your own program: 200 items, the same in both.
    let array = |step: usize| Array2::from_shape_fn((200, 16), |(i, j)| ((i * 7 + j * step) as f32).sin());

    // An owned array that lies row by row is taken over without a copy; any other array and view is copied.
    let views = Views::new([("en", Matrix::from(array(3))), ("fr", Matrix::from(array(5)))])?;
    let fit = "gpa".parse::<Method>()?.fit(&views, 42)?;
    let universe: Array2<f32> = fit.fitted.project("en", views.get("en")?)?.into();
    println!("universe {:?}", universe.dim());

    // A matrix is borrowed as an array.
    let rows = ArrayView2::from(views.get("en")?);
    println!("first item {:?}", rows.row(0).to_vec());
    Ok(())
}
