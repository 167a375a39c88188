//! Clustering: k-means of the held-out items of each view, compared with their labels.

use align::named::ParameterDoc;
use std::fmt;

use align::parallel::prelude::*;
use align::prep::cosine_rows;
use align::rng::stream;
use align::views::View;
use align::{Coordinates, Matrix};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::evaluation::Evaluation;
use crate::evaluations::parameters;
use crate::incomplete::of_all_items;
use crate::kmeans::{Backend, Init, KMeans, STARTS, check_restarts};
use crate::labels::labels;
use crate::living::nothing_varies;
use crate::scores::metrics::{Agreement, ContingencyTable, dense_codes};
use crate::scores::score::check_finite;
use crate::{ItemScope, Metric, Place, Quantity, Scores, TaskError, TaskInput};

const TASK: &str = "clustering";

/// Number of clusters: `labels` or a whole number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum ClusterCount {
    /// The number of distinct labels in the evaluated split.
    #[default]
    Labels,
    /// A fixed number.
    Fixed(usize),
}

impl Serialize for ClusterCount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Labels => serializer.serialize_str("labels"),
            Self::Fixed(k) => k.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for ClusterCount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl de::Visitor<'_> for Visitor {
            type Value = ClusterCount;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("`labels` or a positive whole number")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<ClusterCount, E> {
                match text {
                    "labels" => Ok(ClusterCount::Labels),
                    _ => Err(E::invalid_value(de::Unexpected::Str(text), &self)),
                }
            }

            fn visit_u64<E: de::Error>(self, k: u64) -> Result<ClusterCount, E> {
                let wrong = |_| E::invalid_value(de::Unexpected::Unsigned(k), &self);
                Ok(ClusterCount::Fixed(usize::try_from(k).map_err(wrong)?))
            }

            fn visit_i64<E: de::Error>(self, k: i64) -> Result<ClusterCount, E> {
                match u64::try_from(k) {
                    Ok(k) => self.visit_u64(k),
                    Err(_) => Err(E::invalid_value(de::Unexpected::Signed(k), &self)),
                }
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

/// Clustering: k-means of the held-out items of each view, compared with their labels.
///
/// The defaults are the paper's.
///
/// # Formula
/// The rows of a view, at unit length, are clustered by plain (non-spherical) k-means ([`crate::kmeans`]), which
/// minimises $\sum_i \lVert x_i - c(i) \rVert^2$ over $k$ centroids. With the counts $n_{ij}$ of cluster $i$ and class
/// $j$, their margins $a_i$ and $b_j$, and the expectation
/// $e = \sum_i \binom{a_i}{2} \sum_j \binom{b_j}{2} / \binom{n}{2}$,
///
/// $$ \operatorname{ARI} = \frac{\sum_{ij} \binom{n_{ij}}{2} - e}{\tfrac{1}{2} \bigl( \sum_i \binom{a_i}{2} + \sum_j \binom{b_j}{2} \bigr) - e} ,
/// \qquad \operatorname{NMI} = \frac{2 I(A; B)}{H(A) + H(B)} . $$
///
/// Each value is the mean over the k-means seeds.
///
/// # Shapes
/// A view is $n \times d$: input coordinates for a method without a universe, else universe coordinates. Labels are $n$
/// integers. Every view gets one ARI and one NMI. Pairwise maps share no space, so there is nothing to cluster; a view
/// whose rows are all equal gets no value.
///
/// # Cost
/// Per view seeds × restarts × iterations × $2 n k d$ flops.
///
/// # Source
/// arXiv 2602.06205; `scripts/10_clustering.py` of the authors' code at e4f854e, which calls faiss.
///
/// # Departures
/// Starts are keyed by seed and view, so every method starts from the same items. An empty cluster splits the largest
/// cluster; faiss draws the cluster to split.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Written")]
pub struct ClusteringParams {
    /// Number of clusters.
    pub k: ClusterCount,
    /// Runs per seed; the run with the lowest inertia counts.
    pub restarts: usize,
    /// Exact number of Lloyd steps.
    pub iterations: usize,
    /// Seeds of k-means; values are means over them.
    pub seeds: Vec<u64>,
    /// Starting centroids. Default in a grid file: `random`, the released form, or `kmeans_pp` if the backend is
    /// `linfa`.
    pub init: Init,
    /// Implementation of k-means.
    pub backend: Backend,
    /// Name of the labelling. Default: the first labelling of the data.
    pub label: Option<String>,
}

impl Default for ClusteringParams {
    fn default() -> Self {
        Written::default().into()
    }
}

/// The parameters as a grid file has them: the default of `init` depends on `backend`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Written {
    k: ClusterCount,
    restarts: usize,
    iterations: usize,
    seeds: Vec<u64>,
    init: Option<Init>,
    backend: Backend,
    label: Option<String>,
}

impl Default for Written {
    fn default() -> Self {
        Self {
            k: ClusterCount::Labels,
            restarts: 3,
            iterations: 20,
            seeds: vec![0, 1, 2, 3, 4],
            init: None,
            backend: Backend::Lloyd,
            label: None,
        }
    }
}

