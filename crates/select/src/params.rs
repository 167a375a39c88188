//! A method whose parameters are chosen by cross-validation, as a method like any other.

use std::collections::{BTreeMap, HashMap};
use std::sync::{LazyLock, Mutex, PoisonError};
use std::time::Instant;

use align::named::ParameterDoc;
use align::{
    AlignError, Aligner, CandidateReport, Fit, FitInput, FitSize, Method, Needs, SelectionReport, Split, Views,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use tasks::{Metric, RetrievalParams, Task};

use crate::candidates::{Candidate, Combinations};
use crate::choice::{Rule, choose, share};
use crate::criterion::Criterion;
use crate::study::{Scored, Study};
use crate::{Folds, SelectError};

/// Version of the numbers of a choice, raised when the same data give another one.
const VERSION: u32 = 2;

/// A method whose parameters are chosen by cross-validation on the training items.
///
/// The training items are divided into folds. Every candidate is fitted on all folds but one and scored on the one by a
/// metric of a task. The chosen candidate is then fitted on all training items. No held-out item of the data takes part in
/// the choice, so that scores on these items are those of the whole procedure, the choice included.
///
/// In a grid file the short form is `gcca: {select: {rank: [64, 128], ridge: [0, 0.1]}, decoder: pseudo_inverse}`, with
/// `selection: {folds: 5, by: rank1, rule: best}` for all methods of the file.
///
/// # Formula
/// With $K$ folds, the score $s_{ck}$ of candidate $c$ on fold $k$ is the mean of the metric over views or ordered pairs
/// of views, in the first coordinates of the fit. Candidate $c$ has
///
/// $$ m_c = \frac{1}{K} \sum_k s_{ck} , \qquad e_c = \sqrt{ \frac{1}{K (K - 1)} \sum_k (s_{ck} - m_c)^2 } . $$
///
/// [`Rule::Best`] takes the candidate $b$ with the best mean $m_b$; [`Rule::OneStandardError`] the candidate with the
/// fewest parameters among those with $m_c \ge m_b - e_b$. The report has the share of 1,000 paired bootstrap
/// resamples of the training items (of groups, if the data have some) in which the rule chooses the same candidate; the
/// fits stay as they are.
///
/// # Shapes
/// Those of the method.
///
/// # Cost
/// $K$ fits and scores of every candidate. Methods that are fitted from second moments get those of all folds but one by
/// subtraction, and what candidates compute from the same moments is computed once.
///
/// # Source
/// Stone, J. R. Statist. Soc. B 36 (1974); one standard error: Breiman, Friedman, Olshen and Stone 1984.
///
/// # Departures
/// Folds keep the items of a group together (the first grouping of the data), and divide the classes evenly if the task
/// uses labels. A candidate that has no score on some fold cannot be chosen; the report says why.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SelectParams {
    /// Name of the method.
    pub method: String,
    /// Parameters that all candidates share.
    pub with: Map<String, Value>,
    /// Parameters that differ, by path, each with the values to try. If empty, the values that the method suggests
    /// ([`Aligner::search`]).
    pub over: BTreeMap<String, Value>,
    /// Number of folds.
    pub folds: usize,
    /// The task on the items that a fold holds out.
    pub task: Task,
    /// The metric of the task that chooses.
    pub by: Metric,
    /// The rule of the choice.
    pub rule: Rule,
    /// Number of candidates at most; more combinations are thinned to a space-filling selection.
    pub budget: usize,
}

impl Default for SelectParams {
    fn default() -> Self {
        Self {
            method: "gcca".into(),
            with: Map::new(),
            over: BTreeMap::new(),
            folds: 5,
            task: Task::from(RetrievalParams::default()),
            by: Metric::Rank1,
            rule: Rule::Best,
            budget: 24,
        }
    }
}

