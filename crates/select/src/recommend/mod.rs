//! Which method suits these items: nested selection over all methods that apply.

mod curve;
mod intervals;
mod progress;
mod scores;

use std::collections::BTreeMap;
use std::time::Instant;

use align::{BaseViews, FitInput, FitSize, Method, Split};
use serde_json::{Map, Value};
use tasks::{Metric, RetrievalParams, Task};

pub use curve::{Curve, CurveSize};
pub use intervals::{ScoreInterval, Spread};
pub use progress::{Planned, PlannedMethod, RecommendProgress};
pub use scores::{MethodScore, NotTried, Recommendation};

use crate::candidates::{Candidate, Combinations};
use crate::choice::{Rule, as_good_as_best, choose};
use crate::criterion::Criterion;
use crate::params::size_of;
use crate::study::{Scored, Study};
use crate::{NAME, SelectError, draw_folds};

/// Settings of [`recommend`].
#[derive(Clone, Debug, PartialEq)]
pub struct RecommendOptions {
    /// Names of the methods to try; empty for all methods.
    pub methods: Vec<String>,
    /// Further values to try, by method and path of a parameter. They take the place of those that the method suggests.
    pub over: BTreeMap<String, BTreeMap<String, Vec<Value>>>,
    /// Number of folds.
    pub folds: usize,
    /// Number of candidates per method at most.
    pub budget: usize,
    /// The task on the items that a fold holds out.
    pub task: Task,
    /// The metric of the task that chooses.
    pub by: Metric,
    /// Seed of the folds, the fits and the resamples.
    pub seed: u64,
}

impl Default for RecommendOptions {
    fn default() -> Self {
        let task = Task::from(RetrievalParams::default());
        Self { methods: Vec::new(), over: BTreeMap::new(), folds: 5, budget: 24, task, by: Metric::Rank1, seed: 42 }
    }
}

/// A method with its candidates.
struct Tried {
    planned: PlannedMethod,
    candidates: Vec<Candidate>,
    left_out: usize,
    cost: f64,
}

/// Recommends a method and its parameters for these items.
///
/// Every method that applies gets the same budget of candidates from the values that it suggests
/// ([`align::Aligner::search`]), and the same folds of the items. The best candidate of a method is the one with the best
/// mean score over the folds. Methods whose best candidate is at most one standard error of the best below the best are
/// as good as the best; the cheapest of these by [`Method::cost`] is recommended, among equals the one with the fewest
/// parameters. `cost` is a forecast, not the measured seconds, so that the same items and seed give the same
/// recommendation. The learning curve of the recommended candidate is computed on the same folds.
///
/// Methods that do not apply to the items are listed with the reason: methods that need more views, labels, complete
/// items or validation rows, a choice ([`crate::SelectParams`]), and methods that add a view to an existing universe.
///
/// ```
/// use align::synthetic::Synthetic;
/// use select::{RecommendOptions, recommend};
///
/// let data = Synthetic { fit_rows: 200, ..Synthetic::default() }.generate(1)?;
/// let methods = vec!["na".to_string(), "gpa".to_string()];
/// let options = RecommendOptions { methods, budget: 2, ..RecommendOptions::default() };
/// let found = recommend(&data.train, &options, &())?;
/// assert_eq!((found.methods.len(), found.chosen().candidate.method.name()), (2, "gpa"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// An unknown method; settings outside their domains; fewer items or groups than folds; a task that lacks labels or
/// groups; [`SelectError::NoMetric`]; [`SelectError::NoMethod`] if no method applies or has a score;
/// [`align::AlignError::Cancelled`].
pub fn recommend(
    items: &Split,
    options: &RecommendOptions,
    progress: &dyn RecommendProgress,
) -> Result<Recommendation, SelectError> {
    let start = Instant::now();
    items.check()?;
    let criterion = Criterion { task: options.task.clone(), metric: options.by };
    check(items, options, &criterion)?;
    let (folds, groups) = draw_folds(items, &criterion, options.folds, options.seed)?;
    let rows = items.views.rows();
    let size = size_of(&items.views);
    // A candidate has to be valid for the rows outside a fold.
    let search_size = size_of(&items.select_rows(&folds.rest(0)).views);
    let (mut tried, mut not_tried) = (Vec::new(), Vec::new());
    for method in methods(options)? {
        match candidates(&method, items, &search_size, options) {
            Ok((candidates, left_out)) => {
                let cost = method.cost(&size);
                let work = cost * (candidates.len() * folds.count()) as f64;
                let planned = PlannedMethod { method: method.name(), candidates: candidates.len(), work };
                tried.push(Tried { planned, candidates, left_out, cost });
            }
            Err(reason) => not_tried.push(NotTried { method: method.name(), reason }),
        }
    }
    if tried.is_empty() {
        return Err(none(&not_tried));
    }
    tried.sort_by(|a, b| a.cost.total_cmp(&b.cost));
    let methods = tried.iter().map(|tried| tried.planned.clone()).collect();
    progress.begin(&Planned { items: rows, folds: folds.count(), methods });

    let watch = progress.watch();
    let study = Study::new(items, &folds, &criterion, options.seed).watched_by(watch.clone());
    let (mut found, mut best): (Vec<MethodScore>, Vec<Scored>) = (Vec::new(), Vec::new());
    for tried in tried {
        let clock = Instant::now();
        let methods: Vec<&Method> = tried.candidates.iter().map(|candidate| &candidate.method).collect();
        let scored = study.scores(&methods)?;
        let seconds = clock.elapsed().as_secs_f64();
        match choose(&criterion, Rule::Best, &scored) {
            Ok(chosen) => {
                progress.method_ended(&tried.planned, scored[chosen].mean(), seconds);
                let candidate = tried.candidates[chosen].clone();
                let cost = candidate.method.cost(&size);
                let counts = (tried.candidates.len(), tried.left_out);
                found.push(MethodScore::new(candidate, &scored[chosen], counts, cost, seconds));
                best.push(scored[chosen].clone());
            }
            Err(error @ SelectError::NoneScored { .. }) => {
                progress.method_ended(&tried.planned, None, seconds);
                not_tried.push(NotTried { method: tried.planned.method, reason: error.to_string() });
            }
            Err(error) => return Err(error),
        }
    }
    if found.is_empty() {
        return Err(none(&not_tried));
    }
    let near = as_good_as_best(&criterion, &best)?;
    let chosen = scores::cheapest(&criterion, &found, &near);
    near.iter().for_each(|&at| found[at].as_good = true);
    let spreads = intervals::of(&criterion, &best, &folds, groups.as_deref(), options.seed)?;
    for (score, spread) in found.iter_mut().zip(spreads) {
        score.spread = spread;
    }
    let curve = curve::of(&study, items, &found[chosen].candidate.method, &best[chosen], progress)?;
    let recommended = found[chosen].candidate.method.name();
    let (mut count, mut seen) = (None, groups.unwrap_or_default());
    if !seen.is_empty() {
        seen.sort_unstable();
        seen.dedup();
        count = Some(seen.len());
    }
    scores::sort(&criterion, &mut found);
    Ok(Recommendation {
        criterion,
        items: rows,
        groups: count,
        folds: folds.count(),
        recommended: found.iter().position(|it| it.candidate.method.name() == recommended).unwrap_or(0),
        methods: found,
        not_tried,
        curve,
        seconds: start.elapsed().as_secs_f64(),
    })
}