impl From<Written> for ClusteringParams {
    fn from(written: Written) -> Self {
        let Written { k, restarts, iterations, seeds, init, backend, label } = written;
        let default = match backend {
            Backend::Lloyd => Init::Random,
            Backend::Linfa => Init::KmeansPp,
        };
        Self { k, restarts, iterations, seeds, init: init.unwrap_or(default), backend, label }
    }
}

/// As lists show them.
const PARAMETERS: &[ParameterDoc] = &[
    ParameterDoc::new(
        "k",
        "labels",
        "labels, or integer >= 1",
        "Number of clusters; `labels` is the number of distinct labels",
    ),
    ParameterDoc::new(
        "restarts",
        "3",
        "integer >= 1",
        "Runs per seed, of which the one with the least inertia is kept",
    ),
    ParameterDoc::new("iterations", "20", "integer >= 1", "Number of Lloyd steps"),
    ParameterDoc::new(
        "seeds",
        "[0, 1, 2, 3, 4]",
        "list of different integers",
        "Seeds of k-means; values are means over them",
    ),
    ParameterDoc::new(
        "init",
        "random",
        "random, kmeans_pp",
        "Starting points; with `backend: linfa` the default is kmeans_pp",
    ),
    ParameterDoc::new("backend", "lloyd", "lloyd, linfa", "Implementation of k-means"),
    parameters::LABEL,
];

impl Evaluation for ClusteringParams {
    fn name(&self) -> &'static str {
        TASK
    }

    fn title(&self) -> &'static str {
        "Clustering"
    }

    fn summary(&self) -> &'static str {
        "k-means of each view's held-out items against their labels: ARI, NMI"
    }

    fn parameter_docs(&self) -> &'static [ParameterDoc] {
        PARAMETERS
    }

    fn version(&self) -> u32 {
        2
    }

    fn needs_labels(&self) -> bool {
        true
    }

    fn label(&self) -> Option<&str> {
        self.label.as_deref()
    }

    fn validate(&self) -> Result<(), TaskError> {
        let wrong = |parameter, got: String, want| Err(TaskError::Parameter { task: TASK, parameter, got, want });
        if self.k == ClusterCount::Fixed(0) {
            return wrong("k", "0".into(), "`labels` or a positive whole number");
        }
        check_restarts(TASK, self.restarts)?;
        if self.iterations == 0 {
            return wrong("iterations", "0".into(), "at least 1");
        }
        if self.seeds.is_empty() {
            return wrong("seeds", "[]".into(), "at least one seed");
        }
        let distinct = dense_codes(&self.seeds).1;
        if distinct != self.seeds.len() {
            return wrong("seeds", format!("{:?}", self.seeds), "every seed once");
        }
        Ok(())
    }

    fn item_scope(&self) -> ItemScope {
        ItemScope::OwnRows
    }

    fn score(&self, input: &TaskInput<'_>) -> Result<Scores, TaskError> {
        score(self, input)
    }
}

const METRICS: [Metric; 2] = [Metric::Ari, Metric::Nmi];

/// Scores every view of the test split.
fn score(params: &ClusteringParams, input: &TaskInput<'_>) -> Result<Scores, TaskError> {
    let space = input.fitted.coordinates()[0];
    if !input.fitted.projects() {
        let reason = "pairwise maps share no space to cluster in";
        return Ok(Scores::not_applicable(space, &METRICS, input.test.views.rows(), reason));
    }
    let labels = labels(TASK, params.label.as_deref(), input.test)?;
    let (codes, classes) = dense_codes(&labels.values);
    let kmeans = KMeans {
        k: match params.k {
            ClusterCount::Labels => classes,
            ClusterCount::Fixed(k) => k,
        },
        restarts: params.restarts,
        iterations: params.iterations,
        init: params.init,
        backend: params.backend,
    };
    let fewest = input.test.views.iter().map(View::observed_rows).min();
    kmeans.check(fewest.unwrap_or(0))?;

    let project = |view: &View| {
        let projected = input.fitted.project(view.name(), &view.observed())?;
        check_finite(space, &|| view.name().to_string(), &projected)?;
        Ok::<Matrix, TaskError>(cosine_rows(&projected))
    };
    let mut dead: Vec<(&View, String)> = Vec::new();
    let mut views: Vec<(usize, Matrix)> = Vec::new();
    for (position, view) in input.test.views.iter().enumerate() {
        let rows = project(view)?;
        match nothing_varies(view.name(), &rows) {
            Some(reason) => dead.push((view, reason)),
            None => views.push((position, rows)),
        }
    }
    let seeds = params.seeds.len();
    let runs: Vec<(Vec<u32>, Agreement)> = (0..views.len() * seeds)
        .into_par_iter()
        .map(|run| {
            let ((position, rows), seed) = (&views[run / seeds], params.seeds[run % seeds]);
            let mut rng = stream(seed, STARTS, Some(*position));
            let clusters = kmeans.fit(rows, &mut rng)?.labels;
            let own_codes = input.test.views.nth(*position).observed_of(&codes);
            let agreement = ContingencyTable::new(&clusters, &own_codes)?.agreement();
            Ok((clusters, agreement))
        })
        .collect::<Result<_, TaskError>>()?;
    let living: Vec<&View> = views.iter().map(|(position, _)| input.test.views.nth(*position)).collect();
    let mut out = report(&living, space, &params.seeds, &codes, &runs);
    for (view, reason) in dead {
        out.undefined(Place::view(space, view.name()), &METRICS, view.observed_rows(), &reason);
    }
    Ok(out)
}

