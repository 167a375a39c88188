//! The first corpus of the target `universe`: `cargo run --example universe_seeds` in `fuzz/`.

use align::{Method, planted::Planted};
use data::universe::{Origin, Saved};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus/universe");
    std::fs::create_dir_all(&folder)?;
    let small = Planted { widths: vec![3; 3], fit_rows: 40, test_rows: 4, ..Planted::default() }.generate(1)?;
    for name in ["pairwise", "gpa", "gcca", "gcpa", "relative", "na"] {
        let mut method = Method::from_name(name).ok_or("a method that is gone")?;
        match &mut method {
            Method::Gcpa(params) => (params.hidden, params.epochs, params.steps_per_epoch) = (1.0, Some(1), 2),
            Method::Relative(params) => params.anchors = 5,
            _ => {}
        }
        let fit = method.fit(&small.train.spaces, 0)?;
        let saved = Saved::of(fit, Origin::default(), Some(&small.train.spaces))?;
        saved.write(&folder.join(name).with_extension("safetensors"))?;
    }
    Ok(())
}
