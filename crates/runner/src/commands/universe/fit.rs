//! The command `runner fit`: fits a method on the training rows of a data set and stores the fit.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use align::moments::SufficientStatistics;
use align::{FitInput, FitReport, Fitted, Method};
use anyhow::{Context, Result, bail};
use data::universe::Saved;
use data::yaml;
use files::Fault;
use serde_json::Value;

use super::origin::{Data, origin};
use super::place::{check_extension, check_place};
use super::watched::{Ended, steps};
use super::{moments, streamed};
use crate::cells::fits::{Fits, Fitting};
use crate::commands::sets::datasets;
use crate::commands::show;
use crate::event::Watcher;
use crate::run::plan_file::PlanFile;
use grid::Widths;

/// The data of a fit.
#[derive(Clone, Debug)]
pub enum FitOn {
    /// The training rows of a manifest: a name in `data-manifests/`, or a path.
    Manifest(String),
    /// Sums over rows, a file of `runner moments`.
    Moments(PathBuf),
    /// The training rows of a manifest, read some at a time, and the file of their sums if they are summed already.
    Streamed(String, Option<PathBuf>),
}

/// The method, its data and the settings of a fit.
#[derive(Clone, Debug)]
pub struct FitRequest {
    /// The data.
    pub on: FitOn,
    /// The method.
    pub method: Method,
    /// The views, in order; all views by default.
    pub views: Vec<String>,
    /// Seed of the fit.
    pub seed: u64,
    /// Whether to calibrate the location and scale of translated rows ([`align::Fit::calibrated`]).
    pub calibrate: bool,
    /// The file to write.
    pub out: PathBuf,
    /// Whether to overwrite an existing file.
    pub overwrite: bool,
}

/// Keys beside the parameters of a method that only grids understand.
const OF_GRIDS: [&str; 3] = ["select", "sweep", "as"];

/// The method from a text as in a grid (`gpa`, `gcpa: {loss: {tau: 0.05}}`), with these parameters in place of its own.
///
/// # Errors
/// Not YAML; an unknown method or parameter, with the nearest valid name; a value outside its domain.
pub fn method(name: &str, params: Option<&str>) -> Result<Method> {
    let over = match params {
        None => Value::Null,
        Some(text) => {
            let over = yaml::parse::<Value>(Path::new("--params"), text, |_| ())?;
            if !over.value.is_object() {
                let found =
                    format!("found {}, expected parameters with their values, such as {{tau: 0.05}}", over.value);
                bail!(over.error("", found));
            }
            over.value
        }
    };
    let mut of_grid = None;
    let given = if params.is_some() { "--method with --params" } else { "--method" };
    let method = yaml::parse::<Method>(Path::new(given), name, |value| {
        grid::bare_name(value);
        if let Value::Object(map) = value {
            for own in map.values_mut() {
                grid::lay_over(own, &over);
                of_grid = OF_GRIDS.into_iter().find(|key| own.get(key).is_some());
            }
        }
    });
    if let Some(key) = of_grid {
        bail!(Fault::usage(format!(
            "{given}: `{key}` is for the methods of a grid file, expected the parameters of one fit; `runner recommend` chooses \
             among settings"
        )));
    }
    let method = method?;
    method.value.validate().map_err(|e| method.error("", e.to_string()))?;
    Ok(method.value)
}

/// Fits, writes the file and returns a text about the fit. `watcher` sees how far the fit is.
///
/// # Errors
/// All that a load and a fit refuse; a file that is there already or cannot be written.
pub fn fit(request: &FitRequest, watcher: &Watcher) -> Result<String> {
    let _ended = Ended(watcher);
    check_extension(&request.out)?;
    check_place(&request.out, request.overwrite)?;
    let (saved, seconds) = match &request.on {
        FitOn::Manifest(manifest) => fit_rows(request, manifest, watcher)?,
        FitOn::Moments(file) => fit_stored(request, file)?,
        FitOn::Streamed(manifest, sums) => {
            let FitRequest { method, views, seed, calibrate, .. } = request;
            streamed::fit(method, (manifest, views), sums.as_deref(), (*seed, *calibrate), watcher)?
        }
    };
    saved.write(&request.out)?;
    Ok(told(&saved, &request.out, seconds))
}

/// A request to make the fit of a cell again.
#[derive(Clone, Debug)]
pub struct FitCell {
    /// Folder of the results of all grids.
    pub results: PathBuf,
    /// The cell's id, or its beginning.
    pub id: String,
    /// As in [`FitRequest`].
    pub calibrate: bool,
    /// The file to write.
    pub out: PathBuf,
    /// Whether to overwrite an existing file.
    pub overwrite: bool,
}

