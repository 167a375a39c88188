//! `runner upgrade`: an index of an old model and a newer model. Stay, map the queries, or embed the documents again?

mod answer;
mod confidence;
mod cost;
mod judge;
mod page;
mod pairs;
mod request;

use std::collections::BTreeMap;

use align::{Corpus, Dataset, Fitted, Split};
use anyhow::{Context as _, Result, bail};
use data::universe::Saved;
use data::{Loaded, Manifest};
use files::Fault;
use select::{RecommendOptions, Recommendation};
use serde_json::Value;
use tasks::correspondence;
use tasks::upgrade::{NeighboursOfPairs, RESAMPLES, Trial, decide};
use tasks::{Metric, Task};

pub use answer::{Counts, Upgraded};
pub use confidence::{Confidence, Worth};
pub use cost::{Cost, Prices};
pub use judge::{Judged, Strategy, Worst};
pub use pairs::{PairCurve, PairCurveSize};
pub use request::UpgradeRequest;

use super::origin::{Data, origin};
use super::place::check_place;
use super::recommend::Told;
use crate::commands::sets::datasets;
use crate::event::{Event, Observer};

/// Methods that are tried by default: an orthogonal map, and a ridge of low rank.
pub const METHODS: [&str; 2] = ["pairwise", "low_rank_affine"];
/// Methods whose columns are centred or left as they are, and these two. Standardised columns are not tried: a column that
/// is almost constant over documents need not be so over queries, and its small deviation would multiply it.
const WITH_COLUMNS: [&str; 3] = ["pairwise", "low_rank_affine", "residual_mlp"];
const COLUMNS: [&str; 2] = ["none", "centre"];
/// Fewest pairs from which a map is chosen and fitted.
const FEWEST_PAIRS: usize = 20;
/// Stem of the files of the page.
const STEM: &str = "upgrade";

/// Chooses a map by the pairs, judges every strategy by the queries, decides, and writes the page and the map.
///
/// # Errors
/// Views that are equal or unknown, a manifest without queries, too few judged queries or pairs; files that exist; the
/// errors of a load, of [`select::recommend`] and of a fit.
pub fn upgrade(request: UpgradeRequest, observer: &dyn Observer) -> Result<Upgraded> {
    let (old, new) = (request.from.as_str(), request.to.as_str());
    if old == new {
        bail!(Fault::usage(format!("--from and --to are both `{old}`; name the old model and the new one")));
    }
    if !RESAMPLES.contains(&request.resamples) {
        let (got, least, most) = (request.resamples, RESAMPLES.start(), RESAMPLES.end());
        let found = format!("--resamples is {got}, expected {least} to {most}; intervals are usual with 2000");
        bail!(Fault::usage(found));
    }
    request.prices.check()?;
    let map = request.out.join("map.safetensors");
    check_place(&map, request.overwrite)?;
    check_place(&request.out.join(format!("{STEM}.html")), request.overwrite)?;
    let manifest = datasets::find(&request.manifest)?;
    let loaded = load(&manifest)?;
    let dataset = loaded.select(&[new, old])?;
    let corpus = corpus(&manifest, &dataset)?;
    let pairs = matched(&manifest, &dataset.train)?;
    let counts =
        Counts { documents: corpus.documents.count(), queries: corpus.queries.views.rows(), pairs: pairs.views.rows() };
    let odd = correspondence(&pairs.views).into_iter().filter(|pair| !pair.holds());
    let mut warnings: Vec<String> =
        odd.map(|pair| format!("pairs: {pair}; check that row i is the same item in both files")).collect();
    observer.on_event(&Event::Warnings(&warnings));

    let recommendation = chosen(&request, &manifest, &pairs, observer)?;
    let method = &recommendation.chosen().candidate.method;
    let (fit, fit_seconds) =
        pairs::fit(method, &pairs, request.seed).with_context(|| format!("fit on `{}`", manifest.name))?;
    warnings.extend(fit.report.warnings.iter().map(ToString::to_string));
    let parts = pairs::parts(method, &pairs, request.seed)?;
    let mut fits: Vec<&Fitted> = vec![&fit.fitted];
    fits.extend(parts.iter().filter_map(|part| part.fit.as_ref().ok()));
    let trial = Trial::of(corpus, new, old, &fits)?;
    let judged = judge::of(&trial, corpus, &request)?;
    let decision = decide(&judged.compared);
    let curve = PairCurve::of(&parts, &trial, (counts.pairs, fit_seconds), &request)?;

    let confidence = confidence::of((method, &pairs), corpus, &trial, &request)?;

    let checksum = loaded.checksum(&[new, old]);
    let data = Data { name: &manifest.name, sha256: &checksum, rows: counts.pairs };
    let saved = Saved::of(fit, origin(method, request.seed, &data)?, Some(&pairs.views))?;
    let cost = request.prices.of(counts.documents);
    let mut upgraded = Upgraded {
        manifest,
        counts,
        warnings,
        recommendation,
        fit_seconds,
        judged,
        decision,
        curve,
        confidence,
        cost,
        map,
        files: Vec::new(),
        request,
    };
    let page = page::of(&upgraded);
    for file in page.files(&upgraded.request.out, STEM) {
        check_place(&file, upgraded.request.overwrite)?;
    }
    saved.write(&upgraded.map)?;
    upgraded.files = page.write(&upgraded.request.out, STEM)?;
    upgraded.files.push(upgraded.map.clone());
    Ok(upgraded)
}

