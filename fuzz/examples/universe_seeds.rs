//! The first corpus of the target `universe`: `cargo run --example universe_seeds` in `fuzz/`.

use align::methods::gcpa::{GcpaParams, ReleasedTraining, Training};
use align::methods::relative::RelativeParams;
use align::{Method, synthetic::Synthetic};
use data::universe::{Origin, Saved};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus/universe");
    std::fs::create_dir_all(&folder)?;
    let small = Synthetic { widths: vec![3; 3], fit_rows: 40, test_rows: 4, ..Synthetic::default() }.generate(1)?;
    for name in ["pairwise", "gpa", "gcca", "gcpa", "relative", "na"] {
        let method: Method = match name {
            "gcpa" => {
                let short = ReleasedTraining { epochs: 1, steps_per_epoch: 2, ..ReleasedTraining::default() };
                GcpaParams { hidden: 1.0, training: Training::Released(short), ..GcpaParams::default() }.into()
            }
            "relative" => RelativeParams { anchors: Some(5), ..RelativeParams::default() }.into(),
            name => name.parse()?,
        };
        let fit = method.fit(&small.train.views, 0)?;
        let saved = Saved::of(fit, Origin::default(), Some(&small.train.views))?;
        saved.write(&folder.join(name).with_extension("safetensors"))?;
    }
    Ok(())
}