/// Makes the fit of a cell again, with its noise, pairing, widths and seed, writes the file and returns a text about
/// the fit.
///
/// # Errors
/// No such cell; a grid that matches widths by PCA; a grid or data that have changed since it was planned; all that a fit
/// refuses; a file that is there already or cannot be written.
pub fn fit_cell(request: &FitCell) -> Result<String> {
    check_extension(&request.out)?;
    check_place(&request.out, request.overwrite)?;
    let (grid, id) = show::find(&request.results, &request.id)?;
    let plan = PlanFile::read(&PlanFile::place(&request.results.join(&grid)))?.open()?;
    let found =
        || Fault::missing(format!("cell {id} is not in the plan of `{grid}`, because the grid has changed since"));
    let cell = plan.cells.iter().find(|cell| cell.id == id).with_context(found)?;
    if plan.grid.value.widths == Widths::Pca {
        bail!(Fault::input(format!(
            "the grid `{grid}` matches widths by PCA before a fit (`widths: pca`), and the file of a universe has no place for \
             that: its maps would refuse vectors as they are; fit a cell of a grid without `widths`, or use `runner fit` with \
             the method"
        )));
    }
    let dataset = plan.dataset(cell)?;
    let train = &dataset.train.views;
    let clock = Instant::now();
    let Fitting { fit, .. } = Fits::default().of(&plan, cell, &dataset)?;
    let fit = Arc::unwrap_or_clone(fit);
    let fit = if request.calibrate { fit.calibrated(train)? } else { fit.with_spread_checked(train)? };
    let seconds = clock.elapsed().as_secs_f64();
    let data = Data { name: plan.source.used(), sha256: &cell.data_sha256, rows: train.rows() };
    let saved = Saved::of(fit, origin(&cell.method, cell.seed, &data)?, Some(train))?;
    saved.write(&request.out)?;
    Ok(format!("{}\nas cell {id} of `{grid}`: {}", told(&saved, &request.out, seconds), cell.label()))
}

/// A text about the fit: the method, the end of the fit. Its warnings are messages.
pub(super) fn told(saved: &Saved, file: &Path, seconds: f64) -> String {
    saved.report.warnings.iter().for_each(|warning| tracing::warn!("{warning}"));
    format!("{}\nfit: {}, {seconds:.1} s", describe(saved, file), ending(&saved.report))
}

/// The method and the seconds of the fit.
fn fit_rows(request: &FitRequest, manifest: &str, watcher: &Watcher) -> Result<(Saved, f64)> {
    let manifest = datasets::find(manifest)?;
    let loaded = data::load(&manifest)?;
    let all = || loaded.view_names().map(str::to_owned).collect();
    let views: Vec<String> = if request.views.is_empty() { all() } else { request.views.clone() };
    let dataset = loaded.select(&views)?;
    let data = Data { name: &manifest.name, sha256: &loaded.checksum(&views), rows: dataset.train.views.rows() };
    fit_input(
        &request.method,
        FitInput::from(&dataset).watched_by(&steps(watcher)),
        request.seed,
        request.calibrate,
        &data,
    )
}

/// Fits a method on training rows in memory, and says in how many seconds.
///
/// # Errors
/// The errors of [`Method::fit`]; a fit that has no form in a file.
pub(super) fn fit_input(
    method: &Method,
    input: FitInput<'_>,
    seed: u64,
    calibrate: bool,
    data: &Data<'_>,
) -> Result<(Saved, f64)> {
    let train = input.views;
    let clock = Instant::now();
    let fit = method.fit(input, seed).with_context(|| format!("fit on `{}`", data.name))?;
    let fit = if calibrate { fit.calibrated(train)? } else { fit.with_spread_checked(train)? };
    let seconds = clock.elapsed().as_secs_f64();
    Ok((Saved::of(fit, origin(method, seed, data)?, Some(train))?, seconds))
}

fn fit_stored(request: &FitRequest, file: &Path) -> Result<(Saved, f64)> {
    let stored = moments::stored(file)?;
    let names: Vec<&str> = request.views.iter().map(String::as_str).collect();
    let sums = if names.is_empty() { stored.sums } else { stored.sums.select(&names)? };
    let data = Data { name: &stored.header.data, sha256: &stored.header.data_sha256, rows: sums.rows() };
    let clock = Instant::now();
    let saved = fit_statistics(&request.method, &sums, request.seed, request.calibrate, &data)
        .with_context(|| format!("fit on the sums in {}", file.display()))?;
    Ok((saved, clock.elapsed().as_secs_f64()))
}

/// The fit from sums over the rows of `data`, which may be larger than memory, calibrated if requested. The sums also
/// give the consensus, if the universe is linear and no view misses an item.
///
/// # Errors
/// The errors of [`Method::fit_statistics`]: a method that has to see the rows again, among others.
pub fn fit_statistics(
    method: &Method,
    sums: &SufficientStatistics,
    seed: u64,
    calibrate: bool,
    data: &Data<'_>,
) -> Result<Saved> {
    let fit = method.fit_statistics(sums, seed)?;
    let (fit, consensus) = moments::completed(fit, sums, calibrate)?;
    Ok(Saved::new(fit, origin(method, seed, data)?, consensus))
}

