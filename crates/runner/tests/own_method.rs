//! A method that no crate here knows, with a fit of a form of its own, in a grid as one of the built-in ones.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use align::linalg::MatrixView;
use align::parts::Array;
use align::prep::ZScore;
use align::{
    AlignError, Aligner, Coordinates, Fit, FitInput, FitReport, Fitted, FittedMaps, Matrix, Method, Needs, OwnParts,
};
use data::import::Member;
use data::{MatrixReader, MatrixWriter};
use grid::Grid;
use runner::commands::run::{RunRequest, run};
use runner::commands::universe::{self, Apply, FitCell, Way, fit_cell};
use runner::run::outcome::Ending;
use serde::{Deserialize, Serialize};

use common::Bench;

/// Every row is told by how near it is to the first items of its view, `exp(−|z − a|²/(2 γ d))`: kernel features.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Near {
    anchors: usize,
    gamma: f64,
}

impl Default for Near {
    fn default() -> Self {
        Self { anchors: 16, gamma: 0.5 }
    }
}

static FITS: AtomicUsize = AtomicUsize::new(0);

impl Aligner for Near {
    fn name(&self) -> &'static str {
        "near"
    }

    fn title(&self) -> &'static str {
        "Near"
    }

    fn summary(&self) -> &'static str {
        "kernel features of the first items"
    }

    fn needs(&self) -> Needs {
        Needs::default().labels().validation()
    }

    fn uses_seed(&self) -> bool {
        false
    }

    fn fit(&self, input: &FitInput<'_>, _: u64) -> Result<Fit, AlignError> {
        FITS.fetch_add(1, Ordering::SeqCst);
        let rows: Vec<usize> = (0..self.anchors).collect();
        let view = |space: &align::views::View| {
            let prep = ZScore::fit_sample(space.values());
            let anchors = prep.apply(&space.values().select_rows(&rows))?;
            Ok((space.name().to_string(), prep, anchors))
        };
        let views = input.views.iter().map(view).collect::<Result<_, AlignError>>()?;
        let fitted = Fitted::Own(Arc::new(Features { views, gamma: self.gamma }));
        Ok(Fit { fitted, report: FitReport::closed_form(0, 0, None) })
    }
}

#[derive(Debug)]
struct Features {
    views: Vec<(String, ZScore, Matrix)>,
    gamma: f64,
}

impl FittedMaps for Features {
    fn views(&self) -> Vec<(&str, usize)> {
        self.views.iter().map(|(name, prep, _)| (name.as_str(), prep.width())).collect()
    }

    fn coordinates(&self) -> &'static [Coordinates] {
        &[Coordinates::Universe]
    }

    fn project(&self, view: &str, x: MatrixView<'_>) -> Result<Matrix, AlignError> {
        let (_, prep, anchors) = self.views.iter().find(|(name, ..)| name == view).unwrap();
        let z = prep.apply(x)?;
        let square = |i: usize, a: usize| -> f64 {
            z.row(i).iter().zip(anchors.row(a)).map(|(x, y)| f64::from(x - y).powi(2)).sum()
        };
        let scale = 2.0 * self.gamma * z.cols() as f64;
        Ok(Matrix::from_fn(z.rows(), anchors.rows(), |i, a| (-square(i, a) / scale).exp() as f32))
    }

    fn prep(&self, view: &str) -> Option<&ZScore> {
        self.views.iter().find(|(name, ..)| name == view).map(|(_, prep, _)| prep)
    }

    fn parts(&self) -> Option<OwnParts> {
        let parts = OwnParts::new("near").with_array("gamma", Array::vector_f64(&[self.gamma]));
        let add = |parts: OwnParts, (name, prep, anchors): &(String, ZScore, Matrix)| {
            parts.with_scaling(name.as_str(), prep).with_array(format!("{name}.anchors"), Array::matrix(anchors))
        };
        Some(self.views.iter().fold(parts, add))
    }

    fn bytes(&self) -> usize {
        self.views.iter().map(|(_, _, anchors)| size_of_val(anchors.as_slice())).sum()
    }
}

impl Features {
    fn read(parts: &mut OwnParts) -> Result<Arc<dyn FittedMaps>, AlignError> {
        let names: Vec<String> = parts.views().iter().map(|(name, _)| name.clone()).collect();
        let view = |name: String| {
            let (prep, anchors) = (parts.take_scaling(&name)?, parts.take_matrix(&format!("{name}.anchors"))?);
            Ok((name, prep, anchors))
        };
        let views = names.into_iter().map(view).collect::<Result<_, AlignError>>()?;
        Ok(Arc::new(Self { views, gamma: parts.take_numbers("gamma", 1)?[0] }))
    }
}

