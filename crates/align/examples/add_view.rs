//! A new encoder joins a universe that is in use: the others' vectors stay as they are.
//!
//! ```sh
//! cargo run --release -p polyalign-align --example add_view
//! ```

use align::methods::gpa::GpaParams;
use align::prep::cosine_rows;
use align::synthetic::Synthetic;
use align::{AddForm, AlignError, Consensus, Fitted, Matrix, Method};

fn main() -> Result<(), AlignError> {
    let data = Synthetic { widths: vec![32; 4], fit_rows: 800, test_rows: 200, ..Synthetic::default() }.generate(1)?;
    let (train, test) = (&data.train.views, &data.test.views);
    let fit = Method::from(GpaParams::default()).fit(&train.select(&["v0", "v1", "v2"])?, 42)?;
    let Some(universe) = fit.fitted.universe() else { return Ok(()) };

    // The items that the new view is joined by need not be those of the fit, nor need all views have them.
    let anchors = train.select(&["v0", "v2"])?;
    let there = Consensus::of(universe, &train.select(&["v0", "v1", "v2"])?)?;
    let shift = there.shift_to(&Consensus::of(universe, &anchors)?);
    println!("the anchors lie {shift:.2} standard deviations from the rows of the fit");

    for form in [AddForm::Scaled, AddForm::Orthogonal] {
        let wider = universe.add(&anchors, "v3", train.get("v3")?, form)?;
        let old = wider.project("v0", test.get("v0")?)?;
        assert_eq!(old, universe.project("v0", test.get("v0")?)?, "the same bits as before");
        let new = Fitted::Universe(wider).project("v3", test.get("v3")?)?;
        println!("{form:?}: mean cosine of v3 to v0 on new items {:.3}", mean_cosine(&old, &new));
    }
    Ok(())
}

fn mean_cosine(a: &Matrix, b: &Matrix) -> f32 {
    let (a, b) = (cosine_rows(a), cosine_rows(b));
    a.as_slice().iter().zip(b.as_slice()).map(|(x, y)| x * y).sum::<f32>() / a.rows() as f32
}