/// The page for a terminal.
pub fn page(upgraded: &Upgraded) -> String {
    page::of(upgraded).terminal()
}

/// The data of a manifest that has queries.
fn load(manifest: &Manifest) -> Result<Loaded> {
    if manifest.roles.queries.is_none() {
        let found = format!(
            "{}: found no queries with judgements, expected `roles` with `queries`; docs/own-data.md shows them, and \
             `runner import --queries` writes them",
            manifest.place.file.display()
        );
        bail!(Fault::input(found));
    }
    Ok(data::load(manifest)?)
}

fn corpus<'d>(manifest: &Manifest, dataset: &'d Dataset) -> Result<&'d Corpus> {
    let found = |what: String| Fault::input(format!("`{}`: found {what}; judge more queries", manifest.name));
    let Some(corpus) = &dataset.corpus else { bail!(found("no queries with judgements".into())) };
    let answered = corpus.judgements.answered();
    if answered < 2 {
        bail!(found(format!("{answered} queries with a relevant document, expected at least 2")));
    }
    Ok(corpus)
}

/// The pairs that both models have.
fn matched(manifest: &Manifest, train: &Split) -> Result<Split> {
    let rows: Vec<usize> = (0..train.views.rows()).filter(|&row| train.views.views_of(row) == 2).collect();
    if rows.len() < FEWEST_PAIRS {
        bail!(Fault::input(format!(
            "`{}`: found {} pairs that both models have, expected at least {FEWEST_PAIRS}; embed more documents with both \
             models",
            manifest.name,
            rows.len()
        )));
    }
    Ok(train.complete()?)
}

/// The map that the pairs choose. Neither queries nor judgements are read for it.
fn chosen(
    request: &UpgradeRequest,
    manifest: &Manifest,
    pairs: &Split,
    observer: &dyn Observer,
) -> Result<Recommendation> {
    let neighbours = NeighboursOfPairs { new: request.to.clone(), old: request.from.clone() };
    let columns = || BTreeMap::from([("columns".to_string(), COLUMNS.map(Value::from).to_vec())]);
    let options = RecommendOptions {
        methods: request.methods.clone(),
        over: WITH_COLUMNS.map(|method| (method.to_string(), columns())).into(),
        folds: request.folds,
        budget: request.budget,
        task: Task::from(neighbours),
        by: Metric::Overlap10,
        seed: request.seed,
    };
    let unread = "the queries take no part in the choice";
    let told = Told { observer, data: &manifest.name, views: 2, metric: options.by.name(), unread };
    let recommendation = select::recommend(pairs, &options, &told);
    observer.on_event(&Event::MethodsEnded);
    Ok(recommendation?)
}