/// The file, its views and the possible operations.
pub(super) fn describe(saved: &Saved, file: &Path) -> String {
    let views: Vec<String> = saved.views().iter().map(|(name, width)| format!("{name} ({width})")).collect();
    let origin = &saved.origin;
    let space = match &saved.fitted {
        Fitted::Input(_) => "no shared space".to_owned(),
        Fitted::Pairwise(_) => "a map for every pair".to_owned(),
        Fitted::Universe(universe) => format!("universe of width {}", universe.width()),
        Fitted::Own(_) => "a form of its own".to_owned(),
    };
    format!(
        "{}: {} on {} rows of {}, {space}, views {}",
        file.display(),
        saved.method_name(),
        origin.rows,
        origin.data,
        views.join(", ")
    )
}

fn ending(report: &FitReport) -> String {
    let iterations = report.iterations.map(|n| format!(" after {n} iterations")).unwrap_or_default();
    let objective = report.objective.map(|value| format!(", objective {value:.6}")).unwrap_or_default();
    let gap = report.optimality_gap.map(|gap| format!(" (at most {gap:.1e} above the lowest)")).unwrap_or_default();
    format!(
        "{}{iterations}{objective}{gap}, {} maps with {} numbers",
        report.stop.name(),
        report.maps,
        report.parameters
    )
}

#[cfg(test)]
mod tests {
    use align::methods::gpa::GpaParams;
    use align::moments::{Incomplete, Precision};

    use super::*;

    #[test]
    fn a_method_is_named_as_in_a_grid_and_its_parameters_can_stand_beside_it() {
        let plain = method("gcpa", None).unwrap();
        assert_eq!(Some(&plain), Method::from_name("gcpa").as_ref());
        let inside = method("gcpa: {loss: {tau: 0.05, lambda: 0.5}}", None).unwrap();
        assert_eq!(inside, method("gcpa", Some("{loss: {tau: 0.05, lambda: 0.5}}")).unwrap());
        assert_eq!(inside, method("gcpa: {loss: {tau: 0.2}}", Some("{loss: {tau: 0.05, lambda: 0.5}}")).unwrap());
        assert_ne!(inside, plain);
    }

    #[test]
    fn sums_over_rows_are_enough_for_a_file_with_its_consensus() {
        let train = align::synthetic::Synthetic::default().generate(1).unwrap().train.views;
        let sums = SufficientStatistics::of(&train, Incomplete::MeanOfPresent, Precision::Double);
        let data = Data { name: "synthetic", sha256: "none", rows: train.rows() };
        let kept = |name: &str| fit_statistics(&method(name, None).unwrap(), &sums, 7, true, &data);
        let rows = Method::from(GpaParams::default()).fit(&train, 7).unwrap().fitted;
        let saved = kept("gpa").unwrap();
        let x = train.at(0);
        let (a, b) = (saved.fitted.project("v0", x).unwrap(), rows.project("v0", x).unwrap());
        assert!(a.as_slice().iter().zip(b.as_slice()).all(|(a, b)| (a - b).abs() < 1e-3));
        assert_eq!(saved.consensus.unwrap().rows(), train.rows());
        assert!(kept("pairwise").unwrap().consensus.is_none());
        assert!(kept("gcpa").unwrap_err().to_string().starts_with("gcpa cannot be fitted from sums over rows"));
    }

    #[test]
    fn what_is_wrong_with_a_method_is_said_with_the_nearest_name() {
        let error = |name: &str, params: Option<&str>| method(name, params).unwrap_err().to_string();
        assert!(error("gcpaa", None).contains("did you mean `gcpa`"), "{}", error("gcpaa", None));
        assert!(
            error("gcpa: {loss: {taw: 1}}", None).contains("did you mean `tau`"),
            "{}",
            error("gcpa: {loss: {taw: 1}}", None)
        );
        let found = error("gcpa", Some("{los: {tau: 1}}"));
        assert!(found.starts_with("--method with --params") && found.contains("did you mean `loss`"), "{found}");
        for name in ["gcpa: {select: suggested}", "gcpa: {sweep: {loss.tau: [0, 1]}}", "gcpa: {as: tuned}"] {
            assert!(error(name, None).contains("is for the methods of a grid file"), "{}", error(name, None));
        }
        let found = error("gcpa", Some("[1]"));
        assert!(found.starts_with("--params"), "{found}");
        assert!(found.ends_with("expected parameters with their values, such as {tau: 0.05}"), "{found}");
        assert!(
            error("gcpa", Some("{loss: {tau: 3}}")).starts_with("--method"),
            "{}",
            error("gcpa", Some("{loss: {tau: 3}}"))
        );
    }
}
