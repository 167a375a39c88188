//! Grids on data in memory, runs that their caller ends, and the difference of any two settings.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use std::sync::atomic::{AtomicUsize, Ordering};

use common::{Bench, root, text_of};
use data::{Loaded, Manifest};
use grid::plan::PlanRequest;
use report::contrast::differences;
use report::samples::Samples;
use report::tables::comparison::compare;
use runner::cells::fits::Fits;
use runner::cells::forecast::Forecast;
use runner::cells::interrupt;
use runner::event::{Event, Observer};
use runner::run::Run;
use runner::run::settings::{RunSettings, Selection};
use store::gather;
use store::record::columns::{Values, columns};
use store::record::{COST_COLUMNS, first_difference};
use tasks::Metric;

const GRID: &str = "\
name: memory
data: DATA
views: {m3: [en, fr, es]}
methods: [gpa, gcca: {ridge: 0.1}, pivot]
tasks: [retrieval]
noise: [none, missing: {fraction: 0.3}]
seeds: [0]
";

/// Ends all runs of the process as soon as some cells have ended.
struct EndAfter(usize, AtomicUsize);

impl Observer for EndAfter {
    fn on_event(&self, event: &Event<'_>) {
        if let Event::CellEnded { .. } = event
            && self.1.fetch_add(1, Ordering::SeqCst) + 1 == self.0
        {
            interrupt::end_runs();
        }
    }
}

/// One test: an end by the caller is an end of all runs of the process.
#[test]
fn a_grid_on_data_in_memory_has_the_records_of_the_same_data_in_files() {
    let manifest = root().join("data-manifests/massive10.yaml");
    let bench = Bench::new(&GRID.replace("DATA", manifest.to_str().unwrap()));
    let output = bench.run(&[]);
    assert!(output.status.success(), "{}", text_of(&output));
    let by_command = bench.records("memory");

    let loaded = data::load(&Manifest::read(&manifest).unwrap()).unwrap();
    let memory = Loaded::in_memory(loaded.dataset).unwrap();
    let plan = PlanRequest::of(&bench.grid(), false).open_on("data of a test", memory).unwrap();
    let out = bench.folder.path().join("second");
    let (selection, settings) = (Selection::default(), RunSettings { jobs: Some(1), ..RunSettings::default() });
    let run = |observer: &dyn Observer| {
        Run::new(&plan, &out, &selection, &settings).unwrap().run(&Fits::default(), observer).unwrap()
    };
    interrupt::by_caller();
    let first = run(&EndAfter(3, AtomicUsize::new(0)));
    assert!(first.interrupted && (first.done, first.failed) == (3, 0), "{first:?}");
    // The end holds until the caller takes it back.
    assert_eq!(run(&()).done, 0);
    interrupt::by_caller();
    let second = run(&());
    assert_eq!((second.before, second.done, second.left), (3, plan.cells.len() - 3, 0));

    let records = gather::records(&plan, &second.store, &second.states).unwrap();
    let without: Vec<&str> = COST_COLUMNS.iter().copied().chain(["cell", "data_sha256", "grid_git"]).collect();
    assert_eq!(records.len(), by_command.len());
    let found = first_difference(&by_command, &records, &without, |a, b| a.to_bits() == b.to_bits()).unwrap();
    assert_eq!(found, None);
    let values = columns(&records).unwrap().into_iter().find(|(name, _)| name == "value").unwrap().1;
    assert_eq!(values, Values::Numbers(records.iter().map(|record| record.value).collect()));

    let samples = Samples::new(&records, &second.store);
    let compared = &compare(&samples, None).unwrap()[0];
    let (best, line) = (&compared.lines[0], compared.lines.iter().find(|line| line.behind.is_some()).unwrap());
    let two = differences(&samples, &best.method, &line.method, Metric::Rank1).unwrap();
    let here = two.iter().find(|two| two.condition == compared.condition).unwrap();
    assert_eq!(here.difference, Ok(line.behind.unwrap()), "the comparison of all methods and that of two");
    assert_eq!(two.len(), 2, "one for each noise");
    let error = |a: &str, b: &str, metric| differences(&samples, a, b, metric).unwrap_err().to_string();
    assert_eq!(error("gpa", "gpa", Metric::Rank1), "`gpa` and `gpa` are one setting, GPA; name two");
    assert!(error("gpa", "gppa", Metric::Rank1).starts_with("no setting `gppa`; these results have GPA, "));
    assert!(
        error("gpa", "pivot", Metric::Accuracy).starts_with("no task here measures `accuracy`; these results have ")
    );
}

/// The forecast of a cell's memory counts projected training rows.
#[test]
fn a_bank_of_training_rows_is_in_the_forecast() {
    let bytes = |scoring: &str| {
        let grid = common::GRID.replace("clustering", &format!("hubness: {{scoring: {scoring}}}"));
        let bench = Bench::new(&grid);
        let plan = PlanRequest::of(&bench.grid(), false).open().unwrap();
        Forecast::new(&plan, &[]).bytes(&plan.cells[0])
    };
    let (test, train) = (bytes("csls"), bytes("{csls: {bank: train}}"));
    // Projections and unit rows: 120 training rows, 36 columns, two copies of 4 bytes a number.
    assert_eq!(train - test, 120 * 36 * 2 * 4);
}
