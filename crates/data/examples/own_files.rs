//! Files to a fit and back: import three npy files, load them, fit, keep the universe, and send a file through it in
//! pieces.
//!
//! ```sh
//! cargo run --release -p polyalign-data --example own_files
//! ```

use std::path::{Path, PathBuf};

use align::methods::gcca::GccaParams;
use align::synthetic::Synthetic;
use align::{AddForm, Fitted, Matrix, Method};
use data::import::{Files, Import, NamedMember, Splitting, import};
use data::universe::{self, Origin, Saved};
use data::{Manifest, MatrixReader, MatrixWriter};

type Error = Box<dyn std::error::Error>;

fn main() -> Result<(), Error> {
    let folder = std::env::temp_dir().join(format!("own-files-{}", std::process::id()));
    let done = run(&folder);
    std::fs::remove_dir_all(&folder)?;
    done
}

fn run(folder: &Path) -> Result<(), Error> {
    // 1. Somebody's embeddings: one file per encoder, row i the same item.
    let made = Synthetic { widths: vec![24, 16, 32, 24], fit_rows: 600, ..Synthetic::default() }.generate(5)?;
    for space in made.train.views.iter() {
        write(folder.join(format!("{}.npy", space.name())), space.values())?;
    }

    // 2. A manifest of them, with a split; the files stay where they are.
    let view = |name: &str| format!("{name}={}/{name}.npy", folder.display()).parse::<NamedMember>();
    let views = ["v0", "v1", "v2"].map(view).into_iter().collect::<Result<Vec<_>, _>>()?;
    let files = Files { views, ..Files::default() };
    let splitting = Splitting::Shares { files, shares: vec![0.8, 0.2], seed: 1, stratify: None };
    let manifest = folder.join("mine.yaml");
    import(&Import::new("mine", splitting, manifest.clone()))?;

    // 3. Loaded, checked, fitted, kept.
    let loaded = data::load(&Manifest::read(&manifest)?)?;
    data::summarise(&loaded.warnings).iter().for_each(|line| println!("warning: {line}"));
    let train = &loaded.dataset.train.views;
    let fit = Method::from(GccaParams::default()).fit(train, 42)?;
    let origin = Origin { data: "mine".into(), rows: train.rows(), ..Origin::default() };
    let file = folder.join("universe.safetensors");
    Saved::of(fit, origin, Some(train))?.write(&file)?;

    // 4. Read again, perhaps elsewhere: rows of a file of any size go through in pieces.
    let saved = universe::read(&file)?;
    let Fitted::Universe(universe) = &saved.fitted else { return Err("gcca has a universe".into()) };
    let input = MatrixReader::open(&folder.join("v0.npy").into())?;
    let rows = input.rows()?;
    let mut sink = MatrixWriter::create(&folder.join("z.parquet").into(), rows.count(), universe.width())?;
    for piece in rows.chunks(256) {
        sink.write(&universe.project("v0", &piece?)?)?;
    }
    sink.finish()?;
    println!("z.parquet: {} x {}", rows.count(), universe.width());

    // 5. A fourth encoder joins by the items that it shares with two of the three.
    let wider =
        universe.add(&made.train.views.select(&["v0", "v1"])?, "v3", made.train.views.at(3), AddForm::Scaled)?;
    println!("views now: {}", wider.views().iter().map(|v| v.name()).collect::<Vec<_>>().join(", "));
    Ok(())
}

fn write(file: PathBuf, values: &Matrix) -> Result<(), Error> {
    let mut sink = MatrixWriter::create(&file.into(), values.rows(), values.cols())?;
    sink.write(values)?;
    sink.finish()?;
    Ok(())
}
