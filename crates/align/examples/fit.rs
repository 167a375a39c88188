//! Three views of the same items: fit a universe, project new rows into it, translate them, keep the fit.
//!
//! ```sh
//! cargo run --release -p polyalign-align --example fit
//! ```

use align::methods::gpa::GpaParams;
use align::synthetic::Synthetic;
use align::{AlignError, Fitted, Method};

fn main() -> Result<(), AlignError> {
    // Views of any widths; row i is the same item in all of them. Own numbers: `Views::new` of `Matrix::new` each.
    let data =
        Synthetic { widths: vec![48, 32, 64], fit_rows: 800, test_rows: 100, ..Synthetic::default() }.generate(1)?;

    // GPA with the paper's settings; `Method::from_name("gcca")` and the others likewise.
    let fit = Method::from(GpaParams::default()).fit(&data.train.views, 42)?;
    println!("{} after {:?} sweeps", fit.report.stop.name(), fit.report.iterations);

    let rows = data.test.views.get("v0")?; // 100 × 48
    let universe = fit.fitted.project("v0", rows)?; // 100 × 64, coordinates that all views share

    // Calibrated, translated rows have the location and scale of the target's own, and can stand beside them.
    let fit = fit.calibrated(&data.train.views)?;
    let as_v1 = fit.fitted.translate("v0", "v1", rows)?; // 100 × 32, what v1 would have said
    println!("universe {} x {}, as v1 {} x {}", universe.rows(), universe.cols(), as_v1.rows(), as_v1.cols());

    // A fit is arrays with names and an outline, whatever file they go to; put together it gives the same bits.
    let parts = fit.fitted.parts()?;
    println!("{} arrays, among them {:?}", parts.arrays.len(), parts.arrays.keys().next());
    assert_eq!(Fitted::from_parts(parts)?.project("v0", rows)?, universe);

    // What is wrong is said, not panicked about.
    match fit.fitted.project("v1", rows) {
        Err(error) => println!("{error}"), // project: view `v1` has width 32, the given matrix has 48 columns
        Ok(_) => unreachable!("v1 is narrower"),
    }
    Ok(())
}