/// As lists show them.
const PARAMETERS: &[ParameterDoc] = &[
    ParameterDoc::new("method", "gcca", "name of a method", "The method"),
    ParameterDoc::new("with", "{}", "mapping of parameters", "Parameters that all candidates share"),
    ParameterDoc::new(
        "over",
        "{}",
        "mapping from parameters to lists",
        "Values to try for each parameter; if empty, those that the method suggests",
    ),
    ParameterDoc::new("folds", "5", "integer >= 2", "Number of folds of the training items"),
    ParameterDoc::new("task", "retrieval", "task", "Task on the items that a fold holds out"),
    ParameterDoc::new("by", "rank1", "metric of the task", "Metric that chooses"),
    ParameterDoc::new(
        "rule",
        "best",
        "best, one_standard_error",
        "The best score, or the fewest parameters within one standard error of it",
    ),
    ParameterDoc::new("budget", "24", "integer >= 1", "Number of candidates at most"),
];

impl SelectParams {
    /// The criterion of the choice.
    pub fn criterion(&self) -> Criterion {
        Criterion { task: self.task.clone(), metric: self.by }
    }

    /// The method with the shared parameters alone.
    ///
    /// # Errors
    /// An unknown method or parameter.
    pub fn shared(&self) -> Result<Method, SelectError> {
        Ok(Candidate::new(&self.method, &self.with, Vec::new())?.method)
    }

    /// The candidates for data of this size, and the number of combinations from which they were taken.
    ///
    /// # Errors
    /// An unknown method or parameter, a value outside its domain, a parameter without values.
    pub fn candidates(&self, size: &FitSize) -> Result<(Vec<Candidate>, usize), SelectError> {
        let space = match self.over.is_empty() {
            true => Combinations::suggested(&self.shared()?, size, &self.with),
            false => Combinations::of(&self.over),
        };
        Ok((space.candidates(&self.method, &self.with, self.budget)?, space.size()))
    }

    fn check(&self) -> Result<(), SelectError> {
        if self.method == NAME {
            let got = format!("`{NAME}`");
            return Err(SelectError::Parameter {
                parameter: "method",
                got,
                want: "a method that is not itself a choice",
            });
        }
        if self.folds < 2 {
            let got = self.folds.to_string();
            return Err(SelectError::Parameter { parameter: "folds", got, want: "at least 2" });
        }
        self.criterion().validate()?;
        // The size decides about suggested values only, which are valid for every size.
        self.candidates(&FitSize::of_views(2)).map(|_| ())
    }

    fn run(&self, input: &FitInput<'_>, seed: u64) -> Result<(Method, SelectionReport), SelectError> {
        let start = Instant::now();
        let items = Split::new(input.views.clone(), input.labels.to_vec(), input.groups.to_vec(), None)?;
        let (candidates, combinations) = self.candidates(&size_of(input.views))?;
        let criterion = self.criterion();
        let (folds, groups) = draw_folds(&items, &criterion, self.folds, seed)?;
        let methods: Vec<&Method> = candidates.iter().map(|candidate| &candidate.method).collect();
        let scored = Study::new(&items, &folds, &criterion, seed).watched_by(input.watch()).scores(&methods)?;
        let chosen = choose(&criterion, self.rule, &scored)?;
        let reports = candidates.iter().zip(&scored).map(|(candidate, scored)| report_of(candidate, scored, &folds));
        let metric = self.by;
        let mut report = SelectionReport::new(
            metric.name().into(),
            metric.higher_is_better(),
            folds.count(),
            reports.collect(),
            chosen,
        );
        report.left_out = combinations - candidates.len();
        report.share = share(&criterion, self.rule, &scored, &folds, groups.as_deref(), seed)?;
        report.seconds = start.elapsed().as_secs_f64();
        Ok((candidates[chosen].method.clone(), report))
    }
}