const GRID: &str = "\
name: own
data:
  synthetic:
    recipe: {widths: [12, 12, 12], fit_rows: 120, test_rows: 40, classes: 4}
methods: [pairwise, near: {gamma: 0.7}]
tasks: [retrieval, clustering, consistency, drift, similarity: {permutations: 9}, hubness, probing, stitching, cycle]
";

/// Stores the fit of a cell in a file and projects rows with it: a file of a form that is read once it is registered.
fn a_fit_is_stored_and_projects(bench: &Bench, id: String) {
    let path = |name: &str| bench.folder.path().join(name);
    let file = path("near.safetensors");
    let request = FitCell { results: bench.out(), id, calibrate: true, out: file.clone(), overwrite: false };
    let told = fit_cell(&request).unwrap();
    assert!(told.contains("near on 120 rows") || told.contains("a form of its own"), "{told}");

    let x = Matrix::from_fn(5, 12, |i, j| (i * 12 + j) as f32 * 0.1);
    let input = Member::from(path("x.npy"));
    let mut rows = MatrixWriter::create(&input, 5, 12).unwrap();
    rows.write(&x).unwrap();
    rows.finish().unwrap();
    let apply = |way: Way, out: &str| {
        let (universe, input, out) = (file.clone(), input.clone(), Member::from(path(out)));
        universe::apply(&Apply { universe, way, input, out, overwrite: false })
    };
    let project = || Way::Project { view: "v1".into(), unit_variance: false };
    let unread = apply(project(), "z.npy").unwrap_err().to_string();
    assert!(unread.contains("the fit has the form `near`, and this program has no reader of that form"), "{unread}");
    Fitted::register_form("near", Features::read).unwrap();
    assert!(apply(project(), "z.npy").unwrap().ends_with("z.npy: 5 x 16"));
    let fitted = data::universe::read(&file).unwrap().fitted;
    let written = MatrixReader::open(&Member::from(path("z.npy"))).unwrap();
    let z = written.rows().unwrap().chunks(10).next().unwrap().unwrap();
    assert_eq!(z, fitted.project("v1", &x).unwrap());
    let translated = apply(Way::Translate { from: "v0".into(), to: "v1".into() }, "y.npy").unwrap_err().to_string();
    assert!(translated.contains("holds `near`: no way from one view to another; use `runner project`"), "{translated}");
}

#[test]
fn a_method_of_ones_own_runs_in_a_grid_and_is_cached_like_the_others() {
    let bench = Bench::new(GRID);
    let unknown = Grid::read(&bench.grid()).unwrap_err().to_string();
    assert!(unknown.contains("grid.yaml:5:21: methods[1].near: unknown name `near`"), "{unknown}");
    Method::register::<Near>().unwrap();
    let listed = runner::commands::list::methods();
    assert!(listed.iter().any(|it| it.name == "near" && it.summary == "kernel features of the first items"));

    let request = RunRequest::new(bench.out());
    assert_eq!(run(&bench.grid(), &request, &()).unwrap(), Ending::Complete);
    assert_eq!(run(&bench.grid(), &request, &()).unwrap(), Ending::Complete);
    assert_eq!(FITS.load(Ordering::SeqCst), 1, "the second run finds the cell done");

    let records = bench.records("own");
    let of = |task: &str| -> Vec<_> {
        records.iter().filter(|r| r.method.as_deref() == Some("near") && r.task.as_deref() == Some(task)).collect()
    };
    let retrieved = of("retrieval");
    assert!(
        retrieved
            .iter()
            .all(|r| r.params.as_ref().map(ToString::to_string).as_deref() == Some(r#"{"anchors":16,"gamma":0.7}"#))
    );
    for task in ["retrieval", "clustering", "consistency", "similarity", "hubness", "probing"] {
        assert!(of(task).iter().any(|r| r.value.is_some()), "{task}");
    }
    for task in ["drift", "stitching", "cycle"] {
        assert!(!of(task).is_empty() && of(task).iter().all(|r| r.value.is_none()), "{task}");
    }

    let cell = retrieved[0].cell.clone();
    a_fit_is_stored_and_projects(&bench, cell);

    let odd = |from: &str, to: &str| {
        let bench = Bench::new(&GRID.replace(from, to));
        Grid::read(&bench.grid()).unwrap_err().to_string()
    };
    let key = odd("gamma", "gama");
    assert!(key.contains("grid.yaml:5:28: methods[1].near.gama: unknown key `gama`; did you mean `gamma`?"), "{key}");
    let kind = odd("0.7", "soft");
    assert!(kind.contains("grid.yaml:5:28: methods[1].near.gamma: invalid type: string \"soft\""), "{kind}");
}