/// The error that no method can be recommended.
fn none(not_tried: &[NotTried]) -> SelectError {
    let reasons: Vec<String> = not_tried.iter().map(|it| format!("{}: {}", it.method, it.reason)).collect();
    SelectError::NoMethod { reasons: reasons.join("; ") }
}

fn check(items: &Split, options: &RecommendOptions, criterion: &Criterion) -> Result<(), SelectError> {
    criterion.validate()?;
    let refused = |parameter, got, want| Err(SelectError::Parameter { parameter, got, want });
    if options.budget == 0 {
        return refused("budget", "0".into(), "at least 1");
    }
    let task = &criterion.task;
    if task.needs_labels() && items.labels(task.label()).is_none() {
        return refused("task", format!("`{task}`, which needs labels"), "a task without labels, or items with them");
    }
    let named = |name: &str| items.groups.iter().any(|groups| groups.name == name);
    if task.needs_groups() && !task.grouping().map_or(!items.groups.is_empty(), named) {
        return refused("task", format!("`{task}`, which needs groups"), "a task without groups, or items with them");
    }
    Ok(())
}

/// The methods to look at, each once, in the order of the registry.
fn methods(options: &RecommendOptions) -> Result<Vec<Method>, SelectError> {
    let named: Vec<Method> = options.methods.iter().map(|name| name.parse()).collect::<Result<_, _>>()?;
    let all = Method::all().into_iter();
    match named.is_empty() {
        // A choice is no method of its own: nobody who asks for all methods misses it.
        true => Ok(all.filter(|method| method.name() != NAME).collect()),
        false => Ok(all.filter(|method| named.iter().any(|named| named.name() == method.name())).collect()),
    }
}

/// The candidates of a method, and the number of combinations that the budget leaves out.
///
/// # Errors
/// The reason why the method does not apply.
fn candidates(
    method: &Method,
    items: &Split,
    size: &FitSize,
    options: &RecommendOptions,
) -> Result<(Vec<Candidate>, usize), String> {
    if method.name() == NAME {
        return Err("it is a choice among candidates itself".into());
    }
    if method.base().is_some_and(|base| base.views == BaseViews::AllButLast) {
        return Err("it adds a view to an existing universe".into());
    }
    let input =
        FitInput::new(&items.views).with_labels(&items.labels).and_then(|input| input.with_groups(&items.groups));
    input.and_then(|input| method.applies(input)).map_err(|error| error.to_string())?;
    let mut space = Combinations::suggested(method, size, &Map::new());
    for (path, values) in options.over.get(method.name()).into_iter().flatten() {
        space = space.with(path, values.clone());
    }
    let candidates = space.candidates(method.name(), &Map::new(), options.budget).map_err(|error| error.to_string())?;
    let left_out = space.size() - candidates.len();
    Ok((candidates, left_out))
}