/// The folds of training items for a criterion, and the groups that they keep together.
///
/// # Errors
/// The errors of [`Folds::draw`].
pub fn draw_folds(
    items: &Split,
    criterion: &Criterion,
    count: usize,
    seed: u64,
) -> Result<(Folds, Option<Vec<i64>>), SelectError> {
    let groups = items.groups.first().map(|groups| groups.values.clone());
    let labels = items.labels(criterion.task.label()).filter(|_| criterion.task.needs_labels());
    let labels = labels.map(|labels| labels.values.as_slice());
    let folds = Folds::draw(items.views.rows(), groups.as_deref(), labels, count, seed)?;
    if folds.all_held_out().iter().any(|held_out| held_out.len() < 2) {
        let got = format!("{count}, so that a fold holds out one item, which has no other to be told apart from");
        return Err(SelectError::Parameter {
            parameter: "folds",
            got,
            want: "at least two items in every fold; lower it",
        });
    }
    Ok((folds, groups))
}

/// The size of a fit of these views, from which a method suggests values.
pub(crate) fn size_of(views: &Views) -> FitSize {
    let complete = (0..views.rows()).filter(|&row| views.views_of(row) == views.len()).count();
    FitSize::of_widths(&views.widths()).with_rows(views.rows()).with_complete(complete)
}

fn report_of(candidate: &Candidate, scored: &Scored, folds: &Folds) -> CandidateReport {
    CandidateReport {
        values: candidate.values.iter().map(|(path, value)| (path.clone(), value.to_string())).collect(),
        folds: scored.folds(),
        mean: scored.mean(),
        standard_error: scored.standard_error(),
        problem: scored.problem().map(str::to_string),
        items: scored.per_item(folds),
    }
}

/// Name of the method in grid files and records.
pub const NAME: &str = "select";

impl Aligner for SelectParams {
    fn name(&self) -> &'static str {
        NAME
    }

    fn title(&self) -> &'static str {
        Method::from_name(&self.method).map_or("Selected method", |method| title_of(method.title()))
    }

    fn summary(&self) -> &'static str {
        "a method whose parameters are chosen by cross-validation on the training items"
    }

    fn parameter_docs(&self) -> &'static [ParameterDoc] {
        PARAMETERS
    }

    /// The versions of the method, of the task and of the choice together.
    fn version(&self) -> u32 {
        let method = Method::from_name(&self.method).map_or(0, |method| method.version());
        method * 10_000 + self.task.version() * 100 + VERSION
    }

    fn needs(&self) -> Needs {
        let needs = self.shared().map(|method| method.needs()).unwrap_or_default();
        if self.task.needs_labels() { needs.labels() } else { needs }
    }

    fn cost(&self, size: &FitSize) -> f64 {
        let one = Method::from_name(&self.method).map_or(1.0, |method| method.cost(size));
        let candidates = self.candidates(size).map_or(1, |(candidates, _)| candidates.len());
        one * (1 + self.folds * candidates) as f64
    }

    fn validate(&self) -> Result<(), AlignError> {
        self.check().map_err(|error| error.of_fit(NAME))
    }

    fn fit(&self, input: &FitInput<'_>, seed: u64) -> Result<Fit, AlignError> {
        let (chosen, report) = self.run(input, seed).map_err(|error| error.of_fit(NAME))?;
        let mut fit = chosen.fit(*input, seed)?;
        fit.report.selection = Some(Box::new(report));
        Ok(fit)
    }
}

/// `Selected GCCA`, kept for the whole process: there are as many as methods.
fn title_of(title: &'static str) -> &'static str {
    static TITLES: LazyLock<Mutex<HashMap<&'static str, &'static str>>> = LazyLock::new(Mutex::default);
    let mut titles = TITLES.lock().unwrap_or_else(PoisonError::into_inner);
    titles.entry(title).or_insert_with(|| Box::leak(format!("Selected {title}").into_boxed_str()))
}

/// Registers the method `select` for the whole process, once.
pub fn register() {
    static DONE: LazyLock<()> = LazyLock::new(|| {
        // Nothing else has this name: a name that is taken would be one that this line took.
        let _ = Method::register::<SelectParams>();
    });
    LazyLock::force(&DONE);
}