fn report(views: &[&View], space: Coordinates, seeds: &[u64], codes: &[u32], runs: &[(Vec<u32>, Agreement)]) -> Scores {
    let whole = |codes: &[u32]| codes.iter().map(|&code| code as f32).collect();
    let mut out = Scores::default();
    out.keep(Place::all(space), Quantity::Label, whole(codes));
    for (view, runs) in views.iter().zip(runs.chunks(seeds.len())) {
        let place = Place::view(space, view.name());
        let mean = |of: fn(&Agreement) -> f64| runs.iter().map(|(_, a)| of(a)).sum::<f64>() / runs.len() as f64;
        for (metric, value) in [(Metric::Ari, mean(|a| a.ari)), (Metric::Nmi, mean(|a| a.nmi))] {
            out.figure(place, metric, view.observed_rows(), value);
        }
        for (&seed, (clusters, _)) in seeds.iter().zip(runs) {
            out.keep_draw(place, Quantity::Cluster, Some(seed), of_all_items(view, whole(clusters)));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use align::{Labels, Split, Views};

    fn read(text: &str) -> Result<ClusteringParams, String> {
        serde_json::from_str(text).map_err(|error| error.to_string())
    }

    #[test]
    fn parameters_read_as_a_grid_file_writes_them() {
        assert_eq!(read("{}"), Ok(ClusteringParams::default()));
        let default = ClusteringParams::default();
        assert_eq!((default.k, default.init, default.backend), (ClusterCount::Labels, Init::Random, Backend::Lloyd));
        assert_eq!(read(r#"{"k": 7}"#).map(|p| p.k), Ok(ClusterCount::Fixed(7)));
        assert_eq!(read(r#"{"k": "labels"}"#).map(|p| p.k), Ok(ClusterCount::Labels));
        assert_eq!(read(r#"{"backend": "linfa"}"#).map(|p| p.init), Ok(Init::KmeansPp));
        assert_eq!(read(r#"{"backend": "linfa", "init": "random"}"#).map(|p| p.init), Ok(Init::Random));
        let all = r#"{"k":"labels","restarts":3,"iterations":20,"seeds":[0,1,2,3,4],"init":"random","backend":"lloyd","label":null}"#;
        assert_eq!(serde_json::to_string(&default).expect("serialises"), all);
        for wrong in [r#"{"k": "label"}"#, r#"{"k": -1}"#, r#"{"k": 1.5}"#] {
            let error = read(wrong).unwrap_err();
            assert!(error.contains("`labels` or a positive whole number"), "{error}");
        }
    }

    #[test]
    fn parameters_outside_their_domain_are_named() {
        let default = ClusteringParams::default;
        for (params, name) in [
            (ClusteringParams { k: ClusterCount::Fixed(0), ..default() }, "`k` is 0"),
            (ClusteringParams { restarts: 0, ..default() }, "`restarts` is 0"),
            (ClusteringParams { iterations: 0, ..default() }, "`iterations` is 0"),
            (ClusteringParams { seeds: vec![], ..default() }, "`seeds` is []"),
            (ClusteringParams { seeds: vec![1, 2, 1], ..default() }, "`seeds` is [1, 2, 1]"),
        ] {
            let error = params.validate().unwrap_err().to_string();
            assert!(error.starts_with(&format!("clustering: {name}, expected")), "{error}");
        }
    }

    #[test]
    fn labels_that_are_missing_or_do_not_fit_are_named() {
        let views = Views::new([("en".to_string(), Matrix::zeros(4, 2))]).expect("valid");
        let named = |name: &str, n: i64| Labels { name: name.into(), values: (0..n).collect() };
        let split = |labels| Split { views: views.clone(), labels, groups: vec![], ids: None };
        let error = |label, split: &Split| labels(TASK, label, split).unwrap_err().to_string();

        assert!(error(None, &split(vec![])).starts_with("clustering needs labels"));
        let two = split(vec![named("intent", 4), named("scenario", 3)]);
        assert_eq!(labels(TASK, None, &two).expect("there").name, "intent");
        assert_eq!(
            error(Some("intents"), &two),
            "clustering: no labelling `intents`; the labellings here are `intent`, `scenario`"
        );
        assert_eq!(error(Some("scenario"), &two), "`scenario` has 3 values, the evaluated split has 4 rows");
    }
}
